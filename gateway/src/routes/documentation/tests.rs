//! The description agrees with what the readers accept.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    fields::{Fields, FromFields},
    routes::{conversations, feedback, messages, openapi, runs, source_input},
};

fn agree<T: FromFields>(schema: &str) {
    let document: Value = serde_json::to_value(openapi()).unwrap();
    let schema = &document["components"]["schemas"][schema];
    let described: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
    let (known, demanded) = Fields::contract::<T>();
    assert_eq!(described, known.iter().map(String::as_str).collect());
    assert_eq!(required, demanded.iter().map(String::as_str).collect());
}

#[test]
fn request_schemas_agree_with_their_readers() {
    agree::<runs::RunRequest>("RunRequest");
    agree::<messages::CreateMessage>("CreateMessage");
    agree::<feedback::FeedbackInput>("FeedbackInput");
    agree::<source_input::SourceInput>("SourceInput");
    agree::<source_input::SpanInput>("SpanInput");
    agree::<conversations::CreateConversation>("CreateConversation");
    agree::<conversations::UpdateConversation>("UpdateConversation");
}
