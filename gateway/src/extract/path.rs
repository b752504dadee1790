//! The id in the path.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use proto::reason;
use uuid::Uuid;

use crate::problem::{Problem, Refused};

/// The `{id}` of a route, in the form that the services use.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let refused = || Problem::invalid_field("id", reason::FIELD_INVALID, "must be a UUID");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| refused())?;
        let (_, id) = params.iter().find(|(name, _)| *name == "id").ok_or_else(refused)?;
        Uuid::try_parse(id).map(|id| Self(id.to_string())).map_err(|_| refused())
    }
}
