//! Configurations that cannot be right, and what is said about them.

use std::path::Path;

use auth_service::{ConfigError, IssuerConfig, KeySource};
use testkit::issuer::Issuer;

use crate::service::parse;

const DATABASE: &str = "postgres://colloquy_service:the-database-password@127.0.0.1:1/nowhere";

/// What is wrong with these flags; empty when nothing is.
fn problems(flags: &[&str]) -> String {
    let config = parse(&[&["--auth-database-url", DATABASE], flags].concat()).unwrap();
    let Err(error) = auth_service::services(&config) else { return String::new() };
    assert!(error.is::<ConfigError>(), "{error:?}");
    let text = format!("{error:#}");
    assert!(!text.contains("the-database-password"), "{text}");
    text
}

fn problems_of_file(directory: &Path, text: &str) -> String {
    let file = directory.join("issuers.toml");
    std::fs::write(&file, text).unwrap();
    problems(&["--auth-issuers-file", file.to_str().unwrap()])
}

#[tokio::test]
async fn a_wrong_issuers_file_is_refused_by_entry_and_field() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("empty.json"), r#"{"keys":[]}"#).unwrap();
    std::fs::write(directory.path().join("rubbish.json"), "<html>").unwrap();
    let entry = |rest: &str| format!("[[issuer]]\nname='app'\nissuer='https://a.example'\naudience=['x']\n{rest}\n");
    let good = "jwks_url='https://a.example/jwks'";
    let sessions_only = "session_url='https://a.example/get-session'";
    let sessions = format!("{good}\n{sessions_only}");
    let other =
        "[[issuer]]\nname='app'\nissuer='https://b.example'\naudience=['x']\njwks_url='https://b.example/jwks'\n";
    for (text, expected) in [
        (entry("jwks_url='http://a.example/jwks'"), "issuer `app`: jwks_url http://a.example/jwks must be https"),
        (entry("jwks_url='http://127.0.0.1.evil.example/jwks'"), "must be https"),
        (entry("jwks_url='file:///etc/passwd'"), "must be https"),
        (entry("jwks_url='http://me:the-database-password@a.example'"), "issuer `app`: jwks_url must not hold a user"),
        (entry("jwks_url='jwks.json'"), "issuer `app`: jwks_url is no URL"),
        (entry(""), "issuer `app`: jwks_url or jwks_file is missing"),
        (entry(&format!("{good}\njwks_file='k.json'")), "issuer `app`: jwks_url and jwks_file exclude each other"),
        (entry("jwks_file='absent.json'"), "issuer `app`: jwks_file"),
        (entry("jwks_file='empty.json'"), "it has no usable key"),
        (entry("jwks_file='rubbish.json'"), "issuer `app`: jwks_file"),
        (
            entry(&format!("{good}\nalgorithms=['ES999']")),
            "supported are EdDSA, ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512",
        ),
        (
            entry(&format!("{good}\nalgorithms=['HS256']")),
            "issuer `app`: algorithms: only signatures with a public key",
        ),
        (entry(&format!("{good}\nalgorithms=['none']")), "issuer `app`: algorithms: only signatures with a public key"),
        (entry(&format!("{good}\nalgorithms=[]")), "issuer `app`: algorithms must name at least one"),
        (entry(&format!("{good}\nleeway='soon'")), "issuer `app`: leeway `soon` is no duration"),
        (entry(&format!("{good}\nleeway='1d'")), "issuer `app`: leeway must be at most 10m"),
        (entry(&format!("{good}\nsession_url='/get-session'")), "issuer `app`: session_url is no URL"),
        (
            entry(&format!("{good}\nsession_url='http://a.example/x'")),
            "issuer `app`: session_url http://a.example/x must be https",
        ),
        (
            entry(&format!("{good}\nsession_url='https://u:p@a.example'")),
            "issuer `app`: session_url must not hold a user",
        ),
        (
            format!("{}{}", entry(&sessions), other.replace("'app'", &format!("'b'\n{sessions_only}"))),
            "issuer `b`: session_url: an opaque session names no issuer, so only one may have it, and `app` has",
        ),
        (entry(&format!("{good}\njwks_uri='https://a.example'")), "unknown field `jwks_uri`"),
        (entry(&format!("{good}\naudience='x'")), "duplicate key"),
        ("[[issuer]]\nname='app'\naudience='x'\n".to_owned(), "expected a sequence"),
        (entry(good).replace("['x']", "[]"), "issuer `app`: audience must name at least one"),
        (entry(good).replace("['x']", "['']"), "issuer `app`: audience must name at least one"),
        (entry(good).replace("name='app'\n", ""), "issuer 1: name is missing"),
        (entry(good).replace("issuer='https://a.example'\n", ""), "issuer `app`: issuer is missing"),
        (entry(good).replace("audience=['x']\n", ""), "issuer `app`: audience is missing"),
        (format!("{}{other}", entry(good)), "issuer `app`: name is used twice"),
        (
            format!("{}{}", entry(good), entry(good).replace("'app'", "'b'")),
            "issuer https://a.example is configured twice",
        ),
        ("[[issuers]]".to_owned(), "unknown field `issuers`"),
        ("[[issuer".to_owned(), "AUTH_ISSUERS_FILE"),
    ] {
        let problems = problems_of_file(directory.path(), &text);
        assert!(problems.contains(expected), "{text}\nsaid: {problems:?}\nnot:  {expected:?}");
    }
    let both = problems_of_file(directory.path(), &entry("leeway='soon'").replace("audience=['x']\n", ""));
    assert!(both.contains("audience is missing") && both.contains("leeway"), "all problems at once: {both}");
    assert_eq!(problems_of_file(directory.path(), &entry("jwks_url='http://localhost:3000/jwks'")), "");
    assert_eq!(problems_of_file(directory.path(), &entry("jwks_url='http://[::1]:3000/jwks'")), "");
    assert_eq!(problems_of_file(directory.path(), &entry(&sessions)), "");
    assert!(problems_of_file(directory.path(), "").contains("it names no issuer"));
}

#[tokio::test]
async fn wrong_presets_are_refused_by_name() {
    for (flags, expected) in [
        (["--better-auth-url", "http://app.example.com/api/auth"].as_slice(), "BETTER_AUTH_URL must be https"),
        (&["--better-auth-url", "https://user:pass@app.example.com/"], "BETTER_AUTH_URL must be a plain URL"),
        (&["--neon-auth-url", "https://app.example.com/auth?x=1"], "NEON_AUTH_URL must be a plain URL"),
        (&["--oidc-issuer", "http://id.example", "--oidc-audience", "x"], "issuer `oidc`: issuer must be an https URL"),
        (&["--oidc-issuer", "https://id.example", "--oidc-audience", ""], "issuer `oidc`: audience"),
        (&["--auth-issuers-file", "/nowhere/issuers.toml"], "AUTH_ISSUERS_FILE /nowhere/issuers.toml"),
        (
            &["--better-auth-url", "https://a.example/api/auth", "--neon-auth-url", "https://a.example/db/auth"],
            "issuer https://a.example is configured twice",
        ),
        (
            &["--oidc-issuer", "https://id.example", "--oidc-audience", "x", "--auth-session-database-url", DATABASE],
            "AUTH_SESSION_DATABASE_URL is of no use",
        ),
    ] {
        let problems = problems(flags);
        assert!(problems.contains(expected), "{flags:?} said {problems:?}, not {expected:?}");
    }
    assert_eq!(problems(&["--better-auth-url", "https://a.example/api/auth"]), "");
    assert!(parse(&["--oidc-issuer", "https://id.example"]).is_err(), "an audience must be given");
    assert!(parse(&["--oidc-audience", "x"]).is_err(), "an issuer must be given");
}

#[tokio::test]
async fn a_program_may_bring_an_issuer_of_its_own() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys.json");
    std::fs::write(&keys, issuer.key_set().to_string()).unwrap();
    let mut config = parse(&["--auth-database-url", DATABASE]).unwrap();
    let (origin, audience) = (issuer.origin(), vec![issuer.origin().to_owned()]);
    config.options.extra_issuers.push(IssuerConfig::new("development", origin, audience, KeySource::File(keys)));
    assert!(auth_service::services(&config).is_ok());
}

#[tokio::test]
async fn a_database_is_needed_and_its_url_is_never_repeated() {
    let mut config = parse(&["--auth-database-url", "the-database-password"]).unwrap();
    let error = auth_service::services(&config).err().unwrap();
    assert!(error.is::<ConfigError>());
    assert!(!format!("{error:#}").contains("the-database-password"));

    (config.options.database_url, config.database.url) = (None, None);
    let error = auth_service::services(&config).err().unwrap();
    assert!(format!("{error:#}").contains("DATABASE_URL"));
}

#[test]
fn no_secret_shows_in_debug_output() {
    let flags = ["--service-keys", "gateway:the-secret-service-key", "--database-direct-url", DATABASE];
    let config = parse(&[&["--auth-database-url", DATABASE], flags.as_slice()].concat()).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("gateway"));
    assert!(!shown.contains("the-secret-service-key") && !shown.contains("the-database-password"), "{shown}");
}
