//! The native protocol: one POST, answered by JSON or by server-sent events.

use proto::history::v1::{ContextMessage, Role};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Agent, AgentError, AgentFault, Question, Sink, http, sse::Decoder};

mod answer;
mod citation;

/// JSON escapes and members besides the text make a body larger than what is kept of it.
const OVERHEAD: usize = 4;
const SLACK: usize = 64 * 1024;

#[derive(Serialize)]
struct Request<'a> {
    run_id: &'a str,
    conversation_id: &'a str,
    user: UserView<'a>,
    input: &'a str,
    messages: Vec<MessageView<'a>>,
    metadata: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

#[derive(Serialize)]
struct UserView<'a> {
    id: &'a str,
    email: Option<&'a str>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct MessageView<'a> {
    role: &'static str,
    content: &'a str,
}

/// Puts the question and decodes what comes.
pub(super) async fn answer(agent: &Agent, question: &Question, sink: &mut dyn Sink) -> Result<(), AgentError> {
    let mut response = http::post(agent, question, &request(agent, question)).await?;
    let longest = agent.patience.max_answer.saturating_mul(OVERHEAD).saturating_add(SLACK);
    let media_type = response.media_type();
    if media_type == "text/event-stream" {
        return read_events(&mut response, longest, sink).await;
    }
    if media_type.is_empty() || media_type == "application/json" || media_type.ends_with("+json") {
        let body = response.body(longest).await?;
        return answer::whole(&body, sink);
    }
    let message = format!("the agent answered with `{media_type}`; it must be JSON or `text/event-stream`");
    Err(AgentError::bad_response(message))
}

/// The end of the bytes is not the end of the answer: only `done` is.
async fn read_events(response: &mut http::Answer, longest: usize, sink: &mut dyn Sink) -> Result<(), AgentError> {
    let mut decoder = Decoder::new(longest);
    while let Some(chunk) = response.chunk(sink).await? {
        let events = decoder.feed(&chunk).map_err(|_| AgentError::too_large())?;
        for event in events {
            if answer::event(&event.name, &event.data, sink)?.is_break() {
                return Ok(());
            }
        }
    }
    Err(AgentError::new(AgentFault::Cut, "the agent's stream ended without a `done` event"))
}

fn request<'a>(agent: &'a Agent, question: &'a Question) -> Request<'a> {
    let user = &question.user;
    Request {
        run_id: &question.run_id,
        conversation_id: &question.conversation_id,
        user: UserView { id: &user.id, email: user.email.as_deref(), name: user.name.as_deref() },
        input: &question.input,
        messages: question.context.iter().map(message).collect(),
        metadata: question.metadata.as_deref().unwrap_or_else(|| no_metadata()),
        model: agent.model(),
    }
}

fn message(message: &ContextMessage) -> MessageView<'_> {
    let role = match message.role() {
        Role::User | Role::Unspecified => "user",
        Role::Assistant => "assistant",
        Role::System => "system",
        Role::Tool => "tool",
    };
    MessageView { role, content: &message.content }
}

fn no_metadata() -> &'static RawValue {
    serde_json::from_str("{}").expect("an empty object is JSON")
}
