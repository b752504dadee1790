//! For tests: what comes of a stream of an agent's, as JSON that is easy to compare.

use std::ops::ControlFlow;

use proptest::prelude::*;
use proto::history::v1::{Data, File, Source, ToolCall, ToolInput, ToolResult, Usage};
use serde_json::{Map, Value, json};

use super::{AgentError, Reader, Sink, sse::Decoder, transcript::Transcript};
use crate::event::Event;

/// Everything that was said.
#[derive(Default)]
pub(super) struct Heard(pub(super) Vec<Value>);

impl Sink for Heard {
    fn emit(&mut self, event: Event) -> Result<(), AgentError> {
        self.0.push(shown(event));
        Ok(())
    }
}

impl Heard {
    pub(super) fn from(
        speak: impl FnOnce(&mut Transcript<'_>) -> Result<(), AgentError>,
    ) -> Result<Vec<Value>, String> {
        let (heard, ended) = Self::until_the_end(speak);
        ended.map(|()| heard)
    }

    fn until_the_end(
        speak: impl FnOnce(&mut Transcript<'_>) -> Result<(), AgentError>,
    ) -> (Vec<Value>, Result<(), String>) {
        let mut heard = Self::default();
        let mut transcript = Transcript::new(&mut heard);
        let ended = speak(&mut transcript).and(transcript.end());
        let told = ended.map_err(|error| error.fit_to_tell(None));
        (heard.0, told.map_err(|error| format!("{}: {error}", error.fault.code())))
    }
}

/// What a stream in these slices says, and how it ends.
pub(super) fn read<'a>(
    mut reader: Box<dyn Reader>,
    slices: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Value>, Result<(), String>) {
    Heard::until_the_end(|said| {
        let mut decoder = Decoder::new(1 << 20);
        for slice in slices {
            if decoder.feed(slice, |event| reader.event(event, said))? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        reader.end(said)
    })
}

/// What these documents, each the data of an event without a name, say.
pub(super) fn stream(reader: Box<dyn Reader>, data: &[Value]) -> (Vec<Value>, Result<(), String>) {
    let text = data.iter().map(|data| data.as_str().map_or_else(|| data.to_string(), str::to_owned));
    let text = text.fold(String::new(), |text, data| text + "data: " + &data + "\n\n");
    read(reader, [text.as_bytes()])
}

/// Whatever stands in the place of any member of an event, it is read or refused, and nothing breaks.
pub(super) fn survives(reader: fn() -> Box<dyn Reader>, end: &Value, event: &Value) {
    for place in places(event, String::new()) {
        for odd in
            [json!(null), json!("odd"), json!("1"), json!(-1), json!(1e300), json!([7]), json!({"a": {"b": null}})]
        {
            let mut event = event.clone();
            *event.pointer_mut(&place).unwrap() = odd;
            let (_heard, _ended) = stream(reader(), &[event.clone(), event, end.clone()]);
        }
    }
}

fn places(value: &Value, here: String) -> Vec<String> {
    let inner: Vec<_> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(name, item)| (name.to_string(), item)).collect(),
        Value::Object(members) => members.iter().map(|(name, item)| (name.clone(), item)).collect(),
        _ => Vec::new(),
    };
    let inner: Vec<_> = inner.into_iter().flat_map(|(name, item)| places(item, format!("{here}/{name}"))).collect();
    [here].into_iter().chain(inner).collect()
}

/// However a stream is sliced, and however its lines end, it says the same.
pub(super) fn slicing_does_not_matter(reader: fn() -> Box<dyn Reader>, stream: &'static str) {
    let expected = read(reader(), [stream.as_bytes()]);
    assert!(expected.0.len() > 5 && expected.1.is_ok(), "{expected:?}");
    let ends = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    proptest!(|(ends in ends, cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40))| {
        let stream = stream.replace('\n', ends);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(stream.len())).chain([0, stream.len()]).collect();
        cuts.sort_unstable();
        let slices = cuts.windows(2).map(|cut| &stream.as_bytes()[cut[0]..cut[1]]);
        prop_assert_eq!(read(reader(), slices), expected.clone());
    });
}

fn shown(event: Event) -> Value {
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    match event {
        Event::Text(text) => json!({ "text": text }),
        Event::Reasoning(text) => json!({ "reasoning": text }),
        Event::ToolInput(ToolInput { id, name, delta }) => json!({ "tool_input": [id, name, delta] }),
        Event::ToolCall(ToolCall { id, name, input_json }) => json!({ "tool_call": [id, name, document(&input_json)] }),
        Event::ToolResult(ToolResult { id, error: Some(error), .. }) => json!({ "tool_error": [id, error] }),
        Event::ToolResult(ToolResult { id, output_json, .. }) => json!({ "tool_result": [id, document(&output_json)] }),
        Event::Source(source) => json!({ "source": shown_source(source) }),
        Event::File(File { url, media_type, name }) => json!({ "file": [url, media_type, name] }),
        Event::Data(Data { name, id, data_json, transient }) => {
            json!({ "data": [name, id, document(&data_json), transient] })
        }
        Event::Title(title) => json!({ "title": title }),
        Event::Usage(Usage { input_tokens, output_tokens, total_tokens }) => {
            json!({ "usage": [input_tokens, output_tokens, total_tokens] })
        }
        Event::Model(model) => json!({ "model": model }),
        Event::FinishReason(reason) => json!({ "finish_reason": reason }),
    }
}

pub(super) fn shown_source(source: Source) -> Value {
    let members = [
        ("kind", Some(json!(source.kind))),
        ("title", source.title.map(Value::from)),
        ("url", source.url.map(Value::from)),
        ("snippet", source.snippet.map(Value::from)),
        ("score", source.score.map(Value::from)),
        ("span", source.span.map(|span| json!([span.start, span.end]))),
        ("content_hash", source.content_hash.map(Value::from)),
        ("metadata", serde_json::from_str(&source.metadata_json).ok()),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}
