//! For tests: the runs of a gateway whose history is away.

use std::sync::Arc;

use clap::Parser;
use kit::{caller::UserId, client};
use proto::history::v1::Run;
use uuid::Uuid;

use super::{Runs, Writer, live::Held, open_log};
use crate::{
    agent::Agents,
    config::Limits,
    history::{Connections, History},
};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    limits: Limits,
}

/// Runs within these limits.
pub(super) fn runs(flags: &[&str]) -> Runs {
    let Cli { limits } = Cli::parse_from(["gateway"].iter().chain(flags));
    let (_shut, way) = client::door();
    let calls = client::attach(way, &"a-key-of-the-gateway".to_owned().into()).unwrap();
    let (exports, watches) = (calls.clone(), calls.clone());
    let history = History::new(Connections { calls, exports, watches });
    Runs::new(history, Agents::new(Vec::new(), &limits).unwrap(), limits)
}

/// A run of this id that we hold.
pub(super) fn held(id: &str) -> (Writer, Arc<Held>) {
    let (writer, reader) = open_log(id, usize::MAX);
    let run = Run { id: id.to_owned(), ..Run::default() };
    (writer, Held::new(&run, UserId(Uuid::nil()), reader))
}
