//! A part that is written in TypeScript: its packages are installed and it is built when that has not been done for
//! these sources, by one stack at a time.

use std::{
    fs::{self, File, TryLockError},
    future::Future,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use aws_lc_rs::digest;
use kit::hex::hex;
use tokio::time::{Instant, interval_at, sleep};

use crate::{
    node::{self, Node},
    screen,
};

/// What is made from the sources, or tries them.
const NO_SOURCES: [&str; 4] = ["node_modules", "dist", "tests", "e2e"];
const PACKAGES: &str = "node_modules";
const BUILT: &str = "dist";
/// In a folder that is complete: what it was made from.
const MARK: &str = ".made-from";
const LOCK: &str = ".prepare.lock";
/// Between two lines about something that takes long.
const REASSURANCE: Duration = Duration::from_secs(15);

/// A folder of the source tree with a `package.json`.
#[derive(Debug)]
pub(crate) struct Project {
    name: &'static str,
    folder: PathBuf,
}

impl Project {
    /// None where the program runs without its sources.
    pub(crate) fn find(name: &'static str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(name);
        folder.join("package-lock.json").is_file().then_some(Self { name, folder })
    }

    #[cfg(test)]
    fn at(folder: &Path) -> Self {
        Self { name: "test", folder: folder.to_owned() }
    }

    /// Where what was built is.
    pub(crate) fn built(&self) -> PathBuf {
        self.folder.join(BUILT)
    }

    /// Installs and builds what is missing or older than its sources.
    pub(crate) async fn prepare(&self, node: &Node) -> anyhow::Result<()> {
        if self.is_ready(node)? {
            return Ok(());
        }
        let _turn = self.turn().await?;
        // Another stack may have done it meanwhile.
        if self.packages(node)? != self.mark(PACKAGES) {
            let what = format!("installing the packages of {}", self.name);
            // Where there is no network, that is soon known.
            let patience = ["--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000"];
            let npm = [&["ci", "--no-audit", "--no-fund", "--loglevel=error"], &patience[..]].concat();
            reassuring(&what, node::npm(&npm, &self.folder)).await?;
            self.set_mark(PACKAGES, &self.packages(node)?)?;
        }
        let sources = self.sources(node)?;
        if sources != self.mark(BUILT) {
            // A build that breaks off leaves neither the old nor the new.
            self.unmark(BUILT)?;
            reassuring(&format!("building {}", self.name), node::npm(&["run", "build"], &self.folder)).await?;
            // Whatever changed while it was built is built the next time.
            self.set_mark(BUILT, &sources)?;
        }
        Ok(())
    }

    fn is_ready(&self, node: &Node) -> anyhow::Result<bool> {
        Ok(self.packages(node)? == self.mark(PACKAGES) && self.sources(node)? == self.mark(BUILT))
    }

    /// Waits until no other stack installs into this folder. The turn ends with the value, or with this process.
    async fn turn(&self) -> anyhow::Result<File> {
        let path = self.folder.join(LOCK);
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if told => {}
                Err(TryLockError::WouldBlock) => {
                    screen::progress(&format!("waiting for another stack, which prepares {}", self.name));
                    told = true;
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("locking {}", path.display()));
                }
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What the packages are made from.
    fn packages(&self, node: &Node) -> anyhow::Result<String> {
        let lock = self.folder.join("package-lock.json");
        let lock = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
        let major = node.version.split('.').next().unwrap_or_default();
        Ok(digest_of([lock.as_slice(), major.as_bytes()]))
    }

    /// What the build is made from.
    fn sources(&self, node: &Node) -> anyhow::Result<String> {
        let mut files = Vec::new();
        collect(&self.folder, &mut files).with_context(|| format!("reading {}", self.folder.display()))?;
        files.sort();
        let mut parts = vec![self.packages(node)?.into_bytes()];
        for file in files {
            let name = file.strip_prefix(&self.folder).unwrap_or(&file);
            parts.push(name.as_os_str().as_encoded_bytes().to_vec());
            parts.push(fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
        }
        Ok(digest_of(parts.iter().map(Vec::as_slice)))
    }

    fn mark(&self, folder: &str) -> String {
        fs::read_to_string(self.folder.join(folder).join(MARK)).unwrap_or_default()
    }

    fn unmark(&self, folder: &str) -> anyhow::Result<()> {
        let path = self.folder.join(folder).join(MARK);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn set_mark(&self, folder: &str, made_from: &str) -> anyhow::Result<()> {
        let path = self.folder.join(folder).join(MARK);
        fs::write(&path, made_from).with_context(|| format!("writing {}", path.display()))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, kind, name) = entry.map(|entry| (entry.path(), entry.file_type(), entry.file_name()))?;
        let name = name.to_string_lossy();
        if name.starts_with('.') || NO_SOURCES.contains(&&*name) {
            continue;
        }
        match kind? {
            kind if kind.is_dir() => collect(&path, files)?,
            kind if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Of parts that cannot be confused with others that make the same text.
fn digest_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    hex(context.finish().as_ref())
}

/// Says what goes on, at the beginning and now and then.
async fn reassuring(what: &str, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    screen::progress(what);
    let began = Instant::now();
    let mut ticks = interval_at(began + REASSURANCE, REASSURANCE);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => screen::progress(&format!("still {what} ({} s)", began.elapsed().as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node { version: "v22.1.0".to_owned() }
    }

    /// A project whose build counts how often it ran, without any packages.
    fn project(folder: &Path) -> Project {
        let build = "mkdir -p dist && cat runs >> dist/runs && sleep 0.2";
        fs::write(folder.join("package.json"), format!(r#"{{"name":"t","scripts":{{"build":"{build}"}}}}"#)).unwrap();
        fs::write(folder.join("package-lock.json"), r#"{"name":"t","lockfileVersion":3,"packages":{"":{"name":"t"}}}"#)
            .unwrap();
        fs::write(folder.join("runs"), "x").unwrap();
        fs::create_dir_all(folder.join("node_modules")).unwrap();
        Project::at(folder)
    }

    #[tokio::test]
    async fn a_project_is_built_once_for_the_same_sources_however_many_want_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (project(folder.path()), Project::at(folder.path()));
        one.set_mark(PACKAGES, &one.packages(&node()).unwrap()).unwrap();
        let at = node();
        let (first, second) = tokio::join!(one.prepare(&at), other.prepare(&at));
        first.and(second).unwrap();
        one.prepare(&at).await.unwrap();
        let runs = || fs::read_to_string(folder.path().join("dist/runs")).unwrap();
        assert_eq!(runs(), "x");
        fs::write(folder.path().join("another.ts"), "").unwrap();
        one.prepare(&at).await.unwrap();
        assert_eq!(runs(), "xx");
    }

    #[tokio::test]
    async fn what_npm_says_about_a_failure_is_told_and_nothing_counts_as_built() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let broken = r#"{"name":"t","scripts":{"build":"echo the reason >&2; exit 3"}}"#;
        fs::write(folder.path().join("package.json"), broken).unwrap();
        project.set_mark(PACKAGES, &project.packages(&node()).unwrap()).unwrap();
        // It was built once, from other sources.
        fs::create_dir_all(project.built()).unwrap();
        project.set_mark(BUILT, "others").unwrap();
        let error = project.prepare(&node()).await.unwrap_err().to_string();
        assert!(error.contains("npm run build") && error.contains("the reason"), "{error}");
        assert!(!project.is_ready(&node()).unwrap());
        assert_eq!(project.mark(BUILT), "", "what is there may be half of each");
    }
}
