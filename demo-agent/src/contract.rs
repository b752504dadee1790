//! What comes in and goes out: the native agent contract.

use serde::{Deserialize, Serialize};

/// The body of `POST /run`, as far as this agent needs it. Other fields are welcome.
#[derive(Debug, Deserialize)]
pub(crate) struct RunRequest {
    input: Option<String>,
    #[serde(default)]
    messages: Vec<Message>,
}

/// A message of the conversation so far.
#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: String,
}

impl RunRequest {
    /// Reads a request. The error says what is wrong and where.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let request: Self =
            serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
                serde_json::error::Category::Data => format!("{error}"),
                _ => format!("the body is no JSON: {}", error.inner()),
            })?;
        json.end().map_err(|error| format!("the body is no JSON: {error}"))?;
        if request.input.is_none() && request.user_messages().next().is_none() {
            return Err("input: the question is missing".to_owned());
        }
        Ok(request)
    }

    /// What is asked.
    pub(crate) fn question(&self) -> &str {
        self.input.as_deref().or_else(|| self.user_messages().next_back()).unwrap_or_default().trim()
    }

    /// What was asked before, oldest first. The context may or may not end with the question itself.
    pub(crate) fn earlier_questions(&self) -> Vec<&str> {
        let mut earlier = self.user_messages().collect::<Vec<_>>();
        earlier.pop_if(|last| last.trim() == self.question());
        earlier
    }

    fn user_messages(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.messages.iter().filter(|message| message.role == "user").map(|message| message.content.as_str())
    }
}

/// The answer as one JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct RunResponse {
    pub(crate) output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) usage: Usage,
}

/// What an answer is taken from.
#[derive(Debug, Serialize)]
pub(crate) struct Source {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) snippet: String,
    pub(crate) score: f64,
    pub(crate) span: Span,
    pub(crate) content_hash: String,
    pub(crate) metadata: SourceMetadata,
}

/// The part of the output that a source supports, in characters.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Where in the files a source stands.
#[derive(Debug, Serialize)]
pub(crate) struct SourceMetadata {
    pub(crate) path: String,
    pub(crate) line: usize,
}

/// What an answer cost. This agent has no model: its tokens are words.
#[derive(Debug, Default, Clone, Copy, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the contract's")]
pub(crate) struct Usage {
    input_tokens: usize,
    output_tokens: usize,
    total_tokens: usize,
}

impl Usage {
    pub(crate) fn counted<'a>(read: impl Iterator<Item = &'a str>, written: &str) -> Self {
        let input_tokens = read.map(|text| text.split_whitespace().count()).sum();
        let output_tokens = written.split_whitespace().count();
        Self { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens }
    }
}

/// An answer that is none.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) error: ProblemBody,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemBody {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}
