//! Users.

use proto::auth::v1 as auth;
use serde::Serialize;
use utoipa::ToSchema;

use super::optional_time;

/// A person, as one issuer knows them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    #[schema(format = Uuid)]
    id: String,
    issuer: String,
    subject: String,
    email: Option<String>,
    name: Option<String>,
    /// The address of a picture.
    image: Option<String>,
    /// When the user was first seen.
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

impl From<auth::User> for User {
    fn from(from: auth::User) -> Self {
        Self {
            id: from.id,
            issuer: from.issuer,
            subject: from.subject,
            email: from.email,
            name: from.name,
            image: from.image,
            created_at: optional_time(from.created_at.as_ref()),
        }
    }
}
