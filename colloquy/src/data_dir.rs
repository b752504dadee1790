//! Writing into the directory of a stack, which is its owner's alone.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::Context as _;

/// Makes the directory unless it is there.
pub(crate) fn create(path: &Path) -> anyhow::Result<()> {
    let mut directory = fs::DirBuilder::new();
    directory.recursive(true).mode(0o700).create(path).with_context(|| format!("creating {}", path.display()))
}

/// Writes it whole or not at all, for the owner alone.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
