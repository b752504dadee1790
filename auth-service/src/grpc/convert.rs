//! Between the domain and the generated types.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use prost_types::{Duration, Timestamp};
use proto::auth::v1::{self, token_check};

use crate::{
    explanation::{Check, Explanation, Outcome},
    identity::Introspected,
    token::Verified,
    users::User,
};

pub(super) fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    SystemTime::from(moment).into()
}

pub(super) fn user(user: User) -> v1::User {
    let User { id, issuer, subject, profile, created_at } = user;
    v1::User {
        id: id.to_string(),
        issuer,
        subject,
        email: profile.email,
        name: profile.name,
        image: profile.image,
        created_at: Some(timestamp(created_at)),
    }
}

/// RFC 7662 §2.2, of a credential that is good.
pub(super) fn introspection(Introspected { verified, details, user }: Introspected) -> v1::IntrospectTokenResponse {
    let seconds = |moment: SystemTime| DateTime::<Utc>::from(moment).timestamp();
    let Verified { issuer, subject, statement, issued_at, session_id, expires_at, .. } = verified;
    v1::IntrospectTokenResponse {
        active: true,
        iss: issuer.identifier.clone(),
        sub: subject,
        aud: details.audience,
        exp: Some(seconds(expires_at)),
        iat: issued_at.map(seconds),
        nbf: details.not_before.map(seconds),
        jti: details.token_id.unwrap_or_default(),
        scope: details.scope.unwrap_or_default(),
        client_id: details.client_id.unwrap_or_default(),
        username: statement.email.text().or(statement.name.text()).unwrap_or_default().to_owned(),
        token_type: "Bearer".to_owned(),
        user_id: user.map(|user| user.id.to_string()).unwrap_or_default(),
        session_id: session_id.unwrap_or_default(),
    }
}

pub(super) fn explanation(explanation: Explanation) -> v1::ExplainTokenResponse {
    let fault = explanation.fault().map(|(reason, _)| reason);
    v1::ExplainTokenResponse {
        accepted: fault.is_none(),
        reason: fault.unwrap_or_default().to_owned(),
        summary: explanation.summary(),
        checks: explanation.checks.into_iter().map(check).collect(),
    }
}

fn check(check: Check) -> v1::TokenCheck {
    let Check { name, outcome, detail, distance } = check;
    let (outcome, reason) = match outcome {
        Outcome::Passed => (token_check::Outcome::Passed, ""),
        Outcome::Failed(reason) => (token_check::Outcome::Failed, reason),
        Outcome::Skipped => (token_check::Outcome::Skipped, ""),
    };
    v1::TokenCheck {
        name: name.to_owned(),
        outcome: outcome.into(),
        reason: reason.to_owned(),
        detail,
        distance: distance.map(duration),
    }
}

fn duration(distance: TimeDelta) -> Duration {
    Duration { seconds: distance.num_seconds(), nanos: distance.subsec_nanos() }
}
