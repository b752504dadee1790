//! What an answer cites, by all the names that agents have for it. What we have no field for stays in the metadata:
//! nothing that an agent said is lost.

use proto::history::v1::{Source, Span};
use serde_json::{Map, Value};

type Members = Map<String, Value>;

const TITLE: [&str; 4] = ["title", "name", "filename", "file_name"];
const URL: [&str; 4] = ["url", "uri", "href", "link"];
const SNIPPET: [&str; 8] =
    ["snippet", "text", "content", "quote", "cited_text", "citedText", "excerpt", "page_content"];
/// An object that says where a text stands, or what it was taken from.
const INNER: [&str; 4] = ["url_citation", "file_citation", "source", "document"];

/// Where an answer, or a piece of one, has what it cites. What says more comes before the addresses that stand for it.
const CITED: [&str; 3] = ["search_results", "sources", "citations"];

/// Takes out everything that an object says it cites, also in its `context`, as Azure's do.
pub(super) fn cited(members: &mut Members) -> Vec<Source> {
    let mut sources: Vec<_> = CITED.iter().filter_map(|name| members.remove(*name)).flat_map(all).collect();
    if let Some(Value::Object(context)) = members.get_mut("context") {
        sources.extend(cited(context));
    }
    sources
}

/// Everything that a list of sources, a table of them, or a single one says.
pub(super) fn all(value: Value) -> Vec<Source> {
    match value {
        Value::Array(items) => items.into_iter().filter_map(one).collect(),
        Value::Object(mut members) if holds_others(&members) => cited(&mut members),
        Value::Object(members) if !members.is_empty() && members.values().all(Value::is_object) => {
            if INNER.iter().any(|name| members.contains_key(*name)) {
                return one(Value::Object(members)).into_iter().collect();
            }
            members.into_iter().filter_map(|(_, value)| one(value)).collect()
        }
        one_of_them => one(one_of_them).into_iter().collect(),
    }
}

/// Some put a name around the list.
fn holds_others(members: &Members) -> bool {
    let is_list = |name: &str| members.get(name).is_some_and(Value::is_array);
    CITED.into_iter().any(is_list)
        && ![&TITLE[..], &URL, &SNIPPET, &INNER].concat().iter().any(|name| members.contains_key(*name))
}

/// One source: an object, or a string that is an address or a title.
pub(super) fn one(value: Value) -> Option<Source> {
    let source = match value {
        Value::Null => return None,
        Value::String(text) if is_address(&text) => Source { url: Some(text), ..Source::default() },
        Value::String(text) => Source { title: Some(text), ..Source::default() },
        Value::Object(members) => from_members(members),
        other => Source { title: Some(other.to_string()), ..Source::default() },
    };
    let kind = match source.kind.as_str() {
        "" if source.url.is_some() => "url".to_owned(),
        "" => "document".to_owned(),
        _ => source.kind,
    };
    Some(Source { kind, ..source })
}

fn from_members(mut members: Members) -> Source {
    for name in INNER {
        if let Some(inner) = take(&mut members, name, |value| value.as_object().cloned()) {
            add(&mut members, inner);
        }
    }
    let mut source = Source {
        kind: kind(&mut members),
        title: take_text(&mut members, &TITLE),
        url: take_text(&mut members, &URL),
        snippet: take_text(&mut members, &SNIPPET).or_else(|| take(&mut members, "document", only_text)),
        content_hash: take_text(&mut members, &["content_hash"]),
        score: take(&mut members, "score", Value::as_f64),
        span: take(&mut members, "span", |value| span(value.get("start"), value.get("end"))),
        ..Source::default()
    };
    source.span = source.span.or_else(|| {
        let mut pairs = [("start_index", "end_index"), ("startIndex", "endIndex")].into_iter();
        pairs.find_map(|(start, end)| {
            let span = span(members.get(start), members.get(end))?;
            members.remove(start);
            members.remove(end);
            Some(span)
        })
    });
    if let Some(own) = take(&mut members, "metadata", |value| value.as_object().cloned()) {
        add(&mut members, own);
    }
    source.url = source.url.or_else(|| {
        take(&mut members, "source", |value| value.as_str().filter(|text| is_address(text)).map(str::to_owned))
    });
    read_provider_metadata(&members, &mut source);
    if !members.is_empty() {
        source.metadata_json = Value::Object(members).to_string();
    }
    source
}

/// What is said already counts.
fn add(members: &mut Members, more: Members) {
    for (name, value) in more {
        members.entry(name).or_insert(value);
    }
}

/// `url` or `document`, where it is said; other kinds stay where they are.
fn kind(members: &mut Members) -> String {
    let known = |value: &Value| match value.as_str()? {
        "url" | "url_citation" | "source-url" => Some("url"),
        "document" | "file_citation" | "source-document" => Some("document"),
        "source" => Some(""),
        _ => None,
    };
    let kinds = ["type", "sourceType", "kind"].map(|name| take(members, name, known).unwrap_or_default());
    kinds.into_iter().rfind(|kind| !kind.is_empty()).unwrap_or_default().to_owned()
}

/// The AI SDK has no fields for scores and cited texts: providers put them here, where all of it stays besides.
fn read_provider_metadata(members: &Members, source: &mut Source) {
    let providers = members.get("providerMetadata").and_then(Value::as_object);
    for said in providers.into_iter().flat_map(Members::values).filter_map(Value::as_object) {
        let text = || SNIPPET.iter().find_map(|name| said.get(*name).and_then(Value::as_str)).map(str::to_owned);
        source.snippet = source.snippet.take().or_else(text);
        source.score = source.score.or_else(|| said.get("score").and_then(Value::as_f64));
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Open WebUI lists the texts that it found.
fn only_text(value: &Value) -> Option<String> {
    match value.as_array()?.as_slice() {
        [Value::String(text)] => Some(text.clone()),
        _ => None,
    }
}

fn span(start: Option<&Value>, end: Option<&Value>) -> Option<Span> {
    let place = |value: Option<&Value>| value.and_then(Value::as_i64).and_then(|place| i32::try_from(place).ok());
    let (start, end) = (place(start)?, place(end)?);
    (0 <= start && start <= end).then_some(Span { start, end })
}

fn take_text(members: &mut Members, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| take(members, name, |value| value.as_str().map(str::to_owned)))
}

/// Takes a member out when it has the form that we know; otherwise it stays for the metadata.
fn take<T>(members: &mut Members, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(members.get(name)?)?;
    members.remove(name);
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::shown_source, *};

    fn read(value: Value) -> Value {
        shown_source(one(value).unwrap())
    }

    #[test]
    fn known_members_are_fields_and_the_rest_is_metadata() {
        for (said, kept) in [
            (
                json!({"title": "A", "url": "https://a", "snippet": "s", "score": 0.5, "span": {"start": 1, "end": 4},
                    "page": 7, "metadata": {"lang": "de"}}),
                json!({"kind": "url", "title": "A", "url": "https://a", "snippet": "s", "score": 0.5, "span": [1, 4],
                    "metadata": {"page": 7, "lang": "de"}}),
            ),
            (
                json!({"type": "url_citation", "url_citation": {"start_index": 2, "end_index": 5, "title": "A", "url": "https://a"}}),
                json!({"kind": "url", "title": "A", "url": "https://a", "span": [2, 5]}),
            ),
            (
                json!({"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3}),
                json!({"kind": "document", "title": "a.pdf", "metadata": {"file_id": "f", "index": 3}}),
            ),
            (
                json!({"type": "container_file_citation", "filename": "a.pdf"}),
                json!({"kind": "document", "title": "a.pdf", "metadata": {"type": "container_file_citation"}}),
            ),
            (
                json!({"type": "source-document", "sourceId": "1", "mediaType": "text/plain", "title": "A", "filename": "a.txt",
                    "providerMetadata": {"app": {"snippet": "s", "score": 0.25}}}),
                json!({"kind": "document", "title": "A", "snippet": "s", "score": 0.25, "metadata": {"sourceId": "1",
                    "mediaType": "text/plain", "filename": "a.txt", "providerMetadata": {"app": {"snippet": "s", "score": 0.25}}}}),
            ),
            (
                json!({"source": {"type": "source", "sourceType": "url", "id": "1", "url": "https://a"}, "startIndex": 0,
                    "endIndex": 4, "citedText": "s"}),
                json!({"kind": "url", "url": "https://a", "snippet": "s", "span": [0, 4], "metadata": {"id": "1"}}),
            ),
            (
                json!({"source": {"name": "a.pdf"}, "document": ["s"], "metadata": [{"page": 1}], "distances": [0.5]}),
                json!({"kind": "document", "title": "a.pdf", "snippet": "s", "metadata": {"metadata": [{"page": 1}], "distances": [0.5]}}),
            ),
            (
                json!({"page_content": "s", "metadata": {"source": "https://a", "page": 2}}),
                json!({"kind": "url", "url": "https://a", "snippet": "s", "metadata": {"page": 2}}),
            ),
        ] {
            assert_eq!(read(said.clone()), kept, "{said}");
        }
    }

    #[test]
    fn what_has_a_wrong_form_is_kept_too() {
        let said =
            json!({"title": 5, "kind": "book", "span": {"start": 4, "end": 1}, "start_index": 4, "end_index": "5"});
        assert_eq!(read(said.clone()), json!({"kind": "document", "metadata": said}));
        assert_eq!(read(json!(3)), json!({"kind": "document", "title": "3"}));
    }

    #[test]
    fn sources_come_as_a_list_a_table_or_alone() {
        let shown = |value| all(value).into_iter().map(shown_source).collect::<Vec<_>>();
        let a = json!({"kind": "url", "url": "https://a"});
        assert_eq!(
            shown(json!(["https://a", null, "chapter 3"])),
            [a.clone(), json!({"kind": "document", "title": "chapter 3"})]
        );
        for alone in [
            json!({"1": {"url": "https://a"}}),
            json!({"url": "https://a"}),
            json!({"url_citation": {"url": "https://a"}}),
            json!("https://a"),
            json!({"sources": ["https://a"], "count": 1}),
            json!({"context": {}, "citations": [{"url": "https://a"}]}),
        ] {
            assert_eq!(shown(alone), std::slice::from_ref(&a));
        }
        assert!(shown(json!(null)).is_empty());
        let noted = json!({"url": "https://a", "citations": ["p. 3"]});
        assert_eq!(shown(noted), [json!({"kind": "url", "url": "https://a", "metadata": {"citations": ["p. 3"]}})]);
    }
}
