//! Who may call: the same for every RPC.

use proto::history::v1 as pb;
use tonic::{Code, Request, metadata::MetadataMap};
use uuid::Uuid;

use crate::{
    rpcs::{self, Call, Ids},
    world::{SERVICE_KEY, TOKEN, TOKEN_USER, World, clients_with, reason_of},
};

fn headers(pairs: &[(&'static str, String)]) -> MetadataMap {
    let mut headers = MetadataMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.parse().unwrap());
    }
    headers
}

fn every_rpc() -> Vec<(&'static str, Call)> {
    let nobodys = || Uuid::now_v7().to_string();
    let mut calls = rpcs::about(Ids { conversation: nobodys(), message: nobodys(), run: nobodys() });
    calls.extend(rpcs::about_nothing());
    calls
}

#[tokio::test]
async fn the_tables_leave_no_rpc_out() {
    use prost::Message as _;

    let described = prost_types::FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let files = described.file.iter().filter(|file| file.package() == "colloquy.history.v1");
    let services = files.flat_map(|file| &file.service);
    // An RPC that is not served yet is listed here.
    let calls: Vec<_> = every_rpc().into_iter().chain(rpcs::of_services()).collect();
    for method in services.flat_map(|service| &service.method) {
        let name = method.name();
        let snake = name.chars().fold(String::new(), |mut snake, c| {
            if c.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
            snake
        });
        assert!(calls.iter().any(|(called, _)| *called == snake), "{name} is in no table");
    }
}

#[tokio::test]
async fn without_a_good_credential_every_rpc_refuses() {
    let world = World::new().await;
    let service = || ("authorization", format!("Bearer {SERVICE_KEY}"));
    let user = || ("authorization", format!("Bearer {TOKEN}"));
    let act_as = |who: &str| ("x-act-as", who.to_owned());
    let other = Uuid::now_v7().to_string();
    let cases = [
        (vec![], Code::Unauthenticated, "TOKEN_MISSING"),
        (vec![act_as(&other)], Code::Unauthenticated, "TOKEN_MISSING"),
        (vec![("authorization", "Basic dTpw".to_owned())], Code::Unauthenticated, "TOKEN_MALFORMED"),
        (vec![("authorization", "Bearer unknown".to_owned())], Code::Unauthenticated, "TOKEN_EXPIRED"),
        (vec![service()], Code::InvalidArgument, "ACT_AS_REQUIRED"),
        (vec![service(), act_as("me")], Code::InvalidArgument, "ACT_AS_INVALID"),
        (vec![user(), act_as(&other)], Code::PermissionDenied, "ACT_AS_FORBIDDEN"),
    ];
    for (pairs, code, reason) in cases {
        for (name, call) in every_rpc() {
            let refused = call(world.clients.clone(), headers(&pairs)).await.unwrap_err();
            assert_eq!((refused.code(), reason_of(&refused).as_str()), (code, reason), "{name} {pairs:?}");
        }
    }
}

#[tokio::test]
async fn a_service_for_a_user_and_the_user_themself_reach_every_rpc() {
    let world = World::new().await;
    let good = [
        vec![("authorization", format!("Bearer {SERVICE_KEY}")), ("x-act-as", Uuid::now_v7().to_string())],
        vec![("authorization", format!("Bearer {TOKEN}"))],
    ];
    for pairs in good {
        for (name, call) in every_rpc() {
            if let Err(status) = call(world.clients.clone(), headers(&pairs)).await {
                assert_eq!(status.code(), Code::NotFound, "{name}: {status:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_services_do_for_nobody_is_for_services_that_may_act() {
    let world = World::new().await;
    let may_not = clients_with(world.database.service_url.clone(), |config| {
        config.accepted.service_permissions = "gateway:verify".parse().unwrap();
    });
    let service = vec![("authorization", format!("Bearer {SERVICE_KEY}"))];
    let user = vec![("authorization", format!("Bearer {TOKEN}"))];
    let cases = [
        (&world.clients, vec![], Code::Unauthenticated, "TOKEN_MISSING"),
        (&world.clients, user, Code::PermissionDenied, "SERVICE_KEY_REQUIRED"),
        (&may_not, service.clone(), Code::PermissionDenied, "PERMISSION_REQUIRED"),
    ];
    for (clients, pairs, code, reason) in cases {
        for (name, call) in rpcs::of_services() {
            let refused = call(clients.clone(), headers(&pairs)).await.unwrap_err();
            assert_eq!((refused.code(), reason_of(&refused).as_str()), (code, reason), "{name} {pairs:?}");
        }
    }
    for (name, call) in rpcs::of_services() {
        call(world.clients.clone(), headers(&service)).await.expect(name);
    }
}

#[tokio::test]
async fn what_a_service_writes_for_a_user_is_the_users() {
    let world = World::new().await;
    let user = crate::world::Person::of(&world, TOKEN_USER);
    let conversation = user.conversation().await;

    let mut request = Request::new(pb::ListConversationsRequest::default());
    *request.metadata_mut() = headers(&[("authorization", format!("Bearer {TOKEN}"))]);
    let listed = world.clients.conversations.clone().list_conversations(request).await.unwrap().into_inner();
    assert_eq!(listed.conversations, [conversation]);
}
