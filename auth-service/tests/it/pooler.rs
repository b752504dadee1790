//! Behind PgBouncer in transaction mode, without prepared statements.

use futures_util::future::join_all;
use proto::{auth::v1::RevokeTokensRequest, reason};
use secrecy::ExposeSecret as _;
use testkit::{PgBouncer, issuer::Issuer};

use crate::service::{Service, as_operator, database, reason};

#[tokio::test]
async fn many_users_come_and_go_over_two_connections() {
    let issuer = Issuer::start().await;
    let pooler = PgBouncer::start(2);
    let database = database().await;
    let url = pooler.service_url(&database);
    let flags = ["--better-auth-url", &issuer.base_url(), "--database-statement-cache", "0"];
    let service = Service::on(database, url.expose_secret(), &flags);
    join_all((0..12).map(async |index| {
        let name = format!("user-{index}");
        let token = issuer.token(&name).issued(-60).sign();
        let user = service.user(&token).await;
        assert_eq!(user.subject, name);
        let renamed = issuer.token(&name).issued(-50).claim("name", name.clone()).sign();
        assert_eq!(service.user(&renamed).await.name, Some(name.clone()));
        let everything = RevokeTokensRequest { user_id: user.id.clone(), ..RevokeTokensRequest::default() };
        service.revoke(as_operator(everything)).await.unwrap();
        assert_eq!(reason(&service.verify(&token).await.unwrap_err()), reason::TOKEN_REVOKED);
        assert_eq!(service.user(&issuer.token(&name).issued(2).sign()).await.id, user.id);
        service.erase(&user.id).await.unwrap();
        assert!(service.verify(&issuer.token(&name).issued(3).sign()).await.is_err());
    }))
    .await;
}
