//! The people behind the tokens.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, database::in_time, error::Error};
use sqlx::PgPool;

use crate::store;

/// A person, as one issuer knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) profile: Profile,
    pub(crate) created_at: DateTime<Utc>,
}

/// What an issuer says about a person besides who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
}

/// Every user.
#[derive(Clone)]
pub(crate) struct Users(PgPool);

impl Users {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// The user of this subject: created at first sight, refreshed when the profile changed, else only read.
    pub(crate) async fn see(&self, issuer: &str, subject: &str, profile: &Profile) -> Result<User, Error> {
        let seen = async {
            // A statement does not see a user that another one is creating meanwhile; the next one does.
            for _ in 0..2 {
                if let Some(user) = store::user::see(&self.0, issuer, subject, profile).await? {
                    return Ok(user);
                }
            }
            Err(Error::internal(anyhow::anyhow!("a user could neither be created nor found")))
        };
        in_time(seen).await
    }

    /// A user by id.
    pub(crate) async fn find(&self, id: UserId) -> Result<Option<User>, Error> {
        in_time(async { Ok(store::user::find(&self.0, id).await?) }).await
    }
}
