//! Runs in memory.

use std::sync::atomic::Ordering;

use kit::error::{Error, RefusalKind};
use proto::{
    history::v1::{
        ContextMessage, FinishRunRequest, FinishRunResponse, GetRunRequest, GetRunResponse, Message, MessageStatus,
        Role, Run, RunStatus, StartRunRequest, StartRunResponse, run_service_server::RunService,
    },
    reason::{CONVERSATION_NOT_FOUND, IDEMPOTENCY_KEY_REUSED, RUN_FENCED, RUN_IN_PROGRESS, RUN_NOT_FOUND},
};
use tonic::{Request, Response, Status};

use super::{
    conversations::conversation,
    history::{FakeHistory, NOW, Tables, away, id, invalid, own},
    messages::{message, numbered},
};

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
        let conversation_id = if let Some(id) = request.conversation_id {
            own(&mut tables.conversations, &user, &id, CONVERSATION_NOT_FOUND)?;
            id
        } else {
            let conversation = conversation();
            let id = conversation.id.clone();
            tables.conversations.insert(id.clone(), (user.clone(), conversation));
            id
        };
        let busy = |run: &&Run| run.conversation_id == conversation_id && run.finished_at.is_none();
        if let Some(run) = tables.runs.values().map(|(_, run)| run).find(busy) {
            let error = Error::refused(RefusalKind::Conflict, RUN_IN_PROGRESS, "another run goes on");
            return Err(error.with("run_id", run.id.clone()).into());
        }
        let question = Message {
            role: Role::User.into(),
            metadata_json: request.metadata_json,
            ..message(&conversation_id, &request.content)
        };
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
        let context = vec![ContextMessage { role: Role::User.into(), content: request.content }];
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
            ..message(&run.conversation_id, &request.content)
        };
        let message = row.clone();
        let (_, conversation) = tables.conversations.get_mut(&run.conversation_id).unwrap();
        if request.title.is_some() {
            conversation.title.clone_from(&request.title);
        }
        let conversation = conversation.clone();
        tables.finished.push(request);
        let (run, message, conversation) = (Some(run), Some(message), Some(conversation));
        Ok(Response::new(FinishRunResponse { run, message, conversation }))
    }

    async fn get_run(&self, request: Request<GetRunRequest>) -> Result<Response<GetRunResponse>, Status> {
        let user = self.enter("GetRun", &request)?;
        let id = request.into_inner().run_id;
        let mut tables = self.tables();
        let run = own(&mut tables.runs, &user, &id, RUN_NOT_FOUND)?.clone();
        let StartRunResponse { run, user_message, message, .. } = answer(&tables, &run);
        Ok(Response::new(GetRunResponse { run, user_message, message }))
    }
}
