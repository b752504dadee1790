//! How an agent can fail: a stable code and a sentence, both saved with the run.

use http::StatusCode;

use super::json;

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

    /// What the agent said about its own failure.
    pub(super) fn own_words(said: impl Into<String>) -> Self {
        Self::new(AgentFault::Error, json::whole(said.into()))
    }

    /// The same, fit to go out: with every mention of a secret blacked out, and then cut to a length that fits an error.
    pub(super) fn fit_to_tell(self, secret: Option<&str>) -> Self {
        const LONGEST: usize = 1000;
        let said: String = self.message.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let whole = match secret.map(str::trim).filter(|secret| !secret.is_empty()) {
            Some(secret) => said.replace(secret, "[key]"),
            None => said,
        };
        let told: String = whole.trim().chars().take(LONGEST).collect();
        let told = told.trim();
        let message = if told.is_empty() { "the agent failed and did not say why" } else { told };
        Self { message: message.to_owned(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_an_agent_repeats_goes_no_further() {
        let told = |said: &str| AgentError::own_words(said).fit_to_tell(Some("sk-secret")).message;
        assert_eq!(told("bad key: Bearer sk-secret (sk-secret)"), "bad key: Bearer [key] ([key])");
        assert_eq!(told("bad key: sk-\u{1b}secret"), "bad key: [key]");
        for before in 985..=1000 {
            let told = told(&format!("{}sk-secret", "x".repeat(before)));
            assert!(told.len() <= 1000 && !told.contains("sk"), "{told}");
        }
    }

    #[test]
    fn words_of_an_agent_are_cut_and_command_no_terminal() {
        for (said, told) in [
            ("", "the agent failed and did not say why".to_owned()),
            (" \u{7} ", "the agent failed and did not say why".to_owned()),
            ("no\r\n\u{1b}[31mtea ", "no\n[31mtea".to_owned()),
            (&"ü".repeat(2000), "ü".repeat(1000)),
        ] {
            assert_eq!(AgentError::own_words(said).fit_to_tell(None).message, told);
        }
    }
}
