//! Who may do what: every credential on every method.

use std::collections::BTreeSet;

use proto::{
    auth::v1::{
        BatchGetUsersRequest, DeleteUserRequest, ExplainTokenRequest, GetMeRequest, GetUserRequest,
        IntrospectTokenRequest, RevokeTokensRequest, VerifyTokenRequest,
    },
    reason,
};
use testkit::issuer::Issuer;
use tonic::{Code, Request, Status};

use crate::service::{
    DIRECTORY_KEY, OPERATOR_KEY, SERVICE_KEY, Service, acting_for, as_service, info, reason, with_bearer,
};

const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";

/// The methods of the matrix.
const METHODS: [&str; 8] = [
    "VerifyToken",
    "IntrospectToken",
    "ExplainToken",
    "GetMe",
    "GetUser",
    "BatchGetUsers",
    "RevokeTokens",
    "DeleteUser",
];
type Outcomes = [&'static str; METHODS.len()];

/// A credential, and what [`METHODS`] answer to it; those that name a user are about Ada.
struct Case {
    name: &'static str,
    /// Where `{ada}` stands, a token of Ada's is put.
    authorization: Vec<String>,
    act_as: ActAs,
    expected: Outcomes,
}

#[derive(Clone, Copy)]
enum ActAs {
    Nobody,
    Ada,
    Text(&'static str),
}

fn case(name: &'static str, authorization: &[&str], act_as: ActAs, expected: Outcomes) -> Case {
    Case { name, authorization: authorization.iter().map(|value| (*value).to_owned()).collect(), act_as, expected }
}

/// Each case has an Ada of its own, who may be gone in the end.
struct Ada {
    id: String,
    token: String,
}

impl Case {
    fn request<T>(&self, ada: &Ada, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for value in &self.authorization {
            request.metadata_mut().append("authorization", value.replace("{ada}", &ada.token).parse().unwrap());
        }
        match self.act_as {
            ActAs::Nobody => request,
            ActAs::Ada => acting_for(request, &ada.id),
            ActAs::Text(text) => acting_for(request, text),
        }
    }

    async fn outcomes(&self, service: &Service, ada: &Ada, token: &str) -> Vec<String> {
        let (mut auth, mut users) = (service.auth(), service.users());
        let (token, user_id) = (token.to_owned(), ada.id.clone());
        let verify = VerifyTokenRequest { token: token.clone(), ..VerifyTokenRequest::default() };
        let introspect = IntrospectTokenRequest { token: token.clone() };
        let several = BatchGetUsersRequest { user_ids: vec![user_id.clone()] };
        // Not the session of Ada's token, which has to last until the end.
        let revoke = RevokeTokensRequest { user_id: user_id.clone(), session_id: "another".to_owned() };
        vec![
            outcome(auth.verify_token(self.request(ada, verify)).await),
            outcome(auth.introspect_token(self.request(ada, introspect)).await),
            outcome(auth.explain_token(self.request(ada, ExplainTokenRequest { token })).await),
            outcome(users.get_me(self.request(ada, GetMeRequest {})).await),
            outcome(users.get_user(self.request(ada, GetUserRequest { user_id: user_id.clone() })).await),
            match users.batch_get_users(self.request(ada, several)).await {
                Ok(answer) if answer.get_ref().users.is_empty() => "NONE".to_owned(),
                answer => outcome(answer),
            },
            outcome(users.revoke_tokens(self.request(ada, revoke)).await),
            outcome(users.delete_user(self.request(ada, DeleteUserRequest { user_id })).await),
        ]
    }
}

fn outcome<T>(answer: Result<T, Status>) -> String {
    answer.map_or_else(|status| reason(&status), |_| "OK".to_owned())
}

#[test]
fn the_matrix_leaves_no_rpc_out() {
    use prost::Message as _;

    let described = prost_types::FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let files = described.file.iter().filter(|file| file.package() == "colloquy.auth.v1");
    let methods = files.flat_map(|file| &file.service).flat_map(|service| &service.method);
    let methods = methods.map(prost_types::MethodDescriptorProto::name).collect::<BTreeSet<_>>();
    assert_eq!(methods, BTreeSet::from(METHODS));
}

#[rustfmt::skip] // a table
fn cases(bob: &str, expired: &str) -> Vec<Case> {
    use ActAs::{Ada, Nobody, Text};
    let bearer = |credential: &str| format!("Bearer {credential}");
    let (bob, expired, key) = (bearer(bob), bearer(expired), bearer(SERVICE_KEY));
    let (operator, directory) = (bearer(OPERATOR_KEY), bearer(DIRECTORY_KEY));
    let (almost, basic) = (format!("{key}s"), format!("Basic {SERVICE_KEY}"));
    let lower = format!("bearer {SERVICE_KEY}");
    let all = |reason: &'static str| [reason; METHODS.len()];
    let (no, lacks, whom, none) =
        (reason::SERVICE_KEY_REQUIRED, reason::PERMISSION_REQUIRED, reason::ACT_AS_REQUIRED, reason::USER_NOT_FOUND);
    let (missing, malformed) = (all(reason::TOKEN_MISSING), all(reason::TOKEN_MALFORMED));
    let (forbidden, over) = (all(reason::ACT_AS_FORBIDDEN), all(reason::TOKEN_EXPIRED));
    vec![
        case("nothing", &[], Nobody, missing),
        case("nothing, acting for Ada", &[], Ada, missing),
        case("no token", &["Bearer "], Nobody, malformed),
        case("rubbish", &["Bearer rubbish"], Nobody, malformed),
        case("another scheme", &[&basic], Nobody, malformed),
        case("two credentials", &[&key, "Bearer {ada}"], Nobody, malformed),
        case("an expired token", &[&expired], Nobody, over),
        case("an expired token, acting for Ada", &[&expired], Ada, over),
        case("a wrong key", &[&almost], Nobody, malformed),
        case("a wrong key, acting for Ada", &[&almost], Ada, malformed),
        //                                                 Verify Introspect Explain Me Get Batch Revoke Delete
        case("a service", &[&key], Nobody,                ["OK", "OK", lacks, whom, "OK", "OK", lacks, lacks]),
        case("a service in lower case", &[&lower], Nobody, ["OK", "OK", lacks, whom, "OK", "OK", lacks, lacks]),
        case("a service for Ada", &[&key], Ada,           ["OK", "OK", lacks, "OK", "OK", "OK", "OK", "OK"]),
        case("a service for nobody", &[&key], Text(UNKNOWN), ["OK", "OK", lacks, none, none, "NONE", none, none]),
        case("a service for rubbish", &[&key], Text("ada"), all(reason::ACT_AS_INVALID)),
        case("an operator", &[&operator], Nobody,         ["OK", "OK", "OK", whom, "OK", "OK", "OK", "OK"]),
        case("an operator for Ada", &[&operator], Ada,    ["OK", "OK", "OK", "OK", "OK", "OK", "OK", "OK"]),
        case("an operator for another", &[&operator], Text(UNKNOWN),
            ["OK", "OK", "OK", none, none, "NONE", none, none]),
        case("a directory", &[&directory], Nobody,        [lacks, lacks, lacks, whom, "OK", "OK", lacks, lacks]),
        case("a directory for Ada", &[&directory], Ada,   all(lacks)),
        case("Ada", &["Bearer {ada}"], Nobody,            [no, no, no, "OK", "OK", "OK", "OK", "OK"]),
        case("Bob", &[&bob], Nobody,                      [no, no, no, "OK", none, "NONE", none, none]),
        case("Bob, acting for Ada", &[&bob], Ada, forbidden),
        case("Ada, acting for herself", &["Bearer {ada}"], Ada, forbidden),
    ]
}

#[tokio::test]
async fn every_credential_on_every_method() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let (bob, carol) = (issuer.token("bob").sign(), issuer.token("carol").sign());
    let expired = issuer.token("bob").expires_in(-3_600).sign();
    for (index, case) in cases(&bob, &expired).into_iter().enumerate() {
        let token = issuer.token(&format!("ada {index}")).sign();
        let ada = Ada { id: service.user(&token).await.id, token };
        assert_eq!(case.outcomes(&service, &ada, &carol).await, case.expected, "{}", case.name);
    }
}

#[tokio::test]
async fn a_lacking_permission_is_named_with_the_way_to_grant_it() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let request = as_service(ExplainTokenRequest { token: "a.b.c".to_owned() });
    let status = service.auth().explain_token(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(info(&status).metadata.get("permission").map(String::as_str), Some("explain"));
    assert!(status.message().contains("`gateway:verify+act+users+explain`"), "{}", status.message());
}

#[tokio::test]
async fn me_is_who_the_credential_says() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").sign();
    let ada = service.user(&token).await;
    assert_eq!(service.get_me(with_bearer(GetMeRequest {}, &token)).await.unwrap(), ada);
    assert_eq!(service.get_me(acting_for(as_service(GetMeRequest {}), &ada.id)).await.unwrap(), ada);
    let request = GetUserRequest { user_id: ada.id.clone() };
    assert_eq!(service.get_user(with_bearer(request.clone(), &token)).await.unwrap(), ada);
    assert_eq!(service.get_user(as_service(request)).await.unwrap(), ada);
}

#[tokio::test]
async fn another_user_cannot_be_told_from_none() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let ada = service.user(&issuer.token("ada").sign()).await.id;
    let bob = issuer.token("bob").sign();
    let ask = async |user_id: &str| {
        let request = GetUserRequest { user_id: user_id.to_owned() };
        service.get_user(with_bearer(request, &bob)).await.unwrap_err()
    };
    let (existing, unknown) = (ask(&ada).await, ask(UNKNOWN).await);
    assert_eq!(existing.code(), Code::NotFound);
    assert_eq!((existing.code(), existing.message()), (unknown.code(), unknown.message()));
    assert_eq!(existing.details(), unknown.details());

    let of_service = service.get_user(as_service(GetUserRequest { user_id: UNKNOWN.to_owned() })).await.unwrap_err();
    assert_eq!(of_service.code(), Code::NotFound);
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_an_invalid_field() {
    use tonic_types::StatusExt as _;

    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    for user_id in ["", "ada", "01900000-0000-7000-8000-00000000000", "' OR 1=1 --"] {
        let status = service.get_user(as_service(GetUserRequest { user_id: user_id.to_owned() })).await.unwrap_err();
        assert_eq!((status.code(), info(&status).reason.as_str()), (Code::InvalidArgument, reason::INVALID_REQUEST));
        let violations = status.get_details_bad_request().unwrap().field_violations;
        let fields = violations.iter().map(|field| (field.field.as_str(), field.reason.as_str()));
        assert_eq!(fields.collect::<Vec<_>>(), [("user_id", reason::FIELD_INVALID)]);
    }
}

async fn several(service: &Service, request: Request<BatchGetUsersRequest>) -> Result<Vec<String>, Status> {
    let answer = service.users().batch_get_users(request).await?;
    Ok(answer.into_inner().users.into_iter().map(|user| user.subject).collect())
}

#[tokio::test]
async fn several_users_come_in_the_order_of_the_request() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let mut ids = Vec::new();
    for subject in ["ada", "bob", "carol"] {
        ids.push(service.user(&issuer.token(subject).sign()).await.id);
    }
    let wanted = |places: &[usize]| places.iter().map(|place| ids[*place].clone()).collect::<Vec<_>>();
    let mut user_ids = wanted(&[2, 0, 2, 1]);
    user_ids.insert(1, UNKNOWN.to_owned());
    user_ids.push(ids[0].to_uppercase());
    let request = BatchGetUsersRequest { user_ids };
    assert_eq!(several(&service, as_service(request.clone())).await.unwrap(), ["carol", "ada", "bob"]);
    assert_eq!(several(&service, with_bearer(request.clone(), DIRECTORY_KEY)).await.unwrap().len(), 3);

    let bob = issuer.token("bob").sign();
    assert_eq!(several(&service, with_bearer(request.clone(), &bob)).await.unwrap(), ["bob"]);
    assert_eq!(several(&service, acting_for(as_service(request), &ids[0])).await.unwrap(), ["ada"]);
    let others = BatchGetUsersRequest { user_ids: wanted(&[0, 2]) };
    assert!(several(&service, with_bearer(others, &bob)).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_wrong_id_of_a_list_is_named() {
    use tonic_types::StatusExt as _;

    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let refused = async |user_ids: Vec<String>| {
        let status = several(&service, as_service(BatchGetUsersRequest { user_ids })).await.unwrap_err();
        let violations = status.get_details_bad_request().unwrap().field_violations;
        violations.into_iter().map(|field| format!("{} {}", field.field, field.reason)).collect::<Vec<_>>()
    };
    assert_eq!(refused(vec![]).await, ["user_ids REQUIRED"]);
    let some = ["ada", UNKNOWN, ""].map(str::to_owned).to_vec();
    assert_eq!(refused(some).await, ["user_ids[0] INVALID", "user_ids[2] INVALID"]);
    assert_eq!(refused(vec![UNKNOWN.to_owned(); 101]).await, ["user_ids TOO_LONG"]);
}
