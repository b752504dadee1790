//! The history service as a program of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use history_service::{Config, ConfigError};
use kit::{server::Listeners, shutdown, telemetry};
use tokio::net::TcpListener;

/// A configuration that cannot be right (`EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;

/// Keeps conversations, messages, sources and runs
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    config: Config,

    #[command(flatten)]
    telemetry: telemetry::Config,

    /// Bring the database up to date and stop
    #[arg(long)]
    migrate_only: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Fails only when there is nobody to read it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let telemetry = match telemetry::init(&cli.telemetry, "history-service", "info") {
        Ok(telemetry) => telemetry,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there is no log yet")]
            {
                eprintln!("error: {error:#}");
            }
            return ExitCode::from(USAGE);
        }
    };
    let outcome = run(cli).await;
    let code = match &outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            if error.is::<ConfigError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    };
    telemetry.shutdown();
    code
}

async fn run(Cli { config, migrate_only, .. }: Cli) -> anyhow::Result<()> {
    if migrate_only {
        return history_service::migrate(config.owner_url()?).await;
    }
    let bind = async |address| TcpListener::bind(address).await.with_context(|| format!("listening on {address}"));
    let listeners =
        Listeners { grpc: bind(config.options.listen).await?, admin: bind(config.options.admin_listen).await? };
    tracing::info!(grpc = %listeners.grpc.local_addr()?, admin = %listeners.admin.local_addr()?, "listening");
    history_service::serve(config, listeners, shutdown::on_signal()?).await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_variable_and_shows_no_secret() {
        let help = Cli::command().render_long_help().to_string();
        for name in ["HISTORY_LISTEN", "HISTORY_ADMIN_LISTEN", "HISTORY_DATABASE_URL", "AUTH_URL", "SERVICE_KEYS"] {
            assert!(help.contains(name), "{name} is not in --help");
        }
        for command in Cli::command().get_arguments() {
            let id = command.get_id().as_str();
            let secret = ["database-url", "direct-url", "service-key"].iter().any(|part| id.contains(part));
            assert!(!secret || command.is_hide_env_values_set(), "{id} shows its value in --help");
        }
    }
}
