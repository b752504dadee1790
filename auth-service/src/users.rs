//! The people behind the credentials.

use std::{sync::Arc, time::SystemTime};

use chrono::{DateTime, SubsecRound as _, Utc};
use kit::{
    caller::UserId,
    database::{Pool, in_time},
    erasures::ErasuresFile,
    error::Error,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use self::erasure::ErasureKey;
use crate::{
    audit,
    issuer::Issuer,
    refusal::Refusal,
    store::{self, user::KnownUser},
    token::Verified,
};

mod erasure;
mod profile;
mod restore;

pub(crate) use self::profile::{Profile, Said, Statement};

/// A person, as one issuer knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) profile: Profile,
    pub(crate) created_at: DateTime<Utc>,
}

/// A verified credential, as far as it matters for the user behind it. Moments are as precise as the database's.
pub(crate) struct Sighting<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) subject: &'a str,
    pub(crate) statement: &'a Statement,
    pub(crate) profile_as_of: Option<DateTime<Utc>>,
    pub(crate) issued_at: Option<DateTime<Utc>>,
    pub(crate) session_id: Option<&'a str>,
}

impl<'a> Sighting<'a> {
    pub(crate) fn of(verified: &'a Verified, now: SystemTime) -> Self {
        let moment = |moment: SystemTime| DateTime::<Utc>::from(moment).trunc_subsecs(6);
        Self {
            issuer: &verified.issuer,
            subject: &verified.subject,
            statement: &verified.statement,
            // A token from the future must not have the last word for ever.
            profile_as_of: verified.profile_as_of.map(|said| moment(said.min(now))),
            issued_at: verified.issued_at.map(moment),
            session_id: verified.session_id.as_deref(),
        }
    }

    /// Two live tokens with different profiles must not write in turn for ever: only the later one may, and one that
    /// does not say when it was issued only makes a profile.
    fn changes(&self, known: &KnownUser) -> bool {
        self.profile_as_of > known.profile_as_of && self.statement.changes(&known.user.profile)
    }
}

/// Every user.
#[derive(Clone)]
pub(crate) struct Users {
    pool: Pool,
    erasure_key: Arc<OnceCell<ErasureKey>>,
    erasures_file: Option<ErasuresFile>,
}

impl Users {
    /// Erasures are remembered in this file too, if there is one.
    pub(crate) fn new(pool: Pool, erasures_file: Option<ErasuresFile>) -> Self {
        Self { pool, erasure_key: Arc::default(), erasures_file }
    }

    /// The user behind a credential: created at first sight, refreshed when a later profile differs, else only read.
    /// Refused when the credential was revoked or the user erased. Notes who it is as soon as that is known.
    pub(crate) async fn see(&self, sighting: &Sighting<'_>, who: &mut Option<UserId>) -> Result<User, Error> {
        let seen = async {
            // Whoever wrote between our look and our write has left something to look at.
            for _ in 0..3 {
                if let Some(known) = self.look(sighting, who).await?.filter(|known| !sighting.changes(known)) {
                    return Ok(known.user);
                }
                if let Some(user) = self.write(sighting, who).await? {
                    return Ok(user);
                }
            }
            Err(Error::internal(anyhow::anyhow!("a user could neither be written nor found")))
        };
        in_time(seen).await
    }

    /// The user behind a credential, if one was seen. Refused when the credential was revoked or the user erased.
    /// Nobody is created.
    pub(crate) async fn known(&self, sighting: &Sighting<'_>) -> Result<Option<User>, Error> {
        in_time(async { Ok(self.look(sighting, &mut None).await?.map(|known| known.user)) }).await
    }

    async fn look(&self, sighting: &Sighting<'_>, who: &mut Option<UserId>) -> Result<Option<KnownUser>, Error> {
        let subject = self.erasure_key().await?.subject(&sighting.issuer.identifier, sighting.subject);
        let known = store::user::look(&self.pool, sighting, &subject).await?;
        *who = known.user.as_ref().map(|known| known.user.id);
        match known.user {
            _ if known.erased => Err(Refusal::Erased.into()),
            Some(user) if user.revoked => Err(Refusal::Revoked.into()),
            user => Ok(user),
        }
    }

    async fn write(&self, sighting: &Sighting<'_>, who: &mut Option<UserId>) -> Result<Option<User>, Error> {
        let mut transaction = self.pool.begin("").await?;
        let new_id = UserId(Uuid::now_v7());
        let written = store::user::write(&mut transaction, new_id, sighting).await?;
        let Some(user) = written else { return Ok(None) };
        // An erasure may have been under way when we looked. The row could only be made after it had committed, which
        // the unique subject sees to; so a statement that begins now finds the tombstone.
        let subject = self.erasure_key().await?.subject(&sighting.issuer.identifier, sighting.subject);
        if store::tombstone::find(&mut transaction, &subject).await?.is_some() {
            return Err(Refusal::Erased.into());
        }
        transaction.commit().await?;
        *who = Some(user.id);
        if user.id == new_id {
            audit::first_seen(new_id, &sighting.issuer.name);
        }
        Ok(Some(user))
    }

    /// A user by id.
    pub(crate) async fn find(&self, id: UserId) -> Result<Option<User>, Error> {
        in_time(async { Ok(store::user::find(&self.pool, id).await?) }).await
    }

    /// Those that exist, in this order.
    pub(crate) async fn find_several(&self, ids: &[UserId]) -> Result<Vec<User>, Error> {
        in_time(async { Ok(store::user::find_several(&self.pool, ids).await?) }).await
    }

    /// Refuses what was issued to a user, or to one session of theirs, until now; None when there is no such user. Who
    /// has too many revoked sessions is revoked as a whole: forgetting one would bring it back.
    pub(crate) async fn revoke(&self, id: UserId, session_id: Option<&str>) -> Result<Option<Revocation>, Error> {
        in_time(async {
            if let Some(session_id) = session_id
                && let Some(not_before) = store::revocation::of_session(&self.pool, id, session_id).await?
            {
                return Ok(Some(Revocation { not_before, whole_user: false }));
            }
            let not_before = store::revocation::of_user(&self.pool, id).await?;
            Ok(not_before.map(|not_before| Revocation { not_before, whole_user: true }))
        })
        .await
    }
}

/// What was issued before a moment is refused.
pub(crate) struct Revocation {
    pub(crate) not_before: DateTime<Utc>,
    /// Everything of the user, or else of the one session.
    pub(crate) whole_user: bool,
}
