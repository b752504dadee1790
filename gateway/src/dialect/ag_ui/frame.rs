//! The events, member by member: an absent member is absent, never `null`.

use proto::history::v1::Run;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{dialect::tokens::Tokens, resource::Source};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub(super) enum Frame<'a> {
    RunStarted {
        thread_id: &'a str,
        run_id: &'a str,
    },
    TextMessageStart {
        message_id: &'a str,
        role: &'static str,
    },
    TextMessageContent {
        message_id: &'a str,
        delta: &'a str,
    },
    TextMessageEnd {
        message_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata: Option<Cited<'a>>,
    },
    ReasoningStart {
        message_id: &'a str,
    },
    ReasoningMessageStart {
        message_id: &'a str,
        role: &'static str,
    },
    ReasoningMessageContent {
        message_id: &'a str,
        delta: &'a str,
    },
    ReasoningMessageEnd {
        message_id: &'a str,
    },
    ReasoningEnd {
        message_id: &'a str,
    },
    ToolCallStart {
        tool_call_id: &'a str,
        tool_call_name: &'a str,
        parent_message_id: &'a str,
    },
    ToolCallArgs {
        tool_call_id: &'a str,
        delta: &'a str,
    },
    ToolCallEnd {
        tool_call_id: &'a str,
    },
    ToolCallResult {
        message_id: &'a str,
        tool_call_id: &'a str,
        content: &'a str,
        role: &'static str,
    },
    RunFinished {
        thread_id: &'a str,
        run_id: &'a str,
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<[Tokens<'a>; 1]>,
    },
    RunError {
        message: &'a str,
        code: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<[Tokens<'a>; 1]>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum Outcome {
    Success { pending_tool_call_ids: [&'static str; 0] },
    Cancelled,
}

/// An event of our own.
#[derive(Serialize)]
pub(super) struct Custom<V> {
    r#type: &'static str,
    name: &'static str,
    value: V,
}

impl<V> Custom<V> {
    pub(super) fn new(name: &'static str, value: V) -> Self {
        Self { r#type: "CUSTOM", name, value }
    }
}

/// How the parts of a run are called with us.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunFacts<'a> {
    run_id: &'a str,
    conversation_id: &'a str,
    user_message_id: &'a str,
    message_id: &'a str,
    agent: &'a str,
}

impl<'a> RunFacts<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        Self {
            run_id: &run.id,
            conversation_id: &run.conversation_id,
            user_message_id: &run.user_message_id,
            message_id: &run.message_id,
            agent: &run.agent,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Cited<'a> {
    pub(super) sources: &'a [Source],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileFacts<'a> {
    pub(super) url: &'a str,
    pub(super) media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct DataFacts<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) data: Box<RawValue>,
    pub(super) transient: bool,
}
