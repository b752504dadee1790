//! `cargo xtask test`: every test, and at the end a line that says how many there were.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use anyhow::{Context as _, bail};

use crate::step::{cargo, step};

/// What became of the tests.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// One process per test binary, not per test: the test kit starts a PostgreSQL for each process.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let outcome = step("tests", || {
        let mut command = cargo(["test", "--workspace", "--locked", "--no-fail-fast"]);
        let mut tests = command.stdout(Stdio::piped()).spawn().context("cargo cannot be started")?;
        let output = tests.stdout.take().context("the output of the tests is piped")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(&line);
        }
        let status = tests.wait()?;
        if !status.success() {
            bail!("cargo test ended with {status}");
        }
        if tally.passed == 0 {
            bail!("no test was run");
        }
        Ok(())
    });
    // CI reads this line.
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    outcome
}

impl Tally {
    /// Adds what a closing line says: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            let (number, what) = count.split_once(' ').unwrap_or_default();
            let number = number.parse::<usize>().unwrap_or_default();
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 5, failed: 5, skipped: 1 });
    }
}
