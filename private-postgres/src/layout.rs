//! Where things lie: everything is in `postgres` beneath the data directory.

use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use crate::{Error, account::Account};

/// The descriptor number under which the guard passes `home` on to the server.
const HOME_DESCRIPTOR: &str = "/proc/self/fd/3";

/// The longest path of a socket that every system takes (macOS: 103, Linux: 107).
const SOCKET_PATH_LIMIT: usize = 103;

/// The cluster's directory and how the server gets there.
///
/// As root the server runs as a user who may not be able to pass the directories above, so it inherits `home`
/// as an open descriptor: a path through `/proc/self/fd` asks for no permission on what lies above.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) home: PathBuf,
    pub(crate) account: Account,
    /// The directory above, if it was not there before.
    pub(crate) created: Option<PathBuf>,
    descriptor: Option<File>,
}

impl Layout {
    /// Creates what is missing around the cluster, not the cluster itself.
    pub(crate) fn prepare(dir: &Path, temporary: bool) -> Result<Self, Error> {
        let is_new = !dir.exists();
        create_private(dir)?;
        let home = dir.canonicalize().map_err(Error::io(format!("find {}", dir.display())))?.join("postgres");
        let account = Account::choose(&home)?;
        create_private(&home)?;
        if temporary {
            // Whoever owns a directory may remove what is in it, which is left to the guard.
            account.give(&home)?;
            if is_new {
                account.give(dir)?;
            }
        } else if let Account::Unprivileged { gid, .. } = account {
            admit(&home, gid)?;
        }
        let inherited = cfg!(target_os = "linux") && account != Account::Caller;
        let descriptor =
            inherited.then(|| File::open(&home).map_err(Error::io(format!("open {}", home.display())))).transpose()?;
        let created = home.parent().filter(|_| is_new).map(Path::to_path_buf);
        Ok(Self { home, account, created, descriptor })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// What the guard inherits besides its pipe and the log.
    pub(crate) fn descriptor(&self) -> Option<&File> {
        self.descriptor.as_ref()
    }

    /// `home` as `initdb`, `postgres` and the guard name it.
    pub(crate) fn home_of_server(&self) -> &Path {
        match self.descriptor {
            Some(_) => Path::new(HOME_DESCRIPTOR),
            None => &self.home,
        }
    }

    /// Undoes [`Layout::prepare`] and everything since.
    pub(crate) fn remove_all(&self) -> Result<(), Error> {
        remove(&self.home)?;
        if let Some(dir) = &self.created {
            // Whatever else came to lie in it stays, and the directory with it.
            let _ = fs::remove_dir(dir);
        }
        Ok(())
    }

    /// An empty directory of the server's user.
    pub(crate) fn create_for_server(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.home.join(name);
        remove(&path)?;
        create_private(&path)?;
        self.account.give(&path)?;
        Ok(path)
    }

    /// The directory of the unix socket: `None` where there is no safe one with a path that is short enough.
    pub(crate) fn socket(&self) -> Result<Option<Socket>, Error> {
        let inside = self.create_for_server("socket")?;
        if fits(&inside) {
            return Ok(Some(Socket { server: self.home_of_server().join("socket"), client: inside, outside: None }));
        }
        // The name is the same at every start, so that a killed owner leaves at most one.
        let home = fs::metadata(&self.home).map_err(Error::io(format!("read {}", self.home.display())))?;
        let outside = Path::new("/tmp").join(format!("postgres-{:x}-{:x}", home.dev(), home.ino()));
        let owner = match self.account {
            Account::Caller => rustix::process::geteuid().as_raw(),
            Account::Unprivileged { uid, .. } => uid,
        };
        match fs::symlink_metadata(&outside) {
            Ok(found) if found.is_dir() && found.uid() == owner => remove(&outside)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            // Someone else made it first, perhaps to catch our connections.
            _ => return Ok(None),
        }
        if DirBuilder::new().mode(0o700).create(&outside).is_err() {
            return Ok(None);
        }
        self.account.give(&outside)?;
        Ok(Some(Socket { server: outside.clone(), client: outside.clone(), outside: Some(outside) }))
    }
}

/// Where the server listens and its clients connect.
#[derive(Debug)]
pub(crate) struct Socket {
    /// As the server names the directory.
    pub(crate) server: PathBuf,
    /// As clients name it.
    pub(crate) client: PathBuf,
    /// A directory outside the cluster, to be removed after use.
    pub(crate) outside: Option<PathBuf>,
}

fn fits(dir: &Path) -> bool {
    dir.to_str().is_some_and(|dir| dir.len() + "/.s.PGSQL.65535".len() <= SOCKET_PATH_LIMIT)
}

fn create_private(dir: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::io(format!("create {}", dir.display())))
}

/// Lets the server's group pass through a directory of root.
fn admit(home: &Path, gid: u32) -> Result<(), Error> {
    let action = || format!("open {} to group {gid}", home.display());
    if fs::metadata(home).map_err(Error::io(action()))?.uid() != 0 {
        return Ok(());
    }
    chown(home, None, Some(gid))
        .and_then(|()| fs::set_permissions(home, fs::Permissions::from_mode(0o710)))
        .map_err(Error::io(action()))
}

/// Removes a directory with all its contents, if there is one.
pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}", dir.display()))(error))
        }
        _ => Ok(()),
    }
}
