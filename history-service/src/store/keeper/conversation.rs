//! `history.conversation`, also where it has expired.

use kit::caller::UserId;
use sqlx::PgConnection;

/// Takes a client's id from the expired conversation that has it.
pub(crate) async fn free_client_id(db: &mut PgConnection, user: UserId, client_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE history.conversation
        SET client_id = NULL
        WHERE user_id = $1
            AND client_id = $2
            AND expires_at <= now()
        "#,
        user.0,
        client_id,
    )
    .execute(db)
    .await?;
    Ok(())
}
