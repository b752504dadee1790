//! Search.

use axum::extract::State;
use proto::{
    history::v1::{Role, SearchMessagesRequest},
    limit,
};

use crate::{
    answer::Json,
    app::App,
    extract::{Caller, Query},
    history,
    problem::Refused,
    resource::{Page, SearchHit},
};

const ROLES: [(&str, Role); 4] =
    [("user", Role::User), ("assistant", Role::Assistant), ("system", Role::System), ("tool", Role::Tool)];

/// Search my messages, in all branches, and titles: the best first.
///
/// All words must occur, each as a part of a word; those of two letters at the beginning of one, a single letter as a
/// word. `"a phrase"` has whole words in order; `-word` and `-"a phrase"` must not occur; `word*` begins a word; `OR`
/// stands between alternatives. Case and accents do not matter. Chinese, Japanese, Korean, Thai and the like are found
/// character by character. Archived conversations are searched, too. A page may be shorter than asked for and have a
/// next one all the same.
#[utoipa::path(
    get,
    path = "/search",
    tag = "search",
    params(
        ("q" = String, Query, description = "What to look for: 1 to 1000 characters, at most 32 words and phrases"),
        ("limit" = Option<i32>, Query, description = "1 to 50; 20 without"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same query and filters"),
        ("archived" = Option<bool>, Query, description = "Only in archived conversations, or only in the others; all without"),
        ("pinned" = Option<bool>, Query, description = "Only in pinned conversations, or only in the others"),
        ("agent" = Option<String>, Query, description = "Only in conversations that this agent answered last"),
        ("from" = Option<String>, Query, description = "Only what was written at or after this RFC 3339 time"),
        ("to" = Option<String>, Query, description = "Only what was written before this RFC 3339 time"),
        ("role" = Option<String>, Query, description = "Only messages of `user`, `assistant`, `system` or `tool`; no titles"),
        ("conversation_id" = Option<Uuid>, Query, description = "Only in this conversation"),
        ("has_sources" = Option<bool>, Query, description = "Only messages with sources, or only those without; no titles"),
    ),
    responses((status = 200, body = Page<SearchHit>))
)]
pub(super) async fn search(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<SearchHit>>, Refused> {
    let searched = query.searched("q");
    let request = SearchMessagesRequest {
        query: query.require("q", searched),
        page_size: query.limit(1..=limit::SEARCH_PAGE),
        page_token: query.text("cursor").unwrap_or_default(),
        archived: query.boolean("archived"),
        pinned: query.boolean("pinned"),
        agent: query.text("agent"),
        from: query.time("from"),
        to: query.time("to"),
        role: query.choice("role", &ROLES).map(Into::into),
        conversation_id: query.uuid("conversation_id").map(|id| id.to_string()),
        has_sources: query.boolean("has_sources"),
    };
    query.finish()?;
    let answer = app.history.conversations().search_messages(caller.ask(request)).await;
    let answer = answer.map_err(history::problem)?.into_inner();
    Ok(Json(Page::new(answer.hits, answer.next_page_token)))
}
