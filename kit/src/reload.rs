//! SIGHUP: asks a program to read its files again.

use std::io::{self, IsTerminal as _};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

/// Requests to read files again. Those that come while one is served become one.
#[derive(Debug, Clone)]
pub struct Reload(watch::Receiver<()>);

impl Reload {
    /// Each value that is sent is a request.
    pub fn channel() -> (watch::Sender<()>, Self) {
        let (ask, asked) = watch::channel(());
        (ask, Self(asked))
    }

    /// No request, ever.
    pub fn never() -> Self {
        Self::channel().1
    }

    /// Waits for the next request.
    pub async fn asked(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A request at each SIGHUP, except for the one that says that the program's terminal was closed: that is the end, as
/// it is without a handler, and `stop` is cancelled.
///
/// # Errors
/// When the handler cannot be installed.
pub fn on_signal(stop: &CancellationToken) -> io::Result<Reload> {
    let mut hangup = signal(SignalKind::hangup())?;
    let (ask, reload) = Reload::channel();
    let stop = stop.clone();
    let had_terminal = has_terminal();
    #[expect(clippy::disallowed_methods, reason = "lives exactly as long as the process")]
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if had_terminal && !has_terminal() {
                stop.cancel();
            } else {
                ask.send_replace(());
            }
        }
    });
    Ok(reload)
}

/// A terminal that was closed is one no longer.
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}
