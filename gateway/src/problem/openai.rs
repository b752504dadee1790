//! Errors as clients of OpenAI's API read them.

use serde::Serialize;
use utoipa::ToSchema;

use super::{FieldError, Problem};

/// An error of the routes below `/v1`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiProblem<'a> {
    error: OpenAiError<'a>,
}

/// What went wrong. Programs switch on `code`; texts may change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiError<'a> {
    /// A sentence for a person.
    message: String,
    /// The kind of the error, in words of OpenAI's.
    r#type: &'static str,
    /// The first broken place of the request.
    param: Option<&'a str>,
    /// A stable word.
    code: &'a str,
    /// Finds the request in the logs.
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    /// Everything that is wrong with the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl<'a> From<&'a Problem> for OpenAiProblem<'a> {
    fn from(problem: &'a Problem) -> Self {
        let first = problem.errors.first();
        let message = match first {
            Some(error) if !error.field.is_empty() => format!("{}: {}", error.field, error.message),
            Some(error) => error.message.clone(),
            None => problem.detail.clone(),
        };
        let error = OpenAiError {
            message,
            r#type: kind(problem.status),
            param: first.map(|error| error.field.as_str()),
            code: &problem.code,
            request_id: &problem.request_id,
            errors: &problem.errors,
        };
        Self { error }
    }
}

fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        429 => "rate_limit_error",
        400..500 => "invalid_request_error",
        _ => "server_error",
    }
}
