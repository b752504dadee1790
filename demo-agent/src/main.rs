//! The demo agent as a program of its own.

use clap::Parser;

/// A small retrieval agent over Markdown files, for trying Colloquy out
#[derive(Debug, Parser)]
#[command(name = "demo-agent", version)]
struct Cli {
    #[command(flatten)]
    config: demo_agent::Config,
    #[command(flatten)]
    telemetry: kit::telemetry::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let telemetry = kit::telemetry::init(&cli.telemetry, "demo-agent", "info")?;
    let listener = tokio::net::TcpListener::bind(cli.config.listen).await?;
    let served = demo_agent::serve(cli.config, listener, kit::shutdown::on_signal()?).await;
    telemetry.shutdown();
    served
}
