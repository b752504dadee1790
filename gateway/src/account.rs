//! The end of an account, which two services have a part of.

use std::time::Duration;

use kit::client::unavailable;
use proto::{
    auth::v1::DeleteUserRequest,
    history::v1::{EraseUserRequest, EraseUserResponse},
    reason,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    app::App,
    extract::Caller,
    history,
    problem::{self, Problem, Refused},
};

/// How long the history may take for somebody with very much.
const PATIENCE: Duration = Duration::from_mins(10);

/// Erases a user: the history first, then who they are.
///
/// Until the second step their credential is good, so whatever breaks off in between they can repeat; and the history
/// has written their tombstone by then, and finishes by itself. The other way round, a crash in the middle would leave a
/// history that nobody can ask to be erased.
pub(crate) async fn erase(app: App, caller: Caller) -> Result<EraseUserResponse, Refused> {
    let mut request = caller.ask(EraseUserRequest {});
    request.set_timeout(PATIENCE);
    let receipt = app.history.privacy().erase_user(request).await.map_err(history::problem)?.into_inner();
    let request = caller.ask(DeleteUserRequest { user_id: caller.user_id.to_string() });
    match app.users.clone().delete_user(request).await {
        Ok(_) => {
            app.verifier.forget(caller.user_id).await;
            Ok(receipt)
        }
        Err(status) => Err(auth_problem(&status)),
    }
}

/// The user was authenticated here, so a refused caller is the gateway itself: our defect, never a 401.
fn auth_problem(status: &Status) -> Refused {
    let ours = status.get_details_error_info().is_some_and(|info| info.domain == reason::DOMAIN);
    match status.code() {
        Code::Unavailable if ours => problem::from_status(status),
        _ if history::is_away(status) => {
            problem::from_status(&unavailable("the auth service is away; try again soon", status).into())
        }
        code => {
            tracing::error!(?code, error = status.message(), "the auth service did not delete a user");
            Problem::internal()
        }
    }
}
