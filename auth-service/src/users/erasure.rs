//! Erasure: the person goes, a keyed hash stays.
//!
//! An erased subject is refused for good, with newer tokens too. What is left of it cannot tell a person who wants to
//! come back from a token that their issuer still renews, and bringing someone back by mistake is the graver one.
//! An issuer that lets them sign up again gives them a new subject, who is welcome.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use kit::{caller::UserId, database::in_time, error::Error};

use super::Users;
use crate::store::{self, tombstone::Digest};

/// Makes the digests of tombstones. Without it nobody can try out whether someone was erased.
pub(super) struct ErasureKey(hmac::Key);

impl ErasureKey {
    pub(super) fn subject(&self, issuer: &str, subject: &str) -> Digest {
        self.digest(&["subject", issuer, subject])
    }

    pub(super) fn user(&self, id: UserId) -> Digest {
        self.digest(&["user", &id.to_string()])
    }

    /// Each part comes with its length, so that no two lists read the same.
    fn digest(&self, parts: &[&str]) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign().as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

impl Users {
    /// The key of this database, which never changes.
    pub(super) async fn erasure_key(&self) -> Result<&ErasureKey, Error> {
        let read = || async {
            let key = store::tombstone::key(&self.pool).await?;
            Ok(ErasureKey(hmac::Key::new(hmac::HMAC_SHA256, &key)))
        };
        self.erasure_key.get_or_try_init(read).await
    }

    /// Erases a user, and says when that was; None when there never was one. Whom nobody has left, stays erased.
    pub(crate) async fn erase(&self, id: UserId) -> Result<Option<DateTime<Utc>>, Error> {
        in_time(async {
            let key = self.erasure_key().await?;
            let by_id = key.user(id);
            let mut transaction = self.pool.begin("").await?;
            if let Some(user) = store::user::lock(&mut transaction, id).await? {
                let by_subject = key.subject(&user.issuer, &user.subject);
                // The file knows before the database does, so that it never knows less.
                if let Some(file) = &self.erasures_file {
                    file.append(vec![by_id, by_subject]).await.map_err(Error::internal)?;
                }
                store::tombstone::insert(&mut transaction, &[by_id, by_subject]).await?;
                store::user::delete(&mut transaction, id).await?;
            }
            let erased_at = store::tombstone::find(&mut transaction, &by_id).await?;
            transaction.commit().await?;
            Ok(erased_at)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_people_share_a_digest() {
        let key = ErasureKey(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]));
        let id = UserId(uuid::Uuid::nil());
        let digests = [
            key.subject("https://a", "b"),
            key.subject("https://", "ab"),
            key.subject("https://ab", ""),
            key.user(id),
            key.subject("user", &id.to_string()),
            ErasureKey(hmac::Key::new(hmac::HMAC_SHA256, &[8; 32])).subject("https://a", "b"),
        ];
        for (index, digest) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(digest), "{index}");
        }
        assert_eq!(digests[0], key.subject("https://a", "b"));
    }
}
