//! The history service on a real PostgreSQL, through its generated clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod callers;
mod conversations;
mod erasure;
mod export;
mod isolation;
mod lists;
mod messages;
mod outage;
mod paths;
mod retention;
mod rpcs;
mod runs;
mod runs_ending;
mod runs_repeated;
mod schema;
mod text;
mod validation;
mod world;
