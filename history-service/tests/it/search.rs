//! Search, without an indexer: what was just written is found at once.

use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{Person, World, violations};

/// The hits as lines: the message's text, or `title:`, with what is highlighted in brackets.
async fn lines(user: &Person, query: &str) -> Vec<String> {
    hits(user, query).await.iter().map(line).collect()
}

fn line(hit: &pb::SearchHit) -> String {
    let shown = |f: &pb::SnippetFragment| if f.highlighted { format!("[{}]", f.text) } else { f.text.clone() };
    let snippet: String = hit.snippet.iter().map(shown).collect();
    if hit.message_id.is_none() { format!("title: {snippet}") } else { snippet }
}

async fn hits(user: &Person, query: &str) -> Vec<pb::SearchHit> {
    user.search_messages(asking(query)).await.unwrap().hits
}

pub(crate) fn asking(query: &str) -> pb::SearchMessagesRequest {
    pb::SearchMessagesRequest { query: query.to_owned(), ..Default::default() }
}

/// A conversation of a user whose title is not what is searched for.
pub(crate) async fn titled(user: &Person, title: &str) -> String {
    let new = pb::CreateConversationRequest { title: Some(title.to_owned()), ..Default::default() };
    user.create_conversation(new).await.unwrap().conversation.unwrap().id
}

#[tokio::test]
async fn people_find_what_they_mean() {
    let world = World::new().await;
    let user = world.user();
    let id = titled(&user, "0").await;
    for text in [
        "A naïve café in Ünïcode",
        "Deploying Kubernetes, step by step",
        "中文分词是什么",
        "東京タワーへ ﾄｳｷｮｳ",
        "저는 한국어를 배웁니다",
        "ภาษาไทยง่าย",
        "Привет, ёлка",
        "if (a < b) { return \"<b>\"; }",
    ] {
        user.say(&id, text, None).await;
    }
    for (query, expected) in [
        ("CAFE", "A naïve [café] in Ünïcode"),
        ("unicode naive", "A [naïve] café in [Ünïcode]"),
        ("bern", "Deploying Ku[bern]etes, step by step"),
        ("kuber*", "Deploying [Kuber]netes, step by step"),
        ("\"kubernetes step\"", "Deploying [Kubernetes, step] by step"),
        ("step -cafe", "Deploying Kubernetes, [step] by [step]"),
        ("nothing OR deploying", "[Deploying] Kubernetes, step by step"),
        ("分词", "中文[分词]是什么"),
        ("什", "中文分词是[什]么"),
        ("タワー", "東京[タワー]へ ﾄｳｷｮｳ"),
        ("トウキョウ", "東京タワーへ [ﾄｳｷｮｳ]"),
        ("한국어", "저는 [한국어]를 배웁니다"),
        ("ไทย", "ภาษา[ไทย]ง่าย"),
        ("елка", "Привет, [ёлка]"),
        ("\"return b\"", "if (a < b) { [return \"<b]>\"; }"),
    ] {
        assert_eq!(lines(&user, query).await, [expected], "{query}");
    }
    for query in ["step -kubernetes", "\"step kubernetes\"", "ernetes*", "词分", "cafes", "\"kubernete\""] {
        assert_eq!(lines(&user, query).await, Vec::<String>::new(), "{query}");
    }
}

#[tokio::test]
async fn the_best_comes_first_then_the_newest() {
    let world = World::new().await;
    let user = world.user();
    let id = titled(&user, "0").await;
    for text in ["an aeroplane", "the planner", "one plan", "a red old dog and a fox", "a red fox"] {
        user.say(&id, text, None).await;
    }
    assert_eq!(lines(&user, "plan").await, ["one [plan]", "the [plan]ner", "an aero[plan]e"]);
    assert_eq!(lines(&user, "plan -planner").await, ["one [plan]", "an aero[plan]e"]);
    assert_eq!(lines(&user, "red fox").await, ["a [red] [fox]", "a [red] old dog and a [fox]"]);
    titled(&user, "About foxes").await;
    assert_eq!(lines(&user, "foxes").await, ["title: About [foxes]"]);
}

#[tokio::test]
async fn questions_answers_and_titles_are_found_as_soon_as_they_are_written() {
    let world = World::new().await;
    let user = world.user();
    let asked = user.ask(None, "What is a zebra?").await;
    let run = asked.run.unwrap();
    assert_eq!(lines(&user, "zebra").await, ["title: What is a [zebra]?", "What is a [zebra]?"]);
    user.end(&run, "A striped horse.").await;
    let found = hits(&user, "striped").await;
    assert_eq!(found.iter().map(line).collect::<Vec<_>>(), ["A [striped] horse."]);
    assert_eq!(
        (found[0].role(), found[0].conversation_title.as_deref()),
        (pb::Role::Assistant, Some("What is a zebra?"))
    );

    let rename = |title: &str| pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation {
            id: run.conversation_id.clone(),
            title: Some(title.to_owned()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".to_owned()] }),
    };
    user.update_conversation(rename("Quagga")).await.unwrap();
    assert_eq!(lines(&user, "quagga").await, ["title: [Quagga]"]);
    assert_eq!(lines(&user, "zebra").await, ["What is a [zebra]?"]);
    user.update_conversation(rename("")).await.unwrap();
    assert_eq!(lines(&user, "quagga").await, Vec::<String>::new());

    let other = user.ask(None, "hello there").await.run.unwrap();
    let finish = pb::FinishRunRequest { title: Some("Greetings".to_owned()), ..crate::world::completed(&other, "") };
    user.finish_run(finish).await.unwrap();
    assert_eq!(lines(&user, "greetings").await, ["title: [Greetings]"]);
}

#[tokio::test]
async fn a_hit_in_another_branch_names_the_leaf_that_shows_it() {
    let world = World::new().await;
    let user = world.user();
    let id = titled(&user, "0").await;
    let root = user.say(&id, "root apple", None).await;
    let first = user.say(&id, "first banana", Some(&root.id)).await;
    let first_leaf = user.say(&id, "first cherry", Some(&first.id)).await;
    let second = user.say(&id, "second banana", Some(&root.id)).await;
    let second_leaf = user.say(&id, "second cherry", Some(&second.id)).await;

    let branches = async |query: &str| {
        let found = hits(&user, query).await;
        for hit in &found {
            let path = pb::ListMessagesRequest {
                conversation_id: hit.conversation_id.clone(),
                leaf_id: hit.leaf_id.clone(),
                ..Default::default()
            };
            let path = user.list_messages(path).await.unwrap().messages;
            assert!(path.iter().any(|message| Some(&message.id) == hit.message_id.as_ref()), "{hit:?}");
        }
        let mut found: Vec<_> =
            found.into_iter().map(|hit| (hit.message_id.unwrap(), hit.leaf_id.unwrap(), hit.on_active_path)).collect();
        found.sort();
        found
    };
    let (leaf, other) = (&second_leaf.id, &first_leaf.id);
    assert_eq!(branches("apple").await, [(root.id.clone(), leaf.clone(), true)]);
    let expected = [(first.id.clone(), other.clone(), false), (second.id.clone(), leaf.clone(), true)];
    assert_eq!(branches("banana").await, expected);

    // The older branch is shown: what is on its path leads there, though newer leaves lie below the root.
    let choose = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation {
            id: id.clone(),
            active_leaf_id: Some(first_leaf.id.clone()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["active_leaf_id".to_owned()] }),
    };
    user.update_conversation(choose).await.unwrap();
    assert_eq!(branches("apple").await, [(root.id.clone(), other.clone(), true)]);
    let expected = [(first.id.clone(), other.clone(), true), (second.id.clone(), leaf.clone(), false)];
    assert_eq!(branches("banana").await, expected);
    assert_eq!(branches("\"first cherry\"").await, [(other.clone(), other.clone(), true)]);
    assert_eq!(branches("\"second cherry\"").await, [(leaf.clone(), leaf.clone(), false)]);
}

#[tokio::test]
async fn filters_choose() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "pear question").await.run.unwrap();
    let source = pb::Source { url: Some("https://example.com".to_owned()), ..Default::default() };
    let finish = pb::FinishRunRequest { sources: vec![source], ..crate::world::completed(&run, "pear answer") };
    let answer = user.finish_run(finish).await.unwrap().message.unwrap();
    let other = titled(&user, "0").await;
    let later = user.say(&other, "pear elsewhere", None).await;
    for path in ["archived", "pinned"] {
        let change = pb::UpdateConversationRequest {
            conversation: Some(pb::Conversation {
                id: other.clone(),
                archived: true,
                pinned: true,
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
        };
        user.update_conversation(change).await.unwrap();
    }
    let all = || asking("pear");
    let found = async |request: pb::SearchMessagesRequest| {
        let mut found: Vec<_> = user.search_messages(request).await.unwrap().hits.iter().map(line).collect();
        found.sort();
        found.join(" | ")
    };
    let (title, question, answered, elsewhere) =
        ("title: [pear] question", "[pear] question", "[pear] answer", "[pear] elsewhere");
    let first = format!("{answered} | {question} | {title}");
    assert_eq!(found(all()).await, format!("{answered} | {elsewhere} | {question} | {title}"));
    assert_eq!(found(pb::SearchMessagesRequest { archived: Some(true), ..all() }).await, elsewhere);
    assert_eq!(found(pb::SearchMessagesRequest { archived: Some(false), ..all() }).await, first);
    assert_eq!(found(pb::SearchMessagesRequest { pinned: Some(true), ..all() }).await, elsewhere);
    assert_eq!(found(pb::SearchMessagesRequest { agent: Some("docs".to_owned()), ..all() }).await, first);
    assert_eq!(found(pb::SearchMessagesRequest { agent: Some("none".to_owned()), ..all() }).await, "");
    let role = |role: pb::Role| pb::SearchMessagesRequest { role: Some(role.into()), ..all() };
    assert_eq!(found(role(pb::Role::Assistant)).await, answered);
    assert_eq!(found(role(pb::Role::User)).await, format!("{elsewhere} | {question}"));
    assert_eq!(found(pb::SearchMessagesRequest { has_sources: Some(true), ..all() }).await, answered);
    assert_eq!(
        found(pb::SearchMessagesRequest { has_sources: Some(false), ..all() }).await,
        format!("{elsewhere} | {question}")
    );
    assert_eq!(found(pb::SearchMessagesRequest { conversation_id: Some(other.clone()), ..all() }).await, elsewhere);
    assert_eq!(found(pb::SearchMessagesRequest { conversation_id: Some(answer.id), ..all() }).await, "");
    assert_eq!(found(pb::SearchMessagesRequest { from: later.created_at, ..all() }).await, elsewhere);
    assert_eq!(found(pb::SearchMessagesRequest { to: later.created_at, ..all() }).await, first);
}

#[tokio::test]
async fn nobody_finds_what_is_anothers() {
    let world = World::new().await;
    let (owner, stranger) = (world.user(), world.user());
    owner.ask(None, "secret walrus").await;
    let own = stranger.ask(None, "my own walrus").await.conversation.unwrap();
    let mut found = lines(&stranger, "walrus").await;
    found.sort();
    assert_eq!(found, ["my own [walrus]", "title: my own [walrus]"]);
    assert_eq!(lines(&stranger, "secret").await, Vec::<String>::new());
    let theirs = hits(&owner, "walrus").await[0].conversation_id.clone();
    let within = pb::SearchMessagesRequest { conversation_id: Some(theirs), ..asking("walrus") };
    assert_eq!(stranger.search_messages(within).await.unwrap(), pb::SearchMessagesResponse::default());
    let listed = pb::ListConversationsRequest { query: Some("walrus".to_owned()), ..Default::default() };
    let listed = stranger.list_conversations(listed).await.unwrap().conversations;
    assert_eq!(listed.iter().map(|conversation| &conversation.id).collect::<Vec<_>>(), [&own.id]);
    let page = pb::SearchMessagesRequest { page_size: 1, ..asking("walrus") };
    let token = owner.search_messages(page.clone()).await.unwrap().next_page_token;
    assert_ne!(token, "");
    for forged in [token.as_str(), "x"] {
        let request = pb::SearchMessagesRequest { page_token: forged.to_owned(), ..page.clone() };
        let refused = stranger.search_messages(request).await.unwrap_err();
        assert_eq!(violations(&refused), [("page_token".to_owned(), "INVALID".to_owned())]);
    }
    let other = pb::SearchMessagesRequest { page_token: token, pinned: Some(false), ..page };
    assert_eq!(owner.search_messages(other).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_deleted_or_has_expired_is_not_found() {
    let world = World::new().await;
    let user = world.user();
    let (gone, temporary) = (titled(&user, "otter one").await, titled(&user, "otter two").await);
    user.say(&gone, "otter three", None).await;
    user.say(&temporary, "otter four", None).await;
    assert_eq!(hits(&user, "otter").await.len(), 4);
    user.delete_conversation(pb::DeleteConversationRequest { conversation_id: gone }).await.unwrap();
    assert_eq!(hits(&user, "otter").await.len(), 2);
    let mut superuser = world.superuser().await;
    sqlx::query("UPDATE history.conversation SET expires_at = now()").execute(&mut superuser).await.unwrap();
    assert_eq!(hits(&user, "otter").await.len(), 0);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM history.search_entry").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 2);
}
