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
#[derive(Clone, Default)]
pub struct Readiness {
    ready: Arc<AtomicBool>,
    detail: Option<Arc<dyn Detail>>,
}

/// What a service has to say about its state besides being ready.
pub trait Detail: Send + Sync {
    /// Lines for `/readyz`, for people to read.
    fn lines(&self) -> Vec<String>;

    /// Sets the gauges that are out of date as soon as they are set, such as ages. Called whenever metrics are read.
    fn measure(&self);
}

impl Readiness {
    /// Tells this besides. It does not change whether the process is ready.
    #[must_use]
    pub fn with_detail(self, detail: Arc<dyn Detail>) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// From now on, requests are welcome.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// From now on, requests should go elsewhere.
    pub fn draining(&self) {
        self.ready.store(false, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
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
        .route("/metrics", get(measured))
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

/// Probes read the status, people the lines.
async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, String) {
    let (status, word) =
        if readiness.is_ready() { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    let detail = readiness.detail.map_or_else(Vec::new, |detail| detail.lines());
    (status, [vec![word.to_owned()], detail].concat().join("\n") + "\n")
}

async fn measured(State(readiness): State<Readiness>) -> String {
    if let Some(detail) = &readiness.detail {
        detail.measure();
    }
    metrics::render()
}
