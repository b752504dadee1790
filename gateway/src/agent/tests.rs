//! Agents over HTTP, on loopback: asked as the gateway asks them.

use clap::Parser;
use proto::history::v1::{ContextMessage, Role};
use serde_json::{Value, json};

use super::{testing::Heard, *};
use crate::config::AgentOptions;

mod admission;
mod requests;
mod third_party;
mod waiting;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    agents: AgentOptions,
    #[command(flatten)]
    limits: Limits,
}

/// The agent that these flags describe.
fn agent(url: &str, flags: &[&str]) -> Arc<Agent> {
    let flags = ["gateway", "--agent-url", url].into_iter().chain(flags.iter().copied());
    let Cli { agents, limits } = Cli::parse_from(flags);
    Agents::new(agents.load().unwrap(), &limits).unwrap().choose(None).unwrap()
}

fn question(input: &str) -> Question {
    let said = |role: Role, content: &str| ContextMessage { role: role.into(), content: content.to_owned() };
    let user = User { id: "u".to_owned(), email: Some("alice@example.com".to_owned()), ..User::default() };
    Question {
        run_id: "r".to_owned(),
        conversation_id: "c".to_owned(),
        user: Arc::new(user),
        input: input.to_owned(),
        context: vec![
            said(Role::System, "Speak of tea."),
            said(Role::User, "Hello"),
            said(Role::Assistant, ""),
            said(Role::Tool, "It is noon."),
            said(Role::User, input),
        ],
        metadata: RawValue::from_string("{\"page\": 1}".to_owned()).ok(),
        request_id: RequestId::generate(),
    }
}

/// What the agent says to this, and how it ends.
async fn ask(agent: &Agent, input: &str) -> (Vec<Value>, Result<(), String>) {
    let mut heard = Heard::default();
    let answered = agent.answer(Box::new(question(input)), &mut heard).await;
    (heard.0, answered.map_err(|error| format!("{}: {error}", error.fault.code())))
}

/// All texts in one.
fn text(heard: &[Value]) -> String {
    heard.iter().filter_map(|said| said["text"].as_str()).collect()
}

/// All but the texts and what comes in pieces before it comes whole.
fn rest(heard: Vec<Value>) -> Vec<Value> {
    heard.into_iter().filter(|said| said.get("text").is_none() && said.get("tool_input").is_none()).collect()
}

fn timed_out(why: &str) -> Result<(), String> {
    Err(format!("agent_timeout: {why}"))
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| json!({ "text": text })).collect()
}
