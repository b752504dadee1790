//! What handlers share.

use std::{ops::Deref, sync::Arc};

use kit::{caller::RemoteVerifier, client::Transport};
use proto::auth::v1::user_service_client::UserServiceClient;

use crate::{
    agent::Agents,
    config::Config,
    extract::{Clients, Credentials},
    history::{Connections, History},
    identity::Identity,
    quota::Allowance,
    run::Runs,
    web::Web,
};

/// So many times as large as others may a body be that repeats the history of a chat.
const REPETITION: usize = 16;

/// The state of all handlers. Every request has its own, several times over.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) verifier: RemoteVerifier,
    pub(crate) credentials: Credentials,
    pub(crate) clients: Clients,
    pub(crate) users: UserServiceClient<Transport>,
    pub(crate) history: History,
    pub(crate) runs: Runs,
    /// Of requests.
    pub(crate) allowance: Allowance,
    /// The largest body of a client that may repeat the history each time.
    pub(crate) largest_repetition: usize,
    /// Who answers below `/api/auth`.
    pub(crate) identity: Option<Identity>,
    /// The pages.
    pub(crate) web: Option<Web>,
}

impl App {
    pub(crate) fn new(config: &Config, auth: Transport, history: Connections) -> anyhow::Result<Self> {
        let limits = &config.options.limits;
        let history = History::new(history);
        let agents = Agents::new(config.options.agents.load()?, limits)?;
        let runs = Runs::new(history.clone(), agents, limits.clone());
        let users = UserServiceClient::new(auth.clone());
        let verifier = RemoteVerifier::new(auth, &config.token_cache);
        let credentials = Credentials::new(&config.options);
        let clients = Clients::new(config.options.trusted_proxies.clone());
        let allowance = Allowance::of_requests(limits.requests_per_minute);
        let largest_repetition = limits.max_body.saturating_mul(REPETITION);
        let identity =
            config.options.identity_url.as_ref().map(|url| Identity::new(url, limits.max_body)).transpose()?;
        let web = config.options.web_root.as_deref().map(Web::read).transpose()?;
        Ok(Self(Arc::new(Parts {
            verifier,
            credentials,
            clients,
            users,
            history,
            runs,
            allowance,
            largest_repetition,
            identity,
            web,
        })))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
