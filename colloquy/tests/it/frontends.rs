//! The clients of frontends, unmodified, in front of the whole stack.

use std::fs;

use futures_util::future::join_all;
use serde_json::json;
use tempfile::tempdir;
use testkit::{
    agent::{FakeAgent, Piece, Reply},
    client::{self, Scenario},
};

use crate::stack::Stack;

#[tokio::test]
async fn the_clients_that_people_use_find_what_they_expect() {
    let scenarios = [
        ("chat-5", "use-chat.mjs", "5"),
        ("chat-6", "use-chat.mjs", "6"),
        ("chat-7", "use-chat.mjs", "7"),
        ("ag-ui", "ag-ui.mjs", ""),
        ("openai", "openai.mjs", ""),
    ];
    let plain = FakeAgent::always(Reply::Sse(vec![
        Piece::delta("Tea is hot."),
        Piece::event("source", &json!({"url": "https://tea.example"})),
        Piece::event("usage", &json!({"input_tokens": 1, "output_tokens": 2})),
        Piece::done(),
    ]))
    .await;
    let mut agents = vec![agent("default", "native", &plain.url()), agent("dead", "native", &FakeAgent::dead().await)];
    let mut started = Vec::new();
    for (name, script, argument) in scenarios {
        let scenario = Scenario::start(script, argument).await;
        agents.push(agent(name, "native", &scenario.agent_url()));
        agents.push(agent(&format!("{name}-tools"), "ai-sdk", &scenario.tools_url()));
        started.push((name, scenario));
    }

    let directory = tempdir().unwrap();
    let file = directory.path().join("agents.toml");
    fs::write(&file, agents.concat()).unwrap();
    let mut command = Stack::command(directory.path());
    let stack = Stack::start_with({
        command.env("AGENTS_FILE", &file);
        command
    });

    let playing = started.into_iter().map(|(name, scenario)| scenario.play(stack.gateway(), &stack.token, name));
    join_all(playing).await;
    let models = ["default".to_owned(), "dead".to_owned()];
    let printed = client::openai_python(stack.gateway().to_owned(), stack.token.clone(), models).await;
    let expected = json!({
        "models": [
            "default", "dead", "chat-5", "chat-5-tools", "chat-6", "chat-6-tools", "chat-7", "chat-7-tools", "ag-ui", "ag-ui-tools",
            "openai", "openai-tools",
        ],
        "content": "Tea is hot.",
        "annotations": ["https://tea.example"],
        "streamed": "Tea is hot.",
        "same": true,
        "finish_reason": "stop",
        "usage": 3,
        "refused": {
            "model": [404, "model_not_found", "NotFoundError"],
            "agent": [502, "agent_unreachable", "InternalServerError"],
        },
    });
    assert_eq!(printed, expected);
    for (language, code) in examples() {
        let code = code.replace("http://127.0.0.1:8080", stack.gateway());
        let printed = client::example(language, code, stack.token.clone()).await;
        assert!(printed.contains("Tea is hot."), "{printed}");
    }
    assert!(stack.terminate().success());
}

/// An agent, as a file names it.
fn agent(name: &str, protocol: &str, url: &str) -> String {
    format!("[[agent]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\nurl = \"{url}\"\n")
}

/// The whole programs among the examples of the documentation.
fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = include_str!("../../../docs/frontends.md").split("\n```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n')).filter(|(_, code)| code.contains("TOKEN"));
    let examples: Vec<_> = blocks.collect();
    let languages: Vec<_> = examples.iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, ["ts", "python", "ts"]);
    examples
}
