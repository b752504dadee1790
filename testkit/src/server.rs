//! Servers that belong to a test.

use std::{
    io::{BufRead as _, BufReader, Read as _, Seek as _},
    panic::resume_unwind,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// A server on a port of this machine, which says `listening on …` once it does.
///
/// It ends with the value, and when the test binary dies: its standard input is then closed.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts what `command` makes; `needed` says what to install where it cannot be started.
    pub(crate) async fn start(command: impl FnOnce() -> Command + Send + 'static, needed: &'static str) -> Self {
        let starting = tokio::task::spawn_blocking(move || Self::spawn(&mut command(), needed));
        starting.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }

    fn spawn(command: &mut Command, needed: &str) -> Self {
        let mut log = tempfile::tempfile().expect("a file for what it says");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("a second handle"))
            .spawn()
            .expect(needed);
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        let port = line.trim_end().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let Some(port) = port else {
            let mut said = String::new();
            log.rewind().and_then(|()| log.read_to_string(&mut said)).expect("what it said");
            panic!("{command:?} did not start: {line}{said}");
        };
        Self { child, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sends a signal: `STOP` makes a server that accepts connections and never answers.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("a running process");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
