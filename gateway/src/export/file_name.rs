//! Names of files that every system takes.

use chrono::DateTime;
use prost_types::Timestamp;

/// In characters, so that four bytes for each still make a name.
const LONGEST: usize = 50;

/// The name of a conversation's file: the day it began, its title, and a number that no other has.
pub(super) fn markdown(created_at: Option<&Timestamp>, title: Option<&str>, number: usize) -> String {
    let day = created_at.and_then(|at| DateTime::from_timestamp(at.seconds, 0)).unwrap_or_default().format("%Y-%m-%d");
    let title = words(title.unwrap_or_default());
    if title.is_empty() { format!("{day} ({number}).md") } else { format!("{day} {title} ({number}).md") }
}

/// Letters and digits of any script; everything else is a space, and none of these twice.
fn words(title: &str) -> String {
    let mut words = String::new();
    for c in title.chars() {
        if c.is_alphanumeric() || c == '-' || c == '_' {
            words.push(c);
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
        if words.chars().count() >= LONGEST {
            break;
        }
    }
    words.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_never_the_same() {
        let at = Timestamp { seconds: 1_700_000_000, nanos: 0 };
        let name = |title: &str, number| markdown(Some(&at), Some(title), number);
        assert_eq!(name("Tea & coffee?", 1), "2023-11-14 Tea coffee (1).md");
        assert_eq!(name("Tea & coffee?", 2), "2023-11-14 Tea coffee (2).md");
        assert_eq!(name("../../etc/passwd\0\r\n", 3), "2023-11-14 etc passwd (3).md");
        assert_eq!(name("\u{202e}gpj.exe..", 4), "2023-11-14 gpj exe (4).md");
        assert_eq!(name("お茶とは何ですか", 5), "2023-11-14 お茶とは何ですか (5).md");
        assert_eq!(name("🫖", 6), "2023-11-14 (6).md");
        assert_eq!(markdown(None, None, 7), "1970-01-01 (7).md");
        assert!(name(&"𐌰".repeat(500), 8).len() < 255);
    }
}
