//! What all subjects share: the data in one PostgreSQL, the issuer, the agent.

use std::time::Instant;

use testkit::issuer::Issuer;

use super::kind::Target;
use crate::{
    agent::Agent,
    history::{
        data::{self, Dataset, Size},
        server::Server,
    },
};

const USERS: u64 = 9_000;
const TOKEN_LIFE: i64 = 4 * 60 * 60;

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) data: Dataset,
    pub(crate) issuer: Issuer,
    pub(crate) agent: Agent,
    pub(crate) targets: Vec<Target>,
}

impl World {
    pub(crate) async fn create() -> anyhow::Result<Self> {
        Self::of(Size::LARGE).await
    }

    pub(crate) async fn of(size: Size) -> anyhow::Result<Self> {
        let began = Instant::now();
        let (issuer, server) = (Issuer::start().await, Server::start().await?);
        let data = Dataset::create(&server, size).await?;
        auth_service::migrate(&data.owner_url(&server).into()).await?;
        let values = [format!("users={}", size.users), format!("issuer={}", issuer.origin())];
        server.execute(data.name(), concat!(env!("CARGO_MANIFEST_DIR"), "/peer/seed.sql"), &values)?;
        // Of those whose conversations are like everybody's.
        let target = |number: u64| {
            let conversation = size.of_first_user() + number;
            let user = size.user_of(conversation);
            let token = issuer.token(&format!("user-{user}")).expires_in(TOKEN_LIFE).sign();
            Target { token, conversation: data::conversation(conversation) }
        };
        let targets = (1..=USERS.min(size.users - 1)).map(target).collect();
        println!("{} messages were there after {} s", size.messages, began.elapsed().as_secs());
        Ok(Self { server, data, issuer, agent: Agent::start().await?, targets })
    }
}
