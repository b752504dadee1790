//! Tokens of a real OpenID provider, found by discovery.

use proto::reason;
use testkit::oidc_provider::{OidcProvider, RESOURCE};

use crate::service::{Service, reason};

async fn service(provider: &OidcProvider, audience: &str) -> Service {
    Service::start(&["--oidc-issuer", &provider.issuer(), "--oidc-audience", audience]).await
}

#[tokio::test]
async fn access_tokens_for_our_api_are_accepted_also_after_the_keys_rotate() {
    let provider = OidcProvider::start().await;
    let service = service(&provider, RESOURCE).await;
    let token = provider.sign_in("ada").await.access_token;
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().typ.as_deref(), Some("at+jwt"));
    let answer = service.verify(&token).await.unwrap();
    assert_eq!(answer.issuer_name, "oidc");
    let user = answer.user.unwrap();
    assert_eq!((user.issuer, user.subject.as_str()), (provider.issuer(), "ada"));
    assert_eq!(service.user(&provider.client_credentials().await).await.subject, "machine");

    provider.rotate_keys().await;
    let later = provider.sign_in("ada").await.access_token;
    assert_eq!(service.user(&later).await.id, user.id);
    assert_eq!(service.user(&token).await.id, user.id);
}

#[tokio::test]
async fn an_id_token_is_for_its_client_and_serves_only_who_says_so() {
    let provider = OidcProvider::start().await;
    let token = provider.sign_in("ada").await.id_token;
    let status = service(&provider, RESOURCE).await.verify(&token).await.unwrap_err();
    assert_eq!(reason(&status), reason::TOKEN_AUDIENCE_MISMATCH);

    let told = service(&provider, &format!("{RESOURCE},web")).await;
    assert_eq!(told.user(&token).await.email.as_deref(), Some("ada@example.com"));
}

#[tokio::test]
async fn what_is_no_token_for_an_api_is_refused_with_its_reason() {
    let provider = OidcProvider::start().await;
    let service = service(&provider, &format!("{RESOURCE},web")).await;
    let logout = provider.logout_token("ada").await;
    assert_eq!(reason(&service.verify(&logout).await.unwrap_err()), reason::TOKEN_TYPE_REFUSED);

    let opaque = provider.sign_in_elsewhere("ada").await.access_token;
    assert!(!opaque.contains('.'), "an opaque token");
    assert_eq!(reason(&service.verify(&opaque).await.unwrap_err()), reason::TOKEN_MALFORMED);
}
