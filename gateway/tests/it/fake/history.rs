//! A history service in memory: just enough to tell the order of things and whose they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use kit::{
    caller::Caller,
    error::{Error, Violations},
};
use prost_types::Timestamp;
use proto::{
    history::v1::{Conversation, FinishRunRequest, ListConversationsRequest, Message, Run, RunEvent, StartRunRequest},
    reason,
};
use tokio::sync::watch;
use tonic::{Request, Status};
use uuid::Uuid;

pub(crate) const ALICE: &str = "01970000-0000-7000-8000-00000000a11c";
pub(crate) const BOB: &str = "01970000-0000-7000-8000-000000000b0b";
pub(crate) const NOW: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 123_000_000 };

#[derive(Debug, Clone, Default)]
pub(crate) struct FakeHistory(pub(crate) Arc<Shared>);

#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) tables: Mutex<Tables>,
    /// What happened, in order; the agent writes into it too.
    pub(crate) story: watch::Sender<Vec<String>>,
    pub(crate) away: AtomicBool,
    /// How many times `FinishRun` is to fail as if the database were away.
    pub(crate) finish_failures: AtomicUsize,
    pub(crate) refuse_sources: AtomicBool,
    /// The largest request about runs; 0 is what any server takes that was not told otherwise.
    pub(crate) largest: AtomicUsize,
    /// Whether exports break off before their end.
    pub(crate) cut_exports: AtomicBool,
    /// Whether the auth service is away when users are to be deleted.
    pub(crate) users_away: AtomicBool,
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) conversations: BTreeMap<String, (String, Conversation)>,
    pub(crate) messages: BTreeMap<String, (String, Message)>,
    pub(crate) runs: BTreeMap<String, (String, Run)>,
    pub(crate) keys: BTreeMap<(String, String), (Vec<u8>, String)>,
    pub(crate) listed: Vec<ListConversationsRequest>,
    pub(crate) started: Vec<StartRunRequest>,
    pub(crate) finished: Vec<FinishRunRequest>,
    /// What was said in each run, as it was kept.
    pub(crate) said: BTreeMap<String, Vec<RunEvent>>,
    pub(crate) cancelled: BTreeSet<String>,
    /// How often what was said was to be kept.
    pub(crate) ticks: usize,
}

impl FakeHistory {
    /// Who calls, unless we are away.
    pub(crate) fn enter<T>(&self, name: &str, request: &Request<T>) -> Result<String, Status> {
        let user = Caller::of(request)?.user_id()?.to_string();
        self.tell(name);
        if self.0.away.load(Ordering::SeqCst) {
            return Err(away());
        }
        Ok(user)
    }

    pub(crate) fn tables(&self) -> std::sync::MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap()
    }

    pub(crate) fn tell(&self, what: &str) {
        self.0.story.send_modify(|story| story.push(what.to_owned()));
    }

    pub(crate) fn story(&self) -> Vec<String> {
        self.0.story.borrow().clone()
    }

    /// Waits until something has happened.
    pub(crate) async fn happened(&self, what: &str) {
        let mut story = self.0.story.subscribe();
        story.wait_for(|story| story.iter().any(|line| line == what)).await.unwrap();
    }

    /// The only answer of an agent that was stored.
    pub(crate) fn finished(&self) -> FinishRunRequest {
        let tables = self.tables();
        let [finished] = tables.finished.as_slice() else { panic!("{:?}", tables.finished) };
        finished.clone()
    }
}

pub(crate) fn away() -> Status {
    Error::Unavailable {
        reason: reason::DATABASE_UNAVAILABLE,
        message: "the database is away",
        retry_after: Duration::from_secs(3),
        source: None,
    }
    .into()
}

pub(crate) fn id() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) fn invalid(field: &str) -> Status {
    let mut violations = Violations::new();
    violations.add(field, reason::FIELD_INVALID, "is refused by the fake");
    violations.finish().unwrap_err().into()
}

/// What is there for this user.
pub(crate) fn own<'a, T>(
    table: &'a mut BTreeMap<String, (String, T)>,
    user: &str,
    id: &str,
    reason: &'static str,
) -> Result<&'a mut T, Status> {
    match table.get_mut(id) {
        Some((owner, row)) if owner == user => Ok(row),
        _ => Err(Error::not_found(reason, "there is no such thing").into()),
    }
}
