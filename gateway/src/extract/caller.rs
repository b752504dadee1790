//! The user behind a request's credential.

use std::{sync::Arc, time::SystemTime};

use axum::extract::FromRequestParts;
use http::request::Parts;
use kit::{
    caller::{Presented, UserId, VerifyToken as _},
    client,
    request_id::RequestId,
};
use proto::auth::v1::User;

use crate::{
    app::App,
    problem::{self, Refused},
    quota::Told,
};

/// Who asks, and in which request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: UserId,
    pub(crate) user: Arc<User>,
    pub(crate) request_id: RequestId,
    /// What is counted for this request.
    pub(crate) told: Told,
}

impl Caller {
    /// A call to another service on their behalf. It works on after their token has expired.
    pub(crate) fn ask<T>(&self, message: T) -> tonic::Request<T> {
        client::request_for(message, self.user_id, &self.request_id)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::generate);
        let (token, client) = (app.credentials.of(parts)?, app.clients.address(parts));
        let presented = Presented { token, client, request_id: Some(&request_id) };
        let identity = app.verifier.verify(presented).await.map_err(|status| problem::from_status(&status))?;
        tracing::Span::current().record("user.id", tracing::field::display(identity.user_id));
        let told = Told::of(&parts.extensions);
        app.allowance.take(identity.user_id, &told, SystemTime::now())?;
        Ok(Self { user_id: identity.user_id, user: identity.user, request_id, told })
    }
}
