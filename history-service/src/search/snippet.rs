//! The piece of a text that shows why it was found: one line of text, in fragments, never markup.

use std::ops::Range;

use super::{
    matcher::{self, Found},
    normal::Text,
    query::Query,
};

/// So many characters at most.
pub(crate) const LONGEST: usize = 240;
/// So many characters stand before the first place.
const BEFORE: usize = 60;

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) text: String,
    pub(crate) highlighted: bool,
}

/// The piece of the original with the most of what is looked for; its beginning where nothing is found.
pub(crate) fn of(original: &str, query: &Query) -> Vec<Fragment> {
    let text = Text::of(original);
    let found = matcher::find(query, &text).into_iter().flat_map(|found| found.places);
    let bytes = |found: Found| (found.group, text.bytes(original, found.place.start, found.place.end));
    let places: Vec<(usize, Range<usize>)> = found.map(bytes).collect();
    let best = best(&places);
    let mut start = before(original, best);
    // A break of the line near the place is a better beginning.
    if let Some((at, _)) = original[start..best].trim_end().rmatch_indices('\n').next() {
        start += at + 1;
    }
    let mut line = Line::default();
    line.skipped(start > 0);
    let mut highlights = places.into_iter().map(|(_, place)| place).filter(|place| place.end > start).peekable();
    for (at, c) in original[start..].char_indices().map(|(at, c)| (start + at, c)) {
        while highlights.next_if(|place| place.end <= at).is_some() {}
        let highlighted = highlights.peek().is_some_and(|place| place.contains(&at));
        if !line.push(c, highlighted) {
            break;
        }
    }
    line.fragments
}

/// Where the stretch begins that has the most groups, then the most places.
fn best(places: &[(usize, Range<usize>)]) -> usize {
    let stretch = |first: usize| {
        let start = places[first].1.start;
        let inside = || places[first..].iter().take_while(|(_, place)| place.end <= start + LONGEST - BEFORE);
        let mut groups: Vec<usize> = inside().map(|(group, _)| *group).collect();
        groups.sort_unstable();
        groups.dedup();
        (groups.len(), inside().count(), std::cmp::Reverse(first))
    };
    let first = (0..places.len()).max_by_key(|first| stretch(*first));
    first.map_or(0, |first| places[first].1.start)
}

/// A little before, at the beginning of a word.
fn before(original: &str, at: usize) -> usize {
    let mut start = at;
    let mut word = at;
    for (place, c) in original[..at].char_indices().rev().take(BEFORE) {
        if c.is_whitespace() {
            word = start;
        }
        start = place;
    }
    if start == 0 || word == at { start } else { word }
}

#[derive(Default)]
struct Line {
    fragments: Vec<Fragment>,
    length: usize,
    /// A space that is still to come, and whether it belongs to what is highlighted.
    space: Option<bool>,
}

impl Line {
    fn skipped(&mut self, skipped: bool) {
        if skipped {
            self.append('…', false);
        }
    }

    /// Whether there is room for more.
    fn push(&mut self, c: char, highlighted: bool) -> bool {
        if c.is_whitespace() || c.is_control() {
            if self.length > 0 {
                self.space = Some(highlighted);
            }
            return true;
        }
        if is_harmful(c) {
            return true;
        }
        // Room for a space and for the sign that the text goes on.
        if self.length + 2 >= LONGEST {
            self.append('…', false);
            return false;
        }
        if let Some(highlighted) = self.space.take() {
            self.append(' ', highlighted);
        }
        self.append(c, highlighted);
        true
    }

    fn append(&mut self, c: char, highlighted: bool) {
        self.length += 1;
        match self.fragments.last_mut().filter(|last| last.highlighted == highlighted) {
            Some(last) => last.text.push(c),
            None => self.fragments.push(Fragment { text: c.into(), highlighted }),
        }
    }
}

/// What changes how the text around it is shown: direction marks, invisible tags, and what is no character.
fn is_harmful(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snippet(query: &str, text: &str) -> Vec<Fragment> {
        of(text, &Query::parse(query).unwrap())
    }

    /// With what is highlighted in brackets.
    fn shown(query: &str, text: &str) -> String {
        let fragments = snippet(query, text).into_iter();
        let shown = |f: Fragment| if f.highlighted { format!("[{}]", f.text) } else { f.text };
        fragments.map(shown).collect()
    }

    #[test]
    fn it_highlights_in_one_harmless_line() {
        for (query, text, expected) in [
            ("cafe", "Le Café,\n the  cafe\u{301}s", "Le [Café], the [cafe\u{301}]s"),
            ("\"red fox\"", "a red\tfox!", "a [red fox]!"),
            ("分词", "中文分词", "中文[分词]"),
            ("x", "<b>x</b>", "<b>[x]</b>"),
            ("evil", "\u{202e}evil\u{0}\u{200b}\u{e0041} txt\u{2028}end", "[evil] txt end"),
            ("straße", "STRASSE", "[STRASSE]"),
            ("ras", "Straße", "St[raß]e"),
        ] {
            assert_eq!(shown(query, text), expected);
        }
    }

    #[test]
    fn it_is_cut_around_the_best_place() {
        let far = "lorem ipsum ".repeat(50);
        let text = format!("fox {far} the red fox {far}");
        let found = shown("red fox", &text);
        assert!(found.starts_with("…ipsum ") || found.starts_with("…lorem "), "{found}");
        assert!(found.contains("the [red] [fox] lorem") && found.ends_with('…'), "{found}");
        assert!(shown("red", &format!("{far}\nthe red")).ends_with("…the [red]"));
    }

    proptest! {
        #[test]
        fn it_is_always_short_and_shows_something(
            before in any::<String>(), after in ".{0,400}", word in "[a-z]{3,9}",
        ) {
            let fragments = snippet(&word, &format!("{before} {word} {after}"));
            prop_assert!(fragments.iter().map(|f| f.text.chars().count()).sum::<usize>() <= LONGEST);
            prop_assert!(fragments.iter().any(|f| f.highlighted));
            prop_assert!(fragments.iter().all(|f| !f.text.is_empty() && !f.text.contains(|c| c < ' ' || is_harmful(c))));
        }
    }
}
