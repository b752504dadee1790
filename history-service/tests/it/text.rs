//! Nasty text comes back as it came, or is refused by name.

use proto::history::v1 as pb;

use crate::world::{World, acting, completed, user_message, violations};

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
        let read = user
            .get_message(pb::GetMessageRequest { message_id: answer.id.clone(), ..Default::default() })
            .await
            .unwrap();
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
        let read = user
            .get_message(pb::GetMessageRequest { message_id: message.id, ..Default::default() })
            .await
            .unwrap()
            .message
            .unwrap();
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

#[tokio::test]
async fn sources_come_back_bit_for_bit_and_in_their_order() {
    let world = World::new().await;
    let user = world.user();
    let scores = [0.1 + 0.2, -0.0, 1e-320, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let mut given: Vec<_> =
        scores.into_iter().map(|score| pb::Source { score: Some(score), ..Default::default() }).collect();
    given.extend(DOCUMENTS.map(|document| pb::Source { metadata_json: document.to_owned(), ..Default::default() }));
    given.extend(NASTY.map(|text| pb::Source {
        title: Some(text.to_owned()),
        url: Some(text.to_owned()),
        snippet: Some(text.to_owned()),
        content_hash: Some(text.to_owned()),
        ..pb::Source::default()
    }));
    let empty = || Some(String::new());
    given.push(pb::Source {
        title: empty(),
        url: empty(),
        snippet: empty(),
        content_hash: empty(),
        ..Default::default()
    });
    given.push(pb::Source { span: Some(pb::Span { start: 0, end: 0 }), ..Default::default() });
    given.push(pb::Source { span: Some(pb::Span { start: i32::MAX, end: i32::MAX }), ..Default::default() });
    // The same twice is two.
    given.push(given[0].clone());

    let run = user.ask(None, "?").await.run.unwrap();
    let finish = pb::FinishRunRequest { sources: given.clone(), ..completed(&run, "!") };
    let answer = user.finish_run(finish).await.unwrap().message.unwrap();
    let note = pb::CreateMessageRequest { sources: given.clone(), ..user_message(&run.conversation_id, "note") };
    let note = user.create_message(note).await.unwrap().message.unwrap();
    for message in [answer, note] {
        let path = pb::ListMessagesRequest {
            conversation_id: run.conversation_id.clone(),
            leaf_id: Some(message.id.clone()),
            page_size: 1,
            ..pb::ListMessagesRequest::default()
        };
        let one = pb::GetMessageRequest { message_id: message.id.clone(), ..Default::default() };
        let alone = pb::ListSourcesRequest { message_id: message.id.clone() };
        for read in [
            message.sources,
            user.list_messages(path).await.unwrap().messages.remove(0).sources,
            user.get_message(one).await.unwrap().message.unwrap().sources,
            user.list_sources(alone).await.unwrap().sources,
        ] {
            assert_eq!(read.len(), given.len());
            for ((place, given), read) in (1..).zip(&given).zip(read) {
                assert_eq!(read.score.map(f64::to_bits), given.score.map(f64::to_bits));
                let metadata_json = if given.metadata_json.is_empty() { "{}" } else { &given.metadata_json };
                let kind = if given.url.is_some() { "url" } else { "document" };
                let expected = pb::Source {
                    id: read.id.clone(),
                    ordinal: place,
                    kind: kind.to_owned(),
                    metadata_json: metadata_json.to_owned(),
                    // Compared above: NaN is not equal to itself.
                    score: None,
                    ..given.clone()
                };
                assert_eq!(pb::Source { score: None, ..read }, expected);
            }
        }
    }
}

/// `CreateMessageRequest` with bytes where text belongs.
#[derive(Clone, PartialEq, prost::Message)]
struct AnyBytes {
    #[prost(string, tag = "1")]
    conversation_id: String,
    #[prost(int32, tag = "2")]
    role: i32,
    #[prost(bytes = "vec", tag = "3")]
    content: Vec<u8>,
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    // A lone surrogate, a byte that never stands in UTF-8, an overlong NUL, and a character that was cut.
    let broken: [&[u8]; 4] = [b"\xed\xa0\x80", b"caf\xff", b"\xc0\x80", b"\xf0\x9f\xa6"];
    for (content, accepted) in broken.into_iter().map(|bytes| (bytes, false)).chain([(&b"caf\xc3\xa9"[..], true)]) {
        let mut client = tonic::client::Grpc::new(world.clients.channel.clone());
        client.ready().await.unwrap();
        let content = content.to_vec();
        let request = acting(user.id, AnyBytes { conversation_id: id.clone(), role: 1, content });
        let path = "/colloquy.history.v1.MessageService/CreateMessage".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<AnyBytes, pb::CreateMessageResponse>::default();
        let answer = client.unary(request, path, codec).await;
        assert_eq!(answer.is_ok(), accepted, "{answer:?}");
    }
    assert_eq!(user.read(&id).await.message_count, 1);
}

#[tokio::test]
async fn one_endless_word_is_kept_whole_and_shown_short() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for word in ["x".repeat(1_000_000), "👩\u{200d}".repeat(500_000), "\u{202e}".repeat(1_000_000)] {
        let said = user.say(&id, &word, None).await;
        assert_eq!(
            user.get_message(pb::GetMessageRequest { message_id: said.id, ..Default::default() })
                .await
                .unwrap()
                .message
                .unwrap()
                .content,
            word
        );
        let read = user.read(&id).await;
        assert!((1..=140).contains(&read.preview.chars().count()) && read.title.unwrap().chars().count() <= 80);
    }
}
