//! The database is away: every RPC says so, and when to come back.

use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{
    rpcs::{self, Ids},
    world::{acting_headers, clients, reason_of},
};

#[tokio::test(start_paused = true)]
async fn without_a_database_every_rpc_is_unavailable() {
    let gone = testkit::free_address();
    let clients = clients(format!("postgres://colloquy_service@{gone}/colloquy").into());
    let id = || Uuid::now_v7().to_string();
    let mut calls = rpcs::about(Ids { conversation: id(), message: id(), run: id() });
    calls.extend(rpcs::about_nothing());
    for (name, call) in calls {
        let status = call(clients.clone(), acting_headers(Uuid::now_v7())).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Unavailable, "DATABASE_UNAVAILABLE"), "{name}");
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some(), "{name}");
        assert!(!status.message().contains("127.0.0.1"), "{name}: {}", status.message());
    }
}
