//! Makes a new cluster: aside first, moved into place when it is whole.

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

/// Not every system has the first.
const LOCALES: [&str; 2] = ["--locale=C.UTF-8", "--no-locale"];

/// Creates the cluster that `layout` lacks, whose superuser `postgres` has `password`.
pub(crate) async fn create(
    layout: &Layout,
    binaries: &Binaries,
    log: &Log,
    password: &str,
    temporary: bool,
) -> Result<(), Error> {
    let start = log.len();
    for locale in LOCALES {
        let staging = layout.create_for_server("new")?;
        write_private(&staging.join("password"), password)?;
        layout.account.give(&staging.join("password"))?;
        let job = Job {
            program: binaries.dir.join("initdb"),
            arguments: arguments(layout, locale, temporary),
            temporary: false,
            socket: None,
        };
        let mut guard = Guard::spawn(layout, log, job)?;
        let Ok(status) = timeout(DEADLINE, guard.ended()).await else {
            guard.stop().await;
            return Err(Error::Timeout {
                what: "creating the database cluster".to_owned(),
                seconds: DEADLINE.as_secs(),
                log: log.tail(start),
            });
        };
        if status?.success() {
            let data = layout.data();
            fs::rename(staging.join("data"), &data).map_err(Error::io(format!("create {}", data.display())))?;
            return remove(&staging);
        }
        if !log.tail(start).contains("invalid locale") {
            break;
        }
    }
    Err(Error::Create { log: log.tail(start) })
}

fn arguments(layout: &Layout, locale: &str, temporary: bool) -> Vec<OsString> {
    let staging = layout.home_of_server().join("new");
    let mut password = OsString::from("--pwfile=");
    password.push(staging.join("password"));
    let mut arguments = vec![OsString::from("--pgdata"), staging.join("data").into(), password];
    arguments.extend(
        [
            "--username=postgres",
            "--encoding=UTF8",
            locale,
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--no-instructions",
        ]
        .map(OsString::from),
    );
    if temporary {
        arguments.push("--no-sync".into());
    }
    arguments
}
