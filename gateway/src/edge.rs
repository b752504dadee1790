//! What surrounds every route: ids, spans, metrics, problems, limits, CORS.

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn, response::IntoResponse as _};
use http::{HeaderName, Method, header};
use kit::request_id;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, Any, CorsLayer},
};

use crate::{
    config::{CorsOrigins, Options},
    problem::Problem,
};

mod crowd;
mod observe;

use self::crowd::Crowd;

/// Puts everything around these routes. The last layer is the outermost. Pages of other origins may read nothing of
/// the `own` ones, whatever `CORS_ORIGINS` says: there people log in, and there tokens are made.
pub(crate) fn around(shared: Router, own: Router, options: &Options) -> Router {
    let crowd = Crowd::of(options.limits.max_requests);
    let inner = |router: Router| {
        let router = crowd.around(router.layer(DefaultBodyLimit::max(options.limits.max_body)));
        router.layer(CatchPanicLayer::custom(panicked))
    };
    let shared = match cors(&options.cors_origins) {
        Some(cors) => inner(shared).layer(cors),
        None => inner(shared),
    };
    shared.merge(inner(own)).layer(from_fn(observe::observe))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of tower-http")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text, "a handler panicked");
    Problem::internal().into_response()
}

fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let (origins, with_cookies) = match origins {
        CorsOrigins::None => return None,
        CorsOrigins::Any => (AllowOrigin::from(Any), false),
        CorsOrigins::These(origins) => (AllowOrigin::list(origins.iter().cloned()), true),
    };
    let own = |name: &'static str| HeaderName::from_static(name);
    let allowed = [
        header::ACCEPT,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        own("idempotency-key"),
        own("last-event-id"),
        own("traceparent"),
        request_id::HEADER.clone(),
        own("x-conversation-id"),
        // Clients of OpenAI's API tell of themselves.
        header::USER_AGENT,
        own("x-stainless-arch"),
        own("x-stainless-helper-method"),
        own("x-stainless-lang"),
        own("x-stainless-os"),
        own("x-stainless-package-version"),
        own("x-stainless-retry-count"),
        own("x-stainless-runtime"),
        own("x-stainless-runtime-version"),
        own("x-stainless-timeout"),
    ];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(with_cookies)
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(allowed)
            .expose_headers([
                request_id::HEADER.clone(),
                header::RETRY_AFTER,
                own("ratelimit"),
                own("ratelimit-policy"),
                header::LOCATION,
                header::CONTENT_DISPOSITION,
                own("x-conversation-id"),
                own("x-vercel-ai-ui-message-stream"),
            ])
            .max_age(std::time::Duration::from_hours(1)),
    )
}
