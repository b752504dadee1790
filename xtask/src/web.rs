//! The parts that are written in TypeScript: their packages, their checks (`npm run check`), their tests (`npm test`).

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;

use crate::step::{root, run, step, works};

/// Folders with a `package.json`, each with these two scripts.
pub(crate) const PARTS: [&str; 2] = ["identity", "web"];

const MISSING: &str = "Node.js 20.19 or newer with npm is missing: https://nodejs.org";

/// `npm run check` of a part.
pub(crate) fn check(part: &str) -> anyhow::Result<()> {
    step(&format!("{part}: check"), || {
        install(part)?;
        run(npm(part).args(["run", "check"]))
    })
}

/// `npm test` of a part, ready to run.
pub(crate) fn test(part: &str) -> anyhow::Result<Command> {
    install(part)?;
    let mut command = npm(part);
    // The line that counts is read.
    command.arg("test").env("NO_COLOR", "1");
    Ok(command)
}

/// The walk through the web app in Chromium, ready to run, with the stack that the Rust tests were built with.
pub(crate) fn walk() -> anyhow::Result<Command> {
    let mut command = npm("web");
    let stack = std::env::current_exe().context("looking for the built stack")?.with_file_name("colloquy");
    command.args(["run", "e2e"]).env("COLLOQUY_BIN", stack).env("NO_COLOR", "1");
    Ok(command)
}

fn npm(part: &str) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join(part)).stdin(Stdio::null());
    command
}

/// Installs the packages unless they are there. A running stack takes the same lock for that.
fn install(part: &str) -> anyhow::Result<()> {
    anyhow::ensure!(works(npm(part).arg("--version")), MISSING);
    let folder = root().join(part);
    let lock = File::create(folder.join(".prepare.lock")).context("opening a lock file")?;
    lock.lock().context("waiting for a turn")?;
    if is_newer(&folder.join("node_modules/.package-lock.json"), &folder.join("package-lock.json")) {
        return Ok(());
    }
    run(npm(part).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// npm writes the first after an installation of the second.
fn is_newer(installed: &Path, wanted: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    time(installed).is_some_and(|installed| time(wanted).is_some_and(|wanted| installed >= wanted))
}
