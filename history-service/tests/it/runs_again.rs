//! Questions that are answered again.

use futures_util::future::join_all;
use proto::{history::v1 as pb, reason};
use tonic::Code;

use crate::world::{Person, World, question, reason_of, violations};

fn again(conversation: &str, message: &str) -> pb::StartRunRequest {
    pb::StartRunRequest { user_message_id: Some(message.to_owned()), ..question(Some(conversation), "") }
}

async fn read(user: &Person, message: &str) -> pb::Message {
    let request = pb::GetMessageRequest { message_id: message.to_owned(), ..Default::default() };
    user.get_message(request).await.unwrap().message.unwrap()
}

#[tokio::test]
async fn an_answer_gets_a_sibling_and_the_question_stays_one() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "q1").await;
    let conversation = first.conversation.unwrap().id;
    let answer = user.end(&first.run.unwrap(), "a1").await.message.unwrap();
    let later = user.ask(Some(&conversation), "q2").await;
    user.end(&later.run.unwrap(), "a2").await;
    let asked = first.user_message.unwrap();

    let started = user.start_run(again(&conversation, &asked.id)).await.unwrap();
    let (run, message) = (started.run.clone().unwrap(), started.message.clone().unwrap());
    assert_eq!(started.user_message.as_ref(), Some(&asked));
    assert_eq!((&run.user_message_id, &run.message_id), (&asked.id, &message.id));
    assert_eq!((message.status(), &message.run_id), (pb::MessageStatus::Pending, &Some(run.id.clone())));
    assert_eq!(
        (&message.parent_id, message.siblings),
        (&Some(asked.id.clone()), Some(pb::Siblings { index: 2, count: 2 }))
    );
    let context: Vec<_> = started.context.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(context, ["q1"]);
    let now = started.conversation.clone().unwrap();
    assert_eq!((now.message_count, now.active_leaf_id.as_ref(), now.preview.as_str()), (5, Some(&message.id), "a2"));
    assert_eq!(now, user.read(&conversation).await);
    let stored = user.run(&run.id).await;
    assert_eq!((stored.run, stored.message), (started.run, started.message));

    let finished = user.end(&run, "a1, better").await;
    assert_eq!(finished.conversation.unwrap().preview, "a1, better");
    assert_eq!(read(&user, &answer.id).await.siblings, Some(pb::Siblings { index: 1, count: 2 }));
    assert_eq!(read(&user, &asked.id).await.siblings, asked.siblings);
    let third = user.start_run(pb::StartRunRequest {
        conversation_id: None,
        conversation_client_id: Some("nobody's".to_owned()),
        ..again("", &asked.id)
    });
    let refused = third.await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, reason::CONVERSATION_NOT_FOUND));
    let all = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations;
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn only_a_question_of_the_conversation_is_answered_again() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "q1").await;
    let conversation = first.conversation.unwrap().id;
    let answer = user.end(&first.run.unwrap(), "a1").await.message.unwrap();
    let other = user.ask(None, "elsewhere").await.user_message.unwrap();
    let before = user.read(&conversation).await;
    let refused = user.start_run(again(&conversation, &answer.id)).await.unwrap_err();
    assert_eq!(violations(&refused), [("user_message_id".to_owned(), "INVALID".to_owned())]);
    let refused = user.start_run(again(&conversation, &other.id)).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, reason::MESSAGE_NOT_FOUND));
    assert_eq!(user.read(&conversation).await, before);
}

#[tokio::test]
async fn the_same_key_makes_one_more_answer_and_not_two() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "q1").await;
    let (conversation, asked) = (first.conversation.unwrap().id, first.user_message.unwrap().id);
    user.end(&first.run.unwrap(), "a1").await;
    let keyed = || pb::StartRunRequest { request_id: Some("key".to_owned()), ..again(&conversation, &asked) };
    let started = join_all((0..10).map(|_| user.start_run(keyed()))).await;
    let started: Vec<_> = started.into_iter().map(Result::unwrap).collect();
    assert_eq!(started.iter().filter(|one| !one.joined).count(), 1);
    assert!(started.iter().all(|one| one.run == started[0].run));
    assert_eq!(user.read(&conversation).await.message_count, 3);
    let refused = user.start_run(again(&conversation, &asked)).await.unwrap_err();
    assert_eq!(reason_of(&refused), reason::RUN_IN_PROGRESS);
}
