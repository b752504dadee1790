//! The history service on a real PostgreSQL, through its generated clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod callers;
mod citations;
mod connections;
mod contexts;
mod conversations;
mod costs;
mod crowds;
mod erasure;
mod export;
mod isolation;
mod jumps;
mod keeper;
mod lists;
mod messages;
mod model;
mod outage;
mod paths;
mod plans;
mod pooler;
mod probes;
mod proof;
mod replica;
mod retention;
mod round_trips;
mod rpcs;
mod runs;
mod runs_abandoned;
mod runs_again;
mod runs_ending;
mod runs_followed;
mod runs_named;
mod runs_repeated;
mod runs_streaming;
mod runs_untold;
mod schema;
mod search;
mod search_index;
mod search_nasty;
mod search_pages;
mod temporary;
mod text;
mod validation;
mod walks;
mod world;
