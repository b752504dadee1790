//! `GET /users/me` with a cached verification, against `GET /` of the same gateway: the same layers, and no credential.
//!
//! `/` answers a constant. What the answer about the user costs besides, its JSON and the deadline that its route has, is
//! charged to the verification: the truth lies below.

use std::time::{Duration, Instant};

use crate::{
    http::{Connection, Request},
    samples::{Samples, micros},
    stack::Stack,
};

const USERS: usize = 64;
const CONNECTIONS: usize = 4;
const TURN: Duration = Duration::from_millis(250);
const TURNS: usize = 40;

/// One of the two that are compared.
struct Side {
    name: &'static str,
    requests: Vec<Request>,
    latencies: Samples,
    cpu: Duration,
}

impl Side {
    fn new(name: &'static str, requests: Vec<Request>) -> Self {
        Self { name, requests, latencies: Samples::default(), cpu: Duration::ZERO }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 requests")]
    fn cpu_per_request(&self) -> f64 {
        micros(self.cpu) / self.latencies.count() as f64
    }
}

pub(crate) async fn run() -> anyhow::Result<()> {
    let stack = Stack::start(&[]).await?;
    let tokens = (0..USERS).map(|user| stack.issuer.token(&format!("user-{user}")).sign());
    let me = tokens.map(|token| Request::get("/users/me", Some(&token))).collect();
    let mut sides = [Side::new("/users/me", me), Side::new("/", vec![Request::get("/", None)])];
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(&stack.gateway.url).await?);
    }
    for side in &mut sides {
        turn(&stack, side, &mut connections).await?;
        (side.latencies, side.cpu) = (Samples::default(), Duration::ZERO);
    }
    let verifications =
        "rpc_requests_total{service=\"auth-service\",method=\"colloquy.auth.v1.AuthService/VerifyToken\"";
    let asked_before = stack.auth.counted(verifications).await?;
    for _ in 0..TURNS {
        for side in &mut sides {
            turn(&stack, side, &mut connections).await?;
        }
    }
    let asked = stack.auth.counted(verifications).await? - asked_before;
    let [me, open] = &mut sides;
    println!("| | requests | p50 µs | p99 µs | CPU of the gateway, µs a request |\n|---|---|---|---|---|");
    for side in [&mut *me, &mut *open] {
        let (p50, p99) = (micros(side.latencies.permille(500)), micros(side.latencies.permille(990)));
        let (name, count, cpu) = (side.name, side.latencies.count(), side.cpu_per_request());
        println!("| `GET {name}` | {count} | {p50:.0} | {p99:.0} | {cpu:.1} |");
    }
    let mut added = |permille| micros(me.latencies.permille(permille)) - micros(open.latencies.permille(permille));
    let (p50, p99) = (added(500), added(990));
    let cpu = me.cpu_per_request() - open.cpu_per_request();
    println!("| added | | {p50:.0} | {p99:.0} | {cpu:.1} |");
    println!("\n{asked:.0} calls of VerifyToken for {} requests of {USERS} users", me.latencies.count());
    println!("bars: p99 below 1000 µs: {}; CPU below 50 µs: {}", verdict(p99 < 1_000.0), verdict(cpu < 50.0));
    Ok(())
}

/// One side for a while, over all connections at once.
async fn turn(stack: &Stack, side: &mut Side, connections: &mut [Connection]) -> anyhow::Result<()> {
    let cpu = stack.gateway.cpu()?;
    let end = Instant::now() + TURN;
    let (mut asking, requests) = (Vec::new(), &side.requests);
    for (number, connection) in connections.iter_mut().enumerate() {
        asking.push(async move {
            let mut latencies = Samples::default();
            for request in requests.iter().cycle().skip(number * requests.len() / CONNECTIONS) {
                if Instant::now() >= end {
                    break;
                }
                latencies.add(connection.ask(request).await?);
            }
            anyhow::Ok(latencies)
        });
    }
    let latencies = futures_util::future::try_join_all(asking).await?;
    side.cpu += stack.gateway.cpu()?.saturating_sub(cpu);
    for of_connection in latencies {
        side.latencies.extend(of_connection);
    }
    Ok(())
}

pub(crate) fn verdict(holds: bool) -> &'static str {
    if holds { "met" } else { "MISSED" }
}
