//! The whole stack in front of a real Better Auth server, as the README says it.

use std::time::{Duration, Instant};

use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, COOKIE},
};
use serde_json::{Value, json};
use tempfile::tempdir;
use testkit::better_auth::BetterAuth;

use crate::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn every_credential_of_better_auth_says_who_i_am_until_i_sign_out() {
    let better_auth = BetterAuth::start(json!({"secureCookies": true})).await;
    let ada = better_auth.sign_up("ada").await;
    let jwt = better_auth.jwt(&ada).await;

    let directory = tempdir().unwrap();
    let mut command = Stack::command(directory.path());
    command.env("BETTER_AUTH_URL", better_auth.base_url()).env("TOKEN_CACHE_TTL", "1s");
    let stack = Stack::start_with(command);
    let client = Client::builder().no_proxy().build().unwrap();
    let me = async |header, value: &str| {
        let answer = client.get(format!("{}/users/me", stack.gateway())).header(header, value).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };

    let (status, user) = me(AUTHORIZATION, &format!("Bearer {jwt}")).await;
    assert_eq!(status, StatusCode::OK, "{user}");
    assert_eq!((&user["subject"], &user["email"]), (&json!(ada.user_id), &json!("ada@example.com")));
    for spelling in ada.spellings() {
        assert_eq!(me(AUTHORIZATION, &format!("Bearer {spelling}")).await, (StatusCode::OK, user.clone()));
    }
    let (name, value) = ada.cookie();
    assert!(name.starts_with("__Secure-"), "{name}");
    let cookie = format!("theme=dark; {name}={value}");
    assert_eq!(me(COOKIE, &cookie).await, (StatusCode::OK, user));

    better_auth.sign_out(&ada).await;
    let give_up = Instant::now() + PATIENCE;
    for (header, value) in [(AUTHORIZATION, &format!("Bearer {}", ada.raw)), (COOKIE, &cookie)] {
        let refused = loop {
            let (status, answer) = me(header.clone(), value).await;
            if status != StatusCode::OK {
                break (status, answer["code"].clone());
            }
            assert!(Instant::now() < give_up, "a session that was signed out goes on");
        };
        assert_eq!(refused, (StatusCode::UNAUTHORIZED, json!("session_not_found")));
    }
}
