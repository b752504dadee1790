//! A history of many users, whose ids can all be computed.

use uuid::Uuid;

use super::server::Server;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) users: u64,
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
}

impl Size {
    pub(crate) const SMALL: Self = Self { users: 100, conversations: 1_000, messages: 10_000 };
    pub(crate) const LARGE: Self = Self { users: 10_000, conversations: 100_000, messages: 1_000_000 };

    /// How many conversations user 1 has, the first ones.
    pub(crate) fn of_first_user(self) -> u64 {
        self.conversations / 20
    }

    /// Whose a conversation is.
    pub(crate) fn user_of(self, conversation: u64) -> u64 {
        if conversation <= self.of_first_user() { 1 } else { 2 + conversation % (self.users - 1) }
    }
}

/// The id of user `number`.
pub(crate) fn user(number: u64) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000 | decimal(number))
}

/// The id of conversation `number`.
pub(crate) fn conversation(number: u64) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_9000_0000_0000_0000 | decimal(number))
}

/// Decimal digits read as hexadecimal ones, as the data has them.
fn decimal(number: u64) -> u128 {
    u128::from_str_radix(&number.to_string(), 16).expect("digits")
}

/// A database with such a history.
pub(crate) struct Dataset {
    pub(crate) size: Size,
    database: String,
    service_url: String,
}

impl Dataset {
    pub(crate) async fn create(server: &Server, size: Size) -> anyhow::Result<Self> {
        let database = format!("history_{}", size.messages);
        server.provision(&database).await?;
        let owner = server.url(kit::database::OWNER_ROLE, &database);
        history_service::migrate(&owner.into()).await?;
        let set = |name: &str, value: u64| format!("{name}={value}");
        let values =
            [set("users", size.users), set("conversations", size.conversations), set("messages", size.messages)];
        server.execute(&database, concat!(env!("CARGO_MANIFEST_DIR"), "/src/history/seed.sql"), &values)?;
        let service_url = server.url(kit::database::SERVICE_ROLE, &database);
        Ok(Self { size, database, service_url })
    }

    pub(crate) fn service_url(&self) -> String {
        self.service_url.clone()
    }

    pub(crate) fn owner_url(&self, server: &Server) -> String {
        server.url(kit::database::OWNER_ROLE, &self.database)
    }

    pub(crate) fn name(&self) -> &str {
        &self.database
    }

    pub(crate) fn superuser_url(&self, server: &Server) -> String {
        server.superuser_url(&self.database)
    }
}
