//! `UserService`: users and those who act for them reach that user; services on their own reach whom they may.

use kit::{
    caller::{Caller, UserId},
    config::Permission,
    error::{Error, Violations},
};
use proto::{
    auth::v1::{
        BatchGetUsersRequest, BatchGetUsersResponse, DeleteUserRequest, DeleteUserResponse, GetMeRequest,
        GetMeResponse, GetUserRequest, GetUserResponse, RevokeTokensRequest, RevokeTokensResponse, User,
        user_service_server::UserService,
    },
    limit, reason,
};
use tonic::{Request, Response, Status};

use super::convert;
use crate::{audit, users::Users};

pub(crate) struct UserGrpc(pub(crate) Users);

impl UserGrpc {
    async fn read(&self, id: UserId) -> Result<User, Error> {
        self.0.find(id).await?.map(convert::user).ok_or_else(not_found)
    }
}

#[tonic::async_trait]
impl UserService for UserGrpc {
    async fn get_me(&self, request: Request<GetMeRequest>) -> Result<Response<GetMeResponse>, Status> {
        let caller = Caller::of(&request)?;
        let user = match caller {
            Caller::User(identity) => identity.user.as_ref().clone(),
            Caller::Service { .. } => self.read(caller.user_id()?).await?,
        };
        Ok(Response::new(GetMeResponse { user: Some(user) }))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<GetUserResponse>, Status> {
        let id = parse_id(&request.get_ref().user_id, Violations::new())?;
        let caller = Caller::of(&request)?;
        let id = Reach::of(caller, Permission::Users)?.to(id)?;
        let user = match caller {
            Caller::User(identity) => identity.user.as_ref().clone(),
            Caller::Service { .. } => self.read(id).await?,
        };
        Ok(Response::new(GetUserResponse { user: Some(user) }))
    }

    async fn batch_get_users(
        &self,
        request: Request<BatchGetUsersRequest>,
    ) -> Result<Response<BatchGetUsersResponse>, Status> {
        let mut ids = parse_ids(&request.get_ref().user_ids)?;
        let reach = Reach::of(Caller::of(&request)?, Permission::Users)?;
        ids.retain(|id| reach.to(*id).is_ok());
        let users = self.0.find_several(&ids).await?;
        Ok(Response::new(BatchGetUsersResponse { users: users.into_iter().map(convert::user).collect() }))
    }

    async fn revoke_tokens(
        &self,
        request: Request<RevokeTokensRequest>,
    ) -> Result<Response<RevokeTokensResponse>, Status> {
        let RevokeTokensRequest { user_id, session_id } = request.get_ref();
        let mut violations = Violations::new();
        if session_id.chars().count() > limit::SESSION_ID {
            violations.add(
                "session_id",
                reason::FIELD_TOO_LONG,
                format!("has more than {} characters", limit::SESSION_ID),
            );
        } else if session_id.chars().any(char::is_control) {
            violations.add("session_id", reason::FIELD_INVALID, "holds a control character");
        }
        let id = parse_id(user_id, violations)?;
        let caller = Caller::of(&request)?;
        let id = Reach::of(caller, Permission::Admin)?.to(id)?;
        let session_id = Some(session_id.as_str()).filter(|id| !id.is_empty());
        let revocation = self.0.revoke(id, session_id).await?.ok_or_else(not_found)?;
        audit::revoked(caller, id, revocation.whole_user);
        Ok(Response::new(RevokeTokensResponse { not_before: Some(convert::timestamp(revocation.not_before)) }))
    }

    async fn delete_user(&self, request: Request<DeleteUserRequest>) -> Result<Response<DeleteUserResponse>, Status> {
        let id = parse_id(&request.get_ref().user_id, Violations::new())?;
        let caller = Caller::of(&request)?;
        let id = Reach::of(caller, Permission::Admin)?.to(id)?;
        let erased_at = self.0.erase(id).await?.ok_or_else(not_found)?;
        audit::erased(caller, id);
        Ok(Response::new(DeleteUserResponse { erased_at: Some(convert::timestamp(erased_at)) }))
    }
}

/// Whom a call can be about. A service that acts for a user is that user, whatever else it may.
enum Reach {
    Anyone,
    Only(UserId),
}

impl Reach {
    /// A service on its own needs the permission for anyone.
    fn of(caller: &Caller, for_anyone: Permission) -> Result<Self, Error> {
        match caller {
            Caller::Service { acting_for: None, .. } => caller.service(for_anyone).map(|_| Self::Anyone),
            _ => caller.user_id().map(Self::Only),
        }
    }

    /// The id, if it is within reach.
    fn to(&self, id: UserId) -> Result<UserId, Error> {
        match self {
            Self::Only(own) if *own != id => Err(not_found()),
            _ => Ok(id),
        }
    }
}

/// The id of a request that had these violations besides.
fn parse_id(user_id: &str, mut violations: Violations) -> Result<UserId, Error> {
    let id = violations.check::<UserId, _>("user_id", user_id.parse());
    violations.finish()?;
    id.ok_or_else(not_found)
}

/// Each once, in the order of its first place.
fn parse_ids(user_ids: &[String]) -> Result<Vec<UserId>, Error> {
    let mut violations = Violations::new();
    if user_ids.is_empty() {
        violations.add("user_ids", reason::FIELD_REQUIRED, "names no user");
    }
    if user_ids.len() > limit::USER_BATCH {
        violations.add("user_ids", reason::FIELD_TOO_LONG, format!("has more than {} ids", limit::USER_BATCH));
    }
    let mut ids = Vec::new();
    for (index, user_id) in user_ids.iter().enumerate().take(limit::USER_BATCH) {
        let id = violations.check::<UserId, _>(&format!("user_ids[{index}]"), user_id.parse());
        ids.extend(id.filter(|id| !ids.contains(id)));
    }
    violations.finish()?;
    Ok(ids)
}

fn not_found() -> Error {
    Error::not_found(reason::USER_NOT_FOUND, "no such user")
}
