//! A history service of one test: its database, an auth service that knows one token, and clients.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use history_service::Config;
use kit::{
    caller::Authenticator,
    client,
    config::ServiceKeys,
    error::{Error, RefusalKind},
    server::Services,
};
use proto::{
    auth::v1::{User, VerifyTokenRequest, VerifyTokenResponse, auth_service_server::AuthServiceServer},
    history::v1::{
        self as pb, conversation_service_client::ConversationServiceClient, export_user_response::Record,
        message_service_client::MessageServiceClient, privacy_service_client::PrivacyServiceClient,
        run_service_client::RunServiceClient,
    },
    reason,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use testkit::{NoUsers, OnlyVerifies, TestDatabase, Verifies};
use tonic::{Request, Response, Status, metadata::MetadataMap, transport::Channel};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub(crate) use self::streaming::{batch, text, told};

mod streaming;

pub(crate) const SERVICE_KEY: &str = "a-key-of-the-gateway";
pub(crate) const TOKEN: &str = "a-good-token";
pub(crate) const TOKEN_USER: Uuid = Uuid::from_u128(0x0199_f3a0_0000_7000_8000_0000_0000_0001);

/// Clients of one history service.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) conversations: ConversationServiceClient<Channel>,
    pub(crate) messages: MessageServiceClient<Channel>,
    pub(crate) runs: RunServiceClient<Channel>,
    /// For requests that none of them would send.
    pub(crate) channel: Channel,
    pub(crate) privacy: PrivacyServiceClient<Channel>,
}

/// A service with a database of its own.
pub(crate) struct World {
    pub(crate) clients: Clients,
    pub(crate) database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        let migrate = async |owner_url| history_service::migrate(&owner_url).await;
        let database = TestDatabase::create("history", migrate).await;
        Self { clients: clients(database.service_url.clone()), database }
    }

    /// A connection as the service's role.
    pub(crate) async fn service_connection(&self) -> PgConnection {
        PgConnection::connect(self.database.service_url.expose_secret()).await.unwrap()
    }

    /// A connection as superuser, for what only time or disaster does otherwise.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect(self.database.superuser_url.expose_secret()).await.unwrap()
    }

    /// A conversation with one path of so many messages, `message 1` and so on, written past the service.
    pub(crate) async fn long_conversation(&self, user: &Person, length: i32) -> Vec<String> {
        let id: Uuid = user.conversation().await.id.parse().unwrap();
        let mut superuser = self.superuser().await;
        let ids: Vec<Uuid> = (0..length).map(|_| Uuid::now_v7()).collect();
        let parents: Vec<Option<Uuid>> = std::iter::once(None).chain(ids.iter().copied().map(Some)).collect();
        let insert = "
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, role, status, content, metadata, completed_at
            )
            SELECT m.id, $1, $2, m.parent, 'user', 'completed', 'message ' || m.place, '{}', now()
            FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS m (id, parent, place)";
        let insert = sqlx::query(insert).bind(user.id).bind(id).bind(&ids).bind(&parents[..ids.len()]);
        insert.execute(&mut superuser).await.unwrap();
        let touch =
            "UPDATE history.conversation SET active_leaf_id = $2, message_count = $3 WHERE conversation_id = $1";
        sqlx::query(touch).bind(id).bind(ids.last()).bind(length).execute(&mut superuser).await.unwrap();
        sqlx::query("ANALYZE history.message, history.conversation").execute(&mut superuser).await.unwrap();
        std::iter::once(id).chain(ids).map(|id| id.to_string()).collect()
    }

    /// A new user.
    pub(crate) fn user(&self) -> Person {
        Person::new(&self.clients)
    }
}

/// What a service on this database is told.
pub(crate) fn config(database_url: SecretString) -> Config {
    Config {
        options: history_service::Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin_listen: "127.0.0.1:0".parse().unwrap(),
            database_url: Some(database_url),
            read_database_url: None,
            max_connections: 8,
            retention: None,
        },
        database: kit::config::Database::default(),
        accepted: keys().into(),
        auth: kit::config::AuthEndpoint { auth_url: "http://auth.invalid".parse().unwrap() },
        token_cache: kit::caller::CacheLimits { ttl: Duration::from_secs(10), size: 10 },
    }
}

/// Clients of a service on this database.
pub(crate) fn clients(database_url: SecretString) -> Clients {
    clients_of(&config(database_url))
}

/// Clients of a service on this database with a configuration of its own.
pub(crate) fn clients_with(database_url: SecretString, configure: impl FnOnce(&mut Config)) -> Clients {
    let mut config = config(database_url);
    configure(&mut config);
    clients_of(&config)
}

/// Clients of a service that is configured like this.
pub(crate) fn clients_of(config: &Config) -> Clients {
    let auth = Services::new("auth").with(AuthServiceServer::new(OnlyVerifies(FakeAuth)));
    let auth =
        testkit::channel(auth.guarded_by(Authenticator::new(Arc::new(NoUsers), &keys().into()).unwrap()).into_router());
    let auth = client::attach(auth, &SERVICE_KEY.into()).unwrap();
    clients_on(testkit::channel(history_service::services(config, Some(auth)).unwrap().into_router()))
}

/// Clients of whatever answers there.
pub(crate) fn clients_on(channel: Channel) -> Clients {
    let largest = 64 * 1024 * 1024;
    Clients {
        conversations: ConversationServiceClient::new(channel.clone()).max_decoding_message_size(largest),
        messages: MessageServiceClient::new(channel.clone()).max_decoding_message_size(largest),
        runs: RunServiceClient::new(channel.clone()).max_decoding_message_size(largest),
        privacy: PrivacyServiceClient::new(channel.clone()).max_decoding_message_size(largest),
        channel,
    }
}

fn keys() -> ServiceKeys {
    ServiceKeys::single("gateway", SERVICE_KEY.into())
}

/// A request as a service acting for this user.
pub(crate) fn acting<T>(user: Uuid, message: T) -> Request<T> {
    let mut request = Request::new(message);
    *request.metadata_mut() = acting_headers(user);
    request
}

pub(crate) fn acting_headers(user: Uuid) -> MetadataMap {
    let mut headers = MetadataMap::new();
    headers.insert("authorization", format!("Bearer {SERVICE_KEY}").parse().unwrap());
    headers.insert("x-act-as", user.to_string().parse().unwrap());
    headers
}

/// A user, with calls as a service makes them for that user.
#[derive(Clone)]
pub(crate) struct Person {
    clients: Clients,
    pub(crate) id: Uuid,
}

macro_rules! calls {
    ($($client:ident.$method:ident($request:ident) -> $response:ident;)+) => {
        impl Person {
            $(
                pub(crate) async fn $method(&self, message: pb::$request) -> Result<pb::$response, Status> {
                    let answer = self.clients.$client.clone().$method(acting(self.id, message)).await;
                    answer.map(Response::into_inner)
                }
            )+
        }
    };
}

calls! {
    conversations.create_conversation(CreateConversationRequest) -> CreateConversationResponse;
    conversations.get_conversation(GetConversationRequest) -> GetConversationResponse;
    conversations.list_conversations(ListConversationsRequest) -> ListConversationsResponse;
    conversations.update_conversation(UpdateConversationRequest) -> UpdateConversationResponse;
    conversations.delete_conversation(DeleteConversationRequest) -> DeleteConversationResponse;
    conversations.search_messages(SearchMessagesRequest) -> SearchMessagesResponse;
    messages.create_message(CreateMessageRequest) -> CreateMessageResponse;
    messages.get_message(GetMessageRequest) -> GetMessageResponse;
    messages.list_messages(ListMessagesRequest) -> ListMessagesResponse;
    messages.set_feedback(SetFeedbackRequest) -> SetFeedbackResponse;
    messages.list_sources(ListSourcesRequest) -> ListSourcesResponse;
    messages.list_siblings(ListSiblingsRequest) -> ListSiblingsResponse;
    messages.list_citations(ListCitationsRequest) -> ListCitationsResponse;
    runs.start_run(StartRunRequest) -> StartRunResponse;
    runs.finish_run(FinishRunRequest) -> FinishRunResponse;
    runs.cancel_run(CancelRunRequest) -> CancelRunResponse;
    runs.get_run(GetRunRequest) -> GetRunResponse;
    privacy.erase_user(EraseUserRequest) -> EraseUserResponse;
}

impl Person {
    /// A new user of this service.
    pub(crate) fn new(clients: &Clients) -> Self {
        Self { clients: clients.clone(), id: Uuid::now_v7() }
    }

    /// The same user at another service.
    pub(crate) fn at(&self, clients: &Clients) -> Self {
        Self { clients: clients.clone(), id: self.id }
    }

    /// This user at the service that the other one speaks to.
    pub(crate) fn at_the_side_of(&self, other: &Self) -> Self {
        self.at(&other.clients)
    }

    /// This user, whoever else calls.
    pub(crate) fn of(world: &World, id: Uuid) -> Self {
        Self { clients: world.clients.clone(), id }
    }

    /// Everything about this user, or what came before it failed.
    pub(crate) async fn export(&self, order: pb::ExportOrder) -> Result<Vec<Record>, Status> {
        let request = pb::ExportUserRequest { order: order.into() };
        let mut stream = self.clients.privacy.clone().export_user(acting(self.id, request)).await?.into_inner();
        let mut records = Vec::new();
        while let Some(told) = stream.message().await? {
            records.push(told.record.unwrap());
        }
        Ok(records)
    }

    /// A new, empty conversation.
    pub(crate) async fn conversation(&self) -> pb::Conversation {
        self.create_conversation(pb::CreateConversationRequest::default()).await.unwrap().conversation.unwrap()
    }

    /// The conversation as it stands.
    pub(crate) async fn read(&self, id: &str) -> pb::Conversation {
        let request = pb::GetConversationRequest { conversation_id: id.to_owned() };
        self.get_conversation(request).await.unwrap().conversation.unwrap()
    }

    /// Appends to the active leaf, or to a parent.
    pub(crate) async fn say(&self, conversation: &str, content: &str, parent: Option<&str>) -> pb::Message {
        let request =
            pb::CreateMessageRequest { parent_id: parent.map(str::to_owned), ..user_message(conversation, content) };
        self.create_message(request).await.unwrap().message.unwrap()
    }

    /// A question in this conversation, or in a new one.
    pub(crate) async fn ask(&self, conversation: Option<&str>, content: &str) -> pb::StartRunResponse {
        self.start_run(question(conversation, content)).await.unwrap()
    }

    /// The agent's answer.
    pub(crate) async fn end(&self, run: &pb::Run, content: &str) -> pb::FinishRunResponse {
        self.finish_run(completed(run, content)).await.unwrap()
    }
}

pub(crate) fn user_message(conversation: &str, content: &str) -> pb::CreateMessageRequest {
    pb::CreateMessageRequest {
        conversation_id: conversation.to_owned(),
        role: pb::Role::User.into(),
        content: content.to_owned(),
        ..pb::CreateMessageRequest::default()
    }
}

pub(crate) fn question(conversation: Option<&str>, content: &str) -> pb::StartRunRequest {
    pb::StartRunRequest {
        conversation_id: conversation.map(str::to_owned),
        agent: "docs".to_owned(),
        content: content.to_owned(),
        lease: Some(Duration::from_secs(30).try_into().unwrap()),
        context_limit: 20,
        ..pb::StartRunRequest::default()
    }
}

pub(crate) fn completed(run: &pb::Run, content: &str) -> pb::FinishRunRequest {
    pb::FinishRunRequest {
        run_id: run.id.clone(),
        fence: run.fence,
        status: pb::RunStatus::Completed.into(),
        content: content.to_owned(),
        ..pb::FinishRunRequest::default()
    }
}

/// The reason in the details of a refusal.
pub(crate) fn reason_of(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

/// The violated fields with their codes.
pub(crate) fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_details_bad_request().unwrap();
    details.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

struct FakeAuth;

#[tonic::async_trait]
impl Verifies for FakeAuth {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        if request.get_ref().token != TOKEN {
            let refusal = Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_EXPIRED, "the token has expired");
            return Err(refusal.with(reason::METADATA_FIELD, "token").into());
        }
        Ok(Response::new(VerifyTokenResponse {
            user: Some(User { id: TOKEN_USER.to_string(), ..User::default() }),
            expires_at: Some((SystemTime::now() + Duration::from_mins(5)).into()),
            issuer_name: "test".to_owned(),
        }))
    }
}
