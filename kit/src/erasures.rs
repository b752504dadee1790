//! A file beside the database that remembers erasures, for the day when an older backup has forgotten them.
//!
//! Each line is the name of a schema, a keyed digest in hexadecimal digits, and when it was written. Lines are only ever
//! appended. Several processes may share a file; each reads the lines of its own schema.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context as _;

use crate::{config::Database, hex::hex};

/// A keyed hash of somebody who was erased.
pub type Digest = [u8; 32];

/// The file, as one schema sees it.
#[derive(Debug, Clone)]
pub struct ErasuresFile(Arc<Place>);

#[derive(Debug)]
struct Place {
    path: PathBuf,
    schema: &'static str,
}

impl ErasuresFile {
    /// The configured file, made unless it is there. None when none is configured.
    ///
    /// # Errors
    /// When it can be neither read and appended to nor made: an erasure that is not remembered must fail early.
    pub fn open(database: &Database, schema: &'static str) -> anyhow::Result<Option<Self>> {
        let Some(path) = &database.erasures_file else { return Ok(None) };
        make(path).with_context(|| format!("ERASURES_FILE {}", path.display()))?;
        Ok(Some(Self(Arc::new(Place { path: path.clone(), schema }))))
    }

    /// Every erasure in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self) -> anyhow::Result<BTreeSet<Digest>> {
        self.with(|place| {
            let mut file = opened(&place.path)?;
            file.lock_shared()?;
            place.read(&mut file)
        })
        .await
    }

    /// Adds those that are missing, and returns when they are on the disk.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn append(&self, digests: Vec<Digest>) -> anyhow::Result<()> {
        self.with(move |place| place.append(&digests)).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let place = Arc::clone(&self.0);
        let outcome = tokio::task::spawn_blocking(move || work(&place)).await?;
        outcome.with_context(|| format!("ERASURES_FILE {}", self.0.path.display()))
    }
}

impl Place {
    /// A line that cannot be read was torn when it was written: what it stood for was never confirmed.
    fn read(&self, file: &mut File) -> io::Result<BTreeSet<Digest>> {
        let mut text = String::new();
        file.rewind()?;
        file.read_to_string(&mut text)?;
        let mut digests = BTreeSet::new();
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = line.split_ascii_whitespace();
            let (Some(schema), digest) = (words.next(), words.next()) else { continue };
            match digest.and_then(parse) {
                Some(digest) if schema == self.schema => {
                    digests.insert(digest);
                }
                Some(_) => {}
                None => tracing::error!(line = number, "ERASURES_FILE has a line that cannot be read"),
            }
        }
        Ok(digests)
    }

    fn append(&self, digests: &[Digest]) -> io::Result<()> {
        let mut file = opened(&self.path)?;
        file.lock()?;
        let known = self.read(&mut file)?;
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        let missing = digests.iter().filter(|digest| !known.contains(*digest));
        let lines: Vec<_> = missing.map(|digest| format!("{} {} {now}\n", self.schema, hex(digest))).collect();
        let mut lines = lines.concat();
        if lines.is_empty() {
            return Ok(());
        }
        if ends_torn(&mut file)? {
            lines.insert(0, '\n');
        }
        file.write_all(lines.as_bytes())?;
        file.sync_all()
    }
}

/// The file can be opened ever after, also by a process that died right now.
fn make(path: &Path) -> io::Result<()> {
    opened(path)?.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

fn ends_torn(file: &mut File) -> io::Result<bool> {
    if file.seek(io::SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(io::SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn parse(text: &str) -> Option<Digest> {
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = |index: usize| u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.then(|| (0..32).map(byte).collect())?;
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, schema: &'static str) -> ErasuresFile {
        let database = Database { erasures_file: Some(path.to_owned()), ..Database::default() };
        ErasuresFile::open(&database, schema).unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_was_appended_is_read_once_and_by_its_own_schema_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erasures");
        let (history, auth) = (file(&path, "history"), file(&path, "auth"));
        history.append(vec![[1; 32], [2; 32]]).await.unwrap();
        history.append(vec![[2; 32], [0xfe; 32]]).await.unwrap();
        auth.append(vec![[1; 32]]).await.unwrap();
        assert_eq!(history.read().await.unwrap(), BTreeSet::from([[1; 32], [2; 32], [0xfe; 32]]));
        assert_eq!(auth.read().await.unwrap(), BTreeSet::from([[1; 32]]));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 4);
    }

    #[tokio::test]
    async fn a_torn_line_costs_nothing_but_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erasures");
        let history = file(&path, "history");
        history.append(vec![[1; 32]]).await.unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}history 0202")).unwrap();
        history.append(vec![[2; 32]]).await.unwrap();
        assert_eq!(history.read().await.unwrap(), BTreeSet::from([[1; 32], [2; 32]]));
    }

    #[test]
    fn a_file_that_cannot_be_is_refused_at_once() {
        let database = Database { erasures_file: Some("/nowhere/at/all".into()), ..Database::default() };
        let error = ErasuresFile::open(&database, "history").unwrap_err();
        assert_eq!(error.to_string(), "ERASURES_FILE /nowhere/at/all");
        assert!(ErasuresFile::open(&Database::default(), "history").unwrap().is_none());
    }
}
