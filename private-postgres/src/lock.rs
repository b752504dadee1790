//! One owner for each cluster. The kernel releases the lock of a process that dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write as _,
};

use crate::{Error, layout::Layout};

/// Held as long as the cluster is owned.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of the cluster, or says who has it.
    pub(crate) fn acquire(layout: &Layout) -> Result<Self, Error> {
        let path = layout.home.join("lock");
        let action = || format!("lock {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io(action()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse {
                    dir: layout.home.clone(),
                    pid: std::fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(action())(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(Error::io(action()))?;
        layout.account.give(&path)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    /// Closing would not do: a child between fork and exec still holds a copy of the descriptor.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of the PostgreSQL cluster was not released");
        }
    }
}
