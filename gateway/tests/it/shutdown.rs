//! The end of a gateway: runs finish, or are interrupted and saved with what they have.

use proto::history::v1::RunStatus;
use serde_json::json;
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{Stack, events, text};

#[tokio::test]
async fn a_run_that_ends_within_the_grace_period_completes() {
    let gate = Gate::new();
    let stack = Stack::new(Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::done()])).await;
    let stream = stack.stream(&json!({"message": "hi"})).await;
    let ((), ()) = tokio::join!(stack.gateway.drain(), async {
        let refused = loop {
            let answer = stack.ask(&json!({"message": "late"})).await;
            if answer.status == 503 {
                break answer;
            }
        };
        assert_eq!(refused.problem().1, "overloaded");
        gate.open();
    });
    assert_eq!(events(&text(stream).await).last().unwrap().0, "completed");
}

#[tokio::test]
async fn the_others_are_interrupted_and_saved() {
    let reply = Reply::Sse(vec![Piece::delta("half"), Piece::Hang]);
    let stack = Stack::with(reply, &["--gateway-shutdown-grace=1ms"]).await;
    let stream = stack.stream(&json!({"message": "hi"})).await;
    let mut reading = Box::pin(text(stream));
    stack.agent.asked(1).await;
    let (all, ()) = tokio::join!(&mut reading, stack.gateway.drain());
    let events = events(&all);
    let (name, last) = events.last().unwrap();
    assert_eq!((name.as_str(), &last["message"]["status"]), ("interrupted", &json!("interrupted")));
    let finished = stack.history.finished();
    assert_eq!((finished.status(), &last["message"]["content"]), (RunStatus::Interrupted, &json!(finished.content)));
    stack.agent.abandoned().await;
}
