//! A way to a database on which connections come late, break and vanish.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::postgres::{PASSWORD, TestDatabase, server_port};

/// What befalls a connection.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is closed as soon as it is open.
    ClosedAtOnce,
    /// It is told that the server is starting up.
    StartingUp,
    /// It breaks when this comes from the client, before the server has it.
    Before(&'static str),
    /// It breaks when the server has answered this, before the client has the answer.
    After(&'static str),
    /// Nothing passes any more when this comes from the client, and nobody is told.
    SilentFrom(&'static str),
}

/// The message Sync by itself.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// A way to the server of the tests. It ends with the value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    server: u16,
    /// The next faults, in order.
    faults: Mutex<Vec<Fault>>,
    opened: watch::Sender<usize>,
    open: AtomicUsize,
    /// How often a client asked for something.
    said: AtomicUsize,
    /// How often a client asked whether the server is there.
    pinged: AtomicUsize,
    /// Connections wait while this is true.
    closed: watch::Sender<bool>,
    /// Every connection breaks when this changes.
    cuts: watch::Sender<()>,
}

impl Proxy {
    /// A way without obstacles.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = State {
            server: server_port(),
            faults: Mutex::default(),
            opened: watch::Sender::default(),
            open: AtomicUsize::new(0),
            said: AtomicUsize::new(0),
            pinged: AtomicUsize::new(0),
            closed: watch::Sender::default(),
            cuts: watch::Sender::default(),
        };
        let proxy = Self { address, state: Arc::new(state) };
        let state = Arc::clone(&proxy.state);
        #[expect(clippy::disallowed_methods, reason = "ends with the runtime of its test")]
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&state)));
            }
        });
        proxy
    }

    /// The same database as the service, on this way.
    pub fn service_url(&self, database: &TestDatabase) -> SecretString {
        let (role, name) = (kit::database::SERVICE_ROLE, database.name());
        format!("postgres://{role}:{PASSWORD}@{}/{name}?sslmode=disable", self.address).into()
    }

    /// What befalls connections next, each once and in this order.
    ///
    /// # Panics
    /// Never, but for a panic before.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.faults.lock().expect("no panic").extend(faults);
    }

    /// Whether all of that has happened.
    ///
    /// # Panics
    /// Never, but for a panic before.
    pub fn is_done(&self) -> bool {
        self.state.faults.lock().expect("no panic").is_empty()
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        self.state.cuts.send_replace(());
    }

    /// Lets new connections wait, like a compute that wakes, until `let_in`.
    pub fn keep_waiting(&self) {
        self.state.closed.send_replace(true);
    }

    /// Lets those in that wait.
    pub fn let_in(&self) {
        self.state.closed.send_replace(false);
    }

    /// How many connections have been opened so far.
    pub fn opened(&self) -> usize {
        *self.state.opened.borrow()
    }

    /// Returns when so many connections have been opened.
    ///
    /// # Panics
    /// Never: the sender lives as long as this.
    pub async fn has_opened(&self, count: usize) {
        self.state.opened.subscribe().wait_for(|opened| *opened >= count).await.expect("a sender");
    }

    /// How often clients asked for something so far. Who waits for each answer makes so many round trips.
    pub fn said(&self) -> usize {
        self.state.said.load(Ordering::SeqCst)
    }

    /// How often clients only asked whether the server is there, which a pool does when a connection comes back to it.
    pub fn pinged(&self) -> usize {
        self.state.pinged.load(Ordering::SeqCst)
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

impl State {
    fn take(&self, applies: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.faults.lock().expect("no panic");
        if faults.first().is_some_and(applies) { Some(faults.remove(0)) } else { None }
    }
}

async fn carry(client: TcpStream, state: Arc<State>) {
    state.open.fetch_add(1, Ordering::SeqCst);
    let mut cuts = state.cuts.subscribe();
    state.opened.send_modify(|opened| *opened += 1);
    tokio::select! {
        // It ends in many ways, all of which are meant.
        _ = carry_on(client, &state) => {}
        _ = cuts.changed() => {}
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
}

async fn carry_on(mut client: TcpStream, state: &State) -> std::io::Result<()> {
    match state.take(|fault| matches!(fault, Fault::ClosedAtOnce | Fault::StartingUp)) {
        Some(Fault::StartingUp) => {
            let mut startup = [0; 1024];
            let _ = client.read(&mut startup).await?;
            let fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
            client.write_all(b"E").await?;
            client.write_all(&u32::try_from(fields.len() + 4).unwrap_or_default().to_be_bytes()).await?;
            return client.write_all(fields).await;
        }
        Some(_) => return Ok(()),
        None => {}
    }
    let _ = state.closed.subscribe().wait_for(|closed| !closed).await;
    let mut server = TcpStream::connect(("127.0.0.1", state.server)).await?;
    let (mut question, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut question) => {
                let said = &question[..read?];
                if said.is_empty() {
                    return Ok(());
                }
                let count = if said == SYNC { &state.pinged } else { &state.said };
                count.fetch_add(1, Ordering::SeqCst);
                match state.take(|fault| has(said, fault)) {
                    Some(Fault::Before(_)) => return Ok(()),
                    Some(Fault::SilentFrom(_)) => std::future::pending().await,
                    Some(_) => {
                        server.write_all(said).await?;
                        let _ = server.read(&mut answer).await?;
                        return Ok(());
                    }
                    None => server.write_all(said).await?,
                }
            }
            read = server.read(&mut answer) => {
                let said = &answer[..read?];
                if said.is_empty() {
                    return Ok(());
                }
                client.write_all(said).await?;
            }
        }
    }
}

fn has(said: &[u8], fault: &Fault) -> bool {
    let (Fault::Before(word) | Fault::After(word) | Fault::SilentFrom(word)) = fault else { return false };
    said.windows(word.len()).any(|window| window == word.as_bytes())
}
