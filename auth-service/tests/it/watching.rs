//! What the admin port tells about issuers, while they are up, down, and asked for keys that they do not have.

use proto::reason;
use testkit::issuer::{Answer, Issuer};

use crate::{process::Program, service::reason};

/// A series of one issuer.
fn of(metric: &str, issuer: &str) -> String {
    format!(r#"{metric}{{issuer="{issuer}"}}"#)
}

fn fetches(issuer: &str, outcome: &str) -> String {
    format!(r#"auth_jwks_fetches_total{{issuer="{issuer}",outcome="{outcome}"}}"#)
}

#[tokio::test]
async fn each_issuer_is_told_of_as_it_is() {
    let (up, down, local) = (Issuer::start().await, Issuer::start().await, Issuer::start().await);
    down.answer(Answer::Status(500));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keys.json"), local.key_set().to_string()).unwrap();
    let file = folder.path().join("issuers.toml");
    let entry = format!("name='local'\nissuer='{}'\naudience=['x']\njwks_file='keys.json'\n", local.origin());
    std::fs::write(&file, format!("[[issuer]]\n{entry}")).unwrap();
    let (up_url, down_url, file) = (up.base_url(), down.base_url(), file.to_str().unwrap());
    let program = Program::start(&[
        "--better-auth-url",
        &up_url,
        "--neon-auth-url",
        &down_url,
        "--auth-issuers-file",
        file,
        "--jwks-cool-down=0s",
    ])
    .await;
    program.verify(&up.token("ada").sign()).await.unwrap();
    let status = program.verify(&down.token("ada").sign()).await.unwrap_err();
    assert_eq!(reason(&status), reason::ISSUER_UNAVAILABLE);

    let readyz = program.readyz().await;
    assert!(readyz.starts_with("ready\n"), "an issuer that is down does not make the service unready: {readyz}");
    for (issuer, state) in [
        ("better-auth", "fresh; keys: 1; age: "),
        ("neon-auth", "no keys yet; failures in a row: "),
        ("local", "from a file; keys: 1"),
    ] {
        let line = format!("issuer {issuer}: {state}");
        assert!(readyz.lines().any(|told| told.starts_with(&line)), "`{line}` is not in {readyz}");
    }
    assert!(readyz.contains("answered 500 Internal Server Error"), "{readyz}");
    for (series, value) in [
        (of("auth_jwks_keys", "better-auth"), "1"),
        (of("auth_jwks_keys", "neon-auth"), "0"),
        (of("auth_jwks_keys", "local"), "1"),
        (of("auth_jwks_key_age_seconds", "neon-auth"), "NaN"),
        (of("auth_jwks_last_success_timestamp_seconds", "neon-auth"), "0"),
        (fetches("better-auth", "ok"), "1"),
    ] {
        assert_eq!(program.metric(&series).await, value, "{series}");
    }
    let number = async |series: String| program.metric(&series).await.parse::<f64>().unwrap();
    assert!(number(fetches("neon-auth", "failed")).await >= 1.0);
    assert!(number(of("auth_jwks_key_age_seconds", "better-auth")).await < 600.0);
    assert!(number(of("auth_jwks_last_success_timestamp_seconds", "better-auth")).await > 1_700_000_000.0);

    for kid in ["nobody", "nobody else"] {
        let status = program.verify(&up.token("ada").header("kid", kid).sign()).await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_KEY_UNKNOWN);
    }
    assert_eq!(program.metric(&of("auth_jwks_unknown_kids_total", "better-auth")).await, "2");
    assert_eq!(program.metric(&fetches("better-auth", "ok")).await, "3");
}

#[tokio::test]
async fn an_outage_shows_as_it_goes_on_and_ends() {
    let issuer = Issuer::start().await;
    let program = Program::of(&issuer, &["--jwks-max-age=1s"]).await;
    let token = issuer.token("ada").sign();
    program.verify(&token).await.unwrap();
    assert!(program.readyz().await.contains("issuer better-auth: fresh; keys: 1; age: "));

    issuer.answer(Answer::Text("<html>".to_owned()));
    let readyz = program.readyz_with("issuer better-auth: stale; keys: 1; age: ").await;
    assert!(readyz.starts_with("ready\n") && readyz.contains("; failures in a row: "), "{readyz}");
    assert!(readyz.contains("the answer is no key set"), "{readyz}");
    program.verify(&token).await.unwrap();
    assert_ne!(program.metric(&of("auth_jwks_stale_served_total", "better-auth")).await, "0");
    assert_ne!(program.metric(&fetches("better-auth", "failed")).await, "0");

    issuer.answer(Answer::Keys);
    let readyz = program.readyz_with("issuer better-auth: fresh; ").await;
    assert!(!readyz.contains("failures"), "{readyz}");
}
