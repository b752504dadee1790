//! The pure part of a verification: from the text of a token to a good signature and claims that were read.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use auth_service::jws::{Algorithm as Accepted, Compact, KeySet};
use testkit::issuer::{Algorithm, Issuer};

use crate::samples::{Samples, micros};

/// Short enough that all algorithms meet the same weather.
const TURN: usize = 50;
const TURNS: usize = 100;
const LEEWAY: Duration = Duration::from_mins(1);

struct Contender {
    algorithm: Accepted,
    token: String,
    keys: KeySet,
    costs: Samples,
}

pub(crate) async fn run() -> anyhow::Result<()> {
    let mut contenders = Vec::new();
    for algorithm in Algorithm::ALL {
        contenders.push(contender(algorithm).await?);
    }
    for _ in 0..TURNS {
        for contender in &mut contenders {
            let began = Instant::now();
            for _ in 0..TURN {
                judge(&contender.token, &contender.keys, contender.algorithm)?;
            }
            contender.costs.add(began.elapsed() / u32::try_from(TURN)?);
        }
    }
    let mut rows = contenders.iter_mut().map(|it| (it.algorithm, micros(it.costs.permille(500)))).collect::<Vec<_>>();
    let (_, basis) = *rows.iter().find(|(algorithm, _)| algorithm.name() == "RS256").context("RS256 is measured")?;
    rows.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    println!("| algorithm | against RS256 | µs a core (median) | a second and core |\n|---|---|---|---|");
    for (algorithm, cost) in rows {
        println!("| {} | {:.2} | {cost:.0} | {:.0} |", algorithm.name(), cost / basis, 1e6 / cost);
    }
    Ok(())
}

/// Of the issuer only the key and one token are wanted.
async fn contender(algorithm: Algorithm) -> anyhow::Result<Contender> {
    let issuer = Issuer::with([algorithm]).await;
    let keys = KeySet::parse(issuer.key_set().to_string().as_bytes(), "bench")?;
    let accepted = Accepted::from_name(algorithm.name()).context("an algorithm that we accept")?;
    Ok(Contender { algorithm: accepted, token: issuer.token("ada").sign(), keys, costs: Samples::default() })
}

fn judge(token: &str, keys: &KeySet, algorithm: Accepted) -> anyhow::Result<()> {
    let compact = Compact::parse(token)?;
    let header = compact.header()?;
    let claims = compact.claims()?;
    let audience = [claims.issuer()?];
    claims.check_audience(&audience)?;
    claims.times()?.check(SystemTime::now(), LEEWAY)?;
    claims.subject()?;
    keys.find(header.key_id.as_deref(), algorithm)?.verify(&compact)?;
    Ok(())
}
