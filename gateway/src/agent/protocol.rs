//! The table of protocols: where a question goes, what it says, and who reads the answer. Another one, as OpenAI's
//! responses, is a file beside this one, a variant of [`AgentProtocol`] and an arm in each of these.

use url::Url;

use super::{Agent, Question, Reader, ag_ui, ai_sdk, native, openai_chat};
use crate::config::AgentProtocol;

const STREAM: &str = "text/event-stream";
const STREAM_OR_JSON: &str = "text/event-stream, application/json";

impl AgentProtocol {
    /// Where an agent that was configured with this address takes questions.
    pub(super) fn address(self, url: &Url) -> Url {
        match self {
            Self::Native | Self::AiSdk | Self::AgUi => url.clone(),
            Self::OpenaiChat => openai_chat::address(url),
        }
    }

    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::Native | Self::OpenaiChat => STREAM_OR_JSON,
            Self::AiSdk | Self::AgUi => STREAM,
        }
    }

    pub(super) fn body(self, agent: &Agent, question: &Question) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Native => native::request(agent, question),
            Self::OpenaiChat => openai_chat::request(agent, question),
            Self::AiSdk => ai_sdk::request(agent, question),
            Self::AgUi => ag_ui::request(agent, question),
        }
    }

    pub(super) fn reader(self) -> Box<dyn Reader> {
        match self {
            Self::Native => Box::new(native::Answer),
            Self::OpenaiChat => Box::<openai_chat::Answer>::default(),
            Self::AiSdk => Box::<ai_sdk::Answer>::default(),
            Self::AgUi => Box::<ag_ui::Answer>::default(),
        }
    }
}
