//! `cargo xtask fuzz`: looks for tokens and key sets that break their readers.
//!
//! It works with the stable compiler: what `cargo fuzz` asks of a nightly one is an address sanitizer, and our readers
//! have no unsafe code. Their coverage is what guides the search.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::step::{cargo, root, run, step};

const TARGETS: [&str; 2] = ["token", "key_set"];

/// What `cargo fuzz` passes, without the sanitizer.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// How long, and what.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this target: token or key_set
    #[arg(long, value_parser = TARGETS)]
    target: Option<String>,
}

/// Builds the targets and runs them one after the other.
pub(crate) fn start(options: &Options) -> anyhow::Result<()> {
    let folder = root().join("fuzz");
    let built = root().join("target").join("fuzz");
    let machine = machine()?;
    step("building with coverage", || build(&folder, &built, &machine))?;
    let programs = built.join(&machine).join("release");
    let chosen = TARGETS.iter().filter(|target| options.target.as_ref().is_none_or(|only| only == *target));
    for target in chosen {
        step(target, || search(&folder, &built, &programs.join(target), target, options.seconds))?;
    }
    Ok(())
}

/// What the compiler calls this machine.
fn machine() -> anyhow::Result<String> {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc cannot be started")?;
    ensure!(output.status.success(), "rustc does not know this machine");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A target is named, so that the flags are for what is looked at and not for build scripts.
fn build(folder: &Path, built: &Path, machine: &str) -> anyhow::Result<()> {
    // What is looked at is what is shipped: the same versions. Only the engine itself comes on top.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut command = cargo(["build", "--release", "--target", machine]);
    command.arg("--manifest-path").arg(folder.join("Cargo.toml")).arg("--target-dir").arg(built);
    run(command.env("RUSTFLAGS", COVERAGE).env("CARGO_INCREMENTAL", "0"))
}

/// What is found new is kept under `target`; the committed corpus stays small.
fn search(folder: &Path, built: &Path, program: &Path, target: &str, seconds: u32) -> anyhow::Result<()> {
    let found = built.join("corpus").join(target);
    fs::create_dir_all(&found)?;
    let mut fuzz = Command::new(program);
    fuzz.args(["-print_final_stats=1", "-verbosity=0", "-timeout=5", "-rss_limit_mb=1024", "-max_len=9000"]);
    fuzz.arg(format!("-max_total_time={seconds}"));
    fuzz.arg(format!("-dict={}", folder.join("dictionary.txt").display()));
    fuzz.arg(format!("-artifact_prefix={}/{target}-", built.display()));
    run(fuzz.arg(found).arg(folder.join("corpus").join(target)))
}
