//! Logs, traces and metrics. Initialised by `main`, never by a library.

use anyhow::Context as _;
use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};
use url::Url;

pub mod metrics;
pub mod propagation;

/// What is logged, how, and where traces go.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// How log lines look
    #[arg(id = "log-format", long, env = "LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,

    /// What is logged, as `info` or `warn,gateway=debug`
    #[arg(id = "rust-log", long, env = "RUST_LOG", value_name = "FILTER")]
    pub filter: Option<String>,

    /// Where traces go (OTLP over gRPC); off by default
    #[arg(id = "otel-exporter-otlp-endpoint", long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<Url>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Keeps telemetry alive; shut it down last, so that the last spans leave.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is still held back.
    pub fn shutdown(self) {
        if let Some(Err(error)) = self.provider.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were lost");
        }
    }
}

/// Starts logging to standard error, tracing and metrics for this process.
///
/// # Errors
/// When the filter cannot be parsed, the exporter cannot be built, or telemetry runs already.
pub fn init(config: &Config, service: &'static str, default_filter: &str) -> anyhow::Result<Telemetry> {
    metrics::install();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = config.otlp_endpoint.as_ref().map(|endpoint| tracer_provider(endpoint, service)).transpose()?;

    let directives = config.filter.as_deref().unwrap_or(default_filter);
    let filter = EnvFilter::try_new(directives).context("RUST_LOG is no valid filter")?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    subscriber(lines.with_filter(filter), provider.as_ref().map(|provider| provider.tracer(service))).try_init()?;
    Ok(Telemetry { provider })
}

/// Lines, and traces where there is a tracer.
fn subscriber<L: Layer<Registry> + Send + Sync>(lines: L, tracer: Option<SdkTracer>) -> impl Subscriber {
    // HTTP/2 alone says dozens of things below this level for each request, and each would be made ready for a trace.
    // A layer that is not there must say that it wants nothing, or spans are made which nobody wants.
    let level = if tracer.is_some() { LevelFilter::INFO } else { LevelFilter::OFF };
    let exported = tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer));
    tracing_subscriber::registry().with(lines).with(exported.with_filter(level))
}

fn tracer_provider(endpoint: &Url, service: &'static str) -> anyhow::Result<SdkTracerProvider> {
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.name", service))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    Ok(SdkTracerProvider::builder().with_resource(resource).with_sampler(sampler).with_batch_exporter(exporter).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_made_for_lines_and_for_traces_and_for_nothing_else() {
        let made = |filter: &str, tracer: Option<SdkTracer>| {
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(EnvFilter::new(filter));
            tracing::subscriber::with_default(subscriber(lines, tracer), || {
                !tracing::info_span!("request").is_disabled()
            })
        };
        let tracer = || Some(SdkTracerProvider::default().tracer("test"));
        assert_eq!([made("info", None), made("warn,audit=info", tracer())], [true, true]);
        assert!(!made("warn,audit=info", None));
    }
}
