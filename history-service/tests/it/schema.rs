//! What the catalogue must say about schema `history`, whatever migrations come.

use sqlx::Connection as _;

use crate::world::World;

/// Tables that hold nothing of a user: each with the reason why no policy guards it.
const OF_NO_USER: [(&str, &str); 2] = [
    ("_sqlx_migrations", "what has run; no role of the services may read it"),
    ("erasure_key", "one key; no role of the services may read it"),
];
/// Tables that name no user, and why a policy can guard them all the same.
const WITHOUT_USER_ID: [(&str, &str); 1] = [("tombstone", "digests; its policies compare the digest of the user")];

#[tokio::test]
async fn every_table_forces_row_level_security_and_compares_the_user() {
    let world = World::new().await;
    let mut connection = world.superuser().await;
    let tables: Vec<(String, bool, bool)> = sqlx::query_as(
        r"
        SELECT
            c.relname::text,
            c.relrowsecurity AND c.relforcerowsecurity,
            EXISTS (
                SELECT
                FROM pg_catalog.pg_policies p
                WHERE p.schemaname = 'history'
                    AND p.tablename = c.relname
                    AND p.cmd = 'ALL'
                    AND p.qual LIKE '(user_id = (NULLIF(current_setting(%colloquy.user_id%'
                    AND p.with_check = p.qual
            )
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'history'::regnamespace
            AND c.relkind IN ('r', 'p', 'f')
        ORDER BY c.relname
        ",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for (table, forced, compares) in &tables {
        if OF_NO_USER.iter().any(|(known, _)| known == table) {
            continue;
        }
        assert!(*forced, "{table} does not force row-level security");
        let named = WITHOUT_USER_ID.iter().all(|(known, _)| known != table);
        assert_eq!(*compares, named, "whether {table} has a policy that compares the user");
    }
    // Nothing is excepted that is not there, and something is guarded.
    let mut excepted = OF_NO_USER.iter().chain(&WITHOUT_USER_ID);
    assert!(excepted.all(|(known, _)| tables.iter().any(|(table, ..)| table == known)));
    assert!(tables.len() > OF_NO_USER.len());
}

#[tokio::test]
async fn no_policy_opens_a_table_for_anybody_but_its_user_and_the_keeper() {
    let world = World::new().await;
    let mut connection = world.superuser().await;
    let open: Vec<String> = sqlx::query_scalar(
        r"
        SELECT format('%s on %s for %s', policyname, tablename, array_to_string(roles, ', '))
        FROM pg_catalog.pg_policies
        WHERE schemaname = 'history'
            AND permissive = 'PERMISSIVE'
            AND policyname <> 'tombstone_of_user'
            AND NOT (
                roles = ARRAY['colloquy_keeper'::name]
                OR (
                    COALESCE(qual, with_check) LIKE '(user_id = (NULLIF(current_setting(%colloquy.user_id%'
                    AND COALESCE(with_check, qual) = COALESCE(qual, with_check)
                )
            )
        ",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());
    // A view would be read as its owner, and one without a barrier could be asked about what it hides.
    let views: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = 'history'::regnamespace AND relkind IN ('v', 'm')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(views, Vec::<String>::new());
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
