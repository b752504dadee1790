//! What every program does around its service: flags, telemetry, the last word, the exit code.

use std::{env, ffi::OsStr, process::ExitCode};

use clap::{Arg, Command, Parser, builder::Resettable};

use crate::{config::ConfigError, telemetry};

/// A configuration that cannot be right (`EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;
/// `sqlx` tells of every statement that is slow, which is our business only when something is looked for.
const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// Runs a program from its flags to its exit code: 64 when it cannot be right what it was told ([`ConfigError`] or
/// flags that cannot be read), 1 when it failed otherwise. The error is logged here, once.
pub async fn run<C: Parser>(
    name: &'static str,
    telemetry: impl FnOnce(&C) -> &telemetry::Config,
    work: impl AsyncFnOnce(C) -> anyhow::Result<()>,
) -> ExitCode {
    let cli = match parse::<C>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let telemetry = match telemetry::init(telemetry(&cli), name, DEFAULT_FILTER) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there is no log yet")]
            {
                eprintln!("{name}: {error:#}");
            }
            return ExitCode::from(USAGE);
        }
    };
    let outcome = work(cli).await;
    if let Err(error) = &outcome {
        tracing::error!("{error:#}");
    }
    telemetry.shutdown();
    outcome.map_or_else(|error| exit_code(&error), |()| ExitCode::SUCCESS)
}

/// What a program that ends with this error says to whoever started it.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<ConfigError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

/// The flags of this process. A variable that is set to nothing, as compose files do with what they do not know,
/// counts as one that is not set.
///
/// # Errors
/// What to exit with when there is nothing to run: help, the version or what is wrong with the flags was printed.
pub fn parse<C: Parser>() -> Result<C, ExitCode> {
    let command = without_empty_variables(C::command());
    let parsed = command.try_get_matches().and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let error = error.format(&mut C::command());
        // Fails only when there is nobody to read it.
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
    })
}

fn without_empty_variables(command: Command) -> Command {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    let heed = move |arg: Arg| if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg };
    command.mut_args(heed).mut_subcommands(without_empty_variables)
}

/// The flags that hold a secret, by their names, and yet show its value in `--help`. A test of each program wants none.
pub fn secrets_in_help(command: &Command) -> Vec<String> {
    const SECRETS: [&str; 5] = ["database-url", "direct-url", "service-key", "api-key", "password"];
    let holds_secret = |arg: &&Arg| SECRETS.iter().any(|part| arg.get_id().as_str().contains(part));
    let shown = command.get_arguments().filter(holds_secret).filter(|arg| !arg.is_hide_env_values_set());
    let own = shown.map(|arg| arg.get_id().to_string());
    own.chain(command.get_subcommands().flat_map(secrets_in_help)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_help_would_show_is_found_in_subcommands_too() {
        let url = |id: &'static str| Arg::new(id).long(id).env("DATABASE_URL");
        let command = Command::new("program")
            .arg(url("database-url").hide_env_values(true))
            .arg(url("listen"))
            .subcommand(Command::new("migrate").arg(url("own-database-url")));
        assert_eq!(secrets_in_help(&command), ["own-database-url"]);
    }

    #[test]
    fn only_a_configuration_that_cannot_be_right_exits_with_usage() {
        let code = |error: anyhow::Error| format!("{:?}", exit_code(&error));
        let wrong = || anyhow::Error::from(ConfigError::new("wrong"));
        assert_eq!(code(wrong()), format!("{:?}", ExitCode::from(USAGE)));
        assert_eq!(code(wrong().context("starting")), format!("{:?}", ExitCode::from(USAGE)));
        assert_eq!(code(anyhow::anyhow!("away")), format!("{:?}", ExitCode::FAILURE));
    }
}
