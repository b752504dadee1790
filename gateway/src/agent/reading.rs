//! How any answer is read: by the reader of its protocol, event by event, until the agent says that it is done.

use std::ops::ControlFlow;

use tokio::time::Instant;

use super::{
    Agent, AgentError, Question, call,
    sse::{Decoder, Event, TooLarge},
    transcript::Transcript,
};

/// JSON escapes and members besides the text make a body larger than what is kept of it.
const OVERHEAD: usize = 4;
const SLACK: usize = 64 * 1024;

/// Reads one answer in one protocol.
pub(super) trait Reader: Send {
    /// One event of a stream; `Break` is the agent's word that it is done. What we do not know is passed over.
    fn event(&mut self, event: Event<'_>, said: &mut Transcript<'_>) -> Result<ControlFlow<()>, AgentError>;

    /// The stream ended or broke. The end of the bytes is not the end of the answer, unless the agent said so before.
    fn end(&mut self, said: &mut Transcript<'_>) -> Result<(), AgentError>;

    /// An answer that comes as a whole.
    fn whole(&mut self, _body: &[u8], _said: &mut Transcript<'_>) -> Result<(), AgentError> {
        Err(AgentError::bad_response("the agent answered with JSON; it must be `text/event-stream`"))
    }
}

impl From<TooLarge> for AgentError {
    fn from(_: TooLarge) -> Self {
        Self::too_large()
    }
}

/// Puts the question and reads what comes, of which the first must come until then.
pub(super) async fn answer(
    agent: &Agent,
    question: Box<Question>,
    until: Instant,
    said: &mut Transcript<'_>,
) -> Result<(), AgentError> {
    let mut reader = agent.config.protocol.reader();
    let mut response = Box::pin(call::post(agent, question, until)).await?;
    agent.circuit.answering();
    let longest = agent.patience.max_answer.saturating_mul(OVERHEAD).saturating_add(SLACK);
    if response.media_type == "text/event-stream" {
        stream(&mut response, longest, reader.as_mut(), said).await?;
        agent.endings.spawn(response.rest());
        return Ok(());
    }
    let media_type = std::mem::take(&mut response.media_type);
    if media_type.is_empty() || media_type == "application/json" || media_type.ends_with("+json") {
        let body = response.body(longest).await?;
        return reader.whole(&body, said);
    }
    let message = format!("the agent answered with `{media_type}`; it must be JSON or `text/event-stream`");
    Err(AgentError::bad_response(message))
}

async fn stream(
    response: &mut call::Answer,
    longest: usize,
    reader: &mut dyn Reader,
    said: &mut Transcript<'_>,
) -> Result<(), AgentError> {
    let mut decoder = Decoder::new(longest);
    loop {
        if let Some(ready) = said.ready() {
            ready.await;
        }
        match response.chunk().await {
            Ok(Some(bytes)) => {
                if decoder.feed(&bytes, |event| reader.event(event, said))?.is_break() {
                    return Ok(());
                }
            }
            Ok(None) => return reader.end(said),
            // Some agents say that they are done, and then leave the connection hanging.
            Err(error) => return reader.end(said).map_err(|_| error),
        }
    }
}
