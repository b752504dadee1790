//! The completion and its chunks, member by member.

use proto::history::v1::{Message, Run, Source as Cited, Usage as Tokens};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::finish_reason;
use crate::resource::Source;

#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Told::is_unasked")]
    usage: Told,
    #[serde(skip_serializing_if = "Option::is_none")]
    colloquy: Option<Ours>,
}

#[derive(Serialize)]
pub(super) struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<Vec<Annotation>>,
}

/// What the answer cost, as far as that is told.
enum Told {
    Unasked,
    /// Stands there as `null`.
    NotYet,
    Now(Usage),
}

impl Told {
    fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked)
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unasked | Self::NotYet => serializer.serialize_none(),
            Self::Now(usage) => usage.serialize(serializer),
        }
    }
}

/// A chat completion, as OpenAI's API has it.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatCompletion)]
pub(crate) struct Completion<'a> {
    /// `chatcmpl-` and the id of the run.
    id: String,
    /// `chat.completion`
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    /// The agent.
    model: &'a str,
    /// Exactly one.
    choices: [WholeChoice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    colloquy: Ours,
}

/// The answer.
#[derive(Serialize, ToSchema)]
pub(super) struct WholeChoice<'a> {
    index: u32,
    message: WholeMessage<'a>,
    #[schema(value_type = Option<Object>)]
    logprobs: Option<()>,
    /// `stop`, `length` or `content_filter`.
    finish_reason: &'static str,
}

/// Its message.
#[derive(Serialize, ToSchema)]
pub(super) struct WholeMessage<'a> {
    /// `assistant`
    role: &'static str,
    content: &'a str,
    #[schema(value_type = Option<String>)]
    refusal: Option<()>,
    /// What the agent thought aloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    /// The sources that have an address.
    annotations: Vec<Annotation>,
}

/// A place of the text that an address supports.
#[derive(Serialize, ToSchema)]
pub(super) struct Annotation {
    /// `url_citation`
    r#type: &'static str,
    url_citation: UrlCitation,
}

/// Where, and by what.
#[derive(Serialize, ToSchema)]
struct UrlCitation {
    start_index: i32,
    end_index: i32,
    title: String,
    url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CompletionUsage)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON members")]
struct Usage {
    prompt_tokens: i64,
    completion_tokens: i64,
    total_tokens: i64,
}

/// What the protocol has no place for.
#[derive(Serialize, ToSchema)]
#[schema(as = CompletionFacts)]
pub(super) struct Ours {
    #[schema(format = Uuid)]
    run_id: String,
    #[schema(format = Uuid)]
    conversation_id: String,
    #[schema(format = Uuid)]
    user_message_id: String,
    #[schema(format = Uuid)]
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<Source>>,
}

impl<'a> Chunk<'a> {
    pub(super) fn new(run: &Run, model: &'a str, choices: Vec<Choice<'a>>, include_usage: bool) -> Self {
        let usage = if include_usage { Told::NotYet } else { Told::Unasked };
        let (id, created) = (id(run), created(run));
        Self { id, object: "chat.completion.chunk", created, model, choices, usage, colloquy: None }
    }

    pub(super) fn with(self, facts: Ours) -> Self {
        Self { colloquy: Some(facts), ..self }
    }

    /// The one after the last choice.
    pub(super) fn usage(run: &Run, model: &'a str, tokens: Option<Tokens>) -> Self {
        let usage = Usage::from(tokens.unwrap_or_default());
        Self { usage: Told::Now(usage), ..Self::new(run, model, Vec::new(), true) }
    }
}

impl<'a> Choice<'a> {
    pub(super) fn more(delta: Delta<'a>) -> Self {
        Self { index: 0, delta, finish_reason: None }
    }

    pub(super) fn last(delta: Delta<'a>, message: &Message) -> Self {
        Self { index: 0, delta, finish_reason: Some(finish_reason(message)) }
    }
}

impl<'a> Completion<'a> {
    pub(super) fn of(run: &Run, model: &'a str, whole: WholeMessage<'a>, message: &Message) -> Self {
        let choice = WholeChoice { index: 0, message: whole, logprobs: None, finish_reason: finish_reason(message) };
        Self {
            id: id(run),
            object: "chat.completion",
            created: created(run),
            model,
            choices: [choice],
            usage: message.usage.map(Into::into),
            colloquy: Ours::citing(run, message),
        }
    }
}

impl<'a> WholeMessage<'a> {
    pub(super) fn new(message: &'a Message) -> Self {
        Self {
            role: "assistant",
            content: &message.content,
            refusal: None,
            reasoning_content: reasoning(message),
            annotations: Annotation::all(message),
        }
    }
}

impl Annotation {
    /// Those of a message. A source that supports no place in particular stands at its end.
    pub(super) fn all(message: &Message) -> Vec<Self> {
        let end = || i32::try_from(message.content.chars().count()).unwrap_or(i32::MAX);
        let annotation = |source: &Cited| {
            let url = source.url.clone()?;
            let (start_index, end_index) = source.span.map_or_else(|| (end(), end()), |span| (span.start, span.end));
            let title = source.title.clone().unwrap_or_else(|| url.clone());
            let url_citation = UrlCitation { start_index, end_index, title, url };
            Some(Self { r#type: "url_citation", url_citation })
        };
        message.sources.iter().filter_map(annotation).collect()
    }
}

impl Ours {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            run_id: run.id.clone(),
            conversation_id: run.conversation_id.clone(),
            user_message_id: run.user_message_id.clone(),
            message_id: run.message_id.clone(),
            sources: None,
        }
    }

    pub(super) fn citing(run: &Run, message: &Message) -> Self {
        let sources = message.sources.iter().cloned().map(Into::into).collect();
        Self { sources: Some(sources), ..Self::of(run) }
    }
}

impl From<Tokens> for Usage {
    fn from(Tokens { input_tokens, output_tokens, total_tokens }: Tokens) -> Self {
        let (prompt_tokens, completion_tokens) = (input_tokens.unwrap_or_default(), output_tokens.unwrap_or_default());
        let total_tokens = total_tokens.unwrap_or_else(|| prompt_tokens.saturating_add(completion_tokens));
        Self { prompt_tokens, completion_tokens, total_tokens }
    }
}

fn id(run: &Run) -> String {
    format!("chatcmpl-{}", run.id)
}

fn created(run: &Run) -> i64 {
    run.created_at.map(|at| at.seconds).unwrap_or_default()
}

/// The reasoning among the parts of an answer.
fn reasoning(message: &Message) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Part {
        r#type: String,
        text: Option<String>,
    }
    if !message.parts_json.contains("\"reasoning\"") {
        return None;
    }
    let parts: Vec<&RawValue> = serde_json::from_str(&message.parts_json).ok()?;
    let parts = parts.into_iter().filter_map(|part| serde_json::from_str::<Part>(part.get()).ok());
    let texts: Vec<_> = parts.filter(|part| part.r#type == "reasoning").filter_map(|part| part.text).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}
