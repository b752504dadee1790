use proptest::prelude::*;

use super::*;

/// The tokens, with a stroke between them.
fn normal(text: &str) -> String {
    let text = Text::of(text);
    let tokens: Vec<String> = text.tokens().iter().map(|token| text.letters(*token).iter().collect()).collect();
    tokens.join("|")
}

#[test]
fn case_accents_and_widths_are_one() {
    for (text, expected) in [
        ("naïve Café ÜNÏCODE", "naive|cafe|unicode"),
        ("cafe\u{301}", "cafe"),
        ("Straße STRASSE ﬁnd", "strasse|strasse|find"),
        ("Ångström Łódź œuvre smørrebrød İstanbul", "angstrom|lodz|oeuvre|smorrebrod|istanbul"),
        ("Ὀδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ|οδυσσευσ"),
        ("ёлка й", "елка|и"),
        ("שָׁלוֹם مُحَمَّد", "שלום|محمد"),
        ("ＡＢＣ１２３", "abc123"),
    ] {
        assert_eq!(normal(text), expected);
    }
}

#[test]
fn scripts_without_spaces_fall_into_characters() {
    for (text, expected) in [
        ("iPhone手机", "iphone|手|机"),
        ("東京タワー", "東|京|タ|ワ|ー"),
        ("ﾄｳｷｮｳ ｶﾞ", "ト|ウ|キ|ョ|ウ|ガ"),
        ("か\u{3099}", "が"),
        ("한국어", "한|국|어"),
        ("\u{1112}\u{1161}\u{11ab}국", "한|국"),
        ("ภาษาไทย", "ภ|า|ษ|า|ไ|ท|ย"),
        ("ok 👩\u{200d}👧!", "ok|👩|👧"),
    ] {
        assert_eq!(normal(text), expected);
    }
}

#[test]
fn what_cannot_be_seen_does_not_count() {
    assert_eq!(normal("se\u{ad}cr\u{200b}et \u{202e}not\u{202c} a\u{feff}b"), "secret|not|ab");
    assert_eq!(normal("\u{0}\u{1}, ;()\"'"), "");
}

#[test]
fn other_marks_belong_to_their_word() {
    assert_eq!(normal("हिन्दी भाषा"), "हिन्दी|भाषा");
}

#[test]
fn a_word_and_a_text_have_an_end() {
    assert_eq!(normal(&"x".repeat(1_000_000)).len(), 100);
    assert_eq!(Text::of(&"x ".repeat(1_000_000)).tokens().len(), LONGEST_TEXT / 2);
}

#[test]
fn letters_lead_back_to_their_place() {
    let original = "Die Straße, cafe\u{301}!";
    let text = Text::of(original);
    let found: Vec<_> =
        text.tokens().iter().map(|token| &original[text.bytes(original, token.start, token.end)]).collect();
    assert_eq!(found, ["Die", "Straße", "cafe\u{301}"]);
}

proptest! {
    #[test]
    fn the_normal_form_of_any_text_is_its_own(original in any::<String>()) {
        let once = normal(&original).replace('|', " ");
        prop_assert_eq!(normal(&once).replace('|', " "), once);
    }

    #[test]
    fn every_token_has_a_place(original in any::<String>()) {
        let text = Text::of(&original);
        for token in text.tokens() {
            prop_assert!(!original[text.bytes(&original, token.start, token.end)].is_empty());
        }
    }
}
