use proptest::prelude::*;

use super::*;

/// `+` for what must occur, `-` for what must not; `~` where a word may go on.
fn shown(text: &str) -> Result<String, Unusable> {
    let phrase = |phrase: &Phrase| {
        let pieces: Vec<String> = phrase.pieces.iter().map(|piece| piece.letters.iter().collect()).collect();
        let open = |open: bool| if open { "~" } else { "" };
        format!("{}{}{}", open(phrase.open_start), pieces.join("_"), open(phrase.open_end))
    };
    let query = Query::parse(text)?;
    let groups = query.groups.iter().map(|group| group.iter().map(phrase).collect::<Vec<_>>().join("|"));
    let without = query.without.iter().map(|without| format!("-{}", phrase(without)));
    Ok(groups.chain(without).collect::<Vec<_>>().join(" "))
}

#[test]
fn queries_mean_what_people_type() {
    for (text, expected) in [
        ("hello World", "~hello~ ~world~"),
        ("to a", "to~ a"),
        ("  \"Hello,  world!\"  ", "hello_world"),
        ("\"never closed", "never_closed"),
        ("“curly quotes” «guillemets»", "curly_quotes guillemets"),
        ("one -two -\"three four\"", "~one~ -two -three_four"),
        ("pre* \"two wor\"* -not*", "pre~ two_wor~ -not~"),
        ("tea OR coffee milk", "~tea~|~coffee~ ~milk~"),
        ("OR tea OR", "~tea~"),
        ("tea or -milk OR sugar", "~tea~ or~|~sugar~ -milk"),
        ("don't foo-bar", "~don_t~ ~foo_bar~"),
        ("e-mail C++ node.js", "e_mail~ c ~node_js~"),
        ("中文 分词", "中_文~ 分_词~"),
        ("iPhone手机", "~iphone_手_机~"),
        ("- -- a* x", "a~ x"),
        ("foo\"bar baz\"", "~foo~ bar_baz"),
        ("\"((\" \"x", "x"),
    ] {
        assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_says_nothing_is_told_so() {
    for text in ["", "   ", "\"((", "?!", "\"", "-", "*", "\u{200b}\u{202e}", "-\"\"", "…", "OR"] {
        assert_eq!(shown(text), Err(Unusable::Nothing), "{text}");
    }
    assert_eq!(shown("-no -\"not this\""), Err(Unusable::OnlyWithout));
    assert_eq!(shown("a* b*"), Err(Unusable::OnlyLetters));
    assert_eq!(shown(&"a ".repeat(33)), Err(Unusable::TooMany));
    assert!(shown(&"a ".repeat(32)).is_ok());
}

proptest! {
    #[test]
    fn every_text_means_something_or_nothing(text in any::<String>()) {
        let _ = Query::parse(&text);
    }

    #[test]
    fn every_text_of_signs_means_something_or_nothing(text in "[-\"*OR a中é ]{0,40}") {
        if let Ok(query) = Query::parse(&text) {
            prop_assert!(query.probe(Hasher::of(UserId(uuid::Uuid::nil()), 0)).is_some());
        }
    }
}
