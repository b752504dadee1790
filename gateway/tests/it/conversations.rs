//! Conversations and messages through REST.

use serde_json::json;
use testkit::agent::Reply;

use crate::stack::Stack;

#[tokio::test]
async fn a_conversation_is_made_read_changed_listed_and_deleted() {
    let stack = Stack::new(Reply::Silence).await;
    let body = json!({"client_id": "c-1", "title": "Tea", "expires_at": "2030-01-01T00:00:00+01:00"});
    let created = stack.send("POST", "/conversations", Some(&body)).await;
    let conversation = created.json();
    let id = conversation["id"].as_str().unwrap();
    let path = format!("/conversations/{id}");
    assert_eq!((created.status.as_u16(), created.header("location")), (201, path.as_str()));
    let expected = json!({
        "id": id, "client_id": "c-1", "title": "Tea", "pinned": false, "archived": false, "agent": null,
        "active_leaf_id": null, "message_count": 0, "preview": "", "metadata": {},
        "created_at": "2023-11-14T22:13:20.123Z", "updated_at": "2023-11-14T22:13:20.123Z",
        "expires_at": "2029-12-31T23:00:00Z",
    });
    assert_eq!(conversation, expected);

    let mut alone = expected.clone();
    alone["messages"] = json!({"items": [], "next_cursor": null});
    assert_eq!(stack.send("GET", &path, None).await.json(), alone);

    let changed = stack.send("PATCH", &path, Some(&json!({"title": null, "pinned": true}))).await.json();
    assert_eq!((&changed["title"], &changed["pinned"]), (&json!(null), &json!(true)));
    let page =
        stack.send("GET", "/conversations?limit=1&pinned=true&agent=a&from=2020-01-01T00:00:00Z", None).await.json();
    assert_eq!(page, json!({"items": [changed], "next_cursor": "more", "prev_cursor": null}));
    let last = stack.send("GET", "/conversations?limit=2&cursor=more", None).await.json();
    assert_eq!((&last["next_cursor"], &last["prev_cursor"]), (&json!(null), &json!("less")));
    let kept = stack.send("PATCH", &path, Some(&json!({"expires_at": null}))).await.json();
    assert_eq!(kept["expires_at"], json!(null));
    let ends = stack.send("PATCH", &path, Some(&json!({"expires_at": "2031-01-01T00:00:00Z"}))).await.json();
    assert_eq!(ends["expires_at"], json!("2031-01-01T00:00:00Z"));

    let deleted = stack.send("DELETE", &path, None).await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    assert_eq!(stack.send("DELETE", &path, None).await.problem(), (404, "conversation_not_found".to_owned()));
}

#[tokio::test]
async fn metadata_comes_back_exactly_as_it_came() {
    let stack = Stack::new(Reply::Silence).await;
    let metadata = r#"{"z":1.50,"a":{"y":[1e2,null],"b":"\u00e9"}}"#;
    let body = format!(r#"{{"metadata":{metadata}}}"#);
    let request = crate::stack::request("alice", "POST", "/conversations", Some(("application/json", body)));
    let created = crate::stack::send(stack.gateway.router(), request).await;
    assert!(created.text.contains(&format!(r#""metadata":{metadata}"#)), "{}", created.text);
}

#[tokio::test]
async fn a_message_is_appended_with_sources_and_judged() {
    let stack = Stack::new(Reply::Silence).await;
    let conversation = stack.send("POST", "/conversations", Some(&json!({}))).await.json();
    let path = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let source = json!({"kind": "url", "title": "T", "url": "https://t", "snippet": "s", "score": 0.5,
        "span": {"start": 0, "end": 4}, "content_hash": "h", "metadata": {"page": 1}});
    let body = json!({"role": "assistant", "content": "It is.", "client_id": "m-1", "sources": [source]});
    let created = stack.send("POST", &path, Some(&body)).await;
    let mut message = created.json();
    assert_eq!(created.status, 201);
    let id = message["id"].as_str().unwrap().to_owned();
    let sources = stack.send("GET", &format!("/messages/{id}/sources"), None).await.json();
    assert_eq!(sources, json!({"items": message["sources"], "next_cursor": null}));
    assert_eq!(message["sources"][0]["ordinal"], 1);
    let siblings = stack.send("GET", &format!("/messages/{id}/siblings"), None).await.json();
    assert_eq!(siblings, json!({"items": [{"message_id": id, "leaf_id": id}], "next_cursor": null}));
    message["sources"] = json!([]);
    let expected = json!({
        "id": id, "conversation_id": conversation["id"], "parent_id": null, "role": "assistant", "status": "completed",
        "content": "It is.", "parts": [{"type": "text", "text": "It is."}], "sources": [], "agent": null, "model": null,
        "usage": null, "error": null, "feedback": null, "siblings": {"index": 1, "count": 1}, "client_id": "m-1",
        "finish_reason": null, "run_id": null,
        "metadata": {}, "created_at": "2023-11-14T22:13:20.123Z", "completed_at": null,
    });
    assert_eq!(message, expected);

    let feedback = format!("/messages/{id}/feedback");
    let judged = stack.send("PUT", &feedback, Some(&json!({"rating": "down", "note": "why?"}))).await.json();
    assert_eq!(judged["feedback"], json!({"rating": "down", "note": "why?", "created_at": null}));
    let taken_back = stack.send("PUT", &feedback, Some(&json!({"rating": null}))).await.json();
    assert_eq!(taken_back["feedback"], json!(null));
    let page = stack.send("GET", &format!("{path}?limit=200&leaf={id}&from={id}"), None).await.json();
    assert_eq!(page["items"][0]["id"], id.as_str());
    assert_eq!((&page["next_cursor"], &page["prev_cursor"]), (&json!(null), &json!(format!("newer than {id}"))));

    let citation = json!({"message_id": id, "conversation_id": conversation["id"], "conversation_title": null,
        "created_at": "2023-11-14T22:13:20.123Z", "preview": "It is.", "source": sources["items"][0]});
    for document in ["url=https%3A%2F%2Ft", "content_hash=h"] {
        let cited = stack.send("GET", &format!("/citations?{document}"), None).await.json();
        assert_eq!(cited, json!({"items": [citation], "next_cursor": null}), "{document}");
    }
    let nowhere = stack.send("GET", "/citations?url=h", None).await.json();
    assert_eq!(nowhere, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn a_list_is_asked_for_what_was_cited_and_judged() {
    let stack = Stack::new(Reply::Silence).await;
    stack.send("GET", "/conversations?has_sources=false&feedback=down", None).await;
    stack.send("GET", "/conversations", None).await;
    let tables = stack.history.tables();
    let asked: Vec<_> = tables.listed.iter().map(|list| (list.has_sources, list.feedback)).collect();
    assert_eq!(asked, [(Some(false), Some(2)), (None, None)]);
}

#[tokio::test]
async fn a_parent_that_is_null_is_none_and_one_that_is_missing_is_the_newest_message() {
    let stack = Stack::new(Reply::Json(json!({"output": "hi"}))).await;
    let conversation = stack.send("POST", "/conversations", Some(&json!({}))).await.json();
    let id = conversation["id"].as_str().unwrap();
    let path = format!("/conversations/{id}/messages");
    let first = stack.send("POST", &path, Some(&json!({"role": "user", "content": "one"}))).await.json();
    let parent = first["id"].as_str().unwrap();
    for (given, expected) in [(None, None), (Some(json!(null)), Some("")), (Some(json!(parent)), Some(parent))] {
        let mut message = json!({"role": "user", "content": "two"});
        let mut question = json!({"message": "two", "conversation_id": id});
        if let Some(given) = given {
            message["parent_id"] = given.clone();
            question["parent_id"] = given;
        }
        let created = stack.send("POST", &path, Some(&message)).await.json();
        let id = created["id"].as_str().unwrap();
        let stored = stack.history.tables().messages[id].1.parent_id.clone();
        assert_eq!(stored.as_deref(), expected);
        assert_eq!(stack.send("POST", "/agents/run", Some(&question)).await.status, 200);
        let asked = stack.history.tables().started.last().unwrap().parent_id.clone();
        assert_eq!(asked.as_deref(), expected);
    }
}

#[tokio::test]
async fn a_question_begins_a_conversation_that_ends_by_itself_within_the_configured_context() {
    let flags = ["--agent-context-messages=7", "--agent-context-characters=5000"];
    let stack = Stack::with(Reply::Json(json!({"output": "hi"})), &flags).await;
    let question = json!({"message": "psst", "expires_at": "2030-01-01T00:00:00Z"});
    assert_eq!(stack.send("POST", "/agents/run", Some(&question)).await.status, 200);
    let started = stack.history.tables().started.last().unwrap().clone();
    assert_eq!((started.context_limit, started.context_characters), (7, 5000));
    assert_eq!(started.expires_at.map(|end| end.seconds), Some(1_893_456_000));
}

#[tokio::test]
async fn search_answers_in_fragments() {
    let stack = Stack::new(Reply::Silence).await;
    let id = stack.send("POST", "/conversations", Some(&json!({"title": "A <b> & tea"}))).await.json()["id"].clone();
    let answer = stack.send("GET", "/search?q=%3Cb%3E&limit=1", None).await;
    let expected = json!({
        "items": [{
            "message_id": null, "conversation_id": id, "conversation_title": "A <b> & tea", "role": null,
            "created_at": "2023-11-14T22:13:20.123Z", "leaf_id": null, "on_active_path": true,
            "snippet": [
                {"text": "A ", "highlighted": false},
                {"text": "<b>", "highlighted": true},
                {"text": " & tea", "highlighted": false},
            ],
        }],
        "next_cursor": "more",
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    let answer =
        stack.send("GET", "/search?q=tea&role=assistant&has_sources=true&from=2026-01-01T00:00:00Z", None).await;
    assert_eq!(answer.json()["items"][0]["role"], "assistant");
}
