//! Between the domain and the generated types.

use std::time::SystemTime;

use proto::auth::v1;

use crate::users::User;

pub(super) fn user(user: User) -> v1::User {
    let User { id, issuer, subject, profile, created_at } = user;
    v1::User {
        id: id.to_string(),
        issuer,
        subject,
        email: profile.email,
        name: profile.name,
        image: profile.image,
        created_at: Some(SystemTime::from(created_at).into()),
    }
}
