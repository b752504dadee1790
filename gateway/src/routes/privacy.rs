//! What users may ask about their own data: all of it, and that it go.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::Utc;
use http::{HeaderName, HeaderValue, header};
use proto::{
    history::v1::{ExportOrder, ExportUserRequest},
    reason,
};

use crate::{
    account,
    answer::Json,
    app::App,
    export::{self, Format},
    extract::{Caller, Query},
    history,
    problem::{Problem, Refused},
    resource::Erasure,
};

/// Everything about me, as a download.
///
/// `ndjson` is whole: one JSON object a line, each with a `type`. The first is the `manifest`, then `user`, then each
/// `conversation` with its `message`s and `run`s, all branches. The last is `completed`, with counts and the SHA-256 of
/// every byte before it: a file without it was cut. `markdown` is for reading: a ZIP archive with one file for each
/// conversation.
#[utoipa::path(
    get,
    path = "/users/me/export",
    tag = "users",
    params(("format" = Option<String>, Query, description = "`ndjson` or `markdown`; `ndjson` without")),
    responses((
        status = 200,
        description = "The export. When it cannot be finished, the connection is broken off",
        content((String = "application/x-ndjson"), (String = "application/zip")),
        headers(("Content-Disposition" = String, description = "A name for the file"))
    ))
)]
pub(super) async fn export_me(State(app): State<App>, caller: Caller, mut query: Query) -> Result<Response, Refused> {
    let format = query.text("format");
    query.finish()?;
    let format = match format.as_deref() {
        None | Some("ndjson") => Format::Ndjson,
        Some("markdown") => Format::Markdown,
        Some(_) => return Err(Problem::invalid_field("format", reason::FIELD_INVALID, "must be ndjson or markdown")),
    };
    let order = match format {
        Format::Ndjson => ExportOrder::Unspecified,
        Format::Markdown => ExportOrder::Reading,
    };
    let request = caller.ask(ExportUserRequest { order: order.into() });
    let records = app.history.exports().export_user(request).await.map_err(history::problem)?.into_inner();
    let now = Utc::now();
    let name = format!("attachment; filename=\"colloquy-export-{}.{}\"", now.format("%Y-%m-%d"), format.extension());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).expect("printable ASCII")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, export::body(format, (*caller.user).clone(), records, now)).into_response())
}

/// Erase me and everything of mine, for good.
///
/// It answers when nothing is left. If it breaks off, repeat it. Afterwards my credentials are refused with
/// `user_erased`, new ones of the same account too.
#[utoipa::path(delete, path = "/users/me", tag = "users", responses((status = 200, body = Erasure)))]
pub(super) async fn erase_me(State(app): State<App>, caller: Caller) -> Result<Json<Erasure>, Refused> {
    let erased = app.runs.see_through(account::erase(app.clone(), caller)).await?;
    Ok(Json(erased.into()))
}
