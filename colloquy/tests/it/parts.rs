//! The services as processes of their own, over a cluster and beside an agent of the test's: each can be killed, paused
//! and started again, and two gateways share one history.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use clap::Parser;
use kit::{
    database::{OWNER_ROLE, SERVICE_ROLE, provision},
    reload,
    server::Listeners,
    shutdown,
};
use private_postgres::{Cluster, Options};
use reqwest::{Client, Method, RequestBuilder, Response, header::AUTHORIZATION};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{
    agent::{FakeAgent, Reply},
    free_address,
    issuer::Issuer,
};
use tokio::{net::TcpListener, time::Instant};

use crate::stack::{eventually, signal};

const KEY: &str = "parts-key-0123456789";
const PROGRAM: &str = "COLLOQUY_TEST_PROGRAM";
/// How soon an abandoned run is noticed.
pub(crate) const LEASE: &str = "2s";

/// Everything that a run needs.
pub(crate) struct Parts {
    pub(crate) cluster: Option<Cluster>,
    options: Options,
    pub(crate) agent: FakeAgent,
    pub(crate) history: Program,
    pub(crate) gateways: Vec<Program>,
    auth: Program,
    token: String,
    client: Client,
    _issuer: Issuer,
    _directory: TempDir,
}

impl Parts {
    /// Two gateways, with these flags, before an agent that replies in this order.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>, flags: &[(&str, &str)]) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), replies, flags, &[]).await
    }

    /// The same, with the database in this directory, and variables that all programs get.
    pub(crate) async fn start_on(
        directory: TempDir,
        replies: impl IntoIterator<Item = Reply>,
        flags: &[(&str, &str)],
        everywhere: &[(&str, &str)],
    ) -> Self {
        let options = Options::new(directory.path());
        let cluster = Cluster::start(options.clone()).await.unwrap();
        let options = Options { port: cluster.port(), ..options };
        provision(&cluster.superuser_url("postgres").into(), "colloquy", "owner", "service").await.unwrap();
        let issuer = Issuer::start().await;
        let agent = FakeAgent::scripted(replies).await;
        let database = |command: &mut Command| {
            command.env("DATABASE_URL", cluster.tcp_url(SERVICE_ROLE, "service", "colloquy"));
            command.env("DATABASE_DIRECT_URL", cluster.tcp_url(OWNER_ROLE, "owner", "colloquy"));
            command.env("SERVICE_KEYS", format!("parts:{KEY}")).env("SERVICE_KEY", KEY);
            command.envs(everywhere.iter().copied());
        };
        let auth = Program::start("auth", directory.path(), |command| {
            database(command);
            command.env("BETTER_AUTH_URL", issuer.base_url());
        });
        let history = Program::start("history", directory.path(), |command| {
            database(command);
            command.env("AUTH_URL", auth.url());
        });
        let gateways = (0..2).map(|_| {
            Program::start("gateway", directory.path(), |command| {
                command.env("AUTH_URL", auth.url()).env("HISTORY_URL", history.url()).env("SERVICE_KEY", KEY);
                command.env("AGENT_URL", agent.url());
                command.env("GATEWAY_TICK", "50ms").env("GATEWAY_RUN_LEASE", LEASE);
                command.envs(flags.iter().chain(everywhere).copied());
            })
        });
        let gateways = gateways.collect();
        let token = issuer.token("ada").expires_in(3600).sign();
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let mut parts = Self {
            cluster: Some(cluster),
            options,
            agent,
            history,
            gateways,
            auth,
            token,
            client,
            _issuer: issuer,
            _directory: directory,
        };
        parts.ready().await;
        parts
    }

    /// Waits until each gateway answers a question that needs everything.
    async fn ready(&mut self) {
        let give_up = Instant::now() + Duration::from_mins(1);
        for gateway in 0..self.gateways.len() {
            let url = format!("{}/conversations", self.gateways[gateway].url());
            loop {
                let answer = self.client.get(&url).bearer_auth(&self.token).send().await;
                if answer.as_ref().is_ok_and(|answer| answer.status() == 200) {
                    break;
                }
                let programs = [&mut self.auth, &mut self.history].into_iter().chain(&mut self.gateways);
                for program in programs {
                    assert!(program.runs() && Instant::now() < give_up, "{answer:?}:\n{}", program.said());
                }
                tokio::task::yield_now().await;
            }
        }
    }

    pub(crate) fn request(&self, gateway: usize, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.gateways[gateway].url());
        self.client.request(method, url).header(AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(crate) fn get(&self, gateway: usize, path: &str) -> RequestBuilder {
        self.request(gateway, Method::GET, path)
    }

    /// A question that is answered by a stream.
    pub(crate) async fn stream(&self, gateway: usize, body: &Value) -> Stream {
        let request = self.request(gateway, Method::POST, "/agents/run").header("accept", "text/event-stream");
        Stream::of(request.json(body).send().await.unwrap())
    }

    /// A run as any gateway tells it, from its first event.
    pub(crate) async fn follow(&self, gateway: usize, run_id: &str) -> Stream {
        Stream::of(self.get(gateway, &format!("/runs/{run_id}/events")).send().await.unwrap())
    }

    /// What the database has, asked past everything of ours. Rows of columns, as `psql` prints them.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let cluster = self.cluster.as_ref().unwrap();
        let mut psql = Command::new(cluster.bin().join("psql"));
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\u{1f}", "-c", sql, &cluster.superuser_url("colloquy")]);
        let output = psql.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\u{1f}').map(str::to_owned).collect()).collect()
    }

    /// Status of run and message, and the text, of every run, oldest first.
    pub(crate) fn stored(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT r.status, m.status, m.content FROM history.run r JOIN history.message m USING (message_id) \
                   ORDER BY r.run_id";
        let rows = self.rows(sql).into_iter();
        rows.map(|row| <[String; 3]>::try_from(row).unwrap().into()).collect()
    }

    /// The pid of the server, and of all its processes.
    pub(crate) fn database_pids(&self) -> Vec<u32> {
        let data = self.options.dir.join("postgres");
        let find = |directory: PathBuf| std::fs::read_to_string(directory.join("postmaster.pid")).ok();
        let text = find(data.join("data")).or_else(|| find(data)).expect("a server runs");
        let postmaster: u32 = text.lines().next().unwrap().trim().parse().unwrap();
        let children = Command::new("pgrep").args(["-P", &postmaster.to_string()]).output().unwrap().stdout;
        let children = String::from_utf8(children).unwrap();
        std::iter::once(postmaster).chain(children.lines().map(|pid| pid.parse().unwrap())).collect()
    }

    /// Ends the server as a power failure would, and starts it again.
    pub(crate) async fn crash_database(&mut self) {
        let mut cluster = self.cluster.take().unwrap();
        signal(self.database_pids()[0], "KILL");
        cluster.ended().await;
        drop(cluster);
        self.cluster = Some(Cluster::start(self.options.clone()).await.unwrap());
    }
}

/// Server-sent events as they come.
pub(crate) struct Stream {
    response: Option<Response>,
    read: String,
}

impl Stream {
    fn of(response: Response) -> Self {
        Self { response: Some(response), read: String::new() }
    }

    /// Reads until this has come, or the stream is over; false for the latter.
    pub(crate) async fn until(&mut self, text: &str) -> bool {
        while !self.read.contains(text) {
            let Some(response) = &mut self.response else { return false };
            match response.chunk().await {
                Ok(Some(bytes)) => self.read.push_str(std::str::from_utf8(&bytes).unwrap()),
                Ok(None) | Err(_) => self.response = None,
            }
        }
        true
    }

    /// Everything, to the end.
    pub(crate) async fn rest(&mut self) -> &str {
        self.until("\u{0}never").await;
        &self.read
    }

    /// The id of the run, once it is told.
    pub(crate) async fn run_id(&mut self) -> String {
        assert!(self.until("event: run\n").await && self.until("\n\n").await, "{}", self.read);
        let id = self.read.split("id: ").nth(1).unwrap().lines().next().unwrap();
        id.rsplit_once('-').unwrap().0.to_owned()
    }

    /// The name and the data of the last event.
    pub(crate) fn last(&self) -> (String, Value) {
        let frames = self.read.split("\n\n").filter(|frame| frame.starts_with("event: "));
        let frame = frames.last().unwrap_or_else(|| panic!("no event: {}", self.read));
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        (field("event: ").to_owned(), serde_json::from_str(field("data: ")).unwrap())
    }

    /// All text so far.
    pub(crate) fn text(&self) -> String {
        let frames = self.read.split("\n\n").filter(|frame| frame.starts_with("event: delta\n"));
        let data = frames.filter_map(|frame| frame.lines().find_map(|line| line.strip_prefix("data: ")));
        data.map(|data| serde_json::from_str::<Value>(data).unwrap()["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// A service in a process of its own. It is killed when dropped.
pub(crate) struct Program {
    child: Child,
    command: Command,
    address: SocketAddr,
    /// What it writes to its standard error.
    log: PathBuf,
}

impl Program {
    /// This test binary again, running nothing but [`program`].
    fn start(name: &str, directory: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        let (address, admin) = (free_address(), free_address());
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "parts::program", "--ignored", "--nocapture"]);
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"));
        command.env(PROGRAM, name).stdout(Stdio::null());
        let log = directory.join(format!("{name}-{}.log", address.port()));
        command.stderr(File::create(&log).unwrap());
        let prefix = name.to_uppercase();
        command.env(format!("{prefix}_LISTEN"), address.to_string());
        command.env(format!("{prefix}_ADMIN_LISTEN"), admin.to_string());
        configure(&mut command);
        let child = command.spawn().unwrap();
        Self { child, command, address, log }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Ends it as no program wants to be ended.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) {
        eventually("the program ends", || !self.runs());
    }

    /// Starts it once more, as it was.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = self.command.spawn().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the services, configured by its environment.
#[derive(Debug, Parser)]
struct Cli<C: clap::Args> {
    #[command(flatten)]
    config: C,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests run it in a process of its own, and kill it"]
async fn program() {
    let Some(name) = std::env::var_os(PROGRAM) else { return };
    let name = name.into_string().unwrap();
    let stop = shutdown::on_signal().unwrap();
    let served = match name.as_str() {
        "auth" => {
            let config = Cli::<auth_service::Config>::parse_from([&name]).config;
            let listeners = Listeners::bind(config.options.listen, config.options.admin_listen).await.unwrap();
            auth_service::serve(config, listeners, reload::on_signal(&stop).unwrap(), stop).await
        }
        "history" => {
            let config = Cli::<history_service::Config>::parse_from([&name]).config;
            let listeners = Listeners::bind(config.options.listen, config.options.admin_listen).await.unwrap();
            history_service::serve(config, listeners, stop).await
        }
        _ => {
            let config = Cli::<gateway::Config>::parse_from([&name]).config;
            let bind = async |address| TcpListener::bind(address).await.unwrap();
            let http = bind(config.options.listen).await;
            let admin = bind(config.options.admin_listen).await;
            gateway::serve(config, gateway::Listeners { http, admin }, stop).await
        }
    };
    served.unwrap();
}
