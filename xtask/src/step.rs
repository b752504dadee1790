//! One step of a command: what it is, how long it took, whether it worked.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Cargo in the root of the workspace.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a command that speaks for itself.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}

/// Whether a command runs and is content, without a word.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Says what begins and how it ended.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("{name} …");
    let began = Instant::now();
    let outcome = work();
    report(name, began.elapsed(), outcome.as_ref().err());
    outcome
}

/// Like [`step`], for work that waits.
pub(crate) async fn step_async<T>(name: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    println!("{name} …");
    let began = Instant::now();
    let outcome = work.await;
    report(name, began.elapsed(), outcome.as_ref().err());
    outcome
}

fn report(name: &str, elapsed: Duration, error: Option<&anyhow::Error>) {
    let seconds = elapsed.as_secs_f64();
    match error {
        None => println!("{name}: good ({seconds:.1} s)"),
        Some(error) => println!("{name}: FAILED ({seconds:.1} s): {error:#}"),
    }
}
