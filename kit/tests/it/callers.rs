//! Which headers make which caller.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use kit::{
    caller::{Authenticator, Caller},
    config::{AcceptedServices, Permission},
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::fake_auth::{FakeAuth, GOOD_TOKEN, SERVICE_KEY, USER_ID, service_keys, verifier};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect()
}

#[tokio::test]
async fn a_user_token_or_a_service_key_and_nothing_else() {
    let auth = FakeAuth::default().start().await;
    let authenticator = Authenticator::new(Arc::new(verifier(&auth, SERVICE_KEY)), &service_keys().into()).unwrap();
    let bearer_service = format!("Bearer {SERVICE_KEY}");
    let bearer_user = format!("bearer {GOOD_TOKEN}");
    let other = "0199f3a0-0000-7000-8000-000000000002";

    let user = authenticator.authenticate(&headers(&[("authorization", &bearer_user)]), None, None).await.unwrap();
    assert!(matches!(&user, Caller::User(identity) if identity.user_id.to_string() == USER_ID));
    assert_eq!(user.service(Permission::Verify).unwrap_err().to_string(), "only a service may do this");

    let service =
        authenticator.authenticate(&headers(&[("authorization", &bearer_service)]), None, None).await.unwrap();
    assert_eq!(service.service(Permission::Verify).unwrap(), "gateway");
    assert!(service.user_id().is_err());

    let acting = headers(&[("authorization", &bearer_service), ("x-act-as", other)]);
    let acting = authenticator.authenticate(&acting, None, None).await.unwrap();
    assert_eq!(acting.user_id().unwrap().to_string(), other);

    for (given, code, reason) in [
        (vec![], Code::Unauthenticated, "TOKEN_MISSING"),
        (vec![("x-act-as", other)], Code::Unauthenticated, "TOKEN_MISSING"),
        (vec![("authorization", "Basic dXNlcjpwYXNz")], Code::Unauthenticated, "TOKEN_MALFORMED"),
        (vec![("authorization", "Bearer")], Code::Unauthenticated, "TOKEN_MALFORMED"),
        (vec![("authorization", "Bearer  ")], Code::Unauthenticated, "TOKEN_MALFORMED"),
        (vec![("authorization", "Bearer old")], Code::Unauthenticated, "TOKEN_EXPIRED"),
        (vec![("authorization", SERVICE_KEY)], Code::Unauthenticated, "TOKEN_MALFORMED"),
        (vec![("authorization", &bearer_service), ("x-act-as", "me")], Code::InvalidArgument, "ACT_AS_INVALID"),
        (vec![("authorization", &bearer_user), ("x-act-as", other)], Code::PermissionDenied, "ACT_AS_FORBIDDEN"),
    ] {
        let status = authenticator.authenticate(&headers(&given), None, None).await.unwrap_err();
        let info = status.get_details_error_info().unwrap();
        assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{given:?}");
    }

    let mut acting = headers(&[("authorization", &bearer_service), ("x-act-as", other)]);
    acting.append("x-act-as", HeaderValue::from_static(USER_ID));
    let status = authenticator.authenticate(&acting, None, None).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "ACT_AS_INVALID");

    let mut twice = headers(&[("authorization", &bearer_user)]);
    twice.append("authorization", HeaderValue::from_static("Bearer another"));
    let status = authenticator.authenticate(&twice, None, None).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_MALFORMED");
}

#[tokio::test]
async fn a_service_may_do_what_it_was_given_and_no_more() {
    let auth = FakeAuth::default().start().await;
    let allowed = |permissions: &str| {
        let service_permissions = permissions.parse().unwrap();
        let accepted = AcceptedServices { service_keys: service_keys(), service_permissions };
        Authenticator::new(Arc::new(verifier(&auth, SERVICE_KEY)), &accepted).unwrap()
    };
    let bearer = format!("Bearer {SERVICE_KEY}");
    let (alone, acting) =
        ([("authorization", bearer.as_str())], [("authorization", bearer.as_str()), ("x-act-as", USER_ID)]);

    let narrow = allowed("gateway:verify+explain");
    let service = narrow.authenticate(&headers(&alone), None, None).await.unwrap();
    assert!(service.service(Permission::Explain).is_ok() && service.service(Permission::Verify).is_ok());
    let refused = service.service(Permission::Admin).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the service `gateway` lacks the permission `admin`; SERVICE_PERMISSIONS grants it with \
         `gateway:verify+explain+admin`"
    );
    let status = narrow.authenticate(&headers(&acting), None, None).await.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::PermissionDenied, "PERMISSION_REQUIRED"));
    assert_eq!(info.metadata.get("permission").map(String::as_str), Some("act"));

    let usual = allowed("").authenticate(&headers(&acting), None, None).await.unwrap();
    assert_eq!(usual.user_id().unwrap().to_string(), USER_ID);
    for (permission, may) in Permission::ALL.into_iter().zip([true, true, true, false, false]) {
        assert_eq!(usual.service(permission).is_ok(), may, "{permission:?}");
    }
}
