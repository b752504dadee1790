//! Paragraphs into sentences, without tripping over abbreviations, code and numbers.

/// What ends with a full stop and goes on.
const ABBREVIATIONS: [&str; 10] = ["e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "resp.", "no.", "fig.", "St."];

/// The sentences of a paragraph, in order.
pub(crate) fn sentences(paragraph: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_code = false;
    let mut characters = paragraph.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character == '`' {
            in_code = !in_code;
        }
        let end = at + character.len_utf8();
        let ends = match character {
            '.' | '!' | '?' => {
                let end = end + closers(&paragraph[end..]);
                (paragraph[end..].starts_with(' ') && begins(&paragraph[end..])).then_some(end)
            }
            '。' | '！' | '？' => Some(end),
            _ => None,
        };
        if let Some(end) = ends.filter(|end| !in_code && !is_abbreviated(&paragraph[start..*end])) {
            found.push(paragraph[start..end].trim());
            start = end;
            while characters.next_if(|(next, _)| *next < end).is_some() {}
        }
    }
    found.push(paragraph[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// The length of quotes, brackets and emphasis that belong to the sentence before.
fn closers(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches(['"', '”', '’', ')', '*', '_']).len()
}

fn begins(rest: &str) -> bool {
    let next = rest.trim_start().chars().next();
    next.is_some_and(|next| !next.is_lowercase() && !['–', '—', '-', ',', ';'].contains(&next))
}

fn is_abbreviated(sentence: &str) -> bool {
    let last = sentence.rsplit(' ').next().unwrap_or_default().trim_start_matches(['(', '*', '_', '"']);
    ABBREVIATIONS.iter().any(|abbreviation| last.eq_ignore_ascii_case(abbreviation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        for (paragraph, expected) in [
            ("One. Two! Three? Four", vec!["One.", "Two!", "Three?", "Four"]),
            (
                "Use e.g. Redis, i.e. none. Version 0.1.2 is out.",
                vec!["Use e.g. Redis, i.e. none.", "Version 0.1.2 is out."],
            ),
            ("**Bold end.** `Code. Here` stays. 3 more.", vec!["**Bold end.**", "`Code. Here` stays.", "3 more."]),
            ("(In brackets.) After.", vec!["(In brackets.)", "After."]),
            ("一つ。二つ。", vec!["一つ。", "二つ。"]),
            ("", vec![]),
        ] {
            assert_eq!(sentences(paragraph), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-zA-Zé.!?` \"）。*]{0,80}") {
            let spaceless = |text: &str| text.replace(' ', "");
            assert_eq!(sentences(&text).into_iter().map(spaceless).collect::<String>(), spaceless(&text));
        }
    }
}
