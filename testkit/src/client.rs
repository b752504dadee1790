//! The clients that frontends use, unmodified: each plays a scenario against a gateway and fails where it does not hold.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    panic::resume_unwind,
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{node, python};

/// A client that plays a scenario.
#[derive(Debug)]
pub struct Scenario {
    child: Child,
    stdin: ChildStdin,
    agent_url: String,
}

impl Scenario {
    /// Starts a script in Node with its agent, which speaks the native protocol and, where it uses tools, the AI SDK's. It
    /// ends with the test, whatever happens.
    ///
    /// # Panics
    /// When Node is missing or the script does not start.
    pub async fn start(script: &'static str, argument: &'static str) -> Self {
        in_background(move || {
            let mut command = Command::new("node");
            command.args([script, argument]).current_dir(node::CLIENTS.folder());
            let mut child = spawn(command, node::NEEDED);
            let stdin = child.stdin.take().expect("a pipe");
            let mut line = String::new();
            let stdout = child.stdout.as_mut().expect("a pipe");
            BufReader::with_capacity(1, stdout).read_line(&mut line).expect("text");
            let told: Value = serde_json::from_str(&line).unwrap_or_default();
            let Some(agent_url) = told["agent"].as_str().map(str::to_owned) else {
                panic!("{script} did not start: {}", said(child));
            };
            Self { child, stdin, agent_url }
        })
        .await
    }

    /// Where its agent answers by the native protocol.
    pub fn agent_url(&self) -> String {
        format!("{}/run", self.agent_url)
    }

    /// Where it answers by the AI SDK's, and uses tools.
    pub fn tools_url(&self) -> String {
        format!("{}/tools", self.agent_url)
    }

    /// Plays to the end.
    ///
    /// # Panics
    /// When something does not hold.
    pub async fn play(mut self, gateway: &str, token: &str, agent: &str) {
        let told = json!({ "gateway": gateway, "token": token, "name": agent });
        writeln!(self.stdin, "{told}").expect("a script that listens");
        in_background(move || {
            let status = self.child.wait().expect("a running script");
            assert!(status.success(), "{}", said(self.child));
            drop(self.stdin);
        })
        .await;
    }
}

/// What the versions of the AI SDK and the client of AG-UI make of streams at these places.
///
/// # Panics
/// When Node is missing, or a client finds something wrong.
pub async fn read(ai_sdk: String, ag_ui: String) -> Value {
    in_background(move || {
        let mut command = Command::new("node");
        command.args(["read.mjs", &ai_sdk, &ag_ui]).current_dir(node::CLIENTS.folder());
        serde_json::from_str(&output(command, node::NEEDED)).expect("JSON")
    })
    .await
}

/// What a script in Python prints that uses the package `openai`.
///
/// # Panics
/// When Python is missing, or the script fails.
pub async fn openai_python(gateway: String, token: String, models: [String; 2]) -> Value {
    let printed = in_background(move || {
        let [model, broken] = models;
        let mut command = python::client();
        command.args(["openai_client.py", &gateway, &token, &model, &broken]);
        output(command, python::NEEDED)
    });
    serde_json::from_str(&printed.await).expect("JSON")
}

/// What an example prints, where `TOKEN` is this one.
///
/// # Panics
/// When the language is neither `ts` nor `python`, what it needs is missing, or the example fails.
pub async fn example(language: &'static str, code: String, token: String) -> String {
    in_background(move || {
        let (mut command, needed) = match language {
            "ts" => (Command::new("node"), node::NEEDED),
            "python" => (python::client(), python::NEEDED),
            other => panic!("no example is in {other}"),
        };
        match language {
            "ts" => command.args(["--input-type=module", "-e", &code]).current_dir(node::CLIENTS.folder()),
            _ => command.args(["-c", &code]),
        };
        command.env("TOKEN", token);
        output(command, needed)
    })
    .await
}

fn spawn(mut command: Command, needed: &str) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(needed)
}

fn said(mut child: Child) -> String {
    let mut said = String::new();
    // It may be running still, and is not to go on.
    let _ = child.kill();
    for output in [child.stdout.take().map(read_all), child.stderr.take().map(read_all)].into_iter().flatten() {
        said.push_str(&output);
    }
    said
}

fn read_all(mut from: impl Read) -> String {
    let mut text = Vec::new();
    from.read_to_end(&mut text).expect("what it said");
    String::from_utf8_lossy(&text).into_owned()
}

fn output(mut command: Command, needed: &str) -> String {
    let output = command.stdin(Stdio::null()).output().expect(needed);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}
