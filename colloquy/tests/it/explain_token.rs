//! `colloquy explain-token`, and the tokens that `colloquy token` makes.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::tempdir;

use crate::stack::Stack;

/// Exit code, standard output and standard error.
fn run(data_dir: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_colloquy"));
    command.env_clear().args(arguments).arg("--data-dir").arg(data_dir);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its flags ends before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), out, err)
}

#[tokio::test]
async fn a_running_stack_explains_its_tokens_and_a_stopped_one_is_named() {
    let directory = tempdir().unwrap();
    let stack = Stack::start(directory.path());
    let announced = directory.path().join("stack.json");
    assert_eq!(fs::metadata(&announced).unwrap().permissions().mode() & 0o777, 0o600);

    for spelling in [stack.token.clone(), format!("{}\n", stack.token), format!("Bearer {}", stack.token)] {
        let (code, told, _) = run(directory.path(), &["explain-token"], &spelling);
        assert_eq!(code, 0, "{told}");
        assert!(told.starts_with("✓ shape") && told.contains("\nAccepted. "), "{told}");
        assert!(!told.contains(&stack.token) && !told.contains("dev@"), "{told}");
    }
    let (_, other, _) = run(directory.path(), &["token", "--email", "other@colloquy.localhost"], "");
    let [own, other] = [stack.token.as_str(), other.trim()].map(|token| token.rsplit_once('.').unwrap());
    let forged = format!("{}.{}", own.0, other.1);
    let (code, told, _) = run(directory.path(), &["explain-token"], &forged);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("✗ signature") && told.contains("– revocation"), "{told}");
    assert!(told.contains("\nRefused, TOKEN_SIGNATURE_INVALID. "), "{told}");

    let (code, _, problem) = run(directory.path(), &["explain-token"], " \n");
    assert!(code == 64 && problem.contains("no token on standard input"), "{code} {problem}");

    assert!(stack.terminate().success());
    assert!(!announced.exists());
    let (code, _, problem) = run(directory.path(), &["explain-token"], "any");
    assert!(code == 1 && problem.contains("no stack runs in"), "{code} {problem}");
}

#[test]
fn a_service_without_a_key_cannot_be_asked() {
    let (code, _, problem) = run(Path::new("."), &["explain-token", "--auth-url", "http://127.0.0.1:1"], "any");
    assert!(code == 64 && problem.contains("--service-key"), "{code} {problem}");
    let elsewhere = ["explain-token", "--auth-url", "http://127.0.0.1:1", "--service-key", "a-key-of-a-service"];
    let (code, _, problem) = run(Path::new("."), &elsewhere, "any");
    assert!(code == 1 && problem.contains("http://127.0.0.1:1/ does not answer"), "{code} {problem}");
}

#[test]
fn a_token_that_nobody_could_use_is_not_made() {
    for (flags, named) in [(["--email", ""], "--email"), (["--ttl", "0s"], "--ttl"), (["--ttl", "999ms"], "--ttl")] {
        let (code, _, problem) = run(Path::new("."), &[&["token"], &flags[..]].concat(), "");
        assert!(code == 64 && problem.contains(named), "{code} {problem}");
    }
}
