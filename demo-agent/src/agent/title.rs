//! A title for a conversation, from its first question.

use crate::answer::shortened;

const LONGEST: usize = 60;

/// What a question begins with and a title does not, longest first where one begins another.
const OPENINGS: &[&str] = &[
    "hello",
    "hey",
    "hi",
    "please",
    "could you",
    "can you",
    "would you",
    "tell me",
    "explain to me",
    "explain",
    "i would like to know",
    "i want to know",
    "i'd like to know",
    "i want to",
    "i need to",
    "how do i",
    "how do you",
    "how do we",
    "how does one",
    "how can i",
    "how can we",
    "how can one",
    "how should i",
    "how would i",
    "how to",
    "where do i",
    "where can i find",
    "what is",
    "what are",
    "what's",
    "where is",
    "where are",
    "about",
    "the",
    "a",
    "an",
    "my",
];

/// A title, unless nothing is left of the question.
pub(super) fn of(question: &str) -> Option<String> {
    let line = question.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut rest = line;
    while let Some(after) = OPENINGS.iter().find_map(|opening| strip_words(rest, opening)) {
        rest = after;
    }
    let rest = if rest.chars().any(char::is_alphanumeric) { rest } else { line };
    let sentence = rest.split_once("? ").map_or(rest, |(first, _)| first);
    let bare = sentence.trim_matches(|c: char| c.is_whitespace() || "?!.,;:".contains(c));
    let mut characters = bare.chars();
    let first = characters.next()?;
    let title = first.to_uppercase().chain(characters).collect::<String>();
    Some(shortened(&title, LONGEST))
}

fn strip_words<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    let start = text.get(..opening.len()).filter(|start| start.eq_ignore_ascii_case(opening))?;
    let rest = &text[start.len()..];
    rest.starts_with([' ', ',', '!']).then(|| rest.trim_start_matches([' ', ',', '!']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_short_and_to_the_point() {
        for (question, title) in [
            ("How do I point Colloquy at my own agent?", "Point Colloquy at my own agent"),
            ("hi, can you explain the life of a run? I am new.", "Life of a run"),
            ("What happens when the gateway crashes?", "What happens when the gateway crashes"),
            ("What is it?", "It"),
            ("what is the", "The"),
            ("\n  ÄPFEL  \nmore", "ÄPFEL"),
        ] {
            assert_eq!(of(question).as_deref(), Some(title), "{question}");
        }
        assert_eq!(of("?!"), None);
        assert_eq!(of(&"word ".repeat(40)).unwrap(), format!("Word{}…", " word".repeat(11)));
    }
}
