//! The demo agent as a program of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use demo_agent::Config;
use kit::{program, shutdown, telemetry};
use tokio::net::TcpListener;

/// A small retrieval agent over Markdown files, for trying Colloquy out
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    config: Config,

    #[command(flatten)]
    telemetry: telemetry::Config,
}

#[tokio::main]
async fn main() -> ExitCode {
    program::run("demo-agent", |cli: &Cli| &cli.telemetry, run).await
}

async fn run(Cli { config, .. }: Cli) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", config.listen))?;
    demo_agent::serve(config, listener, shutdown::on_signal()?).await
}
