//! What handlers share.

use std::sync::Arc;

use kit::{caller::RemoteVerifier, client::Transport};
use proto::auth::v1::user_service_client::UserServiceClient;

use crate::{
    agent::Agents,
    config::Config,
    extract::{Clients, Credentials},
    history::{Connections, History},
    quota::Allowance,
    run::Runs,
};

/// So many times as large as others may a body be that repeats the history of a chat.
const REPETITION: usize = 16;

/// The state of all handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) verifier: RemoteVerifier,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) users: UserServiceClient<Transport>,
    pub(crate) history: History,
    pub(crate) runs: Runs,
    /// Of requests.
    pub(crate) allowance: Arc<Allowance>,
    /// The largest body of a client that may repeat the history each time.
    pub(crate) largest_repetition: usize,
}

impl App {
    pub(crate) fn new(config: &Config, auth: Transport, history: Connections) -> anyhow::Result<Self> {
        let limits = &config.options.limits;
        let history = History::new(history);
        let agents = Agents::new(config.options.agents.load()?, limits)?;
        let runs = Runs::new(history.clone(), agents, limits.clone());
        let users = UserServiceClient::new(auth.clone());
        let verifier = RemoteVerifier::new(auth, &config.token_cache);
        let credentials = Arc::new(Credentials::new(&config.options));
        let clients = Arc::new(Clients::new(config.options.trusted_proxies.clone()));
        let allowance = Arc::new(Allowance::of_requests(limits.requests_per_minute));
        let largest_repetition = limits.max_body.saturating_mul(REPETITION);
        Ok(Self { verifier, credentials, clients, users, history, runs, allowance, largest_repetition })
    }
}
