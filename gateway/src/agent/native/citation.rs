//! What an answer cites. What we have no field for stays in the metadata: nothing that an agent said is lost.

use proto::history::v1::{Source, Span};
use serde_json::{Map, Value};

use super::answer::clean;
use crate::{agent::AgentError, event::Event};

/// One source: an object, or a string that is an address or a title.
pub(super) fn event(value: &Value) -> Result<Event, AgentError> {
    let source = match value {
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            Source { url: Some(clean(text)), ..Source::default() }
        }
        Value::String(text) => Source { title: Some(clean(text)), ..Source::default() },
        Value::Object(members) => source(members.clone()),
        _ => return Err(AgentError::bad_response("a source of the agent's is neither an object nor a string")),
    };
    let kind = match source.kind.as_str() {
        "url" | "document" => source.kind.clone(),
        _ if source.url.is_some() => "url".to_owned(),
        _ => "document".to_owned(),
    };
    Ok(Event::Source(Source { kind, ..source }))
}

fn source(mut members: Map<String, Value>) -> Source {
    let mut source = Source {
        kind: take_text(&mut members, &["kind"]).unwrap_or_default(),
        title: take_text(&mut members, &["title"]),
        url: take_text(&mut members, &["url", "uri"]),
        snippet: take_text(&mut members, &["snippet", "text", "content"]),
        content_hash: take_text(&mut members, &["content_hash"]),
        score: take(&mut members, "score", Value::as_f64),
        span: take(&mut members, "span", span),
        ..Source::default()
    };
    if !matches!(source.kind.as_str(), "" | "url" | "document") {
        members.insert("kind".to_owned(), Value::String(std::mem::take(&mut source.kind)));
    }
    if let Some(own) = take(&mut members, "metadata", |value| value.as_object().cloned()) {
        for (name, value) in own {
            members.entry(name).or_insert(value);
        }
    }
    if !members.is_empty() {
        source.metadata_json = clean_all(Value::Object(members)).to_string();
    }
    source
}

/// The same without NUL anywhere.
fn clean_all(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(&text)),
        Value::Array(items) => items.into_iter().map(clean_all).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (clean(&name), clean_all(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn span(value: &Value) -> Option<Span> {
    let place = |name| value.get(name).and_then(Value::as_i64).and_then(|place| i32::try_from(place).ok());
    let (start, end) = (place("start")?, place("end")?);
    (0 <= start && start <= end).then_some(Span { start, end })
}

fn take_text(members: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| take(members, name, |value| value.as_str().map(clean)))
}

/// Takes a member out when it has the form that we know; otherwise it stays for the metadata.
fn take<T>(members: &mut Map<String, Value>, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(members.get(name)?)?;
    members.remove(name);
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Source {
        match event(value) {
            Ok(Event::Source(source)) => source,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn known_members_are_fields_and_the_rest_is_metadata() {
        let source = read(&json!({
            "title": "A", "url": "https://a", "snippet": "s", "score": 0.5, "span": {"start": 1, "end": 4},
            "page": 7, "metadata": {"lang": "de"},
        }));
        assert_eq!((source.kind.as_str(), source.url.as_deref(), source.score), ("url", Some("https://a"), Some(0.5)));
        assert_eq!(source.span, Some(Span { start: 1, end: 4 }));
        assert_eq!(serde_json::from_str::<Value>(&source.metadata_json).unwrap(), json!({"page": 7, "lang": "de"}));
    }

    #[test]
    fn what_has_a_wrong_form_is_kept_too() {
        let source = read(&json!({"title": 5, "kind": "book", "span": {"start": 4, "end": 1}, "snippet": "a\u{0}"}));
        assert_eq!((source.title, source.kind.as_str(), source.span), (None, "document", None));
        assert_eq!(source.snippet.as_deref(), Some("a\u{fffd}"));
        let metadata: Value = serde_json::from_str(&source.metadata_json).unwrap();
        assert_eq!(metadata, json!({"title": 5, "kind": "book", "span": {"start": 4, "end": 1}}));
    }

    #[test]
    fn a_string_is_an_address_or_a_title() {
        assert_eq!(read(&json!("https://a")).url.as_deref(), Some("https://a"));
        assert_eq!(read(&json!("chapter 3")).title.as_deref(), Some("chapter 3"));
        assert!(event(&json!(3)).is_err());
    }
}
