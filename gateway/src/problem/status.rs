//! The one table from gRPC to HTTP.

use http::StatusCode;
use proto::reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{FieldError, Problem, Refused};

/// How the contracts call fields, and how REST does. `conversation.` and `_json` fall away besides.
const FIELDS: [(&str, &str); 7] = [
    ("page_size", "limit"),
    ("page_token", "cursor"),
    ("updated_from", "from"),
    ("updated_to", "to"),
    ("leaf_id", "leaf"),
    ("from_id", "from"),
    ("query", "q"),
];

/// The problem that a status of one of our services is. Only what carries our `ErrorInfo` speaks for itself.
pub(crate) fn from_status(status: &Status) -> Refused {
    let details = status.get_error_details();
    let ours = details.error_info().filter(|info| info.domain == reason::DOMAIN);
    let (http, code, detail) = table(status.code());
    let http = match ours.map(|info| info.reason.as_str()) {
        Some(reason::IDEMPOTENCY_KEY_REUSED) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => http,
    };
    if http == StatusCode::INTERNAL_SERVER_ERROR {
        return Problem::internal();
    }
    let code = ours.map_or_else(|| code.to_owned(), |info| info.reason.to_ascii_lowercase());
    let detail = if ours.is_some() { status.message() } else { detail };
    let mut problem = Problem::new(http, code, detail);
    problem.errors = violations(&details);
    problem.run_id = ours.and_then(|info| info.metadata.get(reason::METADATA_RUN_ID)).cloned();
    if http == StatusCode::UNAUTHORIZED {
        let challenge = challenge(&problem);
        return problem.challenge(&challenge);
    }
    let wait = details.retry_info().and_then(|info| info.retry_delay);
    match (http, wait) {
        (_, Some(wait)) => problem.retry_after(wait),
        (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, None) => {
            problem.retry_after(std::time::Duration::from_secs(2))
        }
        _ => problem,
    }
}

/// Status, code and text of an answer that says nothing about itself.
fn table(code: Code) -> (StatusCode, &'static str, &'static str) {
    match code {
        Code::InvalidArgument | Code::OutOfRange => {
            (StatusCode::BAD_REQUEST, "invalid_request", "the request is invalid")
        }
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "token_malformed", "the credential is not accepted"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "forbidden", "this is not allowed"),
        Code::NotFound => (StatusCode::NOT_FOUND, "not_found", "there is no such thing"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists", "it exists already"),
        Code::Aborted | Code::FailedPrecondition => (StatusCode::CONFLICT, "conflict", "this is not possible now"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "there is too much to do"),
        Code::Cancelled => {
            (StatusCode::from_u16(499).expect("three digits"), "cancelled", "the request was called off")
        }
        Code::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "not_implemented", "this does not exist yet"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", "a service is away"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "timeout", "the answer took too long"),
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", "")
        }
    }
}

fn violations(details: &ErrorDetails) -> Vec<FieldError> {
    let fields = details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
    let error = |violation: &tonic_types::FieldViolation| {
        let field = violation.field.strip_prefix("conversation.").unwrap_or(&violation.field);
        let field = field.strip_suffix("_json").unwrap_or(field);
        let field = FIELDS.iter().find(|(contract, _)| *contract == field).map_or(field, |(_, name)| name);
        let code = match violation.reason.as_str() {
            "" => reason::FIELD_INVALID,
            reason => reason,
        };
        let (code, message) = (code.to_ascii_lowercase(), violation.description.clone());
        FieldError { field: field.to_owned(), code, message }
    };
    fields.iter().map(error).collect()
}

/// RFC 6750 §3: no error where nothing was sent.
fn challenge(problem: &Problem) -> String {
    if problem.code.eq_ignore_ascii_case(reason::TOKEN_MISSING) {
        return "Bearer".to_owned();
    }
    let quotable = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    let description: String = problem.detail.chars().filter(quotable).collect();
    format!(r#"Bearer error="invalid_token", error_description="{description}""#)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use kit::error::{Error, RefusalKind, Violations};

    use super::*;

    fn line(problem: &Problem) -> String {
        let headers: Vec<_> =
            problem.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        format!("{} {} {:?} {}", problem.status, problem.code, problem.detail, headers.join(", ")).trim_end().to_owned()
    }

    #[test]
    fn every_code_has_its_answer() {
        let mut table = String::new();
        for code in (0..=16).map(Code::from_i32) {
            let problem = from_status(&Status::new(code, "password=hunter2"));
            writeln!(table, "{code:?}: {}", line(&problem)).unwrap();
        }
        assert!(!table.contains("hunter2"));
        insta::assert_snapshot!(table);
    }

    #[test]
    fn our_own_errors_speak_for_themselves() {
        let mut violations = Violations::new();
        violations.add("page_token", "INVALID", "no token of ours");
        violations.add("conversation.metadata_json", "TOO_LONG", "at most 16 KiB");
        let refused = |kind, reason| Error::refused(kind, reason, "a \"sentence\"");
        let mut table = String::new();
        for error in [
            violations.finish().unwrap_err(),
            refused(RefusalKind::Unauthenticated, reason::TOKEN_MISSING),
            refused(RefusalKind::Unauthenticated, reason::TOKEN_EXPIRED),
            refused(RefusalKind::Unauthenticated, reason::TOKEN_REVOKED),
            refused(RefusalKind::Unauthenticated, reason::SESSION_NOT_FOUND),
            refused(RefusalKind::Unauthenticated, reason::USER_BANNED),
            refused(RefusalKind::Unauthenticated, reason::USER_ERASED),
            Error::exhausted(reason::TOO_MANY_FAILURES, "wait", std::time::Duration::from_millis(100)),
            refused(RefusalKind::Invalid, reason::IDEMPOTENCY_KEY_REUSED),
            refused(RefusalKind::Conflict, reason::RUN_IN_PROGRESS).with("run_id", "7"),
            Error::Unavailable {
                reason: reason::DATABASE_UNAVAILABLE,
                message: "away",
                retry_after: std::time::Duration::from_millis(1500),
                source: None,
            },
            Error::internal(anyhow::anyhow!("password=hunter2")),
        ] {
            let problem = from_status(&error.into());
            let fields: Vec<_> = problem.errors.iter().map(|error| (&*error.field, &*error.code)).collect();
            writeln!(table, "{} {fields:?} {:?}", line(&problem), problem.run_id).unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
