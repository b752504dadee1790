//! Runs that begin when nobody waits for them any more: they do not wait for the end of their leases.

use std::time::Duration;

use proto::history::v1 as pb;
use sqlx::{Connection as _, PgConnection};

use crate::{
    search_index::beside_a_service,
    world::{World, question},
};

fn keyed(conversation: &str) -> pb::StartRunRequest {
    pb::StartRunRequest { request_id: Some("key".to_owned()), ..question(Some(conversation), "well?") }
}

/// Waits until so many statements wait for a lock.
async fn stalled(superuser: &mut PgConnection, expected: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND usename = 'colloquy_service' AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *superuser).await.unwrap() != expected {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_begins_after_its_caller_has_left_ends_at_once() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await.id;
    let (mut blocking, mut looking) = (world.superuser().await, world.superuser().await);
    beside_a_service(&world, user.id, async |there| {
        let mut stall = blocking.begin().await.unwrap();
        sqlx::query("LOCK TABLE history.run IN EXCLUSIVE MODE").execute(&mut *stall).await.unwrap();
        let asking = there.start_run(keyed(&conversation));
        tokio::select! {
            answer = asking => panic!("nothing can be answered: {answer:?}"),
            () = stalled(&mut looking, 1) => {}
        }
        // The caller has left; now the statement goes on.
        stall.commit().await.unwrap();
        let by_key = || pb::GetRunRequest { request_id: "key".to_owned(), ..Default::default() };
        let ended = async {
            loop {
                match there.get_run(by_key()).await {
                    Ok(pb::GetRunResponse { run: Some(run), .. }) if run.finished_at.is_some() => return run,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        let run = tokio::time::timeout(Duration::from_mins(1), ended).await.expect("an end");
        let (finished, lease) = (run.finished_at.unwrap().seconds, run.lease_expires_at.unwrap().seconds);
        assert!(finished < lease, "it waited for the end of its lease: {run:?}");
        assert_eq!((run.status(), run.error.unwrap().code.as_str()), (pb::RunStatus::Interrupted, "interrupted"));
        let again = there.start_run(keyed(&conversation)).await.unwrap();
        assert_eq!((again.joined, again.run.unwrap().id), (true, run.id));
        let next = there.ask(Some(&conversation), "and now?").await.run.unwrap();
        assert_eq!(there.end(&next, "now").await.message.unwrap().content, "now");
    })
    .await;
}
