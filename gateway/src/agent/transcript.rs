//! What an agent says on its way to the sink: fit to be stored, each source once, texts apart that belong apart. Here once,
//! so that no protocol has to think of it.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use prost::Message as _;
use proto::history::v1::{Data, File, Source, ToolCall, ToolInput, ToolResult, Usage};
use serde_json::{Map, Value};

use super::{
    AgentError, Sink, citation,
    json::{self, storable},
    usage,
};
use crate::{digest::digest, event::Event};

/// What is known of a source that was said: no two have the same.
type Mark = [u8; 16];

/// One answer, as far as it has come.
pub(super) struct Transcript<'a> {
    sink: &'a mut dyn Sink,
    characters: usize,
    ends_in_line: bool,
    paragraph_due: bool,
    /// The first half of a character that a piece of the text ended with, and of the reasoning.
    half: String,
    half_of_reasoning: String,
    sources: HashSet<Mark>,
    /// Addresses and titles of these, together and alone.
    named: HashSet<Mark>,
    usage: Option<Usage>,
    model: Option<String>,
}

impl<'a> Transcript<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            characters: 0,
            ends_in_line: false,
            paragraph_due: false,
            half: String::new(),
            half_of_reasoning: String::new(),
            sources: HashSet::new(),
            named: HashSet::new(),
            usage: None,
            model: None,
        }
    }

    /// What is to be waited for before more is read.
    pub(super) fn ready(&mut self) -> Option<BoxFuture<'_, ()>> {
        self.sink.ready()
    }

    /// More of the answer's text. Says at which character of the answer it begins.
    pub(super) fn text(&mut self, text: String) -> Result<usize, AgentError> {
        let text = completed(&mut self.half, text);
        if text.is_empty() {
            return Ok(self.characters);
        }
        if std::mem::take(&mut self.paragraph_due) && self.ends_in_line && !text.starts_with('\n') {
            self.characters += 2;
            self.sink.emit(Event::Text("\n\n".to_owned()))?;
        }
        let begin = self.characters;
        self.characters += text.chars().count();
        self.ends_in_line = !text.ends_with('\n');
        self.sink.emit(Event::Text(clean(text)))?;
        Ok(begin)
    }

    /// Another text begins, which is no continuation of the one before.
    pub(super) fn paragraph(&mut self) {
        self.paragraph_due = true;
    }

    pub(super) fn reasoning(&mut self, text: String) -> Result<(), AgentError> {
        let text = completed(&mut self.half_of_reasoning, text);
        if text.is_empty() { Ok(()) } else { self.sink.emit(Event::Reasoning(clean(text))) }
    }

    /// Nothing more is said: the other half of a character will not come.
    pub(super) fn end(&mut self) -> Result<(), AgentError> {
        for (half, event) in [
            (std::mem::take(&mut self.half_of_reasoning), Event::Reasoning as fn(String) -> Event),
            (std::mem::take(&mut self.half), Event::Text),
        ] {
            if !half.is_empty() {
                self.sink.emit(event(clean(half)))?;
            }
        }
        Ok(())
    }

    /// Everything that a list of sources, or a single one, says.
    pub(super) fn sources(&mut self, value: Value) -> Result<(), AgentError> {
        citation::all(value).into_iter().try_for_each(|source| self.source(source))
    }

    /// The same, from several places.
    pub(super) fn sources_of(&mut self, places: impl IntoIterator<Item = Value>) -> Result<(), AgentError> {
        places.into_iter().try_for_each(|value| self.sources(value))
    }

    /// Everything that an object says it cites, which is taken out of it.
    pub(super) fn cited(&mut self, members: &mut Map<String, Value>) -> Result<(), AgentError> {
        citation::cited(members).into_iter().try_for_each(|source| self.source(source))
    }

    /// A source that has been said, or says less than one that has, is passed over.
    fn source(&mut self, source: Source) -> Result<(), AgentError> {
        let source = Source {
            kind: clean(source.kind),
            title: source.title.map(clean),
            url: source.url.map(clean),
            snippet: source.snippet.map(clean),
            content_hash: source.content_hash.map(clean),
            metadata_json: if source.metadata_json.is_empty() { String::new() } else { storable(source.metadata_json) },
            ..source
        };
        let bare = Source {
            kind: source.kind.clone(),
            title: source.title.clone(),
            url: source.url.clone(),
            ..Source::default()
        };
        let (url, title) = (source.url.as_deref(), source.title.as_deref());
        let name = mark([url, title]);
        if (source == bare && self.named.contains(&name)) || !self.sources.insert(mark([Some(source.encode_to_vec())]))
        {
            return Ok(());
        }
        self.named.extend([name, mark([url, None]), mark([None, title])]);
        self.sink.emit(Event::Source(source))
    }

    pub(super) fn usage(&mut self, value: &Value) -> Result<(), AgentError> {
        match usage::read(value) {
            Some(usage) if self.usage.replace(usage) != Some(usage) => self.sink.emit(Event::Usage(usage)),
            _ => Ok(()),
        }
    }

    pub(super) fn model(&mut self, model: String) -> Result<(), AgentError> {
        if model.is_empty() || self.model.as_ref() == Some(&model) {
            return Ok(());
        }
        self.model = Some(model.clone());
        self.sink.emit(Event::Model(clean(model)))
    }

    /// Why the agent stopped, by any of its names.
    pub(super) fn finish_reason(&mut self, reason: &str) -> Result<(), AgentError> {
        let reason = match reason.replace('-', "_").as_str() {
            "stop" | "end_turn" | "eos" | "stop_sequence" => "stop",
            "length" | "max_tokens" => "length",
            "content_filter" => "content_filter",
            "tool_calls" | "tool_call" | "tool_use" | "function_call" => "tool_calls",
            _ => "other",
        };
        self.sink.emit(Event::FinishReason(reason.to_owned()))
    }

    /// Anything else.
    pub(super) fn emit(&mut self, event: Event) -> Result<(), AgentError> {
        self.sink.emit(match event {
            Event::ToolInput(ToolInput { id, name, delta }) => {
                Event::ToolInput(ToolInput { id: clean(id), name: clean(name), delta: clean(delta) })
            }
            Event::ToolCall(ToolCall { id, name, input_json }) => {
                Event::ToolCall(ToolCall { id: clean(id), name: clean(name), input_json: storable(input_json) })
            }
            Event::ToolResult(ToolResult { id, error: Some(error), .. }) => {
                Event::ToolResult(ToolResult { id: clean(id), output_json: String::new(), error: Some(clean(error)) })
            }
            Event::ToolResult(ToolResult { id, output_json, error: None }) => {
                Event::ToolResult(ToolResult { id: clean(id), output_json: storable(output_json), error: None })
            }
            Event::File(File { url, media_type, name }) => {
                Event::File(File { url: clean(url), media_type: clean(media_type), name: name.map(clean) })
            }
            Event::Data(Data { name, id, data_json, transient }) => {
                Event::Data(Data { name: clean(name), id: id.map(clean), data_json: storable(data_json), transient })
            }
            Event::Title(title) => Event::Title(clean(title)),
            other => other,
        })
    }
}

fn mark<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = Option<T>>) -> Mark {
    *digest(texts).as_ref().first_chunk().expect("a digest has 32 bytes")
}

/// A piece of a text with the half of a character that came before it, without the half that it ends with.
fn completed(half: &mut String, text: String) -> String {
    if text.is_empty() {
        return text;
    }
    let mut text = if half.is_empty() { text } else { std::mem::take(half) + &text };
    *half = json::split_half(&mut text);
    json::whole(text)
}

/// NUL and half a character cannot be stored; their visible stand-in can.
fn clean(text: String) -> String {
    let text = json::whole(text);
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::Heard, *};

    #[test]
    fn a_source_that_says_nothing_new_is_kept_once() {
        let heard = Heard::from(|said| {
            said.sources(json!([{"url": "https://a", "title": "A", "date": "today"}, {"url": "https://b"}]))?;
            said.sources(json!(["https://a", "https://b", "https://c"]))?;
            said.sources(json!([{"url": "https://a", "title": "A"}, {"url": "https://a", "title": "Another"}]))?;
            said.sources(json!({"url": "https://a", "snippet": "one"}))?;
            said.sources(json!({"url": "https://a", "snippet": "one"}))
        });
        assert_eq!(
            heard.unwrap(),
            [
                json!({"source": {"kind": "url", "url": "https://a", "title": "A", "metadata": {"date": "today"}}}),
                json!({"source": {"kind": "url", "url": "https://b"}}),
                json!({"source": {"kind": "url", "url": "https://c"}}),
                json!({"source": {"kind": "url", "url": "https://a", "title": "Another"}}),
                json!({"source": {"kind": "url", "url": "https://a", "snippet": "one"}}),
            ]
        );
    }

    #[test]
    fn texts_that_belong_apart_stand_apart() {
        let heard = Heard::from(|said| {
            said.paragraph();
            assert_eq!(said.text("Äh".to_owned())?, 0);
            said.paragraph();
            assert_eq!(said.text(String::new())?, 2);
            assert_eq!(said.text("one".to_owned())?, 4);
            said.paragraph();
            assert_eq!(said.text("\nline\n".to_owned())?, 7);
            said.paragraph();
            said.text("two".to_owned()).map(|_| ())
        });
        assert_eq!(heard.unwrap(), ["Äh", "\n\n", "one", "\nline\n", "two"].map(|text| json!({"text": text})));
    }

    #[test]
    fn nothing_that_cannot_be_stored_comes_through() {
        let heard = Heard::from(|said| {
            said.text("a\0".to_owned())?;
            said.reasoning("b\0".to_owned())?;
            said.sources(json!({"title": "c\0", "page\0": "d\0"}))?;
            let call = ToolCall { id: "e\0".to_owned(), name: "f\0".to_owned(), input_json: "{\"g\": ".to_owned() };
            said.emit(Event::ToolCall(call))?;
            said.finish_reason("tool-calls")
        });
        assert_eq!(
            heard.unwrap(),
            [
                json!({"text": "a\u{fffd}"}),
                json!({"reasoning": "b\u{fffd}"}),
                json!({"source": {"kind": "document", "title": "c\u{fffd}", "metadata": {"page\u{fffd}": "d\u{fffd}"}}}),
                json!({"tool_call": ["e\u{fffd}", "f\u{fffd}", "{\"g\": "]}),
                json!({"finish_reason": "tool_calls"}),
            ]
        );
    }
}
