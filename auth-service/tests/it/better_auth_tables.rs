//! Opaque sessions, and the users behind JSON Web Tokens, straight from Better Auth's tables.

use proto::reason;
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{
    better_auth::{BetterAuth, SECRET},
    issuer::Issuer,
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::service::{Service, reason};

/// A service that reads the tables, as a role that may do nothing else.
async fn service(better_auth: &BetterAuth, flags: &[&str]) -> Service {
    better_auth.sql("GRANT SELECT ON session, \"user\" TO colloquy_service").await;
    let (url, database) = (better_auth.base_url(), better_auth.database.service_url.expose_secret());
    let flags = [&["--better-auth-url", &url, "--auth-session-database-url", database], flags].concat();
    Service::start(&flags).await
}

#[tokio::test]
async fn sessions_are_good_while_the_server_is_dead() {
    let mut better_auth = BetterAuth::start(json!({})).await;
    let service = service(&better_auth, &[]).await;
    let (ada, later) = (better_auth.sign_up("ada").await, better_auth.sign_in("ada").await);
    let jwt = better_auth.jwt(&ada).await;
    let user = service.user(&jwt).await;
    better_auth.kill();
    for spelling in ada.spellings() {
        assert_eq!(service.user(spelling).await, user);
    }
    better_auth.restart().await;
    better_auth.sign_out(&ada).await;
    for spelling in ada.spellings() {
        assert_eq!(reason(&service.verify(spelling).await.unwrap_err()), reason::SESSION_NOT_FOUND);
    }
    better_auth.sql("UPDATE session SET \"expiresAt\" = now()").await;
    assert_eq!(reason(&service.verify(&later.raw).await.unwrap_err()), reason::SESSION_NOT_FOUND);
    assert_eq!(better_auth.requests("/get-session").await, 0);
}

#[tokio::test]
async fn a_ban_and_a_deletion_end_sessions_and_tokens() {
    for options in [json!({}), json!({"generateId": "uuid"}), json!({"generateId": "serial"})] {
        let better_auth = BetterAuth::start(options.clone()).await;
        let service = service(&better_auth, &[]).await;
        let (ada, bob) = (better_auth.sign_up("ada").await, better_auth.sign_up("bob").await);
        let (of_ada, of_bob) = (better_auth.jwt(&ada).await, better_auth.jwt(&bob).await);
        for credential in [&ada.signed, &of_ada] {
            assert_eq!(service.user(credential).await.subject, ada.user_id, "{options}");
        }
        better_auth.sql(&format!("UPDATE \"user\" SET banned = true WHERE id::text = '{}'", ada.user_id)).await;
        for credential in [&ada.signed, &of_ada] {
            assert_eq!(reason(&service.verify(credential).await.unwrap_err()), reason::USER_BANNED, "{options}");
        }
        better_auth.sql("UPDATE \"user\" SET \"banExpires\" = now() - interval '1 second'").await;
        assert!(service.verify(&of_ada).await.is_ok(), "the ban is over");

        assert!(service.verify(&of_bob).await.is_ok());
        better_auth.delete_user(&bob).await;
        assert_eq!(reason(&service.verify(&bob.raw).await.unwrap_err()), reason::SESSION_NOT_FOUND);
        assert_eq!(reason(&service.verify(&of_bob).await.unwrap_err()), reason::USER_ERASED, "{options}");
    }
}

#[tokio::test]
async fn tables_without_the_admin_plugin_and_in_another_schema_are_read() {
    let better_auth = BetterAuth::start(json!({})).await;
    let ada = better_auth.sign_up("ada").await;
    let jwt = better_auth.jwt(&ada).await;
    better_auth.sql("ALTER TABLE \"user\" DROP banned, DROP \"banReason\", DROP \"banExpires\"").await;
    better_auth.sql("SET ROLE pg_database_owner; GRANT CREATE ON SCHEMA public TO colloquy_owner").await;
    let service = service(&better_auth, &["--auth-session-schema", "neon_auth"]).await;
    assert_eq!(reason(&service.verify(&ada.raw).await.unwrap_err()), reason::INTERNAL, "there is no such schema yet");
    better_auth
        .sql(
            "CREATE SCHEMA neon_auth; GRANT USAGE ON SCHEMA neon_auth TO colloquy_service;
             ALTER TABLE session SET SCHEMA neon_auth; ALTER TABLE \"user\" SET SCHEMA neon_auth",
        )
        .await;
    assert_eq!(service.user(&ada.raw).await.subject, ada.user_id);
    assert_eq!(service.user(&jwt).await.subject, ada.user_id);
}

#[tokio::test]
async fn with_the_secret_a_signature_must_be_right() {
    let better_auth = BetterAuth::start(json!({})).await;
    let ada = better_auth.sign_up("ada").await;
    let bob = better_auth.sign_up("bob").await;
    let forged = format!("{}.{}", ada.raw, bob.signed.split_once('.').unwrap().1);

    let without = service(&better_auth, &[]).await;
    assert_eq!(without.user(&forged).await.subject, ada.user_id, "the raw token alone is a credential");
    let with = service(&better_auth, &["--better-auth-secret", SECRET]).await;
    assert_eq!(reason(&with.verify(&forged).await.unwrap_err()), reason::TOKEN_SIGNATURE_INVALID);
    for spelling in ada.spellings() {
        assert_eq!(with.user(spelling).await.subject, ada.user_id);
    }
}

#[tokio::test]
async fn while_the_database_of_sessions_is_away_users_of_its_issuer_and_no_others_wait() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    let discovery = json!({ "issuer": other.origin(), "jwks_uri": other.jwks_url() });
    other.serve("/.well-known/openid-configuration", discovery);
    let gone = testkit::free_address();
    let service = Service::start(&[
        "--better-auth-url",
        &issuer.base_url(),
        "--auth-session-database-url",
        &format!("postgres://session_reader@{gone}/app"),
        "--oidc-issuer",
        other.origin(),
        "--oidc-audience",
        other.origin(),
    ])
    .await;
    let (session, jwt) = ("NPOLpCGvJqzWTCPdWRhLNLKBmzPfGJuI", issuer.token("ada").sign());
    let answers = tokio::join!(service.verify(session), service.verify(&jwt));
    for status in [answers.0, answers.1].map(Result::unwrap_err) {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, reason::DATABASE_UNAVAILABLE));
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
        assert!(!status.message().contains("127.0.0.1"), "{}", status.message());
    }
    assert_eq!(service.user(&other.token("ada").sign()).await.issuer, other.origin());
}
