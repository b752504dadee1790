//! Errors as clients see them: `application/problem+json` (RFC 9457) with a stable `code`.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kit::{error::Violation, request_id::RequestId};
use proto::reason;
use serde::Serialize;
use utoipa::ToSchema;

use crate::resource;

mod openai;
mod status;

pub(crate) use self::{openai::OpenAiProblem, status::from_status};

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How an error is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// As RFC 9457 has it.
    Problem,
    /// As clients of OpenAI's API read it.
    OpenAi,
}

impl Wording {
    /// Whoever calls this path reads errors in this form, whatever goes wrong.
    pub(crate) fn at(path: &str) -> Self {
        if path.starts_with("/v1/") { Self::OpenAi } else { Self::Problem }
    }
}

/// An error (RFC 9457). Programs switch on `code`; texts may change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `about:blank`: the status and the code say what it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable word.
    code: String,
    /// A sentence for a person.
    detail: String,
    /// Finds the request in the logs.
    request_id: String,
    /// Everything that is wrong with the request.
    errors: Vec<FieldError>,
    /// The run in the way of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    run_id: Option<String>,
    /// The run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<resource::Run>,
    /// Its answer, as far as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<resource::Message>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One broken place of a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct FieldError {
    /// Its path, as `sources[0].url`.
    field: String,
    /// A stable word.
    code: String,
    /// A sentence for a person.
    message: String,
}

/// What handlers answer instead of a result. Boxed: it is rare, and large.
pub(crate) type Refused = Box<Problem>;

impl Problem {
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Client Closed Request"),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
            run_id: None,
            run: None,
            message: None,
            headers: Vec::new(),
        })
    }

    /// Something broke on our side; what it was stands in the log.
    pub(crate) fn internal() -> Box<Self> {
        let detail = "something broke on our side; the request id finds it in the logs";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The request breaks its contract in these places.
    pub(crate) fn invalid(violations: Vec<Violation>) -> Box<Self> {
        let code = reason::INVALID_REQUEST.to_ascii_lowercase();
        let mut problem = Self::new(StatusCode::BAD_REQUEST, code, "the request is invalid; `errors` says where");
        problem.errors = Violation::told(violations)
            .map(|violation| FieldError {
                field: violation.field,
                code: violation.code.to_ascii_lowercase(),
                message: violation.message,
            })
            .collect();
        problem
    }

    /// One broken place.
    pub(crate) fn invalid_field(field: &str, code: &'static str, message: impl Into<String>) -> Box<Self> {
        Self::invalid(vec![Violation { field: field.to_owned(), code, message: message.into() }])
    }

    /// We have as much to do as we may.
    pub(crate) fn overloaded(detail: &'static str) -> Box<Self> {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).retry_after(Duration::from_secs(1))
    }

    /// A bare status of the framework, in our words.
    pub(crate) fn of_status(status: StatusCode) -> Box<Self> {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("route_not_found", "there is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "`Allow` names the methods of this address"),
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request took too long to arrive"),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the body is larger than allowed"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "send `content-type: application/json`"),
            StatusCode::GATEWAY_TIMEOUT => ("timeout", "the answer took too long"),
            status if status.is_client_error() => ("bad_request", "the request cannot be understood"),
            _ => return Self::internal(),
        };
        Self::new(status, code, detail)
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("made from a status")
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn retry_after(mut self: Box<Self>, wait: Duration) -> Box<Self> {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds.max(1))));
        self
    }

    /// Names the run in the way of the request.
    pub(crate) fn with_run_id(mut self: Box<Self>, run_id: impl Into<String>) -> Box<Self> {
        self.run_id = Some(run_id.into());
        self
    }

    /// Carries the run that failed, with what came of its answer.
    pub(crate) fn with_run(mut self: Box<Self>, run: resource::Run, message: resource::Message) -> Box<Self> {
        (self.run, self.message) = (Some(run), Some(message));
        self
    }

    fn challenge(mut self: Box<Self>, value: &str) -> Box<Self> {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (header::WWW_AUTHENTICATE, value)));
        self
    }

    /// Calls the fields of a history contract as the request at hand calls them.
    pub(crate) fn renamed(mut self: Box<Self>, names: &[(&str, &str)]) -> Box<Self> {
        for error in &mut self.errors {
            if let Some((_, name)) = names.iter().find(|(contract, _)| *contract == error.field) {
                (*name).clone_into(&mut error.field);
            }
        }
        self
    }

    /// Fills the body of its response, keeping what other layers added to the headers.
    pub(crate) fn render(&self, wording: Wording, request_id: &RequestId, response: &mut Response) {
        let problem = Self { request_id: request_id.as_str().to_owned(), ..self.clone() };
        let (media_type, body) = match wording {
            Wording::Problem => (MEDIA_TYPE, serde_json::to_vec(&problem)),
            Wording::OpenAi => (JSON, serde_json::to_vec(&OpenAiProblem::from(&problem))),
        };
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        if wording == Wording::OpenAi && self.run.is_some() {
            // A client that repeats this by itself asks the agent again, in another conversation.
            response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
        }
        *response.body_mut() = body.expect("strings and numbers are JSON").into();
    }
}

/// Rides on the response of somebody else, whose errors have a form of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// Rides on the response until the outermost layer, which knows the request id, writes the body.
#[derive(Clone)]
pub(crate) struct Pending(pub(crate) Arc<Problem>);

impl IntoResponse for Refused {
    fn into_response(mut self) -> Response {
        let mut response = self.status().into_response();
        response.headers_mut().extend(self.headers.drain(..));
        response.extensions_mut().insert(Pending(self.into()));
        response
    }
}
