//! The tables of a Better Auth server, which are not ours: read only, in the schema and with the names that it uses.
//!
//! Nothing here is checked while compiling, because the schema is configured and its ids have a type of their own.

use chrono::{DateTime, Utc};
use kit::{
    database::{Pool, in_time},
    error::Error,
};
use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    jws::is_subject,
    session::{Live, Standing},
    users::{Said, Statement},
};

/// The admin plugin's columns, which are there or not.
const BANNED: &str = r"
    COALESCE((to_jsonb(u) ->> 'banned')::boolean, false)
    AND COALESCE((to_jsonb(u) ->> 'banExpires')::timestamptz > now(), true)
";

/// The tables `session` and `user`.
pub(crate) struct Tables {
    pool: Pool,
    /// A plain name: it is part of every statement.
    schema: String,
    ids: OnceCell<IdType>,
}

/// How user ids are kept. Tokens have them as text, and comparing as text would read every row.
#[derive(Debug, Clone, Copy)]
enum IdType {
    Text,
    Uuid,
    Integer,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    session_id: String,
    user_id: String,
    email: Option<String>,
    name: Option<String>,
    image: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    banned: bool,
}

impl Tables {
    pub(crate) fn new(pool: Pool, schema: String) -> Self {
        Self { pool, schema, ids: OnceCell::new() }
    }

    /// The live session of a raw token, with its user as they are now.
    pub(crate) async fn session(&self, raw: &str) -> Result<Option<Live>, Error> {
        let schema = &self.schema;
        let statement = format!(
            r#"
            SELECT
                s.id::text AS session_id, s."userId"::text AS user_id, u.email, u.name, u.image,
                s."createdAt"::timestamptz AS created_at, s."expiresAt"::timestamptz AS expires_at,
                {BANNED} AS banned
            FROM "{schema}".session AS s
            JOIN "{schema}"."user" AS u ON u.id = s."userId"
            WHERE s.token = $1 AND s."expiresAt" > now()
            "#
        );
        let query = sqlx::query_as::<_, SessionRow>(AssertSqlSafe(statement)).bind(raw);
        let row = in_time(async { Ok(query.fetch_optional(&self.pool).await?) }).await?;
        Ok(row.map(Live::from).filter(|live| is_subject(&live.subject)))
    }

    /// Whether a user is there, and may come in.
    pub(crate) async fn standing(&self, user_id: &str) -> Result<Standing, Error> {
        in_time(async {
            let condition = match self.ids.get_or_try_init(|| self.id_type()).await? {
                IdType::Text => "u.id = $1",
                IdType::Uuid if Uuid::try_parse(user_id).is_ok() => "u.id = $1::text::uuid",
                IdType::Integer if user_id.parse::<i64>().is_ok() => "u.id = $1::text::bigint",
                IdType::Uuid | IdType::Integer => return Ok(Standing::Gone),
            };
            let statement = format!(
                r#"
                SELECT {BANNED}
                FROM "{}"."user" AS u
                WHERE {condition}
                "#,
                self.schema
            );
            let query = sqlx::query_scalar::<_, bool>(AssertSqlSafe(statement));
            Ok(match query.bind(user_id).fetch_optional(&self.pool).await? {
                Some(false) => Standing::Good,
                Some(true) => Standing::Banned,
                None => Standing::Gone,
            })
        })
        .await
    }

    async fn id_type(&self) -> Result<IdType, Error> {
        let statement = r"
            SELECT data_type::text
            FROM information_schema.columns
            WHERE table_schema = $1 AND table_name = 'user' AND column_name = 'id'
        ";
        let query = sqlx::query_scalar::<_, String>(statement).bind(&self.schema);
        match query.fetch_optional(&self.pool).await?.as_deref() {
            Some("text" | "character varying") => Ok(IdType::Text),
            Some("uuid") => Ok(IdType::Uuid),
            Some("integer" | "bigint") => Ok(IdType::Integer),
            other => Err(Error::internal(anyhow::anyhow!(
                "AUTH_SESSION_DATABASE_URL: no readable table {}.user with ids of a known type ({other:?})",
                self.schema
            ))),
        }
    }
}

impl From<SessionRow> for Live {
    fn from(row: SessionRow) -> Self {
        Self {
            subject: row.user_id,
            statement: Statement {
                email: Said::all(row.email),
                name: Said::all(row.name),
                image: Said::all(row.image),
            }
            .tidy(),
            session_id: row.session_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            banned: row.banned,
        }
    }
}
