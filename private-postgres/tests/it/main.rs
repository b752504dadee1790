//! Real clusters: started, doubled, killed and recovered. Processes are inspected through `/proc`.

#![cfg(target_os = "linux")]

mod crash;
mod harness;
mod places;
mod start;
