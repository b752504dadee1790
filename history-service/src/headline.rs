//! One line out of many: titles and previews of conversations.

const TITLE: usize = 80;
const PREVIEW: usize = 140;

/// The first line of a text, as a title. None when there is nothing but space.
pub(crate) fn title(text: &str) -> Option<String> {
    text.lines().map(|line| one_line(line, TITLE)).find(|line| !line.is_empty())
}

/// The beginning of a text in one line.
pub(crate) fn preview(text: &str) -> String {
    one_line(text, PREVIEW)
}

/// At most `limit` characters, with single spaces and nothing unprintable, cut between words where that leaves at
/// least half. Its cost depends on the limit, not on the text.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    for word in words {
        let space = usize::from(length > 0);
        let word_length = word.chars().take(limit + 1).count();
        if length + space + word_length <= limit {
            line.extend((space == 1).then_some(' '));
            line.push_str(word);
            length += space + word_length;
            continue;
        }
        if length < limit / 2 {
            line.extend((space == 1).then_some(' '));
            line.extend(word.chars().take(limit - length - space - 1));
        } else if length == limit {
            line.pop();
        }
        line.push('…');
        break;
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_the_first_line_with_words() {
        assert_eq!(title("\n \t\n  How   do I\tstart?\nThanks"), Some("How do I start?".to_owned()));
        assert_eq!(title(" \n\u{0}\r\n"), None);
    }

    #[test]
    fn it_is_cut_between_words_unless_that_leaves_too_little() {
        assert_eq!(one_line("one two three four", 14), "one two three…");
        assert_eq!(one_line("one two three four", 13), "one two thre…");
        assert_eq!(one_line("我想知道这个系统怎么工作", 8), "我想知道这个系…");
        assert_eq!(one_line("hi 我想知道这个系统怎么工作", 8), "hi 我想知道…");
        assert_eq!(one_line("exactly8", 8), "exactly8");
    }

    proptest! {
        #[test]
        fn it_is_always_one_short_line(text in any::<String>(), limit in 2_usize..200) {
            let line = one_line(&text, limit);
            prop_assert!(line.chars().count() <= limit);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert_eq!(one_line(&line, limit), line);
        }
    }
}
