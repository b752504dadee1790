//! The developers' commands. They call cargo instead of depending on the services, so that they are built in no time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

use std::process::ExitCode;

use clap::Parser;

mod check;
mod fuzz;
mod generated;
mod query_cache;
mod step;
mod test;
mod web;

/// The developers' commands
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version)]
enum Command {
    /// Runs every test
    Test,
    /// Checks what CI checks: format, lints, documentation, generated files, dependencies
    Check,
    /// Looks for tokens and key sets that break their readers
    Fuzz(fuzz::Options),
    /// Renews the query cache in `.sqlx`, after SQL or a migration changed
    Sqlx,
    /// Accepts the contracts as they are now (proto/baseline.binpb); on purpose only
    ProtoBaseline,
    /// Renews gateway/openapi.json, after a route changed
    Openapi,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Test => test::run(),
        Command::Check => check::run().await,
        Command::Fuzz(options) => fuzz::start(&options),
        Command::Sqlx => query_cache::renew().await,
        Command::ProtoBaseline => generated::proto_baseline(),
        Command::Openapi => generated::openapi(),
    };
    // Steps have said what went wrong; a backtrace would hide it.
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
