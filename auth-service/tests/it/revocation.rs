//! Credentials that were good until someone ended them.

use std::time::SystemTime;

use proto::{
    auth::v1::{GetMeRequest, RevokeTokensRequest},
    reason,
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use testkit::issuer::Issuer;
use tonic::Code;
use uuid::Uuid;

use crate::service::{Service, acting_for, as_operator, as_service, info, reason, with_bearer};

fn everything_of(user_id: &str) -> RevokeTokensRequest {
    RevokeTokensRequest { user_id: user_id.to_owned(), ..RevokeTokensRequest::default() }
}

#[tokio::test]
async fn what_was_issued_before_is_refused_and_what_comes_later_is_good() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let old = issuer.token("ada").issued(-60).sign();
    let undated = issuer.token("ada").without("iat").sign();
    let user = service.user(&old).await;
    assert_eq!(service.user(&undated).await, user);
    let bystander = issuer.token("bob").issued(-60).sign();
    service.user(&bystander).await;

    let not_before = service.revoke(as_operator(everything_of(&user.id))).await.unwrap();
    let not_before = SystemTime::try_from(not_before).unwrap();
    for (name, token) in [("an older token", &old), ("a token without a date", &undated)] {
        let status = service.verify(token).await.expect_err(name);
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, reason::TOKEN_REVOKED), "{name}");
        assert_eq!(info(&status).metadata.get("field").map(String::as_str), Some("token"));
        let status = service.get_me(with_bearer(GetMeRequest {}, token)).await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_REVOKED, "{name}");
        assert!(!service.introspect(token).await.unwrap().active, "{name}");
    }
    service.user(&bystander).await;

    // `iat` has whole seconds: one of the second of the revocation may have been issued before it.
    let second = not_before.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let same_second = issuer.token("ada").claim("iat", second).sign();
    assert_eq!(reason(&service.verify(&same_second).await.unwrap_err()), reason::TOKEN_REVOKED);
    let next_second = issuer.token("ada").claim("iat", second + 1).sign();
    assert_eq!(service.user(&next_second).await.id, user.id);
}

#[tokio::test]
async fn who_makes_up_sessions_is_revoked_as_a_whole_and_takes_no_more_room() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").issued(-60).sign();
    let user = service.user(&token).await;
    let mut owner = PgConnection::connect(service.database.owner_url.expose_secret()).await.unwrap();
    let made_up =
        "INSERT INTO auth.revoked_session SELECT $1, number::text, now() FROM generate_series(1, 1000) number";
    let id: Uuid = user.id.parse().unwrap();
    sqlx::query(made_up).bind(id).execute(&mut owner).await.unwrap();

    let session =
        |session_id: &str| RevokeTokensRequest { session_id: session_id.to_owned(), ..everything_of(&user.id) };
    service.revoke(with_bearer(session("1000"), &token)).await.unwrap();
    service.user(&token).await;
    service.revoke(with_bearer(session("1001"), &token)).await.unwrap();
    assert_eq!(reason(&service.verify(&token).await.unwrap_err()), reason::TOKEN_REVOKED);
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM auth.revoked_session").fetch_one(&mut owner).await.unwrap();
    assert_eq!(rows, 0, "the revocation of the user covers them");
}

#[tokio::test]
async fn the_fraction_of_a_second_counts_where_a_token_has_one() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let user = service.user(&issuer.token("ada").issued(-60).sign()).await;
    let not_before = service.revoke(as_operator(everything_of(&user.id))).await.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century fit")]
    let moment = |micros: i32| json!(not_before.seconds as f64 + f64::from(not_before.nanos / 1_000 + micros) / 1e6);
    let before = issuer.token("ada").claim("iat", moment(-500)).sign();
    assert_eq!(reason(&service.verify(&before).await.unwrap_err()), reason::TOKEN_REVOKED);
    let after = issuer.token("ada").claim("iat", moment(500)).sign();
    assert_eq!(service.user(&after).await.id, user.id);
}

#[tokio::test]
async fn one_session_ends_and_the_others_go_on() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let of_session = |sid: &str| issuer.token("ada").issued(-60).claim("sid", sid).sign();
    let (phone, laptop, none) = (of_session("phone"), of_session("laptop"), issuer.token("ada").issued(-60).sign());
    let user = service.user(&phone).await;
    let request = RevokeTokensRequest { user_id: user.id.clone(), session_id: "phone".to_owned() };
    let first = service.revoke(as_operator(request.clone())).await.unwrap();
    assert_eq!(reason(&service.verify(&phone).await.unwrap_err()), reason::TOKEN_REVOKED);
    service.user(&laptop).await;
    service.user(&none).await;
    // The same name at another user is another session.
    service.user(&issuer.token("bob").issued(-60).claim("sid", "phone").sign()).await;

    let again = service.revoke(as_operator(request)).await.unwrap();
    let moment = |moment: prost_types::Timestamp| (moment.seconds, moment.nanos);
    assert!(moment(again) > moment(first), "revoking again moves the moment on");
}

#[tokio::test]
async fn a_user_ends_their_own_credentials_by_token_and_through_a_service() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").issued(-60).sign();
    let id = service.user(&token).await.id;
    let session = RevokeTokensRequest { user_id: id.clone(), session_id: "phone".to_owned() };
    service.revoke(acting_for(as_service(session), &id)).await.unwrap();
    service.revoke(with_bearer(everything_of(&id), &token)).await.unwrap();
    let status = service.revoke(with_bearer(everything_of(&id), &token)).await.unwrap_err();
    assert_eq!(reason(&status), reason::TOKEN_REVOKED);
}

#[tokio::test]
async fn a_revoked_token_changes_no_profile() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let id = service.user(&issuer.token("ada").issued(-60).sign()).await.id;
    let renamed = issuer.token("ada").issued(-30).claim("name", "Mallory").sign();
    service.revoke(as_operator(everything_of(&id))).await.unwrap();
    assert_eq!(reason(&service.verify(&renamed).await.unwrap_err()), reason::TOKEN_REVOKED);
    let user = service.get_user(as_operator(proto::auth::v1::GetUserRequest { user_id: id })).await.unwrap();
    assert_eq!(user.name.as_deref(), Some("Name of ada"));
}

#[tokio::test]
async fn what_cannot_be_revoked_is_named() {
    use tonic_types::StatusExt as _;

    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let unknown = "01900000-0000-7000-8000-000000000000";
    for session_id in ["", "phone"] {
        let request = RevokeTokensRequest { user_id: unknown.to_owned(), session_id: session_id.to_owned() };
        let status = service.revoke(as_operator(request)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, reason::USER_NOT_FOUND));
    }
    for (user_id, session_id, expected) in [
        ("ada", "a\u{0}b".to_owned(), [("session_id", reason::FIELD_INVALID), ("user_id", reason::FIELD_INVALID)]),
        ("", "é".repeat(256), [("session_id", reason::FIELD_TOO_LONG), ("user_id", reason::FIELD_INVALID)]),
    ] {
        let request = RevokeTokensRequest { user_id: user_id.to_owned(), session_id };
        let status = service.revoke(as_operator(request)).await.unwrap_err();
        let violations = status.get_details_bad_request().unwrap().field_violations;
        let violations = violations.iter().map(|field| (field.field.as_str(), field.reason.as_str()));
        assert_eq!(violations.collect::<Vec<_>>(), expected);
    }
}
