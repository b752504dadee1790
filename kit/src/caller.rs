//! Who is calling. The user is never a field of a request: it comes from the credential, here and nowhere else.
//!
//! `authorization: Bearer <user token>` is a user acting for themself. `authorization: Bearer <service key>` is a
//! service, which acts for a user when it adds `x-act-as: <user id>`. There is nothing else.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc, time::SystemTime};

use proto::{auth::v1::User, reason};
use tonic::Status;
use uuid::Uuid;

use crate::{
    config::{Permission, Permissions},
    error::{Error, RefusalKind},
    request_id::RequestId,
};

mod authenticator;
mod remote;
mod service_keys;

pub(crate) use self::authenticator::require_caller;
pub use self::{
    authenticator::{Authenticator, bearer_token},
    remote::{CacheLimits, RemoteVerifier},
};

/// The header with which a service says for whom it acts.
pub const ACT_AS: &str = "x-act-as";

/// The id of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for UserId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who it speaks for.
    pub user_id: UserId,
    /// The same, whole.
    pub user: Arc<User>,
    /// When the token ends.
    pub expires_at: SystemTime,
    /// The configured name of the issuer.
    pub issuer_name: Arc<str>,
}

/// A user's credential, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// What stood behind `Bearer `, or in the session cookie.
    pub token: &'a str,
    /// The address of the client, where it is known.
    pub client: Option<IpAddr>,
    /// The request that it came with, where it is known.
    pub request_id: Option<&'a RequestId>,
}

/// Turns a credential into an identity: the auth service itself, or [`RemoteVerifier`] which asks it.
#[async_trait::async_trait]
pub trait VerifyToken: Send + Sync + 'static {
    /// The identity behind a credential, or why there is none.
    async fn verify(&self, presented: Presented<'_>) -> Result<Identity, Status>;
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A user, for themself.
    User(Identity),
    /// A service.
    Service {
        /// Its configured name.
        name: Arc<str>,
        /// What it may do.
        permissions: Permissions,
        /// The user it acts for.
        acting_for: Option<UserId>,
    },
}

impl Caller {
    /// The caller that the authentication layer found.
    ///
    /// # Errors
    /// When the layer is missing, which is a defect.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<&Self, Status> {
        let missing =
            || Status::from(Error::internal(anyhow::anyhow!("no authentication layer in front of a service")));
        request.extensions().get::<Self>().ok_or_else(missing)
    }

    /// The user whose data the request is about.
    ///
    /// # Errors
    /// When a service does not say for whom it acts.
    pub fn user_id(&self) -> Result<UserId, Error> {
        match self {
            Self::User(identity) => Ok(identity.user_id),
            Self::Service { acting_for: Some(user_id), .. } => Ok(*user_id),
            Self::Service { acting_for: None, .. } => Err(Error::refused(
                RefusalKind::Invalid,
                reason::ACT_AS_REQUIRED,
                "a service must name the user it acts for in `x-act-as`",
            )),
        }
    }

    /// The name of the calling service, which must have this permission.
    ///
    /// # Errors
    /// When the caller is a user, or a service without it.
    pub fn service(&self, permission: Permission) -> Result<&str, Error> {
        let Self::Service { name, permissions, .. } = self else {
            let message = "only a service may do this";
            return Err(Error::refused(RefusalKind::Forbidden, reason::SERVICE_KEY_REQUIRED, message));
        };
        if permissions.allow(permission) {
            return Ok(name);
        }
        let (needed, granted) = (permission.name(), permissions.and(permission));
        let message = format!(
            "the service `{name}` lacks the permission `{needed}`; SERVICE_PERMISSIONS grants it with `{name}:{granted}`"
        );
        let refused = Error::refused(RefusalKind::Forbidden, reason::PERMISSION_REQUIRED, message);
        Err(refused.with(reason::METADATA_PERMISSION, needed))
    }
}
