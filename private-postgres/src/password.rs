//! The superuser's password: made once, kept beside the cluster.

use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{Error, layout::Layout};

/// Reads the password; makes one if there is none, and no cluster yet that would have another.
pub(crate) fn load_or_create(layout: &Layout, cluster_exists: bool) -> Result<String, Error> {
    let path = layout.home.join("password");
    match fs::read_to_string(&path) {
        Ok(password) if !password.trim().is_empty() => return Ok(password.trim().to_owned()),
        Err(error) if cluster_exists || error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io(format!("read {}", path.display()))(error));
        }
        _ => {}
    }
    let password = random().map_err(Error::io("read /dev/urandom"))?;
    write_private(&path, &password)?;
    layout.account.give(&path)?;
    Ok(password)
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let staged = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::rename(&staged, path)
    };
    write().map_err(Error::io(format!("write {}", path.display())))
}

fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes any text");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_password_is_made_once_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::prepare(dir.path(), false).unwrap();
        let first = load_or_create(&layout, false).unwrap();
        assert_eq!(first.len(), 48);
        assert_eq!(load_or_create(&layout, true).unwrap(), first);
        let mode = fs::metadata(layout.home.join("password")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_lost_password_is_not_replaced_under_an_existing_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::prepare(dir.path(), false).unwrap();
        assert!(load_or_create(&layout, true).is_err());
    }
}
