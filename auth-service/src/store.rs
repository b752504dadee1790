//! The tables of schema `auth`. One statement a function; nothing here knows a transport.

pub(crate) mod better_auth;
pub(crate) mod revocation;
pub(crate) mod tombstone;
pub(crate) mod user;
