//! What readers think of answers.

use axum::extract::State;
use proto::{
    history::v1::{Feedback, SetFeedbackRequest, feedback::Rating as Stored},
    limit,
};
use utoipa::ToSchema;

use crate::{
    answer::Json,
    app::App,
    extract::{Body, Caller, Id},
    fields::{Fields, FromFields},
    history,
    problem::{Problem, Refused},
    resource::Message,
};

/// A judgement.
#[derive(Debug, ToSchema)]
pub(super) struct FeedbackInput {
    /// Null takes the feedback back.
    #[schema(required)]
    rating: Option<Rating>,
    #[schema(max_length = 4000)]
    note: Option<String>,
}

/// Thumbs.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Rating {
    Up,
    Down,
}

pub(super) const RATINGS: [(&str, Rating); 2] = [("up", Rating::Up), ("down", Rating::Down)];

impl From<Rating> for Stored {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Up => Self::Up,
            Rating::Down => Self::Down,
        }
    }
}

impl FromFields for FeedbackInput {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        if !fields.has("rating") {
            fields.require("rating");
        }
        let rating = fields.choice("rating", &RATINGS);
        Some(Self { rating, note: fields.text("note", 0..=limit::NOTE) })
    }
}

/// Give, change or take back feedback on a message.
#[utoipa::path(
    put,
    path = "/messages/{id}/feedback",
    tag = "messages",
    params(("id" = Uuid, Path)),
    request_body = FeedbackInput,
    responses((status = 200, body = Message), (status = 404, body = Problem))
)]
pub(super) async fn set_feedback(
    State(app): State<App>,
    caller: Caller,
    Id(message_id): Id,
    Body(input): Body<FeedbackInput>,
) -> Result<Json<Message>, Refused> {
    let rating = input.rating.map_or(Stored::Unspecified, Stored::from);
    let feedback = Feedback { rating: rating.into(), note: input.note, created_at: None };
    let request = caller.ask(SetFeedbackRequest { message_id, feedback: Some(feedback) });
    let answer = app.history.messages().set_feedback(request).await.map_err(history::problem)?.into_inner();
    let message = answer.message.ok_or_else(|| history::incomplete("SetFeedbackResponse"))?;
    Ok(Json(message.into()))
}
