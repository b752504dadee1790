//! Following a run to its end, wherever it goes on.
//!
//! Each follower asks for what comes behind its position, when it has passed on what came before: one that is slow is
//! asked for later, and keeps nobody waiting. What it reads comes from the [`Hub`], which asks for all of them at once.

use std::{sync::Arc, time::Duration};

use kit::{caller::UserId, database::in_time, error::Error};
use tokio::time::{Instant, sleep};

pub(crate) use self::hub::{Hub, Place};
use self::hub::{Seat, Told};
use super::{Events, Exchange, get, not_found};
use crate::{id::RunId, store::Store};

mod hub;

/// How long a database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);

/// What a follower is told.
#[derive(Debug)]
pub(crate) enum Step {
    /// The run as it was found.
    Found(Exchange),
    /// What its agent said; the same for all who follow.
    Events(Vec<Arc<Events>>),
    /// The run after its end.
    Ended(Exchange),
}

/// A follower of one run.
pub(crate) struct Watch {
    store: Store,
    user: UserId,
    run: RunId,
    position: i64,
    found: Option<Exchange>,
    seat: Seat,
    over: bool,
}

impl Watch {
    /// Looks for the run. `position` is how many of its events are known already.
    pub(crate) async fn begin(
        store: Store,
        hub: &Arc<Hub>,
        user: UserId,
        run: RunId,
        position: i64,
    ) -> Result<Self, Error> {
        let found = in_time(get(&store, user, run)).await?;
        let seat = hub.seat();
        Ok(Self { store, user, run, position, found: Some(found), seat, over: false })
    }

    /// What comes next, when it comes; none after the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Step>, Error> {
        if self.over {
            return Ok(None);
        }
        if let Some(found) = self.found.take() {
            return Ok(Some(Step::Found(found)));
        }
        let place = Place { run: self.run, user: self.user, position: self.position };
        match self.seat.ask(place).await? {
            Told::Events(events) => {
                self.position = events.last().map_or(self.position, |last| last.position + i64::from(last.count));
                Ok(Some(Step::Events(events)))
            }
            Told::Ended => {
                self.over = true;
                self.read().await.map(|exchange| Some(Step::Ended(exchange)))
            }
            Told::Gone => Err(not_found()),
        }
    }

    async fn read(&self) -> Result<Exchange, Error> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match in_time(get(&self.store, self.user, self.run)).await {
                Err(Error::Unavailable { .. }) if Instant::now() < give_up => sleep(PAUSE).await,
                read => return read,
            }
        }
    }
}
