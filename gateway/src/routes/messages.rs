//! Messages of a conversation.

use axum::extract::State;
use http::StatusCode;
use proto::{
    history::v1::{
        self as contract, CreateMessageRequest, ListMessagesRequest, ListSiblingsRequest, ListSourcesRequest,
    },
    limit,
};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::source_input::SourceInput;
use crate::{
    answer::Json,
    app::App,
    extract::{Body, Caller, Id, Query},
    fields::{Fields, FromFields},
    history,
    problem::{Problem, Refused},
    resource::{Message, Page, PageBothWays, Role, Sibling, Source},
};

/// A message to append.
#[derive(Debug, ToSchema)]
pub(super) struct CreateMessage {
    role: Role,
    /// The text.
    #[schema(min_length = 1, max_length = 1_000_000)]
    content: String,
    /// The message it follows; the newest of the shown path without. Null means none: it stands beside the first message.
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<String>,
    /// Your own id, unique among your messages; the same again returns the first message.
    #[schema(min_length = 1, max_length = 200)]
    client_id: Option<String>,
    #[schema(max_items = 200)]
    sources: Option<Vec<SourceInput>>,
    /// Your own, up to 16 KiB; comes back as it came.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

const ROLES: [(&str, Role); 4] =
    [("user", Role::User), ("assistant", Role::Assistant), ("system", Role::System), ("tool", Role::Tool)];

impl FromFields for CreateMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("role");
        fields.require("content");
        let role = fields.choice("role", &ROLES);
        let content = fields.text("content", 1..=limit::CONTENT);
        let parent_id = fields.uuid_or_none("parent_id");
        let client_id = fields.text("client_id", 1..=limit::CLIENT_ID);
        let sources = fields.list("sources", limit::SOURCES);
        let metadata = fields.metadata("metadata");
        Some(Self { role: role?, content: content?, parent_id, client_id, sources, metadata })
    }
}

/// A page of a path: the newest first, the oldest message first within a page.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    tag = "messages",
    params(
        ("id" = Uuid, Path),
        ("limit" = Option<i32>, Query, description = "1 to 200; 50 without"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` (older) or `prev_cursor` (newer) of another page"),
        ("leaf" = Option<Uuid>, Query, description = "The newest message of the path; the shown one without"),
        ("from" = Option<Uuid>, Query, description = "A message of the path: the first page ends with it, and goes on both ways"),
    ),
    responses((status = 200, body = PageBothWays<Message>), (status = 404, body = Problem))
)]
pub(super) async fn list_messages(
    State(app): State<App>,
    caller: Caller,
    Id(conversation_id): Id,
    mut query: Query,
) -> Result<Json<PageBothWays<Message>>, Refused> {
    let request = ListMessagesRequest {
        conversation_id,
        page_size: query.limit(1..=limit::MESSAGE_PAGE),
        page_token: query.text("cursor").unwrap_or_default(),
        leaf_id: query.uuid("leaf").map(|id| id.to_string()),
        from_id: query.uuid("from").map(|id| id.to_string()),
    };
    query.finish()?;
    let answer =
        app.history.messages().list_messages(caller.ask(request)).await.map_err(history::problem)?.into_inner();
    Ok(Json(PageBothWays::new(answer.messages, answer.next_page_token, answer.previous_page_token)))
}

/// Append a message; it becomes the newest of the shown path.
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages",
    tag = "messages",
    params(("id" = Uuid, Path)),
    request_body = CreateMessage,
    responses(
        (status = 201, body = Message),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The `client_id` names another message"),
    )
)]
pub(super) async fn create_message(
    State(app): State<App>,
    caller: Caller,
    Id(conversation_id): Id,
    Body(input): Body<CreateMessage>,
) -> Result<(StatusCode, Json<Message>), Refused> {
    let role = match input.role {
        Role::User => contract::Role::User,
        Role::Assistant => contract::Role::Assistant,
        Role::System => contract::Role::System,
        Role::Tool => contract::Role::Tool,
    };
    let request = CreateMessageRequest {
        conversation_id,
        role: role.into(),
        content: input.content,
        parent_id: input.parent_id,
        client_id: input.client_id,
        sources: input.sources.unwrap_or_default().into_iter().map(Into::into).collect(),
        metadata_json: input.metadata.map(|raw| raw.get().to_owned()).unwrap_or_default(),
    };
    let answer =
        app.history.messages().create_message(caller.ask(request)).await.map_err(history::problem)?.into_inner();
    let message = answer.message.ok_or_else(|| history::incomplete("CreateMessageResponse"))?;
    Ok((StatusCode::CREATED, Json(message.into())))
}

/// What a message cites, in order.
#[utoipa::path(
    get,
    path = "/messages/{id}/sources",
    tag = "messages",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<Source>), (status = 404, body = Problem))
)]
pub(super) async fn list_sources(
    State(app): State<App>,
    caller: Caller,
    Id(message_id): Id,
    query: Query,
) -> Result<Json<Page<Source>>, Refused> {
    query.finish()?;
    let request = caller.ask(ListSourcesRequest { message_id });
    let answer = app.history.messages().list_sources(request).await.map_err(history::problem)?.into_inner();
    Ok(Json(Page::whole(answer.sources)))
}

/// The versions of a message: those with the same parent, itself among them, oldest first.
#[utoipa::path(
    get,
    path = "/messages/{id}/siblings",
    tag = "messages",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<Sibling>), (status = 404, body = Problem))
)]
pub(super) async fn list_siblings(
    State(app): State<App>,
    caller: Caller,
    Id(message_id): Id,
    query: Query,
) -> Result<Json<Page<Sibling>>, Refused> {
    query.finish()?;
    let request = caller.ask(ListSiblingsRequest { message_id });
    let answer = app.history.messages().list_siblings(request).await.map_err(history::problem)?.into_inner();
    Ok(Json(Page::whole(answer.siblings)))
}
