//! Where my messages cite a document.

use axum::extract::State;
use proto::{history::v1::ListCitationsRequest, limit, reason};

use crate::{
    answer::Json,
    app::App,
    extract::{Caller, Query},
    history,
    problem::{Problem, Refused},
    resource::{Citation, Page},
};

/// Where my messages cite a document, newest message first.
///
/// Name the document by `url` or by `content_hash`, exactly as it was cited. A message that cites it several times comes
/// several times.
#[utoipa::path(
    get,
    path = "/citations",
    tag = "messages",
    params(
        ("url" = Option<String>, Query, description = "The address of the document"),
        ("content_hash" = Option<String>, Query, description = "The hash of the document; instead of `url`"),
        ("limit" = Option<i32>, Query, description = "1 to 100; 20 without"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, body = Page<Citation>))
)]
pub(super) async fn list_citations(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Citation>>, Refused> {
    let request = ListCitationsRequest {
        url: query.text("url"),
        content_hash: query.text("content_hash"),
        page_size: query.limit(1..=limit::CITATION_PAGE),
        page_token: query.text("cursor").unwrap_or_default(),
    };
    query.finish()?;
    if request.url.is_some() == request.content_hash.is_some() {
        return Err(Problem::invalid_field("url", reason::FIELD_REQUIRED, "name one of url and content_hash"));
    }
    let answer = app.history.messages().list_citations(caller.ask(request)).await;
    let answer = answer.map_err(history::problem)?.into_inner();
    Ok(Json(Page::new(answer.citations, answer.next_page_token)))
}
