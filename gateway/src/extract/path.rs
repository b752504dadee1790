//! The id or name in the path.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use proto::{limit, reason};
use uuid::Uuid;

use crate::problem::{Problem, Refused};

/// The `{id}` of a route, in the form that the services use.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

/// The `{id}` of a route where it is a name that others gave: any text, percent-decoded.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let refused = || Problem::invalid_field("id", reason::FIELD_INVALID, "must be text of 1 to 200 characters");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| refused())?;
        let (_, name) = params.iter().find(|(name, _)| *name == "id").ok_or_else(refused)?;
        let fits = (1..=limit::CLIENT_ID).contains(&name.chars().count()) && !name.contains('\0');
        fits.then(|| Self(name.to_owned())).ok_or_else(refused)
    }
}

/// The `{agent}` of a route.
#[derive(Debug)]
pub(crate) struct AgentName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for AgentName {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let refused = || Problem::invalid_field("agent", reason::FIELD_INVALID, "must be the name of an agent");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| refused())?;
        let (_, name) = params.iter().find(|(name, _)| *name == "agent").ok_or_else(refused)?;
        Ok(Self(name.to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let refused = || Problem::invalid_field("id", reason::FIELD_INVALID, "must be a UUID");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| refused())?;
        let (_, id) = params.iter().find(|(name, _)| *name == "id").ok_or_else(refused)?;
        Uuid::try_parse(id).map(|id| Self(id.to_string())).map_err(|_| refused())
    }
}
