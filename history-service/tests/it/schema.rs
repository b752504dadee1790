//! What the catalogue must say about schema `history`, whatever migrations come.

use sqlx::Connection as _;

use crate::world::World;

#[tokio::test]
async fn every_table_forces_row_level_security_and_compares_the_user() {
    let world = World::new().await;
    let mut connection = world.superuser().await;
    let open: Vec<String> = sqlx::query_scalar(
        r"
        SELECT c.relname::text
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'history'::regnamespace
            AND c.relkind IN ('r', 'p')
            AND c.relname NOT IN ('_sqlx_migrations', 'erasure_key', 'tombstone')
            AND NOT (
                c.relrowsecurity
                AND c.relforcerowsecurity
                AND EXISTS (
                    SELECT
                    FROM pg_catalog.pg_policies p
                    WHERE p.schemaname = 'history'
                        AND p.tablename = c.relname
                        AND p.qual LIKE '(user_id = (NULLIF(current_setting(%colloquy.user_id%'
                        AND p.with_check = p.qual
                )
            )
        ",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());

    let guarded: Vec<String> = sqlx::query_scalar(
        "SELECT policyname::text FROM pg_catalog.pg_policies \
         WHERE schemaname = 'history' AND 'public' = ANY(roles) ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let expected = ["conversation_of_user", "message_of_user", "run_of_user", "source_of_user", "tombstone_of_user"];
    assert_eq!(guarded, expected);
}

/// What spans users may touch these columns and no more: never what anybody said.
#[tokio::test]
async fn the_keeper_sees_and_changes_just_what_its_statements_name() {
    let world = World::new().await;
    let mut connection = world.superuser().await;
    let granted: Vec<(String, String, String)> = sqlx::query_as(
        r"
        SELECT table_name::text, privilege_type::text, string_agg(column_name::text, ' ' ORDER BY column_name)
        FROM information_schema.column_privileges
        WHERE grantee = 'colloquy_keeper'
        GROUP BY 1, 2
        UNION ALL
        SELECT table_name::text, privilege_type::text, '*'
        FROM information_schema.table_privileges
        WHERE grantee = 'colloquy_keeper' AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')
        ORDER BY 1, 2
        ",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let granted: Vec<String> =
        granted.iter().map(|(table, privilege, columns)| format!("{table} {privilege} {columns}")).collect();
    let expected = [
        "conversation DELETE *",
        "conversation SELECT active_leaf_id conversation_id expires_at message_count pinned updated_at user_id",
        "conversation UPDATE active_leaf_id expires_at",
        "message DELETE *",
        "message SELECT conversation_id message_id parent_id user_id",
        "message UPDATE parent_id",
        "run SELECT message_id user_id",
        "source SELECT message_id user_id",
        "tombstone INSERT digest",
        "tombstone SELECT conversations digest erased_at finished_at messages runs sources",
        "tombstone UPDATE conversations finished_at messages runs sources",
    ];
    assert_eq!(granted, expected);

    let policies: Vec<(String, String)> = sqlx::query_as(
        "SELECT tablename::text, cmd FROM pg_catalog.pg_policies \
         WHERE schemaname = 'history' AND 'colloquy_keeper' = ANY(roles) ORDER BY 1, 2",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let policies: Vec<String> = policies.iter().map(|(table, command)| format!("{table} {command}")).collect();
    assert_eq!(policies, ["conversation ALL", "message ALL", "run SELECT", "source SELECT", "tombstone ALL"]);
}

/// The statements of the keeper, by file. Whoever adds one says here that it spans users on purpose.
#[test]
fn nothing_but_these_statements_runs_as_the_keeper() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut statements = Vec::new();
    for file in std::fs::read_dir(source.join("store/keeper")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let functions = text.lines().filter_map(|line| line.strip_prefix("pub(crate) async fn "));
        statements.extend(functions.map(|line| format!("{name}::{}", line.split('(').next().unwrap())));
    }
    statements.sort();
    let expected = [
        "deletion::delete",
        "deletion::delete_newest",
        "deletion::hide",
        "deletion::of_user",
        "retention::expired",
        "retention::unchanged",
        "tombstone::add",
        "tombstone::after",
        "tombstone::are_there",
        "tombstone::digest",
        "tombstone::finish",
        "tombstone::finish_before",
        "tombstone::insert",
        "tombstone::owners",
    ];
    assert_eq!(statements, expected);
}

#[tokio::test]
async fn the_services_role_owns_nothing_bypasses_nothing_and_may_no_more_than_it_needs() {
    let world = World::new().await;
    let mut connection = world.service_connection().await;
    let (role, powers): (String, bool) = sqlx::query_as(
        "SELECT rolname::text, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolinherit \
         FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!((role.as_str(), powers), ("colloquy_service", false));

    let owned: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_catalog.pg_class WHERE relowner = 'colloquy_service'::regrole")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(owned, 0);

    for forbidden in [
        "TRUNCATE history.conversation CASCADE",
        "ALTER TABLE history.message DISABLE ROW LEVEL SECURITY",
        "DROP POLICY run_of_user ON history.run",
        "CREATE TABLE history.extra (id integer)",
        "UPDATE history.conversation SET user_id = gen_random_uuid()",
        "UPDATE history.message SET conversation_id = gen_random_uuid()",
        "DELETE FROM history.message",
        "DELETE FROM history.run",
        "DELETE FROM history.tombstone",
        "SELECT key FROM history.erasure_key",
        "SELECT version FROM history._sqlx_migrations",
        "SET ROLE colloquy_owner",
    ] {
        let refused = sqlx::raw_sql(forbidden).execute(&mut connection).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{forbidden}: {refused}");
    }
}

#[tokio::test]
async fn the_owner_is_bound_by_the_policies_too() {
    use secrecy::ExposeSecret as _;

    let world = World::new().await;
    world.user().conversation().await;
    let mut owner = sqlx::PgConnection::connect(world.database.owner_url.expose_secret()).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM history.conversation").fetch_one(&mut owner).await.unwrap();
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn every_constraint_has_a_name_of_ours() {
    let world = World::new().await;
    let mut connection = world.superuser().await;
    let strange: Vec<String> = sqlx::query_scalar(
        r"
        SELECT conname::text
        FROM pg_catalog.pg_constraint
        WHERE connamespace = 'history'::regnamespace
            AND conrelid <> 'history._sqlx_migrations'::regclass
            AND conname ~ '_(check|key|fkey)[0-9]+$'
        ",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(strange, Vec::<String>::new());
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let world = World::new().await;
    let conversation = world.user();
    let id = conversation.conversation().await.id;
    history_service::migrate(&world.database.owner_url).await.unwrap();
    assert_eq!(conversation.read(&id).await.id, id);
}
