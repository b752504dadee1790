//! One JSON object a line. Documents that clients and agents gave stand there byte by byte, but for line breaks between
//! their tokens, which become spaces.

use aws_lc_rs::digest::{Context, SHA256};
use kit::hex::hex;
use proto::{
    auth::v1 as auth,
    history::v1::{self as history, TitleSource, export_user_response::Record},
};
use serde::Serialize;

use crate::resource::{Conversation, Counts, Message, Run, User, optional_time};

/// The lines so far, as much as the last one has to say about them.
pub(super) struct Lines {
    user: Option<auth::User>,
    digest: Context,
}

#[derive(Serialize)]
struct Line<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    record: T,
}

#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    version: i32,
    generated_at: Option<String>,
    user_id: String,
}

/// With what REST has no word for elsewhere.
#[derive(Serialize)]
struct WholeConversation {
    #[serde(flatten)]
    conversation: Conversation,
    title_source: Option<&'static str>,
}

#[derive(Serialize)]
struct WholeRun {
    #[serde(flatten)]
    run: Run,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
struct Completed {
    counts: Counts,
    sha256: String,
}

#[derive(Serialize)]
struct Failed {
    code: &'static str,
    detail: &'static str,
}

impl Lines {
    pub(super) fn new(user: auth::User) -> Self {
        Self { user: Some(user), digest: Context::new(&SHA256) }
    }

    pub(super) fn write(&mut self, record: Record, out: &mut Vec<u8>) {
        match record {
            Record::Manifest(manifest) => {
                let history::ExportManifest { format_version, user_id, generated_at } = manifest;
                let generated_at = optional_time(generated_at.as_ref());
                let manifest = Manifest { format: "colloquy-export", version: format_version, generated_at, user_id };
                self.line("manifest", manifest, out);
                if let Some(user) = self.user.take() {
                    self.line("user", User::from(user), out);
                }
            }
            Record::Conversation(conversation) => {
                let title_source = title_source(conversation.title_source());
                let conversation = WholeConversation { conversation: conversation.into(), title_source };
                self.line("conversation", conversation, out);
            }
            Record::Message(message) => self.line("message", Message::from(message), out),
            Record::Run(history::ExportedRun { run, request_id }) => {
                let run = WholeRun { run: run.unwrap_or_default().into(), idempotency_key: request_id };
                self.line("run", run, out);
            }
            Record::Completed(history::ExportCompleted { counts }) => {
                let counts = counts.unwrap_or_default().into();
                let digest = self.digest.clone().finish();
                let sha256 = hex(digest.as_ref());
                self.line("completed", Completed { counts, sha256 }, out);
            }
        }
    }

    /// The last line of a file that is cut.
    pub(super) fn fail(&mut self, out: &mut Vec<u8>) {
        let detail = "the export could not be finished: this file is not whole";
        self.line("error", Failed { code: "export_incomplete", detail }, out);
    }

    fn line<T: Serialize>(&mut self, kind: &'static str, record: T, out: &mut Vec<u8>) {
        let begin = out.len();
        serde_json::to_writer(&mut *out, &Line { kind, record }).expect("strings and numbers are JSON");
        for byte in &mut out[begin..] {
            // Raw ones stand between tokens of stored documents only; in strings they are escaped.
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        out.push(b'\n');
        self.digest.update(&out[begin..]);
    }
}

fn title_source(source: TitleSource) -> Option<&'static str> {
    match source {
        TitleSource::Unspecified => None,
        TitleSource::FirstLine => Some("first_line"),
        TitleSource::Agent => Some("agent"),
        TitleSource::User => Some("user"),
    }
}
