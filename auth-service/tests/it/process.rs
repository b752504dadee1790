//! The real program at work: its log as it comes, its answers, and what its admin port says.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use proto::auth::v1::{VerifyTokenRequest, VerifyTokenResponse, auth_service_client::AuthServiceClient};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use testkit::{TestDatabase, issuer::Issuer};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};

use crate::service::{SERVICE_KEY, as_service, database};

/// After this, what was waited for will not come.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program. It ends with the value.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    auth: AuthServiceClient<Channel>,
    admin: String,
    http: reqwest::Client,
    pub(crate) database: TestDatabase,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// One that accepts tokens of this Better Auth.
    pub(crate) async fn of(issuer: &Issuer, flags: &[&str]) -> Self {
        Self::start(&[&["--better-auth-url", &issuer.base_url()], flags].concat()).await
    }

    pub(crate) async fn start(flags: &[&str]) -> Self {
        let database = database().await;
        let mut child = Command::new(env!("CARGO_BIN_EXE_auth-service"))
            .args(["--auth-listen=127.0.0.1:0", "--auth-admin-listen=127.0.0.1:0", "--log-format=json"])
            .arg("--auth-failures-per-minute=0")
            .args(flags)
            .env_clear()
            .env("DATABASE_URL", database.service_url.expose_secret())
            .env("SERVICE_KEYS", format!("gateway:{SERVICE_KEY}"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let started = next(&lines, |event| event["message"] == "listening");
        let address = |name: &str| format!("http://{}", started[name].as_str().unwrap());
        let auth = AuthServiceClient::new(Endpoint::from_shared(address("grpc")).unwrap().connect_lazy());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, lines, auth, admin: address("admin"), http, database }
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<VerifyTokenResponse, Status> {
        self.verify_for(token, "").await
    }

    /// The same for a client with an address.
    pub(crate) async fn verify_for(&self, token: &str, client: &str) -> Result<VerifyTokenResponse, Status> {
        let question = VerifyTokenRequest { token: token.to_owned(), client_address: client.to_owned() };
        let mut request = as_service(question);
        request.metadata_mut().insert("x-request-id", "req-7".parse().unwrap());
        self.auth.clone().verify_token(request).await.map(tonic::Response::into_inner)
    }

    /// The next event that is wanted; those before it are lost.
    pub(crate) fn told(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        next(&self.lines, wanted)
    }

    /// The next event that is there already.
    pub(crate) fn told_already(&self) -> Option<Value> {
        self.lines.try_recv().ok().map(|line| event(&line))
    }

    /// Every line that is still to come. The program ends.
    pub(crate) fn rest(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.lines.iter().collect()
    }

    /// Asks it to read its files again, as an operator does.
    pub(crate) fn hang_up(&self) {
        let kill = format!("kill -HUP {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// What `/readyz` says.
    pub(crate) async fn readyz(&self) -> String {
        self.admin("/readyz").await
    }

    /// The same as soon as it says this.
    pub(crate) async fn readyz_with(&self, text: &str) -> String {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let said = self.readyz().await;
            if said.contains(text) {
                return said;
            }
            assert!(Instant::now() < give_up, "`{text}` is not in {said}");
        }
    }

    /// The value of a series of `/metrics`, as it is written there.
    pub(crate) async fn metric(&self, series: &str) -> String {
        let metrics = self.admin("/metrics").await;
        let found = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{series} is not in {metrics}")).to_owned()
    }

    async fn admin(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.admin)).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    }
}

fn next(lines: &Receiver<String>, wanted: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let line = lines.recv_timeout(give_up.saturating_duration_since(Instant::now()));
        let event = event(&line.expect("an event that is wanted"));
        if wanted(&event) {
            return event;
        }
    }
}

pub(crate) fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}
