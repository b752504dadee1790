//! Scripts under pgbench: what they take, and what they cost the server.

use std::{fs, time::Duration};

use anyhow::{Context as _, ensure};

use super::{CLIENTS, TURN, server::Server};
use crate::samples::Samples;

/// All turns of one script.
#[derive(Default)]
pub(super) struct Pgbench {
    pub(super) latencies: Samples,
    cpu: Duration,
}

impl Pgbench {
    /// One turn, with as many clients as the service has.
    pub(super) fn turn(&mut self, server: &Server, url: &str, script: &str) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("script.sql");
        fs::write(&file, script)?;
        let before = server.cpu()?;
        let output = server
            .program("pgbench")
            .current_dir(&folder)
            .env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan")
            .args(["--no-vacuum", "--protocol=simple", "--define=ready=0", "--log", "--jobs=1"])
            .arg(format!("--client={CLIENTS}"))
            .arg(format!("--time={}", TURN.as_secs().max(1)))
            .arg("--file")
            .arg(&file)
            .arg(url)
            .output()
            .context("pgbench, which comes with PostgreSQL's server package")?;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        self.cpu += server.cpu()?.saturating_sub(before);
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path != file {
                // client, transaction, µs, …
                for line in fs::read_to_string(&path)?.lines() {
                    let taken =
                        line.split(' ').nth(2).and_then(|taken| taken.parse().ok()).context("a log of pgbench")?;
                    self.latencies.add(Duration::from_micros(taken));
                }
            }
        }
        Ok(())
    }

    /// What one transaction cost the server.
    pub(super) fn cpu(&self) -> Duration {
        self.cpu / u32::try_from(self.latencies.count().max(1)).unwrap_or(u32::MAX)
    }
}
