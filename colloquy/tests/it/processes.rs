//! However a stack ends, nothing of it goes on running, and the next one starts.

use std::{fs, path::Path};

use tempfile::tempdir;

use crate::stack::{Stack, eventually, signal};

/// The processes that work in this directory or hold a file in it: PostgreSQL, and the guard that writes its log.
fn processes_of(directory: &Path) -> Vec<u32> {
    let directory = fs::canonicalize(directory).unwrap();
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let concerned = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut links = files.chain([format!("/proc/{pid}/cwd").into()]);
        links.any(|link| fs::read_link(link).is_ok_and(|target| target.starts_with(&directory)))
    };
    pids.filter(|pid| *pid != std::process::id()).filter(concerned).collect()
}

#[tokio::test]
async fn nothing_runs_after_a_termination() {
    let directory = tempdir().unwrap();
    let stack = Stack::start(directory.path());
    assert!(!processes_of(directory.path()).is_empty(), "PostgreSQL runs in its directory");
    assert!(stack.terminate().success());
    assert_eq!(processes_of(directory.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn nothing_runs_after_an_interrupt_during_the_start() {
    let directory = tempdir().unwrap();
    let mut child = Stack::command(directory.path()).spawn().unwrap();
    eventually("PostgreSQL is being made", || directory.path().join("postgres").exists());
    signal(child.id(), "INT");
    eventually("the stack ends", || child.try_wait().unwrap().is_some());
    eventually("PostgreSQL ends", || processes_of(directory.path()).is_empty());
    assert!(Stack::start(directory.path()).terminate().success());
}

#[tokio::test]
async fn nothing_runs_after_a_kill_and_the_next_stack_finds_everything() {
    let directory = tempdir().unwrap();
    let stack = Stack::start(directory.path());
    stack.ask("What survives a crash?").await;
    let before = stack.get("/conversations").await;
    stack.kill();
    eventually("PostgreSQL ends with its owner", || processes_of(directory.path()).is_empty());

    let stack = Stack::start(directory.path());
    assert_eq!(stack.get("/conversations").await, before);
}

#[tokio::test]
async fn a_stack_that_starts_at_once_after_a_kill_takes_over() {
    let directory = tempdir().unwrap();
    Stack::start(directory.path()).kill();
    assert!(Stack::start(directory.path()).terminate().success());
}

#[tokio::test]
async fn a_second_stack_in_the_same_directory_is_told_so() {
    let directory = tempdir().unwrap();
    let first = Stack::start(directory.path());
    let second = Stack::command(directory.path()).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("in use by another process"), "{said}");
    assert!(first.terminate().success());
}
