//! The packages in TypeScript: what they need is installed, then npm checks, tests and builds them.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

use crate::step::{root, run, works};

/// Their folders.
pub(crate) const PACKAGES: [&str; 1] = ["web"];

const NEEDED: &str = "install Node.js 20.19 or newer with npm (https://nodejs.org)";

/// A script of a package, with its dependencies in place.
pub(crate) fn script(package: &str, script: &str) -> anyhow::Result<Command> {
    let folder = root().join(package);
    install(&folder)?;
    let mut command = npm(&folder);
    command.args(["run", "--silent", script]);
    Ok(command)
}

/// Runs a script that speaks for itself.
pub(crate) fn run_script(package: &str, name: &str) -> anyhow::Result<()> {
    run(&mut script(package, name)?)
}

fn install(folder: &Path) -> anyhow::Result<()> {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|file| file.modified());
    let wanted = changed("package-lock.json").with_context(|| format!("{} has no lock file", folder.display()))?;
    // npm writes this one when it is done.
    if changed("node_modules/.package-lock.json").is_ok_and(|installed| installed >= wanted) {
        return Ok(());
    }
    if !works(npm(folder).arg("--version")) {
        bail!("npm cannot be started: {NEEDED}");
    }
    run(npm(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).env("NO_COLOR", "1");
    npm
}
