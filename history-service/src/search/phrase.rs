//! What a text must have or must not have: words in a row.

use super::normal::{Kind, Text};

/// Tokens in a row. A single word is a phrase, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// At least one.
    pub(crate) pieces: Vec<Piece>,
    /// Whether the first word may begin inside of a word; it has three letters then.
    pub(crate) open_start: bool,
    /// Whether the last word may go on.
    pub(crate) open_end: bool,
}

/// One token of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) letters: Vec<char>,
}

/// How well a place fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It begins inside of a word.
    Part,
    /// It begins with a word, which goes on.
    Beginning,
    /// Whole words.
    Whole,
}

/// Where a phrase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) fit: Fit,
    /// Its first letter.
    pub(crate) start: usize,
    /// The letter after its last.
    pub(crate) end: usize,
}

impl Phrase {
    /// A phrase of whole words. None when nothing is left to look for.
    pub(crate) fn whole(text: &str) -> Option<Self> {
        let text = Text::of(text);
        let piece = |token: &super::normal::Token| Piece { kind: token.kind, letters: text.letters(*token).to_vec() };
        let pieces: Vec<_> = text.tokens().iter().map(piece).collect();
        (!pieces.is_empty()).then_some(Self { pieces, open_start: false, open_end: false })
    }

    /// The same, whose last word may go on.
    pub(crate) fn beginning(self) -> Self {
        Self { open_end: true, ..self }
    }

    /// A word as it was typed, perhaps a part of one. Of few letters, it is the beginning or the whole of one.
    pub(crate) fn part(self) -> Self {
        let alone = self.pieces.len() == 1;
        let letters = |piece: Option<&Piece>| piece.map_or(0, |piece| piece.letters.len());
        let open_start = letters(self.pieces.first()) >= 3;
        let open_end = !alone || letters(self.pieces.last()) >= 2;
        Self { open_start, open_end, ..self }
    }

    /// Where the phrase stands, if it begins with this token of the text.
    pub(crate) fn at(&self, text: &Text, token: usize) -> Option<Place> {
        let tokens = text.tokens().get(token..token + self.pieces.len())?;
        let last = self.pieces.len() - 1;
        let mut place = Place { fit: Fit::Whole, start: tokens[0].start, end: tokens[last].end };
        for (at, (piece, token)) in self.pieces.iter().zip(tokens).enumerate() {
            if piece.kind != token.kind {
                return None;
            }
            let (word, letters) = (text.letters(*token), piece.letters.as_slice());
            let (open_start, open_end) = (at == 0 && self.open_start, at == last && self.open_end);
            let begin = match (open_start, open_end) {
                _ if word == letters => 0,
                (_, true) if word.starts_with(letters) => 0,
                (true, true) => word.windows(letters.len()).position(|part| part == letters)?,
                (true, false) if word.ends_with(letters) => word.len() - letters.len(),
                _ => return None,
            };
            if begin > 0 {
                place.start = token.start + begin;
                place.fit = Fit::Part;
            }
            if at == last {
                place.end = token.start + begin + letters.len();
                if place.end < token.end {
                    place.fit = place.fit.min(Fit::Beginning);
                }
            }
        }
        Some(place)
    }
}
