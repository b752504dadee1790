//! `cargo xtask test`: every test, and at the end a line that says how many there were.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{
    step::{cargo, step},
    web,
};

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
    let mut outcomes = vec![step("tests", || tally.run(cargo(["test", "--workspace", "--locked", "--no-fail-fast"])))];
    for part in web::PARTS {
        outcomes.push(step(&format!("{part}: tests"), || tally.run(web::test(part)?)));
    }
    outcomes.push(step("web: walk", || tally.run(web::walk()?)));
    // CI reads this line.
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    outcomes.into_iter().collect()
}

impl Tally {
    /// Runs tests, shows what they say, and counts them.
    fn run(&mut self, mut command: Command) -> anyhow::Result<()> {
        let before = self.passed;
        let mut tests = command.stdout(Stdio::piped()).spawn().context("the tests cannot be started")?;
        let output = tests.stdout.take().context("the output of the tests is piped")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            self.add(&line);
        }
        let status = tests.wait()?;
        if !status.success() {
            bail!("the tests ended with {status}");
        }
        if self.passed == before {
            bail!("no test was run");
        }
        Ok(())
    }

    /// Adds what a closing line says: Cargo's `test result: ok. 3 passed; 0 failed; 1 ignored; …`, or Vitest's
    /// `Tests  1 failed | 3 passed | 2 skipped (6)`.
    fn add(&mut self, line: &str) {
        let of_cargo =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")).map(|(_, counts)| counts);
        let of_vitest =
            line.trim_start().strip_prefix("Tests  ").and_then(|rest| rest.split_once(" (")).map(|(counts, _)| counts);
        let Some(counts) = of_cargo.or(of_vitest) else { return };
        for count in counts.split(['|', ';']).map(str::trim) {
            let (number, what) = count.split_once(' ').unwrap_or_default();
            let number = number.parse::<usize>().unwrap_or_default();
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" | "skipped" => self.skipped += number,
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
            "      Tests  1 failed | 7 passed | 2 skipped (10)",
            " Test Files  1 passed (1)",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 12, failed: 6, skipped: 3 });
    }
}
