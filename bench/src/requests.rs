//! Requests against the same application in FastAPI, over one PostgreSQL, issuer and agent.

use std::time::Duration;

use self::{
    cell::{Cell, Load},
    kind::Kind,
    subject::{Name, Subject},
    world::World,
};

mod bars;
mod cell;
mod kind;
mod peer;
pub(crate) mod subject;
pub(crate) mod world;

const CONNECTIONS: usize = 64;
const CROWD: usize = 1_000;

/// How much is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many rounds there are, in each of which every subject has one turn of each kind
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many rounds there are with a thousand connections
    #[arg(long, default_value_t = 3)]
    crowded_rounds: usize,
    /// How long a turn is, in milliseconds
    #[arg(long, default_value_t = 2000)]
    turn: u64,
    /// Only these subjects: sqlalchemy, asyncpg, three, one
    #[arg(long, value_delimiter = ',', default_value = "sqlalchemy,asyncpg,three,one")]
    subjects: Vec<Name>,
    /// Only these kinds: me, list, page, append, run, mix
    #[arg(long, value_delimiter = ',', default_value = "me,list,page,append,run,mix")]
    kinds: Vec<Kind>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let world = World::create().await?;
    let mut subjects = Vec::new();
    for name in &options.subjects {
        subjects.push(Subject::start(*name, &world).await?);
    }
    let turn = Duration::from_millis(options.turn);
    let mut cells = Vec::new();
    for (kinds, connections, rounds) in
        [(&options.kinds[..], CONNECTIONS, options.rounds), (&[Kind::Mix][..], CROWD, options.crowded_rounds)]
    {
        // Twice: the caches of all workers know every user, and every pool is full.
        for subject in subjects.iter().chain(&subjects) {
            if rounds > 0 {
                Cell::measure(&world, subject, Load { kind: Kind::Me, connections, turn, round: 0 }).await?;
            }
        }
        for round in 0..rounds {
            for kind in kinds {
                for subject in &subjects {
                    let load = Load { kind: *kind, connections, turn, round };
                    cells.push(Cell::measure(&world, subject, load).await?);
                }
            }
        }
    }
    bars::print(&cells, options);
    Ok(())
}
