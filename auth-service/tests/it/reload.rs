//! SIGHUP to the real program: the files of issuers are read again.

use std::{fs, path::PathBuf};

use proto::reason;
use serde_json::Value;
use testkit::issuer::{Algorithm, Issuer, SigningKey, Token};

use crate::{process::Program, service::reason};

/// A file of issuers, and what it names.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// These are the issuers from now on.
    fn list(&self, entries: &[String]) {
        self.write("issuers.toml", &entries.concat());
    }

    async fn program(&self) -> Program {
        Program::start(&["--auth-issuers-file", self.path("issuers.toml").to_str().unwrap()]).await
    }
}

fn entry(name: &str, issuer: &Issuer, keys: &str) -> String {
    let origin = issuer.origin();
    format!("[[issuer]]\nname='{name}'\nissuer='{origin}'\naudience=['{origin}']\n{keys}\n")
}

/// An issuer whose keys are fetched.
fn remote(name: &str, issuer: &Issuer) -> String {
    entry(name, issuer, &format!("jwks_url='{}'", issuer.jwks_url()))
}

fn is_done(event: &Value) -> bool {
    event["message"] == "the issuers were read again"
}

fn is_problem(event: &Value, problem: &str) -> bool {
    event["level"] == "ERROR" && event["problem"].as_str().is_some_and(|told| told.contains(problem))
}

/// The issuer by whose rules a token is accepted, else why it is refused.
async fn judged(program: &Program, token: &Token) -> String {
    let answer = program.verify(&token.sign()).await;
    answer.map_or_else(|status| reason(&status), |answer| answer.issuer_name)
}

#[tokio::test]
async fn issuers_come_and_go_and_those_that_stay_keep_their_keys() {
    let (staying, leaving, coming) = (Issuer::start().await, Issuer::start().await, Issuer::start().await);
    let files = Files::new();
    files.list(&[remote("staying", &staying), remote("leaving", &leaving)]);
    let program = files.program().await;
    let late = staying.token("ada").expires_in(-120);
    for (issuer, expected) in [(&staying, "staying"), (&leaving, "leaving"), (&coming, reason::TOKEN_ISSUER_UNKNOWN)] {
        assert_eq!(judged(&program, &issuer.token("ada")).await, expected);
    }
    assert_eq!(judged(&program, &late).await, reason::TOKEN_EXPIRED);
    assert_eq!(program.metric(r#"auth_jwks_keys{issuer="leaving"}"#).await, "1");

    files.list(&[remote("coming", &coming), remote("staying", &staying) + "leeway='5m'\n"]);
    assert_eq!(judged(&program, &coming.token("ada")).await, reason::TOKEN_ISSUER_UNKNOWN, "nobody asked for it yet");
    program.hang_up();
    assert_eq!(program.told(is_done)["issuers"], 2);
    for (issuer, expected) in [(&staying, "staying"), (&leaving, reason::TOKEN_ISSUER_UNKNOWN), (&coming, "coming")] {
        assert_eq!(judged(&program, &issuer.token("ada")).await, expected);
    }
    assert_eq!(judged(&program, &late).await, "staying", "what else its entry says is new");
    assert_eq!((staying.fetches(), leaving.fetches(), coming.fetches()), (1, 1, 1));

    assert_eq!(program.metric(r#"auth_issuer_reloads_total{outcome="ok"}"#).await, "1");
    assert_eq!(program.metric(r#"auth_jwks_keys{issuer="coming"}"#).await, "1");
    for gauge in ["auth_jwks_keys", "auth_jwks_key_age_seconds", "auth_jwks_last_success_timestamp_seconds"] {
        assert_eq!(program.metric(&format!(r#"{gauge}{{issuer="leaving"}}"#)).await, "NaN", "{gauge}");
    }
    let readyz = program.readyz().await;
    assert!(readyz.contains("issuer coming: ") && !readyz.contains("leaving"), "{readyz}");
}

#[tokio::test]
async fn a_file_that_cannot_be_right_changes_nothing() {
    let (issuer, coming) = (Issuer::start().await, Issuer::start().await);
    let files = Files::new();
    let kept = remote("app", &issuer);
    files.list(std::slice::from_ref(&kept));
    let program = files.program().await;
    assert_eq!(judged(&program, &issuer.token("ada")).await, "app");

    let (coming, of_coming) = (remote("coming", &coming), coming.token("ada"));
    for (wrong, problem) in [
        ("[[issuer".to_owned(), "AUTH_ISSUERS_FILE"),
        (kept.clone() + "leeway='soon'", "issuer `app`: leeway `soon` is no duration"),
        (kept.replace("name='app'\n", ""), "issuer 2: name is missing"),
        (kept.repeat(2), "issuer `app`: name is used twice"),
        (entry("app", &issuer, "jwks_file='absent.json'"), "issuer `app`: jwks_file"),
    ] {
        files.list(&[coming.clone(), wrong.clone()]);
        program.hang_up();
        program.told(|event| is_problem(event, problem));
        assert_eq!(judged(&program, &issuer.token("ada")).await, "app", "{wrong}");
        assert_eq!(judged(&program, &of_coming).await, reason::TOKEN_ISSUER_UNKNOWN, "{wrong}");
    }
    files.list(&[]);
    program.hang_up();
    program.told(|event| is_problem(event, "it names no issuer"));
    assert_eq!(judged(&program, &issuer.token("ada")).await, "app", "an emptied file locks nobody out");
    fs::remove_file(files.path("issuers.toml")).unwrap();
    program.hang_up();
    program.told(|event| is_problem(event, "No such file"));
    assert_eq!(judged(&program, &issuer.token("ada")).await, "app");

    files.list(&[coming, kept]);
    program.hang_up();
    program.told(is_done);
    assert_eq!(judged(&program, &of_coming).await, "coming");
    assert_eq!(judged(&program, &issuer.token("ada")).await, "app");
    assert_eq!(issuer.fetches(), 1);
    assert_eq!(program.metric(r#"auth_issuer_reloads_total{outcome="refused"}"#).await, "7");
}

#[tokio::test]
async fn keys_in_a_file_are_read_again() {
    let issuer = Issuer::start().await;
    let old = issuer.token("ada");
    let files = Files::new();
    files.write("keys.json", &issuer.key_set().to_string());
    files.list(&[entry("app", &issuer, "jwks_file='keys.json'")]);
    let program = files.program().await;
    assert_eq!(judged(&program, &old).await, "app");

    issuer.withdraw(&issuer.key());
    issuer.publish(SigningKey::generate(Algorithm::EdDsa));
    assert_eq!(judged(&program, &issuer.token("ada")).await, reason::TOKEN_KEY_UNKNOWN);
    files.write("keys.json", "<html>");
    program.hang_up();
    program.told(|event| is_problem(event, "issuer `app`: jwks_file"));
    assert_eq!(judged(&program, &old).await, "app", "what cannot be right changes nothing");

    files.write("keys.json", &issuer.key_set().to_string());
    program.hang_up();
    program.told(is_done);
    assert_eq!(judged(&program, &issuer.token("ada")).await, "app");
    assert_eq!(judged(&program, &old).await, reason::TOKEN_KEY_UNKNOWN);
    assert_eq!(issuer.fetches(), 0);
}
