//! English stems after M. F. Porter, "An algorithm for suffix stripping", 1980.

/// The stem of a lower-case word. What is not an English word comes back as it is.
pub(crate) fn stem(word: &str) -> String {
    let mut word = word.to_owned();
    if word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        plurals(&mut word);
        past_and_progressive(&mut word);
        final_y(&mut word);
        for suffixes in [DOUBLE_SUFFIXES, SINGLE_SUFFIXES] {
            replace_first(&mut word, suffixes);
        }
        remove_suffix(&mut word);
        tidy_end(&mut word);
    }
    word
}

type Replacements = &'static [(&'static str, &'static str)];

const DOUBLE_SUFFIXES: Replacements = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("logi", "log"),
];

const SINGLE_SUFFIXES: Replacements =
    &[("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

const REMOVED_SUFFIXES: &[&str] = &[
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
    "al", "er", "ic", "ou",
];

fn plurals(word: &mut String) {
    if word.ends_with("sses") || word.ends_with("ies") {
        word.truncate(word.len() - 2);
    } else if word.ends_with('s') && !word.ends_with("ss") {
        word.pop();
    }
}

fn past_and_progressive(word: &mut String) {
    if word.ends_with("eed") {
        if measure(&word[..word.len() - 3]) > 0 {
            word.pop();
        }
        return;
    }
    let Some(stem) = ["ed", "ing"].iter().find_map(|suffix| word.strip_suffix(suffix)) else { return };
    if !has_vowel(stem) {
        return;
    }
    word.truncate(stem.len());
    if ["at", "bl", "iz"].iter().any(|end| word.ends_with(end)) {
        word.push('e');
    } else if ends_in_double_consonant(word) && !word.ends_with(['l', 's', 'z']) {
        word.pop();
    } else if measure(word) == 1 && ends_in_short_syllable(word) {
        word.push('e');
    }
}

fn final_y(word: &mut String) {
    if word.strip_suffix('y').is_some_and(has_vowel) {
        word.pop();
        word.push('i');
    }
}

fn replace_first(word: &mut String, replacements: Replacements) {
    let found = replacements.iter().find_map(|(suffix, by)| word.strip_suffix(suffix).map(|stem| (stem.len(), by)));
    if let Some((length, by)) = found
        && measure(&word[..length]) > 0
    {
        word.truncate(length);
        word.push_str(by);
    }
}

fn remove_suffix(word: &mut String) {
    let Some((suffix, stem)) =
        REMOVED_SUFFIXES.iter().find_map(|&suffix| word.strip_suffix(suffix).map(|stem| (suffix, stem)))
    else {
        return;
    };
    if measure(stem) > 1 && (suffix != "ion" || stem.ends_with(['s', 't'])) {
        word.truncate(stem.len());
    }
}

fn tidy_end(word: &mut String) {
    if let Some(stem) = word.strip_suffix('e')
        && (measure(stem) > 1 || measure(stem) == 1 && !ends_in_short_syllable(stem))
    {
        word.pop();
    }
    if word.ends_with("ll") && measure(word) > 1 {
        word.pop();
    }
}

/// For each letter, whether it is a vowel; `y` is one after a consonant.
fn vowels(word: &str) -> impl Iterator<Item = bool> {
    word.bytes().scan(false, |after_consonant, letter| {
        let vowel = matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u') || letter == b'y' && *after_consonant;
        *after_consonant = !vowel;
        Some(vowel)
    })
}

fn has_vowel(word: &str) -> bool {
    vowels(word).any(|vowel| vowel)
}

/// How often vowels are followed by consonants.
fn measure(word: &str) -> usize {
    vowels(word).zip(vowels(word).skip(1)).filter(|(before, after)| *before && !after).count()
}

fn ends_in_double_consonant(word: &str) -> bool {
    let letters = word.as_bytes();
    letters.len() > 1 && letters[letters.len() - 1] == letters[letters.len() - 2] && vowels(word).last() == Some(false)
}

/// Consonant, vowel, consonant, the last not `w`, `x` or `y`.
fn ends_in_short_syllable(word: &str) -> bool {
    let kinds = vowels(word).collect::<Vec<_>>();
    kinds.ends_with(&[false, true, false]) && !word.ends_with(['w', 'x', 'y'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            ["crash", "crashes", "crashed", "crashing"],
            ["retry", "retries", "retried", "retrying"],
            ["configure", "configured", "configuration", "configurations"],
            ["migrate", "migrates", "migrating", "migration"],
            ["cancel", "cancels", "canceled", "cancelled"],
            ["stop", "stops", "stopped", "stopping"],
        ] {
            assert_eq!(forms.map(stem), [(); 4].map(|()| stem(forms[0])), "{forms:?}");
        }
    }

    #[test]
    fn the_examples_of_the_paper_hold() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("agreed", "agre"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("filing", "file"),
            ("happy", "happi"),
            ("relational", "relat"),
            ("vietnamization", "vietnam"),
            ("triplicate", "triplic"),
            ("hopefulness", "hope"),
            ("adjustment", "adjust"),
            ("adoption", "adopt"),
            ("controll", "control"),
            ("sky", "sky"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }

    #[test]
    fn other_words_stay() {
        for word in ["go", "héllo", "мир", "h2"] {
            assert_eq!(stem(word), word);
        }
    }
}
