//! What an agent is given to read.

use crate::word::Role;

/// How much of a path an agent is given at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) messages: usize,
    /// None means no bound but the statement's own.
    pub(crate) characters: Option<i64>,
}

/// A message as an agent reads it.
#[derive(Debug)]
pub(crate) struct ContextMessage {
    pub(crate) role: Role,
    pub(crate) content: String,
}
