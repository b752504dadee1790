//! What the reader accepts, and what it says about the rest.

use serde_json::json;

use super::*;

#[derive(Debug)]
struct Everything {
    text: String,
    metadata: Option<Box<RawValue>>,
}

#[derive(Debug, PartialEq)]
struct Below(Option<String>);

impl FromFields for Below {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(fields.uuid_or_none("id")))
    }
}

#[test]
fn null_is_told_from_nothing_where_it_means_something() {
    let id = "01970000-0000-7000-8000-000000000001";
    let below = |body: &str| Fields::parse::<Below>(body.as_bytes());
    assert_eq!(below("{}").unwrap(), Below(None));
    assert_eq!(below(r#"{"id": null}"#).unwrap(), Below(Some(String::new())));
    assert_eq!(below(&format!(r#"{{"id":"{id}"}}"#)).unwrap(), Below(Some(id.to_owned())));
    for refused in [r#"{"id": ""}"#, r#"{"id": 7}"#, r#"{"id": null, "id": null}"#] {
        assert!(matches!(below(refused), Err(Unreadable::Invalid(_))), "{refused}");
    }
}

#[derive(Debug)]
struct Place;

impl FromFields for Place {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("start");
        fields.position("start").map(|_| Self)
    }
}

impl FromFields for Everything {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("text");
        let text = fields.text("text", 1..=5);
        fields.uuid("id");
        fields.boolean("flag");
        fields.number("score");
        fields.time("at");
        fields.choice("word", &[("up", 1), ("down", 2)]);
        fields.list::<Place>("places", 2);
        fields.object::<Place>("place");
        let metadata = fields.metadata("metadata");
        Some(Self { text: text?, metadata })
    }
}

fn violations(body: &str) -> Vec<(String, &'static str)> {
    match Fields::parse::<Everything>(body.as_bytes()) {
        Err(Unreadable::Invalid(violations)) => violations.into_iter().map(|v| (v.field, v.code)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_wrong_is_named_at_once() {
    let body = json!({
        "id": "7", "flag": 1, "score": "high", "at": "yesterday", "word": "sideways",
        "places": [{}, {"start": -1, "stop": 2}], "place": [], "metadata": [], "typo": 1,
    });
    let expected = [
        ("text", "REQUIRED"),
        ("id", "INVALID"),
        ("flag", "INVALID"),
        ("score", "INVALID"),
        ("at", "INVALID"),
        ("word", "INVALID"),
        ("places[0].start", "REQUIRED"),
        ("places[1].start", "OUT_OF_RANGE"),
        ("places[1].stop", "UNKNOWN"),
        ("place", "INVALID"),
        ("metadata", "INVALID"),
        ("typo", "UNKNOWN"),
    ];
    assert_eq!(violations(&body.to_string()), expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn single_violations() {
    for (body, field, code) in [
        (r#"{"text":"toolong"}"#, "text", "TOO_LONG"),
        (r#"{"text":""}"#, "text", "REQUIRED"),
        (r#"{"text":null}"#, "text", "REQUIRED"),
        (r#"{"text":"a\u0000"}"#, "text", "INVALID"),
        (r#"{"text":"a","text":"b"}"#, "text", "INVALID"),
        (r#"{"text":"a","metadata":{"k":["\u0000"]}}"#, "metadata", "INVALID"),
        (r#"{"text":"a","places":[{"start":1},{"start":1},{"start":1}]}"#, "places", "TOO_LONG"),
    ] {
        assert_eq!(violations(body), [(field.to_owned(), code)], "{body}");
    }
    let large = format!(r#"{{"text":"a","metadata":{{"k":"{}"}}}}"#, "x".repeat(limit::METADATA_BYTES));
    assert_eq!(violations(&large), [("metadata".to_owned(), "TOO_LONG")]);
}

#[test]
fn metadata_stays_as_it_came() {
    let body = r#"{"text":"grüße","metadata":{"z":1.50,"a":{"y":1e2,"b":"\u00e9"}},"id":null}"#;
    let read = Fields::parse::<Everything>(body.as_bytes()).unwrap();
    assert_eq!(read.metadata.unwrap().get(), r#"{"z":1.50,"a":{"y":1e2,"b":"\u00e9"}}"#);
    assert_eq!(read.text, "grüße");
}

#[test]
fn what_is_no_json_says_where() {
    let deep = format!(r#"{{"metadata":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    for body in [
        &b"{\"text\": "[..],
        b"{\"text\":\"\xff\"}",
        br#"{"text":"\ud800"}"#,
        br#"{"metadata":{"k":"\udc00"}}"#,
        b"",
        deep.as_bytes(),
    ] {
        match Fields::parse::<Everything>(body) {
            Err(Unreadable::Malformed(error)) => assert!(error.to_string().contains("line 1 column"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(Fields::parse::<Everything>(b"[1]"), Err(Unreadable::NoObject)));
}
