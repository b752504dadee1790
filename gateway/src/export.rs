//! An export as a file: records of the history in, bytes out, a piece at a time and only as fast as the client reads.
//!
//! What cannot be finished never looks finished: the body ends with an error, which breaks the connection off.

use std::{io, time::Duration};

use axum::body::{Body, Bytes};
use chrono::{DateTime, Utc};
use futures_util::stream;
use proto::{
    auth::v1::User,
    history::v1::{ExportUserResponse, export_user_response::Record},
};
use tokio::time::timeout;
use tonic::Streaming;

mod archive;
mod file_name;
mod markdown;
mod ndjson;
mod zip;

use self::{archive::Archive, ndjson::Lines};

/// How much is gathered before it is sent.
const PIECE: usize = 32 * 1024;
/// How long the history may take for one batch; longer than its own deadline.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the file is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    /// Everything, for programs.
    Ndjson,
    /// A file for each conversation, for people.
    Markdown,
}

impl Format {
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Markdown => "application/zip",
        }
    }

    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Markdown => "zip",
        }
    }
}

/// The file of these records.
pub(crate) fn body(format: Format, user: User, records: Streaming<ExportUserResponse>, now: DateTime<Utc>) -> Body {
    let encoder = match format {
        Format::Ndjson => Encoder::Ndjson(Lines::new(user)),
        Format::Markdown => Encoder::Markdown(Archive::new(user, now)),
    };
    let writing = Writing { encoder, records, state: State::Going };
    Body::from_stream(stream::unfold(writing, async |mut writing| Some((writing.piece().await?, writing))))
}

enum Encoder {
    Ndjson(Lines),
    Markdown(Archive),
}

impl Encoder {
    fn write(&mut self, record: Record, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Ndjson(lines) => {
                lines.write(record, out);
                Ok(())
            }
            Self::Markdown(archive) => archive.write(record, out),
        }
    }

    fn fail(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson(lines) => lines.fail(out),
            // A ZIP archive without its directory cannot be opened.
            Self::Markdown(_) => {}
        }
    }
}

struct Writing {
    encoder: Encoder,
    records: Streaming<ExportUserResponse>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Going,
    /// The last words were said; the body is still to be broken off.
    Failed,
    Over,
}

impl Writing {
    /// The next piece of the file.
    async fn piece(&mut self) -> Option<io::Result<Bytes>> {
        match self.state {
            State::Going => {}
            State::Failed => {
                self.state = State::Over;
                return Some(Err(io::Error::other("the export could not be finished")));
            }
            State::Over => return None,
        }
        let mut out = Vec::with_capacity(PIECE);
        while out.len() < PIECE && self.state == State::Going {
            if let Err(error) = self.step(&mut out).await {
                tracing::warn!(error = format!("{error:#}"), "an export was broken off");
                self.encoder.fail(&mut out);
                self.state = State::Failed;
            }
        }
        Some(Ok(out.into()))
    }

    async fn step(&mut self, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let Some(told) = timeout(PATIENCE, self.records.message()).await?? else {
            anyhow::bail!("the history's export ended without a word");
        };
        // A kind of record that we do not know yet: an older gateway beside a newer history.
        let Some(record) = told.record else { anyhow::bail!("the history told something unknown") };
        let completed = matches!(record, Record::Completed(_));
        self.encoder.write(record, out)?;
        if completed {
            self.state = State::Over;
        }
        Ok(())
    }
}
