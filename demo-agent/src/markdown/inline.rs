//! The inside of a paragraph: links that would lead nowhere out of their document are made text.

/// Markdown without images, comments and relative links, on one line.
pub(crate) fn readable(text: &str) -> String {
    let text = without_comments(text);
    let mut output = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['[', '!', '`']) {
        output.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((code, after)) = code_span(rest) {
            output.push_str(code);
            rest = after;
        } else if let Some((_, _, after)) = rest.strip_prefix('!').and_then(link) {
            rest = after;
        } else if let Some((label, target, after)) = link(rest) {
            let label = readable(label);
            match target {
                _ if label.is_empty() => {}
                Some(target) if target.starts_with("http") => output.extend(["[", &label, "](", target, ")"]),
                _ => output.push_str(&label),
            }
            rest = after;
        } else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            output.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
    output.push_str(rest);
    output.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text without any markup, for titles and snippets.
pub(crate) fn plain(text: &str) -> String {
    let text = readable(text);
    let mut output = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['[', '*', '`']) {
        output.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((label, _, after)) = link(rest) {
            output.push_str(&plain(label));
            rest = after;
        } else {
            if rest.starts_with('[') {
                output.push('[');
            }
            rest = &rest[1..];
        }
    }
    output.push_str(rest);
    output
}

/// The bold words at the start, which stand for a heading: `**Ports** are …`.
pub(crate) fn label(text: &str) -> Option<&str> {
    let (label, _) = text.strip_prefix("**")?.split_once("**")?;
    Some(label)
}

fn without_comments(text: &str) -> String {
    let mut output = text.to_owned();
    while let Some(start) = output.find("<!--") {
        let end = output[start..].find("-->").map_or(output.len(), |end| start + end + 3);
        output.replace_range(start..end, "");
    }
    output
}

/// A code span at the start, and what follows it.
fn code_span(text: &str) -> Option<(&str, &str)> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let end = (ticks > 0).then(|| text[ticks..].find(&text[..ticks]))??;
    Some(text.split_at(ticks + end + ticks))
}

/// A link at the start: its label, its target unless it is `[label][reference]`, and what follows it.
fn link(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let inner = text.strip_prefix('[')?;
    let (label, after) = inner.split_at(closing(inner, '[', ']')?);
    let after = &after[1..];
    if let Some(target) = after.strip_prefix('(') {
        let (target, rest) = target.split_at(closing(target, '(', ')')?);
        return Some((label, Some(target.split_whitespace().next().unwrap_or_default()), &rest[1..]));
    }
    let (_, rest) = after.strip_prefix('[')?.split_once(']')?;
    Some((label, None, rest))
}

fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        if character == close {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        } else if character == open {
            depth += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_lead_somewhere_stay() {
        for (text, expected) in [
            ("see [the guide](docs/guide.md#top) now", "see the guide now"),
            ("see [RFC 9457](https://example.org/rfc9457 \"t\")", "see [RFC 9457](https://example.org/rfc9457)"),
            ("![logo](logo.png) Colloquy <!-- hidden --> here", "Colloquy here"),
            ("[a][b] and [c] and a[0]", "a and [c] and a[0]"),
            ("`[x](y)` stays, even `` a`b ``", "`[x](y)` stays, even `` a`b ``"),
            ("[![badge](b.svg)](https://ci.example.org) x", "x"),
            ("an open [bracket and ` tick", "an open [bracket and ` tick"),
        ] {
            assert_eq!(readable(text), expected);
        }
    }

    #[test]
    fn plain_text_has_no_markup() {
        assert_eq!(plain("**Set** `AGENT_URL` in [the docs](https://example.org)"), "Set AGENT_URL in the docs");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "[\\[\\]()!`*<>a-zé \\-]*") {
            plain(&text);
        }
    }
}
