//! A flood of different bad tokens against the auth service, while good users go on asking.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proto::auth::v1::VerifyTokenRequest;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use uuid::Uuid;

use crate::{
    http::{Connection, Get},
    me::verdict,
    samples::{Samples, micros},
    stack::{Client, Stack},
};

const COOL_DOWN: Duration = Duration::from_secs(2);
const FLOODERS: u64 = 32;
const ADDRESSES: u64 = 16;
const USERS: usize = 64;
const TURN: Duration = Duration::from_secs(3);
const TURNS: usize = 4;
/// How often each kind of good user asks: enough to measure, too seldom to be the load.
const PACE: Duration = Duration::from_millis(5);

/// How the flood comes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Bad tokens a second
    #[arg(long, default_value_t = 10_000)]
    rate: u64,
    /// AUTH_FAILURES_PER_MINUTE of the auth service; 0 lets each bad token through to its signature
    #[arg(long, default_value_t = 600)]
    failures_per_minute: u32,
}

/// What good users of one kind met, with the flood and without.
#[derive(Default)]
struct Met {
    quiet: Samples,
    flooded: Samples,
}

impl Met {
    fn in_weather(&mut self, flooded: bool) -> &mut Samples {
        if flooded { &mut self.flooded } else { &mut self.quiet }
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let limit = format!("--auth-failures-per-minute={}", options.failures_per_minute);
    let cool_down = format!("--jwks-cool-down={}s", COOL_DOWN.as_secs());
    let stack = Stack::start(&[limit, cool_down]).await?;
    let flood = Flood::default();
    let mut flooders = JoinSet::new();
    for flooder in 0..FLOODERS {
        flooders.spawn(flood.clone().pour(
            stack.client()?,
            stack.issuer.token("mallory").sign(),
            flooder,
            options.rate,
        ));
    }

    let (mut cached, mut verified) = (Met::default(), Met::default());
    let (mut fetches, mut sent, mut lasted) = (0, 0, Duration::ZERO);
    good_users(&stack, &mut Samples::default(), &mut Samples::default()).await?;
    for turn in 0..2 * TURNS {
        let flooded = turn % 2 == 1;
        let (before, sent_before, began) = (stack.issuer.fetches(), flood.answered(), Instant::now());
        flood.on.store(flooded, Ordering::Relaxed);
        good_users(&stack, cached.in_weather(flooded), verified.in_weather(flooded)).await?;
        if flooded {
            fetches += stack.issuer.fetches() - before;
            sent += flood.answered() - sent_before;
            lasted += began.elapsed();
        }
    }
    flood.on.store(false, Ordering::Relaxed);
    flooders.shutdown().await;

    let limited = options.failures_per_minute;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let reached = sent as f64 / lasted.as_secs_f64();
    println!("AUTH_FAILURES_PER_MINUTE={limited}: {reached:.0} bad tokens a second for {:.0} s", lasted.as_secs_f64());
    println!("| good users | p50 µs quiet | p50 µs flooded | p99 µs quiet | p99 µs flooded | ratio of p99 |");
    println!("|---|---|---|---|---|---|");
    for (name, met) in [("`GET /users/me`, cached", &mut cached), ("`VerifyToken`, each time", &mut verified)] {
        let [p50, p99] = [500, 990].map(|at| [&mut met.quiet, &mut met.flooded].map(|it| micros(it.permille(at))));
        let ratio = p99[1] / p99[0];
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {ratio:.2} ({}) |",
            p50[0],
            p50[1],
            p99[0],
            p99[1],
            verdict(ratio <= 2.0)
        );
    }
    let cool_downs = lasted.as_secs_f64() / COOL_DOWN.as_secs_f64();
    println!("\n{fetches} fetches of keys in {cool_downs:.1} cool-downs of {COOL_DOWN:?}");
    Ok(())
}

/// Both kinds of good users for one turn, at their pace.
async fn good_users(stack: &Stack, cached: &mut Samples, verified: &mut Samples) -> anyhow::Result<()> {
    let tokens = (0..USERS).map(|user| stack.issuer.token(&format!("user-{user}")).sign()).collect::<Vec<_>>();
    let requests = tokens.iter().map(|token| Get::new("/users/me", Some(token))).collect::<Vec<_>>();
    let end = Instant::now() + TURN;
    let through_gateway = async {
        let mut connection = Connection::open(&stack.gateway.url).await?;
        for request in &requests {
            connection.ask(request).await?;
        }
        let mut ticks = tokio::time::interval(PACE);
        for request in requests.iter().cycle().take_while(|_| Instant::now() < end) {
            ticks.tick().await;
            cached.add(connection.ask(request).await?);
        }
        anyhow::Ok(())
    };
    let directly = async {
        let mut client = stack.client()?;
        let mut ticks = tokio::time::interval(PACE);
        for token in tokens.iter().cycle().take_while(|_| Instant::now() < end) {
            ticks.tick().await;
            let began = Instant::now();
            client.verify_token(kit::client::request(question(token.clone(), "192.0.2.1".to_owned()))).await?;
            verified.add(began.elapsed());
        }
        anyhow::Ok(())
    };
    tokio::try_join!(through_gateway, directly)?;
    Ok(())
}

fn question(token: String, client_address: String) -> VerifyTokenRequest {
    VerifyTokenRequest { token, client_address }
}

/// Many clients with bad tokens, each different from all before.
#[derive(Clone, Default)]
struct Flood {
    on: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Flood {
    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Half of the tokens name keys that nobody has, each another; the others have wrong signatures of a known key.
    async fn pour(self, mut client: Client, token: String, flooder: u64, rate: u64) {
        let parts = token.split('.').collect::<Vec<_>>();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(FLOODERS as f64 / rate as f64));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for number in 0.. {
            ticks.tick().await;
            if !self.on.load(Ordering::Relaxed) {
                continue;
            }
            let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, Uuid::new_v4());
            let unknown = BASE64_URL_SAFE_NO_PAD.encode(header);
            let header = if number % 2 == 0 { parts[0] } else { &unknown };
            let forged = format!("{header}.{}.{}", parts[1], BASE64_URL_SAFE_NO_PAD.encode(signature()));
            let address = format!("198.51.100.{}", (flooder + number) % ADDRESSES);
            let refused = client.verify_token(kit::client::request(question(forged, address))).await;
            assert!(refused.is_err(), "a forged token was accepted");
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A signature that is wrong only in the end: its scalar is below the order of the curve, so that it must be computed.
fn signature() -> Vec<u8> {
    let mut signature = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat().repeat(2);
    signature[63] &= 0x0f;
    signature
}
