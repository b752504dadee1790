//! What others have published, as tests need it: installed below the target directory when the first test asks.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use aws_lc_rs::digest::{SHA256, digest};

/// Programs with everything they need.
#[derive(Debug)]
pub(crate) struct Installation {
    name: &'static str,
    /// What names all versions: where it changes, all is installed anew.
    lock: &'static str,
    files: &'static [(&'static str, &'static str)],
    install: fn(&Path),
    folder: OnceLock<PathBuf>,
}

impl Installation {
    pub(crate) const fn new(
        name: &'static str,
        lock: &'static str,
        files: &'static [(&'static str, &'static str)],
        install: fn(&Path),
    ) -> Self {
        Self { name, lock, files, install, folder: OnceLock::new() }
    }

    /// The folder with all of it. Other test binaries may be installing it at the same time.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.get_or_init(|| {
            let version = digest(&SHA256, self.lock.as_bytes());
            let version = u32::from_be_bytes(version.as_ref()[..4].try_into().expect("four bytes"));
            let folder = target().join(format!("testkit-{}-{version:08x}", self.name));
            fs::create_dir_all(&folder).expect("a folder below the target directory");
            let lock = File::create(folder.join(".lock")).expect("a lock file");
            lock.lock().expect("the turn of this process");
            for (name, content) in self.files {
                write(&folder.join(name), content);
            }
            let complete = folder.join(".complete");
            if !complete.exists() {
                (self.install)(&folder);
                File::create(complete).expect("a mark");
            }
            folder
        })
    }
}

/// Another process may be starting a server from the old file: replaced at once, or not at all.
fn write(path: &Path, content: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return;
    }
    let new = path.with_extension("new");
    fs::write(&new, content).and_then(|()| fs::rename(&new, path)).expect("a file below the target directory");
}

/// The target directory, which Cargo marks for backup programs.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("the test binary");
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.expect("a test binary below a target directory").to_owned()
}
