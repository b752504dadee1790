//! JSON that is passed on as it came, and not read.

/// Whether a document is nested deeper than so many levels. It must be valid JSON.
pub fn is_nested_deeper(document: &str, deepest: usize) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in document.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
        if depth > deepest {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_no_levels() {
        for (document, levels) in [("1", 0), (r#"{"a":[]}"#, 2), (r#"["[[", "\"[", {}]"#, 2), (r#"["\\", [[1]]]"#, 3)] {
            assert!(!is_nested_deeper(document, levels), "{document}");
            assert!(levels == 0 || is_nested_deeper(document, levels - 1), "{document}");
        }
    }
}
