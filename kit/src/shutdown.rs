//! The end of a program, asked for by a signal.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled at the first SIGINT or SIGTERM. A second one ends the process at once.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    #[expect(clippy::disallowed_methods, reason = "lives exactly as long as the process")]
    tokio::spawn(async move {
        let mut wait = async || {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        };
        let name = wait().await;
        tracing::info!(signal = name, "shutting down");
        asked.cancel();
        wait().await;
        std::process::exit(130);
    });
    Ok(stop)
}
