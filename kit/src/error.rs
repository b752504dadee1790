//! Errors of use cases, in words that have nothing to do with a transport. `status` maps them to gRPC.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use proto::reason;

/// What a use case answers instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks its contract, in each of these places.
    #[error("the request is invalid")]
    Invalid(Vec<Violation>),
    /// The request is understood and refused.
    #[error(transparent)]
    Refused(Refusal),
    /// Something we need is away; trying again later helps.
    #[error("{message}")]
    Unavailable {
        /// One of [`proto::reason`].
        reason: &'static str,
        /// A sentence for the client.
        message: &'static str,
        /// When to try again.
        retry_after: Duration,
        /// What happened, for the log.
        source: Option<anyhow::Error>,
    },
    /// Something broke. The source goes to the log and never to a client.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// One broken place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, as in the contract.
    pub field: String,
    /// One of the `FIELD_*` codes of [`proto::reason`].
    pub code: &'static str,
    /// A sentence for the client.
    pub message: String,
}

/// A refusal with its stable reason.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Which family of answers it belongs to.
    pub kind: RefusalKind,
    /// One of [`proto::reason`].
    pub reason: &'static str,
    /// A sentence for the client.
    pub message: Cow<'static, str>,
    /// What a program may want to know besides.
    pub metadata: BTreeMap<&'static str, String>,
}

/// Families of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// We do not know who is calling.
    Unauthenticated,
    /// We know, and they may not.
    Forbidden,
    /// It does not exist, for this caller.
    NotFound,
    /// It exists already, and differs.
    AlreadyExists,
    /// The state of things forbids it now.
    Conflict,
    /// It can never be right, though no single field is to blame.
    Invalid,
}

impl Error {
    /// A refusal.
    pub fn refused(kind: RefusalKind, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let (message, metadata) = (message.into(), BTreeMap::new());
        Self::Refused(Refusal { kind, reason, message, metadata })
    }

    /// Nothing there, for this caller.
    pub fn not_found(reason: &'static str, message: &'static str) -> Self {
        Self::refused(RefusalKind::NotFound, reason, message)
    }

    /// Adds what a program may want to know; meaningful on refusals.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.metadata.insert(key, value.into());
        }
        self
    }

    /// An error of ours.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self::Internal(source.into())
    }
}

/// Collects what is wrong with a request, so that the client learns all of it at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one.
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Violation { field: field.into(), code, message: message.into() });
    }

    /// Takes the value of a parse, or notes that the field is invalid.
    pub fn check<T, E: std::fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|problem| self.add(field, reason::FIELD_INVALID, problem.to_string())).ok()
    }

    /// Succeeds when nothing was noted.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
