//! `colloquy`: accounts and durable chat history in front of any AI agent, on one machine.

use std::process::ExitCode;

use clap::Parser as _;
use colloquy::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match colloquy::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of a program that failed")]
            {
                eprintln!("colloquy: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
