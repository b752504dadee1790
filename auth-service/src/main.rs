//! The auth service as a program of its own.

use std::process::ExitCode;

use auth_service::Config;
use clap::Parser;
use kit::{program, reload, server::Listeners, shutdown, telemetry};

/// Verifies the credentials of end users and keeps their accounts
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

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    program::run("auth-service", |cli: &Cli| &cli.telemetry, run).await
}

async fn run(Cli { config, migrate_only, .. }: Cli) -> anyhow::Result<()> {
    if migrate_only {
        return auth_service::migrate(config.owner_url()?).await;
    }
    let listeners = Listeners::bind(config.options.listen, config.options.admin_listen).await?;
    let stop = shutdown::on_signal()?;
    auth_service::serve(config, listeners, reload::on_signal(&stop)?, stop).await
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
        for name in ["AUTH_LISTEN", "AUTH_DATABASE_URL", "BETTER_AUTH_URL", "AUTH_ISSUERS_FILE", "SERVICE_KEYS"] {
            assert!(help.contains(name), "{name} is not in --help");
        }
        assert!(program::secrets_in_help(&Cli::command()).is_empty());
    }
}
