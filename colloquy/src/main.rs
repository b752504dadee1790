//! `colloquy`: accounts and durable chat history in front of any AI agent, on one machine.

use std::process::ExitCode;

use colloquy::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match kit::program::parse::<Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match colloquy::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of a program that failed")]
            {
                eprintln!("colloquy: {error:#}");
            }
            kit::program::exit_code(&error)
        }
    }
}
