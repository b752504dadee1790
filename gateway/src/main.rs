//! The gateway as a program of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use gateway::{Config, Listeners};
use kit::{config::ConfigError, program, shutdown, telemetry};
use tokio::net::TcpListener;

/// REST and SSE for chats: accounts and durable history in front of any agent
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    config: Config,

    #[command(flatten)]
    telemetry: telemetry::Config,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    program::run("gateway", |cli: &Cli| &cli.telemetry, run).await
}

async fn run(Cli { config, .. }: Cli) -> anyhow::Result<()> {
    config.validate().map_err(|error| ConfigError::new(error.to_string()))?;
    let bind = async |address| TcpListener::bind(address).await.with_context(|| format!("listening on {address}"));
    let listeners =
        Listeners { http: bind(config.options.listen).await?, admin: bind(config.options.admin_listen).await? };
    tracing::info!(http = %listeners.http.local_addr()?, admin = %listeners.admin.local_addr()?, "listening");
    gateway::serve(config, listeners, shutdown::on_signal()?).await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_fit_together_and_help_shows_no_secret() {
        Cli::command().debug_assert();
        assert!(program::secrets_in_help(&Cli::command()).is_empty());
    }
}
