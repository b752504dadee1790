//! A conversation as a person reads it: the path that was shown, then every other branch, each from where it leaves.
//!
//! What somebody wrote stands in a quotation, line by line, so that no heading, rule or open code block in it can pass
//! for a part of the page.

use std::fmt::Write as _;

use proto::{
    auth::v1::User,
    history::v1::{Conversation, ExportManifest, Message, MessageStatus, Role, Source, feedback::Rating},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::resource::time;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page {
    active_leaf: Option<String>,
    previous: Option<String>,
    /// Whether the shown path is over.
    beside: bool,
}

/// The first page of an archive.
pub(super) fn about(manifest: &ExportManifest, user: Option<&User>, out: &mut String) {
    out.push_str("# My conversations\n\n");
    if let Some(at) = &manifest.generated_at {
        line(out, &format!("Exported on {}.", time(at)));
    }
    line(
        out,
        "Each other file is a conversation; `manifest.json` counts them. The other format, `ndjson`, is for programs.",
    );
    if let Some(user) = user {
        for (name, value) in [("Name", &user.name), ("E-mail", &user.email), ("Picture", &user.image)] {
            if let Some(value) = value {
                item(out, name, value);
            }
        }
        item(out, "Id", &user.id);
        item(out, "Issuer", &user.issuer);
        item(out, "Subject", &user.subject);
        if let Some(at) = &user.created_at {
            item(out, "First seen", &time(at));
        }
    }
}

impl Page {
    pub(super) fn begin(conversation: &Conversation, out: &mut String) -> Self {
        let title = conversation.title.as_deref().unwrap_or("Untitled");
        let _ = writeln!(out, "# {}\n", escaped(title));
        item(out, "Conversation", &conversation.id);
        for (name, at) in [
            ("Began", &conversation.created_at),
            ("Last change", &conversation.updated_at),
            ("Expires", &conversation.expires_at),
        ] {
            if let Some(at) = at {
                item(out, name, &time(at));
            }
        }
        let named = [("Agent", &conversation.agent), ("Client id", &conversation.client_id)];
        for (name, value) in named {
            if let Some(value) = value {
                item(out, name, value);
            }
        }
        for (name, is_so) in [("Pinned", conversation.pinned), ("Archived", conversation.archived)] {
            if is_so {
                item(out, name, "yes");
            }
        }
        metadata(out, &conversation.metadata_json);
        out.push('\n');
        Self { active_leaf: conversation.active_leaf_id.clone(), previous: None, beside: false }
    }

    /// The messages come in the order of reading.
    pub(super) fn message(&mut self, message: &Message, out: &mut String) {
        self.join(message, out);
        let speaker = match message.role() {
            Role::User | Role::Unspecified => "You".to_owned(),
            Role::Assistant => match (&message.agent, &message.model) {
                (Some(agent), Some(model)) => format!("Assistant ({agent}, {model})"),
                (Some(name), None) | (None, Some(name)) => format!("Assistant ({name})"),
                (None, None) => "Assistant".to_owned(),
            },
            Role::System => "System".to_owned(),
            Role::Tool => "Tool".to_owned(),
        };
        let _ = writeln!(out, "## {}\n", escaped(&speaker));
        let at = message.created_at.as_ref().map(time).unwrap_or_default();
        let _ = write!(out, "{at} · `{}`", message.id);
        if let Some(siblings) = message.siblings.filter(|siblings| siblings.count > 1) {
            let _ = write!(out, " · version {} of {}", siblings.index, siblings.count);
        }
        match message.status() {
            MessageStatus::Completed | MessageStatus::Unspecified => {}
            status => {
                let status = status.as_str_name().trim_start_matches("MESSAGE_STATUS_").to_ascii_lowercase();
                let _ = write!(out, " · **{status}**");
            }
        }
        out.push_str("\n\n");
        if !message.content.is_empty() {
            quote(out, &message.content);
        }
        other_parts(out, &message.parts_json);
        for source in &message.sources {
            cite(out, source);
        }
        if !message.sources.is_empty() {
            out.push('\n');
        }
        self.remarks(message, out);
    }

    fn remarks(&mut self, message: &Message, out: &mut String) {
        let begin = out.len();
        if let Some(error) = &message.error {
            item(out, "Error", &format!("{} ({})", error.message, error.code));
        }
        if let Some(feedback) = &message.feedback {
            let rating = if feedback.rating() == Rating::Down { "bad" } else { "good" };
            let note = feedback.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            item(out, "Feedback", &format!("{rating}{note}"));
        }
        if let Some(usage) = &message.usage {
            let tokens = [("in", usage.input_tokens), ("out", usage.output_tokens), ("in all", usage.total_tokens)];
            let tokens: Vec<_> =
                tokens.iter().filter_map(|(name, count)| Some(format!("{} {name}", (*count)?))).collect();
            item(out, "Tokens", &tokens.join(", "));
        }
        metadata(out, &message.metadata_json);
        if out.len() > begin {
            out.push('\n');
        }
        self.previous = Some(message.id.clone());
    }

    /// Says where a message stands, unless it follows the one before on the shown path.
    fn join(&mut self, message: &Message, out: &mut String) {
        let after_leaf = self.previous.is_some() && self.previous == self.active_leaf;
        if (after_leaf || self.active_leaf.is_none()) && !self.beside {
            self.beside = true;
            out.push_str("# Other branches\n\nWhat follows is not on the path that was shown last.\n\n");
        } else if message.parent_id == self.previous {
            return;
        }
        match &message.parent_id {
            Some(parent) => {
                let _ = writeln!(out, "---\n\n*A branch that follows `{parent}`:*\n");
            }
            None => out.push_str("---\n\n*Another beginning:*\n\n"),
        }
    }
}

/// Parts that are no text. Their text is the content.
fn other_parts(out: &mut String, parts: &str) {
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }

    let parts: Vec<&RawValue> = serde_json::from_str(parts).unwrap_or_default();
    for part in parts {
        if serde_json::from_str::<Part<'_>>(part.get()).is_ok_and(|part| part.kind != "text") {
            code(out, part.get());
        }
    }
}

fn cite(out: &mut String, source: &Source) {
    let title = source.title.as_deref().or(source.url.as_deref()).unwrap_or("a document");
    let _ = write!(out, "{}. {}", source.ordinal, escaped(title));
    if let Some(url) = &source.url {
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '`');
        let web = (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(plain);
        let _ = if web { write!(out, " <{url}>") } else { write!(out, " {}", escaped(url)) };
    }
    out.push('\n');
    if let Some(snippet) = &source.snippet {
        for line in snippet.lines() {
            let _ = writeln!(out, "   > {line}");
        }
    }
}

fn metadata(out: &mut String, json: &str) {
    if !json.is_empty() && json.trim() != "{}" {
        item(out, "Metadata", json);
    }
}

fn item(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "- {name}: {}", escaped(value));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn quote(out: &mut String, text: &str) {
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        out.push_str(if line.is_empty() { ">" } else { "> " });
        // A carriage return alone is the end of a line in Markdown as well.
        out.push_str(&line.replace('\r', "\n> "));
        out.push('\n');
    }
    out.push('\n');
}

/// In a quotation, fenced by more backticks than stand in a row in it.
fn code(out: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    quote(out, &format!("{fence}json\n{text}\n{fence}"));
}

/// One line in which nothing means anything but itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.push(' ');
        } else {
            if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped
}
