//! What the real program writes about decisions, and what it never writes.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
};

use proto::{
    auth::v1::{User, VerifyTokenRequest, auth_service_client::AuthServiceClient},
    reason,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use testkit::{
    TestDatabase,
    issuer::{Algorithm, Issuer, SigningKey, Token},
};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};

use crate::service::{SERVICE_KEY, as_service, database, reason};

/// The program, and the lines of its log as they come.
struct Program {
    child: Child,
    lines: Receiver<String>,
    auth: AuthServiceClient<Channel>,
    metrics: String,
    database: TestDatabase,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    async fn start(issuer: &Issuer, flags: &[&str]) -> Self {
        let database = database().await;
        let mut child = Command::new(env!("CARGO_BIN_EXE_auth-service"))
            .args(["--auth-listen=127.0.0.1:0", "--auth-admin-listen=127.0.0.1:0", "--log-format=json"])
            .args(["--auth-failures-per-minute=0", "--better-auth-url", &issuer.base_url()])
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
        let started = lines.iter().map(|line| event(&line)).find(|line| line["message"] == "listening").unwrap();
        let address = |name: &str| format!("http://{}", started[name].as_str().unwrap());
        let auth = AuthServiceClient::new(Endpoint::from_shared(address("grpc")).unwrap().connect_lazy());
        Self { child, lines, auth, metrics: format!("{}/metrics", address("admin")), database }
    }

    async fn verify(&self, token: &str, client: &str) -> Result<User, Status> {
        let question = VerifyTokenRequest { token: token.to_owned(), client_address: client.to_owned() };
        let mut request = as_service(question);
        request.metadata_mut().insert("x-request-id", "req-7".parse().unwrap());
        Ok(self.auth.clone().verify_token(request).await?.into_inner().user.unwrap())
    }

    /// The next event of the audit.
    fn audited(&self) -> Value {
        self.lines.iter().map(|line| event(&line)).find(|event| event["target"] == "audit").unwrap()
    }

    /// Every line that is still to come. The program ends.
    fn rest(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.lines.iter().collect()
    }

    async fn count(&self, series: &str) -> u64 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let metrics = client.get(&self.metrics).send().await.unwrap().text().await.unwrap();
        let found = metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("{series} is not in {metrics}"))
    }
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn forged(token: &Token) -> String {
    let stranger = SigningKey::generate(Algorithm::EdDsa);
    let message = token.sign().rsplit_once('.').unwrap().0.to_owned();
    format!("{message}.{}", crate::forgery::encode(stranger.sign(message.as_bytes())))
}

#[tokio::test]
async fn every_decision_is_told_with_who_why_and_in_which_request() {
    let issuer = Issuer::start().await;
    let program = Program::start(&issuer, &[]).await;
    let ada = program.verify(&issuer.token("ada").sign(), "192.0.2.1").await.unwrap();
    let first = program.audited();
    assert_eq!((&first["event"], &first["user"]), (&"user_first_seen".into(), &ada.id.as_str().into()), "{first}");
    let accepted = program.audited();
    for (field, expected) in [
        ("level", "INFO"),
        ("event", "credential_presented"),
        ("outcome", "accepted"),
        ("credential", "jwt"),
        ("user", &ada.id),
    ] {
        assert_eq!(accepted[field], expected, "{field}: {accepted}");
    }
    assert_eq!(accepted["span"]["request.id"], "req-7", "{accepted}");
    assert!(accepted.get("reason").is_none(), "{accepted}");

    program.verify(&forged(&issuer.token("ada")), "192.0.2.1").await.unwrap_err();
    let refused = program.audited();
    assert_eq!((&refused["outcome"], &refused["reason"]), (&"refused".into(), &"TOKEN_SIGNATURE_INVALID".into()));
    assert_eq!(refused["issuer"], accepted["issuer"], "the name of the configured issuer");
    assert_eq!(refused["client"], accepted["client"], "one client, one hash");
    assert_eq!(refused["client"].as_str().unwrap().len(), 16);

    let unknown = issuer.token("ada").claim("iss", "https://evil.example").sign();
    program.verify(&unknown, "192.0.2.2").await.unwrap_err();
    let refused = program.audited();
    assert_eq!((&refused["reason"], &refused["issuer"]), (&"TOKEN_ISSUER_UNKNOWN".into(), &"unknown".into()));
    assert_ne!(refused["client"], accepted["client"]);

    let mut owner = PgConnection::connect(program.database.owner_url.expose_secret()).await.unwrap();
    sqlx::query("UPDATE auth.user SET tokens_not_before = now()").execute(&mut owner).await.unwrap();
    program.verify(&issuer.token("ada").issued(-60).sign(), "192.0.2.1").await.unwrap_err();
    let revoked = program.audited();
    assert_eq!((&revoked["reason"], &revoked["user"]), (&"TOKEN_REVOKED".into(), &ada.id.as_str().into()));
}

#[tokio::test]
async fn a_flood_is_thinned_out_counted_in_full_and_silences_nothing_else() {
    const FLOOD: u64 = 300;

    let issuer = Issuer::start().await;
    let program = Program::start(&issuer, &[]).await;
    let bad = forged(&issuer.token("mallory").header("kid", issuer.key().id()));
    let mut sent = 0;
    while sent < FLOOD {
        let status = program.verify(&bad, "192.0.2.66").await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_SIGNATURE_INVALID);
        sent += 1;
    }
    program.verify(&issuer.token("ada").sign(), "192.0.2.1").await.unwrap();
    let (mut told, mut suppressed, mut accepted) = (0, 0, 0);
    while suppressed == 0 {
        let Ok(line) = program.lines.try_recv() else {
            program.verify(&bad, "192.0.2.66").await.unwrap_err();
            sent += 1;
            continue;
        };
        let event = event(&line);
        if event["target"] == "audit" {
            accepted += u64::from(event["outcome"] == "accepted");
            told += u64::from(event["outcome"] == "refused");
            suppressed += event["suppressed"].as_u64().unwrap_or_default();
        }
    }
    assert!(told + suppressed <= sent && told >= 50, "{told} told, {suppressed} suppressed, {sent} sent");
    let counted = format!(r#"auth_tokens_total{{issuer="better-auth",outcome="{}"}}"#, reason::TOKEN_SIGNATURE_INVALID);
    assert_eq!(program.count(&counted).await, sent);
    let rest = program.rest();
    accepted += rest.iter().filter(|line| event(line)["outcome"] == "accepted").count() as u64;
    assert_eq!(accepted, 1, "an acceptance is told in the middle of a flood");
}

#[tokio::test]
async fn nothing_that_anyone_chose_reaches_the_log() {
    let issuer = Issuer::start().await;
    let program = Program::start(&issuer, &["--rust-log=trace"]).await;
    let good = issuer.token("ada-the-subject").claim("email", "ada.private@example.org");
    let tokens = [
        good.sign(),
        forged(&good),
        good.clone().header("kid", "kid-of-mallory").sign(),
        good.clone().claim("iss", "https://evil.example").sign(),
        good.clone().claim("aud", "audience-of-mallory").sign(),
        good.clone().header("alg", "alg-of-mallory").sign(),
        good.clone().header("typ", "typ-of-mallory").sign(),
        good.clone().expires_in(-3_600).sign(),
        "YQ3xk1v0R9ZlTtYVn8uC4wDsEoGhJbPa".to_owned(),
    ];
    for token in &tokens {
        let _ = program.verify(token, "198.51.100.77").await;
        let _ = program.verify(token, "2001:db8:77::1").await;
    }
    let log = program.rest();
    let ours = log.iter().filter(|line| event(line)["target"] == "audit").count();
    assert!(ours >= tokens.len(), "{ours} events");
    let chosen = ["mallory", "evil.example", "ada-the-subject", "ada.private", "198.51.100.77", "2001:db8:77"];
    let parts = tokens.iter().flat_map(|token| token.split('.')).filter(|part| part.len() > 20);
    for secret in chosen.into_iter().chain(parts) {
        for line in &log {
            assert!(!line.contains(secret), "{secret} is in {line}");
        }
    }
}

#[tokio::test]
async fn addresses_are_told_where_that_is_wanted() {
    let issuer = Issuer::start().await;
    let program = Program::start(&issuer, &["--audit-addresses"]).await;
    program.verify("rubbish", "::ffff:192.0.2.1").await.unwrap_err();
    assert_eq!(program.audited()["client"], "192.0.2.1");
}
