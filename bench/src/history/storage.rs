//! What a message takes on disk, and what an append writes.

use super::{Options, data::Dataset, pgbench::Pgbench, server::Server, statement::Statement};

pub(super) fn run(server: &Server, data: &Dataset, options: &Options) -> anyhow::Result<()> {
    let url = data.superuser_url(server);
    let sizes = "
        SELECT format('| `%s` | %s | %s |', relname, rows, round(bytes::numeric / GREATEST(rows, 1)))
        FROM (
            SELECT
                c.relname, c.reltuples::bigint AS rows,
                pg_relation_size(c.oid) + COALESCE(pg_relation_size(NULLIF(c.reltoastrelid, 0)), 0) AS bytes
            FROM pg_class c
            WHERE c.relnamespace = 'history'::regnamespace AND c.relkind IN ('r', 'i')
        ) sized
        WHERE bytes > 1000000
        ORDER BY bytes DESC";
    println!("\n| table or index | rows | bytes a row |\n|---|---|---|\n{}", server.ask(&url, sizes)?);

    let position =
        || -> anyhow::Result<u64> { Ok(server.ask(&url, "SELECT pg_current_wal_insert_lsn() - '0/0'")?.parse()?) };
    server.ask(&url, "CHECKPOINT")?;
    let (mut appends, before) = (Pgbench::default(), position()?);
    for _ in 0..options.turns {
        appends.turn(server, &data.service_url(), &Statement::Append.script(data.size)?)?;
    }
    let written = position()? - before;
    println!(
        "\nAn append of a short message writes {} bytes of WAL, full pages after a checkpoint included, and costs \
         PostgreSQL {:.0} µs",
        written / appends.latencies.count().max(1) as u64,
        crate::samples::micros(appends.cpu()),
    );
    Ok(())
}
