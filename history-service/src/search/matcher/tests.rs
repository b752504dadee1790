use kit::caller::UserId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::search::{gram::Hasher, query::Probe};

fn matches(query: &str, text: &str) -> bool {
    find(&Query::parse(query).unwrap(), &Text::of(text)).is_some()
}

fn relevance(query: &str, text: &str) -> i64 {
    find(&Query::parse(query).unwrap(), &Text::of(text)).unwrap().relevance
}

#[test]
fn words_phrases_and_negation() {
    let text = "Don't panic: the naïve café-owner, aged 42, deploys Kubernetes.";
    for query in [
        "panic",
        "PANIC naive",
        "cafe",
        "café",
        "ubernet",
        "kuber",
        "kuber*",
        "\"naive cafe owner\"",
        "cafe-owner",
        "don't",
        "42",
        "de",
        "\"the naive",
        "panic -tea",
        "tea OR panic",
        "deploys -\"owner cafe\"",
        "a* panic",
        "panic -kuber",
        "the OR tea",
    ] {
        assert!(matches(query, text), "{query}");
    }
    for query in [
        "tea",
        "panic tea",
        "\"naive owner\"",
        "\"cafe own\"",
        "ernetes*",
        "panic -naïve",
        "-\"cafe owner\" panic",
        "4",
        "ic",
        "panic -kuber*",
        "tea OR coffee",
        "\"anic\"",
    ] {
        assert!(!matches(query, text), "{query}");
    }
}

#[test]
fn scripts_without_spaces() {
    for (query, text) in [
        ("分词", "中文分词是什么？"),
        ("文", "中文分词"),
        ("中文 什么", "中文分词是什么"),
        ("タワー", "東京タワーへ行く"),
        ("トウキョウ", "ﾄｳｷｮｳ"),
        ("국어", "저는 한국어를 배웁니다"),
        ("ไทย", "ภาษาไทยง่าย"),
        ("iphone手机", "我的iPhone手机坏了"),
        ("中文分词", "中文\n分词"),
        ("🎉", "done 🎉"),
    ] {
        assert!(matches(query, text), "{query}");
    }
    for (query, text) in [("词分", "中文分词"), ("東京塔", "東京タワー"), ("文 -分词", "中文分词")]
    {
        assert!(!matches(query, text), "{query}");
    }
}

#[test]
fn what_fits_better_counts_more() {
    assert!(relevance("plan", "a plan") > relevance("plan", "a planner"));
    assert!(relevance("plan", "a planner") > relevance("plan", "an airplane"));
    assert!(relevance("red fox", "the red fox") > relevance("red fox", "red as ever was the old fox"));
    assert!(relevance("fox", "fox fox") > relevance("fox", "fox wolf"));
    assert!(relevance("fox", "a fox") > relevance("fox", &format!("a fox {}", "and so on ".repeat(100))));
}

#[test]
fn every_place_is_found() {
    let original = "Cafés and a cafe\u{301}: CAFE";
    let text = Text::of(original);
    let found = find(&Query::parse("cafe").unwrap(), &text).unwrap();
    let places = found.places.iter().map(|found| &original[text.bytes(original, found.place.start, found.place.end)]);
    assert_eq!(places.collect::<Vec<_>>(), ["Café", "cafe\u{301}", "CAFE"]);
}

#[test]
fn a_year_weighs_less_than_a_whole_word() {
    let query = Query::parse("plan").unwrap();
    let at = |text: &str, days: i64| {
        let found = find(&query, &Text::of(text)).unwrap();
        score(&found, false, DateTime::from_timestamp(1_700_000_000 + days * 86_400, 0).unwrap())
    };
    assert!(at("plan", 0) > at("planner", 350));
    assert!(at("plan", 1) > at("plan", 0));
}

/// Texts and queries of few letters, so that they meet.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAé ,中文\u{301}タ\u{3099}ß-]{0,30}",
        "([ab]{1,4} ?){0,8}",
        any::<String>(),
        "[\u{1100}-\u{11ff}가-힣 a]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_index_never_loses_a_match(text in texts(), query in "[-ab\"*O R中文é]{1,14}", cut in any::<prop::sample::Index>()) {
        // A piece of the text itself, too: that is sure to match often.
        let piece: String = text.chars().skip(cut.index(text.chars().count() + 1)).take(6).collect();
        let hasher = Hasher::of(UserId(Uuid::from_u128(7)), 1);
        let normal = Text::of(&text);
        let grams = hasher.text(&normal);
        for query in [query, piece.clone(), format!("\"{piece}\""), format!("{piece}* OR zz")] {
            let Ok(query) = Query::parse(&query) else { continue };
            if find(&query, &normal).is_none() {
                continue;
            }
            let proposed = match query.probe(hasher).unwrap() {
                Probe::All(all) => all.iter().all(|gram| grams.contains(gram)),
                Probe::Any(any) => any.iter().any(|gram| grams.contains(gram)),
            };
            prop_assert!(proposed, "{query:?} in {text:?}");
        }
    }

    #[test]
    fn a_single_word_is_found_as_the_string_in_a_word(text in "([abc]{1,6} ){0,6}", word in "[abc]{1,5}") {
        let simply = text.split(' ').any(|candidate| match word.len() {
            1 => candidate == word,
            2 => candidate.starts_with(&word),
            _ => candidate.contains(&word),
        });
        prop_assert_eq!(matches(&word, &text), simply);
    }

    #[test]
    fn a_phrase_is_found_as_words_in_a_row(text in "([ab]{1,2} ){0,8}", phrase in "[ab]{1,2}( [ab]{1,2}){0,2}") {
        let simply = format!(" {text}").contains(&format!(" {phrase} "));
        prop_assert_eq!(matches(&format!("\"{phrase}\""), &text), simply);
        prop_assert_eq!(matches(&format!("zz OR a OR b OR aa OR ab OR ba OR bb -\"{phrase}\""), &text),
            !simply && !text.trim().is_empty());
    }

    #[test]
    fn nothing_panics(text in any::<String>(), query in any::<String>()) {
        if let Ok(query) = Query::parse(&query) {
            find(&query, &Text::of(&text));
        }
    }
}
