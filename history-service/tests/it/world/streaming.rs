//! What runs say, and who follows them.

use std::time::Duration;

use proto::history::v1::{self as pb, run_event::Event};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::{Clients, Person, SERVICE_KEY, acting};

impl Clients {
    /// What these runs said since the last time, as a service tells it.
    pub(crate) async fn append(
        &self,
        batches: impl IntoIterator<Item = pb::append_events_request::Batch>,
    ) -> Result<pb::AppendEventsResponse, Status> {
        let lease = Some(Duration::from_secs(30).try_into().unwrap());
        self.append_as_it_is(pb::AppendEventsRequest { batches: batches.into_iter().collect(), lease }).await
    }

    pub(crate) async fn append_as_it_is(
        &self,
        request: pb::AppendEventsRequest,
    ) -> Result<pb::AppendEventsResponse, Status> {
        let mut request = Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {SERVICE_KEY}").parse().unwrap());
        self.runs.clone().append_events(request).await.map(Response::into_inner)
    }
}

impl Person {
    /// What the agent of a run says, kept and not lost.
    pub(crate) async fn stream(&self, run: &pb::Run, position: i64, events: &[Event]) {
        let appended = self.clients.append([batch(run, self.id, position, events)]).await.unwrap();
        assert_eq!(appended.lost_run_ids, Vec::<String>::new());
    }

    /// Follows a run from one of its events on.
    pub(crate) async fn watch(&self, run: &str, position: i64) -> Result<Streaming<pb::WatchRunResponse>, Status> {
        let request = pb::WatchRunRequest { run_id: run.to_owned(), position };
        self.clients.runs.clone().watch_run(acting(self.id, request)).await.map(Response::into_inner)
    }

    /// The run as it stands.
    pub(crate) async fn run(&self, run: &str) -> pb::GetRunResponse {
        self.get_run(pb::GetRunRequest { run_id: run.to_owned(), ..Default::default() }).await.unwrap()
    }
}

/// Events of somebody's run from a position on, with which its lease is renewed.
pub(crate) fn batch(run: &pb::Run, user: Uuid, position: i64, events: &[Event]) -> pb::append_events_request::Batch {
    let events = Some(told(position, events));
    pb::append_events_request::Batch {
        run_id: run.id.clone(),
        user_id: user.to_string(),
        fence: run.fence,
        events,
        renew: true,
    }
}

pub(crate) fn told(position: i64, events: &[Event]) -> pb::RunEvents {
    let events = events.iter().map(|event| pb::RunEvent { event: Some(event.clone()) }).collect();
    pb::RunEvents { position, events }
}

pub(crate) fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}
