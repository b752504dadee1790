//! `RunService`.

use std::sync::Arc;

use kit::{caller::Caller, config::Permission};
use proto::history::v1::{self as pb, run_service_server::RunService};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{answer, convert, fields::Fields, open, watching};
use crate::{
    run::{self, Hub, Watch},
    store::Store,
};

mod request;

pub(super) struct Runs {
    pub(super) store: Store,
    pub(super) hub: Arc<Hub>,
    /// The service stops: who follows a run may go elsewhere.
    pub(super) stop: CancellationToken,
}

#[tonic::async_trait]
impl RunService for Runs {
    type WatchRunStream = watching::Following;

    async fn start_run(&self, request: Request<pb::StartRunRequest>) -> Result<Response<pb::StartRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let started = run::start(&self.store, user, &request::beginning(request)?).await?;
            Ok(pb::StartRunResponse {
                run: Some(convert::run(started.exchange.run)),
                conversation: Some(convert::conversation(started.conversation)),
                user_message: Some(convert::message(started.exchange.user_message)),
                message: Some(convert::message(started.exchange.message)),
                context: started.context.into_iter().map(convert::context).collect(),
                joined: started.joined,
            })
        })
        .await
    }

    async fn append_events(
        &self,
        request: Request<pb::AppendEventsRequest>,
    ) -> Result<Response<pb::AppendEventsResponse>, Status> {
        Caller::of(&request)?.service(Permission::Act)?;
        let request = request.into_inner();
        answer(async {
            let (batches, lease) = request::batches(request)?;
            let appended = run::append(&self.store, &batches, lease).await?;
            let texts = |ids: Vec<Uuid>| ids.iter().map(Uuid::to_string).collect();
            Ok(pb::AppendEventsResponse {
                lost_run_ids: texts(appended.lost),
                cancelled_run_ids: texts(appended.cancelled),
            })
        })
        .await
    }

    async fn finish_run(
        &self,
        request: Request<pb::FinishRunRequest>,
    ) -> Result<Response<pb::FinishRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let finished = run::finish(&self.store, user, &request::end(request)?).await?;
            Ok(pb::FinishRunResponse {
                run: Some(convert::run(finished.run)),
                message: Some(convert::message(finished.message)),
                conversation: Some(convert::conversation(finished.conversation)),
            })
        })
        .await
    }

    async fn cancel_run(
        &self,
        request: Request<pb::CancelRunRequest>,
    ) -> Result<Response<pb::CancelRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("run_id", &request.run_id);
            fields.finish()?;
            let run = run::cancel(&self.store, user, id).await?;
            Ok(pb::CancelRunResponse { run: Some(convert::run(run)) })
        })
        .await
    }

    async fn get_run(&self, request: Request<pb::GetRunRequest>) -> Result<Response<pb::GetRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let found = run::find(&self.store, user, &request::which(request)?).await?;
            Ok(pb::GetRunResponse {
                run: Some(convert::run(found.run)),
                user_message: Some(convert::message(found.user_message)),
                message: Some(convert::message(found.message)),
            })
        })
        .await
    }

    /// It has no deadline of its own, as a run may go on for long; each of its steps has.
    async fn watch_run(&self, request: Request<pb::WatchRunRequest>) -> Result<Response<Self::WatchRunStream>, Status> {
        let (user, request) = open(request)?;
        let mut fields = Fields::new();
        let id = fields.id("run_id", &request.run_id);
        let position = fields.number("position", request.position, &(0..=i64::MAX));
        fields.finish()?;
        let watch = Watch::begin(self.store.clone(), &self.hub, user, id, position).await?;
        Ok(Response::new(watching::follow(watch, self.stop.clone())))
    }
}
