//! How often a call goes to the database and back.

use proto::history::v1 as pb;
use testkit::Proxy;

use crate::world::{Person, World, clients_with, user_message};

#[tokio::test]
async fn an_append_goes_once_to_the_database_and_so_do_reads() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    // On one connection, where every statement is prepared once.
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let user = Person::new(&clients);
    let conversation = user.conversation().await.id;
    let source = || pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
    let append = || async {
        let sources = vec![source(), source()];
        user.create_message(pb::CreateMessageRequest { sources, ..user_message(&conversation, "hello") })
            .await
            .unwrap();
    };
    let list = || async { drop(user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap()) };
    let path = || pb::ListMessagesRequest { conversation_id: conversation.clone(), ..Default::default() };
    let page = || async { drop(user.list_messages(path()).await.unwrap()) };
    append().await;
    list().await;
    page().await;
    for what in ["append", "list", "page"] {
        let before = proxy.said();
        match what {
            "append" => append().await,
            "list" => list().await,
            _ => page().await,
        }
        assert_eq!(proxy.said() - before, 1, "{what}");
    }
}
