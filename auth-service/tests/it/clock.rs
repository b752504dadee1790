//! Time that stands still until a test moves it.

use std::{sync::mpsc, time::Duration};

/// While this lives, time goes on only when it is told to, also during real input and output.
pub(crate) struct Clock {
    _stopped: mpsc::Sender<()>,
}

impl Clock {
    pub(crate) fn stop() -> Self {
        let (stopped, end) = mpsc::channel::<()>();
        // A paused clock leaps to the next timer whenever nothing else is to be done, except while such a task runs.
        tokio::task::spawn_blocking(move || end.recv());
        tokio::time::pause();
        Self { _stopped: stopped }
    }

    pub(crate) async fn advance(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            tokio::time::resume();
        }
    }
}
