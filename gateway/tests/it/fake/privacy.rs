//! Exports and erasures in memory.

use std::{pin::Pin, sync::atomic::Ordering};

use futures_util::{Stream, stream};
use proto::history::v1::{
    EraseUserRequest, EraseUserResponse, ExportCompleted, ExportManifest, ExportUserRequest, ExportUserResponse,
    ExportedRun, RecordCounts, export_user_response::Record, privacy_service_server::PrivacyService,
};
use tonic::{Request, Response, Status};

use super::history::{FakeHistory, NOW, away};

#[tonic::async_trait]
impl PrivacyService for FakeHistory {
    type ExportUserStream = Pin<Box<dyn Stream<Item = Result<ExportUserResponse, Status>> + Send>>;

    async fn export_user(
        &self,
        request: Request<ExportUserRequest>,
    ) -> Result<Response<Self::ExportUserStream>, Status> {
        let user = self.enter("ExportUser", &request)?;
        let tables = self.tables();
        let mut counts = RecordCounts::default();
        let manifest = ExportManifest { format_version: 1, user_id: user.clone(), generated_at: Some(NOW) };
        let mut records = vec![Record::Manifest(manifest)];
        for (_, conversation) in tables.conversations.values().filter(|(owner, _)| *owner == user) {
            counts.conversations += 1;
            records.push(Record::Conversation(conversation.clone()));
            for (_, message) in tables.messages.values().filter(|(_, row)| row.conversation_id == conversation.id) {
                counts.messages += 1;
                counts.sources += i64::try_from(message.sources.len()).unwrap();
                records.push(Record::Message(message.clone()));
            }
            for (_, run) in tables.runs.values().filter(|(_, row)| row.conversation_id == conversation.id) {
                counts.runs += 1;
                records.push(Record::Run(ExportedRun { run: Some(run.clone()), request_id: None }));
            }
        }
        records.push(Record::Completed(ExportCompleted { counts: Some(counts) }));
        let mut told: Vec<_> =
            records.into_iter().map(|record| Ok(ExportUserResponse { record: Some(record) })).collect();
        if self.0.cut_exports.load(Ordering::SeqCst) {
            told.pop();
            told.push(Err(away()));
        }
        Ok(Response::new(Box::pin(stream::iter(told))))
    }

    async fn erase_user(&self, request: Request<EraseUserRequest>) -> Result<Response<EraseUserResponse>, Status> {
        let user = self.enter("EraseUser", &request)?;
        let mut tables = self.tables();
        tables.conversations.retain(|_, (owner, _)| *owner != user);
        tables.messages.retain(|_, (owner, _)| *owner != user);
        tables.runs.retain(|_, (owner, _)| *owner != user);
        let (erased_at, finished_at) = (Some(NOW), Some(NOW));
        let counts = Some(RecordCounts { conversations: 1, messages: 2, sources: 0, runs: 1 });
        Ok(Response::new(EraseUserResponse { tombstone: "00ff".to_owned(), erased_at, finished_at, counts }))
    }
}
