//! `auth.user`.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, database::Pool};
use sqlx::PgConnection;
use uuid::Uuid;

use super::tombstone::Digest;
use crate::users::{Profile, Sighting, User};

struct Row {
    user_id: Uuid,
    issuer: String,
    subject: String,
    email: Option<String>,
    name: Option<String>,
    image: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(Row { user_id, issuer, subject, email, name, image, created_at }: Row) -> Self {
        Self { id: UserId(user_id), issuer, subject, profile: Profile { email, name, image }, created_at }
    }
}

/// What is known about the subject of a credential.
pub(crate) struct Known {
    pub(crate) erased: bool,
    pub(crate) user: Option<KnownUser>,
}

/// What is known about the user, if there is one.
pub(crate) struct KnownUser {
    pub(crate) user: User,
    pub(crate) profile_as_of: Option<DateTime<Utc>>,
    /// Whether a credential of this age was revoked, by itself or with all others of the user.
    pub(crate) revoked: bool,
}

/// Everything that decides about a credential. Writes nothing.
pub(crate) async fn look(pool: &Pool, sighting: &Sighting<'_>, subject: &Digest) -> sqlx::Result<Known> {
    let row = sqlx::query!(
        r#"
        SELECT
            EXISTS (SELECT FROM auth.tombstone WHERE digest = $3) AS "erased!",
            u.user_id AS "user_id?", u.email, u.name, u.image, u.created_at AS "created_at?", u.profile_as_of,
            COALESCE($4::timestamptz, '-infinity') <= GREATEST(u.tokens_not_before, s.not_before) IS TRUE AS "revoked!"
        FROM (VALUES (true)) AS always
        LEFT JOIN auth.user u ON u.issuer = $1 AND u.subject = $2
        LEFT JOIN auth.revoked_session s ON s.user_id = u.user_id AND s.session_id = $5
        "#,
        sighting.issuer.identifier,
        sighting.subject,
        subject.as_ref(),
        sighting.issued_at,
        sighting.session_id,
    )
    .fetch_one(pool)
    .await?;
    let user = row.user_id.zip(row.created_at).map(|(user_id, created_at)| KnownUser {
        user: User {
            id: UserId(user_id),
            issuer: sighting.issuer.identifier.clone(),
            subject: sighting.subject.to_owned(),
            profile: Profile { email: row.email, name: row.name, image: row.image },
            created_at,
        },
        profile_as_of: row.profile_as_of,
        revoked: row.revoked,
    });
    Ok(Known { erased: row.erased, user })
}

/// Creates the user with this id, or refreshes the profile by what was said later. What is not spoken of stays.
///
/// None when another transaction has written as much or more meanwhile.
pub(crate) async fn write(
    db: &mut PgConnection,
    new_id: UserId,
    sighting: &Sighting<'_>,
) -> sqlx::Result<Option<User>> {
    let Sighting { issuer, subject, statement, profile_as_of, .. } = sighting;
    let row = sqlx::query_as!(
        Row,
        r#"
        INSERT INTO auth.user AS u (user_id, issuer, subject, email, name, image, profile_as_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT ON CONSTRAINT user_issuer_subject_key DO UPDATE
        SET email = CASE WHEN $8 THEN excluded.email ELSE u.email END,
            name = CASE WHEN $9 THEN excluded.name ELSE u.name END,
            image = CASE WHEN $10 THEN excluded.image ELSE u.image END,
            profile_as_of = excluded.profile_as_of,
            updated_at = now()
        WHERE excluded.profile_as_of > COALESCE(u.profile_as_of, '-infinity')
            AND (($8 AND u.email IS DISTINCT FROM excluded.email)
                OR ($9 AND u.name IS DISTINCT FROM excluded.name)
                OR ($10 AND u.image IS DISTINCT FROM excluded.image))
        RETURNING user_id, issuer, subject, email, name, image, created_at
        "#,
        new_id.0,
        issuer.identifier,
        subject,
        statement.email.text(),
        statement.name.text(),
        statement.image.text(),
        *profile_as_of,
        statement.email.is_said(),
        statement.name.is_said(),
        statement.image.is_said(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(User::from))
}

/// A user by id.
pub(crate) async fn find(pool: &Pool, id: UserId) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, issuer, subject, email, name, image, created_at
        FROM auth.user
        WHERE user_id = $1
        "#,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(User::from))
}

/// Those that exist, in this order.
pub(crate) async fn find_several(pool: &Pool, ids: &[UserId]) -> sqlx::Result<Vec<User>> {
    let ids = ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT u.user_id, u.issuer, u.subject, u.email, u.name, u.image, u.created_at
        FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (user_id, place)
        JOIN auth.user u ON u.user_id = wanted.user_id
        ORDER BY wanted.place
        "#,
        &ids,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// The next users by id.
pub(crate) async fn after(pool: &Pool, id: UserId, limit: i64) -> sqlx::Result<Vec<User>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, issuer, subject, email, name, image, created_at
        FROM auth.user
        WHERE user_id > $1
        ORDER BY user_id
        LIMIT $2
        "#,
        id.0,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// A user by id, whom nobody else changes until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, id: UserId) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, issuer, subject, email, name, image, created_at
        FROM auth.user
        WHERE user_id = $1
        FOR UPDATE
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(User::from))
}

/// Takes a user away, with the sessions that were revoked.
pub(crate) async fn delete(db: &mut PgConnection, id: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM auth.user
        WHERE user_id = $1
        "#,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
