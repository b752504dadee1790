//! Starts the binary, reads its screen, and knows how it ends.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, StatusCode, header::AUTHORIZATION};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(90);

/// A running stack. It is killed when dropped.
pub(crate) struct Stack {
    child: Child,
    pub(crate) screen: String,
    pub(crate) token: String,
    client: reqwest::Client,
}

impl Stack {
    /// The binary, with every port free to choose, and nothing for people.
    pub(crate) fn command(data_dir: &Path) -> Command {
        let mut command = Self::with_people(data_dir);
        command.args(["--no-identity", "--no-web"]);
        command
    }

    /// The same with identity.
    pub(crate) fn with_people(data_dir: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_colloquy"));
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"));
        command.arg("--data-dir").arg(data_dir);
        for flag in ["gateway", "gateway-admin", "auth", "auth-admin", "history", "history-admin", "demo-agent"] {
            command.arg(format!("--{flag}-listen=127.0.0.1:0"));
        }
        command.arg("--demo-agent-pace=0s");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(Self::command(data_dir))
    }

    /// Returns when the screen is there; panics with what was said instead when the binary ends.
    pub(crate) fn start_with(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut screen = String::new();
        while !screen.contains("ListConversations") {
            let Some(line) = lines.next() else {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("the stack did not start:\n{screen}\n{said}");
            };
            screen.push_str(&line.unwrap());
            screen.push('\n');
        }
        let token = after(&screen, "export TOKEN=").to_owned();
        Self { child, screen, token, client: reqwest::Client::builder().timeout(PATIENCE).build().unwrap() }
    }

    pub(crate) fn gateway(&self) -> &str {
        after(&self.screen, "gateway   ")
    }

    /// Where the history service answers gRPC.
    pub(crate) fn history(&self) -> String {
        format!("http://{}", after(&self.screen, "history   "))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.gateway());
        self.client.request(method, url).header(AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn ask(&self, question: &str) -> (StatusCode, Value) {
        let body = serde_json::json!({ "message": question });
        let answer = self.request(Method::POST, "/agents/run").json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        signal(self.pid(), "TERM");
        wait(&mut self.child)
    }

    /// Ends it as no program wants to be ended.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        wait(&mut self.child);
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(sent.success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    eventually("the stack ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

/// Waits for something that happens in another process.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < give_up, "in vain: {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The word that follows this text on the screen.
fn after<'a>(screen: &'a str, text: &str) -> &'a str {
    let (_, rest) = screen.split_once(text).unwrap_or_else(|| panic!("no `{text}` in\n{screen}"));
    rest.split_whitespace().next().unwrap()
}
