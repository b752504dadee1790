//! A flood of different bad tokens against the auth service, while good users go on asking. In turns with it, a flood of as
//! many health checks, which look at no credential: what good users notice of that is what so many calls cost here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proto::auth::v1::VerifyTokenRequest;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use uuid::Uuid;

use crate::{
    http::{Connection, Request},
    me::verdict,
    samples::{Samples, micros},
    stack::{Client, Stack, own_cpu},
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

/// What comes besides good users.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    Quiet,
    HealthChecks,
    BadTokens,
}

impl Weather {
    const ALL: [Self; 3] = [Self::Quiet, Self::HealthChecks, Self::BadTokens];
}

/// What was spent and answered in one weather.
#[derive(Clone, Copy, Default)]
struct Spent {
    calls: u64,
    service: Duration,
    generator: Duration,
    time: Duration,
}

impl Spent {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn told(&self, what: &str) -> String {
        let (calls, seconds) = (self.calls as f64, self.time.as_secs_f64());
        let [service, generator] = [self.service, self.generator].map(|cpu| micros(cpu) / calls);
        let cores = (self.service + self.generator).as_secs_f64() / seconds;
        let rate = calls / seconds;
        format!("| {what} | {rate:.0} | {service:.0} | {generator:.0} | {cores:.2} |")
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
            stack.clients()?,
            stack.issuer.token("mallory").sign(),
            flooder,
            options.rate,
        ));
    }

    let (mut cached, mut verified) = <([Samples; 3], [Samples; 3])>::default();
    let (mut fetches, mut spent) = (0, [Spent::default(); 3]);
    good_users(&stack, &mut Samples::default(), &mut Samples::default()).await?;
    for turn in 0..Weather::ALL.len() * TURNS {
        let at = turn % Weather::ALL.len();
        let (before, sent_before, began) = (stack.issuer.fetches(), flood.answered(), Instant::now());
        let cpu_before = [stack.auth.cpu()?, own_cpu()?];
        flood.turn_to(Weather::ALL[at]);
        good_users(&stack, &mut cached[at], &mut verified[at]).await?;
        spent[at].calls += flood.answered() - sent_before;
        spent[at].service += stack.auth.cpu()?.saturating_sub(cpu_before[0]);
        spent[at].generator += own_cpu()?.saturating_sub(cpu_before[1]);
        spent[at].time += began.elapsed();
        if Weather::ALL[at] == Weather::BadTokens {
            fetches += stack.issuer.fetches() - before;
        }
    }
    flood.turn_to(Weather::Quiet);
    flooders.shutdown().await;

    println!("AUTH_FAILURES_PER_MINUTE={}\n", options.failures_per_minute);
    println!(
        "| flood | calls a second | CPU µs a call: auth-service | generator | cores in use |\n|---|---|---|---|---|"
    );
    println!("{}\n{}\n", spent[1].told("health checks"), spent[2].told("bad tokens"));
    println!("| good users | p99 µs quiet | beside health checks | beside bad tokens | to quiet | to health checks |");
    println!("|---|---|---|---|---|---|");
    for (name, met) in [("`GET /users/me`, cached", &mut cached), ("`VerifyToken`, each time", &mut verified)] {
        let [quiet, health, bad] = met.each_mut().map(|met| micros(met.permille(990)));
        let (to_quiet, to_health) = (bad / quiet, bad / health);
        let verdict = verdict(to_quiet <= 2.0);
        println!("| {name} | {quiet:.0} | {health:.0} | {bad:.0} | {to_quiet:.2} ({verdict}) | {to_health:.2} |");
    }
    let cool_downs = spent[2].time.as_secs_f64() / COOL_DOWN.as_secs_f64();
    println!("\n{fetches} fetches of keys in {cool_downs:.1} cool-downs of {COOL_DOWN:?}");
    Ok(())
}

/// Both kinds of good users for one turn, at their pace.
async fn good_users(stack: &Stack, cached: &mut Samples, verified: &mut Samples) -> anyhow::Result<()> {
    let tokens = (0..USERS).map(|user| stack.issuer.token(&format!("user-{user}")).sign()).collect::<Vec<_>>();
    let requests = tokens.iter().map(|token| Request::get("/users/me", Some(token))).collect::<Vec<_>>();
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
    weather: Arc<AtomicU8>,
    answered: Arc<AtomicU64>,
}

impl Flood {
    fn turn_to(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::Relaxed);
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Half of the tokens name keys that nobody has, each another; the others have wrong signatures of a known key.
    async fn pour(
        self,
        (mut client, mut health): (Client, HealthClient<kit::client::Transport>),
        token: String,
        flooder: u64,
        rate: u64,
    ) {
        let parts = token.split('.').collect::<Vec<_>>();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(FLOODERS as f64 / rate as f64));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for number in 0.. {
            ticks.tick().await;
            let weather = self.weather.load(Ordering::Relaxed);
            if weather == Weather::Quiet as u8 {
                continue;
            }
            if weather == Weather::HealthChecks as u8 {
                let checked = health.check(kit::client::request(HealthCheckRequest::default())).await;
                assert!(checked.is_ok(), "the service is well");
                self.answered.fetch_add(1, Ordering::Relaxed);
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
