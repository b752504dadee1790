//! Queries as people type them. There is no wrong syntax: every text means something.
//!
//! Words must all occur, each somewhere, as a part of a word; those of two letters begin one, a single letter is one.
//! `"a phrase"` has its words in order and whole; without a closing quote it goes on to the end. `-word` and
//! `-"a phrase"` must not occur, `word*` begins a word, `OR` stands between alternatives. Scripts without spaces are
//! found character by character.

use kit::caller::UserId;
use proto::limit;

use super::{gram::Hasher, phrase::Phrase};

/// More conditions than these make the index slower, not the candidates fewer.
const MOST_GRAMS: usize = 12;

/// What to look for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Of each group, one alternative must occur.
    pub(crate) groups: Vec<Vec<Phrase>>,
    /// None of these may occur.
    pub(crate) without: Vec<Phrase>,
}

/// Why there is nothing to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("has no word to look for")]
    Nothing,
    #[error("says only what must not occur; it needs a word to look for, too")]
    OnlyWithout,
    #[error("asks for single letters only; it needs a word to look for, too")]
    OnlyLetters,
    #[error("must have at most {} words and phrases", limit::SEARCH_TERMS)]
    TooMany,
}

/// What the index is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Texts with all of these grams.
    All(Vec<i32>),
    /// Texts with one of these grams.
    Any(Vec<i32>),
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, Unusable> {
        let mut query = Self { groups: Vec::new(), without: Vec::new() };
        let (mut rest, mut either) = (text.trim_start(), false);
        while !rest.is_empty() {
            let (term, after) = Term::read(rest);
            let alone = after.is_empty() || after.starts_with(char::is_whitespace);
            rest = after.trim_start();
            if term.is_or() && alone {
                either = !query.groups.is_empty() && !rest.is_empty();
                continue;
            }
            let Some(phrase) = term.phrase() else { continue };
            match query.groups.last_mut() {
                _ if term.without => query.without.push(phrase),
                Some(group) if either => group.push(phrase),
                _ => query.groups.push(vec![phrase]),
            }
            either = false;
        }
        query.checked()
    }

    fn checked(self) -> Result<Self, Unusable> {
        let terms = self.groups.iter().map(Vec::len).sum::<usize>() + self.without.len();
        match (self.groups.is_empty(), self.without.is_empty()) {
            _ if terms > limit::SEARCH_TERMS => Err(Unusable::TooMany),
            (true, true) => Err(Unusable::Nothing),
            (true, false) => Err(Unusable::OnlyWithout),
            _ if self.probe(Hasher::of(UserId(uuid::Uuid::nil()), 0)).is_none() => Err(Unusable::OnlyLetters),
            _ => Ok(self),
        }
    }

    /// What every text that matches has in a block of the index. None only for a query that `parse` refuses.
    pub(crate) fn probe(&self, hasher: Hasher) -> Option<Probe> {
        let single = self.groups.iter().filter(|group| group.len() == 1).flatten();
        let mut all: Vec<i32> = single.flat_map(|phrase| hasher.phrase(phrase)).collect();
        all.sort_unstable();
        all.dedup();
        if !all.is_empty() {
            // Numbers are as good as random, and so is what is left out.
            all.truncate(MOST_GRAMS);
            return Some(Probe::All(all));
        }
        let one_of_each = |group: &Vec<Phrase>| {
            let middle = |phrase: &Phrase| {
                let grams = hasher.phrase(phrase);
                grams.get(grams.len() / 2).copied()
            };
            group.iter().map(middle).collect::<Option<Vec<i32>>>()
        };
        self.groups.iter().find_map(one_of_each).map(Probe::Any)
    }
}

/// A word or phrase as it was typed.
struct Term<'a> {
    text: &'a str,
    without: bool,
    quoted: bool,
    starred: bool,
}

impl<'a> Term<'a> {
    /// The term that the text begins with, and the rest. The text is not empty.
    fn read(text: &'a str) -> (Self, &'a str) {
        let (without, text) = match text.strip_prefix('-') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(char::is_whitespace) => (true, rest),
            _ => (false, text),
        };
        if let Some(rest) = text.strip_prefix(is_quote) {
            let (text, rest) = rest.split_once(is_quote).unwrap_or((rest, ""));
            let (starred, rest) = rest.strip_prefix('*').map_or((false, rest), |rest| (true, rest));
            return (Self { text, without, quoted: true, starred }, rest);
        }
        let end = text.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(text.len());
        let (text, rest) = text.split_at(end);
        let starred = text.ends_with('*');
        (Self { text, without, quoted: false, starred }, rest)
    }

    fn is_or(&self) -> bool {
        self.text == "OR" && !self.without && !self.quoted
    }

    fn phrase(&self) -> Option<Phrase> {
        let phrase = Phrase::whole(self.text)?;
        Some(match self {
            Self { starred: true, .. } => phrase.beginning(),
            Self { quoted: true, .. } | Self { without: true, .. } => phrase,
            _ => phrase.part(),
        })
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '「' | '」' | '『' | '』' | '＂')
}

#[cfg(test)]
mod tests;
