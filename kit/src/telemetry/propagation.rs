//! W3C Trace Context on the way in and out. Without an exporter there are no traces here, and those of others pass through.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    global,
    propagation::{Extractor, Injector},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

static PARENT: HeaderName = HeaderName::from_static("traceparent");
static STATE: HeaderName = HeaderName::from_static("tracestate");

/// The headers that name a trace, where they name one.
pub(crate) fn passing(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    // version-traceid-parentid-flags, all of them hexadecimal.
    let fit = |parent: &&HeaderValue| {
        parent.len() == 55 && parent.as_bytes().iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
    };
    let Some(parent) = headers.get(&PARENT).filter(fit) else { return Vec::new() };
    let state = headers.get(&STATE).map(|state| (STATE.clone(), state.clone()));
    [(PARENT.clone(), parent.clone())].into_iter().chain(state).collect()
}

/// Makes the span a child of the trace that the headers name, if they name one.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if !headers.contains_key(&PARENT) {
        return;
    }
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&Reader(headers)));
    // Fails only where no tracer is installed; then there is nothing to continue.
    let _ = span.set_parent(parent);
}

/// Writes the current span's trace into the headers of an outgoing request.
pub fn inject(headers: &mut HeaderMap) {
    let span = Span::current();
    if span.is_none() {
        return;
    }
    let context = span.context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut Writer(headers)));
}

struct Reader<'a>(&'a HeaderMap);

impl Extractor for Reader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Writer<'a>(&'a mut HeaderMap);

impl Injector for Writer<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
