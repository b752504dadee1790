//! The command line.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kit::telemetry;

use crate::{
    database,
    development_issuer::{DevelopmentIssuer, Profile},
    explain_token::{self, ExplainToken},
    people, stack,
};

/// Accounts and durable chat history in front of any AI agent
#[derive(Debug, Parser)]
#[command(name = "colloquy", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: Box<Up>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine (what happens without a command)
    Up(Box<Up>),
    /// Print a token of the development issuer, for the stack of this data directory
    Token(Token),
    /// Tell why a credential on standard input is accepted (exit code 0) or refused (2)
    ExplainToken(ExplainToken),
    /// Bring the database up to date and end
    Migrate(Box<Migrate>),
}

/// What the whole stack can be told.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) data: DataDir,
    #[command(flatten)]
    pub(crate) postgres: database::Options,
    #[command(flatten)]
    pub(crate) database: kit::config::Database,
    #[command(flatten)]
    pub(crate) accepted: kit::config::AcceptedServices,
    #[command(flatten)]
    pub(crate) token_cache: kit::caller::CacheLimits,
    #[command(flatten, next_help_heading = "Auth service")]
    pub(crate) auth: auth_service::Options,
    #[command(flatten, next_help_heading = "History service")]
    pub(crate) history: history_service::Options,
    #[command(flatten, next_help_heading = "Gateway")]
    pub(crate) gateway: gateway::Options,
    #[command(flatten, next_help_heading = "People")]
    pub(crate) people: people::Options,
    #[command(flatten, next_help_heading = "Demo agent")]
    pub(crate) demo_agent: demo_agent::Config,
    #[command(flatten, next_help_heading = "Telemetry")]
    pub(crate) telemetry: telemetry::Config,
}

/// Where a stack keeps what is its own.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataDir {
    /// The directory of this stack: its database, its keys
    #[arg(id = "data-dir", long, env = "COLLOQUY_DATA_DIR", default_value = ".colloquy", value_name = "DIR")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
struct Token {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    profile: Profile,
    /// How long the token is good for
    #[arg(long, default_value = "12h", value_parser = ttl, value_name = "DURATION")]
    ttl: Duration,
}

#[derive(Debug, Args)]
struct Migrate {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    postgres: database::Options,
    #[command(flatten)]
    database: kit::config::Database,
    #[command(flatten)]
    telemetry: telemetry::Config,
}

fn ttl(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(ttl) if ttl < Duration::from_secs(1) => Err("it must be a second at least".to_owned()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}

/// Does what the command line asks for.
///
/// # Errors
/// With one sentence for the person who asked.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Up(cli.up)) {
        Command::Up(up) => {
            let telemetry = telemetry::init(&up.telemetry, "colloquy", "warn")?;
            let outcome = stack::up(*up).await;
            telemetry.shutdown();
            outcome.map(|()| ExitCode::SUCCESS)
        }
        Command::Token(token) => {
            let issuer = DevelopmentIssuer::open(&token.data.path).with_context(|| {
                format!("no stack has run in {} yet; start one with `cargo run`", token.data.path.display())
            })?;
            #[expect(clippy::print_stdout, reason = "the answer of this command")]
            {
                println!("{}", issuer.token(&token.profile, token.ttl, chrono::Utc::now()));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::ExplainToken(options) => explain_token::run(options).await,
        Command::Migrate(migrate) => {
            let telemetry = telemetry::init(&migrate.telemetry, "colloquy", "info")?;
            let outcome = database::migrate(&migrate.data.path, &migrate.postgres, &migrate.database).await;
            telemetry.shutdown();
            outcome.map(|()| ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_flag_has_its_own_name() {
        Cli::command().debug_assert();
    }

    #[test]
    fn up_is_what_happens_without_a_command() {
        let plain = Cli::parse_from(["colloquy", "--data-dir", "a"]);
        assert_eq!(plain.up.data.path.as_os_str(), "a");
        let named = Cli::parse_from(["colloquy", "up", "--data-dir", "b"]);
        assert!(matches!(named.command, Some(Command::Up(up)) if up.data.path.as_os_str() == "b"));
    }
}
