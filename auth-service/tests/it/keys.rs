//! The keys of issuers: found, kept fresh, and used only for their own tokens.

use std::time::Duration;

use testkit::issuer::{Issuer, Token};

use crate::service::{Service, reason};

mod outages;
mod rotation;
mod sources;

const MINUTE: Duration = Duration::from_mins(1);

/// A service with the usual bounds: keys of ten minutes, a cool-down of 30 s, stale keys for a day.
async fn service(issuer: &Issuer) -> Service {
    Service::of(issuer).await
}

/// A service that asks for each unknown key at once.
async fn hasty(issuer: &Issuer) -> Service {
    Service::start(&["--better-auth-url", &issuer.base_url(), "--jwks-cool-down", "0s"]).await
}

/// Why this token is refused.
async fn refusal(service: &Service, token: &Token) -> String {
    reason(&service.verify(&token.sign()).await.unwrap_err())
}

async fn accepts(service: &Service, token: &Token) -> bool {
    service.verify(&token.sign()).await.is_ok()
}
