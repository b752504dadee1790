//! Whatever stands where `get-session` should be: a broken server, a proxy that mixes people up, a login page.

use std::{fs, path::Path};

use futures_util::future::join_all;
use proto::reason;
use serde_json::{Value, json};
use testkit::issuer::{Answer, Issuer};
use tonic::Code;

use crate::service::{Service, reason};

const RAW: &str = "NPOLpCGvJqzWTCPdWRhLNLKBmzPfGJuI";
/// The fake issuer answers here as it answers for keys.
const PLACE: &str = "/sessions/jwks";

async fn service(issuer: &Issuer, folder: &Path) -> Service {
    let origin = issuer.origin();
    let file = folder.join("issuers.toml");
    let text = format!(
        "[[issuer]]\nname = \"app\"\nissuer = \"{origin}\"\naudience = [\"{origin}\"]\njwks_url = \"{}\"\n\
         session_url = \"{origin}{PLACE}\"\n",
        issuer.jwks_url()
    );
    fs::write(&file, text).unwrap();
    Service::start(&["--auth-issuers-file", file.to_str().unwrap()]).await
}

fn session(token: &str) -> Value {
    json!({
        "session": {"id": "s1", "token": token, "userId": "u1", "createdAt": "2026-11-21T09:00:00.000Z",
            "expiresAt": "2096-11-28T09:00:00.000Z"},
        "user": {"id": "u1", "email": "ada@example.com", "name": "Ada"},
    })
}

#[tokio::test]
async fn only_an_answer_about_this_session_counts() {
    let (issuer, folder) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let service = service(&issuer, folder.path()).await;
    let good = session(RAW).to_string();
    issuer.answer(Answer::Text(good.clone()));
    assert_eq!(service.user(RAW).await.subject, "u1");
    for (case, answer) in [
        ("somebody else's session", Answer::Text(session(&RAW.to_lowercase()).to_string())),
        ("a page", Answer::Text("<!doctype html><title>Sign in</title>".to_owned())),
        ("nothing", Answer::Text(String::new())),
        ("too much", Answer::Text(good.replacen('{', &format!("{{{}", " ".repeat(70_000)), 1))),
        ("a redirect", Answer::Redirect("/elsewhere".to_owned())),
        ("a refusal", Answer::Status(401)),
        ("another path", Answer::Status(404)),
        ("a broken server", Answer::Status(500)),
        ("an overloaded one", Answer::Status(503)),
    ] {
        issuer.answer(answer);
        let status = service.verify(RAW).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unavailable, reason::ISSUER_UNAVAILABLE),
            "{case}"
        );
        assert!(!format!("{status:?}").contains(RAW), "{case}: the token is repeated");
    }
    issuer.answer(Answer::Text("null".to_owned()));
    assert_eq!(reason(&service.verify(RAW).await.unwrap_err()), reason::SESSION_NOT_FOUND);
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_waits_for_its_turn() {
    let (issuer, folder) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let service = service(&issuer, folder.path()).await;
    assert!(service.verify(&issuer.token("ada").sign()).await.is_ok());
    let before = issuer.fetches();
    issuer.answer(Answer::Text("null".to_owned()));
    let tokens = (0..500).map(|index| format!("{index:032}")).collect::<Vec<_>>();
    for answer in join_all(tokens.iter().map(|token| service.verify(token))).await {
        assert_eq!(reason(&answer.unwrap_err()), reason::SESSION_NOT_FOUND);
    }
    assert_eq!(issuer.fetches() - before, 500);
}

#[tokio::test]
async fn a_server_that_hangs_holds_so_many_questions_and_no_more() {
    let (issuer, folder) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let service = service(&issuer, folder.path()).await;
    assert!(service.verify(&issuer.token("ada").sign()).await.is_ok(), "its keys are here, and not asked for again");
    let before = issuer.fetches();
    issuer.answer(Answer::Silence);
    let tokens = (0..100).map(|index| format!("{index:032}")).collect::<Vec<_>>();
    let answers = join_all(tokens.iter().map(|token| service.verify(token))).await;
    for answer in answers {
        assert_eq!(reason(&answer.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    }
    assert_eq!(issuer.fetches() - before, 64);
    issuer.answer(Answer::Text(session(RAW).to_string()));
    assert!(service.verify(RAW).await.is_ok(), "the places are free again");
}

#[tokio::test]
async fn without_an_issuer_of_sessions_an_opaque_token_is_malformed() {
    let service = Service::start(&[]).await;
    let status = service.verify(RAW).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, reason::TOKEN_MALFORMED));
}
