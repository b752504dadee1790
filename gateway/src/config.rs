//! What the gateway is told from outside: flags, environment, the agents file.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use kit::{
    caller::CacheLimits,
    config::{AuthEndpoint, ServiceKeys},
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

mod agents;
mod cors;
mod limits;
mod proxies;
mod session_cookie;

pub(crate) use self::agents::AgentConfig;
pub use self::{
    agents::{AgentOptions, AgentProtocol, AgentsError},
    cors::CorsOrigins,
    limits::Limits,
    proxies::TrustedProxies,
    session_cookie::SessionCookie,
};

/// Far longer than anybody waits, and short enough to be added to any time.
const LONGEST_TIME: Duration = Duration::from_hours(100 * 365 * 24);

/// Everything the gateway needs to know.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The gateway's own flags.
    #[command(flatten)]
    pub options: Options,
    /// Where users are known.
    #[command(flatten)]
    pub auth: AuthEndpoint,
    /// How long verified tokens are trusted.
    #[command(flatten)]
    pub token_cache: CacheLimits,
}

/// The gateway's own flags.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where REST and SSE are served
    #[arg(
        id = "gateway-listen",
        long,
        env = "GATEWAY_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Where `/livez`, `/readyz` and `/metrics` of the gateway are served; not for the public
    #[arg(
        id = "gateway-admin-listen",
        long,
        env = "GATEWAY_ADMIN_LISTEN",
        default_value = "127.0.0.1:9080",
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,

    /// The history service
    #[arg(id = "history-url", long, env = "HISTORY_URL", default_value = "http://127.0.0.1:50052", value_name = "URL")]
    pub history_url: Url,

    /// The key with which the gateway calls the other services: one of their SERVICE_KEYS, without the name
    #[arg(id = "service-key", long, env = "SERVICE_KEY", hide_env_values = true, value_name = "KEY")]
    pub service_key: Option<SecretString>,

    /// Origins whose pages may call the gateway: exact, separated by commas, or `*`; none by default
    #[arg(
        id = "cors-origins",
        long,
        env = "CORS_ORIGINS",
        default_value = "",
        hide_default_value = true,
        value_name = "ORIGIN,…"
    )]
    pub cors_origins: CorsOrigins,

    /// Proxies whose X-Forwarded-For is believed: addresses and ranges, separated by commas; none by default
    #[arg(
        id = "trusted-proxies",
        long,
        env = "TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESS,…"
    )]
    pub trusted_proxies: TrustedProxies,

    /// The session cookie of Better Auth that counts where no bearer token comes, with or without `__Secure-` before
    /// it; `off` accepts none
    #[arg(
        id = "session-cookie",
        long,
        env = "SESSION_COOKIE",
        default_value = "better-auth.session_token",
        value_name = "NAME"
    )]
    pub session_cookie: SessionCookie,

    /// Who answers below `/api/auth`: an identity server, without a path; nobody by default
    #[arg(id = "identity-url", long, env = "IDENTITY_URL", value_name = "URL")]
    pub identity_url: Option<Url>,

    /// The built pages, with `index.html` in it, read at the start; none by default
    #[arg(id = "web-root", long, env = "WEB_ROOT", value_name = "DIR")]
    pub web_root: Option<PathBuf>,

    /// Which agents there are.
    #[command(flatten)]
    pub agents: AgentOptions,

    /// How much and how long.
    #[command(flatten)]
    pub limits: Limits,
}

/// Why a configuration cannot be used. It never repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Without a key no other service answers.
    #[error("SERVICE_KEY is required: one of the SERVICE_KEYS of the auth and history services, without its name")]
    ServiceKeyMissing,
    /// Too short to be a secret.
    #[error("SERVICE_KEY is shorter than {min} characters", min = ServiceKeys::SHORTEST)]
    ServiceKeyShort,
    /// The agents cannot be used.
    #[error(transparent)]
    Agents(#[from] AgentsError),
    /// Ticks renew leases, and some may fail.
    #[error("GATEWAY_RUN_LEASE must be at least ten times GATEWAY_TICK, and from 1s to 1h")]
    Lease,
    /// A larger answer would not fit the request that saves it.
    #[error("AGENT_MAX_ANSWER must be at most {most} bytes (8 MiB)", most = Limits::LARGEST_ANSWER)]
    AnswerTooLarge,
    /// Zero would refuse every answer, or cut off every reader.
    #[error("{0} must be greater than zero")]
    Zero(&'static str),
    /// Paths stay as they are.
    #[error("IDENTITY_URL must be http:// or https:// with a host, and nothing behind it")]
    IdentityUrl,
    /// Without it there are no pages.
    #[error("WEB_ROOT has no index.html: {}", .0.display())]
    NoPages(PathBuf),
    /// No clock goes that far.
    #[error("{0} must be at most 100 years")]
    TooLong(&'static str),
}

impl Config {
    /// Checks what no single flag can check: for `main`, which exits with 64 (`EX_USAGE`).
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.service_key()?;
        if self.options.agents.breaker_pause > LONGEST_TIME {
            return Err(ConfigError::TooLong("AGENT_BREAKER_PAUSE"));
        }
        self.options.agents.load()?;
        self.options.validate()?;
        self.options.limits.validate()
    }

    pub(crate) fn service_key(&self) -> Result<&SecretString, ConfigError> {
        let given = self.options.service_key.as_ref().filter(|key| !key.expose_secret().is_empty());
        let key = given.ok_or(ConfigError::ServiceKeyMissing)?;
        if key.expose_secret().len() < ServiceKeys::SHORTEST {
            return Err(ConfigError::ServiceKeyShort);
        }
        Ok(key)
    }
}

impl Options {
    fn validate(&self) -> Result<(), ConfigError> {
        let is_origin = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && *url.as_str() == format!("{}/", url.origin().ascii_serialization())
        };
        if self.identity_url.as_ref().is_some_and(|url| !is_origin(url)) {
            return Err(ConfigError::IdentityUrl);
        }
        match &self.web_root {
            Some(root) if !root.join("index.html").is_file() => Err(ConfigError::NoPages(root.clone())),
            _ => Ok(()),
        }
    }
}

impl Limits {
    fn validate(&self) -> Result<(), ConfigError> {
        let sizes = [
            ("GATEWAY_MAX_BODY", self.max_body),
            ("GATEWAY_READER_BACKLOG", self.reader_backlog),
            ("AGENT_MAX_ANSWER", self.max_answer),
        ];
        let times = [
            ("GATEWAY_TICK", self.tick),
            ("AGENT_CONNECT_TIMEOUT", self.connect_timeout),
            ("AGENT_FIRST_BYTE_TIMEOUT", self.first_byte_timeout),
            ("AGENT_IDLE_TIMEOUT", self.idle_timeout),
            ("AGENT_RUN_TIMEOUT", self.run_timeout),
            ("GATEWAY_SAVE_TIMEOUT", self.save_timeout),
        ];
        let no_size = sizes.into_iter().find(|(_, size)| *size == 0).map(|(name, _)| name);
        let no_time = times.into_iter().find(|(_, time)| time.is_zero()).map(|(name, _)| name);
        if let Some(name) = no_size.or(no_time) {
            return Err(ConfigError::Zero(name));
        }
        if let Some((name, _)) = times.into_iter().find(|(_, time)| *time > LONGEST_TIME) {
            return Err(ConfigError::TooLong(name));
        }
        if self.max_answer > Self::LARGEST_ANSWER {
            return Err(ConfigError::AnswerTooLarge);
        }
        let possible = self.tick.saturating_mul(10).max(Duration::from_secs(1))..=Duration::from_hours(1);
        if !possible.contains(&self.run_lease) {
            return Err(ConfigError::Lease);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn config(arguments: &[&str]) -> Config {
        Cli::try_parse_from(["gateway"].iter().chain(arguments)).unwrap().config
    }

    const KEY: &str = "--service-key=0123456789abcdef";

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn secrets_are_never_shown() {
        let config = config(&[KEY, "--agent-url=http://127.0.0.1:1/", "--agent-api-key=sk-very-secret"]);
        config.validate().unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("sk-very-secret"), "{shown}");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |arguments: &[&str]| config(arguments).validate().unwrap_err().to_string();
        assert!(refused(&[]).starts_with("SERVICE_KEY is required"));
        assert!(refused(&["--service-key="]).starts_with("SERVICE_KEY is required"));
        assert_eq!(refused(&["--service-key=gateway"]), "SERVICE_KEY is shorter than 16 characters");
        assert_eq!(
            refused(&[KEY, "--agent-url=http://127.0.0.1:1/", "--agents-file=agents.toml"]),
            "AGENT_URL and AGENTS_FILE exclude each other"
        );
        for lease in ["999ms", "2s", "61m"] {
            assert_eq!(
                refused(&[KEY, &format!("--gateway-run-lease={lease}")]),
                "GATEWAY_RUN_LEASE must be at least ten times GATEWAY_TICK, and from 1s to 1h"
            );
        }
        assert!(
            refused(&[KEY, "--agent-url=http://me:secret@127.0.0.1:1/"]).contains("must not hold a name or a password")
        );
        assert_eq!(refused(&[KEY, "--agent-max-answer=0"]), "AGENT_MAX_ANSWER must be greater than zero");
        assert_eq!(
            refused(&[KEY, "--agent-max-answer=8388609"]),
            "AGENT_MAX_ANSWER must be at most 8388608 bytes (8 MiB)"
        );
        config(&[KEY, "--agent-max-answer=8388608"]).validate().unwrap();
        for url in ["http://127.0.0.1:3000/api/auth", "http://me:secret@127.0.0.1:3000", "redis://127.0.0.1:3000"] {
            let refusal = refused(&[KEY, &format!("--identity-url={url}")]);
            assert!(refusal.starts_with("IDENTITY_URL must be") && !refusal.contains("secret"), "{refusal}");
        }
        assert!(refused(&[KEY, "--web-root=src"]).starts_with("WEB_ROOT has no index.html"));
    }

    #[test]
    fn what_no_clock_or_reader_can_keep_is_refused_by_its_name() {
        let refused = |flag: &str, value: &str| {
            let flag = format!("--{}={value}", flag.to_ascii_lowercase().replace('_', "-"));
            config(&[KEY, &flag]).validate().map_err(|error| error.to_string())
        };
        for name in ["GATEWAY_MAX_BODY", "GATEWAY_READER_BACKLOG", "AGENT_MAX_ANSWER"] {
            assert_eq!(refused(name, "0"), Err(format!("{name} must be greater than zero")));
        }
        for name in [
            "AGENT_CONNECT_TIMEOUT",
            "AGENT_FIRST_BYTE_TIMEOUT",
            "AGENT_IDLE_TIMEOUT",
            "AGENT_RUN_TIMEOUT",
            "GATEWAY_SAVE_TIMEOUT",
        ] {
            assert_eq!(refused(name, "0s"), Err(format!("{name} must be greater than zero")));
            for value in ["101years", "18446744073709551615s"] {
                assert_eq!(refused(name, value), Err(format!("{name} must be at most 100 years")));
            }
            assert_eq!(refused(name, "99years"), Ok(()));
        }
        assert_eq!(
            refused("AGENT_BREAKER_PAUSE", "101years"),
            Err("AGENT_BREAKER_PAUSE must be at most 100 years".to_owned())
        );
        assert!(tokio::time::Instant::now().checked_add(LONGEST_TIME * 2).is_some());
    }

    #[test]
    fn only_protocols_that_exist_are_accepted() {
        let error = Cli::try_parse_from(["gateway", "--agent-protocol=smoke-signals"]).unwrap_err().to_string();
        assert!(error.contains("possible values: native, openai-chat, ai-sdk, ag-ui"), "{error}");
    }
}
