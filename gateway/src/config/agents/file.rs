//! The agents file: TOML, one table for each agent. What it does not say is as the flags say.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::{AgentConfig, AgentOptions, AgentProtocol, AgentsError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
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
    system_prompt: Option<String>,
    connect_timeout: Option<String>,
    first_byte_timeout: Option<String>,
    idle_timeout: Option<String>,
    run_timeout: Option<String>,
    max_concurrent: Option<usize>,
    retries: Option<u32>,
    breaker_failures: Option<u32>,
    breaker_pause: Option<String>,
}

impl File {
    pub(super) fn resolve(self, defaults: &AgentOptions) -> Result<Vec<AgentConfig>, AgentsError> {
        self.agent.into_iter().map(|entry| entry.resolve(defaults)).collect()
    }
}

impl Entry {
    fn resolve(self, defaults: &AgentOptions) -> Result<AgentConfig, AgentsError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the file names the variable, so that the secret stays out of it"
        )]
        let api_key = self.api_key_env.map(|variable| match std::env::var(&variable) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(_) => Err(AgentsError::KeyMissing(self.name.clone(), variable)),
        });
        let duration = |name, text: Option<String>| {
            let wrong =
                || AgentsError::Setting(self.name.clone(), name, "a time greater than zero, as \"30s\" or \"5m\"");
            let read = |text: String| humantime::parse_duration(&text).ok().filter(|time| *time > Duration::ZERO);
            text.map(|text| read(text).ok_or_else(wrong)).transpose()
        };
        Ok(AgentConfig {
            protocol: self.protocol,
            url: self.url,
            model: self.model,
            api_key: api_key.transpose()?,
            system_prompt: self.system_prompt.filter(|text| !text.is_empty()),
            connect_timeout: duration("connect_timeout", self.connect_timeout)?,
            first_byte_timeout: duration("first_byte_timeout", self.first_byte_timeout)?,
            idle_timeout: duration("idle_timeout", self.idle_timeout)?,
            run_timeout: duration("run_timeout", self.run_timeout)?,
            max_concurrent: self.max_concurrent.unwrap_or(defaults.max_concurrent),
            retries: self.retries.unwrap_or(defaults.retries),
            breaker_failures: self.breaker_failures.unwrap_or(defaults.breaker_failures),
            breaker_pause: duration("breaker_pause", self.breaker_pause)?.unwrap_or(defaults.breaker_pause),
            name: self.name,
        })
    }
}
