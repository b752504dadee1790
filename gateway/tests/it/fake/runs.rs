//! Runs in memory.

use std::sync::atomic::Ordering;

use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use kit::{
    caller::Caller,
    config::Permission,
    error::{Error, RefusalKind},
};
use proto::{
    history::v1::{
        AppendEventsRequest, AppendEventsResponse, CancelRunRequest, CancelRunResponse, ContextMessage, Conversation,
        FinishRunRequest, FinishRunResponse, GetRunRequest, GetRunResponse, Message, MessageStatus, Role, Run,
        RunEvents, RunStatus, StartRunRequest, StartRunResponse, WatchRunRequest, WatchRunResponse,
        run_event::Event,
        run_service_server::RunService,
        watch_run_response::{Exchange, Step},
    },
    reason::{
        CONVERSATION_NOT_FOUND, IDEMPOTENCY_KEY_REUSED, MESSAGE_NOT_FOUND, RUN_FENCED, RUN_IN_PROGRESS, RUN_NOT_FOUND,
    },
};
use tonic::{Request, Response, Status};

use super::{
    conversations::conversation,
    history::{FakeHistory, NOW, Tables, away, id, invalid, own},
    messages::{message, numbered},
};

/// A text that is never kept.
pub(crate) const POISON: &str = "poison";

fn answer(tables: &Tables, run: &Run) -> StartRunResponse {
    let message = |id: &str| Some(tables.messages[id].1.clone());
    StartRunResponse {
        conversation: Some(tables.conversations[&run.conversation_id].1.clone()),
        user_message: message(&run.user_message_id),
        message: message(&run.message_id),
        run: Some(run.clone()),
        ..StartRunResponse::default()
    }
}

/// Adds what is new among these.
fn keep(tables: &mut Tables, run_id: &str, events: Option<RunEvents>) {
    let Some(RunEvents { position, events }) = events else { return };
    let said = tables.said.entry(run_id.to_owned()).or_default();
    let known = said.len() - usize::try_from(position).unwrap();
    said.extend(events.into_iter().skip(known));
}

impl FakeHistory {
    fn exchange(&self, run_id: &str) -> Exchange {
        let tables = self.tables();
        let StartRunResponse { run, user_message, message, .. } = answer(&tables, &tables.runs[run_id].1);
        Exchange { run, user_message, message }
    }

    /// Lets watchers look.
    fn changed(&self) {
        self.0.story.send_modify(|_| {});
    }
}

#[tonic::async_trait]
impl RunService for FakeHistory {
    async fn start_run(&self, request: Request<StartRunRequest>) -> Result<Response<StartRunResponse>, Status> {
        let user = self.enter("StartRun", &request)?;
        let request = request.into_inner();
        let mut tables = self.tables();
        tables.started.push(request.clone());
        let key = request.request_id.clone().map(|key| (user.clone(), key));
        if let Some((fingerprint, run_id)) = key.as_ref().and_then(|key| tables.keys.get(key)) {
            if *fingerprint != request.fingerprint {
                let message = "the key was used for another request";
                return Err(Error::refused(RefusalKind::Invalid, IDEMPOTENCY_KEY_REUSED, message).into());
            }
            return Ok(Response::new(StartRunResponse { joined: true, ..answer(&tables, &tables.runs[run_id].1) }));
        }
        if request.join_only {
            return Err(Error::not_found(RUN_NOT_FOUND, "the key names no run").into());
        }
        let named = request.conversation_client_id.as_ref().and_then(|client_id| {
            let mut mine = tables.conversations.values().filter(|(owner, _)| *owner == user);
            mine.find(|(_, conversation)| conversation.client_id.as_ref() == Some(client_id))
        });
        let named = named.map(|(_, conversation)| conversation.id.clone());
        let conversation_id = if let Some(id) = request.conversation_id.or(named) {
            own(&mut tables.conversations, &user, &id, CONVERSATION_NOT_FOUND)?;
            id
        } else {
            let conversation = Conversation { client_id: request.conversation_client_id, ..conversation() };
            let id = conversation.id.clone();
            tables.conversations.insert(id.clone(), (user.clone(), conversation));
            id
        };
        let busy = |run: &&Run| run.conversation_id == conversation_id && run.finished_at.is_none();
        if let Some(run) = tables.runs.values().map(|(_, run)| run).find(busy) {
            let error = Error::refused(RefusalKind::Conflict, RUN_IN_PROGRESS, "another run goes on");
            return Err(error.with("run_id", run.id.clone()).into());
        }
        let question = match &request.user_message_id {
            Some(id) => own(&mut tables.messages, &user, id, MESSAGE_NOT_FOUND)?.clone(),
            None => Message {
                role: Role::User.into(),
                metadata_json: request.metadata_json,
                parent_id: request.parent_id.filter(|id| !id.is_empty()),
                client_id: request.client_id,
                ..message(&conversation_id, &request.content)
            },
        };
        let asked = question.content.clone();
        let pending = Message {
            role: Role::Assistant.into(),
            status: MessageStatus::Pending.into(),
            parent_id: Some(question.id.clone()),
            agent: Some(request.agent.clone()),
            ..message(&conversation_id, "")
        };
        let run = Run {
            id: id(),
            conversation_id,
            user_message_id: question.id.clone(),
            message_id: pending.id.clone(),
            agent: request.agent,
            status: RunStatus::Running.into(),
            fence: 1,
            created_at: Some(NOW),
            ..Run::default()
        };
        for message in [question, pending] {
            tables.messages.insert(message.id.clone(), (user.clone(), message));
        }
        if let Some(key) = key {
            tables.keys.insert(key, (request.fingerprint, run.id.clone()));
        }
        tables.runs.insert(run.id.clone(), (user, run.clone()));
        let context = vec![ContextMessage { role: Role::User.into(), content: asked }];
        Ok(Response::new(StartRunResponse { context, ..answer(&tables, &run) }))
    }

    async fn finish_run(&self, request: Request<FinishRunRequest>) -> Result<Response<FinishRunResponse>, Status> {
        let user = self.enter("FinishRun", &request)?;
        let request = request.into_inner();
        let failures = &self.0.finish_failures;
        if failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(away());
        }
        if self.0.refuse_sources.load(Ordering::SeqCst) && !request.sources.is_empty() {
            return Err(invalid("sources"));
        }
        let mut tables = self.tables();
        let run = own(&mut tables.runs, &user, &request.run_id, RUN_NOT_FOUND)?;
        if run.fence != request.fence {
            return Err(Error::refused(RefusalKind::Conflict, RUN_FENCED, "the run was taken away").into());
        }
        run.status = request.status;
        run.error.clone_from(&request.error);
        run.usage = request.usage;
        run.finished_at = Some(NOW);
        let run = run.clone();
        let status = match request.status() {
            RunStatus::Completed => MessageStatus::Completed,
            RunStatus::Interrupted => MessageStatus::Interrupted,
            RunStatus::Cancelled => MessageStatus::Cancelled,
            _ => MessageStatus::Failed,
        };
        let (_, row) = tables.messages.get_mut(&run.message_id).unwrap();
        let whole = message(&run.conversation_id, &request.content);
        let parts = Some(&request.parts_json).filter(|parts| !parts.is_empty()).unwrap_or(&whole.parts_json);
        *row = Message {
            id: row.id.clone(),
            role: row.role,
            parent_id: row.parent_id.clone(),
            agent: row.agent.clone(),
            status: status.into(),
            sources: numbered(request.sources.clone()),
            usage: request.usage,
            error: request.error.clone(),
            model: request.model.clone(),
            completed_at: Some(NOW),
            parts_json: parts.clone(),
            ..whole
        };
        let message = row.clone();
        let (_, conversation) = tables.conversations.get_mut(&run.conversation_id).unwrap();
        if request.title.is_some() {
            conversation.title.clone_from(&request.title);
        }
        let conversation = conversation.clone();
        if tables.said.contains_key(&request.run_id) {
            keep(&mut tables, &request.run_id, request.rest.clone());
        }
        tables.cancelled.remove(&request.run_id);
        tables.finished.push(request);
        drop(tables);
        self.changed();
        let (run, message, conversation) = (Some(run), Some(message), Some(conversation));
        Ok(Response::new(FinishRunResponse { run, message, conversation }))
    }

    async fn append_events(
        &self,
        request: Request<AppendEventsRequest>,
    ) -> Result<Response<AppendEventsResponse>, Status> {
        Caller::of(&request)?.service(Permission::Act)?;
        if self.0.away.load(Ordering::SeqCst) {
            return Err(away());
        }
        let batches = request.into_inner().batches;
        let said = || batches.iter().flat_map(|batch| &batch.events).flat_map(|events| &events.events);
        if said().any(|event| event.event == Some(Event::Text(POISON.to_owned()))) {
            return Err(invalid("batches"));
        }
        let mut tables = self.tables();
        tables.ticks += 1;
        let mut answer = AppendEventsResponse::default();
        for batch in batches {
            let held = tables.runs.get(&batch.run_id).is_some_and(|(user, run)| {
                *user == batch.user_id && run.fence == batch.fence && run.finished_at.is_none()
            });
            if !held {
                answer.lost_run_ids.push(batch.run_id);
                continue;
            }
            keep(&mut tables, &batch.run_id, batch.events);
        }
        answer.cancelled_run_ids.extend(tables.cancelled.iter().cloned());
        drop(tables);
        self.changed();
        Ok(Response::new(answer))
    }

    async fn cancel_run(&self, request: Request<CancelRunRequest>) -> Result<Response<CancelRunResponse>, Status> {
        let user = self.enter("CancelRun", &request)?;
        let id = request.into_inner().run_id;
        let mut tables = self.tables();
        let run = own(&mut tables.runs, &user, &id, RUN_NOT_FOUND)?.clone();
        if run.finished_at.is_none() {
            tables.cancelled.insert(id);
        }
        Ok(Response::new(CancelRunResponse { run: Some(run) }))
    }

    type WatchRunStream = BoxStream<'static, Result<WatchRunResponse, Status>>;

    async fn watch_run(&self, request: Request<WatchRunRequest>) -> Result<Response<Self::WatchRunStream>, Status> {
        let user = self.enter("WatchRun", &request)?;
        let WatchRunRequest { run_id, position } = request.into_inner();
        own(&mut self.tables().runs, &user, &run_id, RUN_NOT_FOUND)?;
        let told = |step| Some(Ok(WatchRunResponse { step: Some(step) }));
        let found = stream::iter(told(Step::Found(self.exchange(&run_id))));
        let changes = self.0.story.subscribe();
        let state = (self.clone(), changes, run_id, usize::try_from(position).unwrap(), false);
        let rest = stream::unfold(state, move |(history, mut changes, run_id, position, over)| async move {
            if over {
                return None;
            }
            loop {
                changes.borrow_and_update();
                let events = history.tables().said.get(&run_id).cloned().unwrap_or_default();
                if events.len() > position {
                    let next = events.len();
                    let events =
                        RunEvents { position: i64::try_from(position).unwrap(), events: events[position..].to_vec() };
                    return Some((told(Step::Events(events))?, (history, changes, run_id, next, false)));
                }
                let exchange = history.exchange(&run_id);
                if exchange.run.as_ref().is_some_and(|run| run.finished_at.is_some()) {
                    return Some((told(Step::Ended(exchange))?, (history, changes, run_id, position, true)));
                }
                changes.changed().await.ok()?;
            }
        });
        Ok(Response::new(found.chain(rest).boxed()))
    }

    async fn get_run(&self, request: Request<GetRunRequest>) -> Result<Response<GetRunResponse>, Status> {
        let user = self.enter("GetRun", &request)?;
        let GetRunRequest { run_id, conversation_id, conversation_client_id, request_id } = request.into_inner();
        let mut tables = self.tables();
        let id = if !request_id.is_empty() {
            tables.keys.get(&(user.clone(), request_id)).map(|(_, run_id)| run_id.clone()).unwrap_or_default()
        } else if run_id.is_empty() {
            let conversation = tables.conversations.values().find(|(owner, conversation)| {
                *owner == user
                    && (conversation.id == conversation_id
                        || conversation.client_id.as_ref() == Some(&conversation_client_id))
            });
            let conversation = conversation.map(|(_, conversation)| conversation.id.clone()).unwrap_or_default();
            let newest = tables.runs.values().filter(|(_, run)| run.conversation_id == conversation);
            newest.map(|(_, run)| run.id.clone()).max().unwrap_or_default()
        } else {
            run_id
        };
        let run = own(&mut tables.runs, &user, &id, RUN_NOT_FOUND)?.clone();
        let StartRunResponse { run, user_message, message, .. } = answer(&tables, &run);
        Ok(Response::new(GetRunResponse { run, user_message, message }))
    }
}
