//! The AI SDK's chat, as `useChat` speaks with its default transport.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use proto::history::v1::Run;
use serde::Deserialize;
use utoipa::ToSchema;

use self::input::{ChatRequest, Trigger};
use crate::{
    app::App,
    dialect,
    extract::{Caller, Foreign, ForeignIfAny, Name, idempotency_key},
    problem::{Problem, Refused},
    run::{OnConflict, Reader},
    thread::{self, Asking, Said, Thread},
};

mod input;

/// A run that ended so short a time ago is told again, to whoever read the conversation before its end was saved.
const GRACE: Duration = Duration::from_secs(30);

/// Put a question to an agent, as `useChat` does.
///
/// Only the newest message is believed; the history is the one that is stored. Sent again, a question joins its run. With
/// `messageId`, a question stands beside the one that has this id (an edit), and `regenerate-message` has a question
/// answered again; nothing is ever deleted. Another run of the same chat is stopped: `stop()` of `useChat` tells us nothing.
/// Members of the body that are not named here become metadata of the question and reach the agent.
#[utoipa::path(
    post,
    path = "/api/chat",
    tag = "frontends",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters")),
    request_body = ChatRequest,
    responses(
        (status = 200, description = "A UI message stream", content((String = "text/event-stream"))),
        (status = 409, body = Problem, description = "`user_erased`: you were erased"),
        (status = 422, body = Problem, description = "The idempotency key was used for another request"),
    )
)]
pub(super) async fn chat(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Foreign(request): Foreign<ChatRequest>,
) -> Result<Response, Refused> {
    let key = idempotency_key(&headers)?;
    let thread = Thread::named("id", request.id.clone())?;
    let agent = request.agent.clone();
    let (asked, on_conflict) = (app.clone(), OnConflict::CancelPrevious);
    let coming = app.runs.begin_or_wait(caller, |caller, waits| {
        ask(Asking { app: asked, caller, thread, agent, on_conflict, waits }, request, key)
    });
    Ok(dialect::ai_sdk(coming.await?))
}

async fn ask(asking: Asking, request: ChatRequest, key: Option<String>) -> Result<Reader, Refused> {
    let said = request.said()?;
    match (request.trigger, said, request.message_id) {
        (Trigger::RegenerateMessage, said, message_id) => regenerate(&asking, said, message_id, key).await,
        (Trigger::SubmitMessage, None, _) => Err(thread::not_a_question(
            "the newest message must be a question of the user's; results of tools that the client ran are not taken",
        )),
        (Trigger::SubmitMessage, Some(said), Some(edited)) => asking.edit(&edited, said, key).await,
        (Trigger::SubmitMessage, Some(said), None) => {
            let own = said.id.as_ref().map(|id| thread::key(&["ai-sdk", &request.id, id, &said.text]));
            asking.submit(said, key.or(own)).await
        }
    }
}

/// Answers the question again that the client shows: the one before the named message, or else the newest.
async fn regenerate(
    asking: &Asking,
    said: Option<Said>,
    message_id: Option<String>,
    key: Option<String>,
) -> Result<Reader, Refused> {
    let shown = said.as_ref().and_then(|said| said.id.clone());
    for id in message_id.into_iter().chain(shown) {
        let Some(question) = asking.question(&id).await? else { continue };
        return match said {
            // Several versions of an edited question have one id with the client.
            Some(said) if said.text != question.content => {
                let id = said.id.clone().unwrap_or(question.id);
                asking.edit(&id, said, key).await
            }
            _ => asking.regenerate(question.id, key).await,
        };
    }
    if let Some(said) = said {
        // It did not get through the first time.
        return asking.submit(said, key).await;
    }
    match asking.thread.run(&asking.app, &asking.caller).await? {
        Some(run) => asking.regenerate(run.user_message_id, key).await,
        None => Err(thread::not_a_question("there is no question here that could be answered again")),
    }
}

/// Follow the run that goes on in a chat.
///
/// From its first chunk. Nothing (204) where none goes on and none has just ended.
#[utoipa::path(
    get,
    path = "/api/chat/{id}/stream",
    tag = "frontends",
    params(("id" = String, Path, description = "The id of the chat with the client, or of the conversation with us")),
    responses(
        (status = 200, description = "A UI message stream", content((String = "text/event-stream"))),
        (status = 204, description = "Nothing goes on"),
    )
)]
pub(super) async fn resume_chat(State(app): State<App>, caller: Caller, Name(id): Name) -> Result<Response, Refused> {
    let run = Thread::named("id", id)?.run(&app, &caller).await?;
    let Some(run) = run.filter(|run| is_fresh(run, Utc::now())) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Ok(dialect::ai_sdk(app.runs.attach(&caller, &run.id).await?))
}

/// Stop the run that goes on in a chat.
///
/// What was written stays. Nothing happens where another run goes on than the named one, or none.
#[utoipa::path(
    post,
    path = "/api/chat/{id}/stop",
    tag = "frontends",
    params(("id" = String, Path, description = "The id of the chat with the client, or of the conversation with us")),
    request_body = StopRequest,
    responses((status = 204, description = "It does not go on"))
)]
pub(super) async fn stop_chat(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
    ForeignIfAny(request): ForeignIfAny<StopRequest>,
) -> Result<StatusCode, Refused> {
    let thread = Thread::named("id", id)?;
    let work = {
        let app = app.clone();
        async move {
            let run = thread.run(&app, &caller).await?.filter(|run| run.finished_at.is_none());
            let meant = |run: &Run| request.active_stream_id.as_ref().is_none_or(|id| *id == run.id);
            if let Some(run) = run.filter(meant) {
                app.runs.cancel(&caller, &run.id).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        }
    };
    app.runs.see_through(work).await
}

/// Which run is to stop.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StopRequest {
    /// The id of the run, as `runId` of the message's metadata; any without.
    active_stream_id: Option<String>,
}

fn is_fresh(run: &Run, now: DateTime<Utc>) -> bool {
    let Some(finished) = run.finished_at.as_ref() else { return true };
    let grace = i64::try_from(GRACE.as_secs()).unwrap_or_default();
    (now.timestamp() - finished.seconds).abs() <= grace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_again_until_its_end_has_been_saved_for_a_while() {
        let run = |seconds: Option<i64>| Run {
            finished_at: seconds.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            ..Run::default()
        };
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let fresh = [None, Some(1_000), Some(970), Some(969), Some(0)].map(|finished| is_fresh(&run(finished), now));
        assert_eq!(fresh, [true, true, true, false, false]);
    }
}
