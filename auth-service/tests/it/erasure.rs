//! Users who are gone for good.

use futures_util::future::{join, join_all};
use proto::{
    auth::v1::{DeleteUserRequest, GetMeRequest, GetUserRequest, RevokeTokensRequest},
    reason,
};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use testkit::issuer::Issuer;
use tonic::Code;

use crate::service::{Service, acting_for, as_operator, as_service, reason, with_bearer};

/// Every table of the schema, as text.
async fn everything(service: &Service) -> String {
    let mut owner = PgConnection::connect(service.database.owner_url.expose_secret()).await.unwrap();
    let tables = "SELECT concat((SELECT string_agg(u::text, '') FROM auth.user u), \
                  (SELECT string_agg(s::text, '') FROM auth.revoked_session s), \
                  (SELECT string_agg(t::text, '') FROM auth.tombstone t))";
    sqlx::query_scalar(tables).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn nothing_stays_but_a_keyed_hash_by_which_the_subject_is_refused() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada-of-a-long-name").sign();
    let id = service.user(&token).await.id;
    let session = RevokeTokensRequest { user_id: id.clone(), session_id: "phone-of-ada".to_owned() };
    service.revoke(as_operator(session)).await.unwrap();

    service.erase(&id).await.unwrap();
    let left = everything(&service).await;
    assert!(left.contains("\\x"), "{left}");
    for trace in ["ada-of-a-long-name", &id, "phone-of-ada", "example.com"] {
        assert!(!left.contains(trace), "{trace} is left in {left}");
    }
    let newer = issuer.token("ada-of-a-long-name").issued(2).sign();
    for token in [&token, &newer] {
        let status = service.verify(token).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, reason::USER_ERASED));
        let status = service.get_me(with_bearer(GetMeRequest {}, token)).await.unwrap_err();
        assert_eq!(reason(&status), reason::USER_ERASED);
        assert!(!service.introspect(token).await.unwrap().active);
    }
    let status = service.get_user(as_operator(GetUserRequest { user_id: id.clone() })).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let request = RevokeTokensRequest { user_id: id, ..RevokeTokensRequest::default() };
    assert_eq!(service.revoke(as_operator(request)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn erasing_again_answers_the_same_and_nobody_cannot_be_erased() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let id = service.user(&issuer.token("ada").sign()).await.id;
    let (one, other) = join(service.erase(&id), service.erase(&id)).await;
    let erased_at = one.unwrap();
    assert_eq!(other.unwrap(), erased_at);
    let request = acting_for(as_service(DeleteUserRequest { user_id: id.clone() }), &id);
    let again = service.users().delete_user(request).await.unwrap().into_inner();
    assert_eq!(again.erased_at, Some(erased_at));

    let status = service.erase("01900000-0000-7000-8000-000000000000").await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, reason::USER_NOT_FOUND));
}

#[tokio::test]
async fn the_same_subject_of_another_issuer_is_somebody_else() {
    let (issuer, neon) = (Issuer::start().await, Issuer::start().await);
    let flags = ["--better-auth-url", &issuer.base_url(), "--neon-auth-url", &neon.base_url()];
    let service = Service::start(&flags).await;
    let (erased, other) = (service.user(&issuer.token("ada").sign()).await, neon.token("ada").sign());
    let other_id = service.user(&other).await.id;
    service.erase(&erased.id).await.unwrap();
    assert_eq!(service.user(&other).await.id, other_id);
}

/// Tokens that are older, newer, renamed and not dated, so that reads, writes and first sights all race.
#[tokio::test]
async fn no_token_brings_a_user_back_however_it_races_with_the_erasure() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    for round in 0..25 {
        let subject = format!("ada {round}");
        let known = service.user(&issuer.token(&subject).issued(-60).sign()).await;
        let tokens = (0..12).map(|number| {
            let token = issuer.token(&subject).issued(number - 30).claim("name", format!("Ada {number}"));
            if number % 4 == 0 { token.without("iat") } else { token }.sign()
        });
        let tokens = tokens.collect::<Vec<_>>();
        let (half, rest) = tokens.split_at(6);
        let sights = |tokens| {
            join_all(Vec::from(tokens).into_iter().map(|token: String| {
                let service = &service;
                async move { service.verify(&token).await }
            }))
        };
        let (before, (erased, after)) = join(sights(half), join(service.erase(&known.id), sights(rest))).await;
        erased.unwrap();
        for answer in before.into_iter().chain(after) {
            match answer {
                Ok(answer) => assert_eq!(answer.user.unwrap().id, known.id, "nobody new was made"),
                Err(status) => assert_eq!(reason(&status), reason::USER_ERASED),
            }
        }
        for token in &tokens {
            assert_eq!(reason(&service.verify(token).await.unwrap_err()), reason::USER_ERASED);
        }
    }
    let left = everything(&service).await;
    assert!(!left.contains("ada "), "{left}");
}

#[tokio::test]
async fn a_backup_from_before_the_erasure_brings_nobody_back() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("erasures");
    let (issuer, remembered) = (Issuer::start().await, ["--erasures-file", file.to_str().unwrap()]);
    let url = issuer.base_url();
    let flags = |more: &[&'static str]| [&["--better-auth-url", url.as_str()], more].concat();
    let service = Service::start(&[flags(&[]).as_slice(), &remembered].concat()).await;
    let token = issuer.token("lovelace").sign();
    let (id, other) = (service.user(&token).await.id, issuer.token("hopper").sign());
    let other_id = service.user(&other).await.id;
    let backup = service.database.copy().await;
    service.erase(&id).await.unwrap();

    let forgetful = Service::over(backup.copy().await, &flags(&[]));
    assert_eq!(forgetful.user(&token).await.id, id, "without the file nobody knows");
    let restored = Service::over(backup, &[flags(&[]).as_slice(), &remembered].concat());
    auth_service::reconcile(&restored.config).await.unwrap();
    assert_eq!(reason(&restored.verify(&token).await.unwrap_err()), reason::USER_ERASED);
    assert_eq!(restored.user(&other).await.id, other_id);
    let left = everything(&restored).await;
    assert!(!left.contains("lovelace") && left.contains("hopper"), "{left}");
    restored.erase(&id).await.unwrap();
}
