//! What statements cost, in pages that PostgreSQL touches: never in time.

use std::{fs, path::Path};

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::world::{Person, World, user_message};

/// A statement of the service, found by something that only it contains.
pub(crate) fn statement(marks: &[&str]) -> String {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx");
    let texts = fs::read_dir(cache).unwrap().map(|entry| {
        let cached: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        cached["query"].as_str().unwrap().to_owned()
    });
    let found: Vec<_> = texts.filter(|text| marks.iter().all(|mark| text.contains(mark))).collect();
    let [text] = found.as_slice() else { panic!("{} statements contain {marks:?}", found.len()) };
    text.clone()
}

/// How many pages the statement touches under the generic plan that the service gets, as the service's role.
async fn pages(connection: &mut PgConnection, user: &Person, statement: &str, arguments: &str) -> i64 {
    let mut transaction = connection.begin().await.unwrap();
    let prepare = format!(
        "SET LOCAL plan_cache_mode = force_generic_plan; \
         SELECT set_config('colloquy.user_id', '{}', true); \
         PREPARE measured AS {statement}",
        user.id
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(prepare)).execute(&mut *transaction).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE measured({arguments})");
    let plan: Value = sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_one(&mut *transaction).await.unwrap();
    sqlx::raw_sql("DEALLOCATE measured").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let plan = &plan[0]["Plan"];
    plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
}

/// What a statement costs in a conversation of 10 messages and in one of 10,000.
async fn short_and_long(statement: &str, arguments: impl Fn(&Person, &[String]) -> String) -> (i64, i64) {
    let world = World::new().await;
    let user = world.user();
    let short = world.long_conversation(&user, 10).await;
    let long = world.long_conversation(&user, 10_000).await;
    let mut connection = world.service_connection().await;
    let short = pages(&mut connection, &user, statement, &arguments(&user, &short)).await;
    let long = pages(&mut connection, &user, statement, &arguments(&user, &long)).await;
    (short, long)
}

/// A tree of an index over 10,000 rows is a level deeper here and there; what grows with the path grows by thousands.
fn same((short, long): (i64, i64), reads: i64) {
    assert!(long <= short + reads, "{short} pages for 10 messages, {long} for 10,000");
}

#[tokio::test]
async fn the_newest_page_of_ten_thousand_messages_costs_what_it_costs_for_ten() {
    let read = statement(&["WITH RECURSIVE path", "sibling_index"]);
    let newest = |user: &Person, made: &[String]| format!("'{}', '{}', NULL, 10, 2097152", user.id, made[0]);
    same(short_and_long(&read, newest).await, 10 * 10);
}

#[tokio::test]
async fn appending_costs_the_same_however_long_the_path_is() {
    let insert = statement(&["history.append_message"]);
    let append = |user: &Person, made: &[String]| {
        format!(
            "'{}', '{}', gen_random_uuid(), NULL, false, NULL, 'user', 'hello', 0, '{{}}', 'hello', 'hello', \
             '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}'",
            user.id, made[0]
        )
    };
    same(short_and_long(&insert, append).await, 20);
}

#[tokio::test]
async fn a_context_costs_the_same_however_long_the_path_is() {
    // With the beginning of the path, which lies beyond it.
    let context = statement(&["most_messages => $4"]);
    let ten = |user: &Person, made: &[String]| {
        format!("'{}', '{}', '{}', 10, 8388608, 1000", user.id, made[0], made[made.len() - 1])
    };
    same(short_and_long(&context, ten).await, 10 * 10);
}

#[tokio::test]
async fn a_jump_costs_by_its_distance_to_the_leaf_and_not_by_the_length_of_the_path() {
    let stretch = statement(&["WITH RECURSIVE walk", "goal"]);
    let near = |user: &Person, made: &[String]| {
        let count = made.len();
        format!("'{}', '{}', '{}', '{}', 5, 2097152", user.id, made[0], made[count - 1], made[count - 6])
    };
    same(short_and_long(&stretch, near).await, 10 * 10);
}

#[tokio::test]
async fn a_list_costs_by_its_page_whichever_way_it_goes_and_whatever_others_have() {
    let world = World::new().await;
    let (user, crowd) = (world.user(), world.user());
    let mut superuser = world.superuser().await;
    let many = "
        INSERT INTO history.conversation (conversation_id, user_id, metadata, updated_at)
        SELECT gen_random_uuid(), $1, '{}', now() - make_interval(secs => place)
        FROM generate_series(1, $2) AS place";
    for (who, count) in [(user.id, 3_000), (crowd.id, 6_000)] {
        sqlx::query(many).bind(who).bind(count).execute(&mut superuser).await.unwrap();
    }
    let cited = "
        INSERT INTO history.message (message_id, user_id, conversation_id, role, status, content, source_bytes, metadata)
        SELECT gen_random_uuid(), user_id, conversation_id, 'user', 'completed', 'x', 128, '{}'
        FROM history.conversation";
    sqlx::query(cited).execute(&mut superuser).await.unwrap();
    sqlx::query("VACUUM ANALYZE history.conversation, history.message").execute(&mut superuser).await.unwrap();
    let mut connection = world.service_connection().await;
    let place = "true, '9999-12-31', 'ffffffff-ffff-ffff-ffff-ffffffffffff'";
    let middle = "false, now() - interval '1500 seconds', '00000000-0000-0000-0000-000000000000'";
    let after = statement(&["(pinned, updated_at, conversation_id) <"]);
    let before = statement(&["(pinned, updated_at, conversation_id) >"]);
    for (list, place) in [(&after, place), (&after, middle), (&before, middle)] {
        for filter in ["NULL, NULL", "true, NULL"] {
            let arguments = format!("'{}', false, {place}, NULL, NULL, NULL, NULL, {filter}, 21, NULL", user.id);
            let cost = pages(&mut connection, &user, list, &arguments).await;
            // A page holds 21 rows, each with its own page of the table and, with the filter, of an index or two.
            assert!(cost <= 21 * 7, "{cost} pages with {filter} at {place}");
        }
    }
}

#[tokio::test]
async fn a_citation_is_found_without_looking_at_what_others_cite() {
    let world = World::new().await;
    let (user, crowd) = (world.user(), world.user());
    let cites = |id: &str| proto::history::v1::CreateMessageRequest {
        sources: vec![proto::history::v1::Source { url: Some("https://popular".to_owned()), ..Default::default() }],
        ..user_message(id, "see")
    };
    user.create_message(cites(&user.conversation().await.id)).await.unwrap();
    let theirs = crowd.create_message(cites(&crowd.conversation().await.id)).await.unwrap().message.unwrap();
    let mut superuser = world.superuser().await;
    let many = "
        INSERT INTO history.source (source_id, user_id, message_id, ordinal, kind, url, metadata)
        SELECT gen_random_uuid(), $1, $2::uuid, place, 'url', 'https://popular', '{}'
        FROM generate_series(2, 20000) AS place";
    sqlx::query(many).bind(crowd.id).bind(&theirs.id).execute(&mut superuser).await.unwrap();
    sqlx::query("VACUUM ANALYZE history.source").execute(&mut superuser).await.unwrap();
    let find = statement(&["hashtextextended", "s.url_key ="]);
    let mut connection = world.service_connection().await;
    let last = "'ffffffff-ffff-ffff-ffff-ffffffffffff', 32767, 21, 1000";
    let arguments = format!("'{}', 'https://popular', {last}", user.id);
    let cost = pages(&mut connection, &user, &find, &arguments).await;
    assert!(cost <= 20, "{cost} pages for one citation");
}
