//! Search in what one user has.

mod gram;
mod matcher;
mod normal;
mod phrase;
mod query;
mod snippet;
