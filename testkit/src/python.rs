//! Servers and clients in Python.

use std::{path::Path, process::Command};

use crate::{installation::Installation, server::Server};

pub(crate) const NEEDED: &str = "these tests run agents and clients in Python: install Python 3.11 or newer with venv \
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

/// The client of OpenAI's API.
static CLIENTS: Installation = Installation::new(
    "python-clients",
    include_str!("../clients/requirements.txt"),
    &[
        ("requirements.txt", include_str!("../clients/requirements.txt")),
        ("openai_client.py", include_str!("../clients/openai_client.py")),
    ],
    install,
);

/// Starts `script`.
pub(crate) async fn start(script: &'static str) -> Server {
    let command = move || {
        let mut command = python(&AGENTS);
        command.arg(script);
        command
    };
    Server::start(command, NEEDED).await
}

/// Python where the clients are.
pub(crate) fn client() -> Command {
    python(&CLIENTS)
}

fn python(from: &Installation) -> Command {
    let folder = from.folder();
    let mut command = Command::new(folder.join("venv/bin/python"));
    command.current_dir(folder);
    command
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
