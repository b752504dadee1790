//! `cargo xtask check`: what CI checks besides the tests.

use std::path::PathBuf;

use anyhow::bail;

use crate::{
    query_cache,
    step::{cargo, run as run_command, step, step_async, works},
    web,
};

/// Runs every check, also after one has failed.
pub(crate) async fn run() -> anyhow::Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
    let mut outcomes = vec![
        step("format", format),
        step("lints", || run_command(&mut cargo(clippy))),
        step("documentation", || run_command(cargo(doc).env("RUSTDOCFLAGS", "--deny warnings"))),
        step_async("query cache", query_cache::verify()).await,
        dependencies(),
    ];
    outcomes.extend(web::PARTS.map(web::check));
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", outcomes.len());
    }
    Ok(())
}

/// The fuzz targets are a workspace of their own.
fn format() -> anyhow::Result<()> {
    run_command(&mut cargo(["fmt", "--all", "--check"]))?;
    run_command(&mut cargo(["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]))
}

/// Bans, licences and sources need no network; advisories need a copy of their database.
fn dependencies() -> anyhow::Result<()> {
    if !works(&mut cargo(["deny", "--version"])) {
        println!("dependencies: skipped; `cargo install --locked cargo-deny` makes it possible");
        return Ok(());
    }
    let check = ["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    step("dependencies", || run_command(&mut cargo(check)))?;
    if has_advisories() {
        step("advisories", || run_command(&mut cargo(["deny", "--offline", "check", "advisories"])))
    } else {
        println!("advisories: skipped; `cargo deny fetch` brings their database");
        Ok(())
    }
}

fn has_advisories() -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let databases = home.and_then(|home| home.join("advisory-dbs").read_dir().ok());
    databases.is_some_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_dir())))
}
