//! A JSON body, read whole before anything is done: ours, where every member is known, or another protocol's, which may have
//! more members than we know.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request},
    response::IntoResponse as _,
};
use http::{HeaderMap, StatusCode, header};
use proto::reason;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    app::App,
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
        match Fields::parse(&arrived(request, state).await?) {
            Ok(read) => Ok(Self(read)),
            Err(Unreadable::Invalid(violations)) => Err(Problem::invalid(violations)),
            Err(unreadable) => Err(malformed(&unreadable)),
        }
    }
}

/// A body of another protocol's, which may repeat what was said before.
#[derive(Debug)]
pub(crate) struct Foreign<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Foreign<T> {
    type Rejection = Refused;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Refused> {
        if !is_json(request.headers()) {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        DefaultBodyLimit::max(app.largest_repetition).apply(&mut request);
        foreign(&arrived(request, app).await?).map(Self)
    }
}

/// The same where there need not be one.
#[derive(Debug)]
pub(crate) struct ForeignIfAny<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for ForeignIfAny<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let bytes = arrived(request, app).await?;
        if bytes.trim_ascii().is_empty() { Ok(Self(T::default())) } else { foreign(&bytes).map(Self) }
    }
}

async fn arrived<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refused> {
    let arrival = tokio::time::timeout(ARRIVAL, Bytes::from_request(request, state)).await;
    arrival
        .map_err(|_| Problem::of_status(StatusCode::REQUEST_TIMEOUT))?
        .map_err(|rejection| Problem::of_status(rejection.into_response().status()))
}

fn foreign<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => Problem::invalid_field("", reason::FIELD_INVALID, error.to_string()),
        _ => malformed(&Unreadable::from(error)),
    })
}

fn malformed(unreadable: &Unreadable) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", unreadable.to_string())
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
