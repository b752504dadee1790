//! What a native agent says, read leniently: common names for the same thing are all understood.

use std::ops::ControlFlow;

use proto::history::v1::Usage;
use serde_json::{Map, Value};

use super::citation;
use crate::{
    agent::{AgentError, Sink, http::own_message},
    event::Event,
};

const TEXT: [&str; 5] = ["output", "response", "answer", "content", "final_output"];
const DELTA: [&str; 3] = ["text", "delta", "content"];

/// A JSON answer.
pub(super) fn whole(body: &[u8], sink: &mut dyn Sink) -> Result<(), AgentError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| AgentError::bad_response(format!("the agent's JSON is broken: {error}")))?;
    let members = match body {
        Value::String(text) => return sink.emit(text_event(&text)),
        Value::Object(members) => members,
        _ => return Err(AgentError::bad_response("the agent's JSON is no object")),
    };
    let Some(text) = string(&members, &TEXT) else {
        return Err(match members.get("error").filter(|error| !error.is_null()) {
            Some(_) => AgentError::own_words(&own_message(&Value::Object(members)).unwrap_or_default()),
            None => AgentError::bad_response(format!("the agent's JSON has no text under any of {}", TEXT.join(", "))),
        });
    };
    sink.emit(text_event(text))?;
    if let Some(sources) = members.get("sources").and_then(Value::as_array) {
        for source in sources {
            sink.emit(citation::event(source)?)?;
        }
    }
    if let Some(title) = string(&members, &["title"]) {
        sink.emit(Event::Title(clean(title)))?;
    }
    about_cost(&members, sink)
}

/// One event of a stream; `Break` is the agent's word that it is done. Events that we do not know are passed over.
pub(super) fn event(name: &str, data: &str, sink: &mut dyn Sink) -> Result<ControlFlow<()>, AgentError> {
    if name == "done" {
        return Ok(ControlFlow::Break(()));
    }
    if !["delta", "source", "title", "usage", "error"].contains(&name) {
        return Ok(ControlFlow::Continue(()));
    }
    let broken = |error| AgentError::bad_response(format!("the data of the agent's `{name}` event is broken: {error}"));
    let data: Value = serde_json::from_str(data).map_err(broken)?;
    let no_text = || AgentError::bad_response(format!("the agent's `{name}` event has no text"));
    let text = |names: &[&str]| match &data {
        Value::String(text) => Ok(text.as_str()),
        Value::Object(members) => string(members, names).ok_or_else(no_text),
        _ => Err(no_text()),
    };
    match name {
        "delta" => sink.emit(text_event(text(&DELTA)?))?,
        "title" => sink.emit(Event::Title(clean(text(&["title", "text"])?)))?,
        "source" => sink.emit(citation::event(&data)?)?,
        "usage" => {
            let members = data.as_object().ok_or_else(no_text)?;
            sink.emit(Event::Usage(usage(members)))?;
        }
        _ => return Err(AgentError::own_words(&own_message(&data).unwrap_or_default())),
    }
    Ok(ControlFlow::Continue(()))
}

fn about_cost(members: &Map<String, Value>, sink: &mut dyn Sink) -> Result<(), AgentError> {
    if let Some(given) = members.get("usage").and_then(Value::as_object) {
        sink.emit(Event::Usage(usage(given)))?;
    }
    if let Some(model) = string(members, &["model"]) {
        sink.emit(Event::Model(clean(model)))?;
    }
    Ok(())
}

fn usage(members: &Map<String, Value>) -> Usage {
    let count = |names: [&str; 2]| {
        let counts = names.into_iter().find_map(|name| members.get(name).and_then(Value::as_i64));
        counts.filter(|count| *count >= 0)
    };
    let input_tokens = count(["input_tokens", "prompt_tokens"]);
    let output_tokens = count(["output_tokens", "completion_tokens"]);
    let sum = || input_tokens?.checked_add(output_tokens?);
    Usage { input_tokens, output_tokens, total_tokens: count(["total_tokens", "total"]).or_else(sum) }
}

fn string<'a>(members: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| members.get(*name).and_then(Value::as_str))
}

fn text_event(text: &str) -> Event {
    Event::Text(clean(text))
}

/// NUL cannot be stored; its visible stand-in can.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Sink for Seen {
        fn emit(&mut self, event: Event) -> Result<(), AgentError> {
            self.0.push(format!("{event:?}"));
            Ok(())
        }
    }

    fn said(read: impl FnOnce(&mut dyn Sink) -> Result<(), AgentError>) -> Result<Vec<String>, String> {
        let mut seen = Seen::default();
        read(&mut seen).map_err(|error| format!("{}: {error}", error.fault.code()))?;
        Ok(seen.0)
    }

    #[test]
    fn the_text_of_a_json_answer_has_many_names() {
        for body in [
            r#"{"output":"yes"}"#,
            r#"{"response":"yes"}"#,
            r#"{"answer":"yes"}"#,
            r#"{"content":"yes"}"#,
            r#"{"output":null,"final_output":"yes"}"#,
            r#""yes""#,
        ] {
            assert_eq!(said(|sink| whole(body.as_bytes(), sink)).unwrap(), [r#"Text("yes")"#], "{body}");
        }
    }

    #[test]
    fn json_that_is_no_answer_says_why() {
        for (body, problem) in [
            ("{", "agent_bad_response: the agent's JSON is broken: EOF while parsing an object at line 1 column 1"),
            ("[]", "agent_bad_response: the agent's JSON is no object"),
            (
                "{}",
                "agent_bad_response: the agent's JSON has no text under any of output, response, answer, content, final_output",
            ),
            (r#"{"error":{"message":"no model"}}"#, "agent_error: no model"),
        ] {
            assert_eq!(said(|sink| whole(body.as_bytes(), sink)).unwrap_err(), problem);
        }
    }

    #[test]
    fn events_of_a_stream() {
        let read = |name: &str, data: &str| said(|sink| event(name, data, sink).map(|_| ()));
        assert_eq!(read("delta", r#"{"text":"a\u0000"}"#).unwrap(), ["Text(\"a\u{fffd}\")"]);
        assert_eq!(read("title", r#""Greetings""#).unwrap(), [r#"Title("Greetings")"#]);
        assert_eq!(read("ping", "not json").unwrap(), [""; 0]);
        assert_eq!(
            read("usage", r#"{"prompt_tokens":3,"completion_tokens":4}"#).unwrap(),
            ["Usage(Usage { input_tokens: Some(3), output_tokens: Some(4), total_tokens: Some(7) })"]
        );
        assert_eq!(read("error", r#"{"message":"out of tea"}"#).unwrap_err(), "agent_error: out of tea");
        assert_eq!(read("delta", "{}").unwrap_err(), "agent_bad_response: the agent's `delta` event has no text");
        assert!(read("delta", "{").unwrap_err().starts_with("agent_bad_response: the data of the agent's `delta`"));
    }
}
