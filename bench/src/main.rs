//! Measures what the promises about speed say. Everything that is compared is measured in one run, in turns.

#![expect(clippy::print_stdout, reason = "the answer of this program")]

use clap::{Parser, Subcommand};

mod flood;
mod history;
mod http;
mod me;
mod samples;
mod stack;
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
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().what {
        What::Verify => verify::run().await,
        What::Me => me::run().await,
        What::Flood(options) => flood::run(&options).await,
        What::History(options) => history::run(&options).await,
    }
}
