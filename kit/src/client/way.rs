//! How calls reach a service: over a connection, or straight into it where it runs in the same process.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Either},
};
use http::{HeaderMap, Request, Response};
use tokio::{sync::watch, time::timeout};
use tonic::{
    Status,
    body::Body,
    codegen::{Service, StdError},
    transport::{Channel, channel},
};

const TIMEOUT: &str = "grpc-timeout";

/// A way to a service. What lies above it is the same for both.
#[derive(Debug, Clone)]
pub struct Way(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Connection(Channel),
    Door(watch::Receiver<Option<Router>>),
}

/// Where callers of the same process come in. The way in is shut when it is dropped.
#[derive(Debug)]
pub struct Door(watch::Sender<Option<Router>>);

/// A door that is still shut, and the way through it: calls wait until it opens.
pub fn door() -> (Door, Way) {
    let (inside, outside) = watch::channel(None);
    (Door(inside), Way(Kind::Door(outside)))
}

impl Door {
    pub(crate) fn open(&self, service: Router) {
        self.0.send_replace(Some(service));
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

impl From<Channel> for Way {
    fn from(channel: Channel) -> Self {
        Self(Kind::Connection(channel))
    }
}

type Answer = Result<Response<Body>, StdError>;

impl Service<Request<Body>> for Way {
    type Response = Response<Body>;
    type Error = StdError;
    type Future = Either<futures_util::future::ErrInto<channel::ResponseFuture, StdError>, BoxFuture<'static, Answer>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        match &mut self.0 {
            Kind::Connection(channel) => channel.poll_ready(context).map_err(Into::into),
            Kind::Door(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        use futures_util::TryFutureExt as _;
        match &mut self.0 {
            Kind::Connection(channel) => Either::Left(channel.call(request).err_into()),
            Kind::Door(service) => Either::Right(Box::pin(enter(service.clone(), request))),
        }
    }
}

/// What a connection would see to as well: the deadline, and that a panic ends no more than its call.
async fn enter(mut service: watch::Receiver<Option<Router>>, request: Request<Body>) -> Answer {
    let deadline = deadline(request.headers());
    let answer = async {
        let service = service.wait_for(Option::is_some).await.ok().and_then(|service| service.clone());
        let Some(mut service) = service else { return Err(Status::unavailable("the service has ended")) };
        let answer = AssertUnwindSafe(service.call(request)).catch_unwind().await;
        let answer: Result<_, Infallible> = answer.map_err(|_panic| Status::internal("the service broke"))?;
        let Ok(answer) = answer;
        Ok(answer.map(Body::new))
    };
    let answer = match deadline {
        Some(deadline) => timeout(deadline, answer)
            .await
            .unwrap_or_else(|_elapsed| Err(Status::deadline_exceeded("the service did not answer in time"))),
        None => answer.await,
    };
    answer.map_err(StdError::from)
}

/// The deadline as gRPC writes it: at most eight digits and a unit.
fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(way: &Way, timeout: Option<Duration>) -> impl Future<Output = Result<String, Status>> + use<> {
        let mut question = tonic::Request::new(());
        if let Some(timeout) = timeout {
            question.set_timeout(timeout);
        }
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = question.into_parts().0.into_headers();
        let answer = way.clone().call(request);
        async {
            let answer = answer.await.map_err(Status::from_error)?;
            Ok(answer.headers()["x-said"].to_str().unwrap().to_owned())
        }
    }

    fn saying(word: &'static str) -> Router {
        Router::new().fallback(async move || [("x-said", word)])
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_the_door_to_open_and_no_longer_than_they_may() {
        let (door, way) = door();
        let (early, hasty) = (call(&way, None), call(&way, Some(Duration::from_millis(1_500))));
        assert_eq!(hasty.await.unwrap_err().code(), tonic::Code::DeadlineExceeded);
        door.open(saying("welcome"));
        assert_eq!(early.await.unwrap(), "welcome");
        assert_eq!(call(&way, Some(Duration::from_secs(15))).await.unwrap(), "welcome");
        drop(door);
        assert_eq!(call(&way, None).await.unwrap_err().code(), tonic::Code::Unavailable);
    }

    #[tokio::test]
    async fn a_panic_ends_one_call() {
        let (door, way) = door();
        door.open(Router::new().fallback(async || panic!("broken") as &str));
        assert_eq!(call(&way, None).await.unwrap_err().code(), tonic::Code::Internal);
        door.open(saying("whole"));
        assert_eq!(call(&way, None).await.unwrap(), "whole");
    }
}
