//! What the history service and its statements cost, at ten thousand and at a million messages.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use self::{
    calls::{Call, Caller},
    data::{Dataset, Size},
    pgbench::Pgbench,
    server::Server,
    statement::Statement,
};
use crate::{
    me::verdict,
    samples::{Samples, micros},
    stack::{Program, SERVICE_KEY},
};

mod calls;
pub(crate) mod data;
mod export;
mod pgbench;
mod search;
pub(crate) mod server;
mod statement;
mod storage;

const CLIENTS: usize = 4;
const TURN: Duration = Duration::from_millis(700);

/// How much is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many turns everything has
    #[arg(long, default_value_t = 12)]
    turns: usize,
}

/// A dataset, and a service over it.
struct Subject {
    data: Dataset,
    service: Program,
}

impl Subject {
    async fn start(server: &Server, size: Size) -> anyhow::Result<Self> {
        let data = Dataset::create(server, size).await?;
        let service = Program::start("history-service", "history", |command| {
            command.env("DATABASE_URL", data.service_url());
            command.env("SERVICE_KEYS", format!("gateway:{SERVICE_KEY}"));
            command.args(["--auth-url", "http://127.0.0.1:1"]);
        })
        .await?;
        Ok(Self { data, service })
    }

    /// One call again and again by all clients for a while.
    async fn turn(&self, call: Call) -> anyhow::Result<Samples> {
        let end = Instant::now() + TURN;
        let client = |number| async move {
            let mut caller = Caller::connect(&self.service.url, self.data.size, number)?;
            caller.ask(call).await?;
            let mut samples = Samples::default();
            while Instant::now() < end {
                let began = Instant::now();
                caller.ask(call).await?;
                samples.add(began.elapsed());
            }
            anyhow::Ok(samples)
        };
        let mut all = Samples::default();
        try_join_all((0..CLIENTS).map(client)).await?.into_iter().for_each(|samples| all.extend(samples));
        Ok(all)
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let server = Server::start().await?;
    let began = Instant::now();
    let large = Subject::start(&server, Size::LARGE).await?;
    println!("{} messages were there after {} s", large.data.size.messages, began.elapsed().as_secs());
    let small = Subject::start(&server, Size::SMALL).await?;

    isolation(&server, &large.data, options)?;
    service(&server, &large, options).await?;
    growth(&small, &large, options).await?;
    search::run(&server, &large, options).await?;
    storage::run(&server, &large.data, options)?;
    export::run(&large).await
}

/// What row-level security and the setting it compares with cost PostgreSQL.
fn isolation(server: &Server, data: &Dataset, options: &Options) -> anyhow::Result<()> {
    println!("\n| read | with isolation, CPU µs | without | ratio |\n|---|---|---|---|");
    for statement in [Statement::List, Statement::Conversation, Statement::Page] {
        let (mut with, mut without) = (Pgbench::default(), Pgbench::default());
        for _ in 0..options.turns {
            with.turn(server, &data.service_url(), &statement.script(data.size)?)?;
            without.turn(server, &data.superuser_url(server), &statement.script_without_isolation(data.size)?)?;
        }
        let (with, without) = (micros(with.cpu()), micros(without.cpu()));
        let ratio = with / without;
        println!("| {statement} | {with:.1} | {without:.1} | {ratio:.2}: {} |", verdict(ratio <= 1.3));
    }
    Ok(())
}

/// The service beside the statements that it sends.
async fn service(server: &Server, large: &Subject, options: &Options) -> anyhow::Result<()> {
    println!(
        "\n| call | p50 µs | p99 µs | the same under pgbench: p50 | p99 | p50 to pgbench |\n|---|---|---|---|---|---|"
    );
    let pairs = [(Call::List, Statement::List), (Call::Page, Statement::Page), (Call::Append, Statement::Append)];
    for (call, statement) in pairs {
        let (mut asked, mut bare) = (Samples::default(), Pgbench::default());
        for _ in 0..options.turns {
            asked.extend(large.turn(call).await?);
            bare.turn(server, &large.data.service_url(), &statement.script(large.data.size)?)?;
        }
        let (p50, p99) = (micros(asked.permille(500)), micros(asked.permille(990)));
        let (bare_p50, bare_p99) = (micros(bare.latencies.permille(500)), micros(bare.latencies.permille(990)));
        println!("| {call} | {p50:.0} | {p99:.0} | {bare_p50:.0} | {bare_p99:.0} | {:.2} |", p50 / bare_p50);
    }
    Ok(())
}

/// What a hundred times as many messages change.
async fn growth(small: &Subject, large: &Subject, options: &Options) -> anyhow::Result<()> {
    let (few, many) = (small.data.size.messages, large.data.size.messages);
    println!("\n| call | p50 µs, {few} messages | {many} messages | ratio |\n|---|---|---|---|");
    for call in [Call::List, Call::Page, Call::LongPage] {
        let (mut of_few, mut of_many) = (Samples::default(), Samples::default());
        for _ in 0..options.turns {
            of_few.extend(small.turn(call).await?);
            of_many.extend(large.turn(call).await?);
        }
        let (of_few, of_many) = (micros(of_few.permille(500)), micros(of_many.permille(500)));
        let ratio = of_many / of_few;
        println!("| {call} | {of_few:.0} | {of_many:.0} | {ratio:.2}: {} |", verdict(ratio <= 1.2));
    }
    Ok(())
}
