//! What a newcomer does first.

use proto::history::v1::{ListConversationsRequest, conversation_service_client::ConversationServiceClient};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tempfile::tempdir;
use tonic::{Request, transport::Endpoint};

use crate::stack::Stack;

const QUESTION: &str = "How do I point Colloquy at my own agent?";

#[tokio::test]
async fn the_pasted_question_is_answered_with_sources_and_saved() {
    let directory = tempdir().unwrap();
    let stack = Stack::start(directory.path());
    assert!(stack.screen.contains(QUESTION));

    let (status, answer) = stack.ask(QUESTION).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let message = &answer["message"];
    assert_eq!((&message["status"], &answer["run"]["status"]), (&"completed".into(), &"completed".into()));
    assert!(message["content"].as_str().unwrap().contains("AGENT_URL"), "{message}");
    let sources = message["sources"].as_array().unwrap();
    assert!(sources.iter().any(|source| source["url"].as_str().unwrap().starts_with("README.md#")), "{sources:?}");

    let conversations = stack.get("/conversations").await;
    let conversation = &conversations["items"][0];
    assert!(!conversation["title"].as_str().unwrap().is_empty());
    let read = stack.get(&format!("/conversations/{}", conversation["id"].as_str().unwrap())).await;
    assert_eq!(read["messages"]["items"][0]["content"], QUESTION);
    assert_eq!(&read["messages"]["items"][1], message, "the answer reads as it was given");

    let channel = Endpoint::from_shared(stack.history()).unwrap().connect().await.unwrap();
    let mut list = Request::new(ListConversationsRequest::default());
    list.metadata_mut().insert("authorization", format!("Bearer {}", stack.token).parse().unwrap());
    let listed = ConversationServiceClient::new(channel).list_conversations(list).await.unwrap().into_inner();
    assert_eq!(listed.conversations[0].id, conversation["id"].as_str().unwrap());
}

#[tokio::test]
async fn no_log_holds_a_secret_however_talkative() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("log");
    let mut command = Stack::command(directory.path());
    command.env("RUST_LOG", "trace,h2=info,hyper=info").stderr(std::fs::File::create(&log).unwrap());
    let stack = Stack::start_with(command);
    stack.ask("What is logged?").await;
    let token = stack.token.clone();
    assert!(stack.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    let password = std::fs::read_to_string(directory.path().join("postgres").join("password")).unwrap();
    assert!(log.contains("run ended"));
    for secret in [token.as_str(), token.rsplit_once('.').unwrap().1, password.trim(), "PASSWORD '"] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn conversations_and_users_survive_a_restart() {
    let directory = tempdir().unwrap();
    let stack = Stack::start(directory.path());
    let me = stack.get("/users/me").await;
    stack.ask("What is a run?").await;
    let before = stack.get("/conversations").await;
    let old_token = stack.token.clone();
    assert!(stack.terminate().success());

    let mut stack = Stack::start(directory.path());
    stack.token = old_token;
    assert_eq!(stack.get("/conversations").await, before);
    assert_eq!(stack.get("/users/me").await, me);
}

#[tokio::test]
async fn two_stacks_stand_side_by_side_and_share_nothing() {
    let directories = [tempdir().unwrap(), tempdir().unwrap()];
    let [mut one, other] = directories.each_ref().map(|directory| Stack::start(directory.path()));
    one.ask("Who may see this?").await;
    assert_eq!(other.get("/conversations").await["items"], serde_json::json!([]));

    one.token.clone_from(&other.token);
    let refused = one.request(Method::GET, "/users/me").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "token_key_unknown");
}

#[tokio::test]
async fn the_token_command_speaks_for_any_user_of_the_running_stack() {
    let directory = tempdir().unwrap();
    let mut stack = Stack::start(directory.path());
    let token = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_colloquy"));
        let output = command.arg("token").arg("--data-dir").arg(directory.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let (_, answer) = stack.ask("A question of the first user").await;

    stack.token = token(&["--email", "ada@example.com", "--name", "Ada"]);
    let me = stack.get("/users/me").await;
    assert_eq!((&me["email"], &me["name"]), (&"ada@example.com".into(), &"Ada".into()));
    let id = |path: &str| answer.pointer(path).unwrap().as_str().unwrap().to_owned();
    let (conversation, message, run) = (id("/run/conversation_id"), id("/message/id"), id("/run/id"));
    let theirs = refusals(&stack, &conversation, &message, &run).await;
    let nobodys = uuid::Uuid::now_v7().to_string();
    assert_eq!(theirs, refusals(&stack, &nobodys, &nobodys, &nobodys).await);
    assert!(theirs.iter().all(|(status, _)| *status == StatusCode::NOT_FOUND), "{theirs:?}");

    stack.token = token(&["--email", "dev@colloquy.localhost"]);
    assert_eq!(stack.get("/conversations").await["items"].as_array().unwrap().len(), 1);
}

/// What every route that names something answers, without the id of the request.
async fn refusals(stack: &Stack, conversation: &str, message: &str, run: &str) -> Vec<(StatusCode, serde_json::Value)> {
    let routes = [
        (Method::GET, format!("/conversations/{conversation}"), None),
        (Method::PATCH, format!("/conversations/{conversation}"), Some(json!({ "title": "mine" }))),
        (Method::DELETE, format!("/conversations/{conversation}"), None),
        (Method::GET, format!("/conversations/{conversation}/messages"), None),
        (
            Method::POST,
            format!("/conversations/{conversation}/messages"),
            Some(json!({ "role": "user", "content": "mine" })),
        ),
        (Method::GET, format!("/messages/{message}/sources"), None),
        (Method::PUT, format!("/messages/{message}/feedback"), Some(json!({ "rating": "up" }))),
        (Method::GET, format!("/runs/{run}"), None),
        (Method::POST, "/agents/run".to_owned(), Some(json!({ "message": "mine", "conversation_id": conversation }))),
    ];
    let mut answers = Vec::new();
    for (method, path, body) in routes {
        let mut request = stack.request(method, &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let mut problem: serde_json::Value = answer.json().await.unwrap();
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push((status, problem));
    }
    answers
}

#[test]
fn a_token_without_a_stack_says_what_to_do() {
    let directory = tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_colloquy"));
    let output = command.arg("token").arg("--data-dir").arg(directory.path()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no stack has run in") && said.contains("cargo run"), "{said}");
}
