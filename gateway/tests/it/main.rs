//! The gateway from outside: a real router over real gRPC to services in memory, with a scripted agent on loopback.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod agents;
mod callers;
mod conversations;
mod credentials;
mod edge;
mod failures;
mod fake;
mod following;
mod frontends;
mod idempotency;
mod identity;
mod openapi;
mod privacy;
mod quota;
mod runs;
mod shutdown;
mod stack;
mod streams;
mod validation;
mod web;
