//! One poller for all runs that are followed in this process. It goes when nobody follows any.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kit::{caller::UserId, database::in_time, error::Error};
use proto::reason;
use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

use super::{PATIENCE, PAUSE};
use crate::{
    id::RunId,
    run::Events,
    store::{
        Store,
        keeper::run_event::{self, Found},
    },
};

/// Between two looks, from when something came until nothing has come for a while.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_millis(500);
/// How many batches a look brings for one place, and how many bytes for all.
const BATCHES: i64 = 64;
const BYTES: i64 = 4 * 1024 * 1024;

/// From where on somebody wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) run: RunId,
    pub(crate) user: UserId,
    pub(crate) position: i64,
}

/// What there is behind a place.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// At least one batch; the first may begin before the place.
    Events(Vec<Arc<Events>>),
    /// Nothing more.
    Ended,
    /// Nothing at all, for its user.
    Gone,
}

/// Where followers ask.
#[derive(Debug)]
pub(crate) struct Hub {
    store: Store,
    desk: Mutex<Desk>,
    /// There is a question again, or nobody sits here any more.
    changed: Notify,
    /// Somebody new asks, for whom it would be a pity to wait.
    fresh: Notify,
}

#[derive(Debug, Default)]
struct Desk {
    /// In the order in which they are served.
    questions: VecDeque<Question>,
    seats: usize,
    /// Whether somebody answers.
    attended: bool,
    poller: JoinSet<()>,
}

#[derive(Debug)]
struct Question {
    place: Place,
    answer: oneshot::Sender<Result<Told, Trouble>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    DatabaseAway,
    Broken,
}

/// A follower's place at the hub.
pub(super) struct Seat {
    hub: Arc<Hub>,
    fresh: bool,
}

impl Hub {
    pub(crate) fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store, desk: Mutex::default(), changed: Notify::new(), fresh: Notify::new() })
    }

    pub(super) fn seat(self: &Arc<Self>) -> Seat {
        self.desk().seats += 1;
        Seat { hub: Arc::clone(self), fresh: true }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Each change leaves it whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers until nobody sits here any more.
    async fn attend(self: Arc<Self>) {
        let mut pause = SHORTEST;
        let mut failing: Option<Instant> = None;
        while let Some(questions) = self.questions().await {
            let looked_at = Instant::now();
            match in_time(self.look(&questions)).await {
                Ok(found) => {
                    failing = None;
                    pause = if self.reply(questions, &found) { SHORTEST } else { (pause * 3 / 2).min(LONGEST) };
                }
                Err(error) => {
                    let away = matches!(error, Error::Unavailable { .. });
                    if failing.is_none() || !away {
                        tracing::warn!(%error, followers = questions.len(), "nobody can follow runs now");
                    }
                    let since = *failing.get_or_insert(looked_at);
                    pause = PAUSE;
                    if !away {
                        refuse(questions, Trouble::Broken);
                    } else if since.elapsed() >= PATIENCE {
                        refuse(questions, Trouble::DatabaseAway);
                    } else {
                        self.put_back(questions);
                    }
                }
            }
            if timeout_at(looked_at + pause, self.fresh.notified()).await.is_ok() {
                sleep_until(looked_at + SHORTEST).await;
            }
        }
    }

    /// The questions there are, as soon as there are any. None when nobody sits here any more.
    async fn questions(&self) -> Option<VecDeque<Question>> {
        loop {
            {
                let mut desk = self.desk();
                desk.questions.retain(|question| !question.answer.is_closed());
                if desk.seats == 0 {
                    desk.attended = false;
                    return None;
                }
                if !desk.questions.is_empty() {
                    return Some(std::mem::take(&mut desk.questions));
                }
            }
            self.changed.notified().await;
        }
    }

    /// What there is behind the places, each looked at once however many ask.
    async fn look(&self, questions: &VecDeque<Question>) -> Result<HashMap<Place, Told>, Error> {
        let mut seen = HashSet::new();
        let places = questions.iter().map(|question| question.place).filter(|place| seen.insert(*place));
        let places: Vec<Place> = places.collect();
        let mut transaction = self.store.begin_as_keeper().await?;
        let found = run_event::tails(&mut transaction, &places, BATCHES, BYTES).await?;
        transaction.rollback().await?;
        Ok(told(&places, found))
    }

    /// Whether there was something for somebody. Whom nothing can be told yet goes on asking, before all others.
    fn reply(&self, questions: VecDeque<Question>, found: &HashMap<Place, Told>) -> bool {
        let (mut waiting, mut told_something) = (VecDeque::new(), false);
        for question in questions {
            match found.get(&question.place) {
                Some(told) => {
                    told_something = true;
                    // Whoever left meanwhile needs no answer.
                    drop(question.answer.send(Ok(told.clone())));
                }
                None => waiting.push_back(question),
            }
        }
        self.put_back(waiting);
        told_something
    }

    fn put_back(&self, mut questions: VecDeque<Question>) {
        let mut desk = self.desk();
        questions.append(&mut desk.questions);
        desk.questions = questions;
    }
}

/// What each place is told; nothing where there is nothing yet.
fn told(places: &[Place], found: Vec<Found>) -> HashMap<Place, Told> {
    let mut answers: HashMap<Place, Told> = places.iter().map(|place| (*place, Told::Gone)).collect();
    for Found { question, ended, position, count, payload } in found {
        let Some(place) = usize::try_from(question - 1).ok().and_then(|index| places.get(index)) else { continue };
        let known = answers.get_mut(place);
        match (position.zip(count), payload) {
            (Some((position, count)), Some(payload)) => {
                let events = Arc::new(Events { position, count, payload });
                match known {
                    Some(Told::Events(all)) => all.push(events),
                    _ => drop(answers.insert(*place, Told::Events(vec![events]))),
                }
            }
            // Too much for this time.
            (Some(_), None) if matches!(known, Some(Told::Gone)) => drop(answers.remove(place)),
            (Some(_), None) => {}
            (None, _) if ended => drop(answers.insert(*place, Told::Ended)),
            (None, _) => drop(answers.remove(place)),
        }
    }
    answers
}

fn refuse(questions: VecDeque<Question>, trouble: Trouble) {
    for question in questions {
        drop(question.answer.send(Err(trouble)));
    }
}

impl Seat {
    /// What there is behind the place, as soon as there is something.
    pub(super) async fn ask(&mut self, place: Place) -> Result<Told, Error> {
        let (answer, answered) = oneshot::channel();
        {
            let mut desk = self.hub.desk();
            desk.questions.push_back(Question { place, answer });
            // What is left of the one before.
            while desk.poller.try_join_next().is_some() {}
            if !desk.attended || desk.poller.is_empty() {
                desk.attended = true;
                desk.poller.spawn(Arc::clone(&self.hub).attend());
            }
        }
        self.hub.changed.notify_one();
        if std::mem::take(&mut self.fresh) {
            self.hub.fresh.notify_one();
        }
        answered.await.unwrap_or(Err(Trouble::Broken)).map_err(Error::from)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.desk().seats -= 1;
        self.hub.changed.notify_one();
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::DatabaseAway => Self::Unavailable {
                reason: reason::DATABASE_UNAVAILABLE,
                message: "the database is away",
                retry_after: Duration::from_secs(2),
                source: None,
            },
            Trouble::Broken => Self::internal(anyhow::anyhow!("runs cannot be followed")),
        }
    }
}
