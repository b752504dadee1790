//! Finds a PostgreSQL: the one that was named, else the machine's own, else a download.

mod download;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::{Error, Options, layout::Layout};

const OLDEST_MAJOR: u32 = 14;
const VERSION_DEADLINE: Duration = Duration::from_secs(10);

/// Where packages put PostgreSQL without putting it on `PATH`; `*` stands for a version.
const USUAL_PLACES: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// `initdb` and `postgres` of one version.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    /// Binaries that fit the cluster in `layout`, or any recent ones when it has none yet.
    pub(crate) async fn find(options: &Options, layout: &Layout) -> Result<Self, Error> {
        let wanted = major_of_cluster(layout)?;
        if let Some(dir) = &options.bin {
            return named(dir, wanted, layout).await;
        }
        let downloads = download::directory(options, layout)?;
        let places = search_path()
            .chain(USUAL_PLACES.iter().flat_map(|pattern| versions(pattern)))
            .chain(versions(&format!("{}/*/bin", downloads.display())));
        for dir in places.filter(|dir| usable(dir, layout)) {
            match major(&dir).await {
                Some(major) if fits(major, wanted) => return Ok(Self { dir: resolved(dir), major }),
                major => tracing::debug!(dir = %dir.display(), ?major, "this PostgreSQL does not fit"),
            }
        }
        download::fetch(&downloads, wanted, layout, &options.progress).await
    }
}

async fn named(dir: &Path, wanted: Option<u32>, layout: &Layout) -> Result<Binaries, Error> {
    let unusable = |reason: String| Error::UnusableBinaries { dir: dir.to_path_buf(), reason };
    if !dir.join("initdb").is_file() || !dir.join("postgres").is_file() {
        return Err(unusable("has no initdb and postgres".to_owned()));
    }
    if !usable(dir, layout) {
        return Err(unusable("cannot be executed by the user that the server runs as".to_owned()));
    }
    match (major(dir).await, wanted) {
        (None, _) => Err(unusable("does not tell its version".to_owned())),
        (Some(major), wanted) if fits(major, wanted) => Ok(Binaries { dir: resolved(dir.to_path_buf()), major }),
        (Some(major), Some(wanted)) => Err(unusable(format!(
            "is PostgreSQL {major}, but {} was made by PostgreSQL {wanted}",
            layout.home.display()
        ))),
        (Some(major), None) => Err(unusable(format!("is PostgreSQL {major}, older than {OLDEST_MAJOR}"))),
    }
}

/// Where the links in `dir` lead, which is where the other programs of the same version are.
fn resolved(dir: PathBuf) -> PathBuf {
    let target = dir.join("postgres").canonicalize().ok();
    let target = target.as_deref().and_then(Path::parent).filter(|target| target.join("initdb").is_file());
    target.map(Path::to_path_buf).unwrap_or(dir)
}

fn fits(major: u32, wanted: Option<u32>) -> bool {
    wanted.map_or(major >= OLDEST_MAJOR, |wanted| major == wanted)
}

fn usable(dir: &Path, layout: &Layout) -> bool {
    ["initdb", "postgres"].into_iter().all(|name| {
        let program = dir.join(name);
        program.is_file() && layout.account.reaches(&program)
    })
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect::<Vec<_>>().into_iter()
}

/// The directories that match `pattern`, the newest version first.
fn versions(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            Some((version, PathBuf::from(format!("{parent}/{name}{after}"))))
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// What `postgres --version` says; it answers root as well.
async fn major(dir: &Path) -> Option<u32> {
    let mut command = Command::new(dir.join("postgres"));
    command.arg("--version").env_clear().kill_on_drop(true);
    let output = timeout(VERSION_DEADLINE, command.output()).await.ok()?.ok()?;
    major_in(&String::from_utf8_lossy(&output.stdout))
}

fn major_in(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

fn major_of_cluster(layout: &Layout) -> Result<Option<u32>, Error> {
    let path = layout.data().join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(version) => Ok(version.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("read {}", path.display()))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_postgres_prints() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_in("postgres (PostgreSQL) 17\n"), Some(17));
        assert_eq!(major_in("psql"), None);
    }

    #[test]
    fn the_newest_version_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "17", "14", "old"] {
            fs::create_dir_all(root.path().join(format!("pg-{version}/bin"))).unwrap();
        }
        let found = versions(&format!("{}/pg-*/bin", root.path().display()));
        let expected = [17, 14, 9].map(|version| root.path().join(format!("pg-{version}/bin")));
        assert_eq!(found, expected);
    }
}
