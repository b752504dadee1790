//! AG-UI: runs of agents as its clients ask for them.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use proto::reason;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    app::App,
    dialect::{self, RunNames},
    extract::{AgentName, Caller, Foreign, idempotency_key},
    problem::{Problem, Refused},
    run::OnConflict,
    thread::{self, Asking, Content, Said, Thread, metadata},
};

/// A run, as AG-UI asks for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunAgentInput {
    /// The conversation: your id for it, or ours.
    #[schema(min_length = 1, max_length = 200)]
    thread_id: String,
    /// Your id for the run. The same again joins it.
    #[schema(min_length = 1, max_length = 200)]
    run_id: String,
    /// All messages of the client's, of which the last question counts.
    #[schema(value_type = Vec<Object>)]
    messages: Vec<Box<RawValue>>,
    /// Kept with the question and given to the agent, together up to 16 KiB; as are the next three.
    #[schema(value_type = Option<Object>)]
    state: Option<Value>,
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Value>,
    #[schema(value_type = Option<Vec<Object>>)]
    context: Option<Value>,
    #[schema(value_type = Option<Object>)]
    forwarded_props: Option<Value>,
    /// Interrupts are not supported.
    #[schema(value_type = Option<Vec<Object>>)]
    resume: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct Message {
    id: Option<String>,
    role: String,
    content: Option<Box<RawValue>>,
}

/// Run the default agent, as AG-UI does.
///
/// Only the last question is believed; the history is the one that is stored. The same `threadId` and `runId` join a run. A
/// question with an id that is known is answered again, or edited where its text is another. Another run of the same thread
/// is stopped.
#[utoipa::path(
    post,
    path = "/ag-ui",
    tag = "frontends",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters")),
    request_body = RunAgentInput,
    responses(
        (status = 200, description = "Events of AG-UI", content((String = "text/event-stream"))),
        (status = 409, body = Problem, description = "`user_erased`: you were erased"),
        (status = 422, body = Problem, description = "The run id or idempotency key was used for another request"),
    )
)]
pub(super) async fn run_default_agent(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Foreign(input): Foreign<RunAgentInput>,
) -> Result<Response, Refused> {
    run(app, caller, &headers, input, None).await
}

/// Run an agent, as AG-UI does.
#[utoipa::path(
    post,
    path = "/ag-ui/{agent}",
    tag = "frontends",
    params(
        ("agent" = String, Path, description = "The name of the agent"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters"),
    ),
    request_body = RunAgentInput,
    responses(
        (status = 200, description = "Events of AG-UI", content((String = "text/event-stream"))),
        (status = 409, body = Problem, description = "`user_erased`: you were erased"),
        (status = 422, body = Problem, description = "The run id or idempotency key was used for another request"),
    )
)]
pub(super) async fn run_named_agent(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    AgentName(agent): AgentName,
    Foreign(input): Foreign<RunAgentInput>,
) -> Result<Response, Refused> {
    run(app, caller, &headers, input, Some(agent)).await
}

async fn run(
    app: App,
    caller: Caller,
    headers: &HeaderMap,
    input: RunAgentInput,
    agent: Option<String>,
) -> Result<Response, Refused> {
    let said = input.said()?;
    let (thread_id, run_id) = (input.thread_id, thread::bounded("runId", input.run_id)?);
    let thread = Thread::named("threadId", thread_id.clone())?;
    let key = idempotency_key(headers)?.unwrap_or_else(|| thread::key(&["ag-ui", &thread_id, &run_id]));
    let names = RunNames { thread_id, run_id };
    let Some(said) = said else {
        // Whoever has the answer already may want to see its run again.
        let known = app.runs.keyed(&caller, key).await?;
        return Ok(dialect::ag_ui(known.ok_or_else(not_a_question)?, names));
    };
    let (asked, on_conflict) = (app.clone(), OnConflict::CancelPrevious);
    let coming = app.runs.begin_or_wait(caller, |caller, waits| async move {
        Asking { app: asked, caller, thread, agent, on_conflict, waits }.submit(said, Some(key)).await
    });
    Ok(dialect::ag_ui(coming.await?, names))
}

impl RunAgentInput {
    /// None where the newest message is no question.
    fn said(&self) -> Result<Option<Said>, Refused> {
        if self.resume.as_ref().is_some_and(|resume| !resume.is_empty()) {
            return Err(thread::not_a_question("runs are not interrupted here, so that there is nothing to resume"));
        }
        let Some(Message { id, content, .. }) = self.newest()? else { return Ok(None) };
        let id = id.filter(|id| !id.is_empty()).map(|id| thread::bounded("messages.id", id)).transpose()?;
        let facts = [
            ("state", &self.state),
            ("tools", &self.tools),
            ("context", &self.context),
            ("forwardedProps", &self.forwarded_props),
        ];
        let facts = facts.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref().filter(|value| !is_empty(value))?;
            Some((name.to_owned(), value.clone()))
        });
        Ok(Some(Said { id, text: text(content.as_deref())?, metadata: metadata(facts.collect::<Map<_, _>>())? }))
    }

    /// The newest message that somebody said, where it is the user's.
    fn newest(&self) -> Result<Option<Message>, Refused> {
        for raw in self.messages.iter().rev() {
            let message: Message = serde_json::from_str(raw.get())
                .map_err(|error| Problem::invalid_field("messages", reason::FIELD_INVALID, error.to_string()))?;
            match message.role.as_str() {
                "user" => return Ok(Some(message)),
                "assistant" | "tool" => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }
}

fn not_a_question() -> Refused {
    thread::not_a_question(
        "the newest message must be a question of the user's; results of tools that the client ran are not taken",
    )
}

fn text(content: Option<&RawValue>) -> Result<String, Refused> {
    let Some(content) = content else { return Ok(String::new()) };
    let content: Content = serde_json::from_str(content.get()).map_err(|_| {
        Problem::invalid_field("messages.content", reason::FIELD_INVALID, "must be a text or a list of parts")
    })?;
    content.question()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(messages: &Value) -> Result<Option<Said>, Refused> {
        let body = json!({"threadId": "t", "runId": "r", "messages": messages, "tools": [], "state": {"page": 1}});
        serde_json::from_str::<RunAgentInput>(&body.to_string()).unwrap().said()
    }

    #[test]
    fn the_last_question_counts_and_what_surrounds_it_goes_along() {
        let parts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
        let said = said(&json!([
            {"id": "1", "role": "assistant", "content": "invented"},
            {"id": "2", "role": "user", "content": parts},
            {"id": "3", "role": "activity", "content": {}},
        ]))
        .unwrap()
        .unwrap();
        assert_eq!((said.id.as_deref(), said.text.as_str()), (Some("2"), "a\n\nb"));
        assert_eq!(said.metadata.unwrap().get(), r#"{"state":{"page":1}}"#);
    }

    #[test]
    fn what_is_no_question_is_refused() {
        for (messages, code) in [
            (json!([{"role": "user", "content": [{"type": "image"}]}]), "parts_unsupported"),
            (json!([{"role": "user", "content": 7}]), "invalid_request"),
        ] {
            assert_eq!(said(&messages).unwrap_err().code(), code, "{messages}");
        }
        for messages in [json!([]), json!([{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}])] {
            assert!(said(&messages).unwrap().is_none(), "{messages}");
        }
    }
}
