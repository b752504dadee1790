//! Hostile tokens, each with the rule it breaks and the reason that it must be refused for.

use std::{collections::BTreeSet, sync::Arc};

use proto::reason::TOKEN_KEY_UNKNOWN;
use testkit::issuer::{Algorithm, Issuer, SigningKey, Token};
use tonic::Code;

use crate::service::{Service, info};

mod algorithm;
mod audience;
mod ban;
mod claims;
mod encoding;
mod header;
mod issuer;
mod json;
mod key;
mod outbound;
mod shape;
mod signature;
mod time;

/// A token that must be refused.
#[derive(Clone)]
struct Case {
    name: String,
    /// The rule it breaks: a section of a standard, or a promise of ours.
    rule: &'static str,
    reason: &'static str,
    token: String,
}

/// Several that break one rule.
fn cases<N: Into<String>>(
    rule: &'static str,
    reason: &'static str,
    tokens: impl IntoIterator<Item = (N, String)>,
) -> Vec<Case> {
    tokens.into_iter().map(|(name, token)| Case { name: name.into(), rule, reason, token }).collect()
}

/// Two issuers, a stranger, and what they know of each other.
struct Scene {
    issuer: Issuer,
    /// Configured as well.
    other: Issuer,
    ed25519: Arc<SigningKey>,
    p256: Arc<SigningKey>,
    rsa: Arc<SigningKey>,
    stranger: SigningKey,
    /// Signed with Ed25519.
    good: Token,
}

impl Scene {
    async fn set() -> (Self, Service) {
        let issuer = Issuer::with([]).await;
        let [rsa, p256, _, ed25519] =
            [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::EdDsa].map(|it| issuer.rotate(it));
        let other = Issuer::start().await;
        let neon = format!("{}/neondb/auth", other.origin());
        // Each unknown key is asked for and denied: within a cool-down it would be one that nobody has denied.
        let cool_down = "--jwks-cool-down=0s";
        let base = issuer.base_url();
        let service = Service::start(&["--better-auth-url", &base, "--neon-auth-url", &neon, cool_down]).await;
        let (good, stranger) = (issuer.token("ada"), SigningKey::generate(Algorithm::EdDsa));
        (Self { issuer, other, ed25519, p256, rsa, stranger, good }, service)
    }

    fn cases(&self) -> Vec<Case> {
        [
            shape::tokens,
            encoding::tokens,
            json::tokens,
            header::tokens,
            algorithm::tokens,
            key::tokens,
            issuer::tokens,
            audience::tokens,
            claims::tokens,
            time::tokens,
            signature::tokens,
            ban::tokens,
        ]
        .into_iter()
        .flat_map(|cases| cases(self))
        .collect()
    }
}

#[tokio::test]
async fn every_hostile_token_is_refused_for_its_own_reason() {
    let (scene, service) = Scene::set().await;
    assert!(service.verify(&scene.good.sign()).await.is_ok());
    let cases = scene.cases();
    let names = cases.iter().map(|case| case.name.as_str()).collect::<BTreeSet<_>>();
    assert!(names.len() == cases.len() && names.len() >= 200, "{} names for {} cases", names.len(), cases.len());

    let mut wrong = Vec::new();
    for Case { name, rule, reason, token } in &cases {
        let Err(status) = service.verify(token).await else {
            wrong.push(format!("{name} ({rule}) is accepted"));
            continue;
        };
        let info = info(&status);
        if (status.code(), info.reason.as_str()) != (Code::Unauthenticated, *reason) {
            wrong.push(format!("{name} ({rule}): {} instead of {reason}: {}", info.reason, status.message()));
        }
        assert_eq!(info.metadata.get("field").map(String::as_str), Some("token"), "{name}");
        assert!(token.len() < 8 || !status.message().contains(token), "{name}: the token is repeated");
        let explanation = service.explain(token).await.unwrap();
        if explanation.accepted || explanation.reason != *reason {
            wrong.push(format!("{name} ({rule}): {} explains {reason}", explanation.reason));
        }
        let told = format!("{explanation:?}");
        let repeats = token.split('.').any(|part| part.len() > 16 && told.contains(part));
        assert!(!repeats && !told.contains("ada@") && !told.contains("Name of"), "{name}: {told}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(service.verify(&scene.good.sign()).await.is_ok(), "nobody else suffers");
    let unknown = cases.iter().filter(|case| case.reason == TOKEN_KEY_UNKNOWN).count();
    assert!(scene.issuer.fetches() <= 1 + 2 * unknown, "nothing but an unknown key costs the issuer a request");
}
