//! The description of the API is fresh, whole, and needs nothing from elsewhere.

use std::{fs, path::Path};

use serde_json::Value;
use testkit::agent::Reply;

use crate::stack::{Stack, request, send};

#[test]
fn the_committed_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let fresh = gateway::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "a switch for developers, not configuration")]
    let update = std::env::var("UPDATE_OPENAPI").is_ok();
    if update {
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "gateway/openapi.json is stale; update it with `cargo xtask openapi`");
}

#[tokio::test]
async fn it_is_served_and_describes_every_answer() {
    let stack = Stack::new(Reply::Silence).await;
    let served = send(stack.gateway.router(), request("", "GET", "/openapi.json", None)).await.json();
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1."));
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(!operation["summary"].as_str().unwrap().is_empty() && operation["operationId"].is_string());
            assert!(responses.values().all(|response| !response["description"].as_str().unwrap().is_empty()), "{path}");
            let (media_type, schema) = if path.starts_with("/v1/") {
                ("application/json", "#/components/schemas/OpenAiProblem")
            } else {
                ("application/problem+json", "#/components/schemas/Problem")
            };
            for status in ["400", "401", "500", "503"] {
                let described = &responses[status]["content"][media_type]["schema"]["$ref"];
                assert_eq!(described, schema, "{method} {path} {status}");
            }
            // A chat that is not there has nothing that goes on.
            let names_ours = path.contains("{id}") && !path.starts_with("/api/chat/");
            let asks = ["/agents/run", "/v1/chat/completions"].contains(&path.as_str());
            assert_eq!(names_ours, responses.contains_key("404") && !asks, "{path}");
            assert_eq!(operation.get("requestBody").is_some(), responses.contains_key("413"), "{path}");
        }
    }
    references_resolve(&served, &served);
}

fn references_resolve(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            members.values().for_each(|value| references_resolve(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| references_resolve(document, value)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let stack = Stack::new(Reply::Silence).await;
    let page = send(stack.gateway.router(), request("", "GET", "/docs", None)).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    let signpost = send(stack.gateway.router(), request("", "GET", "/", None)).await.json();
    assert_eq!(signpost["documentation"], "/docs");
}
