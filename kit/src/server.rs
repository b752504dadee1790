//! A gRPC server as every service wants it: callers known, health and reflection open, spans, metrics, draining.

use std::{
    collections::HashSet,
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code,
    body::Body,
    codegen::Service,
    server::NamedService,
    service::{Routes, RoutesBuilder},
    transport::Server,
};
use tracing::{Instrument as _, field::Empty};

use crate::{
    admin::{self, Readiness},
    caller::{Authenticator, require_caller},
    client::Door,
    request_id::{self, RequestId},
    telemetry::propagation,
};

/// How long requests may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const MAX_STREAMS: u32 = 1_000;

/// Where a service is reached. Sockets are bound before anything starts.
#[derive(Debug)]
pub struct Listeners {
    /// For gRPC.
    pub grpc: TcpListener,
    /// For probes and metrics.
    pub admin: TcpListener,
    /// For callers of the same process.
    pub door: Option<Door>,
}

impl Listeners {
    /// Binds both, and logs where they came to be.
    ///
    /// # Errors
    /// When an address cannot be had.
    pub async fn bind(grpc: SocketAddr, admin: SocketAddr) -> anyhow::Result<Self> {
        let bind = async |address| TcpListener::bind(address).await.with_context(|| format!("listening on {address}"));
        let listeners = Self { grpc: bind(grpc).await?, admin: bind(admin).await?, door: None };
        tracing::info!(grpc = %listeners.grpc.local_addr()?, admin = %listeners.admin.local_addr()?, "listening");
        Ok(listeners)
    }
}

/// The gRPC services of one process.
pub struct Services {
    process: &'static str,
    names: Vec<&'static str>,
    routes: RoutesBuilder,
}

impl Services {
    /// None yet. `process` labels metrics and spans.
    pub fn new(process: &'static str) -> Self {
        Self { process, names: Vec::new(), routes: RoutesBuilder::default() }
    }

    /// Adds a generated server.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Puts the caller layer in front of all of them, and spans and metrics around it.
    pub fn guarded_by(self, authenticator: Authenticator) -> Guarded {
        let observed = Arc::new(Observed { process: self.process, methods: methods(&self.names) });
        let router = self
            .routes
            .routes()
            .into_axum_router()
            .layer(from_fn_with_state(authenticator, require_caller))
            .layer(from_fn_with_state(observed, observe));
        Guarded { names: self.names, router }
    }
}

/// Services that know their callers.
pub struct Guarded {
    names: Vec<&'static str>,
    router: Router,
}

impl Guarded {
    /// The same as a tower service: what generated clients can sit on directly.
    pub fn into_router(self) -> Router {
        self.router
    }

    /// Serves until `stop`, then lets running requests finish for a while.
    ///
    /// # Errors
    /// When a listener fails or reflection cannot be built.
    pub async fn serve(
        self,
        listeners: Listeners,
        readiness: Readiness,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let (reporter, health) = tonic_health::server::health_reporter();
        for name in &self.names {
            reporter.set_service_status(*name, tonic_health::ServingStatus::Serving).await;
        }
        if let Some(door) = &listeners.door {
            door.open(self.router.clone());
        }
        let (v1, v1alpha) = (self.reflection().build_v1()?, self.reflection().build_v1alpha()?);
        let routes = Routes::from(self.router).add_service(health).add_service(v1).add_service(v1alpha);

        let ended = CancellationToken::new();
        let drained = {
            let (stop, ended, readiness) = (stop.clone(), ended.clone(), readiness.clone());
            async move {
                stop.cancelled().await;
                readiness.draining();
                reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
                for name in &self.names {
                    reporter.set_service_status(*name, tonic_health::ServingStatus::NotServing).await;
                }
                tokio::select! {
                    () = ended.cancelled() => {}
                    () = tokio::time::sleep(GRACE) => tracing::warn!("requests were cut at the end of the grace period"),
                }
            }
        };
        // An answer of several frames would else wait for the client's delayed acknowledgement, 40 ms.
        let incoming = TcpListenerStream::new(listeners.grpc).inspect_ok(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let grpc = async {
            let _ended = ended.clone().drop_guard();
            Server::builder()
                .http2_keepalive_interval(Some(KEEP_ALIVE))
                .max_concurrent_streams(MAX_STREAMS)
                .add_routes(routes)
                .serve_with_incoming_shutdown(incoming, stop.cancelled())
                .await
                .map_err(anyhow::Error::from)
        };
        readiness.ready();
        tokio::try_join!(
            async {
                tokio::select! {
                    served = grpc => served,
                    () = drained => Ok(()),
                }
            },
            admin::serve(listeners.admin, readiness, ended.clone()),
        )?;
        Ok(())
    }

    fn reflection(&self) -> tonic_reflection::server::Builder<'static> {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        self.names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    }
}

/// What spans and metrics may name. Anything else that a client asks for is `unknown`: labels are bounded.
struct Observed {
    process: &'static str,
    methods: HashSet<String>,
}

/// `package.Service/Method` of every method of these services.
fn methods(services: &[&str]) -> HashSet<String> {
    let described = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).expect("the build wrote it");
    let mut methods = HashSet::new();
    for file in &described.file {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            if services.contains(&name.as_str()) {
                methods.extend(service.method.iter().map(|method| format!("{name}/{}", method.name())));
            }
        }
    }
    methods
}

/// One span, one log line, one count and one duration for each call.
async fn observe(State(observed): State<Arc<Observed>>, mut request: Request, next: Next) -> Response {
    let request_id = RequestId::from_headers(request.headers());
    let path = request.uri().path().trim_start_matches('/');
    let method = observed.methods.get(path).map_or("unknown", String::as_str);
    let span = tracing::info_span!(
        "rpc",
        otel.name = method,
        otel.kind = "server",
        rpc.method = method,
        request.id = request_id.as_str(),
        user.id = Empty,
    );
    propagation::continue_trace(&span, request.headers());
    request.extensions_mut().insert(request_id.clone());

    let began = Instant::now();
    let mut response = async {
        let response = next.run(request).await;
        let code = grpc_code(response.headers());
        let elapsed = began.elapsed();
        tracing::debug!(rpc.code = ?code, elapsed_ms = elapsed.as_secs_f64() * 1e3, "answered");
        let labels =
            [("service", observed.process.to_owned()), ("method", method.to_owned()), ("code", format!("{code:?}"))];
        metrics::counter!("rpc_requests_total", &labels).increment(1);
        metrics::histogram!("rpc_duration_seconds", &labels[..2]).record(elapsed);
        response
    }
    .instrument(span)
    .await;
    response.headers_mut().insert(request_id::HEADER.clone(), request_id.header_value().clone());
    response
}

/// Refusals carry their code in the headers; an answer without one began well.
fn grpc_code(headers: &HeaderMap) -> Code {
    headers.get("grpc-status").map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_methods_of_the_own_services_become_labels() {
        let methods = methods(&["colloquy.auth.v1.UserService"]);
        assert!(methods.contains("colloquy.auth.v1.UserService/GetMe"));
        assert!(!methods.contains("colloquy.auth.v1.AuthService/VerifyToken"));
    }
}
