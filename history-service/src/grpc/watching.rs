//! The stream of `WatchRun`.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use kit::error::Error;
use prost::Message as _;
use proto::{
    history::v1::{self as pb, watch_run_response::Step as Told},
    reason,
};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::Instrument as _;

use super::convert;
use crate::run::{Events, Exchange, Step, Watch};

/// How many messages wait for a client.
const AHEAD: usize = 4;
/// A message with so many bytes of events is enough.
const ENOUGH: usize = 1024 * 1024;
/// Whoever reads nothing for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) type Following = Pin<Box<dyn Stream<Item = Result<pb::WatchRunResponse, Status>> + Send>>;

/// A task of its own: a stream whose client does not read is not polled, and would know of nothing.
pub(super) fn follow(watch: Watch, stop: CancellationToken) -> Following {
    let (sender, messages) = mpsc::channel(AHEAD);
    // Dropped with the stream, and the work with it.
    let mut work = JoinSet::new();
    work.spawn(tell(watch, sender, stop).in_current_span());
    Box::pin(stream::unfold((messages, work), async |(mut messages, mut work)| {
        let next = match messages.recv().await {
            Some(message) => Ok(message),
            None => Err(work.join_next().await?.unwrap_or_else(|error| Err(Error::internal(error).into())).err()?),
        };
        Some((next, (messages, work)))
    }))
}

async fn tell(
    mut watch: Watch,
    sender: mpsc::Sender<pb::WatchRunResponse>,
    stop: CancellationToken,
) -> Result<(), Status> {
    let stopping = || Error::Unavailable {
        reason: reason::SERVICE_UNAVAILABLE,
        message: "the service stops; the run can be followed elsewhere",
        retry_after: Duration::from_secs(1),
        source: None,
    };
    loop {
        let next = stop.run_until_cancelled(watch.next()).await.unwrap_or_else(|| Err(stopping()))?;
        let steps = match next {
            None => return Ok(()),
            Some(Step::Found(exchange)) => vec![Told::Found(exchanged(exchange))],
            Some(Step::Events(batches)) => events(&batches)?.into_iter().map(Told::Events).collect(),
            Some(Step::Ended(exchange)) => vec![Told::Ended(exchanged(exchange))],
        };
        for told in steps {
            let sent = timeout(PATIENCE, sender.send(pb::WatchRunResponse { step: Some(told) })).await;
            sent.map_err(|_| Status::cancelled("nobody reads"))?.map_err(|_| Status::cancelled("nobody is there"))?;
        }
    }
}

/// Batches together, as far as they follow one another and are not too much for a message.
fn events(batches: &[Arc<Events>]) -> Result<Vec<pb::RunEvents>, Error> {
    let mut told: Vec<(usize, pb::RunEvents)> = Vec::new();
    for batch in batches {
        let batch_bytes = batch.payload.len();
        let read = pb::RunEvents::decode(batch.payload.as_slice()).map_err(Error::internal)?;
        match told.last_mut() {
            Some((bytes, last)) if *bytes + batch_bytes <= ENOUGH && end(last) == batch.position => {
                *bytes += batch_bytes;
                last.events.extend(read.events);
            }
            _ => told.push((batch_bytes, pb::RunEvents { position: batch.position, events: read.events })),
        }
    }
    Ok(told.into_iter().map(|(_, events)| events).collect())
}

fn end(events: &pb::RunEvents) -> i64 {
    events.position + i64::try_from(events.events.len()).unwrap_or_default()
}

fn exchanged(Exchange { run, user_message, message }: Exchange) -> pb::watch_run_response::Exchange {
    pb::watch_run_response::Exchange {
        run: Some(convert::run(run)),
        user_message: Some(convert::message(user_message)),
        message: Some(convert::message(message)),
    }
}
