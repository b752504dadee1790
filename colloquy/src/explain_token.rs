//! `colloquy explain-token`: why a credential is accepted or refused, in lines for people.

use std::{
    fmt,
    io::{self, IsTerminal as _, Read as _},
    process::ExitCode,
};

use anyhow::Context as _;
use kit::{client, config::ConfigError};
use proto::auth::v1::{
    ExplainTokenRequest, ExplainTokenResponse, auth_service_client::AuthServiceClient, token_check::Outcome,
};
use secrecy::SecretString;
use tonic::{Code, Status};
use url::Url;

use crate::{cli::DataDir, running_stack::RunningStack};

/// Refused; 1 says that it could not be found out.
const REFUSED: u8 = 2;
/// More than any credential.
const LARGEST: u64 = 64 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainToken {
    #[command(flatten)]
    data: DataDir,
    /// The auth service to ask [default: the one of the stack that runs in the data directory]
    #[arg(long, value_name = "URL")]
    auth_url: Option<Url>,
    /// With --auth-url: a service key with the permission `explain`
    #[arg(id = "service-key", long, env = "SERVICE_KEY", hide_env_values = true, value_name = "KEY")]
    service_key: Option<SecretString>,
}

/// Asks about the credential on standard input, and prints what is said.
pub(crate) async fn run(options: ExplainToken) -> anyhow::Result<ExitCode> {
    let stack = match (options.auth_url, options.service_key) {
        (Some(auth), Some(service_key)) => RunningStack { auth, service_key },
        (Some(_), None) => return Err(ConfigError::new("--auth-url needs --service-key (or SERVICE_KEY) too").into()),
        (None, _) => RunningStack::find(&options.data.path)?,
    };
    let token = read()?;
    let mut service = AuthServiceClient::new(client::connect(&stack.auth, &stack.service_key)?);
    let answer = service.explain_token(client::request(ExplainTokenRequest { token })).await;
    let answer = answer.map_err(|status| explain_failure(&status, &stack.auth))?.into_inner();
    #[expect(clippy::print_stdout, reason = "the answer of this command")]
    {
        println!("{}", Lines(&answer));
    }
    Ok(if answer.accepted { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// The credential on standard input. Whoever pastes a whole header means what stands in it.
fn read() -> anyhow::Result<String> {
    let input = io::stdin();
    if input.is_terminal() {
        #[expect(clippy::print_stderr, reason = "for the person at the terminal")]
        {
            eprintln!("Paste the token, then press Enter and Ctrl-D.");
        }
    }
    let mut text = String::new();
    input.lock().take(LARGEST).read_to_string(&mut text).context("reading the token from standard input")?;
    let text = text.trim();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    if token.is_empty() {
        let problem = "there is no token on standard input; try `echo \"$TOKEN\" | colloquy explain-token`";
        return Err(ConfigError::new(problem).into());
    }
    Ok(token.to_owned())
}

fn explain_failure(status: &Status, auth: &Url) -> anyhow::Error {
    match status.code() {
        Code::Unavailable => anyhow::anyhow!("the auth service at {auth} does not answer; is it running?"),
        Code::Unauthenticated => anyhow::anyhow!("the auth service at {auth} does not know the service key"),
        _ => anyhow::anyhow!("the auth service at {auth} refuses to tell: {}", status.message()),
    }
}

/// One line for each check, then what they come to.
struct Lines<'a>(&'a ExplainTokenResponse);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExplainTokenResponse { accepted, reason, summary, checks } = self.0;
        for check in checks {
            let mark = match check.outcome() {
                Outcome::Passed => '✓',
                Outcome::Failed => '✗',
                Outcome::Skipped | Outcome::Unspecified => '–',
            };
            writeln!(f, "{mark} {:<10}  {}", check.name, check.detail)?;
        }
        let verdict = if *accepted { "Accepted".to_owned() } else { format!("Refused, {reason}") };
        write!(f, "\n{verdict}. {summary}")
    }
}
