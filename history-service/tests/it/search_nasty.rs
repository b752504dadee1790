//! Queries and texts that mean no good: an answer that is right, or one that says what is wrong.

use proto::history::v1 as pb;

use crate::world::{Person, World, violations};

fn asking(query: &str) -> pb::SearchMessagesRequest {
    pb::SearchMessagesRequest { query: query.to_owned(), ..Default::default() }
}

async fn found(user: &Person, query: &str) -> Vec<String> {
    let answer = user.search_messages(asking(query)).await.unwrap_or_else(|error| panic!("{query:?}: {error:?}"));
    answer.hits.into_iter().filter_map(|hit| hit.message_id).collect()
}

#[tokio::test]
async fn queries_without_anything_to_look_for_say_so() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    user.say(&id, "((( \"quoted\" 100% a_b \\ * -", None).await;
    let many = "word ".repeat(10_000);
    let terms = "a ".repeat(33);
    let long = "x".repeat(1_001);
    for (query, code) in [
        ("", "REQUIRED"),
        ("\"((", "INVALID"),
        ("?!", "INVALID"),
        ("-quoted", "INVALID"),
        ("a* b*", "INVALID"),
        ("\u{200b}\u{202e}\u{feff}", "INVALID"),
        ("a\0b", "INVALID"),
        (&many, "TOO_LONG"),
        (&long, "TOO_LONG"),
        (&terms, "INVALID"),
    ] {
        let refused = user.search_messages(asking(query)).await.unwrap_err();
        assert_eq!(violations(&refused), [("query".to_owned(), code.to_owned())], "{query:?}");
        let list = pb::ListConversationsRequest { query: Some(query.to_owned()), ..Default::default() };
        let refused = user.list_conversations(list).await.unwrap_err();
        assert_eq!(violations(&refused), [("query".to_owned(), code.to_owned())], "{query:?}");
    }
    for page_size in [-1, 51, i32::MAX] {
        let refused = user.search_messages(pb::SearchMessagesRequest { page_size, ..asking("x") }).await.unwrap_err();
        assert_eq!(violations(&refused), [("page_size".to_owned(), "OUT_OF_RANGE".to_owned())]);
    }
    let everything = pb::SearchMessagesRequest {
        query: String::new(),
        role: Some(99),
        conversation_id: Some("x".to_owned()),
        page_token: "x".to_owned(),
        agent: Some("a\0".to_owned()),
        from: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
        ..Default::default()
    };
    let refused = user.search_messages(everything).await.unwrap_err();
    let fields: Vec<_> = violations(&refused).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["query", "agent", "from", "role", "conversation_id", "page_token"]);
}

#[tokio::test]
async fn strange_queries_find_what_is_there() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let said = user
        .say(&id, "((( \"quoted\" 100% a_b '; DROP TABLE x; -- {1,2} \\u0041 👩\u{200d}👧 e\u{301}t\u{e9}", None)
        .await
        .id;
    for query in [
        "\"quoted",
        "quoted\"",
        "\"\"quoted\"\"",
        "(quoted OR",
        "OR OR quoted",
        "quoted -",
        "quoted --",
        "quoted -\"\"",
        "100%",
        "a_b",
        "'; DROP TABLE",
        "{1,2}",
        "\\u0041",
        "👩",
        "👩\u{200d}👧",
        "ÉTÉ",
        "q\u{200b}uoted",
        "\u{202e}quoted",
        "quo\u{ad}ted",
        "quoted*",
        "quoted & | ! <->",
        "ｑｕｏｔｅｄ",
        "%",
        "_",
        "1",
    ] {
        if ["%", "_"].contains(&query) {
            user.search_messages(asking(query)).await.unwrap_err();
        } else {
            assert_eq!(found(&user, query).await, std::slice::from_ref(&said), "{query:?}");
        }
    }
    for query in ["quoted -100", "%quoted%x", "qu_ted", "tequo"] {
        assert_eq!(found(&user, query).await, Vec::<String>::new(), "{query:?}");
    }
    let longest = "quoted ".repeat(32);
    assert_eq!(found(&user, &longest).await, [said]);
}

#[tokio::test]
async fn strange_texts_are_searched_as_far_as_is_sensible() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let endless = user.say(&id, &format!("needle{}", "x".repeat(999_000)), None).await.id;
    let long = user.say(&id, &format!("{} pin", "hay ".repeat(24_000)), None).await.id;
    let too_long = user.say(&id, &format!("clip {} staple", "hay ".repeat(100_000)), None).await.id;
    let han = user.say(&id, &"汉".repeat(300_000), None).await.id;
    let bidi =
        user.say(&id, "\u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} \u{1}\u{7f}\u{85}\u{2028}bidi\u{200d}", None).await;
    assert_eq!(found(&user, "needlexxx").await, std::slice::from_ref(&endless));
    assert_eq!(found(&user, &"x".repeat(50)).await, [endless]);
    assert_eq!(found(&user, "pin").await, [long]);
    assert_eq!(found(&user, "clip").await, [too_long]);
    assert_eq!(found(&user, "staple").await, Vec::<String>::new());
    assert_eq!(found(&user, "汉汉").await, [han]);
    let shown = user.search_messages(asking("bidi gnp")).await.unwrap().hits;
    assert_eq!(shown[0].message_id.as_ref(), Some(&bidi.id));
    let text: String = shown[0].snippet.iter().map(|fragment| fragment.text.as_str()).collect();
    assert_eq!(text, "gnp.exe x bidi\u{200d}");
}
