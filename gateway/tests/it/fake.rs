//! Services in memory that implement the generated server traits.

mod auth;
mod conversations;
mod history;
mod messages;
mod privacy;
mod runs;

pub(crate) use self::{
    auth::{FakeAuth, FakeUsers, SESSION},
    history::{ALICE, BOB, FakeHistory, NOW},
    runs::POISON,
};
