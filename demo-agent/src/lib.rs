//! A small retrieval agent over Markdown files: it finds passages, quotes what answers, and names its sources.
//!
//! It needs no model and invents nothing, so that a first run of Colloquy has something true to talk to.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

mod agent;
mod answer;
mod contract;
mod documents;
mod index;
mod markdown;
mod passages;
mod question;
mod routes;
mod said;
mod sentences;
mod terms;

pub use crate::{agent::Agent, documents::Document, routes::router};

/// How long answers may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// Where the agent listens, what it reads and how fast it speaks.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where the demo agent listens
    #[arg(
        id = "demo-agent-listen",
        long,
        env = "DEMO_AGENT_LISTEN",
        default_value = "127.0.0.1:8090",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// A folder of Markdown files to answer from [default: the documentation of this project]
    #[arg(id = "demo-agent-docs", long, env = "DEMO_AGENT_DOCS", value_name = "FOLDER")]
    pub docs: Option<PathBuf>,

    /// The pause between two pieces of a streamed answer
    #[arg(
        id = "demo-agent-pace",
        long,
        env = "DEMO_AGENT_PACE",
        default_value = "15ms",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub pace: Duration,
}

/// Reads the documents and answers on `listener` until `stop`.
///
/// # Errors
/// When the folder of documents cannot be read or holds none, or the listener fails.
pub async fn serve(config: Config, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let agent = tokio::task::spawn_blocking(move || {
        let documents = match &config.docs {
            Some(folder) => documents::read_folder(folder)?,
            None => documents::embedded(),
        };
        anyhow::Ok(Agent::new(&documents))
    })
    .await
    .context("reading the documents")??;
    tracing::info!(%address, documents = agent.document_count(), passages = agent.passage_count(), "demo agent ready");

    let server = axum::serve(listener, router(Arc::new(agent), config.pace))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let overtime = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        outcome = server => outcome?,
        () = overtime => tracing::warn!("answers were cut at the end of the grace period"),
    }
    Ok(())
}
