//! The log of `initdb` and the server: one file for this run, one for the run before.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{Error, layout::Layout};

const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 16 * 1024;

/// An open log.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Starts a new log and keeps the previous one as `server.log.old`.
    pub(crate) fn create(layout: &Layout) -> Result<Self, Error> {
        let path = layout.home.join("server.log");
        if path.exists() {
            fs::rename(&path, layout.home.join("server.log.old"))
                .map_err(Error::io(format!("rename {}", path.display())))?;
        }
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io(format!("create {}", path.display())))?;
        layout.account.give(&path)?;
        Ok(Self { path, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For a child to write to.
    pub(crate) fn writer(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(Error::io(format!("open {}", self.path.display())))
    }

    /// How much was written so far.
    pub(crate) fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// The last lines written after `start`; for messages, so trouble with reading is told in place.
    pub(crate) fn tail(&self, start: u64) -> String {
        match self.read(start.max(self.len().saturating_sub(TAIL_BYTES))) {
            Ok(text) => {
                let lines: Vec<_> = text.lines().collect();
                lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
            }
            Err(error) => format!("({} cannot be read: {error})", self.path.display()),
        }
    }

    fn read(&self, start: u64) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
