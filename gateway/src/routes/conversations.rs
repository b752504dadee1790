//! Conversations.

use axum::extract::State;
use http::{HeaderName, StatusCode, header};
use proto::history::v1::{
    CreateConversationRequest, DeleteConversationRequest, GetConversationRequest, ListConversationsRequest,
    ListMessagesRequest, feedback::Rating as Stored,
};

use super::feedback::{RATINGS, Rating};
use crate::{
    answer::Json,
    app::App,
    extract::{Body, Caller, Id, Query},
    history,
    problem::{Problem, Refused},
    resource::{Conversation, ConversationWithMessages, Page, PageBothWays},
};

mod input;

pub(super) use self::input::{CreateConversation, UpdateConversation};

/// My conversations: pinned first, then by last change, newest first.
#[utoipa::path(
    get,
    path = "/conversations",
    tag = "conversations",
    params(
        ("limit" = Option<i32>, Query, description = "1 to 100; 20 without"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` or `prev_cursor` of another page, with the same filters"),
        ("archived" = Option<bool>, Query, description = "Only archived ones, or only the others; the others without"),
        ("pinned" = Option<bool>, Query, description = "Only pinned ones, or only the others"),
        ("agent" = Option<String>, Query, description = "Only those that this agent answered last"),
        ("from" = Option<String>, Query, description = "Only those changed at or after this RFC 3339 time"),
        ("to" = Option<String>, Query, description = "Only those changed before this RFC 3339 time"),
        ("has_sources" = Option<bool>, Query, description = "Only those with a message that cites something, or only the others"),
        ("feedback" = Option<Rating>, Query, description = "Only those with a message that was judged so"),
        (
            "q" = Option<String>, Query,
            description = "Only those whose title or one of whose messages matches, as in `GET /search`. A page may then be \
                shorter than asked for and have a next one all the same"
        ),
    ),
    responses((status = 200, body = PageBothWays<Conversation>))
)]
pub(super) async fn list_conversations(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<PageBothWays<Conversation>>, Refused> {
    let request = ListConversationsRequest {
        page_size: query.limit(1..=proto::limit::CONVERSATION_PAGE),
        page_token: query.text("cursor").unwrap_or_default(),
        archived: query.boolean("archived"),
        pinned: query.boolean("pinned"),
        agent: query.text("agent"),
        updated_from: query.time("from"),
        updated_to: query.time("to"),
        has_sources: query.boolean("has_sources"),
        feedback: query.choice("feedback", &RATINGS).map(|rating| Stored::from(rating).into()),
        query: query.searched("q"),
    };
    query.finish()?;
    let answer = app.history.conversations().list_conversations(caller.ask(request)).await;
    let answer = answer.map_err(history::problem)?.into_inner();
    Ok(Json(PageBothWays::new(answer.conversations, answer.next_page_token, answer.previous_page_token)))
}

/// Create an empty conversation.
#[utoipa::path(
    post,
    path = "/conversations",
    tag = "conversations",
    request_body = CreateConversation,
    responses(
        (status = 201, body = Conversation, headers(("Location" = String, description = "Its address"))),
        (status = 409, body = Problem, description = "`user_erased`: you were erased"),
    )
)]
pub(super) async fn create_conversation(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CreateConversation>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Conversation>), Refused> {
    let request = CreateConversationRequest::from(input);
    let answer = app.history.conversations().create_conversation(caller.ask(request)).await;
    let conversation = answer.map_err(history::problem)?.into_inner().conversation;
    let conversation = conversation.ok_or_else(|| history::incomplete("CreateConversationResponse"))?;
    let location = format!("/conversations/{}", conversation.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(conversation.into())))
}

/// A conversation with its newest page of messages.
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationWithMessages), (status = 404, body = Problem))
)]
pub(super) async fn get_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(conversation_id): Id,
    query: Query,
) -> Result<Json<ConversationWithMessages>, Refused> {
    query.finish()?;
    let page = ListMessagesRequest { conversation_id: conversation_id.clone(), ..ListMessagesRequest::default() };
    let (mut conversations, mut messages) = (app.history.conversations(), app.history.messages());
    let (conversation, page) = tokio::try_join!(
        conversations.get_conversation(caller.ask(GetConversationRequest { conversation_id })),
        messages.list_messages(caller.ask(page)),
    )
    .map_err(history::problem)?;
    let conversation = conversation.into_inner().conversation;
    let conversation = conversation.ok_or_else(|| history::incomplete("GetConversationResponse"))?;
    let page = page.into_inner();
    let messages = Page::new(page.messages, page.next_page_token);
    Ok(Json(ConversationWithMessages { conversation: conversation.into(), messages }))
}

/// Change a conversation.
#[utoipa::path(
    patch,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    request_body = UpdateConversation,
    responses((status = 200, body = Conversation), (status = 404, body = Problem))
)]
pub(super) async fn update_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(input): Body<UpdateConversation>,
) -> Result<Json<Conversation>, Refused> {
    let request = input.into_request(id);
    let answer = app.history.conversations().update_conversation(caller.ask(request)).await;
    let conversation = answer.map_err(history::problem)?.into_inner().conversation;
    Ok(Json(conversation.ok_or_else(|| history::incomplete("UpdateConversationResponse"))?.into()))
}

/// Delete a conversation with everything in it.
#[utoipa::path(
    delete,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "Gone"), (status = 404, body = Problem))
)]
pub(super) async fn delete_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(conversation_id): Id,
) -> Result<StatusCode, Refused> {
    let request = caller.ask(DeleteConversationRequest { conversation_id });
    app.history.conversations().delete_conversation(request).await.map_err(history::problem)?;
    Ok(StatusCode::NO_CONTENT)
}
