//! The history service as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use history_service::Config;
use kit::{program, server::Listeners, shutdown, telemetry};

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

    /// Apply erasures again, delete conversations whose time is over, and stop
    #[arg(long, conflicts_with = "migrate_only")]
    tidy_only: bool,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    program::run("history-service", |cli: &Cli| &cli.telemetry, run).await
}

async fn run(Cli { config, migrate_only, tidy_only, .. }: Cli) -> anyhow::Result<()> {
    if migrate_only {
        return history_service::migrate(config.owner_url()?).await;
    }
    if tidy_only {
        return history_service::tidy(&config, &shutdown::on_signal()?).await;
    }
    let listeners = Listeners::bind(config.options.listen, config.options.admin_listen).await?;
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
        for name in [
            "HISTORY_LISTEN",
            "HISTORY_ADMIN_LISTEN",
            "HISTORY_DATABASE_URL",
            "HISTORY_READ_DATABASE_URL",
            "AUTH_URL",
            "SERVICE_KEYS",
        ] {
            assert!(help.contains(name), "{name} is not in --help");
        }
        assert!(program::secrets_in_help(&Cli::command()).is_empty());
    }
}
