//! The history service on a real PostgreSQL, through its generated clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod callers;
mod conversations;
mod isolation;
mod lists;
mod messages;
mod outage;
mod paths;
mod rpcs;
mod runs;
mod runs_ending;
mod runs_repeated;
mod schema;
mod search;
mod search_index;
mod search_nasty;
mod search_pages;
mod text;
mod validation;
mod world;
