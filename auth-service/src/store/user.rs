//! `auth.user`.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::users::{Profile, User};

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

/// Creates the user, refreshes the profile, or only reads; absent claims change nothing.
///
/// None when another transaction created the same user after this statement began: try again.
pub(crate) async fn see(pool: &PgPool, issuer: &str, subject: &str, profile: &Profile) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH known AS (
            SELECT user_id, issuer, subject, email, name, image, created_at
            FROM auth.user
            WHERE issuer = $2 AND subject = $3
        ),
        changed AS (
            INSERT INTO auth.user AS u (user_id, issuer, subject, email, name, image)
            SELECT $1::uuid, $2, $3, $4::text, $5::text, $6::text
            WHERE NOT EXISTS (
                SELECT
                FROM known
                WHERE (email, name, image)
                    IS NOT DISTINCT FROM (COALESCE($4, email), COALESCE($5, name), COALESCE($6, image))
            )
            ON CONFLICT ON CONSTRAINT user_issuer_subject_key DO UPDATE
            SET email = COALESCE(excluded.email, u.email),
                name = COALESCE(excluded.name, u.name),
                image = COALESCE(excluded.image, u.image),
                updated_at = now()
            WHERE (u.email, u.name, u.image)
                IS DISTINCT FROM
                (COALESCE(excluded.email, u.email), COALESCE(excluded.name, u.name), COALESCE(excluded.image, u.image))
            RETURNING user_id, issuer, subject, email, name, image, created_at
        )
        SELECT
            user_id AS "user_id!", issuer AS "issuer!", subject AS "subject!", email, name, image,
            created_at AS "created_at!"
        FROM changed
        UNION ALL
        SELECT user_id, issuer, subject, email, name, image, created_at
        FROM known
        WHERE NOT EXISTS (SELECT FROM changed)
        "#,
        Uuid::now_v7(),
        issuer,
        subject,
        profile.email,
        profile.name,
        profile.image,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(User::from))
}

/// A user by id.
pub(crate) async fn find(pool: &PgPool, id: UserId) -> sqlx::Result<Option<User>> {
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
