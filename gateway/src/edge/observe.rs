//! One span, one log line, one count and one duration for each request; and the last touch to its answer.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, header};
use kit::{
    request_id::{self, RequestId},
    telemetry::propagation,
};
use tracing::{Instrument as _, field::Empty};

use crate::{
    problem::{AsItIs, Pending, Problem, Wording},
    quota::Told,
};

/// Unknown paths share one label, so that nobody can grow the metrics.
const NO_ROUTE: &str = "none";

pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let request_id = RequestId::from_headers(request.headers());
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
    let method = method(request.method());
    let wording = Wording::at(request.uri().path());
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        request.id = request_id.as_str(),
        user.id = Empty,
    );
    propagation::continue_trace(&span, request.headers());
    let told = Told::default();
    request.extensions_mut().insert(request_id.clone());
    request.extensions_mut().insert(told.clone());

    let began = Instant::now();
    async {
        let mut response = next.run(request).await;
        let code = finish(wording, &request_id, &mut response);
        told.tell(response.headers_mut());
        let (status, elapsed) = (response.status().as_u16(), began.elapsed());
        tracing::info!(
            http.response.status_code = status,
            error.code = code,
            elapsed_ms = elapsed.as_secs_f64() * 1e3,
            "answered"
        );
        let labels = [("route", route), ("method", method.to_owned()), ("status", status.to_string())];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(elapsed);
        response
    }
    .instrument(span)
    .await
}

/// Writes the body of a problem and the headers of every answer; returns the problem's code.
fn finish(wording: Wording, request_id: &RequestId, response: &mut Response) -> Option<String> {
    let pending = response.extensions_mut().remove::<Pending>().map(|pending| pending.0);
    let status = response.status();
    let ours = response.extensions().get::<AsItIs>().is_none();
    let bare =
        || (ours && (status.is_client_error() || status.is_server_error())).then(|| Problem::of_status(status).into());
    let problem = pending.or_else(bare);
    if let Some(problem) = &problem {
        problem.render(wording, request_id, response);
    }
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER.clone(), request_id.header_value().clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    problem.map(|problem| problem.code().to_owned())
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
