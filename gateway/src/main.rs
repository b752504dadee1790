//! The gateway as a program of its own.

use anyhow::Context as _;
use clap::Parser;
use tokio::net::TcpListener;

/// REST and SSE for chats: accounts and durable history in front of any agent
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    gateway: gateway::Config,
    #[command(flatten)]
    telemetry: kit::telemetry::Config,
}

/// `EX_USAGE` of sysexits.h.
const USAGE: i32 = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let telemetry = kit::telemetry::init(&cli.telemetry, "gateway", "info")?;
    if let Err(error) = cli.gateway.validate() {
        tracing::error!(%error, "the configuration cannot be used");
        std::process::exit(USAGE);
    }
    let outcome = run(cli.gateway).await;
    telemetry.shutdown();
    outcome
}

async fn run(config: gateway::Config) -> anyhow::Result<()> {
    let stop = kit::shutdown::on_signal()?;
    let options = &config.options;
    let http = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("GATEWAY_LISTEN {} cannot be bound", options.listen))?;
    let admin = TcpListener::bind(options.admin_listen)
        .await
        .with_context(|| format!("GATEWAY_ADMIN_LISTEN {} cannot be bound", options.admin_listen))?;
    tracing::info!(address = %http.local_addr()?, "listening");
    gateway::serve(config, gateway::Listeners { http, admin }, stop).await
}
