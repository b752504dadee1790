//! The one table from errors to gRPC. The source of an error is logged here, once, and goes no further.

use std::collections::{BTreeMap, HashMap};

use proto::reason::{DOMAIN, INTERNAL, INVALID_REQUEST};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::error::{Error, RefusalKind, Violation};

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let mut details = ErrorDetails::new();
        let (code, message) = match error {
            Error::Invalid(violations) => {
                details.set_error_info(INVALID_REQUEST, DOMAIN, HashMap::new());
                let fields = Violation::told(violations).map(|violation| FieldViolation {
                    reason: violation.code.to_owned(),
                    ..FieldViolation::new(violation.field, violation.message)
                });
                details.set_bad_request(fields.collect::<Vec<_>>());
                (Code::InvalidArgument, "the request is invalid".to_owned())
            }
            Error::Refused(refusal) => {
                details.set_error_info(refusal.reason, DOMAIN, owned(refusal.metadata));
                (code(refusal.kind), refusal.message.into_owned())
            }
            Error::Exhausted { reason, message, retry_after, metadata } => {
                details.set_error_info(reason, DOMAIN, owned(metadata));
                details.set_retry_info(Some(retry_after));
                (Code::ResourceExhausted, message.to_owned())
            }
            Error::Unavailable { reason, message, retry_after, source } => {
                // Without a cause, whoever noticed has told of it: one line a request would be a flood.
                if let Some(source) = source {
                    tracing::warn!(error = format!("{source:#}"), reason, "{message}");
                }
                details.set_error_info(reason, DOMAIN, HashMap::new());
                details.set_retry_info(Some(retry_after));
                (Code::Unavailable, message.to_owned())
            }
            Error::Internal(source) => {
                tracing::error!(error = format!("{source:#}"), "request failed");
                details.set_error_info(INTERNAL, DOMAIN, HashMap::new());
                (Code::Internal, "internal error".to_owned())
            }
        };
        Status::with_error_details(code, message, details)
    }
}

fn owned(metadata: BTreeMap<&'static str, String>) -> HashMap<String, String> {
    metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn code(kind: RefusalKind) -> Code {
    match kind {
        RefusalKind::Unauthenticated => Code::Unauthenticated,
        RefusalKind::Forbidden => Code::PermissionDenied,
        RefusalKind::NotFound => Code::NotFound,
        RefusalKind::AlreadyExists => Code::AlreadyExists,
        RefusalKind::Conflict => Code::FailedPrecondition,
        RefusalKind::Invalid => Code::InvalidArgument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Violations;

    #[test]
    fn every_violation_reaches_the_client() {
        let mut violations = Violations::new();
        violations.add("title", "TOO_LONG", "at most 500 characters");
        violations.add("page_size", "OUT_OF_RANGE", "1 to 100");
        let status = Status::from(violations.finish().unwrap_err());
        let bad_request = status.get_details_bad_request().unwrap();
        let fields = bad_request.field_violations.iter().map(|v| (v.field.as_str(), v.reason.as_str()));
        assert_eq!(fields.collect::<Vec<_>>(), [("title", "TOO_LONG"), ("page_size", "OUT_OF_RANGE")]);
        assert_eq!(status.code(), Code::InvalidArgument);
    }

    #[test]
    fn an_internal_error_keeps_its_source_to_itself() {
        let status = Status::from(Error::internal(anyhow::anyhow!("password=hunter2")));
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
        assert!(!String::from_utf8_lossy(status.details()).contains("hunter2"));
    }

    #[test]
    fn a_refusal_carries_reason_and_metadata() {
        let error = Error::refused(RefusalKind::Conflict, "RUN_IN_PROGRESS", "busy").with("run_id", "7");
        let status = Status::from(error);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("RUN_IN_PROGRESS", DOMAIN));
        assert_eq!(info.metadata["run_id"], "7");
    }

    #[test]
    fn too_much_says_when_to_try_again() {
        let wait = std::time::Duration::from_millis(1_500);
        let status = Status::from(Error::exhausted("TOO_MANY_FAILURES", "wait", wait).with("field", "token"));
        assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "wait"));
        assert_eq!(status.get_details_error_info().unwrap().metadata["field"], "token");
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(wait));
    }
}
