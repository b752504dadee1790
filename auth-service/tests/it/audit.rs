//! What the real program writes about decisions, and what it never writes.

use proto::{auth::v1::User, reason};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use testkit::issuer::{Algorithm, Issuer, SigningKey, Token};
use tonic::Status;

use crate::{
    process::{Program, event},
    service::reason,
};

/// The user behind a token of a client.
async fn verify(program: &Program, token: &str, client: &str) -> Result<User, Status> {
    Ok(program.verify_for(token, client).await?.user.unwrap())
}

/// The next event of the audit.
fn audited(program: &Program) -> Value {
    program.told(|event| event["target"] == "audit")
}

fn forged(token: &Token) -> String {
    let stranger = SigningKey::generate(Algorithm::EdDsa);
    let message = token.sign().rsplit_once('.').unwrap().0.to_owned();
    format!("{message}.{}", crate::forgery::encode(stranger.sign(message.as_bytes())))
}

#[tokio::test]
async fn every_decision_is_told_with_who_why_and_in_which_request() {
    let issuer = Issuer::start().await;
    let program = Program::of(&issuer, &[]).await;
    let ada = verify(&program, &issuer.token("ada").sign(), "192.0.2.1").await.unwrap();
    let first = audited(&program);
    assert_eq!((&first["event"], &first["user"]), (&"user_first_seen".into(), &ada.id.as_str().into()), "{first}");
    let accepted = audited(&program);
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

    verify(&program, &forged(&issuer.token("ada")), "192.0.2.1").await.unwrap_err();
    let refused = audited(&program);
    assert_eq!((&refused["outcome"], &refused["reason"]), (&"refused".into(), &"TOKEN_SIGNATURE_INVALID".into()));
    assert_eq!(refused["issuer"], accepted["issuer"], "the name of the configured issuer");
    assert_eq!(refused["client"], accepted["client"], "one client, one hash");
    assert_eq!(refused["client"].as_str().unwrap().len(), 16);

    let unknown = issuer.token("ada").claim("iss", "https://evil.example").sign();
    verify(&program, &unknown, "192.0.2.2").await.unwrap_err();
    let refused = audited(&program);
    assert_eq!((&refused["reason"], &refused["issuer"]), (&"TOKEN_ISSUER_UNKNOWN".into(), &"unknown".into()));
    assert_ne!(refused["client"], accepted["client"]);

    let mut owner = PgConnection::connect(program.database.owner_url.expose_secret()).await.unwrap();
    sqlx::query("UPDATE auth.user SET tokens_not_before = now()").execute(&mut owner).await.unwrap();
    verify(&program, &issuer.token("ada").issued(-60).sign(), "192.0.2.1").await.unwrap_err();
    let revoked = audited(&program);
    assert_eq!((&revoked["reason"], &revoked["user"]), (&"TOKEN_REVOKED".into(), &ada.id.as_str().into()));
}

#[tokio::test]
async fn a_flood_is_thinned_out_counted_in_full_and_silences_nothing_else() {
    const FLOOD: u64 = 300;

    let issuer = Issuer::start().await;
    let program = Program::of(&issuer, &[]).await;
    let bad = forged(&issuer.token("mallory").header("kid", issuer.key().id()));
    let mut sent = 0;
    while sent < FLOOD {
        let status = verify(&program, &bad, "192.0.2.66").await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_SIGNATURE_INVALID);
        sent += 1;
    }
    verify(&program, &issuer.token("ada").sign(), "192.0.2.1").await.unwrap();
    let (mut told, mut suppressed, mut accepted) = (0, 0, 0);
    while suppressed == 0 {
        let Some(event) = program.told_already() else {
            verify(&program, &bad, "192.0.2.66").await.unwrap_err();
            sent += 1;
            continue;
        };
        if event["target"] == "audit" {
            accepted += u64::from(event["outcome"] == "accepted");
            told += u64::from(event["outcome"] == "refused");
            suppressed += event["suppressed"].as_u64().unwrap_or_default();
        }
    }
    assert!(told + suppressed <= sent && told >= 50, "{told} told, {suppressed} suppressed, {sent} sent");
    let counted = format!(r#"auth_tokens_total{{issuer="better-auth",outcome="{}"}}"#, reason::TOKEN_SIGNATURE_INVALID);
    assert_eq!(program.metric(&counted).await, sent.to_string());
    let rest = program.rest();
    accepted += rest.iter().filter(|line| event(line)["outcome"] == "accepted").count() as u64;
    assert_eq!(accepted, 1, "an acceptance is told in the middle of a flood");
}

#[tokio::test]
async fn nothing_that_anyone_chose_reaches_the_log() {
    let issuer = Issuer::start().await;
    let program = Program::of(&issuer, &["--rust-log=trace"]).await;
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
        let _ = verify(&program, token, "198.51.100.77").await;
        let _ = verify(&program, token, "2001:db8:77::1").await;
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
    let program = Program::of(&issuer, &["--audit-addresses"]).await;
    verify(&program, "rubbish", "::ffff:192.0.2.1").await.unwrap_err();
    assert_eq!(audited(&program)["client"], "192.0.2.1");
}
