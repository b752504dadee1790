//! Questions that wait for the end of another run: who streams is told so, and need not wait in silence.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

use super::{OnConflict, Reader, Runs};
use crate::{extract::Caller, problem::Refused};

/// What hardly takes a moment is not worth a word: headers that are sent can say nothing any more.
pub(super) const MOMENT: Duration = Duration::from_secs(1);

/// Tells that a question has to wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits(Arc<Notify>);

impl Waits {
    /// Does something, and tells when it takes longer than so long.
    pub(super) async fn during<T>(&self, silence: Duration, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(silence) => self.0.notify_one(),
        }
        work.await
    }
}

impl OnConflict {
    /// After so long whoever asked is told that another run is waited for.
    pub(super) fn silence(self) -> Duration {
        match self {
            Self::Enqueue => Duration::ZERO,
            Self::Reject | Self::CancelPrevious => MOMENT,
        }
    }
}

/// A run that has begun, or is to.
pub(crate) enum Coming {
    /// Its run has begun.
    Begun(Reader),
    /// Another run is waited for: nothing is saved yet.
    Waiting(BoxFuture<'static, Result<Reader, Refused>>),
}

impl From<Reader> for Coming {
    fn from(reader: Reader) -> Self {
        Self::Begun(reader)
    }
}

impl Coming {
    /// The same from its first step.
    pub(crate) fn rewound(self) -> Self {
        match self {
            Self::Begun(reader) => Self::Begun(reader.after(None)),
            Self::Waiting(run) => Self::Waiting(run.map(|run| Ok(run?.after(None))).boxed()),
        }
    }
}

impl Runs {
    /// Sees a question through until its run has begun, or has to wait. It goes on waiting whether or not anybody does.
    pub(crate) async fn begin_or_wait<F>(
        &self,
        caller: Caller,
        work: impl FnOnce(Caller, Waits) -> F,
    ) -> Result<Coming, Refused>
    where
        F: Future<Output = Result<Reader, Refused>> + Send + 'static,
    {
        let (waits, runs, request_id) = (Waits::default(), self.clone(), caller.request_id.clone());
        let work = work(caller, waits.clone());
        let mut run = async move { runs.see_through(work).await.map_err(|refused| refused.of(&request_id)) }.boxed();
        tokio::select! {
            biased;
            run = &mut run => run.map(Coming::Begun),
            () = waits.0.notified() => Ok(Coming::Waiting(run)),
        }
    }
}
