//! Servers and other scripts in Node: installed below the target directory when the first test asks, and ended with their test.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::server::Server;

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

/// AIMock, and an agent on the AI SDK.
static AGENTS: Folder = Folder {
    name: "testkit-agents",
    lock_file: include_str!("../agents/package-lock.json"),
    files: &[
        ("package.json", include_str!("../agents/package.json")),
        (".npmrc", include_str!("../agents/.npmrc")),
        ("owned.mjs", include_str!("../node/owned.mjs")),
        ("aimock.mjs", include_str!("../agents/aimock.mjs")),
        ("ai-sdk.mjs", include_str!("../agents/ai-sdk.mjs")),
    ],
    installed: OnceLock::new(),
};

/// Starts a script with these options; `port` 0 takes a free one, which stays free while the server is down.
pub(crate) async fn start(script: &'static str, options: Value, port: u16) -> Server {
    start_in(&SERVERS, script, options, port).await
}

/// Starts an agent's script.
pub(crate) async fn start_agent(script: &'static str) -> Server {
    start_in(&AGENTS, script, json!({}), 0).await
}

async fn start_in(folder: &'static Folder, script: &'static str, mut options: Value, port: u16) -> Server {
    options["port"] = json!(port);
    let command = move || {
        let mut command = Command::new("node");
        command.arg(script).arg(options.to_string()).current_dir(folder.installed());
        command
    };
    Server::start(command, NEEDED).await
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
