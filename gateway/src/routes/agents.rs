//! The configured agents.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::Json,
    app::App,
    extract::{Caller, Query},
    problem::Refused,
    resource::Page,
};

/// An agent that can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Agent {
    /// Its name, as `agent` of a run.
    name: String,
    /// How it is spoken to.
    protocol: &'static str,
    /// The model that it is asked for.
    model: Option<String>,
    /// Whether it answers where none is named.
    default: bool,
}

/// The configured agents, the default one first.
#[utoipa::path(get, path = "/agents", tag = "agents", responses((status = 200, body = Page<Agent>)))]
pub(super) async fn list_agents(
    State(app): State<App>,
    _caller: Caller,
    query: Query,
) -> Result<Json<Page<Agent>>, Refused> {
    query.finish()?;
    let agents = app.runs.agents().iter().enumerate().map(|(index, agent)| Agent {
        name: agent.name().to_owned(),
        protocol: agent.protocol(),
        model: agent.model().map(str::to_owned),
        default: index == 0,
    });
    Ok(Json(Page { items: agents.collect(), next_cursor: None }))
}
