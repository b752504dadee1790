//! A real OpenID provider, the npm package `oidc-provider`, with people who sign in by a script.

use reqwest::Client;
use serde_json::{Value, json};

use crate::{node, server::Server};

/// The API that its access tokens are made for.
pub const RESOURCE: &str = "https://api.example.com";

/// An OpenID provider on this machine. It ends with the value.
#[derive(Debug)]
pub struct OidcProvider {
    server: Server,
    http: Client,
}

/// What somebody has who signed in.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the API: a JWT, or opaque.
    pub access_token: String,
    /// For the client `web`, which is its audience.
    pub id_token: String,
}

impl OidcProvider {
    /// A provider with one key.
    ///
    /// # Panics
    /// When Node is missing or the server does not start.
    pub async fn start() -> Self {
        let server = node::start(&node::ISSUERS, "oidc-provider.mjs", json!({ "resource": RESOURCE }), 0).await;
        Self { server, http: Client::builder().no_proxy().build().expect("an HTTP client") }
    }

    /// Its `iss`.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// Signs in through the authorization code flow, for our API.
    pub async fn sign_in(&self, account: &str) -> Tokens {
        tokens(&self.control("_sign_in", json!({"account": account, "resource": RESOURCE})).await)
    }

    /// The same for an API whose access tokens are opaque.
    pub async fn sign_in_elsewhere(&self, account: &str) -> Tokens {
        tokens(&self.control("_sign_in", json!({ "account": account })).await)
    }

    /// An access token of a program that acts for itself.
    pub async fn client_credentials(&self) -> String {
        text(&self.control("_machine", json!({ "resource": RESOURCE })).await["access_token"])
    }

    /// What it tells clients when a person signs out.
    pub async fn logout_token(&self, account: &str) -> String {
        text(&self.control("_logout_token", json!({ "account": account })).await["logout_token"])
    }

    /// Signs with a new key from now on; the old ones stay published. Whoever was signed in is not any more.
    pub async fn rotate_keys(&self) {
        self.control("_rotate", json!({})).await;
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/{path}", self.issuer());
        let answer = self.http.post(url).json(&body).send().await.expect("a running provider");
        answer.json().await.expect("JSON")
    }
}

fn tokens(answer: &Value) -> Tokens {
    Tokens { access_token: text(&answer["access_token"]), id_token: text(&answer["id_token"]) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no string: {value}")).to_owned()
}
