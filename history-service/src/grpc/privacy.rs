//! `PrivacyService`.

use std::pin::Pin;

use chrono::Utc;
use futures_util::{Stream, stream};
use kit::{error::Error, hex::hex};
use proto::history::v1::{self as pb, export_user_response::Record as Told, privacy_service_server::PrivacyService};
use tokio::{sync::mpsc, task::JoinSet};
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::{convert, fields::Fields, open};
use crate::{
    deletion::Counts,
    erasure::Erasures,
    export::{Export, Order, Record},
    store::Store,
};

const FORMAT_VERSION: i32 = 1;
/// How many records wait for a client.
const AHEAD: usize = 8;

pub(super) struct Privacy {
    pub(super) store: Store,
    pub(super) erasures: Erasures,
}

#[tonic::async_trait]
impl PrivacyService for Privacy {
    type ExportUserStream = Pin<Box<dyn Stream<Item = Result<pb::ExportUserResponse, Status>> + Send>>;

    async fn export_user(
        &self,
        request: Request<pb::ExportUserRequest>,
    ) -> Result<Response<Self::ExportUserStream>, Status> {
        let (user, request) = open(request)?;
        let order = order(request.order)?;
        let export = Export::begin(self.store.clone(), user, order, Utc::now()).await?;
        let (sender, records) = mpsc::channel(AHEAD);
        // Dropped with the stream, and the work with it.
        let mut work = JoinSet::new();
        work.spawn(tell(export, sender).in_current_span());
        let records = stream::unfold((records, work), async |(mut records, work)| {
            let record = records.recv().await?;
            Some((record, (records, work)))
        });
        Ok(Response::new(Box::pin(records)))
    }

    /// It has no deadline of its own, as there may be much; each of its steps has.
    async fn erase_user(
        &self,
        request: Request<pb::EraseUserRequest>,
    ) -> Result<Response<pb::EraseUserResponse>, Status> {
        let (user, _) = open(request)?;
        let receipt = self.erasures.erase(user).await?;
        Ok(Response::new(pb::EraseUserResponse {
            tombstone: hex(&receipt.digest),
            erased_at: Some(convert::timestamp(receipt.erased_at)),
            finished_at: Some(convert::timestamp(receipt.finished_at)),
            counts: Some(counts(receipt.counts)),
        }))
    }
}

/// A task of its own: a stream whose client does not read is not polled, not even while it waits for the database, and
/// would keep a connection all that time.
async fn tell(mut export: Export, sender: mpsc::Sender<Result<pb::ExportUserResponse, Status>>) {
    loop {
        let next = match export.next().await {
            Ok(Some(record)) => Ok(told(record)),
            Ok(None) => return,
            Err(error) => Err(Status::from(error)),
        };
        let over = next.is_err();
        if sender.send(next).await.is_err() || over {
            return;
        }
    }
}

fn order(given: i32) -> Result<Order, Error> {
    let mut fields = Fields::new();
    let order = match pb::ExportOrder::try_from(given) {
        Ok(pb::ExportOrder::Unspecified) => Order::ById,
        Ok(pb::ExportOrder::Reading) => Order::Reading,
        Err(_) => {
            fields.invalid("order", "is no order that is known");
            Order::ById
        }
    };
    fields.finish()?;
    Ok(order)
}

fn told(record: Record) -> pb::ExportUserResponse {
    let record = match record {
        Record::Manifest { user, generated_at } => Told::Manifest(pb::ExportManifest {
            format_version: FORMAT_VERSION,
            user_id: user.to_string(),
            generated_at: Some(convert::timestamp(generated_at)),
        }),
        Record::Conversation(conversation) => Told::Conversation(convert::conversation(conversation)),
        Record::Message(message) => Told::Message(convert::message(message)),
        Record::Run(run) => Told::Run(pb::ExportedRun { run: Some(convert::run(run.run)), request_id: run.request_id }),
        Record::Completed(all) => Told::Completed(pb::ExportCompleted { counts: Some(counts(all)) }),
    };
    pb::ExportUserResponse { record: Some(record) }
}

fn counts(Counts { conversations, messages, sources, runs }: Counts) -> pb::RecordCounts {
    pb::RecordCounts { conversations, messages, sources, runs }
}
