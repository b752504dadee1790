//! The user who asks.

use crate::{answer::Json, extract::Caller, resource::User};

/// Who I am.
#[utoipa::path(get, path = "/users/me", tag = "users", responses((status = 200, body = User)))]
pub(super) async fn get_me(caller: Caller) -> Json<User> {
    Json((*caller.user).clone().into())
}
