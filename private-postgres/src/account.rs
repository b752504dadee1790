//! Who runs the server: PostgreSQL refuses root, so as root somebody else does.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use crate::Error;

/// The user that `initdb` and `postgres` run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The user of this process.
    Caller,
    /// This process is root and switches.
    Unprivileged { uid: u32, gid: u32 },
}

impl Account {
    /// The owner of an existing cluster, so that it stays usable for them; otherwise the caller or, as
    /// root, `postgres` or `nobody`.
    pub(crate) fn choose(home: &Path) -> Result<Self, Error> {
        let root = rustix::process::geteuid().is_root();
        for path in [home.to_path_buf(), home.join("data")] {
            let owner = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(closed(home, error)),
            };
            let (uid, gid) = (owner.uid(), owner.gid());
            if !root && uid != rustix::process::geteuid().as_raw() {
                return Err(Error::ForeignOwner { dir: home.to_path_buf(), owner: uid });
            }
            if root && uid != 0 {
                return Ok(Self::Unprivileged { uid, gid });
            }
        }
        if !root {
            return Ok(Self::Caller);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(Error::io("read /etc/passwd"))?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| ids(&passwd, name))
            .map(|(uid, gid)| Self::Unprivileged { uid, gid })
            .ok_or(Error::NoAccount)
    }

    /// Gives `path` to the user.
    pub(crate) fn give(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Caller => Ok(()),
            Self::Unprivileged { uid, gid } => {
                chown(path, Some(uid), Some(gid)).map_err(Error::io(format!("give {} to user {uid}", path.display())))
            }
        }
    }

    /// Whether the user can execute `path`: permission bits only, on the path and all directories above it.
    pub(crate) fn reaches(self, path: &Path) -> bool {
        let Self::Unprivileged { uid, gid } = self else {
            return true;
        };
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        path.ancestors().all(|path| {
            fs::metadata(path).is_ok_and(|metadata| {
                let execute = match &metadata {
                    metadata if metadata.uid() == uid => 0o100,
                    metadata if metadata.gid() == gid => 0o010,
                    _ => 0o001,
                };
                metadata.permissions().mode() & execute != 0
            })
        })
    }
}

/// What to say when not even the existence of a cluster can be seen.
fn closed(home: &Path, error: io::Error) -> Error {
    match home.parent().and_then(|dir| Some((dir, fs::metadata(dir).ok()?.uid()))) {
        Some((dir, owner)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Error::ForeignOwner { dir: dir.to_path_buf(), owner }
        }
        _ => Error::io(format!("read {}", home.display()))(error),
    }
}

fn ids(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (user, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (user == name).then(|| Some((uid.parse().ok()?, gid.parse().ok()?))).flatten().filter(|(uid, _)| *uid != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines_are_found_by_exact_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7::/:\npostgres:x:101:104:,,,:/var:/bin/sh\n";
        assert_eq!(ids(passwd, "postgres"), Some((101, 104)));
        assert_eq!(ids(passwd, "nobody"), None);
        assert_eq!(ids(passwd, "root"), None);
    }

    #[test]
    fn a_directory_above_that_is_closed_to_others_is_out_of_reach() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account::Unprivileged { uid: u32::MAX - 1, gid: u32::MAX - 1 };
        assert!(stranger.reaches(Path::new("/bin/sh")));
        assert!(!stranger.reaches(closed.path()));
        assert!(Account::Caller.reaches(closed.path()));
    }
}
