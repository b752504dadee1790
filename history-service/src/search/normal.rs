//! Texts as search compares them: lower case, without accents, widths and what cannot be seen, cut into tokens.
//!
//! Every letter remembers where it stands in the original, so that what was found can be shown there.

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

/// So many characters of a text are searched.
pub(crate) const LONGEST_TEXT: usize = 100_000;
/// So many letters of a word are looked at. What is longer is no word of a language.
const LONGEST_WORD: usize = 100;

/// A text in its normal form.
#[derive(Debug, Default)]
pub(crate) struct Text {
    letters: Vec<char>,
    places: Vec<usize>,
    tokens: Vec<Token>,
}

/// What stands between separators, or a character of a script that writes no spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Its first letter.
    pub(crate) start: usize,
    /// The letter after its last.
    pub(crate) end: usize,
}

/// How a token is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A run of letters and digits.
    Word,
    /// One character of a script without spaces (Chinese, Japanese, Korean, Thai, …), or a pictograph. Korean is
    /// here because its words grow endings.
    Sign,
}

impl Text {
    pub(crate) fn of(original: &str) -> Self {
        // Most texts have a letter in a byte, and words of some letters.
        let length = original.len().min(LONGEST_TEXT);
        let (letters, places) = (Vec::with_capacity(length), Vec::with_capacity(length));
        let text = Self { letters, places, tokens: Vec::with_capacity(length / 5) };
        let mut writer = Writer { text, joined: false };
        for (place, c) in original.char_indices().take(LONGEST_TEXT) {
            fold(c, |letter| writer.push(letter, place));
        }
        writer.text
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn letters(&self, token: Token) -> &[char] {
        &self.letters[token.start..token.end]
    }

    /// The bytes of the original that letters came from, with the marks that follow.
    pub(crate) fn bytes(&self, original: &str, first: usize, end: usize) -> std::ops::Range<usize> {
        let start = self.places[first];
        let mut rest = original[self.places[end - 1]..].char_indices().skip(1);
        let last = rest.find(|(_, c)| !is_silent(*c)).map_or(original.len(), |(at, _)| self.places[end - 1] + at);
        start..last
    }
}

struct Writer {
    text: Text,
    /// Whether the letter before stands directly before.
    joined: bool,
}

impl Writer {
    fn push(&mut self, letter: char, place: usize) {
        let Text { letters, places, tokens } = &mut self.text;
        let kind = kind(letter);
        let before = tokens.last_mut().filter(|_| self.joined);
        self.joined = kind.is_some();
        let end = letters.len();
        match (kind, before) {
            (None, _) => return,
            (Some(Kind::Word), Some(token)) if token.kind == Kind::Word => {
                if end - token.start == LONGEST_WORD {
                    return;
                }
                token.end += 1;
            }
            // Voiced kana and Korean syllables that came in pieces.
            (Some(Kind::Sign), Some(token)) if token.kind == Kind::Sign && is_piece(letter) => {
                let whole = compose(letters[end - 1], letter);
                if let Some(whole) = whole {
                    letters[end - 1] = whole;
                    return;
                }
                tokens.push(Token { kind: Kind::Sign, start: end, end: end + 1 });
            }
            (Some(kind), _) => tokens.push(Token { kind, start: end, end: end + 1 }),
        }
        letters.push(letter);
        places.push(place);
    }
}

/// The letters that a character counts as; none when it is not seen.
fn fold(c: char, mut emit: impl FnMut(char)) {
    if c.is_ascii() {
        return emit(c.to_ascii_lowercase());
    }
    // Han and Hangul are what they are; Hangul would fall into pieces.
    if matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}') {
        return emit(c);
    }
    decompose_compatible(c, |piece| {
        for lower in piece.to_lowercase().filter(|lower| !is_silent(*lower)) {
            match lower {
                'ß' => "ss".chars().for_each(&mut emit),
                'æ' => "ae".chars().for_each(&mut emit),
                'œ' => "oe".chars().for_each(&mut emit),
                'þ' => "th".chars().for_each(&mut emit),
                'ø' => emit('o'),
                'ł' => emit('l'),
                'đ' | 'ð' => emit('d'),
                'ħ' => emit('h'),
                'ı' => emit('i'),
                'ς' => emit('σ'),
                other => emit(other),
            }
        }
    });
}

/// Accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic, and what has no width: format and
/// direction marks, joiners, variation selectors, skin tones, tags.
fn is_silent(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{61c}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{180b}'..='\u{180f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

fn kind(c: char) -> Option<Kind> {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric().then_some(Kind::Word);
    }
    if matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}') {
        return Some(Kind::Sign);
    }
    if !c.is_alphanumeric() && !is_combining_mark(c) {
        return None;
    }
    let without_spaces = matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{1950}'..='\u{19ff}' | '\u{1a20}'..='\u{1aaf}' | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}' | '\u{3040}'..='\u{318f}' | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}' | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}');
    Some(if without_spaces { Kind::Sign } else { Kind::Word })
}

/// Whether a character may melt into the one before.
fn is_piece(c: char) -> bool {
    matches!(c, '\u{3099}' | '\u{309a}' | '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}')
}

#[cfg(test)]
mod tests;
