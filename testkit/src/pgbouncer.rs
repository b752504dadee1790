//! PgBouncer in transaction mode, in front of a test's database.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
};

use secrecy::SecretString;
use tempfile::TempDir;

use crate::{
    port::free_address,
    postgres::{PASSWORD, TestDatabase, server_port},
};

const NEEDED: &str = "these tests run PgBouncer: install it (on Debian: apt-get install pgbouncer)";
/// Where packages put it; not everybody's `PATH` names these.
const USUAL_PLACES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
/// How often another free port is tried when somebody took the one just chosen.
const ATTEMPTS: usize = 5;
/// Ends the pooler with its input, which the kernel closes however this process ends.
const GUARD: &str = r#""$@" </dev/null & exec 2>&-; read -r _; kill -s KILL "$!"; wait"#;

/// A pooler whose clients share a few connections to the server. It ends with the value, or with the test binary.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    guard: Child,
    life: Option<ChildStdin>,
    _folder: TempDir,
}

impl PgBouncer {
    /// A pooler that opens so many connections for each user and database.
    ///
    /// # Panics
    /// When there is no PgBouncer, or it does not start.
    pub fn start(server_connections: usize) -> Self {
        let attempt = |_| Self::attempt(server_connections);
        (0..ATTEMPTS).find_map(attempt).expect("a port that stays free for a moment")
    }

    /// Whether this version knows which client prepared what, and lets clients keep prepared statements.
    ///
    /// # Panics
    /// When there is no PgBouncer.
    pub fn tracks_prepared_statements() -> bool {
        let version = Command::new(program()).arg("--version").output().expect(NEEDED);
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let number = version.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
        let mut numbers = number.split('.').map_while(|number| number.parse::<u32>().ok());
        (numbers.next(), numbers.next()) >= (Some(1), Some(21))
    }

    /// The same database as the service, through the pooler.
    pub fn service_url(&self, database: &TestDatabase) -> SecretString {
        let (role, name) = (kit::database::SERVICE_ROLE, database.name());
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/{name}?sslmode=disable", self.port).into()
    }

    fn attempt(server_connections: usize) -> Option<Self> {
        let port = free_address().port();
        let folder = TempDir::new().expect("a folder");
        let users = folder.path().join("users");
        fs::write(&users, format!("\"{}\" \"{PASSWORD}\"\n", kit::database::SERVICE_ROLE)).expect("a file");
        let prepared = if Self::tracks_prepared_statements() { "max_prepared_statements = 200" } else { "" };
        let configuration = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={server}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = trust\n\
             auth_file = {users}\n\
             pool_mode = transaction\n\
             default_pool_size = {server_connections}\n\
             max_client_conn = 500\n\
             {prepared}\n",
            server = server_port(),
            users = users.display(),
        );
        fs::write(&configuration, text).expect("a file");
        // It gives up being root before it reads the users.
        for (path, mode) in [(folder.path(), 0o755), (&users, 0o644)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARD, "guard"]).arg(program());
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let guard = command.arg(&configuration).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut guard = guard.spawn().expect("a shell");
        let life = guard.stdin.take();
        let said = guard.stderr.take().expect("a pipe");
        let (sender, started) = mpsc::channel();
        thread::spawn(move || {
            // Read to the end, or it would wait for us some day.
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let pooler = Self { port, guard, life, _folder: folder };
        let said = until(&started, "process up");
        if said.iter().any(|line| line.contains("Address already in use")) {
            return None;
        }
        assert!(said.last().is_some_and(|line| line.contains("process up")), "{NEEDED}; it said {said:#?}");
        Some(pooler)
    }
}

/// What it says until this, or until its end.
fn until(said: &mpsc::Receiver<String>, word: &str) -> Vec<String> {
    let mut lines = Vec::new();
    while let Ok(line) = said.recv() {
        let found = line.contains(word) || line.contains("FATAL");
        lines.push(line);
        if found {
            break;
        }
    }
    lines
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.life.take());
        let _ = self.guard.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(USUAL_PLACES.map(PathBuf::from));
    places.map(|place| place.join("pgbouncer")).find(|program| program.is_file()).expect(NEEDED)
}
