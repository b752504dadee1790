//! Nasty text comes back as it came, or is refused by name.

use proto::history::v1 as pb;

use crate::world::{World, completed, user_message, violations};

const NASTY: [&str; 7] = [
    "👩‍👩‍👧‍👦 e\u{301} \u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
    "\u{202e}reversed\u{202c} שלום العربية",
    "'; DROP TABLE history.message; -- $1 %s \\ \" ` {}",
    "\u{feff}\u{200b}\u{ffff}\u{10ffff}",
    "line\r\nline\u{2028}line\u{85}\t\u{1}\u{7f}",
    " leading and trailing ",
    "\\u0000 \\ud800",
];

const DOCUMENTS: [&str; 6] = [
    r#"{"lone":"\ud800","nul":"\u0000"}"#,
    r#"{ "b" : 1.10, "a" : 1e400 , "b" : -0 }"#,
    r#"{"huge":123456789012345678901234567890.000000000000000000001}"#,
    "{\"\":\"\u{1f600}\"}",
    "\n{}\t",
    r#"{"escaped":"\u00e9\/"}"#,
];

#[tokio::test]
async fn text_survives_in_every_place() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let huge = "🦀".repeat(250_000);
    for text in NASTY.into_iter().chain([huge.as_str()]) {
        assert_eq!(user.say(&id, text, None).await.content, text);
        let run = user.ask(Some(&id), text).await.run.unwrap();
        let short: String = text.chars().take(100).collect();
        let cited = pb::Source {
            title: Some(short.clone()),
            url: Some(short.clone()),
            snippet: Some(text.to_owned()),
            content_hash: Some(short.clone()),
            ..pb::Source::default()
        };
        let finish = pb::FinishRunRequest { sources: vec![cited], model: Some(short.clone()), ..completed(&run, text) };
        let answer = user.finish_run(finish).await.unwrap().message.unwrap();
        let read = user.get_message(pb::GetMessageRequest { message_id: answer.id.clone() }).await.unwrap();
        assert_eq!(read.message.as_ref(), Some(&answer));
        assert_eq!((answer.content.as_str(), answer.model.as_ref()), (text, Some(&short)));
        assert_eq!(answer.sources[0].snippet.as_deref(), Some(text));
        assert_eq!(answer.sources[0].url.as_ref(), Some(&short));
    }
}

#[tokio::test]
async fn documents_come_back_byte_for_byte() {
    let world = World::new().await;
    let user = world.user();
    for document in DOCUMENTS {
        let new = pb::CreateConversationRequest { metadata_json: document.to_owned(), ..Default::default() };
        let conversation = user.create_conversation(new).await.unwrap().conversation.unwrap();
        assert_eq!(user.read(&conversation.id).await.metadata_json, document);

        let message = pb::CreateMessageRequest {
            metadata_json: document.to_owned(),
            sources: vec![pb::Source { metadata_json: document.to_owned(), ..pb::Source::default() }],
            ..user_message(&conversation.id, "x")
        };
        let message = user.create_message(message).await.unwrap().message.unwrap();
        let read = user.get_message(pb::GetMessageRequest { message_id: message.id }).await.unwrap().message.unwrap();
        assert_eq!((read.metadata_json.as_str(), read.sources[0].metadata_json.as_str()), (document, document));

        let run = user.ask(Some(&conversation.id), "x").await.run.unwrap();
        let parts = format!("[ {{\"type\":\"data\",\"data\":{document}}} ]");
        let finish = pb::FinishRunRequest { parts_json: parts.clone(), ..completed(&run, "x") };
        assert_eq!(user.finish_run(finish).await.unwrap().message.unwrap().parts_json, parts);
    }
}

#[tokio::test]
async fn a_nul_of_a_client_is_refused_by_name() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let nul = || Some("a\0".to_owned());
    let field = |name: &str| vec![(name.to_owned(), "INVALID".to_owned())];

    let new = pb::CreateConversationRequest { title: nul(), client_id: nul(), ..Default::default() };
    let refused = user.create_conversation(new).await.unwrap_err();
    assert_eq!(violations(&refused), [field("title"), field("client_id")].concat());
    let refused = user.create_message(user_message(&id, "a\0b")).await.unwrap_err();
    assert_eq!(violations(&refused), field("content"));
    let refused = user.start_run(crate::world::question(None, "\0")).await.unwrap_err();
    assert_eq!(violations(&refused), field("content"));
    let filter = pb::ListConversationsRequest { agent: nul(), ..Default::default() };
    assert_eq!(violations(&user.list_conversations(filter).await.unwrap_err()), field("agent"));
}
