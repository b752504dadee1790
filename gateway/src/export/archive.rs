//! A ZIP archive of Markdown: what it is about, a file for each conversation, and at the end a list of how much it holds.

use std::io;

use chrono::{DateTime, Utc};
use proto::{
    auth::v1 as auth,
    history::v1::{self as history, export_user_response::Record},
};
use serde::Serialize;

use super::{
    file_name,
    markdown::{self, Page},
    zip::Zip,
};
use crate::resource::{Counts, User, optional_time};

/// An archive that is being written.
pub(super) struct Archive {
    user: Option<auth::User>,
    /// None when it is finished.
    zip: Option<Zip>,
    manifest: history::ExportManifest,
    conversations: usize,
    page: Page,
    text: String,
}

/// The last file.
#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    version: i32,
    generated_at: Option<String>,
    user: Option<User>,
    counts: Counts,
}

impl Archive {
    pub(super) fn new(user: auth::User, now: DateTime<Utc>) -> Self {
        Self {
            user: Some(user),
            zip: Some(Zip::new(now)),
            manifest: history::ExportManifest::default(),
            conversations: 0,
            page: Page::default(),
            text: String::new(),
        }
    }

    pub(super) fn write(&mut self, record: Record, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(zip) = &mut self.zip else { return Ok(()) };
        self.text.clear();
        match record {
            Record::Manifest(manifest) => {
                zip.begin("README.md".to_owned(), out)?;
                markdown::about(&manifest, self.user.as_ref(), &mut self.text);
                self.manifest = manifest;
            }
            Record::Conversation(conversation) => {
                self.conversations += 1;
                let (created_at, title) = (conversation.created_at.as_ref(), conversation.title.as_deref());
                zip.begin(file_name::markdown(created_at, title, self.conversations), out)?;
                self.page = Page::begin(&conversation, &mut self.text);
            }
            Record::Message(message) => self.page.message(&message, &mut self.text),
            // What a run says that its answer does not is for programs.
            Record::Run(_) => {}
            Record::Completed(completed) => return self.finish(completed, out),
        }
        zip.write(self.text.as_bytes(), out);
        Ok(())
    }

    fn finish(&mut self, completed: history::ExportCompleted, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(mut zip) = self.zip.take() else { return Ok(()) };
        let manifest = Manifest {
            format: "colloquy-export-markdown",
            version: self.manifest.format_version,
            generated_at: optional_time(self.manifest.generated_at.as_ref()),
            user: self.user.take().map(User::from),
            counts: completed.counts.unwrap_or_default().into(),
        };
        zip.begin("manifest.json".to_owned(), out)?;
        zip.write(&serde_json::to_vec_pretty(&manifest)?, out);
        zip.finish(out)
    }
}
