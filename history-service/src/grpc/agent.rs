//! What agents wrote, as it comes in: a NUL, which PostgreSQL cannot keep, becomes U+FFFD, so that nothing is lost to it.

use prost::Message as _;
use proto::history::v1::{self as pb, run_event::Event};

use super::fields::Fields;
use crate::{run::Events, word::FinishReason};

/// Makes the end of a run storable.
pub(super) fn keep_storable(request: &mut pb::FinishRunRequest) {
    let error = request.error.iter_mut().flat_map(|error| [&mut error.code, &mut error.message]);
    let texts = [&mut request.content, &mut request.parts_json].into_iter();
    let texts = texts.chain([&mut request.model, &mut request.title].into_iter().flatten());
    texts.chain(error).for_each(replace);
    request.sources.iter_mut().for_each(replace_in_source);
}

/// Events as they are stored; none where there are none. `field` is where they stand in the request.
pub(super) fn events(fields: &mut Fields, field: &str, given: Option<pb::RunEvents>) -> Option<Events> {
    let mut given = given.filter(|given| !given.events.is_empty())?;
    given.events.iter_mut().filter_map(|event| event.event.as_mut()).for_each(replace_in_event);
    let position = fields.number(&format!("{field}.position"), given.position, &(0..=i64::from(i32::MAX)));
    let count = i32::try_from(given.events.len()).expect("a request is bounded far below");
    Some(Events { position, count, payload: given.encode_to_vec() })
}

pub(super) fn finish_reason(fields: &mut Fields, given: Option<&str>) -> Option<FinishReason> {
    let given = given?;
    let reason = FinishReason::from_word(given);
    if reason.is_none() {
        fields.invalid("finish_reason", "must be stop, length, content_filter, tool_calls or other");
    }
    reason
}

fn replace_in_event(event: &mut Event) {
    match event {
        Event::Text(text)
        | Event::Reasoning(text)
        | Event::Title(text)
        | Event::Model(text)
        | Event::FinishReason(text) => replace(text),
        Event::ToolInput(pb::ToolInput { id, name, delta }) => [id, name, delta].into_iter().for_each(replace),
        Event::ToolCall(pb::ToolCall { id, name, input_json }) => {
            [id, name, input_json].into_iter().for_each(replace);
        }
        Event::ToolResult(pb::ToolResult { id, output_json, error }) => {
            [id, output_json].into_iter().chain(error).for_each(replace);
        }
        Event::Source(source) => replace_in_source(source),
        Event::File(pb::File { url, media_type, name }) => [url, media_type].into_iter().chain(name).for_each(replace),
        Event::Data(pb::Data { name, id, data_json, .. }) => {
            [name, data_json].into_iter().chain(id).for_each(replace);
        }
        Event::Usage(_) => {}
    }
}

fn replace_in_source(source: &mut pb::Source) {
    let optional = [&mut source.title, &mut source.url, &mut source.snippet, &mut source.content_hash];
    let texts = [&mut source.id, &mut source.kind, &mut source.metadata_json];
    optional.into_iter().flatten().chain(texts).for_each(replace);
}

fn replace(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}
