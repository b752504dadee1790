//! Generated files that are committed: the baseline of the contracts and the description of the REST interface.

use std::{fs, path::PathBuf, process::Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::step::{cargo, root, run, step};

/// What the test of the gateway writes the description for, instead of comparing it.
const RENEW_OPENAPI: &str = "UPDATE_OPENAPI";

/// Makes the contracts as they are the ones that must not be broken.
pub(crate) fn proto_baseline() -> anyhow::Result<()> {
    step("proto/baseline.binpb", || {
        let descriptors = build_output("proto")?.join("colloquy.binpb");
        let written = fs::copy(&descriptors, root().join("proto").join("baseline.binpb"))?;
        println!("{written} bytes; say in the commit why the contract may change");
        Ok(())
    })
}

/// Lets the gateway write down its routes.
pub(crate) fn openapi() -> anyhow::Result<()> {
    step("gateway/openapi.json", || {
        run(cargo(["test", "--quiet", "--package", "gateway", "openapi"]).env(RENEW_OPENAPI, "1"))
    })
}

/// Where the build script of a package writes.
fn build_output(package: &str) -> anyhow::Result<PathBuf> {
    let mut build = cargo(["check", "--quiet", "--message-format", "json", "--package", package]);
    let output = build.stderr(Stdio::inherit()).output().context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo check ended with {}", output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let scripts = messages.filter(|message| message["reason"] == "build-script-executed");
    let owner = format!("/{package}#");
    let mut folders = scripts.filter(|script| script["package_id"].as_str().is_some_and(|id| id.contains(&owner)));
    let folder = folders.next().context("the build script did not run")?;
    Ok(PathBuf::from(folder["out_dir"].as_str().context("the build script has no folder")?))
}
