//! A JSON body, read whole before anything is done.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::IntoResponse as _,
};
use http::{HeaderMap, StatusCode, header};

use crate::{
    fields::{Fields, FromFields, Unreadable},
    problem::{Problem, Refused},
};

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);

/// A body that keeps its contract.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: FromFields, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        if !is_json(request.headers()) {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let arrival = tokio::time::timeout(ARRIVAL, Bytes::from_request(request, state)).await;
        let bytes = arrival
            .map_err(|_| Problem::of_status(StatusCode::REQUEST_TIMEOUT))?
            .map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
        match Fields::parse(&bytes) {
            Ok(read) => Ok(Self(read)),
            Err(Unreadable::Invalid(violations)) => Err(Problem::invalid(violations)),
            Err(unreadable) => Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_json", unreadable.to_string())),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
