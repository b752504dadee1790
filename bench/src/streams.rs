//! Streams through the gateway beside the same streams straight from the agent.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::{
    me::verdict,
    requests::{subject::Three, world::World},
    samples::micros,
    stack::own_cpu,
};

mod listeners;

use self::listeners::{Hold, Starts, Way};

const INTERVAL: Duration = Duration::from_millis(100);
/// The least and the most that the gateway may add to the first token.
const ADDED_P50: f64 = 1.5;
const ADDED_P99: f64 = 10.0;
const KIBIBYTES: f64 = 40.0;
/// PostgreSQL counts what an idle connection did up to ten seconds late.
const LATE: Duration = Duration::from_secs(11);
const LONGEST_OPENING: Duration = Duration::from_mins(2);
const COUNTED: Duration = Duration::from_secs(20);

/// How much is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many streams there are at a time
    #[arg(long, value_delimiter = ',', default_value = "1000,2000,5000")]
    streams: Vec<usize>,
    /// How many rounds there are
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many streams are held for what a stream costs
    #[arg(long, value_delimiter = ',', default_value = "100,1000,2000")]
    held: Vec<usize>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let world = World::create().await?;
    held(&world, options).await?;
    let three = Three::start(&world).await?;
    println!(
        "\n| streams | first token: agent p50 ms | p99 | gateway p50 | p99 | added p50 | p99 | bars | cores: gateway | history | others |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for streams in &options.streams {
        for _ in 0..options.rounds {
            let mut direct = Starts::measure(&world, &Way::agent(&world), *streams).await?;
            let before = (three.gateway.cpu()?, three.history.cpu()?, Instant::now());
            let mut through = Starts::measure(&world, &Way::gateway(&three), *streams).await?;
            let elapsed = before.2.elapsed().as_secs_f64();
            let gateway = three.gateway.cpu()?.saturating_sub(before.0).as_secs_f64() / elapsed;
            let history = three.history.cpu()?.saturating_sub(before.1).as_secs_f64() / elapsed;
            let mut ms = |permille| {
                let of = |samples: &mut crate::samples::Samples| micros(samples.permille(permille)) / 1e3;
                (of(&mut direct.first), of(&mut through.first))
            };
            let (p50, p99) = (ms(500), ms(990));
            let (added, late) = (p50.1 - p50.0, p99.1 - p99.0);
            println!(
                "| {streams} | {:.2} | {:.2} | {:.2} | {:.2} | {added:.2} | {late:.2} | {}, {} | {gateway:.2} | {history:.2} | {:.0} % |",
                p50.0,
                p99.0,
                p50.1,
                p99.1,
                verdict(added <= ADDED_P50),
                verdict(late <= ADDED_P99),
                through.others.max(direct.others) * 100.0,
            );
        }
    }
    Ok(())
}

/// What streams cost while they do nothing but go on: memory of a gateway that has seen no others, and statements.
async fn held(world: &World, options: &Options) -> anyhow::Result<()> {
    println!(
        "\n| streams held | memory of the gateway, KiB a stream | transactions a second | calls of the history service | cores: gateway | history | load and agent |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut users = options.streams.iter().copied().max().unwrap_or(0)..world.targets.len();
    for streams in &options.held {
        let three = Three::start(world).await?;
        // What the first runs of a process leave behind is no matter of how many there are.
        drop(Hold::open(world, &Way::gateway(&three), &mut users, 20).await?);
        let (before, began) = (memory(three.gateway.id())?, Instant::now());
        let mut hold = Hold::open(world, &Way::gateway(&three), &mut users, *streams).await?;
        #[expect(clippy::cast_precision_loss, reason = "there are few streams")]
        while three.gateway.counted("streams_active").await? < *streams as f64 {
            ensure!(began.elapsed() < LONGEST_OPENING, "{streams} streams do not all begin");
            hold = hold.listen(Duration::from_secs(1)).await?;
        }
        let clocks = || anyhow::Ok((three.gateway.cpu()?, three.history.cpu()?, own_cpu()?));
        let (cpu, began) = (clocks()?, Instant::now());
        let hold = hold.listen(Duration::from_secs(8)).await?;
        let elapsed = began.elapsed().as_secs_f64();
        let after = clocks()?;
        let cores = |after: Duration, before| after.saturating_sub(before).as_secs_f64() / elapsed;
        #[expect(clippy::cast_precision_loss, reason = "kibibytes and streams are few")]
        let each = (memory(three.gateway.id())?.saturating_sub(before)) as f64 / *streams as f64;
        let hold = hold.listen(LATE).await?;
        let calls = || three.history.counted("rpc_requests_total");
        let (transactions, called, began) = (transactions(world)?, calls().await?, Instant::now());
        let hold = hold.listen(COUNTED).await?;
        let elapsed = began.elapsed().as_secs_f64();
        let transactions = (self::transactions(world)? - transactions) / elapsed;
        let called = (calls().await? - called) / elapsed;
        println!(
            "| {streams} | {each:.1}: {} | {transactions:.1} | {called:.1} | {:.2} | {:.2} | {:.2} |",
            verdict(each <= KIBIBYTES),
            cores(after.0, cpu.0),
            cores(after.1, cpu.1),
            cores(after.2, cpu.2),
        );
        drop(hold);
    }
    Ok(())
}

/// What a process holds in memory that is its own, in KiB.
fn memory(process: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let sizes = text.lines().filter(|line| line.starts_with("Private_"));
    Ok(sizes.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum())
}

/// How many transactions there were so far.
fn transactions(world: &World) -> anyhow::Result<f64> {
    let query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    Ok(world.server.ask(&world.data.superuser_url(&world.server), query)?.parse()?)
}
