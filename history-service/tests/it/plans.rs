//! By which indexes the hot statements reach their rows, as a snapshot: an index that is lost or no longer used is seen.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};

use crate::{costs::statement, world::World};

/// What is called most, each by words that only its statement has, and the role that runs it.
const HOT: [(&str, &[&str], &str); 17] = [
    ("list", &["(pinned, updated_at, conversation_id) <"], "colloquy_service"),
    ("list, backwards", &["(pinned, updated_at, conversation_id) >"], "colloquy_service"),
    ("one conversation", &["AND conversation_id = $2\n            LIMIT 1\n        ) c"], "colloquy_service"),
    ("messages", &["WITH RECURSIVE path", "sibling_index"], "colloquy_service"),
    ("a jump", &["WITH RECURSIVE walk", "goal"], "colloquy_service"),
    ("a message by its client id", &["SELECT message_id\n", "client_id = $2"], "colloquy_service"),
    ("sources of a message", &["LIMIT 32767"], "colloquy_service"),
    ("citations", &["s.url = $2"], "colloquy_service"),
    ("search: what is indexed", &["grams @>"], "colloquy_keeper"),
    ("search: texts", &["LIMIT cardinality($2) +"], "colloquy_service"),
    ("search: places of hits", &["AS beside"], "colloquy_service"),
    ("search: entries of conversations", &["conversation_id = conversation.id"], "colloquy_service"),
    ("the latest run", &["latest.run_id"], "colloquy_service"),
    ("a tick", &["FOR NO KEY UPDATE OF r", "SKIP LOCKED", "renewed"], "colloquy_keeper"),
    ("followers", &["WITH ORDINALITY AS asked"], "colloquy_keeper"),
    ("leases", &["EXTRACT(EPOCH FROM r.lease_expires_at"], "colloquy_keeper"),
    ("what has expired", &["ORDER BY expires_at"], "colloquy_keeper"),
];

/// Enough of everything that no table is read as a whole, in statistics that are the same each time.
const ROWS: &str = "
    SET session_replication_role = replica;
    INSERT INTO history.conversation (conversation_id, user_id, metadata, message_count, updated_at, expires_at, title, title_source)
    SELECT md5('c' || c)::uuid, md5('u' || c % 100)::uuid, '{}', 10, now() - c * interval '1 minute',
        CASE WHEN c % 50 = 0 THEN now() + interval '1 day' END, 'title ' || c, 'user'
    FROM generate_series(1, 2000) c;
    INSERT INTO history.message (message_id, user_id, conversation_id, parent_id, client_id, role, status, content, metadata, source_bytes)
    SELECT md5('m' || m)::uuid, md5('u' || m % 2000 % 100)::uuid, md5('c' || m % 2000)::uuid,
        CASE WHEN m > 2000 THEN md5('m' || m - 2000)::uuid END, 'm' || m, 'user', 'completed', 'text ' || m, '{}',
        CASE WHEN m % 4 = 0 THEN 200 ELSE 0 END
    FROM generate_series(1, 20000) m;
    INSERT INTO history.source (source_id, user_id, message_id, ordinal, kind, url, metadata)
    SELECT md5('s' || m)::uuid, md5('u' || m % 2000 % 100)::uuid, md5('m' || m)::uuid, 1, 'url', 'https://' || m % 500, '{}'
    FROM generate_series(4, 20000, 4) m;
    INSERT INTO history.run (run_id, user_id, conversation_id, user_message_id, message_id, agent, status, fence, lease_expires_at, fingerprint, finished_at)
    SELECT md5('r' || m)::uuid, md5('u' || m % 2000 % 100)::uuid, md5('c' || m % 2000)::uuid, md5('m' || m - 2000)::uuid,
        md5('m' || m)::uuid, 'a', CASE WHEN m > 19900 THEN 'running' ELSE 'completed' END, 1, now(), '',
        CASE WHEN m <= 19900 THEN now() END
    FROM generate_series(2001, 20000) m;
    INSERT INTO history.run_event (run_id, user_id, position, count, payload)
    SELECT md5('r' || m)::uuid, md5('u' || m % 2000 % 100)::uuid, p, 1, ''
    FROM generate_series(19901, 20000) m CROSS JOIN generate_series(0, 99) p;
    INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length, grams)
    SELECT message_id, user_id, conversation_id, 20, ARRAY[hashtext(content), hashtext(client_id)]
    FROM history.message;
    SET session_replication_role = origin;
";

#[tokio::test]
async fn hot_statements_reach_their_rows_by_these_indexes() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    raw_sql(ROWS).execute(&mut superuser).await.unwrap();
    raw_sql("VACUUM ANALYZE history.conversation, history.message, history.source, history.search_entry, history.run, history.run_event")
        .execute(&mut superuser)
        .await
        .unwrap();
    let mut plans = Vec::new();
    for (name, words, role) in HOT {
        let scans = plan(&mut superuser, &statement(words), role).await;
        plans.push(format!("{name}\n    {}\n", scans.join("\n    ")));
    }
    insta::assert_snapshot!(plans.join("\n"));
}

/// The scans of the generic plan, from the outside in.
async fn plan(superuser: &mut PgConnection, statement: &str, role: &str) -> Vec<String> {
    let count = (1..=40).rev().find(|number| statement.contains(&format!("${number}"))).unwrap_or(0);
    let arguments = vec!["NULL"; count].join(", ");
    let mut transaction = superuser.begin().await.unwrap();
    let prepare =
        format!("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL ROLE {role}; PREPARE hot AS {statement}");
    raw_sql(AssertSqlSafe(prepare)).execute(&mut *transaction).await.unwrap();
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE hot({arguments})");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *transaction).await.unwrap();
    raw_sql("DEALLOCATE hot").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let telling =
        |line: &&str| (line.contains(" Scan") || line.starts_with("Index Cond")) && !line.contains("CTE Scan");
    let lines = lines.iter().map(|line| line.trim().trim_start_matches("->").trim_start());
    lines.filter(telling).map(str::to_owned).collect()
}
