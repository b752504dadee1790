//! One subject under one load for a while.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::{
    kind::Kind,
    subject::{Name, Subject},
    world::World,
};
use crate::{
    history::server::machine_cpu,
    http::Connection,
    samples::{Samples, micros},
    stack::own_cpu,
};

/// Above this share of the machine, what others do spoils a cell.
pub(super) const TOO_MUCH: f64 = 0.12;
/// So many users ask. Every cache is large enough for them.
const USERS: usize = 2_000;
const SETTLING: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) kind: Kind,
    pub(super) connections: usize,
    pub(super) turn: Duration,
    pub(super) round: usize,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) name: Name,
    pub(super) load: Load,
    pub(super) rate: f64,
    pub(super) p50: Duration,
    pub(super) p95: Duration,
    pub(super) p99: Duration,
    /// Of the subject, in microseconds a request.
    pub(super) cpu: f64,
    /// Of PostgreSQL.
    pub(super) database: f64,
    /// What others took of the machine.
    pub(super) others: f64,
}

impl Cell {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 requests")]
    pub(super) async fn measure(world: &World, subject: &Subject, load: Load) -> anyhow::Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..load.connections {
            connections.push(Connection::open(&subject.url).await?);
        }
        drive(world, &mut connections, Load { turn: SETTLING, ..load }).await?;
        let clocks = || anyhow::Ok((subject.cpu()?, world.server.cpu()?, own_cpu()?, machine_cpu()?, Instant::now()));
        let before = clocks()?;
        let mut samples = drive(world, &mut connections, load).await?;
        let after = clocks()?;
        let (cpu, database) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
        let known = cpu + database + after.2.saturating_sub(before.2);
        let (machine, elapsed) = (after.3.saturating_sub(before.3), after.4 - before.4);
        let cores = std::thread::available_parallelism()?.get() as f64;
        let count = samples.count() as f64;
        Ok(Self {
            name: subject.name,
            load,
            rate: count / elapsed.as_secs_f64(),
            p50: samples.permille(500),
            p95: samples.permille(950),
            p99: samples.permille(990),
            cpu: micros(cpu) / count,
            database: micros(database) / count,
            others: machine.saturating_sub(known).as_secs_f64() / elapsed.as_secs_f64() / cores,
        })
    }

    pub(super) fn is_spoiled(&self) -> bool {
        self.others > TOO_MUCH
    }
}

/// All connections at once. No two of them ask for the same user.
async fn drive(world: &World, connections: &mut [Connection], load: Load) -> anyhow::Result<Samples> {
    let (end, all) = (Instant::now() + load.turn, connections.len());
    let one = |(number, connection)| async move {
        let connection: &mut Connection = connection;
        let own = world.targets[..USERS].iter().skip(number).step_by(all).cycle();
        let mut samples = Samples::default();
        for (turn, target) in own.enumerate() {
            if Instant::now() >= end {
                break;
            }
            samples.add(connection.ask(&load.kind.request(target, turn + number)).await?);
        }
        anyhow::Ok(samples)
    };
    let mut samples = Samples::default();
    for of_one in try_join_all(connections.iter_mut().enumerate().map(one)).await? {
        samples.extend(of_one);
    }
    Ok(samples)
}
