//! The contracts between the services: generated messages, clients and servers, the descriptors that
//! reflection serves, what the events of a run make together, the bounds on requests, and the stable reasons of errors.

pub mod answer;
pub mod limit;
pub mod reason;

/// Every `.proto` file with its imports and comments, as an encoded `FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/colloquy.binpb"));

/// Users and their credentials.
pub mod auth {
    /// Version 1 of the contract.
    #[allow(
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        missing_docs,
        unreachable_pub,
        reason = "generated code"
    )]
    pub mod v1 {
        tonic::include_proto!("colloquy.auth.v1");
    }
}

/// Conversations, messages, sources and runs.
pub mod history {
    /// Version 1 of the contract.
    #[allow(
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        missing_docs,
        unreachable_pub,
        reason = "generated code"
    )]
    pub mod v1 {
        tonic::include_proto!("colloquy.history.v1");
    }
}
