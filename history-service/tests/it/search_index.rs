//! The indexer of a running service: it catches up with what was written, there or by a process that is gone.

use std::time::Duration;

use kit::server::Listeners;
use proto::history::v1 as pb;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use testkit::{Fault, Proxy};
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use crate::world::{Person, World, clients_on, config};

const HERE: std::net::SocketAddr = std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

const PATIENCE: Duration = Duration::from_mins(2);

/// Does something beside a running service, with a user who speaks to it.
pub(crate) async fn beside_a_service(world: &World, id: uuid::Uuid, work: impl AsyncFnOnce(Person)) {
    beside_a_service_on(world.database.service_url.clone(), world, id, work).await;
}

/// The same with a way to the database of its own.
async fn beside_a_service_on(url: SecretString, world: &World, id: uuid::Uuid, work: impl AsyncFnOnce(Person)) {
    let stop = CancellationToken::new();
    let listeners = Listeners::bind(HERE, HERE).await.unwrap();
    let address = format!("http://{}", listeners.grpc.local_addr().unwrap());
    let clients = clients_on(Endpoint::from_shared(address).unwrap().connect_lazy());
    let serving = Box::pin(history_service::serve(config(url), listeners, stop.clone()));
    let working = async {
        Box::pin(work(Person::of(world, id).at(&clients))).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serving, working);
    served.unwrap();
}

/// Waits until so many entries wait.
///
/// # Panics
/// When it takes as long as only a test that hangs does.
pub(crate) async fn waiting(superuser: &mut PgConnection, expected: i64) {
    let mut left = -1;
    let until = async {
        while left != expected {
            let waiting = "SELECT count(*) FROM history.search_entry WHERE grams IS NULL";
            left = sqlx::query_scalar(waiting).fetch_one(&mut *superuser).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, until).await;
    done.unwrap_or_else(|_| panic!("{left} entries wait, and not {expected}"));
}

pub(crate) async fn found(user: &Person, query: &str) -> usize {
    let request = pb::SearchMessagesRequest { query: query.to_owned(), page_size: 50, ..Default::default() };
    user.search_messages(request).await.unwrap().hits.len()
}

/// The ids of all listed conversations, by as many pages as it takes.
async fn listed(user: &Person, query: &str) -> std::collections::BTreeSet<String> {
    let mut listed = std::collections::BTreeSet::new();
    let mut request =
        pb::ListConversationsRequest { query: Some(query.to_owned()), page_size: 100, ..Default::default() };
    loop {
        let page = user.list_conversations(request.clone()).await.unwrap();
        for conversation in page.conversations {
            assert!(listed.insert(conversation.id), "{query}");
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return listed;
        }
    }
}

const QUERIES: [(&str, usize); 8] = [
    ("walrus", 22),
    ("alru", 22),
    ("walrus*", 22),
    ("\"walrus number\"", 21),
    ("海象", 1),
    ("walrus 1*", 11),
    ("zebra OR 海象", 1),
    ("walrus -number", 1),
];

#[tokio::test]
async fn it_catches_up_with_what_a_crash_left_and_with_what_is_written() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for number in 0..20 {
        user.say(&id, &format!("walrus number {number}"), None).await;
    }
    user.say(&id, "海象 is a walrus", None).await;
    // 21 messages and the title that the first one gave.
    waiting(&mut superuser, 22).await;
    for (query, count) in QUERIES {
        assert_eq!(found(&user, query).await, count, "{query}");
    }
    beside_a_service(&world, user.id, async |there| {
        waiting(&mut superuser, 0).await;
        for (query, count) in QUERIES {
            assert_eq!(found(&there, query).await, count, "{query}, indexed");
        }
        there.say(&id, "one more walrus", None).await;
        assert_eq!(found(&there, "walrus").await, 23);
        waiting(&mut superuser, 0).await;
        assert_eq!(found(&there, "walrus").await, 23);
        assert_eq!(found(&there, "zebra").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_new_title_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    let conversation = user.conversation().await;
    user.say(&conversation.id, "kiwi", None).await;
    beside_a_service(&world, user.id, async |there| {
        waiting(&mut superuser, 0).await;
        assert_eq!(found(&there, "kiwi").await, 2);
        let rename = pb::UpdateConversationRequest {
            conversation: Some(pb::Conversation { title: Some("emu".to_owned()), ..conversation.clone() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["title".to_owned()] }),
        };
        there.update_conversation(rename).await.unwrap();
        assert_eq!((found(&there, "kiwi").await, found(&there, "emu").await), (1, 1));
        waiting(&mut superuser, 0).await;
        assert_eq!((found(&there, "kiwi").await, found(&there, "emu").await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_indexed_keeps_no_other_from_it() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let mut said = Vec::new();
    for number in 0..5 {
        said.push(user.say(&id, &format!("gecko {number}"), None).await.id);
    }
    let refuse = format!(
        "CREATE FUNCTION history.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.entry_id = '{}' THEN RAISE 'no'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON history.search_entry FOR EACH ROW EXECUTE FUNCTION history.refuse()",
        said[2]
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(refuse)).execute(&mut superuser).await.unwrap();
    beside_a_service(&world, user.id, async |there| {
        waiting(&mut superuser, 1).await;
        assert_eq!(found(&there, "gecko").await, 6);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_falls_silent_does_not_end_indexing() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    user.say(&user.conversation().await.id, "ibis", None).await;
    let proxy = Proxy::start().await;
    proxy.next([Fault::SilentFrom("AND entry_id <> ALL($1)")]);
    beside_a_service_on(proxy.service_url(&world.database), &world, user.id, async |there| {
        let silent = async {
            while !proxy.is_done() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, silent).await.unwrap();
        // As if the deadline had passed.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(20)).await;
        tokio::time::resume();
        waiting(&mut superuser, 0).await;
        assert_eq!(found(&there, "ibis").await, 2);
    })
    .await;
}

/// As `ARCHITECTURE.md` says.
const ANEW: &str = "
    ALTER TABLE history.search_entry NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE history.search_block NO FORCE ROW LEVEL SECURITY;
    UPDATE history.search_entry SET grams = NULL;
    DELETE FROM history.search_block;
    ALTER TABLE history.search_entry FORCE ROW LEVEL SECURITY;
    ALTER TABLE history.search_block FORCE ROW LEVEL SECURITY;
";

#[tokio::test]
async fn a_migration_lets_everything_be_indexed_anew() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for number in 0..5 {
        user.say(&id, &format!("stoat {number}"), None).await;
    }
    let mut blocks = Vec::new();
    for _ in 0..2 {
        beside_a_service(&world, user.id, async |there| {
            waiting(&mut superuser, 0).await;
            assert_eq!(found(&there, "stoat").await, 6);
        })
        .await;
        let entries = "SELECT user_id, block, entries, oldest, newest FROM history.search_block";
        let entries: Vec<(uuid::Uuid, i32, i32, uuid::Uuid, uuid::Uuid)> =
            sqlx::query_as(entries).fetch_all(&mut superuser).await.unwrap();
        blocks.push(entries);
        let mut owner = PgConnection::connect(world.database.owner_url.expose_secret()).await.unwrap();
        sqlx::raw_sql(ANEW).execute(&mut owner).await.unwrap();
        waiting(&mut superuser, 6).await;
    }
    assert_eq!(blocks[0].len(), 1);
    assert_eq!(blocks[0], blocks[1]);
}

/// 5,200 messages in 52 conversations: `common` in each, `medium` in 260 of them, `rare` in 3.
const PLENTY: &str = "
    WITH conversation AS (
        INSERT INTO history.conversation (conversation_id, user_id, metadata, created_at)
        SELECT ('01990000-' || lpad(to_hex(c), 4, '0') || '-7000-8000-000000000000')::uuid, $1, '{}', now()
        FROM generate_series(0, 51) c
        RETURNING conversation_id
    ),
    message AS (
        INSERT INTO history.message (
            message_id, user_id, conversation_id, role, status, content, metadata, created_at
        )
        SELECT
            ('01990000-' || lpad(to_hex(n / 100), 4, '0') || '-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, $1,
            ('01990000-' || lpad(to_hex(n / 100), 4, '0') || '-7000-8000-000000000000')::uuid, 'user', 'completed',
            'common ' || n || CASE WHEN n % 20 = 0 THEN ' medium' ELSE '' END
                || CASE WHEN n % 2000 = 7 THEN ' rare' ELSE '' END,
            '{}', to_timestamp(1700000000 + n)
        FROM generate_series(0, 5199) n
        RETURNING message_id, conversation_id, content
    )
    INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
    SELECT message_id, $1, conversation_id, octet_length(content)
    FROM message";

#[tokio::test]
async fn much_is_searched_block_by_block_and_nothing_is_missed() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let user = world.user();
    sqlx::query(PLENTY).bind(user.id).execute(&mut superuser).await.unwrap();
    beside_a_service(&world, user.id, async |there| {
        waiting(&mut superuser, 0).await;
        let blocks = "SELECT count(*) FROM history.search_block";
        let blocks: i64 = sqlx::query_scalar(blocks).fetch_one(&mut superuser).await.unwrap();
        assert_eq!(blocks, 3);

        assert_eq!(found(&there, "rare").await, 3);
        assert_eq!(found(&there, "rare OR nonsense").await, 3);
        assert_eq!(found(&there, "common 4007").await, 1);
        let newest = pb::SearchMessagesRequest { query: "common".to_owned(), page_size: 3, ..Default::default() };
        let newest = there.search_messages(newest).await.unwrap().hits;
        let numbers: Vec<_> = newest.iter().map(|hit| hit.snippet[1].text.trim().to_owned()).collect();
        assert_eq!(numbers, ["5199", "5198", "5197"]);

        let (mut seen, mut token) = (std::collections::BTreeSet::new(), String::new());
        loop {
            let request = pb::SearchMessagesRequest {
                query: "medium".to_owned(),
                page_size: 50,
                page_token: token,
                ..Default::default()
            };
            let page = there.search_messages(request).await.unwrap();
            for hit in page.hits {
                assert!(seen.insert(hit.message_id.unwrap()));
            }
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 260);

        for (query, count) in
            [("rare", 3), ("medium", 52), ("common", 52), ("common -medium", 52), ("common -common", 0)]
        {
            let listed = listed(&there, query).await;
            assert_eq!(listed.len(), count, "{query}");
        }
    })
    .await;
}
