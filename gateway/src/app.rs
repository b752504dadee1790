//! What handlers share.

use std::sync::Arc;

use kit::{caller::RemoteVerifier, client::Transport};
use proto::auth::v1::user_service_client::UserServiceClient;

use crate::{
    agent::Agents,
    config::Config,
    extract::{Clients, Credentials},
    history::History,
    quota::Allowance,
    run::Runs,
};

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
}

impl App {
    pub(crate) fn new(
        config: &Config,
        auth: Transport,
        history: Transport,
        exports: Transport,
    ) -> anyhow::Result<Self> {
        let limits = &config.options.limits;
        let history = History::new(history, exports);
        let agents = Agents::new(config.options.agents.load()?, limits)?;
        let runs = Runs::new(history.clone(), agents, limits.clone());
        let users = UserServiceClient::new(auth.clone());
        let verifier = RemoteVerifier::new(auth, &config.token_cache);
        let credentials = Arc::new(Credentials::new(&config.options));
        let clients = Arc::new(Clients::new(config.options.trusted_proxies.clone()));
        let allowance = Arc::new(Allowance::of_requests(limits.requests_per_minute));
        Ok(Self { verifier, credentials, clients, users, history, runs, allowance })
    }
}
