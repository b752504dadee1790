//! What the stored events of a run make. Beside `grpc`, this is the only place that knows generated types: events are
//! stored as the contract encodes them, so that a tick costs no more than passing them on.

use prost::Message as _;
use proto::{
    answer::Answer,
    history::v1::{RunEvents, Source as Cited},
    limit,
};

use crate::{
    headline,
    id::{RunId, SourceId},
    json,
    message::{Source, Usage},
    run::Events,
    word::{FinishReason, SourceKind},
};

/// An answer as far as it has come, as it can be stored.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) content: String,
    pub(crate) parts: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) usage: Usage,
    pub(crate) model: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) finish_reason: Option<FinishReason>,
}

/// Folds batches in the order of their positions. It never fails, since nobody could send better ones any more: what cannot
/// be stored is left out.
pub(crate) fn fold(run: RunId, batches: Vec<Events>) -> Folded {
    let mut answer = Answer::default();
    let mut next = 0;
    for batch in batches {
        let Ok(RunEvents { events, .. }) = RunEvents::decode(batch.payload.as_slice()) else {
            tracing::error!(run.id = %run, position = batch.position, "events cannot be read and are left out");
            continue;
        };
        // A batch that was sent again may reach into the next one.
        let known = usize::try_from(next - batch.position).unwrap_or_default();
        next = next.max(batch.position + i64::from(batch.count));
        events.into_iter().skip(known).for_each(|event| answer.take(event));
    }
    let parts = Some(answer.parts_json()).filter(|parts| !parts.is_empty());
    let usage = answer.usage.unwrap_or_default();
    let title = answer.title.map(|title| headline::one_line(&title, limit::TITLE));
    Folded {
        content: answer.text,
        parts: parts.filter(|parts| json::parts_problem(parts, json::DEEPEST_OF_AGENTS).is_none()),
        sources: (1..).zip(answer.sources.into_iter().take(limit::ANSWER_SOURCES)).map(source).collect(),
        usage: Usage { input: usage.input_tokens, output: usage.output_tokens, total: usage.total_tokens },
        model: answer.model,
        title: title.filter(|title| !title.is_empty()),
        finish_reason: answer.finish_reason.map(|word| FinishReason::from_word(&word).unwrap_or(FinishReason::Other)),
    }
}

fn source((ordinal, cited): (i16, Cited)) -> Source {
    let span = cited.span.filter(|span| span.start >= 0 && span.end >= span.start);
    let by_itself = if cited.url.is_some() { SourceKind::Url } else { SourceKind::Document };
    let is_object = |text: &String| json::object_problem(text, json::DEEPEST_OF_AGENTS).is_none();
    Source {
        id: SourceId::generate(),
        ordinal,
        kind: SourceKind::from_word(&cited.kind).unwrap_or(by_itself),
        title: cited.title,
        url: cited.url,
        snippet: cited.snippet,
        score: cited.score,
        span_start: span.map(|span| span.start),
        span_end: span.map(|span| span.end),
        content_hash: cited.content_hash,
        metadata: Some(cited.metadata_json).filter(is_object).unwrap_or_else(|| "{}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proto::history::v1::{RunEvent, Span, ToolCall, run_event::Event};

    use super::*;

    fn batch(position: usize, events: &[Event]) -> Events {
        let event = |event: &Event| RunEvent { event: Some(event.clone()) };
        let told = RunEvents { position: 0, events: events.iter().map(event).collect() };
        let count = i32::try_from(events.len()).unwrap();
        Events { position: i64::try_from(position).unwrap(), count, payload: told.encode_to_vec() }
    }

    fn folded(batches: Vec<Events>) -> Folded {
        fold(RunId::generate(), batches)
    }

    fn said(folded: &Folded) -> String {
        let sources = folded.sources.iter().map(|source| (source.ordinal, &source.title)).collect::<Vec<_>>();
        let Folded { content, parts, usage, model, title, finish_reason, .. } = folded;
        format!("{content} {parts:?} {sources:?} {usage:?} {model:?} {title:?} {finish_reason:?}")
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            ".{0,3}".prop_map(Event::Text),
            ".{0,3}".prop_map(Event::Reasoning),
            ".{0,3}".prop_map(Event::Title),
            "[a-z]{1,3}".prop_map(|title| Event::Source(Cited { title: Some(title), ..Cited::default() })),
            "[a-z]{1,3}".prop_map(|id| Event::ToolCall(ToolCall {
                id,
                name: "t".to_owned(),
                input_json: "{}".to_owned()
            })),
            "(stop|length|because)".prop_map(Event::FinishReason),
        ]
    }

    proptest! {
        #[test]
        fn however_events_are_cut_into_batches_they_make_one_answer(
            events in prop::collection::vec(event(), 1..30),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3), 0..8),
        ) {
            let mut ends: Vec<usize> = cuts.iter().map(|(cut, _)| cut.index(events.len())).chain([events.len()]).collect();
            ends.sort_unstable();
            let (mut from, mut batches) = (0, Vec::new());
            for (place, end) in ends.into_iter().enumerate() {
                // One that was sent again and has grown.
                let grown = (end + cuts.get(place).map_or(0, |cut| cut.1)).min(events.len());
                if grown > from && end > from {
                    batches.push(batch(from, &events[from..grown]));
                }
                from = from.max(end);
            }
            let whole = folded(vec![batch(0, &events)]);
            prop_assert_eq!(said(&folded(batches)), said(&whole));
        }
    }

    #[test]
    fn what_cannot_be_stored_is_left_out() {
        let strange = Cited {
            kind: "song".to_owned(),
            span: Some(Span { start: 5, end: 1 }),
            metadata_json: "[]".to_owned(),
            ..Cited::default()
        };
        let deep = "[".repeat(2_000) + &"]".repeat(2_000);
        let call = ToolCall { id: "1".to_owned(), name: "t".to_owned(), input_json: deep };
        let events = [
            Event::Text("kept".to_owned()),
            Event::Source(strange),
            Event::ToolCall(call),
            Event::FinishReason("because".to_owned()),
            Event::Title("\n ".to_owned()),
        ];
        let broken = Events { position: 5, count: 1, payload: vec![0xff] };
        let folded = folded(vec![batch(0, &events), broken, batch(6, &[Event::Text(" too".to_owned())])]);
        assert_eq!((folded.content.as_str(), &folded.parts, &folded.title), ("kept too", &None, &None));
        let source = &folded.sources[0];
        assert_eq!((source.kind, source.span_start, source.metadata.as_str()), (SourceKind::Document, None, "{}"));
        assert_eq!(folded.finish_reason, Some(FinishReason::Other));
    }
}
