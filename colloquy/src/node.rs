//! Node.js, for the parts that are written in TypeScript.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{process::Command, time::timeout};

/// The oldest that runs them.
const OLDEST: (u32, u32) = (20, 19);
const ADVICE: &str = "install Node.js 20.19 or newer with npm, from https://nodejs.org";
/// How long npm may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// What else Node and npm need to know about this machine. Everything else stays here: there are secrets among it.
const PASSED_ON: [&str; 12] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
];

/// A Node.js that is there and new enough, and npm beside it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// As it says itself.
    pub(crate) version: String,
}

impl Node {
    /// Looks for it; the error is one line that says what is missing and how to get it.
    pub(crate) async fn find() -> anyhow::Result<Self> {
        let Some(version) = version_of("node").await else { bail!("there is no Node.js: {ADVICE}") };
        let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse().ok());
        if (numbers.next(), numbers.next()) < (Some(OLDEST.0), Some(OLDEST.1)) {
            bail!("Node.js {version} is too old: {ADVICE}");
        }
        if version_of("npm").await.is_none() {
            bail!("there is no npm: {ADVICE}");
        }
        Ok(Self { version })
    }
}

async fn version_of(program: &str) -> Option<String> {
    let output = command(program).arg("--version").stderr(Stdio::null()).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A program that knows of the environment what it needs, and ends with this process.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let of_npm = |name: &str| name.to_ascii_lowercase().starts_with("npm_config_");
    let passed_on = std::env::vars_os().filter(|(name, _)| {
        name.to_str().is_some_and(|name| PASSED_ON.contains(&name.to_ascii_uppercase().as_str()) || of_npm(name))
    });
    command.env_clear().envs(passed_on).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs npm to its end.
pub(crate) async fn npm(arguments: &[&str], folder: &std::path::Path) -> anyhow::Result<()> {
    let running = command("npm").args(arguments).current_dir(folder).output();
    let Ok(output) = timeout(PATIENCE, running).await else {
        bail!(
            "`npm {}` took longer than {} minutes in {}",
            arguments.join(" "),
            PATIENCE.as_secs() / 60,
            folder.display()
        );
    };
    let output = output.context("running npm")?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(12)).map(|line| format!("\n    {line}"));
    bail!("`npm {}` failed in {}:{}", arguments.join(" "), folder.display(), last.collect::<String>())
}
