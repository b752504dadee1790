//! What is asked.

use std::fmt;

use serde_json::json;
use uuid::Uuid;

use crate::http::Request;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    Me,
    List,
    Page,
    Append,
    Run,
    Mix,
}

/// Of twenty requests of the mix.
const MIX: [Kind; 20] = {
    use Kind::{Append, List, Me, Page, Run};
    [
        Me, List, Page, List, Page, Append, List, Me, Page, Run, Me, List, Page, List, Page, Append, List, Me, Page,
        Append,
    ]
};

/// A user with a conversation of theirs.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) token: String,
    pub(crate) conversation: Uuid,
}

impl Kind {
    /// The request of this user, as the `turn`th of a connection.
    pub(super) fn request(self, target: &Target, turn: usize) -> Request {
        let Target { token, conversation } = target;
        match self {
            Self::Me => Request::get("/users/me", Some(token)),
            Self::List => Request::get("/conversations?limit=20", Some(token)),
            Self::Page => Request::get(&format!("/conversations/{conversation}/messages?limit=10"), Some(token)),
            Self::Append => {
                let body = json!({ "role": "user", "content": "And what does the second chapter say about it?" });
                Request::post(&format!("/conversations/{conversation}/messages"), token, "application/json", &body)
            }
            Self::Run => {
                let body = json!({ "conversation_id": conversation, "message": "What does the second chapter say?" });
                Request::post("/agents/run", token, "application/json", &body)
            }
            Self::Mix => MIX[turn % MIX.len()].request(target, turn),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Me => "`/users/me`",
            Self::List => "list of 20",
            Self::Page => "page of 10 messages",
            Self::Append => "append",
            Self::Run => "run",
            Self::Mix => "mix",
        })
    }
}
