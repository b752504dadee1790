//! `UserService`: users read themselves, services read anyone.

use kit::{
    caller::{Caller, UserId},
    error::{Error, Violations},
};
use proto::{
    auth::v1::{
        BatchGetUsersRequest, BatchGetUsersResponse, DeleteUserRequest, DeleteUserResponse, GetMeRequest,
        GetMeResponse, GetUserRequest, GetUserResponse, RevokeTokensRequest, RevokeTokensResponse, User,
        user_service_server::UserService,
    },
    reason,
};
use tonic::{Request, Response, Status};

use super::convert;
use crate::users::Users;

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
        let mut violations = Violations::new();
        let id = violations.check::<UserId, _>("user_id", request.get_ref().user_id.parse());
        violations.finish()?;
        let id = id.ok_or_else(not_found)?;
        let user = match Caller::of(&request)? {
            Caller::User(identity) if identity.user_id == id => identity.user.as_ref().clone(),
            Caller::User(_) => return Err(not_found().into()),
            Caller::Service { .. } => self.read(id).await?,
        };
        Ok(Response::new(GetUserResponse { user: Some(user) }))
    }

    async fn batch_get_users(
        &self,
        _: Request<BatchGetUsersRequest>,
    ) -> Result<Response<BatchGetUsersResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn revoke_tokens(&self, _: Request<RevokeTokensRequest>) -> Result<Response<RevokeTokensResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn delete_user(&self, _: Request<DeleteUserRequest>) -> Result<Response<DeleteUserResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }
}

fn not_found() -> Error {
    Error::not_found(reason::USER_NOT_FOUND, "no such user")
}
