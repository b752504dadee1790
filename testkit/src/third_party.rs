//! Agents that others have written, unmodified but for the models behind them, which are scripted.

use serde_json::json;

use crate::{node, python, server::Server};

/// One of them. It ends with the value.
#[derive(Debug)]
pub struct ThirdParty(Server);

impl ThirdParty {
    /// AIMock: chat completions at `/v1`, AG-UI at `/agent`. It answers `Is it hot?`, calls a tool for `Look it up`, fails
    /// for `Fail`, and breaks off for `Break off`, which AG-UI does not.
    ///
    /// # Panics
    /// When Node is missing or the server does not start.
    pub async fn aimock() -> Self {
        Self(node::start(&node::AGENTS, "aimock.mjs", json!({}), 0).await)
    }

    /// An agent on the Vercel AI SDK. It thinks, looks something up, cites and attaches; it fails for `Fail`.
    ///
    /// # Panics
    /// When Node is missing or the server does not start.
    pub async fn ai_sdk() -> Self {
        Self(node::start(&node::AGENTS, "ai-sdk.mjs", json!({}), 0).await)
    }

    /// An agent on Pydantic AI: AG-UI at `/ag-ui`, the AI SDK's stream at `/ai-sdk`. It thinks and looks something up; it
    /// fails for `Fail`.
    ///
    /// # Panics
    /// When Python is missing or the server does not start.
    pub async fn pydantic_ai() -> Self {
        Self(python::start("pydantic_ai_agent.py").await)
    }

    /// An address of its own.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.0.port())
    }
}
