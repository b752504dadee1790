//! Those who listen to streams.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep_until};
use url::Url;

use super::INTERVAL;
use crate::{
    agent::pace,
    history::server::machine_cpu,
    http::{Connection, Request},
    requests::{subject::Three, world::World},
    samples::Samples,
    stack::own_cpu,
};

/// A stream of those that come and go takes ten seconds.
const TOKENS: usize = 100;
const LIFE: Duration = Duration::from_secs(10);
const WATCHED: Duration = Duration::from_secs(12);
/// What the agent and the gateway call a piece of text.
const FIRST: &[u8] = b"event: delta";

/// Where streams come from.
pub(super) struct Way<'a> {
    url: Url,
    path: &'static str,
    processes: Vec<&'a crate::stack::Program>,
}

impl<'a> Way<'a> {
    pub(super) fn agent(world: &World) -> Self {
        Self { url: world.agent.url.clone(), path: "/run", processes: Vec::new() }
    }

    pub(super) fn gateway(three: &'a Three) -> Self {
        let processes = vec![&three.gateway, &three.history, &three.auth];
        Self { url: three.gateway.url.clone(), path: "/agents/run", processes }
    }

    fn request(&self, world: &World, target: usize, tokens: usize) -> Request {
        let target = &world.targets[target];
        let message = format!("What does it say? {}", pace(tokens, INTERVAL));
        let body = json!({ "conversation_id": target.conversation, "message": message });
        Request::post(self.path, &target.token, "text/event-stream", &body)
    }

    fn cpu(&self) -> anyhow::Result<Duration> {
        self.processes.iter().map(|process| process.cpu()).sum()
    }
}

/// How long first tokens took, with so many streams going on all the time.
pub(super) struct Starts {
    pub(super) first: Samples,
    /// What others took of the machine.
    pub(super) others: f64,
}

impl Starts {
    /// Each connection has one stream after another; their beginnings are spread evenly.
    pub(super) async fn measure(world: &World, way: &Way<'_>, streams: usize) -> anyhow::Result<Self> {
        let clocks = || anyhow::Ok((way.cpu()? + world.server.cpu()? + own_cpu()?, machine_cpu()?));
        let began = Instant::now();
        let (watched, end) = (began + LIFE, began + LIFE + WATCHED);
        let one = |number: usize| async move {
            let start = began + LIFE.mul_f64(share(number, streams));
            sleep_until(start.into()).await;
            let (mut samples, mut connection) = (Samples::default(), Connection::open(&way.url).await?);
            let request = way.request(world, number, TOKENS);
            while Instant::now() < end {
                let counts = Instant::now() >= watched;
                let first = connection.follow(&request, FIRST).await?;
                if counts {
                    samples.add(first);
                }
            }
            anyhow::Ok(samples)
        };
        let before = clocks()?;
        let all = try_join_all((0..streams).map(one)).await?;
        let (after, elapsed) = (clocks()?, began.elapsed().as_secs_f64());
        let mut first = Samples::default();
        for samples in all {
            first.extend(samples);
        }
        let known = after.0.saturating_sub(before.0);
        let others = after.1.saturating_sub(before.1).saturating_sub(known).as_secs_f64() / elapsed;
        #[expect(clippy::cast_precision_loss, reason = "a machine has few cores")]
        let cores = std::thread::available_parallelism()?.get() as f64;
        Ok(Self { first, others: others / cores })
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are few streams")]
fn share(number: usize, of: usize) -> f64 {
    number as f64 / of as f64
}

/// Streams that all have begun and go on. They end with the value.
pub(super) struct Hold(JoinSet<anyhow::Result<()>>);

impl Hold {
    /// Of users from this one on, who were not asked for before: what was held by a gateway that is gone goes on for a while.
    pub(super) async fn open(
        world: &World,
        way: &Way<'_>,
        users: &mut Range<usize>,
        streams: usize,
    ) -> anyhow::Result<Self> {
        const LONG: usize = 3_000;
        let opening = Duration::from_secs(4);
        let began = Instant::now();
        let mut listeners = JoinSet::new();
        for (number, user) in users.by_ref().take(streams).enumerate() {
            let (url, request) = (way.url.clone(), way.request(world, user, LONG));
            listeners.spawn(async move {
                sleep_until((began + opening.mul_f64(share(number, streams))).into()).await;
                Connection::open(&url).await?.follow(&request, FIRST).await?;
                anyhow::bail!("a stream ended early")
            });
        }
        Self(listeners).listen(opening + Duration::from_secs(2)).await
    }

    /// Goes on for a while; fails when a stream does.
    pub(super) async fn listen(mut self, how_long: Duration) -> anyhow::Result<Self> {
        tokio::select! {
            Some(ended) = self.0.join_next() => ended??,
            () = tokio::time::sleep(how_long) => {}
        }
        Ok(self)
    }
}
