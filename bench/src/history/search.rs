//! What a search takes: for somebody with little and for somebody with very much.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use kit::{
    caller::UserId,
    client::{self, Transport},
};
use proto::history::v1::{self as pb, conversation_service_client::ConversationServiceClient};
use tokio::time::sleep;

use super::{Options, Subject, calls::acting, data, server::Server};
use crate::{
    me::verdict,
    samples::{Samples, micros},
    stack::SERVICE_KEY,
};

const LARGEST: usize = 64 * 1024 * 1024;
/// In each turn of each kind: enough that the p99 of a few turns is more than the one slowest.
const ASKS: usize = 100;
const BAR: f64 = 50.0;

type Client = ConversationServiceClient<Transport>;

/// Somebody's texts, from which queries are made that find something.
struct Searcher {
    number: u64,
    texts: Vec<String>,
    /// By how often they come, the rarest first.
    words: Vec<String>,
}

impl Searcher {
    fn new(server: &Server, url: &str, number: u64) -> anyhow::Result<Self> {
        let user = data::user(number);
        let newest =
            format!("SELECT content FROM history.message WHERE user_id = '{user}' ORDER BY message_id DESC LIMIT 300");
        // Without those that the measurements before have appended.
        let long = |text: &&str| text.len() > 100;
        let texts: Vec<String> = server.ask(url, &newest)?.lines().filter(long).map(str::to_owned).collect();
        let mut counts = HashMap::new();
        for word in texts.iter().flat_map(|text| text.split([' ', '.'])).filter(|word| word.len() > 3) {
            *counts.entry(word.to_owned()).or_insert(0) += 1;
        }
        let mut words: Vec<_> = counts.into_iter().collect();
        words.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        Ok(Self { number, texts, words: words.into_iter().map(|(word, _)| word).collect() })
    }

    /// What people type, by kind, another at each turn.
    fn query(&self, kind: usize, turn: usize) -> (&'static str, String) {
        let text = &self.texts[turn % self.texts.len()];
        let within: Vec<&str> = text.split(' ').skip(1).collect();
        let rare = &self.words[turn % (self.words.len() / 4).max(1)];
        let common = &self.words[self.words.len() - 1 - turn % 5];
        match kind {
            0 => ("a word that one message has", text.split(' ').next().unwrap_or_default().to_owned()),
            1 => ("a rare word", rare.clone()),
            2 => ("one of the five commonest words", common.clone()),
            3 => ("a part of a word", rare[1..rare.len().min(5)].to_owned()),
            4 => ("two words", format!("{} {}", within[1], within[within.len() - 2])),
            5 => ("a phrase of three words", format!("\"{}\"", within[3..6].join(" "))),
            _ => ("a common word without another", format!("{common} -{}", self.words[self.words.len() - 7])),
        }
    }
}

const KINDS: usize = 7;

pub(super) async fn run(server: &Server, large: &Subject, options: &Options) -> anyhow::Result<()> {
    let url = large.data.superuser_url(server);
    indexed(server, &url).await?;
    let transport = client::connect(&large.service.url, &SERVICE_KEY.into())?;
    let mut client = Client::new(transport).max_decoding_message_size(LARGEST);
    let typical: Vec<_> =
        (1..=20).map(|number| Searcher::new(server, &url, number * 10)).collect::<anyhow::Result<_>>()?;
    let heavy = [Searcher::new(server, &url, 1)?];

    println!("\n| search for | 90 messages: p50 ms | p99 | 100,000 messages: p50 ms | p99 |\n|---|---|---|---|---|");
    let mut slowest = 0.0_f64;
    for kind in 0..KINDS {
        let mut cells = Vec::new();
        for searchers in [typical.as_slice(), &heavy] {
            let mut samples = Samples::default();
            for turn in 0..options.turns * ASKS {
                let searcher = &searchers[turn % searchers.len()];
                let (_, query) = searcher.query(kind, turn / searchers.len());
                let began = Instant::now();
                let hits = search(&mut client, searcher.number, &query).await?;
                samples.add(began.elapsed());
                ensure!(hits > 0 || kind == KINDS - 1, "nothing found for {query:?}");
            }
            let (p50, p99) = (micros(samples.permille(500)) / 1e3, micros(samples.permille(990)) / 1e3);
            slowest = slowest.max(p99);
            cells.push(format!("{p50:.1} | {p99:.1}"));
        }
        println!("| {} | {} |", heavy[0].query(kind, 0).0, cells.join(" | "));
    }
    println!("\nBar: p99 below {BAR} ms: the slowest is {slowest:.1} ms: {}", verdict(slowest < BAR));
    Ok(())
}

/// Waits until the background has indexed everything, and says what that took.
async fn indexed(server: &Server, url: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut before = u64::MAX;
    loop {
        let waiting = server.ask(url, "SELECT count(*) FROM history.search_entry WHERE grams IS NULL")?;
        let waiting = waiting.parse().context("a count")?;
        if waiting == 0 {
            break;
        }
        ensure!(waiting < before, "the indexer stands still at {waiting}");
        before = waiting;
        sleep(Duration::from_secs(20)).await;
    }
    server.ask(url, "VACUUM ANALYZE history.search_entry")?;
    let sizes = "\
        SELECT string_agg(format('%s %s', relname, (
            pg_total_relation_size(c.oid) - CASE WHEN relkind = 'r' THEN pg_indexes_size(c.oid) ELSE 0 END
        ) / e.count), ', ' ORDER BY relname) || ' bytes for each of ' || max(e.count) || ' messages'
        FROM pg_class c, (SELECT count(*) FROM history.search_entry) e
        WHERE relname IN ('search_entry', 'search_entry_grams_idx')";
    println!("\nIndexed for search {} s later: {}", began.elapsed().as_secs(), server.ask(url, sizes)?);
    Ok(())
}

async fn search(client: &mut Client, user: u64, query: &str) -> anyhow::Result<usize> {
    let request = pb::SearchMessagesRequest { query: query.to_owned(), ..Default::default() };
    Ok(client.search_messages(acting(UserId(data::user(user)), request)).await?.into_inner().hits.len())
}
