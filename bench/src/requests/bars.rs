//! Tables of what came out, and the bars beside it.

use super::{
    CONNECTIONS, CROWD, Options,
    cell::{Cell, TOO_MUCH},
    kind::Kind,
    subject::Name,
};
use crate::{me::verdict, samples::micros};

/// How many times as many requests as each peer, at least, and what is aimed at.
const BARS: [(Kind, [f64; 2], [f64; 2]); 5] = [
    (Kind::Me, [10.0, 4.0], [15.0, 6.0]),
    (Kind::List, [10.0, 4.0], [15.0, 6.0]),
    (Kind::Page, [7.0, 2.5], [9.0, 3.3]),
    (Kind::Append, [8.0, 2.5], [10.0, 3.0]),
    (Kind::Run, [6.0, 1.8], [7.5, 2.2]),
];
const LATEST: f64 = 200.0;

pub(super) fn print(cells: &[Cell], options: &Options) {
    let spoiled = cells.iter().filter(|cell| cell.is_spoiled()).count();
    println!(
        "\n{spoiled} of {} cells were spoiled by others (more than {TOO_MUCH} of the machine). They are left out, save where all are.",
        cells.len()
    );
    for connections in [CONNECTIONS, CROWD] {
        println!("\n{connections} connections:\n");
        println!("| | | requests a second | p50 ms | p95 | p99 | CPU µs a request | PostgreSQL | others | cells |");
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for kind in &options.kinds {
            for name in &options.subjects {
                let whole = Of { cells, connections, kind: *kind, name: *name };
                let Some(rate) = whole.median(|cell| cell.rate) else { continue };
                let ms =
                    |of: fn(&Cell) -> std::time::Duration| whole.median(|cell| micros(of(cell)) / 1e3).unwrap_or(0.0);
                let (p50, p95, p99) = (ms(|cell| cell.p50), ms(|cell| cell.p95), ms(|cell| cell.p99));
                let (cpu, database) = (whole.median(|cell| cell.cpu), whole.median(|cell| cell.database));
                let (cpu, database) = (cpu.unwrap_or(0.0), database.unwrap_or(0.0));
                let others = whole.median(|cell| cell.others).unwrap_or(0.0) * 100.0;
                let (used, all) = (whole.clean().count(), whole.all().count());
                println!(
                    "| {kind} | {name} | {rate:.0} | {p50:.1} | {p95:.1} | {p99:.1} | {cpu:.0} | {database:.0} | \
                     {others:.0} % | {used}/{all} |"
                );
            }
        }
    }
    println!("\n| three processes, {CONNECTIONS} connections | to SQLAlchemy | to asyncpg |\n|---|---|---|");
    for (kind, least, aim) in BARS {
        let told = [Name::Sqlalchemy, Name::Asyncpg].into_iter().zip(least).zip(aim).map(|((peer, least), aim)| {
            against(cells, CONNECTIONS, kind, (Name::Three, peer), |cell| cell.rate).map_or_else(
                || "-".to_owned(),
                |ratio| format!("{ratio:.1} of {least} ({aim}): {}", verdict(ratio >= least)),
            )
        });
        println!("| {kind} | {} |", told.collect::<Vec<_>>().join(" | "));
    }
    println!();
    if let Some(ratio) = against(cells, CONNECTIONS, Kind::Mix, (Name::Three, Name::Asyncpg), |cell| cell.cpu) {
        println!("CPU a request in the mix, to asyncpg: {ratio:.2} of 0.25 (0.20): {}", verdict(ratio <= 0.25));
    }
    if let Some(ratio) = against(cells, CONNECTIONS, Kind::List, (Name::One, Name::Three), |cell| cell.rate) {
        println!("`colloquy up` to three processes, list: {ratio:.2} of 1.5 (2): {}", verdict(ratio >= 1.5));
    }
    let crowded = Of { cells, connections: CROWD, kind: Kind::Mix, name: Name::Three };
    if let Some(p95) = crowded.median(|cell| micros(cell.p95) / 1e3) {
        println!("p95 of the mix at {CROWD} connections: {p95:.0} ms of {LATEST}: {}", verdict(p95 < LATEST));
    }
}

struct Of<'a> {
    cells: &'a [Cell],
    connections: usize,
    kind: Kind,
    name: Name,
}

impl<'a> Of<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Cell> {
        let (connections, kind, name) = (self.connections, self.kind, self.name);
        let fits = move |cell: &&Cell| (cell.load.connections, cell.load.kind, cell.name) == (connections, kind, name);
        self.cells.iter().filter(fits)
    }

    fn clean(&self) -> impl Iterator<Item = &'a Cell> {
        self.all().filter(|cell| !cell.is_spoiled())
    }

    /// Those that count: all where none is clean.
    fn used(&self) -> Vec<&'a Cell> {
        let clean = self.clean().collect::<Vec<_>>();
        if clean.is_empty() { self.all().collect() } else { clean }
    }

    fn median(&self, value: impl Fn(&Cell) -> f64) -> Option<f64> {
        median(self.used().into_iter().map(value).collect())
    }
}

/// The median of the ratios of rounds in which neither was spoiled; of all rounds where there is no such round.
fn against(
    cells: &[Cell],
    connections: usize,
    kind: Kind,
    (own, other): (Name, Name),
    value: fn(&Cell) -> f64,
) -> Option<f64> {
    let others = Of { cells, connections, kind, name: other };
    let own = Of { cells, connections, kind, name: own };
    let pairs = own.all().filter_map(|cell| {
        let other = others.all().find(|other| other.load.round == cell.load.round)?;
        Some((value(cell) / value(other), cell.is_spoiled() || other.is_spoiled()))
    });
    let pairs = pairs.collect::<Vec<_>>();
    let clean = pairs.iter().filter(|pair| !pair.1).map(|pair| pair.0).collect::<Vec<_>>();
    median(if clean.is_empty() { pairs.into_iter().map(|pair| pair.0).collect() } else { clean })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
