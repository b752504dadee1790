//! Which messages cite a document.

use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{Person, World, completed, user_message, violations};

fn by_url(url: &str) -> pb::ListCitationsRequest {
    pb::ListCitationsRequest { url: Some(url.to_owned()), ..pb::ListCitationsRequest::default() }
}

fn by_hash(hash: &str) -> pb::ListCitationsRequest {
    pb::ListCitationsRequest { content_hash: Some(hash.to_owned()), ..pb::ListCitationsRequest::default() }
}

fn source(url: Option<&str>, hash: Option<&str>) -> pb::Source {
    pb::Source { url: url.map(str::to_owned), content_hash: hash.map(str::to_owned), ..pb::Source::default() }
}

async fn answer(user: &Person, conversation: Option<&str>, text: &str, sources: Vec<pb::Source>) -> pb::Message {
    let run = user.ask(conversation, "?").await.run.unwrap();
    let finish = pb::FinishRunRequest { sources, title: Some("Titled".to_owned()), ..completed(&run, text) };
    user.finish_run(finish).await.unwrap().message.unwrap()
}

async fn cited(user: &Person, request: pb::ListCitationsRequest) -> Vec<pb::Citation> {
    user.list_citations(request).await.unwrap().citations
}

#[tokio::test]
async fn a_document_leads_to_the_messages_that_cite_it() {
    let world = World::new().await;
    let (user, stranger) = (world.user(), world.user());
    let url = "https://example.com/a?b=c#d";
    let twice = vec![source(Some(url), Some("h1")), source(None, Some("h2")), source(Some(url), Some("h2"))];
    let first = answer(&user, None, "It \n is.", twice).await;
    let second = pb::CreateMessageRequest {
        sources: vec![source(Some(url), None)],
        ..user_message(&user.conversation().await.id, "I read it")
    };
    let second = user.create_message(second).await.unwrap().message.unwrap();
    answer(&user, None, "no", vec![source(Some("https://example.com/a?b=c"), Some("H1")), source(None, None)]).await;
    answer(&stranger, None, "theirs", vec![source(Some(url), Some("h1"))]).await;

    let citation = |message: &pb::Message, title: &str, preview: &str, place: usize| pb::Citation {
        message_id: message.id.clone(),
        conversation_id: message.conversation_id.clone(),
        conversation_title: Some(title.to_owned()),
        created_at: message.created_at,
        preview: preview.to_owned(),
        source: Some(message.sources[place].clone()),
    };
    let of_first = |place| citation(&first, "Titled", "It is.", place);
    assert_eq!(
        cited(&user, by_url(url)).await,
        [citation(&second, "I read it", "I read it", 0), of_first(2), of_first(0)]
    );
    assert_eq!(cited(&user, by_hash("h2")).await, [of_first(2), of_first(1)]);
    assert_eq!(cited(&user, by_hash("h1")).await, [of_first(0)]);
    for nowhere in [by_url("h1"), by_hash(url), by_url("https://example.com/A?b=c#d"), by_url("' OR true --")] {
        assert_eq!(cited(&user, nowhere).await, []);
    }
    assert_eq!(cited(&stranger, by_url(url)).await.len(), 1);

    let delete = pb::DeleteConversationRequest { conversation_id: first.conversation_id.clone() };
    user.delete_conversation(delete).await.unwrap();
    assert_eq!(cited(&user, by_url(url)).await, [citation(&second, "I read it", "I read it", 0)]);
}

#[tokio::test]
async fn documents_with_endless_names_are_found_and_told_apart() {
    let world = World::new().await;
    let user = world.user();
    let long = "https://example.com/".to_owned() + &"é".repeat(500_000);
    let longer = format!("{long}/");
    let one = answer(&user, None, "one", vec![source(Some(&long), Some(&long))]).await;
    answer(&user, None, "other", vec![source(Some(&longer), Some(&longer))]).await;
    for request in [by_url(&long), by_hash(&long)] {
        let found = cited(&user, request).await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].message_id, found[0].source.as_ref()), (&one.id, one.sources.first()));
    }
}

#[tokio::test]
async fn pages_walk_every_citation_once_newest_first_while_new_ones_arrive() {
    let world = World::new().await;
    let user = world.user();
    let mut expected = Vec::new();
    for _ in 0..5 {
        let message = answer(&user, None, "x", vec![source(Some("u"), None); 3]).await;
        expected.splice(0..0, message.sources.into_iter().rev().map(|source| source.id));
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListCitationsRequest { page_size: 4, page_token: token, ..by_url("u") };
        let page = user.list_citations(request).await.unwrap();
        assert!(page.citations.len() <= 4);
        seen.extend(page.citations.into_iter().map(|citation| citation.source.unwrap().id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        answer(&user, None, "later", vec![source(Some("u"), None)]).await;
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_request_names_one_document() {
    let world = World::new().await;
    let user = world.user();
    answer(&user, None, "x", vec![source(Some("u"), Some("u")); 2]).await;
    let page = user.list_citations(pb::ListCitationsRequest { page_size: 1, ..by_url("u") }).await.unwrap();
    let token = page.next_page_token;
    let both = pb::ListCitationsRequest { content_hash: Some("h".to_owned()), ..by_url("u") };
    for (request, field, code) in [
        (pb::ListCitationsRequest::default(), "url", "REQUIRED"),
        (both, "content_hash", "INVALID"),
        (by_url(""), "url", "REQUIRED"),
        (by_hash(""), "content_hash", "REQUIRED"),
        (by_url("a\0"), "url", "INVALID"),
        (pb::ListCitationsRequest { page_size: 101, ..by_url("u") }, "page_size", "OUT_OF_RANGE"),
        (pb::ListCitationsRequest { page_size: -1, ..by_url("u") }, "page_size", "OUT_OF_RANGE"),
        (pb::ListCitationsRequest { page_token: token.clone(), ..by_hash("u") }, "page_token", "INVALID"),
        (pb::ListCitationsRequest { page_token: "AAAA".to_owned(), ..by_url("u") }, "page_token", "INVALID"),
    ] {
        let refused = user.list_citations(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(violations(&refused), [(field.to_owned(), code.to_owned())]);
    }
    let stranger = world.user().list_citations(pb::ListCitationsRequest { page_token: token, ..by_url("u") }).await;
    assert_eq!(violations(&stranger.unwrap_err())[0].0, "page_token");
}
