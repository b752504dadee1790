//! Messages: appending, reading, feedback, sources.

use futures_util::future::join_all;
use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{World, reason_of, user_message};

fn cited() -> Vec<pb::Source> {
    vec![
        pb::Source {
            title: Some("A page".to_owned()),
            url: Some("https://example.com/a?b=c#d".to_owned()),
            snippet: Some("the words".to_owned()),
            score: Some(0.1 + 0.2),
            span: Some(pb::Span { start: 0, end: 9 }),
            content_hash: Some("sha256:00".to_owned()),
            metadata_json: "{\"page\":3.0}".to_owned(),
            id: "ignored".to_owned(),
            ordinal: 77,
            ..pb::Source::default()
        },
        pb::Source { title: Some("A file".to_owned()), ..pb::Source::default() },
        pb::Source { kind: "document".to_owned(), url: Some("file:///x".to_owned()), ..pb::Source::default() },
    ]
}

#[tokio::test]
async fn a_message_comes_back_as_it_was_appended() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let request = pb::CreateMessageRequest {
        role: pb::Role::Assistant.into(),
        client_id: Some("m1".to_owned()),
        sources: cited(),
        metadata_json: "{\"a\": 1}".to_owned(),
        ..user_message(&conversation.id, "an \"answer\"")
    };
    let created = user.create_message(request).await.unwrap().message.unwrap();
    let kinds = ["url", "document", "document"];
    let sources =
        cited().into_iter().zip(kinds).zip(1..).zip(&created.sources).map(|(((given, kind), place), stored)| {
            let metadata_json = if given.metadata_json.is_empty() { "{}".to_owned() } else { given.metadata_json };
            pb::Source { id: stored.id.clone(), ordinal: place, kind: kind.to_owned(), metadata_json, ..given }
        });
    let expected = pb::Message {
        id: created.id.clone(),
        conversation_id: conversation.id.clone(),
        parent_id: None,
        role: pb::Role::Assistant.into(),
        status: pb::MessageStatus::Completed.into(),
        content: "an \"answer\"".to_owned(),
        parts_json: r#"[{"type":"text","text":"an \"answer\""}]"#.to_owned(),
        sources: sources.collect(),
        siblings: Some(pb::Siblings { index: 1, count: 1 }),
        client_id: Some("m1".to_owned()),
        metadata_json: "{\"a\": 1}".to_owned(),
        created_at: created.created_at,
        completed_at: created.created_at,
        ..pb::Message::default()
    };
    assert_eq!(created, expected);

    let get = pb::GetMessageRequest { message_id: created.id.clone(), ..Default::default() };
    assert_eq!(user.get_message(get).await.unwrap().message.unwrap(), expected);
    let path = pb::ListMessagesRequest { conversation_id: conversation.id.clone(), ..Default::default() };
    assert_eq!(user.list_messages(path).await.unwrap().messages, std::slice::from_ref(&expected));
    let list = pb::ListSourcesRequest { message_id: created.id.clone() };
    assert_eq!(user.list_sources(list).await.unwrap().sources, expected.sources);

    let after = user.read(&conversation.id).await;
    assert_eq!(after.active_leaf_id, Some(created.id));
    assert_eq!((after.message_count, after.preview.as_str(), after.title), (1, "an \"answer\"", None));
}

#[tokio::test]
async fn a_message_without_sources_lists_none() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let message = user.say(&conversation.id, "hello", None).await;
    let list = pb::ListSourcesRequest { message_id: message.id };
    assert_eq!(user.list_sources(list).await.unwrap().sources, []);
}

#[tokio::test]
async fn the_first_users_message_titles_and_the_newest_message_previews() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let words = "word ".repeat(100);
    user.say(&conversation.id, &format!("\n{words}\nmore"), None).await;
    let first = user.read(&conversation.id).await;
    assert_eq!(first.title.clone().unwrap(), format!("{}…", "word ".repeat(16).trim_end()));
    assert_eq!(first.title_source(), pb::TitleSource::FirstLine);
    assert_eq!(first.preview, format!("{}…", "word ".repeat(28).trim_end()));

    user.say(&conversation.id, "another\n line", None).await;
    let second = user.read(&conversation.id).await;
    assert_eq!((second.title, second.preview.as_str()), (first.title, "another line"));
    assert_eq!(second.message_count, 2);
}

#[tokio::test]
async fn append_is_idempotent_by_client_id() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let request = |content: &str| pb::CreateMessageRequest {
        client_id: Some("same".to_owned()),
        sources: cited(),
        ..user_message(&conversation.id, content)
    };
    let sent = join_all((0..20).map(|_| user.create_message(request("hello")))).await;
    let sent: Vec<_> = sent.into_iter().map(|sent| sent.unwrap().message.unwrap()).collect();
    assert!(sent.iter().all(|message| *message == sent[0]));
    assert_eq!(user.read(&conversation.id).await.message_count, 1);

    let other = user.conversation().await;
    let elsewhere = pb::CreateMessageRequest { conversation_id: other.id, ..request("hello") };
    let otherwise = pb::CreateMessageRequest { role: pb::Role::System.into(), ..request("hello") };
    for different in [request("hello!"), elsewhere, otherwise] {
        let refused = user.create_message(different).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::AlreadyExists, "CLIENT_ID_TAKEN"));
    }
}

#[tokio::test]
async fn appends_at_the_same_time_are_all_counted_and_form_one_line() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let texts: Vec<_> = (0..30).map(|number| number.to_string()).collect();
    join_all(texts.iter().map(|text| user.say(&conversation.id, text, None))).await;

    let after = user.read(&conversation.id).await;
    assert_eq!(after.message_count, 30);
    let path = pb::ListMessagesRequest { conversation_id: conversation.id, ..Default::default() };
    let messages = user.list_messages(path).await.unwrap().messages;
    assert_eq!(messages.len(), 30);
    assert_eq!(messages.last().map(|message| &message.id), after.active_leaf_id.as_ref());
    assert_eq!(messages.last().unwrap().created_at, after.updated_at);
    for pair in messages.windows(2) {
        assert_eq!(pair[1].parent_id.as_ref(), Some(&pair[0].id));
        let at = |message: &pb::Message| message.created_at.map(|at| (at.seconds, at.nanos)).unwrap();
        assert!(at(&pair[0]) <= at(&pair[1]));
    }
}

#[tokio::test]
async fn feedback_is_given_changed_and_taken_back() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "well?").await.run.unwrap();
    let message = user.end(&run, "so so").await.message.unwrap();
    let give = |rating: pb::feedback::Rating, note: Option<&str>| pb::SetFeedbackRequest {
        message_id: message.id.clone(),
        feedback: Some(pb::Feedback { rating: rating.into(), note: note.map(str::to_owned), created_at: None }),
    };
    let up = user.set_feedback(give(pb::feedback::Rating::Up, Some("thanks"))).await.unwrap().message.unwrap();
    let feedback = up.feedback.clone().unwrap();
    assert_eq!((feedback.rating(), feedback.note.as_deref()), (pb::feedback::Rating::Up, Some("thanks")));
    assert!(feedback.created_at.is_some());
    assert_eq!(pb::Message { feedback: None, ..up }, message);

    let down = user.set_feedback(give(pb::feedback::Rating::Down, None)).await.unwrap().message.unwrap();
    let feedback = down.feedback.unwrap();
    assert_eq!((feedback.rating(), feedback.note), (pb::feedback::Rating::Down, None));
    let none = user.set_feedback(give(pb::feedback::Rating::Unspecified, Some("x"))).await.unwrap();
    assert_eq!(none.message.unwrap(), message);
}
