//! Servers and other scripts in Node: installed below the target directory when the first test asks, and ended with their test.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Seek as _},
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use aws_lc_rs::digest::{SHA256, digest};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const NEEDED: &str = "these tests run real issuers and clients: install Node.js 20.19 or newer with npm \
                      (https://nodejs.org; what your system packages may be too old)";
/// The packages of a folder and the scripts that use them.
pub(crate) struct Folder {
    pub(crate) name: &'static str,
    pub(crate) lock_file: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) installed: OnceLock<PathBuf>,
}

static SERVERS: Folder = Folder {
    name: "testkit-node",
    lock_file: include_str!("../node/package-lock.json"),
    files: &[
        ("package.json", include_str!("../node/package.json")),
        (".npmrc", include_str!("../node/.npmrc")),
        ("owned.mjs", include_str!("../node/owned.mjs")),
        ("better-auth.mjs", include_str!("../node/better-auth.mjs")),
        ("oidc-provider.mjs", include_str!("../node/oidc-provider.mjs")),
    ],
    installed: OnceLock::new(),
};

/// A server in Node on a port of this machine.
///
/// It ends with the value, and when the test binary dies: its standard input is then closed.
#[derive(Debug)]
pub(crate) struct NodeServer {
    child: Child,
    port: u16,
}

impl NodeServer {
    /// Starts `script` with these options; `port` 0 takes a free one, which stays free while the server is down.
    pub(crate) async fn start(script: &'static str, mut options: Value, port: u16) -> Self {
        options["port"] = json!(port);
        let starting = tokio::task::spawn_blocking(move || Self::spawn(script, &options));
        starting.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }

    fn spawn(script: &str, options: &Value) -> Self {
        let mut log = tempfile::tempfile().expect("a file for what it says");
        let mut child = Command::new("node")
            .arg(script)
            .arg(options.to_string())
            .current_dir(SERVERS.installed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("a second handle"))
            .spawn()
            .expect(NEEDED);
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        let port = line.trim_end().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let Some(port) = port else {
            let mut said = String::new();
            log.rewind().and_then(|()| log.read_to_string(&mut said)).expect("what it said");
            panic!("{script} did not start: {line}{said}");
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

impl Drop for NodeServer {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Folder {
    /// Where it is. Other test binaries may be installing it at the same time.
    pub(crate) fn installed(&'static self) -> &'static Path {
        self.installed.get_or_init(|| {
            let folder = versioned(self.name, self.lock_file);
            let lock = File::create(folder.join(".lock")).expect("a lock file");
            lock.lock().expect("the turn of this process");
            for (name, content) in self.files.iter().chain([&("package-lock.json", self.lock_file)]) {
                write(&folder.join(name), content);
            }
            let complete = folder.join(".complete");
            if !complete.exists() {
                install(&folder);
                File::create(complete).expect("a mark");
            }
            folder
        })
    }
}

/// A folder below the target directory for exactly these packages.
pub(crate) fn versioned(name: &str, lock_file: &str) -> PathBuf {
    let version = digest(&SHA256, lock_file.as_bytes());
    let version = u32::from_be_bytes(version.as_ref()[..4].try_into().expect("four bytes"));
    let folder = target().join(format!("{name}-{version:08x}"));
    fs::create_dir_all(&folder).expect("a folder below the target directory");
    folder
}

/// Another process may be starting a server from the old file: replaced at once, or not at all.
pub(crate) fn write(path: &Path, content: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return;
    }
    let new = path.with_extension("new");
    fs::write(&new, content).and_then(|()| fs::rename(&new, path)).expect("a file below the target directory");
}

fn install(folder: &Path) {
    let version = Command::new("node").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&version);
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    assert!((numbers.next(), numbers.next()) >= (Some(20), Some(19)), "{NEEDED}; found: {:?}", version.trim_end());
    let npm = Command::new("npm").args(["ci", "--loglevel=error"]).current_dir(folder).output().expect(NEEDED);
    assert!(npm.status.success(), "npm ci failed in {}: {}", folder.display(), String::from_utf8_lossy(&npm.stderr));
}

/// The target directory, which Cargo marks for backup programs.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("the test binary");
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.expect("a test binary below a target directory").to_owned()
}
