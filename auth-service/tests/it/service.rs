//! The service as the tests use it: on a database of their own, with clients that sit right on it.

use auth_service::Config;
use axum::Router;
use clap::Parser;
use prost_types::Timestamp;
use proto::auth::v1::{
    DeleteUserRequest, ExplainTokenRequest, ExplainTokenResponse, GetMeRequest, GetUserRequest, IntrospectTokenRequest,
    IntrospectTokenResponse, RevokeTokensRequest, User, VerifyTokenRequest, VerifyTokenResponse,
    auth_service_client::AuthServiceClient, user_service_client::UserServiceClient,
};
use secrecy::ExposeSecret as _;
use testkit::{TestDatabase, better_auth::BetterAuth, issuer::Issuer};
use tonic::{Request, Status};
use tonic_types::{ErrorInfo, StatusExt as _};

/// Of a service with the usual permissions.
pub(crate) const SERVICE_KEY: &str = "the-key-of-the-gateway";
/// Of a service that may do everything.
pub(crate) const OPERATOR_KEY: &str = "the-key-of-an-operator";
/// Of a service that may read users and no more.
pub(crate) const DIRECTORY_KEY: &str = "the-key-of-a-directory";

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

/// A configuration from flags, as a program would read it.
pub(crate) fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
    Flags::try_parse_from(["auth-service"].iter().chain(flags)).map(|flags| flags.config)
}

pub(crate) async fn database() -> TestDatabase {
    TestDatabase::create("auth", |owner_url| async move { auth_service::migrate(&owner_url).await }).await
}

pub(crate) struct Service {
    pub(crate) database: TestDatabase,
    pub(crate) config: Config,
    router: Router,
}

impl Service {
    /// A service that accepts tokens of this Better Auth.
    pub(crate) async fn of(issuer: &Issuer) -> Self {
        Self::start(&["--better-auth-url", &issuer.base_url()]).await
    }

    /// The same of a real one.
    pub(crate) async fn at(better_auth: &BetterAuth) -> Self {
        Self::start(&["--better-auth-url", &better_auth.base_url()]).await
    }

    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::over(database().await, flags)
    }

    /// A service on this database.
    pub(crate) fn over(database: TestDatabase, flags: &[&str]) -> Self {
        let url = database.service_url.clone();
        Self::on(database, url.expose_secret(), flags)
    }

    /// A service that reaches this database by a URL of its own.
    pub(crate) fn on(database: TestDatabase, url: &str, flags: &[&str]) -> Self {
        let services = format!(
            "gateway:{SERVICE_KEY},history:another-long-service-key,operator:{OPERATOR_KEY},directory:{DIRECTORY_KEY}"
        );
        let base = [
            "--auth-database-url",
            url,
            "--service-keys",
            &services,
            "--service-permissions",
            "operator:verify+act+users+explain+admin,directory:users",
        ];
        let config = parse(&[&base, flags].concat()).unwrap();
        let router = auth_service::services(&config).unwrap().into_router();
        Self { database, config, router }
    }

    pub(crate) fn auth(&self) -> AuthServiceClient<Router> {
        AuthServiceClient::new(self.router.clone())
    }

    pub(crate) fn users(&self) -> UserServiceClient<Router> {
        UserServiceClient::new(self.router.clone())
    }

    /// Asks about a token, as the gateway.
    pub(crate) async fn verify(&self, token: &str) -> Result<VerifyTokenResponse, Status> {
        let request = as_service(VerifyTokenRequest { token: token.to_owned(), ..VerifyTokenRequest::default() });
        self.auth().verify_token(request).await.map(tonic::Response::into_inner)
    }

    /// The user behind a token that must be good.
    pub(crate) async fn user(&self, token: &str) -> User {
        self.verify(token).await.unwrap().user.unwrap()
    }

    pub(crate) async fn revoke(&self, request: Request<RevokeTokensRequest>) -> Result<Timestamp, Status> {
        let answer = self.users().revoke_tokens(request).await?;
        Ok(answer.into_inner().not_before.unwrap())
    }

    pub(crate) async fn erase(&self, user_id: &str) -> Result<Timestamp, Status> {
        let request = as_operator(DeleteUserRequest { user_id: user_id.to_owned() });
        let answer = self.users().delete_user(request).await?;
        Ok(answer.into_inner().erased_at.unwrap())
    }

    /// What is said about a token to those who ask whether it is good.
    pub(crate) async fn introspect(&self, token: &str) -> Result<IntrospectTokenResponse, Status> {
        let request = as_service(IntrospectTokenRequest { token: token.to_owned() });
        self.auth().introspect_token(request).await.map(tonic::Response::into_inner)
    }

    /// Why a token is accepted or refused.
    pub(crate) async fn explain(&self, token: &str) -> Result<ExplainTokenResponse, Status> {
        let request = as_operator(ExplainTokenRequest { token: token.to_owned() });
        self.auth().explain_token(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn get_me(&self, request: Request<GetMeRequest>) -> Result<User, Status> {
        let answer = self.users().get_me(request).await?;
        Ok(answer.into_inner().user.unwrap())
    }

    pub(crate) async fn get_user(&self, request: Request<GetUserRequest>) -> Result<User, Status> {
        let answer = self.users().get_user(request).await?;
        Ok(answer.into_inner().user.unwrap())
    }
}

pub(crate) fn with_bearer<T>(message: T, credential: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {credential}").parse().unwrap());
    request
}

pub(crate) fn as_service<T>(message: T) -> Request<T> {
    with_bearer(message, SERVICE_KEY)
}

pub(crate) fn as_operator<T>(message: T) -> Request<T> {
    with_bearer(message, OPERATOR_KEY)
}

pub(crate) fn acting_for<T>(mut request: Request<T>, user: &str) -> Request<T> {
    request.metadata_mut().insert("x-act-as", user.parse().unwrap());
    request
}

pub(crate) fn info(status: &Status) -> ErrorInfo {
    status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"))
}

pub(crate) fn reason(status: &Status) -> String {
    info(status).reason
}
