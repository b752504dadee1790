//! Which agents there are: one by flags, or several by a file.

use std::{collections::BTreeSet, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

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

    /// Several agents, as TOML: `[[agent]]` with name, url and optionally protocol, model, api_key_env
    #[arg(id = "agents-file", long, env = "AGENTS_FILE", value_name = "PATH")]
    pub file: Option<PathBuf>,
}

/// How an agent is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentProtocol {
    /// Colloquy's own: JSON or SSE over one POST.
    #[default]
    Native,
}

impl AgentProtocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    agent: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    protocol: AgentProtocol,
    url: Url,
    model: Option<String>,
    api_key_env: Option<String>,
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
            }],
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| AgentsError::Read(path.clone(), error))?;
                let file: File = toml::from_str(&text).map_err(|error| AgentsError::Form(path.clone(), error))?;
                file.agent.into_iter().map(Entry::resolve).collect::<Result<_, _>>()?
            }
        };
        check(&agents)?;
        Ok(agents)
    }
}

impl Entry {
    fn resolve(self) -> Result<AgentConfig, AgentsError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the file names the variable, so that the secret stays out of it"
        )]
        let api_key = self.api_key_env.map(|variable| match std::env::var(&variable) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(_) => Err(AgentsError::KeyMissing(self.name.clone(), variable)),
        });
        let Self { name, protocol, url, model, .. } = self;
        Ok(AgentConfig { name, protocol, url, model, api_key: api_key.transpose()? })
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
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<AgentConfig>, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let agents: Vec<_> =
            file.agent.into_iter().map(Entry::resolve).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        check(&agents).map_err(|error| error.to_string())?;
        Ok(agents)
    }

    #[test]
    fn a_file_lists_agents() {
        let agents = parse("[[agent]]\nname='docs'\nurl='http://127.0.0.1:8000/run'\n[[agent]]\nname='b'\nmodel='m'\nprotocol='native'\nurl='https://b.example/'").unwrap();
        let names: Vec<_> = agents.iter().map(|agent| agent.name.as_str()).collect();
        assert_eq!((names, agents[1].model.as_deref()), (vec!["docs", "b"], Some("m")));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, problem) in [
            ("[[agent]]\nname='a b'\nurl='http://a/'", "agent name `a b` must have 1 to 100 characters"),
            ("[[agent]]\nname='a'\nurl='file:///a'", "the URL of agent `a` must begin with http"),
            ("[[agent]]\nname='a'\nurl='http://a/'\nkey='x'", "unknown field `key`"),
            ("[[agent]]\nname='a'\nurl='http://a/'\nprotocol='x'", "unknown variant `x`"),
            ("[[agent]]\nname='a'\nurl='http://a/'\napi_key_env='COLLOQUY_NO_SUCH'", "agent `a` takes its key from"),
            (
                "[[agent]]\nname='a'\nurl='http://a/'\n[[agent]]\nname='a'\nurl='http://a/'",
                "agent `a` stands there twice",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
