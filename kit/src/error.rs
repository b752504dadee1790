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
    /// There was too much of it; waiting helps. The client's affair, unlike [`Error::Unavailable`].
    #[error("{message}")]
    Exhausted {
        /// One of [`proto::reason`].
        reason: &'static str,
        /// A sentence for the client.
        message: &'static str,
        /// When to try again.
        retry_after: Duration,
        /// What a program may want to know besides.
        metadata: BTreeMap<&'static str, String>,
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

    /// Too much from one side.
    pub fn exhausted(reason: &'static str, message: &'static str, retry_after: Duration) -> Self {
        Self::Exhausted { reason, message, retry_after, metadata: BTreeMap::new() }
    }

    /// Adds what a program may want to know; meaningful where the client is to blame.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if let Self::Refused(Refusal { metadata, .. }) | Self::Exhausted { metadata, .. } = &mut self {
            metadata.insert(key, value.into());
        }
        self
    }

    /// An error of ours.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self::Internal(source.into())
    }
}

impl Violation {
    /// How many an answer tells at most: more help nobody, and an answer must not outgrow its request.
    const MOST: usize = 32;
    const LONGEST_FIELD: usize = 100;
    const LONGEST_MESSAGE: usize = 200;

    /// What an answer tells of these: so many, each cut to a length, and how many there are besides.
    pub fn told(violations: Vec<Self>) -> impl Iterator<Item = Self> {
        let besides = violations.len().saturating_sub(Self::MOST);
        let last = (besides > 0).then(|| Self {
            field: String::new(),
            code: reason::FIELD_INVALID,
            message: format!("and {besides} more"),
        });
        let cut = |text: String, longest| match text.char_indices().nth(longest) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        let told = violations.into_iter().take(Self::MOST).map(move |violation| Self {
            field: cut(violation.field, Self::LONGEST_FIELD),
            code: violation.code,
            message: cut(violation.message, Self::LONGEST_MESSAGE),
        });
        told.chain(last)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_never_outgrows_its_request() {
        let wrong = |index: usize| Violation {
            field: format!("{index}{}", "ü".repeat(1_000)),
            code: reason::FIELD_UNKNOWN,
            message: "is not known here".to_owned(),
        };
        let told = Violation::told((0..5_000).map(wrong).collect()).collect::<Vec<_>>();
        assert_eq!(told.len(), 33);
        assert!(told.iter().all(|violation| violation.field.chars().count() <= 101));
        assert_eq!(told[32].message, "and 4968 more");
    }
}
