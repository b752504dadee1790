//! The rules of ARCHITECTURE.md about who may know whom, held by a test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod layers;
