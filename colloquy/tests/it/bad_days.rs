//! Agents and databases that are not there when they are needed.

use kit::database::{OWNER_ROLE, SERVICE_ROLE, provision};
use private_postgres::{Cluster, Options};
use reqwest::{Method, StatusCode, header::RETRY_AFTER};
use tempfile::tempdir;

use crate::stack::Stack;

/// The port discard: nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9/run";

#[tokio::test]
async fn a_dead_agent_leaves_the_question_and_a_reason() {
    let directory = tempdir().unwrap();
    let mut command = Stack::command(directory.path());
    command.args(["--agent-url", NOBODY]);
    let stack = Stack::start_with(command);

    let (status, problem) = stack.ask("Is anybody there?").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_GATEWAY, &"agent_unreachable".into()));
    let conversation = problem["run"]["conversation_id"].as_str().unwrap();
    let read = stack.get(&format!("/conversations/{conversation}")).await;
    let messages = read["messages"]["items"].as_array().unwrap();
    assert_eq!(messages[0]["content"], "Is anybody there?");
    assert_eq!(
        (&messages[1]["status"], &messages[1]["error"]["code"]),
        (&"failed".into(), &"agent_unreachable".into())
    );
}

#[tokio::test]
async fn a_database_that_goes_is_a_503_and_one_that_comes_back_is_enough() {
    let (stack_directory, database_directory) = (tempdir().unwrap(), tempdir().unwrap());
    let options = Options::new(database_directory.path());
    let cluster = Cluster::start(options.clone()).await.unwrap();
    provision(&cluster.superuser_url("postgres").into(), "colloquy", "owner", "service").await.unwrap();
    let mut command = Stack::command(stack_directory.path());
    command.env("DATABASE_URL", cluster.tcp_url(SERVICE_ROLE, "service", "colloquy"));
    command.env("DATABASE_DIRECT_URL", cluster.tcp_url(OWNER_ROLE, "owner", "colloquy"));
    let stack = Stack::start_with(command);
    stack.ask("Before").await;
    let before = stack.get("/conversations").await;

    let port = cluster.port();
    cluster.stop().await.unwrap();
    for (method, path) in [(Method::GET, "/conversations"), (Method::POST, "/agents/run")] {
        let request = stack.request(method, path).json(&serde_json::json!({ "message": "During" }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.headers().contains_key(RETRY_AFTER), "{path}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "database_unavailable", "{path}");
    }

    let cluster = Cluster::start(Options { port, ..options }).await.unwrap();
    assert_eq!(stack.get("/conversations").await, before);
    assert_eq!(stack.ask("After").await.0, StatusCode::OK);
    assert!(stack.terminate().success());
    cluster.stop().await.unwrap();
}
