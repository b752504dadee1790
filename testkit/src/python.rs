//! Servers in Python: installed below the target directory when the first test asks, and ended with their test.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    node::{versioned, write},
    server::Server,
};

const NEEDED: &str = "these tests run an agent on Pydantic AI: install Python 3.11 or newer with venv \
                      (`apt install python3-venv`)";
const REQUIREMENTS: &str = include_str!("../agents/requirements.txt");
const FILES: [(&str, &str); 2] =
    [("requirements.txt", REQUIREMENTS), ("pydantic_ai_agent.py", include_str!("../agents/pydantic_ai_agent.py"))];

/// Starts an agent's script.
pub(crate) async fn start_agent(script: &'static str) -> Server {
    let command = move || {
        let folder = installed();
        let mut command = Command::new(folder.join("venv/bin/python"));
        command.arg(script).current_dir(folder);
        command
    };
    Server::start(command, NEEDED).await
}

/// The folder with Pydantic AI. Other test binaries may be installing it at the same time.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = versioned("testkit-agents-python", REQUIREMENTS);
        let lock = File::create(folder.join(".lock")).expect("a lock file");
        lock.lock().expect("the turn of this process");
        for (name, content) in FILES {
            write(&folder.join(name), content);
        }
        let complete = folder.join(".complete");
        if !complete.exists() {
            install(&folder);
            File::create(complete).expect("a mark");
        }
        folder
    })
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
