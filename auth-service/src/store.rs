//! The tables of schema `auth`. One statement a function; nothing here knows a transport.

pub(crate) mod user;
