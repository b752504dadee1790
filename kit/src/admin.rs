//! The admin listener of a process: `/livez`, `/readyz`, `/metrics`. Not for the public.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::telemetry::metrics;

const UPKEEP: Duration = Duration::from_secs(5);
/// How long a probe may still take once the end has come. A request that never ends must not hold the process.
const GRACE: Duration = Duration::from_millis(500);

/// Whether this process takes requests.
///
/// It says nothing about what the process depends on: a probe must not wake a sleeping database, and one
/// database away must not take every replica out at once.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// From now on, requests are welcome.
    pub fn ready(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// From now on, requests should go elsewhere.
    pub fn draining(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Serves until `stop`. Run it longer than the service itself, so that draining can be seen.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, readiness: Readiness, stop: CancellationToken) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(async || metrics::render()))
        .with_state(readiness);
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let upkeep = async {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            metrics::upkeep();
        }
    };
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        outcome = server => outcome?,
        () = upkeep => {}
        () = overdue => {}
    }
    Ok(())
}

async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    if readiness.is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}
