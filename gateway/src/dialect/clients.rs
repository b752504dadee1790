//! The clients themselves read everything that an agent can say.

use axum::{Router, routing::post};
use proto::history::v1::RunStatus;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    RunNames, ag_ui, ai_sdk,
    sample::{everything, told},
};

async fn read(status: Option<RunStatus>) -> Value {
    let reader = move || told(everything(), status);
    let names = || RunNames { thread_id: "t".to_owned(), run_id: "r".to_owned() };
    let router = Router::new()
        .route("/chat", post(async move || ai_sdk(reader())))
        .route("/ag-ui", post(async move || ag_ui(reader(), names())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    testkit::client::read(format!("{origin}/chat"), format!("{origin}/ag-ui")).await
}

#[tokio::test]
async fn every_client_reads_everything() {
    let read = read(Some(RunStatus::Completed)).await;
    for version in ["5", "6", "7"] {
        let Value::Object(read) = &read[version] else { panic!("{read}") };
        assert_eq!(read["status"], "ready", "{version}: {read:?}");
        let message = &read["message"];
        assert_eq!(message["metadata"]["status"], "completed");
        let parts = message["parts"].as_array().unwrap();
        let kinds: Vec<_> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "step-start",
                "reasoning",
                "text",
                "tool-look",
                "tool-unknown",
                "text",
                "source-url",
                "source-document",
                "file",
                "data-weather"
            ]
        );
        let states: Vec<_> = parts.iter().filter_map(|part| part["state"].as_str()).collect();
        assert_eq!(states, ["done", "done", "output-available", "output-error", "done"]);
        assert_eq!((&parts[3]["input"], &parts[3]["output"]), (&json!({"q": 1}), &json!([7])));
        assert_eq!(parts[4]["errorText"], "gone");
        assert_eq!(parts[6]["providerMetadata"]["colloquy"]["metadata"], json!({"page": 3}));
    }
    let messages = read["agUi"]["messages"].as_array().unwrap_or_else(|| panic!("{read}"));
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["reasoning", "assistant", "tool", "tool", "assistant"]);
    assert_eq!(messages[1]["toolCalls"][0]["function"], json!({"name": "look", "arguments": "{\"q\":1}"}));
    assert_eq!(messages[4]["metadata"]["sources"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn no_end_is_mistaken_for_another() {
    for (status, chat, error) in [
        (Some(RunStatus::Cancelled), "ready", None),
        (Some(RunStatus::Failed), "error", Some("no tea")),
        (Some(RunStatus::Interrupted), "error", Some("the answer was interrupted")),
        (None, "error", Some("the answer breaks off here; resume it, or ask for it again")),
    ] {
        let read = read(status).await;
        for version in ["5", "6", "7"] {
            let read = &read[version];
            assert_eq!((read["status"].as_str(), read["error"].as_str()), (Some(chat), error), "{version}: {read}");
            assert!(read["message"]["metadata"]["status"].is_string(), "{version}: {read}");
        }
    }
}
