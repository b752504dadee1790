//! Clients of our own services: ways to them, with deadlines, a credential, and the context of the request.

use std::time::Duration;

use proto::reason;
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataMap, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Endpoint,
};
use url::Url;

use crate::{
    caller::{ACT_AS, UserId},
    config::ConfigError,
    error::Error,
    request_id::RequestId,
    telemetry::propagation,
};

mod way;

pub use self::way::{Door, Way, door};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long a call may take. Longer than a pool's wait for a connection, so that its answer is the one that counts.
const DEADLINE: Duration = Duration::from_secs(15);
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What generated clients sit on.
pub type Transport = InterceptedService<Way, Attach>;

/// Adds the service's key and the trace to each call.
#[derive(Clone)]
pub struct Attach {
    authorization: MetadataValue<Ascii>,
}

impl Interceptor for Attach {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let mut headers = std::mem::take(request.metadata_mut()).into_headers();
        propagation::inject(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        Ok(request)
    }
}

/// A transport that connects when first used, and again after a loss.
///
/// # Errors
/// When the address is no `http` URL or the key is no header value.
pub fn connect(url: &Url, service_key: &SecretString) -> Result<Transport, ConfigError> {
    if url.scheme() != "http" {
        let problem = format!("{url} is no address of a service: it must begin with `http://`, services speak no TLS");
        return Err(ConfigError::new(problem));
    }
    let channel = Endpoint::from_shared(url.as_str().to_owned())
        .map_err(|_| ConfigError::new(format!("{url} is no address of a service")))?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
        .connect_lazy();
    attach(channel, service_key)
}

/// The same over a way that is there already.
///
/// # Errors
/// When the key is no header value.
pub fn attach(way: impl Into<Way>, service_key: &SecretString) -> Result<Transport, ConfigError> {
    let mut authorization: MetadataValue<Ascii> = format!("Bearer {}", service_key.expose_secret())
        .parse()
        .map_err(|_| ConfigError::new("a service key must be printable ASCII"))?;
    authorization.set_sensitive(true);
    Ok(InterceptedService::new(way.into(), Attach { authorization }))
}

/// A request with the standard deadline.
pub fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// A request on behalf of a user, as part of a request of theirs.
pub fn request_for<T>(message: T, user_id: UserId, request_id: &RequestId) -> Request<T> {
    let mut request = request(message);
    let mut id = uuid::Uuid::encode_buffer();
    let act_as = user_id.0.hyphenated().encode_lower(&mut id).parse().expect("a UUID is a metadata value");
    request.metadata_mut().insert(ACT_AS, act_as);
    part_of(&mut request, request_id);
    request
}

/// Marks a request as part of another, so that the logs of both have one id.
pub(crate) fn part_of<T>(request: &mut Request<T>, request_id: &RequestId) {
    let mut headers = std::mem::take(request.metadata_mut()).into_headers();
    request_id.mark(&mut headers);
    *request.metadata_mut() = MetadataMap::from_headers(headers);
}

/// The error of a call that did not reach its service.
pub fn unavailable(message: &'static str, status: &Status) -> Error {
    Error::Unavailable {
        reason: reason::SERVICE_UNAVAILABLE,
        message,
        retry_after: RETRY_AFTER,
        source: Some(anyhow::anyhow!("{:?}: {}", status.code(), status.message())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_id_and_the_trace_of_the_request_that_it_is_part_of() {
        const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let passed_on = |trace: &str| {
            let came = [("x-request-id", "request-1"), ("traceparent", trace), ("tracestate", "vendor=1")];
            let came = came.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let request_id = RequestId::from_headers(&http::HeaderMap::from_iter(came));
            let request = request_for((), UserId(uuid::Uuid::nil()), &request_id);
            ["x-request-id", "traceparent", "tracestate"]
                .map(|name| request.metadata().get(name).map(|value| value.to_str().unwrap().to_owned()))
        };
        assert_eq!(passed_on(TRACE), ["request-1", TRACE, "vendor=1"].map(|value| Some(value.to_owned())));
        assert_eq!(passed_on("no trace"), [Some("request-1".to_owned()), None, None]);
    }

    #[tokio::test]
    async fn an_address_that_could_never_be_called_is_refused_at_once() {
        let connect = |url: &str| connect(&url.parse().unwrap(), &"a-key-of-a-service".into()).map(drop);
        assert!(connect("http://127.0.0.1:50051").is_ok());
        for url in ["https://auth.example/", "unix:/run/auth"] {
            let error = connect(url).unwrap_err().to_string();
            assert!(error.contains(url) && error.contains("`http://`"), "{error}");
        }
    }
}
