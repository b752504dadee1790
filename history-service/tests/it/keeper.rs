//! What the keeper may touch, and which statements run as the keeper.

use kit::server::Listeners;
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, raw_sql};
use tokio_util::sync::CancellationToken;

use crate::world::{World, config};

/// What spans users may touch these columns and no more. It reads texts to index them, and writes what agents say
/// while they say it, into `run_event` alone.
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
        "conversation SELECT active_leaf_id agent archived client_id conversation_id expires_at message_count pinned title updated_at user_id",
        "conversation UPDATE active_leaf_id client_id expires_at",
        "message DELETE *",
        "message SELECT content conversation_id message_id parent_id status user_id",
        "message UPDATE parent_id status",
        "run SELECT cancel_requested_at conversation_id fence finished_at lease_expires_at message_id run_id status user_id",
        "run UPDATE lease_expires_at",
        "run_event DELETE *",
        "run_event INSERT count payload position run_id user_id",
        "run_event SELECT count payload position run_id user_id",
        "run_event UPDATE count payload",
        "search_block DELETE *",
        "search_block INSERT block entries newest oldest user_id",
        "search_block SELECT block entries newest oldest user_id",
        "search_block UPDATE entries newest oldest",
        "search_entry SELECT conversation_id entry_id grams length user_id",
        "search_entry UPDATE grams",
        "source SELECT message_id user_id",
        "tombstone INSERT digest",
        "tombstone SELECT conversations digest erased_at finished_at messages runs sources",
        "tombstone UPDATE conversations finished_at messages runs sources",
    ];
    assert_eq!(granted, expected);

    let policies: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT tablename::text, cmd, lower(permissive) FROM pg_catalog.pg_policies \
         WHERE schemaname = 'history' AND 'colloquy_keeper' = ANY(roles) ORDER BY 1, 2, 3",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let policies: Vec<String> =
        policies.iter().map(|(table, command, kind)| format!("{table} {command} {kind}")).collect();
    let expected = [
        "conversation ALL permissive",
        "conversation ALL restrictive",
        "message ALL permissive",
        "message ALL restrictive",
        "run ALL permissive",
        "run_event ALL permissive",
        "search_block ALL permissive",
        "search_block ALL restrictive",
        "search_entry ALL permissive",
        "source SELECT permissive",
        "tombstone ALL permissive",
    ];
    assert_eq!(policies, expected);
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
        "conversation::free_client_id",
        "deletion::delete",
        "deletion::delete_newest",
        "deletion::forget_blocks",
        "deletion::hide",
        "deletion::hold_runs",
        "deletion::of_user",
        "indexing::fill",
        "indexing::filling",
        "indexing::take_waiting",
        "indexing::waiting_texts",
        "indexing::write_grams",
        "retention::expired",
        "retention::unchanged",
        "run_event::append",
        "run_event::forget",
        "run_event::running",
        "run_event::tails",
        "search::blocks",
        "search::indexed",
        "search::not_indexed",
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
async fn a_role_that_inherits_from_the_keeper_is_refused() {
    let world = World::new().await;
    // Roles belong to the cluster, which other tests share.
    let heir = format!("heir_{}", uuid::Uuid::now_v7().simple());
    let make = format!("CREATE ROLE {heir} LOGIN INHERIT PASSWORD 'test'; GRANT colloquy_keeper TO {heir}");
    raw_sql(AssertSqlSafe(make)).execute(&mut world.superuser().await).await.unwrap();
    let url = world.database.service_url.expose_secret().replacen("colloquy_service", &heir, 1);
    let config = config(url.into());
    let listeners = Listeners::bind(config.options.listen, config.options.admin_listen).await.unwrap();
    let error = history_service::serve(config, listeners, CancellationToken::new()).await.unwrap_err();
    assert!(format!("{error:#}").contains("inherits from colloquy_keeper"), "{error:#}");
}
