//! The whole stack as a person runs it: the real binary, real processes, real sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod bad_days;
mod better_auth;
mod explain_token;
mod first_run;
mod frontends;
mod identity;
mod parts;
mod privacy;
mod processes;
mod runs;
mod stack;
mod threads;
