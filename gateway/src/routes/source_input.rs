//! Sources as clients bring them.

use proto::{history::v1 as history, limit};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::fields::{Fields, FromFields};

/// What a message cites.
#[derive(Debug, ToSchema)]
pub(super) struct SourceInput {
    /// `url` when there is one, else `document`, where it is not given.
    kind: Option<SourceKind>,
    #[schema(max_length = 2000)]
    title: Option<String>,
    #[schema(max_length = 8000)]
    url: Option<String>,
    /// The cited text.
    #[schema(max_length = 100_000)]
    snippet: Option<String>,
    /// Higher is better.
    score: Option<f64>,
    /// Which part of the message it supports.
    span: Option<SpanInput>,
    #[schema(max_length = 500)]
    content_hash: Option<String>,
    /// Your own, up to 16 KiB; comes back as it came.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum SourceKind {
    /// Something with an address.
    Url,
    /// Something without.
    Document,
}

/// A range of the text, in Unicode scalar values.
#[derive(Debug, ToSchema)]
pub(super) struct SpanInput {
    /// The first character, counted from 0.
    #[schema(minimum = 0)]
    start: i32,
    /// One past the last character.
    #[schema(minimum = 0)]
    end: i32,
}

impl FromFields for SourceInput {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            kind: fields.choice("kind", &[("url", SourceKind::Url), ("document", SourceKind::Document)]),
            title: fields.text("title", 0..=limit::SOURCE_TITLE),
            url: fields.text("url", 0..=limit::SOURCE_URL),
            snippet: fields.text("snippet", 0..=limit::SOURCE_SNIPPET),
            score: fields.number("score"),
            span: fields.object("span"),
            content_hash: fields.text("content_hash", 0..=limit::SOURCE_HASH),
            metadata: fields.metadata("metadata"),
        })
    }
}

impl FromFields for SpanInput {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("start");
        fields.require("end");
        let (start, end) = (fields.position("start")?, fields.position("end")?);
        if end < start {
            fields.note("end", proto::reason::FIELD_OUT_OF_RANGE, "must not lie before `start`");
        }
        Some(Self { start, end })
    }
}

impl From<SourceInput> for history::Source {
    fn from(input: SourceInput) -> Self {
        let kind = match input.kind {
            Some(SourceKind::Url) => "url",
            Some(SourceKind::Document) => "document",
            None => "",
        };
        Self {
            kind: kind.to_owned(),
            title: input.title,
            url: input.url,
            snippet: input.snippet,
            score: input.score,
            span: input.span.map(|span| history::Span { start: span.start, end: span.end }),
            content_hash: input.content_hash,
            metadata_json: input.metadata.map(|raw| raw.get().to_owned()).unwrap_or_default(),
            ..Self::default()
        }
    }
}
