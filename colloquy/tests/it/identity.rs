//! The whole stack with its own identity server: people sign up at the gateway, and are known behind it.

use std::{fs, path::Path, process::Command};

use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::stack::{Stack, eventually, signal};

/// What a browser does: it keeps cookies, and says where its page is from when it sends something.
struct Browser {
    client: Client,
    origin: String,
    cookies: Vec<String>,
}

impl Browser {
    fn at(stack: &Stack) -> Self {
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            origin: stack.gateway().to_owned(),
            cookies: vec![],
        }
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.origin));
        if method != Method::GET {
            request = request.header(header::ORIGIN, &self.origin);
        }
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            self.cookies.push(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn get(&mut self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    async fn sign_up(&mut self, name: &str) {
        let account =
            json!({"name": name, "email": format!("{name}@example.com"), "password": "correct horse battery"});
        let answer = self.post("/api/auth/sign-up/email", account).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    }

    /// A request with a JWT and no cookie, as the web app sends it.
    async fn with_jwt(&mut self, method: Method, path: &str) -> Response {
        let token = self.get("/api/auth/token").await.json::<Value>().await.unwrap();
        let token = token["token"].as_str().unwrap();
        self.client.request(method, format!("{}{path}", self.origin)).bearer_auth(token).send().await.unwrap()
    }
}

fn start() -> (Stack, TempDir) {
    let directory = tempdir().unwrap();
    (Stack::start_with(with_identity(directory.path())), directory)
}

fn with_identity(directory: &Path) -> Command {
    let mut command = Stack::with_people(directory);
    command.arg("--no-web");
    command
}

/// The process of Node that logs into this directory.
fn identity_of(directory: &Path) -> Option<u32> {
    let log = fs::canonicalize(directory).unwrap().join("identity.log");
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != std::process::id())
        .find(|pid: &u32| fs::read_link(format!("/proc/{pid}/fd/2")).is_ok_and(|target| target == log))
}

#[tokio::test]
async fn a_person_signs_up_and_is_known_by_jwt_and_by_cookie_until_they_leave_with_everything() {
    let (stack, directory) = start();
    assert!(stack.screen.contains(&format!("identity  {}/api/auth", stack.gateway())), "{}", stack.screen);
    let mut ada = Browser::at(&stack);
    ada.sign_up("ada").await;
    let me: Value = ada.with_jwt(Method::GET, "/users/me").await.json().await.unwrap();
    assert_eq!((&me["email"], &me["issuer"]), (&json!("ada@example.com"), &json!(stack.gateway())));
    assert_eq!(ada.get("/users/me").await.json::<Value>().await.unwrap(), me);

    let asked = ada.post("/agents/run", json!({"message": "What survives a crash?"})).await;
    assert_eq!(asked.status(), StatusCode::OK);
    let mails = ada.get("/api/auth/outbox").await.text().await.unwrap();
    assert!(mails.contains("To ada@example.com"), "{mails}");

    let left = ada.post("/api/auth/delete-user", json!({"password": "correct horse battery"})).await;
    assert_eq!(left.status(), StatusCode::OK, "{}", left.text().await.unwrap());
    let mut again = Browser::at(&stack);
    again.sign_up("ada").await;
    let other: Value = again.with_jwt(Method::GET, "/users/me").await.json().await.unwrap();
    assert_ne!(other["id"], me["id"]);
    let conversations: Value = again.with_jwt(Method::GET, "/conversations").await.json().await.unwrap();
    assert_eq!(conversations["items"], json!([]));

    let log = fs::read_to_string(directory.path().join("identity.log")).unwrap();
    assert!(!log.contains("ada@") && !log.contains("postgres://"), "{log}");
    assert!(stack.terminate().success());
}

#[tokio::test]
async fn identity_that_breaks_is_told_as_such_and_started_again_and_who_is_in_stays_in() {
    let (stack, directory) = start();
    let mut ada = Browser::at(&stack);
    ada.sign_up("ada").await;
    let token = ada.get("/api/auth/token").await.json::<Value>().await.unwrap();
    let pid = identity_of(directory.path()).unwrap();
    signal(pid, "KILL");
    let gone = loop {
        let answer = ada.get("/api/auth/ok").await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
    };
    assert_eq!(
        (gone.status(), gone.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::SERVICE_UNAVAILABLE, "2")
    );
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], "identity_unavailable");
    let request = ada.client.get(format!("{}/users/me", ada.origin)).bearer_auth(token["token"].as_str().unwrap());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    eventually("another takes its place", || identity_of(directory.path()).is_some_and(|other| other != pid));
    // It answers while it starts: whoever comes early waits for it or is told to come back.
    while ada.get("/api/auth/get-session").await.status() != StatusCode::OK {}
    assert_eq!(ada.with_jwt(Method::GET, "/users/me").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn identity_ends_with_the_stack_however_that_ends_and_everybody_is_still_there() {
    let (stack, directory) = start();
    let mut ada = Browser::at(&stack);
    ada.sign_up("ada").await;
    assert!(identity_of(directory.path()).is_some());
    stack.kill();
    eventually("identity ends with its owner", || identity_of(directory.path()).is_none());

    let stack = Stack::start_with(with_identity(directory.path()));
    let mut ada = Browser::at(&stack);
    let account = json!({"email": "ada@example.com", "password": "correct horse battery"});
    assert_eq!(ada.post("/api/auth/sign-in/email", account).await.status(), StatusCode::OK);
    assert!(stack.terminate().success());
    assert_eq!(identity_of(directory.path()), None);
}

#[tokio::test]
async fn without_node_everything_else_works_and_a_line_says_so() {
    let directory = tempdir().unwrap();
    let mut command = with_identity(directory.path());
    command.env("PATH", "/nowhere");
    let stack = Stack::start_with(command);
    assert!(stack.screen.contains("identity  none: there is no Node.js: install Node.js 20.19"), "{}", stack.screen);
    assert_eq!(stack.ask("Is anybody there?").await.0, StatusCode::OK);
    let answer = Browser::at(&stack).get("/api/auth/ok").await;
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "identity_not_configured");
}

#[tokio::test]
async fn the_role_of_identity_sees_its_own_tables_and_nothing_else() {
    let (stack, directory) = start();
    Browser::at(&stack).sign_up("ada").await;
    let environment = fs::read(format!("/proc/{}/environ", identity_of(directory.path()).unwrap())).unwrap();
    let variables: Vec<_> = environment.split(|byte| *byte == 0).map(|line| String::from_utf8_lossy(line)).collect();
    let url = variables.iter().find_map(|line| line.strip_prefix("IDENTITY_DATABASE_URL=")).unwrap();
    let query = |sql: &str| Command::new(psql()).args([url, "-XAtc", sql]).output().unwrap();
    let own = query("SELECT count(*) FROM identity.\"user\"");
    assert_eq!(String::from_utf8_lossy(&own.stdout).trim(), "1", "{own:?}");
    for table in ["auth.user", "history.conversation", "history.message"] {
        let refused = query(&format!("SELECT count(*) FROM {table}"));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("permission denied"), "{refused:?}");
    }
}

fn psql() -> std::path::PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|entry| entry.path().join("bin/psql")).find(|path| path.exists()).unwrap_or_else(|| "psql".into())
}
