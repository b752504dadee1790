//! Servers that outlived their owner: found by the directory that they work in, and stopped.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, path::Path, process::Command, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::{Error, Step, layout::Layout, options::Progress};

/// Each signal and how long it may take: an orderly stop writes everything out first.
const SIGNALS: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(20)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// Stops every server process of the cluster and clears what a killed one leaves behind.
pub(crate) async fn stop(layout: &Layout, progress: &Progress) -> Result<(), Error> {
    let data = layout.data();
    if !data.exists() {
        return Ok(());
    }
    for (signal, patience) in SIGNALS {
        let processes = processes(&data);
        let Some(first) = processes.first().copied() else {
            break;
        };
        let postmaster = postmaster(&data).filter(|pid| processes.contains(pid));
        let pid = postmaster.unwrap_or(first);
        let receivers = if signal == Signal::INT {
            progress(Step::StoppingLeftover { pid });
            // To a backend it only means that its query is cancelled; it leaves with its postmaster.
            postmaster.into_iter().collect()
        } else {
            processes
        };
        for pid in receivers {
            send(pid, signal);
        }
        if !gone(&data, patience).await && signal == Signal::KILL {
            return Err(Error::Unstoppable { pid });
        }
    }
    // Its process id may belong to another program by now, which PostgreSQL would take for itself.
    match fs::remove_file(data.join("postmaster.pid")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}/postmaster.pid", data.display()))(error))
        }
        _ => Ok(()),
    }
}

async fn gone(data: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while !processes(data).is_empty() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(Duration::from_millis(30)).await;
    }
    true
}

fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
        tracing::debug!(%error, "a PostgreSQL process was gone before its signal");
    }
}

/// The process id in `postmaster.pid`, which may be stale.
fn postmaster(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// The server processes that work in `data`.
fn processes(data: &Path) -> BTreeSet<u32> {
    match fs::read_dir("/proc/self").and_then(|_| fs::read_dir("/proc")) {
        Ok(proc) => proc
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| works_in(*pid, data))
            .collect(),
        Err(_) => postmaster(data).filter(|pid| is_named_by_ps(*pid, data)).into_iter().collect(),
    }
}

/// By device and inode, for the server may know the directory by another path.
fn works_in(pid: u32, data: &Path) -> bool {
    let proc = Path::new("/proc").join(pid.to_string());
    let is_server =
        fs::read_to_string(proc.join("comm")).is_ok_and(|name| matches!(name.trim_end(), "postgres" | "postmaster"));
    let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    is_server && matches!((identity(&proc.join("cwd")), identity(data)), (Ok(a), Ok(b)) if a == b)
}

/// Where there is no `/proc`: the postmaster alone, by its command line.
fn is_named_by_ps(pid: u32, data: &Path) -> bool {
    Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().is_ok_and(|output| {
        let command = String::from_utf8_lossy(&output.stdout);
        command.contains("postgres") && command.contains(&*data.to_string_lossy())
    })
}
