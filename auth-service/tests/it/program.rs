//! The program around the service: its flags, its last word, its exit code.

use std::process::{Command, Output};

/// What becomes of the program in an environment that holds nothing else.
fn run(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_auth-service"));
    program.args(flags).env_clear().envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_variable_that_is_set_to_nothing_counts_as_unset() {
    let empty = ["AUTH_LISTEN", "BETTER_AUTH_URL", "JWKS_MAX_AGE", "LOG_FORMAT", "RUST_LOG", "DATABASE_URL"];
    let variables = empty.map(|name| (name, ""));
    let (code, text) = said(&run(&["--migrate-only"], &variables));
    assert!(text.contains("DATABASE_URL (or AUTH_DATABASE_URL) is missing"), "{text}");
    assert_eq!(code, Some(64), "{text}");
}

#[test]
fn the_exit_code_tells_wrong_flags_from_an_answer() {
    for (flags, code, text) in [
        (["--help"].as_slice(), 0, "AUTH_DATABASE_URL"),
        (&["--version"], 0, env!("CARGO_PKG_VERSION")),
        (&["--nonsense"], 64, "--nonsense"),
        (&["--auth-listen", "nowhere"], 64, "--auth-listen"),
        (&["--rust-log", "=="], 64, "RUST_LOG"),
        (&["--auth-database-url", "the-password", "--migrate-only"], 64, "the database URL cannot be parsed"),
        (&["--auth-listen", "192.0.2.1:1"], 1, "listening on 192.0.2.1:1"),
    ] {
        let (ended, said) = said(&run(flags, &[]));
        assert_eq!(ended, Some(code), "{flags:?}: {said}");
        assert!(said.contains(text), "{flags:?}: {said}");
        assert!(!said.contains("the-password"), "{said}");
    }
}
