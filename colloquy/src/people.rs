//! What a stack has for people: the identity server, and the web app. Either may be missing, and the rest goes on.

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context as _, bail};
use auth_service::{IssuerConfig, KeySource};
use kit::http::is_loopback;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::{
    cli::Up,
    data_dir,
    identity::{Identity, Launch},
    node::Node,
    project::Project,
    random, screen,
};

const SECRET: &str = "identity-secret";

/// Flags of what people see.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Start no identity server
    #[arg(id = "no-identity", long, env = "NO_IDENTITY")]
    no_identity: bool,
    /// Build and serve no web app
    #[arg(id = "no-web", long, env = "NO_WEB")]
    no_web: bool,
    /// Where people reach the gateway, as `https://chat.example.com` [default: its own address]
    #[arg(id = "public-url", long, env = "PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
    /// PostgreSQL for identity, as a role that may make the schema `identity` or owns it [default: the private one]
    #[arg(
        id = "identity-database-url",
        long,
        env = "IDENTITY_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database_url: Option<SecretString>,
    /// What the product is called in mails
    #[arg(id = "app-name", long, env = "APP_NAME", value_name = "NAME")]
    app_name: Option<String>,
    /// Other origins whose pages may log people in, separated by commas
    #[arg(id = "trusted-origins", long, env = "TRUSTED_ORIGINS", value_name = "ORIGIN,…")]
    trusted_origins: Option<String>,
    /// Send mails by this server, as smtps://user:password@mail.example.com [default: they stay in the data directory]
    #[arg(id = "smtp-url", long, env = "SMTP_URL", hide_env_values = true, requires = "mail-from", value_name = "URL")]
    smtp_url: Option<SecretString>,
    /// Who mails come from
    #[arg(id = "mail-from", long, env = "MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Whether people verify their address before they get in [default: true with SMTP_URL]
    #[arg(id = "require-email-verification", long, env = "REQUIRE_EMAIL_VERIFICATION", value_name = "true|false")]
    require_verification: Option<bool>,
    /// How often one address may try to log in or sign up in a minute; 0 is no limit [default: 20]
    #[arg(id = "identity-attempts-per-minute", long, env = "IDENTITY_ATTEMPTS_PER_MINUTE", value_name = "COUNT")]
    attempts_per_minute: Option<u32>,
    /// Log in with Google: the client's id
    #[arg(id = "google-client-id", long, env = "GOOGLE_CLIENT_ID", value_name = "ID")]
    google_id: Option<String>,
    /// And its secret
    #[arg(
        id = "google-client-secret",
        long,
        env = "GOOGLE_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    google_secret: Option<SecretString>,
    /// Log in with GitHub: the client's id
    #[arg(id = "github-client-id", long, env = "GITHUB_CLIENT_ID", value_name = "ID")]
    github_id: Option<String>,
    /// And its secret
    #[arg(
        id = "github-client-secret",
        long,
        env = "GITHUB_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    github_secret: Option<SecretString>,
    /// Log in with this OpenID Connect provider
    #[arg(id = "oidc-login-issuer", long, env = "OIDC_LOGIN_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// The client's id there
    #[arg(id = "oidc-login-client-id", long, env = "OIDC_LOGIN_CLIENT_ID", value_name = "ID")]
    oidc_id: Option<String>,
    /// And its secret
    #[arg(
        id = "oidc-login-client-secret",
        long,
        env = "OIDC_LOGIN_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    oidc_secret: Option<SecretString>,
    /// What the button says [default: the provider's host]
    #[arg(id = "oidc-login-name", long, env = "OIDC_LOGIN_NAME", value_name = "NAME")]
    oidc_name: Option<String>,
}

/// What there is, or a line about why not.
pub(crate) struct People {
    pub(crate) identity: Option<Identity>,
    /// For the screen.
    pub(crate) identity_line: Option<String>,
    pub(crate) web_line: Option<String>,
}

impl People {
    /// Installs, builds and prepares. `database` is the private one's for identity, `gateway` where the gateway answers.
    pub(crate) async fn prepare(up: &mut Up, gateway: &Url, database: Option<SecretString>) -> anyhow::Result<Self> {
        let public = up.people.public_url.clone().unwrap_or_else(|| gateway.clone());
        let origin = public.origin().ascii_serialization();
        let mut people = Self { identity: None, identity_line: None, web_line: None };
        let wants_identity = up.gateway.identity_url.is_none() && !up.people.no_identity && !knows_people(up);
        let wants_web = up.gateway.web_root.is_none() && !up.people.no_web;
        let (identity, web) = (Project::find("identity"), Project::find("web"));
        let node = if (wants_identity && identity.is_some()) || (wants_web && web.is_some()) {
            Some(Node::find().await)
        } else {
            None
        };
        if let Some(Err(missing)) = &node {
            screen::progress(&format!("no log-in and no web app: {missing}"));
        }
        if let (true, Some(project), Some(node)) = (wants_identity, identity, &node) {
            let prepared = async {
                let node = node.as_ref().map_err(|missing| anyhow::anyhow!("{missing}"))?;
                let launch = launch(up, &project, gateway, &origin, database)?;
                project.prepare(node).await?;
                Identity::bind(launch)
            };
            match prepared.await {
                Ok(identity) => {
                    introduce(up, &identity, &origin);
                    if !is_loopback(&public) && up.gateway.trusted_proxies.is_empty() {
                        screen::progress(
                            "PUBLIC_URL is public and TRUSTED_PROXIES is empty: if people come through a proxy, name \
                             it, so that attempts to log in are counted for each client",
                        );
                    }
                    people.identity_line = Some(format!("{origin}/api/auth{}", mails(&up.people, &public)));
                    people.identity = Some(identity);
                }
                Err(error) => people.identity_line = Some(format!("none: {error:#}")),
            }
        }
        if let (true, Some(project), Some(node)) = (wants_web, web, &node) {
            let built = async {
                let node = node.as_ref().map_err(|missing| anyhow::anyhow!("{missing}"))?;
                project.prepare(node).await
            };
            match built.await {
                Ok(()) => up.gateway.web_root = Some(project.built()),
                Err(error) => people.web_line = Some(format!("none: {error:#}")),
            }
        }
        if up.gateway.web_root.is_some() {
            people.web_line = Some(origin);
        }
        Ok(people)
    }
}

/// Whether people come from somewhere else.
fn knows_people(up: &Up) -> bool {
    let auth = &up.auth;
    let presets = auth.better_auth_url.is_some() || auth.neon_auth_url.is_some() || auth.oidc_issuer.is_some();
    presets || auth.issuers_file.is_some()
}

/// The auth service believes its tokens, and the gateway passes on to it.
fn introduce(up: &mut Up, identity: &Identity, origin: &str) {
    let url = identity.url();
    let below = |path: &str| url.join(path).expect("a path");
    let keys = KeySource::Url(below("/api/auth/jwks"));
    let config = IssuerConfig::new("identity", origin, vec![origin.to_owned()], keys);
    up.auth.extra_issuers.push(IssuerConfig { session_url: Some(below("/api/auth/get-session")), ..config });
    up.gateway.identity_url = Some(url);
}

fn launch(
    up: &mut Up,
    project: &Project,
    gateway: &Url,
    origin: &str,
    private: Option<SecretString>,
) -> anyhow::Result<Launch> {
    let Some(database) = up.people.database_url.clone().or(private) else {
        bail!("name its database in IDENTITY_DATABASE_URL; docs/identity.md says how to make a role for it");
    };
    let directory = up.data.path.canonicalize().context("finding the data directory")?;
    // It signs cookies: with it, the auth service refuses made-up ones without asking.
    let secret = match up.auth.sessions.secret.clone() {
        Some(secret) => secret,
        None => secret_of(&directory)?,
    };
    up.auth.sessions.secret = Some(secret.clone());
    let options = &up.people;
    let public: Url = origin.parse().context("PUBLIC_URL has no origin")?;
    let text = |value: &Option<String>| value.as_ref().map(OsString::from);
    let hidden = |value: &Option<SecretString>| value.as_ref().map(|value| OsString::from(value.expose_secret()));
    let given = [
        ("IDENTITY_DATABASE_URL", hidden(&Some(database))),
        ("BETTER_AUTH_SECRET", hidden(&Some(secret))),
        ("BETTER_AUTH_URL", Some(format!("{origin}/api/auth").into())),
        ("GATEWAY_URL", Some(gateway.as_str().into())),
        ("TRUSTED_ORIGINS", Some(trusted_origins(options, &public).into())),
        ("MAIL_OUTBOX", options.smtp_url.is_none().then(|| directory.join("outbox").into())),
        ("SMTP_URL", hidden(&options.smtp_url)),
        ("MAIL_FROM", text(&options.mail_from)),
        ("APP_NAME", text(&options.app_name)),
        ("REQUIRE_EMAIL_VERIFICATION", options.require_verification.map(|required| required.to_string().into())),
        ("IDENTITY_ATTEMPTS_PER_MINUTE", options.attempts_per_minute.map(|count| count.to_string().into())),
        ("GOOGLE_CLIENT_ID", text(&options.google_id)),
        ("GOOGLE_CLIENT_SECRET", hidden(&options.google_secret)),
        ("GITHUB_CLIENT_ID", text(&options.github_id)),
        ("GITHUB_CLIENT_SECRET", hidden(&options.github_secret)),
        ("OIDC_LOGIN_ISSUER", text(&options.oidc_issuer)),
        ("OIDC_LOGIN_CLIENT_ID", text(&options.oidc_id)),
        ("OIDC_LOGIN_CLIENT_SECRET", hidden(&options.oidc_secret)),
        ("OIDC_LOGIN_NAME", text(&options.oidc_name)),
    ];
    let variables = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let log = directory.join("identity.log");
    fs::write(&log, "").with_context(|| format!("writing {}", log.display()))?;
    Ok(Launch { script: project.built().join("main.js"), log, variables })
}

/// On this machine people write `localhost` or its number, and mean the same.
fn trusted_origins(options: &Options, public: &Url) -> String {
    let mut origins: Vec<String> = options.trusted_origins.iter().cloned().collect();
    if is_loopback(public) {
        for host in ["localhost", "127.0.0.1"] {
            let mut other = public.clone();
            if other.set_host(Some(host)).is_ok() {
                origins.push(other.origin().ascii_serialization());
            }
        }
    }
    origins.join(",")
}

/// The secret of this data directory, made unless it is there.
fn secret_of(directory: &Path) -> anyhow::Result<SecretString> {
    let path = directory.join(SECRET);
    if !path.exists() {
        let secret = random::secret();
        data_dir::write_secret(&path, secret.expose_secret().as_bytes())
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let secret = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(secret.trim().to_owned().into())
}

fn mails(options: &Options, public: &Url) -> String {
    match (&options.smtp_url, is_loopback(public)) {
        (Some(_), _) => String::new(),
        (None, true) => format!("  (its mails: {}/api/auth/outbox)", public.origin().ascii_serialization()),
        (None, false) => "  (its mails stay in the data directory: there is no SMTP_URL)".to_owned(),
    }
}
