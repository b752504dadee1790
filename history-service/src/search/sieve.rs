//! Refuses most texts that do not match before they are brought into their normal form, which costs more.

use super::{phrase::Phrase, query::Query};

/// The pieces of what a query looks for, as they stand in texts of plain letters.
#[derive(Debug)]
pub(super) struct Sieve {
    groups: Vec<Vec<Vec<String>>>,
}

impl Sieve {
    pub(super) fn of(query: &Query) -> Self {
        let pieces = |phrase: &Phrase| phrase.pieces.iter().map(|piece| piece.letters.iter().collect()).collect();
        let phrases = |group: &Vec<Phrase>| group.iter().map(pieces).collect();
        Self { groups: query.groups.iter().map(phrases).collect() }
    }

    /// False only for a text that does not match. Of plain letters the normal form is their lower case, and a word of it
    /// stands there in one piece; other texts all pass.
    pub(super) fn passes(&self, text: &str) -> bool {
        if !text.is_ascii() {
            return true;
        }
        let text = text.to_ascii_lowercase();
        let occurs = |phrase: &Vec<String>| phrase.iter().all(|piece| text.contains(piece.as_str()));
        self.groups.iter().all(|group| group.iter().any(occurs))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::{matcher, normal::Text};

    fn passes(query: &str, text: &str) -> bool {
        Sieve::of(&Query::parse(query).unwrap()).passes(text)
    }

    #[test]
    fn it_refuses_what_lacks_a_piece_and_passes_what_it_cannot_judge() {
        assert!(passes("heron OR egret", "An EGRET."));
        assert!(!passes("heron egret", "An EGRET."));
        assert!(!passes("\"red heron\"", "A grey heron."));
        assert!(passes("heron", "ＨＥＲＯＮ"));
    }

    proptest! {
        #[test]
        fn what_matches_passes(
            query in "[abé]{1,3}[ *\"-]?([abAB東]{1,3}[ *\"-]?){0,3}( OR [ab]{2,3})?",
            text in "([abABÉé東.,\u{301}\u{ad} -]{1,4}[ ]?){0,6}",
        ) {
            if let Ok(query) = Query::parse(&query) && matcher::find(&query, &Text::of(&text)).is_some() {
                prop_assert!(Sieve::of(&query).passes(&text));
            }
        }
    }
}
