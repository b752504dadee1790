//! What is asked: the concepts of a question, with the words the documents may use for them.

use std::collections::HashSet;

use crate::{
    index::Index,
    terms::{Word, stem, words},
};

/// Words that a reader takes for one another. The documents say "cancel" where a person asks how to "stop".
const SYNONYMS: &[&[&str]] = &[
    &["abort", "cancel", "interrupt", "stop"],
    &["authenticate", "authentication", "auth", "login", "signin", "sign"],
    &["chat", "conversation", "thread"],
    &["citation", "cite", "reference", "source"],
    &["config", "configuration", "configure", "environment", "flag", "option", "setting", "set", "variable"],
    &["attach", "connect", "integrate", "plug", "point"],
    &["crash", "die", "fail", "failure", "kill"],
    &["database", "db", "postgres", "postgresql"],
    &["delete", "erase", "erasure", "forget", "remove"],
    &["deploy", "deployment", "production", "compose", "docker"],
    &["fast", "performance", "speed", "quick", "latency"],
    &["frontend", "ui", "web", "react"],
    &["begin", "launch", "run", "start"],
    &["install", "setup"],
    &["keep", "kept", "persist", "save", "store", "survive"],
    &["apart", "isolate", "isolation", "separate", "tenant"],
    &["account", "profile", "user"],
    &["lose", "loss", "lost"],
    &["log", "logging"],
    &["metric", "monitor", "prometheus"],
    &["quota", "rate", "throttle", "limit"],
    &["reconnect", "rejoin", "resume", "reload"],
    &["sse", "stream"],
    &["credential", "key", "password", "secret", "token"],
    &["trace", "tracing", "opentelemetry", "otlp"],
    &["guarantee", "promise"],
    &["guide", "tutorial", "howto"],
];

const LIKENESS_OF_SYNONYM: f64 = 0.5;
const LIKENESS_OF_SPELLING: f64 = 0.7;
const MOST_SPELLINGS: usize = 4;
/// Who asks with more words than this is looked up by the first ones.
const MOST_CONCEPTS: usize = 64;

/// What earlier questions weigh when this one stands by itself, and when it points back.
const EARLIER_WEIGHT: f64 = 0.1;
const POINTED_BACK_WEIGHT: f64 = 0.5;

/// Words that point back at what was said before.
const POINTERS: &[&str] =
    &["also", "it", "its", "more", "one", "ones", "that", "their", "them", "then", "these", "they", "this", "those"];

/// Something a question is about.
#[derive(Debug)]
pub(crate) struct Concept {
    /// As the person wrote it.
    pub(crate) word: String,
    /// What it was looked up by.
    term: String,
    /// The terms that stand for it, each with how well it does, 0 to 1.
    pub(crate) alternatives: Vec<(String, f64)>,
    /// How much it tells of a passage that it occurs there.
    pub(crate) informativeness: f64,
    /// How much it counts in this question.
    pub(crate) weight: f64,
    /// Whether the question itself is about it, and not only the talk before.
    pub(crate) asked: bool,
    /// Whether it is written like a name.
    pub(crate) named: bool,
}

impl Concept {
    fn new(word: &Word<'_>, term: String, index: &Index) -> Self {
        let mut alternatives = Vec::new();
        let synonyms = SYNONYMS.iter().filter(|group| group.iter().any(|word| stem(word) == term));
        for synonym in synonyms.flat_map(|group| group.iter()).map(|word| stem(word)).filter(|synonym| *synonym != term)
        {
            alternatives.push((synonym, LIKENESS_OF_SYNONYM));
        }
        if !index.contains(&term) {
            alternatives.extend(spellings(&term, index).into_iter().map(|term| (term, LIKENESS_OF_SPELLING)));
        }
        alternatives.retain(|(term, _)| index.contains(term));
        // A word that the documents never use tells as much as the likest one that they do use.
        let known = index.contains(&term) || alternatives.is_empty();
        let informativeness = if known {
            index.informativeness(&term)
        } else {
            alternatives.iter().map(|(term, _)| index.informativeness(term)).fold(0.0, f64::max)
        };
        if index.contains(&term) {
            alternatives.push((term.clone(), 1.0));
        }
        Self {
            word: word.text.to_owned(),
            term,
            alternatives,
            informativeness,
            weight: 1.0,
            asked: true,
            named: word.looks_like_a_name(),
        }
    }

    /// Whether the documents never speak of it.
    pub(crate) fn is_unknown(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// How well the fittest of some terms stands for this concept, 0 to 1.
    pub(crate) fn likeness_in(&self, terms: &HashSet<String>) -> f64 {
        let present = self.alternatives.iter().filter(|(term, _)| terms.contains(term));
        present.map(|(_, likeness)| *likeness).fold(0.0, f64::max)
    }
}

/// How much of what a question tells is met, 0 to 1, where `likeness` says how well each concept is.
pub(crate) fn covered(concepts: &[Concept], likeness: impl Fn(&Concept) -> f64) -> f64 {
    let (mut met, mut all) = (0.0, 0.0);
    for concept in concepts {
        let mass = concept.informativeness * concept.weight;
        met += likeness(concept) * mass;
        all += mass;
    }
    if all > 0.0 { met / all } else { 0.0 }
}

/// The concepts of a question, then, with less weight, those of the questions before it (newest last).
pub(crate) fn concepts(question: &str, earlier: &[&str], index: &Index) -> Vec<Concept> {
    let mut concepts = Vec::new();
    add(question, index, &mut concepts);
    let mut weight = if points_back(question, concepts.len()) { POINTED_BACK_WEIGHT } else { EARLIER_WEIGHT };
    // With nothing of its own to look for, the question asks about what was said before.
    let asked = concepts.is_empty();
    for question in earlier.iter().rev().take(2) {
        let before = concepts.len();
        add(question, index, &mut concepts);
        for concept in &mut concepts[before..] {
            concept.weight = weight;
            concept.asked = asked;
        }
        weight /= 2.0;
    }
    concepts
}

fn points_back(question: &str, concepts: usize) -> bool {
    let lower = question.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let continues = matches!(words.peek(), Some(&"and" | &"but" | &"so" | &"or"));
    concepts < 2 || continues || words.any(|word| POINTERS.contains(&word))
}

fn add(question: &str, index: &Index, concepts: &mut Vec<Concept>) {
    for word in words(question) {
        // A compound word that the documents do not know may still be known in parts.
        let whole = word.parts.is_empty() || index.contains(&word.term);
        let terms = if whole { std::slice::from_ref(&word.term) } else { &word.parts };
        for term in terms {
            if concepts.len() == MOST_CONCEPTS {
                return;
            }
            if concepts.iter().all(|concept| concept.term != *term) {
                concepts.push(Concept::new(&word, term.clone(), index));
            }
        }
    }
}

/// Terms that an unknown one may have meant: it begins them, or one letter is wrong.
fn spellings(term: &str, index: &Index) -> Vec<String> {
    let length = term.chars().count();
    if length < 4 {
        return Vec::new();
    }
    let meant = |known: &&str| {
        (known.starts_with(term) && known.chars().count() <= length + 6) || length > 4 && is_one_letter_off(term, known)
    };
    let mut found = index.vocabulary().filter(meant).collect::<Vec<_>>();
    found.sort_by_key(|known| (known.len().abs_diff(term.len()), *known));
    found.into_iter().take(MOST_SPELLINGS).map(str::to_owned).collect()
}

/// One letter more, less or other, or two neighbours changed.
fn is_one_letter_off(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let (a, b) = (a.chars().collect::<Vec<_>>(), b.chars().collect::<Vec<_>>());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 if same == short.len() => false,
        0 => {
            let swapped = same + 1 < short.len() && short[same] == long[same + 1] && short[same + 1] == long[same];
            short[same + 1..] == long[same + 1..] || swapped && short[same + 2..] == long[same + 2..]
        }
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_letter_is_forgiven() {
        for (written, meant) in
            [("gatway", "gateway"), ("gatewayy", "gateway"), ("gatevay", "gateway"), ("agtewa", "gatewa")]
        {
            assert_eq!(is_one_letter_off(written, meant), written != "agtewa" || meant == "gatewa", "{written}");
        }
        assert!(!is_one_letter_off("gateway", "gateway"));
        assert!(!is_one_letter_off("gate", "gateway"));
        assert!(!is_one_letter_off("pasta", "paste2"));
    }

    #[test]
    fn pronouns_point_back() {
        for question in ["and on Linux?", "How long does it take to run the tests?", "Why?"] {
            assert!(points_back(question, words(question).count()), "{question}");
        }
        let question = "Which ports does the gateway use?";
        assert!(!points_back(question, words(question).count()));
    }
}
