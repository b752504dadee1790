//! Measures what the promises about speed say. Everything that is compared is measured in one run, in turns.

#![expect(clippy::print_stdout, reason = "the answer of this program")]

use clap::{Parser, Subcommand};

mod agent;
mod flood;
mod history;
mod http;
mod me;
mod requests;
mod samples;
mod stack;
mod streams;
mod verify;

/// Measures Colloquy, in ratios
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What the verification of a token costs, for each algorithm
    Verify,
    /// What a cached verification adds to a request through the gateway
    Me,
    /// What a flood of bad tokens does to the issuer and to good users
    Flood(flood::Options),
    /// What the history service and its statements cost, beside pgbench and without isolation
    History(history::Options),
    /// What requests cost beside FastAPI with SQLAlchemy and with asyncpg
    Requests(requests::Options),
    /// What the way through the gateway adds to an agent's stream, and what a stream costs
    Streams(streams::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().what {
        What::Verify => verify::run().await,
        What::Me => me::run().await,
        What::Flood(options) => flood::run(&options).await,
        What::History(options) => history::run(&options).await,
        What::Requests(options) => requests::run(&options).await,
        What::Streams(options) => streams::run(&options).await,
    }
}
