//! The gateway as a whole: built from its configuration, served on sockets, drained at the end.

use std::time::Duration;

use axum::Router;
use kit::{
    admin::{self, Readiness},
    client::{self, Transport},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{app::App, config::Config, connection, history::Connections, routes};

/// How long last words may take to reach slow readers once all runs are over.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The sockets of the gateway, bound before anything starts.
#[derive(Debug)]
pub struct Listeners {
    /// For REST and SSE.
    pub http: TcpListener,
    /// For probes and metrics.
    pub admin: TcpListener,
}

/// A gateway that is ready to serve.
#[derive(Clone)]
pub struct Gateway {
    app: App,
    router: Router,
}

impl Gateway {
    /// Over transports that are there already, each with the gateway's service key.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(config: &Config, auth: Transport, history: Transport) -> anyhow::Result<Self> {
        let (exports, watches) = (history.clone(), history.clone());
        Self::assemble(config, auth, Connections { calls: history, exports, watches })
    }

    fn assemble(config: &Config, auth: Transport, history: Connections) -> anyhow::Result<Self> {
        config.validate()?;
        let app = App::new(config, auth, history)?;
        let router = routes::router(&app, &config.options);
        Ok(Self { app, router })
    }

    /// Over transports to the configured addresses; they connect when first used.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn connect(config: &Config) -> anyhow::Result<Self> {
        let key = config.service_key()?;
        let auth = client::connect(&config.auth.auth_url, key)?;
        let history = || client::connect(&config.options.history_url, key);
        Self::assemble(config, auth, Connections { calls: history()?, exports: history()?, watches: history()? })
    }

    /// The same as a tower service.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Takes no more runs, lets the others end within the grace period, interrupts the rest and saves them.
    pub async fn drain(&self) {
        self.app.runs.drain().await;
    }

    /// Serves until `stop`, then drains.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn serve(self, listeners: Listeners, stop: CancellationToken) -> anyhow::Result<()> {
        let readiness = Readiness::default();
        let ended = CancellationToken::new();
        let server = connection::serve(listeners.http, self.router(), stop.clone());
        let drained = async {
            stop.cancelled().await;
            readiness.draining();
            self.drain().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        let serving = async {
            let _ended = ended.clone().drop_guard();
            tokio::select! {
                // Connections can be gone before the runs of those who left are over.
                () = server => self.drain().await,
                () = drained => {}
            }
            Ok(())
        };
        readiness.ready();
        tokio::try_join!(serving, admin::serve(listeners.admin, readiness.clone(), ended.clone()))?;
        Ok(())
    }
}

/// Serves a gateway of this configuration until `stop`.
///
/// # Errors
/// When the configuration cannot be used or a listener fails.
pub async fn serve(config: Config, listeners: Listeners, stop: CancellationToken) -> anyhow::Result<()> {
    Gateway::connect(&config)?.serve(listeners, stop).await
}
