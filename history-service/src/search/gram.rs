//! Grams: the pieces of words that the index knows, as numbers.
//!
//! A gram is hashed together with its user and the block that the text is indexed in, so that one user's search never
//! reads another's part of the index, opens block after block of their own, and no text stands in it. Two grams with one number do no harm: the index only proposes, the matcher decides.

use kit::caller::UserId;

use super::{
    normal::{Kind, Text, Token},
    phrase::{Phrase, Piece},
};

/// What a gram says of a text. The numbers are stored: they never change.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Shape {
    /// A word of one or two letters.
    Whole = 1,
    /// The first two letters of a word.
    Begin = 2,
    /// Three letters of a word.
    Part = 3,
    /// A sign.
    Sign = 4,
    /// A sign and the next.
    Pair = 5,
}

/// Numbers the grams of one user's block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hasher(u64);

impl Hasher {
    pub(crate) fn of(user: UserId, block: i32) -> Self {
        let place = user.0.as_bytes().iter().copied().chain(block.to_le_bytes());
        Self(place.fold(OFFSET, step))
    }

    /// FNV-1a over user, block, shape and letters, then the finalizer of MurmurHash3, of which the low half counts.
    fn number(self, shape: Shape, letters: impl IntoIterator<Item = char>) -> i32 {
        let mut hash = step(self.0, shape as u8);
        for letter in letters {
            hash = u32::from(letter).to_le_bytes().into_iter().fold(hash, step);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^= hash >> 33;
        let [a, b, c, d, ..] = hash.to_le_bytes();
        i32::from_le_bytes([a, b, c, d])
    }

    /// All grams of a text, each once.
    pub(crate) fn text(self, text: &Text) -> Vec<i32> {
        let mut grams = Vec::new();
        let mut before: Option<Token> = None;
        for token in text.tokens() {
            let letters = text.letters(*token);
            match token.kind {
                Kind::Word => {
                    if letters.len() <= 2 {
                        grams.push(self.number(Shape::Whole, letters.iter().copied()));
                    }
                    if letters.len() >= 2 {
                        grams.push(self.number(Shape::Begin, letters[..2].iter().copied()));
                    }
                    grams.extend(letters.windows(3).map(|part| self.number(Shape::Part, part.iter().copied())));
                }
                Kind::Sign => {
                    grams.push(self.number(Shape::Sign, letters.iter().copied()));
                    if let Some(before) = before.filter(|before| before.kind == Kind::Sign) {
                        let pair = text.letters(before).iter().chain(letters).copied();
                        grams.push(self.number(Shape::Pair, pair));
                    }
                }
            }
            before = Some(*token);
        }
        grams.sort_unstable();
        grams.dedup();
        grams
    }

    /// Grams that every text with the phrase has. None where it begins with one letter only.
    pub(crate) fn phrase(self, phrase: &Phrase) -> Vec<i32> {
        let mut grams = Vec::new();
        let last = phrase.pieces.len() - 1;
        for (at, piece) in phrase.pieces.iter().enumerate() {
            let Piece { kind, letters } = piece;
            let (open_start, open_end) = (at == 0 && phrase.open_start, at == last && phrase.open_end);
            match (kind, letters.len()) {
                (Kind::Word, 1) if open_end => {}
                (Kind::Word, 2) if open_end => grams.push(self.number(Shape::Begin, letters.iter().copied())),
                (Kind::Word, 1 | 2) => grams.push(self.number(Shape::Whole, letters.iter().copied())),
                (Kind::Word, _) => {
                    grams.extend(letters.windows(3).map(|part| self.number(Shape::Part, part.iter().copied())));
                    if !open_start {
                        grams.push(self.number(Shape::Begin, letters[..2].iter().copied()));
                    }
                }
                (Kind::Sign, _) => {
                    let next = phrase.pieces.get(at + 1).filter(|next| next.kind == Kind::Sign);
                    let alone = next.is_none() && (at == 0 || phrase.pieces[at - 1].kind == Kind::Word);
                    if let Some(next) = next {
                        let pair = letters.iter().chain(&next.letters).copied();
                        grams.push(self.number(Shape::Pair, pair));
                    } else if alone {
                        grams.push(self.number(Shape::Sign, letters.iter().copied()));
                    }
                }
            }
        }
        grams
    }
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// What is stored depends on these: a change here means that everything has to be indexed anew.
    #[test]
    fn the_numbers_stay() {
        let user = UserId(Uuid::from_u128(0x0199_f3a0_0000_7000_8000_0000_0000_0001));
        let hasher = Hasher::of(user, 3);
        let text = Text::of("I am Zoë 東京");
        assert_eq!(hasher.text(&text), STORED);
        for other in [Hasher::of(UserId(Uuid::from_u128(2)), 3), Hasher::of(user, 4)] {
            assert!(other.text(&text).iter().all(|gram| !STORED.contains(gram)));
        }
    }

    const STORED: [i32; 8] = [
        -1_713_752_541,
        -1_523_288_267,
        -1_004_436_209,
        -130_995_187,
        688_117_017,
        861_863_649,
        862_501_829,
        1_912_357_786,
    ];
}
