//! Which agents there are: one by flags, or several by a file.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

mod file;

use self::file::File;
use super::LONGEST_TIME;

/// The name of the one agent that flags describe.
const ONLY: &str = "default";

/// Which agents there are.
#[derive(Debug, Clone, clap::Args)]
pub struct AgentOptions {
    /// The agent that answers, when there is one
    #[arg(id = "agent-url", long, env = "AGENT_URL", value_name = "URL")]
    pub url: Option<Url>,

    /// How the agent is spoken to
    #[arg(id = "agent-protocol", long, env = "AGENT_PROTOCOL", value_enum, default_value = "native")]
    pub protocol: AgentProtocol,

    /// The key that the agent wants, sent as a bearer token
    #[arg(id = "agent-api-key", long, env = "AGENT_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub api_key: Option<SecretString>,

    /// The model to ask the agent for
    #[arg(id = "agent-model", long, env = "AGENT_MODEL", value_name = "NAME")]
    pub model: Option<String>,

    /// Instructions that stand before every conversation with the agent
    #[arg(id = "agent-system-prompt", long, env = "AGENT_SYSTEM_PROMPT", value_name = "TEXT")]
    pub system_prompt: Option<String>,

    /// How many answers one agent writes at a time; more get 503 `agent_busy`. 0 = no limit
    #[arg(id = "agent-max-concurrent", long, env = "AGENT_MAX_CONCURRENT", default_value_t = 0, value_name = "COUNT")]
    pub max_concurrent: usize,

    /// How often an agent is asked again that cannot have begun: not reached, or busy and saying until when
    #[arg(
        id = "agent-retries",
        long,
        env = "AGENT_RETRIES",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_RETRIES)),
        value_name = "COUNT"
    )]
    pub retries: u32,

    /// After how many failures in a row an agent is not asked for a while; its users get 503 `agent_unavailable`. 0 = never
    #[arg(
        id = "agent-breaker-failures",
        long,
        env = "AGENT_BREAKER_FAILURES",
        default_value_t = 5,
        value_name = "COUNT"
    )]
    pub breaker_failures: u32,

    /// How long such an agent is left alone before one question tries it again
    #[arg(
        id = "agent-breaker-pause",
        long,
        env = "AGENT_BREAKER_PAUSE",
        default_value = "10s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub breaker_pause: Duration,

    /// Several agents, as TOML: `[[agent]]` with name, url and what docs/agents.md names
    #[arg(id = "agents-file", long, env = "AGENTS_FILE", value_name = "PATH")]
    pub file: Option<PathBuf>,
}

/// More would only be a slower failure.
const MOST_RETRIES: u32 = 10;

/// How an agent is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentProtocol {
    /// Colloquy's own: JSON or SSE over one POST.
    #[default]
    Native,
    /// Chat completions of OpenAI's; the URL ends in `/v1`.
    OpenaiChat,
    /// The UI message stream of the Vercel AI SDK.
    AiSdk,
    /// AG-UI.
    AgUi,
}

impl AgentProtocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiChat => "openai-chat",
            Self::AiSdk => "ai-sdk",
            Self::AgUi => "ag-ui",
        }
    }
}

/// Why the agents cannot be used. It never repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// Two ways to say the same.
    #[error("AGENT_URL and AGENTS_FILE exclude each other")]
    Both,
    /// The file cannot be read.
    #[error("AGENTS_FILE {0} cannot be read: {1}")]
    Read(PathBuf, std::io::Error),
    /// The file is no list of agents.
    #[error("AGENTS_FILE {0} is invalid: {1}")]
    Form(PathBuf, toml::de::Error),
    /// A setting of an agent's makes no sense.
    #[error("`{1}` of agent `{0}` must be {2}")]
    Setting(String, &'static str, &'static str),
    /// A name must be fit for a request and a label.
    #[error("agent name `{0}` must have 1 to 100 characters out of letters, digits, `-`, `_` and `.`")]
    Name(String),
    /// Names tell agents apart.
    #[error("agent `{0}` stands there twice")]
    Twice(String),
    /// Agents are reached over HTTP.
    #[error("the URL of agent `{0}` must begin with http:// or https://")]
    Scheme(String),
    /// An address is shown; a key is not.
    #[error("the URL of agent `{0}` must not hold a name or a password; AGENT_API_KEY or api_key_env is for keys")]
    Credentials(String),
    /// The key is not where the file says.
    #[error("agent `{0}` takes its key from {1}, which is not set")]
    KeyMissing(String, String),
}

/// One agent.
#[derive(Debug, Clone)]
pub(crate) struct AgentConfig {
    pub(crate) name: String,
    pub(crate) protocol: AgentProtocol,
    pub(crate) url: Url,
    pub(crate) model: Option<String>,
    pub(crate) api_key: Option<SecretString>,
    pub(crate) system_prompt: Option<String>,
    /// These four as all agents have them, where there is none.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) first_byte_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) run_timeout: Option<Duration>,
    pub(crate) max_concurrent: usize,
    pub(crate) retries: u32,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_pause: Duration,
}

impl AgentOptions {
    /// The agents, the default one first. None is allowed: history works without.
    pub(crate) fn load(&self) -> Result<Vec<AgentConfig>, AgentsError> {
        let agents = match (&self.url, &self.file) {
            (Some(_), Some(_)) => return Err(AgentsError::Both),
            (None, None) => Vec::new(),
            (Some(url), None) => vec![AgentConfig {
                name: ONLY.to_owned(),
                protocol: self.protocol,
                url: url.clone(),
                model: self.model.clone(),
                api_key: self.api_key.clone(),
                system_prompt: self.system_prompt.clone(),
                connect_timeout: None,
                first_byte_timeout: None,
                idle_timeout: None,
                run_timeout: None,
                max_concurrent: self.max_concurrent,
                retries: self.retries,
                breaker_failures: self.breaker_failures,
                breaker_pause: self.breaker_pause,
            }],
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| AgentsError::Read(path.clone(), error))?;
                let file: File = toml::from_str(&text).map_err(|error| AgentsError::Form(path.clone(), error))?;
                file.resolve(self)?
            }
        };
        check(&agents)?;
        Ok(agents)
    }
}

fn check(agents: &[AgentConfig]) -> Result<(), AgentsError> {
    let mut names = BTreeSet::new();
    for agent in agents {
        let fit = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !(1..=100).contains(&agent.name.len()) || !agent.name.chars().all(fit) {
            return Err(AgentsError::Name(agent.name.clone()));
        }
        if !names.insert(&agent.name) {
            return Err(AgentsError::Twice(agent.name.clone()));
        }
        if !matches!(agent.url.scheme(), "http" | "https") {
            return Err(AgentsError::Scheme(agent.name.clone()));
        }
        if !agent.url.username().is_empty() || agent.url.password().is_some() {
            return Err(AgentsError::Credentials(agent.name.clone()));
        }
        let wrong = |name, needed| Err(AgentsError::Setting(agent.name.clone(), name, needed));
        if agent.protocol == AgentProtocol::OpenaiChat && agent.model.as_ref().is_none_or(String::is_empty) {
            return wrong("model", "set: chat completions need one");
        }
        if agent.retries > MOST_RETRIES {
            return wrong("retries", "at most 10");
        }
        if agent.breaker_pause.is_zero() {
            return wrong("breaker_pause", "greater than zero");
        }
        let times = [
            ("connect_timeout", agent.connect_timeout),
            ("first_byte_timeout", agent.first_byte_timeout),
            ("idle_timeout", agent.idle_timeout),
            ("run_timeout", agent.run_timeout),
            ("breaker_pause", Some(agent.breaker_pause)),
        ];
        if let Some((name, _)) = times.into_iter().find(|(_, time)| time.is_some_and(|time| time > LONGEST_TIME)) {
            return wrong(name, "at most 100 years");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
