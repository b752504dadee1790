//! How many are served at a time. A stream counts until its last byte.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::header;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// The places.
#[derive(Clone)]
pub(super) struct Crowd(Option<Arc<Semaphore>>);

impl Crowd {
    /// At most so many; 0 is no limit.
    pub(super) fn of(places: usize) -> Self {
        Self((places > 0).then(|| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))))
    }

    /// Those in these routes count.
    pub(super) fn around(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), admit))
    }
}

async fn admit(State(crowd): State<Crowd>, request: Request, next: Next) -> Response {
    let place = crowd.0.map(Semaphore::try_acquire_owned).transpose();
    let Ok(place) = place else {
        return Problem::overloaded("too many requests are being answered; try again soon").into_response();
    };
    let response = next.run(request).await;
    if is_stream(&response) { response.map(|body| guarded(body, Streaming::new(place))) } else { response }
}

fn is_stream(response: &Response) -> bool {
    const STREAMS: [&str; 3] = ["text/event-stream", "application/x-ndjson", "application/zip"];
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| STREAMS.iter().any(|stream| kind == stream))
}

/// A place that is taken, and counted, for as long as a stream lives.
struct Streaming {
    _place: Option<OwnedSemaphorePermit>,
}

impl Streaming {
    fn new(place: Option<OwnedSemaphorePermit>) -> Self {
        metrics::gauge!("streams_active").increment(1);
        Self { _place: place }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        metrics::gauge!("streams_active").decrement(1);
    }
}

fn guarded(body: Body, streaming: Streaming) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _alive = &streaming;
        frame
    }))
}
