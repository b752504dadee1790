//! What is said to an agent without asking anything.

/// What a person seems to want who asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// To know with whom they talk.
    Introduction,
    /// To be polite.
    Thanks,
}

const GREETINGS: &[&str] = &[
    "hello",
    "hello there",
    "hi",
    "hi there",
    "hey",
    "hey there",
    "good morning",
    "good afternoon",
    "good evening",
    "greetings",
    "hallo",
    "test",
    "ping",
    "help",
    "help me",
    "who are you",
    "what are you",
    "what can you do",
    "what do you do",
    "what do you know",
    "what can i ask",
    "what can i ask you",
    "how are you",
    "what is this",
];
const THANKS: &[&str] = &[
    "thanks",
    "thank you",
    "thanks a lot",
    "thank you very much",
    "thank you so much",
    "many thanks",
    "great",
    "ok",
    "okay",
    "cool",
    "nice",
    "great thanks",
    "ok thanks",
    "thx",
    "bye",
    "goodbye",
    "perfect",
];

pub(super) fn recognise(input: &str) -> Option<Talk> {
    let lower = input.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let said = words.join(" ");
    if said.is_empty() || GREETINGS.contains(&said.as_str()) {
        Some(Talk::Introduction)
    } else {
        THANKS.contains(&said.as_str()).then_some(Talk::Thanks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pure_politeness_is_small_talk() {
        for (input, expected) in [
            ("  Hello!! ", Some(Talk::Introduction)),
            ("???", Some(Talk::Introduction)),
            ("", Some(Talk::Introduction)),
            ("What can you do?", Some(Talk::Introduction)),
            ("Thank you :)", Some(Talk::Thanks)),
            ("Hello, how do I test it?", None),
        ] {
            assert_eq!(recognise(input), expected, "{input}");
        }
    }
}
