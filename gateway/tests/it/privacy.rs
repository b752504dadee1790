//! The export of everything, and its end.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testkit::agent::{Piece, Reply};
use tower::ServiceExt as _;

use crate::stack::{Stack, greeting, request, send};

/// What came, and whether it ended as it should.
async fn download(stack: &Stack, path: &str) -> (BTreeMap<String, String>, Vec<u8>, bool) {
    let response = stack.gateway.router().oneshot(request("alice", "GET", path, None)).await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let mut body: Body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            Err(_) => return (headers, bytes, false),
        }
    }
    (headers, bytes, true)
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The files of an archive by its directory, whose checksums are checked on the way. None without a directory.
fn unzip(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let (count, mut at) = (number(bytes, end + 10, 2), number(bytes, end + 16, 4));
    assert_eq!(at + number(bytes, end + 12, 4), end);
    let mut files = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        let (checksum, size) = (number(bytes, at + 16, 4), number(bytes, at + 24, 4));
        let (name, extra, local) = (number(bytes, at + 28, 2), number(bytes, at + 30, 2), number(bytes, at + 42, 4));
        let title = std::str::from_utf8(&bytes[at + 46..at + 46 + name]).unwrap();
        let begin = local + 30 + number(bytes, local + 26, 2) + number(bytes, local + 28, 2);
        let data = &bytes[begin..begin + size];
        assert_eq!(usize::try_from(crc32fast::hash(data)).unwrap(), checksum, "{title}");
        assert_eq!(&bytes[begin + size..begin + size + 4], b"PK\x07\x08");
        let earlier = files.insert(title.to_owned(), String::from_utf8(data.to_vec()).unwrap());
        assert!(earlier.is_none(), "{title} twice");
        at += 46 + name + extra;
    }
    Some(files)
}

#[tokio::test]
async fn the_lines_hold_everything_and_the_last_one_proves_it() {
    let stack = Stack::new(greeting()).await;
    let odd = json!({"message": "hi\nthere", "metadata": {"b": 1, "a": [1.0]}});
    stack.ask(&odd).await;
    let (headers, bytes, whole) = download(&stack, "/users/me/export").await;
    assert!(whole);
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let name = &headers["content-disposition"];
    assert!(name.starts_with("attachment; filename=\"colloquy-export-2") && name.ends_with(".ndjson\""), "{name}");
    let lines = lines(&bytes);
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["manifest", "user", "conversation", "message", "message", "run", "completed"]);
    assert_eq!((&lines[0]["version"], &lines[1]["email"]), (&json!(1), &json!("alice@example.com")));
    assert_eq!((&lines[3]["content"], &lines[4]["content"]), (&json!("hi\nthere"), &json!("Hello Alice")));
    let last = lines.last().unwrap();
    assert_eq!(last["counts"], json!({"conversations": 1, "messages": 2, "sources": 0, "runs": 1}));
    let before = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes[..before]);
    let digest: Vec<_> = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(last["sha256"], digest.concat());
}

#[tokio::test]
async fn documents_with_line_breaks_stay_on_their_line() {
    let stack = Stack::new(greeting()).await;
    stack.ask(&json!({"message": "hi"})).await;
    for (_, message) in stack.history.tables().messages.values_mut() {
        message.metadata_json = "{ \"b\":1.0e2,\r\n\t\"a\": \"x\\ny\"}".to_owned();
    }
    let (_, bytes, _) = download(&stack, "/users/me/export").await;
    let text = std::str::from_utf8(&bytes).unwrap();
    assert_eq!(text.matches("{ \"b\":1.0e2,  \t\"a\": \"x\\ny\"}").count(), 2, "{text}");
    assert_eq!(lines(&bytes).len(), 7);
}

#[tokio::test]
async fn the_archive_has_a_page_for_each_conversation_that_nothing_in_it_can_forge() {
    let reply = json!({"output": "```\n# not a heading\n<script>", "sources": [{"title": "A [b](c)", "url": "javascript:alert(1)", "snippet": "one\ntwo"}]});
    let stack = Stack::new(Reply::Json(reply)).await;
    for question in ["../../etc/passwd", "CON", "", "CON"] {
        let title = json!({"title": question});
        let id = stack.send("POST", "/conversations", Some(&title)).await.json()["id"].clone();
        stack.ask(&json!({"message": "What\r# is tea?", "conversation_id": id})).await;
    }
    let (headers, bytes, whole) = download(&stack, "/users/me/export?format=markdown").await;
    assert!(whole);
    assert_eq!(headers["content-type"], "application/zip");
    assert!(headers["content-disposition"].ends_with(".zip\""));
    let files = unzip(&bytes).unwrap();
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    for name in files.keys() {
        assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'), "{name}");
    }
    let page = files.iter().find(|(name, _)| name.contains("etc passwd")).unwrap().1;
    for line in
        ["> ```", "> # not a heading", "> What", "> # is tea?", "1. A \\[b\\](c) javascript:alert(1)", "   > two"]
    {
        assert!(page.lines().any(|written| written == line), "{line} is not in {page}");
    }
    assert!(files["README.md"].contains("alice@example.com"));
    let manifest: Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["counts"]["conversations"], 4);
}

#[tokio::test]
async fn other_branches_come_after_the_shown_path_and_say_where_they_belong() {
    let stack = Stack::new(greeting()).await;
    stack.ask(&json!({"message": "first"})).await;
    let shown = {
        let mut tables = stack.history.tables();
        let messages: Vec<_> = tables.messages.values().map(|(_, message)| message.clone()).collect();
        let (owner, conversation) = tables.conversations.values_mut().next().unwrap();
        conversation.active_leaf_id = Some(messages[1].id.clone());
        let owner = owner.clone();
        for (parent, content) in [(Some(messages[0].id.clone()), "another answer"), (None, "another beginning")] {
            let id = uuid::Uuid::now_v7().to_string();
            let message = proto::history::v1::Message {
                id: id.clone(),
                parent_id: parent,
                content: content.to_owned(),
                ..messages[1].clone()
            };
            tables.messages.insert(id, (owner.clone(), message));
        }
        messages[0].id.clone()
    };
    let (_, bytes, _) = download(&stack, "/users/me/export?format=markdown").await;
    let files = unzip(&bytes).unwrap();
    let page = files.iter().find(|(name, _)| name.ends_with("(1).md")).unwrap().1;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
    let order = [
        place("> first"),
        place("> Hello Alice"),
        place("# Other branches"),
        place(&format!("*A branch that follows `{shown}`:*")),
        place("> another answer"),
        place("*Another beginning:*"),
        place("> another beginning"),
    ];
    assert!(order.is_sorted(), "{page}");
}

#[tokio::test]
async fn an_export_that_breaks_off_never_looks_whole() {
    let stack = Stack::new(greeting()).await;
    stack.ask(&json!({"message": "hi"})).await;
    stack.history.0.cut_exports.store(true, Ordering::SeqCst);
    let (_, bytes, whole) = download(&stack, "/users/me/export").await;
    assert!(!whole);
    let lines = lines(&bytes);
    assert_eq!(lines.last().unwrap()["type"], "error");
    assert!(lines.iter().all(|line| line["type"] != "completed"));
    let (_, bytes, whole) = download(&stack, "/users/me/export?format=markdown").await;
    assert!(!whole && unzip(&bytes).is_none());
}

#[tokio::test]
async fn an_export_that_cannot_begin_is_a_problem() {
    let stack = Stack::new(greeting()).await;
    stack.history.0.away.store(true, Ordering::SeqCst);
    let answer = stack.send("GET", "/users/me/export", None).await;
    assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
}

#[tokio::test]
async fn the_history_goes_first_and_what_broke_off_in_between_can_be_repeated() {
    let stack = Stack::new(greeting()).await;
    stack.ask(&json!({"message": "hi"})).await;
    let began = stack.history.story().len();
    stack.history.0.users_away.store(true, Ordering::SeqCst);
    let broken = stack.send("DELETE", "/users/me", None).await;
    assert_eq!(broken.problem(), (503, "database_unavailable".to_owned()));
    stack.history.0.users_away.store(false, Ordering::SeqCst);
    let receipt = json!({
        "tombstone": "00ff", "erased_at": "2023-11-14T22:13:20.123Z", "finished_at": "2023-11-14T22:13:20.123Z",
        "counts": {"conversations": 1, "messages": 2, "sources": 0, "runs": 1},
    });
    for _ in 0..2 {
        let answer = stack.send("DELETE", "/users/me", None).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, receipt.clone()));
    }
    assert_eq!(stack.history.story()[began..], ["EraseUser", "DeleteUser"].repeat(3));
    stack.history.0.away.store(true, Ordering::SeqCst);
    let away = stack.send("DELETE", "/users/me", None).await;
    assert_eq!(away.problem().0, 503);
    assert_eq!(stack.history.story().last().unwrap(), "EraseUser", "who still has a history stays a user");
}

#[tokio::test]
async fn an_erasure_goes_on_when_its_client_leaves() {
    let stack = Stack::new(Reply::Sse(vec![Piece::Hang])).await;
    let asking = send(stack.gateway.router(), request("alice", "DELETE", "/users/me", None));
    let mut asking = Box::pin(asking);
    // Polled until the task is on its way, and dropped.
    assert!(futures_util::poll!(&mut asking).is_pending());
    while stack.history.story().is_empty() {
        let _ = futures_util::poll!(&mut asking);
        tokio::task::yield_now().await;
    }
    drop(asking);
    stack.history.happened("DeleteUser").await;
}
