//! How an agent can fail: a stable code and a sentence, both saved with the run.

use ::http::StatusCode;

/// An agent's failure.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct AgentError {
    pub(crate) fault: AgentFault,
    /// A sentence for a person. It goes out: it names no address and no secret.
    pub(crate) message: String,
    /// Whether it says that the agent as a whole is down, not that this question was wrong.
    down: bool,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgentFault {
    /// It could not be connected to.
    Unreachable,
    /// It was silent for too long.
    Timeout,
    /// It said itself that it failed.
    Error,
    /// It said something that is no answer.
    BadResponse,
    /// It broke off.
    Cut,
    /// It said more than is accepted.
    TooLarge,
}

impl AgentFault {
    const ALL: [Self; 6] =
        [Self::Unreachable, Self::Timeout, Self::Error, Self::BadResponse, Self::Cut, Self::TooLarge];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "agent_unreachable",
            Self::Timeout => "agent_timeout",
            Self::Error => "agent_error",
            Self::BadResponse => "agent_bad_response",
            Self::Cut => "agent_cut",
            Self::TooLarge => "agent_answer_too_large",
        }
    }

    /// The HTTP status for a stored code.
    pub(crate) fn http_status(code: &str) -> Option<StatusCode> {
        Self::ALL.into_iter().find(|fault| fault.code() == code).map(|fault| match fault {
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        })
    }
}

impl AgentError {
    pub(crate) fn new(fault: AgentFault, message: impl Into<String>) -> Self {
        let down = matches!(fault, AgentFault::Unreachable | AgentFault::Timeout);
        Self { fault, message: message.into(), down }
    }

    /// The same, as a sign that the agent is down.
    pub(super) fn of_one_down(self) -> Self {
        Self { down: true, ..self }
    }

    /// The same, of an agent that went on speaking: a long answer, or one that waited for our history, speaks against no
    /// other.
    pub(super) fn of_one_alive(self) -> Self {
        Self { down: false, ..self }
    }

    pub(super) fn is_down(&self) -> bool {
        self.down
    }

    pub(crate) fn bad_response(message: impl Into<String>) -> Self {
        Self::new(AgentFault::BadResponse, message)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(AgentFault::TooLarge, "the agent's answer is larger than this gateway accepts")
    }

    /// The same, with every mention of a secret blacked out.
    pub(crate) fn without(self, secret: &str) -> Self {
        if secret.is_empty() { self } else { Self { message: self.message.replace(secret, "[key]"), ..self } }
    }

    /// What the agent said about its own failure, cut to a length that fits an error.
    pub(crate) fn own_words(said: &str) -> Self {
        const LONGEST: usize = 1000;
        let said: String = said.chars().filter(|c| !c.is_control() || *c == '\n').take(LONGEST).collect();
        let said = said.trim();
        let message = if said.is_empty() { "the agent failed and did not say why" } else { said };
        Self::new(AgentFault::Error, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_an_agent_repeats_goes_no_further() {
        let error = AgentError::own_words("bad key: Bearer sk-secret (sk-secret)").without("sk-secret");
        assert_eq!(error.message, "bad key: Bearer [key] ([key])");
    }
}
