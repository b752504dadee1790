//! Requests that break their contract learn all of it at once.

use std::time::Duration;

use proto::history::v1 as pb;
use tonic::{Code, Status};

use crate::world::{World, completed, question, user_message, violations};

fn expect(refused: &Status, expected: &[(&str, &str)]) {
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let found = violations(refused);
    let found: Vec<_> = found.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
    assert_eq!(found, expected);
}

fn long(length: usize) -> String {
    "é".repeat(length)
}

#[tokio::test]
async fn conversations() {
    let world = World::new().await;
    let user = world.user();
    let new = pb::CreateConversationRequest {
        title: Some(long(501)),
        client_id: Some(String::new()),
        metadata_json: "[]".to_owned(),
        expires_at: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
    };
    let expected =
        [("title", "TOO_LONG"), ("client_id", "REQUIRED"), ("metadata", "INVALID"), ("expires_at", "INVALID")];
    expect(&user.create_conversation(new).await.unwrap_err(), &expected);
    let new = pb::CreateConversationRequest {
        title: Some(long(500)),
        client_id: Some(long(201)),
        metadata_json: format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024)),
        expires_at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
    };
    let expected = [("client_id", "TOO_LONG"), ("metadata", "TOO_LONG"), ("expires_at", "OUT_OF_RANGE")];
    expect(&user.create_conversation(new).await.unwrap_err(), &expected);

    for id in ["", "x", "0199f3a0-0000-7000-8000-00000000000g", "'; --"] {
        let code = if id.is_empty() { "REQUIRED" } else { "INVALID" };
        let get = pb::GetConversationRequest { conversation_id: id.to_owned() };
        expect(&user.get_conversation(get).await.unwrap_err(), &[("conversation_id", code)]);
        let delete = pb::DeleteConversationRequest { conversation_id: id.to_owned() };
        expect(&user.delete_conversation(delete).await.unwrap_err(), &[("conversation_id", code)]);
    }
    expect(
        &user.update_conversation(pb::UpdateConversationRequest::default()).await.unwrap_err(),
        &[("conversation", "REQUIRED"), ("conversation.id", "REQUIRED"), ("update_mask", "REQUIRED")],
    );
    for page_size in [-1, 101, i32::MIN, i32::MAX] {
        let list = pb::ListConversationsRequest { page_size, ..Default::default() };
        expect(&user.list_conversations(list).await.unwrap_err(), &[("page_size", "OUT_OF_RANGE")]);
    }
}

#[tokio::test]
async fn messages() {
    let world = World::new().await;
    let user = world.user();
    let request = pb::CreateMessageRequest {
        conversation_id: "x".to_owned(),
        role: 0,
        parent_id: Some("y".to_owned()),
        client_id: Some(long(201)),
        metadata_json: "null".to_owned(),
        sources: vec![
            pb::Source { url: Some(long(8_001)), kind: "book".to_owned(), ..Default::default() },
            pb::Source {
                span: Some(pb::Span { start: 2, end: 1 }),
                metadata_json: "1".to_owned(),
                ..Default::default()
            },
        ],
        ..user_message("", "")
    };
    let expected = [
        ("role", "REQUIRED"),
        ("conversation_id", "INVALID"),
        ("content", "REQUIRED"),
        ("parent_id", "INVALID"),
        ("client_id", "TOO_LONG"),
        ("sources[0].kind", "INVALID"),
        ("sources[0].url", "TOO_LONG"),
        ("sources[1].span", "INVALID"),
        ("sources[1].metadata", "INVALID"),
        ("metadata", "INVALID"),
    ];
    expect(&user.create_message(request).await.unwrap_err(), &expected);

    let id = user.conversation().await.id;
    user.say(&id, &"é".repeat(1_000_000), None).await;
    let refused = user.create_message(user_message(&id, &"é".repeat(1_000_001))).await.unwrap_err();
    expect(&refused, &[("content", "TOO_LONG")]);
    let refused = user.create_message(pb::CreateMessageRequest { role: 99, ..user_message(&id, "x") }).await;
    expect(&refused.unwrap_err(), &[("role", "INVALID")]);
    let sources = vec![pb::Source::default(); 40_000];
    let refused = user.create_message(pb::CreateMessageRequest { sources, ..user_message(&id, "x") }).await;
    expect(&refused.unwrap_err(), &[("sources", "TOO_LONG")]);

    for page_size in [-1, 201, i32::MIN, i32::MAX] {
        let list = pb::ListMessagesRequest { conversation_id: id.clone(), page_size, ..Default::default() };
        expect(&user.list_messages(list).await.unwrap_err(), &[("page_size", "OUT_OF_RANGE")]);
    }
    let list = pb::ListMessagesRequest { page_size: 201, leaf_id: Some("z".to_owned()), ..Default::default() };
    let expected = [("conversation_id", "REQUIRED"), ("leaf_id", "INVALID"), ("page_size", "OUT_OF_RANGE")];
    expect(&user.list_messages(list).await.unwrap_err(), &expected);
    let feedback = pb::Feedback { rating: 7, note: Some(long(4_001)), created_at: None };
    let request = pb::SetFeedbackRequest { message_id: id.clone(), feedback: Some(feedback) };
    let expected = [("feedback.rating", "INVALID"), ("feedback.note", "TOO_LONG")];
    expect(&user.set_feedback(request).await.unwrap_err(), &expected);
    let request = pb::SetFeedbackRequest { message_id: id, feedback: None };
    expect(&user.set_feedback(request).await.unwrap_err(), &[("feedback", "REQUIRED")]);
    expect(&user.list_sources(pb::ListSourcesRequest::default()).await.unwrap_err(), &[("message_id", "REQUIRED")]);
    expect(&user.list_siblings(pb::ListSiblingsRequest::default()).await.unwrap_err(), &[("message_id", "REQUIRED")]);
}

#[tokio::test]
async fn runs() {
    let world = World::new().await;
    let user = world.user();
    let expected = [("agent", "REQUIRED"), ("content", "REQUIRED"), ("lease", "REQUIRED")];
    expect(&user.start_run(pb::StartRunRequest::default()).await.unwrap_err(), &expected);
    let request = pb::StartRunRequest {
        parent_id: Some(uuid::Uuid::now_v7().to_string()),
        agent: "a".repeat(101),
        request_id: Some(long(201)),
        lease: Some(Duration::from_millis(999).try_into().unwrap()),
        context_limit: 1_001,
        fingerprint: vec![0; 257],
        ..question(None, "x")
    };
    let expected = [
        ("parent_id", "INVALID"),
        ("fingerprint", "TOO_LONG"),
        ("context_limit", "OUT_OF_RANGE"),
        ("agent", "TOO_LONG"),
        ("request_id", "TOO_LONG"),
        ("lease", "OUT_OF_RANGE"),
    ];
    expect(&user.start_run(request).await.unwrap_err(), &expected);

    let run = user.ask(None, "x").await.run.unwrap();
    for status in [0, 1, 99] {
        let request = pb::FinishRunRequest { status, ..completed(&run, "x") };
        expect(&user.finish_run(request).await.unwrap_err(), &[("status", "INVALID")]);
    }
    let failed = pb::FinishRunRequest { status: pb::RunStatus::Failed.into(), ..completed(&run, "x") };
    expect(&user.finish_run(failed.clone()).await.unwrap_err(), &[("error", "REQUIRED")]);
    let error = Some(pb::RunError::default());
    let request = pb::FinishRunRequest {
        error,
        parts_json: "{}".to_owned(),
        sources: vec![pb::Source::default(); 10_001],
        run_id: String::new(),
        ..failed
    };
    let expected = [("error.code", "REQUIRED"), ("parts", "INVALID"), ("run_id", "REQUIRED"), ("sources", "TOO_LONG")];
    expect(&user.finish_run(request).await.unwrap_err(), &expected);
    expect(&user.get_run(pb::GetRunRequest::default()).await.unwrap_err(), &[("run_id", "REQUIRED")]);
    // Nothing of this has touched the run.
    user.end(&run, "well").await;
}
