//! What an answer cost, as the AI SDK and AG-UI call it.

use proto::history::v1::Usage;
use serde::Serialize;

#[expect(clippy::struct_field_names, reason = "the names of the JSON members")]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<i64>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(usage: Usage) -> Self {
        let Usage { input_tokens, output_tokens, total_tokens } = usage;
        Self { model: None, input_tokens, output_tokens, total_tokens }
    }

    /// The same, with the model that they were spent on.
    pub(super) fn by(self, model: Option<&'a str>) -> Self {
        Self { model, ..self }
    }
}
