//! Connections between two uses that follow each other closely.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::database::executor::Statement;

/// A connection that was used so recently is taken without a question, which would cost a round trip.
pub(super) const TRUSTED: Duration = Duration::from_secs(1);
/// A connection that does not end its transaction within that is given up.
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(2);
/// From time to time a connection goes back to the pool, which sees to it that none grows too old.
const LONGEST_ABSENCE: Duration = Duration::from_mins(1);

/// Connections that were in use a moment ago.
///
/// sqlx asks each connection that comes back to its pool whether it is alive, in a task of its own. One whose last
/// statement was answered to the end has just said so: it waits here, and goes back only when nobody wants it.
#[derive(Debug)]
pub(super) struct Shelf {
    places: Arc<Semaphore>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    resting: Vec<Resting>,
    sweeping: bool,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Resting {
    connection: PoolConnection<Postgres>,
    taken_at: Instant,
    since: Instant,
}

impl Shelf {
    /// For a pool of so many connections.
    pub(super) fn new(places: u32) -> Arc<Self> {
        let places = usize::try_from(places).expect("a number of connections");
        Arc::new(Self { places: Arc::new(Semaphore::new(places)), held: Mutex::default() })
    }

    /// A place for a connection. With it either one is here or the pool has one.
    pub(super) async fn place(&self, patience: Duration) -> sqlx::Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let place = timeout(patience, Arc::clone(&self.places).acquire_owned());
        Ok(place.await.map_err(|_elapsed| sqlx::Error::PoolTimedOut)?.expect("is never closed"))
    }

    /// A connection for this place that was in use a moment ago; gives the place back when there is none.
    pub(super) fn take(
        self: &Arc<Self>,
        place: OwnedSemaphorePermit,
        doubtful: impl Fn(Duration) -> bool,
    ) -> Result<Lease, OwnedSemaphorePermit> {
        let Some(Resting { connection, taken_at, since }) = self.held().resting.pop() else { return Err(place) };
        let idle_for = since.elapsed();
        if idle_for > TRUSTED || doubtful(idle_for) {
            return Err(place);
        }
        Ok(Lease { connection, taken_at, home: Arc::clone(self), place })
    }

    /// Any other connection for this place.
    pub(super) fn lease(self: &Arc<Self>, place: OwnedSemaphorePermit, connection: PoolConnection<Postgres>) -> Lease {
        Lease { connection, taken_at: Instant::now(), home: Arc::clone(self), place }
    }

    fn put(self: &Arc<Self>, connection: PoolConnection<Postgres>, taken_at: Instant) {
        let mut held = self.held();
        held.resting.push(Resting { connection, taken_at, since: Instant::now() });
        if !mem::replace(&mut held.sweeping, true) {
            held.spawn(sweep(Arc::downgrade(self)));
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // They end with the pool. There may be no runtime any more in which they could go back.
        self.resting.drain(..).for_each(|resting| drop(resting.connection.leak()));
    }
}

/// Gives back what nobody took, until nothing is left.
async fn sweep(shelf: Weak<Shelf>) {
    loop {
        sleep(TRUSTED).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let mut held = shelf.held();
        let (stale, fresh) = mem::take(&mut held.resting).into_iter().partition(|rest| rest.since.elapsed() >= TRUSTED);
        held.resting = fresh;
        held.sweeping = !held.resting.is_empty();
        let goes_on = held.sweeping;
        drop(held);
        drop::<Vec<_>>(stale);
        if !goes_on {
            return;
        }
    }
}

/// A connection in use, and the place that it takes.
#[derive(Debug)]
pub(in crate::database) struct Lease {
    connection: PoolConnection<Postgres>,
    taken_at: Instant,
    home: Arc<Shelf>,
    place: OwnedSemaphorePermit,
}

impl Lease {
    /// The last statement was answered to the end, so that the next one may follow at once.
    pub(in crate::database) fn done(self) {
        let Self { connection, taken_at, home, place } = self;
        if taken_at.elapsed() < LONGEST_ABSENCE {
            home.put(connection, taken_at);
        }
        drop(place);
    }

    /// Ends a transaction that nobody commits, in the background.
    pub(in crate::database) fn roll_back(mut self) {
        let home = Arc::clone(&self.home);
        home.held().spawn(async move {
            match timeout(ROLLBACK_PATIENCE, Statement::plain("ROLLBACK").run(&mut self)).await {
                Ok(Ok(_)) => self.done(),
                _ => self.close(),
            }
        });
    }

    /// Nobody is to have it any more.
    pub(super) fn close(mut self) {
        self.connection.close_on_drop();
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
