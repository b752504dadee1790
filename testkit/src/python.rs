//! Servers in Python.

use std::{path::Path, process::Command};

use crate::{installation::Installation, server::Server};

const NEEDED: &str = "these tests run an agent on Pydantic AI: install Python 3.10 or newer with venv \
                      (`apt install python3-venv`)";

/// Pydantic AI.
static AGENTS: Installation = Installation::new(
    "python",
    include_str!("../agents/requirements.txt"),
    &[
        ("requirements.txt", include_str!("../agents/requirements.txt")),
        ("pydantic_ai_agent.py", include_str!("../agents/pydantic_ai_agent.py")),
    ],
    install,
);

/// Starts `script`.
pub(crate) async fn start(script: &'static str) -> Server {
    let command = move || {
        let folder = AGENTS.folder();
        let mut command = Command::new(folder.join("venv/bin/python"));
        command.arg(script).current_dir(folder);
        command
    };
    Server::start(command, NEEDED).await
}

fn install(folder: &Path) {
    let run = |command: &mut Command| {
        let output = command.current_dir(folder).output().expect(NEEDED);
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{NEEDED}; {command:?} failed: {}", String::from_utf8_lossy(&said));
    };
    run(Command::new("python3").args(["-m", "venv", "venv"]));
    // The list is complete: what is not in it is not wanted.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", "requirements.txt"];
    run(Command::new(folder.join("venv/bin/python")).args(pip));
}
