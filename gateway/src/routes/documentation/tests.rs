//! The description agrees with what the readers accept.

use std::collections::BTreeSet;

use proto::limit;
use serde_json::{Value, json};

use crate::{
    fields::{Fields, FromFields},
    routes::{conversations, feedback, messages, openapi, runs, source_input},
};

fn agree<T: FromFields>(schema: &str) {
    agree_but_for::<T>(schema, &[]);
}

/// The same, where one of several members will do.
fn agree_but_for<T: FromFields>(schema: &str, alternatives: &[&str]) {
    let document: Value = serde_json::to_value(openapi()).unwrap();
    let schema = &document["components"]["schemas"][schema];
    let described: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
    let (known, demanded) = Fields::contract::<T>();
    assert_eq!(described, known.iter().map(String::as_str).collect());
    let demanded = demanded.iter().map(String::as_str).filter(|name| !alternatives.contains(name));
    assert_eq!(required, demanded.collect());
}

#[test]
fn request_schemas_agree_with_their_readers() {
    agree_but_for::<runs::RunRequest>("RunRequest", &["message"]);
    agree::<messages::CreateMessage>("CreateMessage");
    agree::<feedback::FeedbackInput>("FeedbackInput");
    agree::<source_input::SourceInput>("SourceInput");
    agree::<source_input::SpanInput>("SpanInput");
    agree::<conversations::CreateConversation>("CreateConversation");
    agree::<conversations::UpdateConversation>("UpdateConversation");
}

#[test]
fn bounds_are_described_as_they_are_held() {
    let document: Value = serde_json::to_value(openapi()).unwrap();
    let bounds = [
        ("RunRequest", "message", "maxLength", limit::CONTENT),
        ("RunRequest", "agent", "maxLength", limit::AGENT),
        ("CreateMessage", "content", "maxLength", limit::CONTENT),
        ("CreateMessage", "client_id", "maxLength", limit::CLIENT_ID),
        ("CreateMessage", "sources", "maxItems", limit::SOURCES),
        ("FeedbackInput", "note", "maxLength", limit::NOTE),
        ("SourceInput", "title", "maxLength", limit::SOURCE_TITLE),
        ("SourceInput", "url", "maxLength", limit::SOURCE_URL),
        ("SourceInput", "snippet", "maxLength", limit::SOURCE_SNIPPET),
        ("SourceInput", "content_hash", "maxLength", limit::SOURCE_HASH),
        ("CreateConversation", "client_id", "maxLength", limit::CLIENT_ID),
        ("CreateConversation", "title", "maxLength", limit::TITLE),
        ("UpdateConversation", "title", "maxLength", limit::TITLE),
    ];
    for (schema, property, keyword, bound) in bounds {
        let described = &document["components"]["schemas"][schema]["properties"][property][keyword];
        assert_eq!(*described, json!(bound), "{schema}.{property}");
    }
    assert_eq!(limit::METADATA_BYTES, 16 * 1024, "the descriptions of `metadata` say 16 KiB");
}
