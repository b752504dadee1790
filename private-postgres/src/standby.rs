//! A copy of another cluster, which follows it.

use std::{ffi::OsString, fs, time::Duration};

use tokio::time::timeout;

use crate::{
    Error,
    binaries::Binaries,
    guard::{Guard, Job},
    layout::{Layout, remove},
    log::Log,
    password::write_private,
};

const DEADLINE: Duration = Duration::from_mins(3);
/// Holds the password of the primary; the standby needs it as long as it lives.
const PASSWORDS: &str = "primary";

/// The server that is copied and followed.
#[derive(Debug)]
pub(crate) struct Primary {
    pub(crate) port: u16,
    pub(crate) superuser: &'static str,
    pub(crate) password: String,
}

/// Makes the cluster that `layout` lacks from a copy of `primary`.
pub(crate) async fn create(layout: &Layout, binaries: &Binaries, log: &Log, primary: &Primary) -> Result<(), Error> {
    let start = log.len();
    let Primary { port, superuser, password } = primary;
    let passwords = layout.home.join(PASSWORDS);
    write_private(&passwords, &format!("127.0.0.1:{port}:*:{superuser}:{password}"))?;
    layout.account.give(&passwords)?;
    let staging = layout.create_for_server("new")?;
    let home = layout.home_of_server();
    let mut source = OsString::from(format!("--dbname=host=127.0.0.1 port={port} user={superuser} passfile="));
    source.push(home.join(PASSWORDS));
    let mut target = OsString::from("--pgdata=");
    target.push(home.join("new").join("data"));
    let job = Job {
        program: binaries.dir.join("pg_basebackup"),
        arguments: vec![
            source,
            target,
            "--no-password".into(),
            "--checkpoint=fast".into(),
            "--wal-method=stream".into(),
            "--write-recovery-conf".into(),
            "--no-sync".into(),
        ],
        temporary: false,
        socket: None,
    };
    let mut guard = Guard::spawn(layout, log, job)?;
    let Ok(status) = timeout(DEADLINE, guard.ended()).await else {
        guard.stop().await;
        return Err(Error::Timeout {
            what: "copying the database cluster".to_owned(),
            seconds: DEADLINE.as_secs(),
            log: log.tail(start),
        });
    };
    if !status?.success() {
        return Err(Error::Create { log: log.tail(start) });
    }
    let data = layout.data();
    fs::rename(staging.join("data"), &data).map_err(Error::io(format!("create {}", data.display())))?;
    remove(&staging)
}
