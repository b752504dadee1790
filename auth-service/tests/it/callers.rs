//! Who may do what: every credential on every method.

use std::collections::BTreeSet;

use proto::{
    auth::v1::{GetMeRequest, GetUserRequest, VerifyTokenRequest},
    reason,
};
use testkit::issuer::Issuer;
use tonic::{Code, Request, Status};

use crate::service::{SERVICE_KEY, Service, acting_for, as_service, info, reason, with_bearer};

const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";

/// The methods of the matrix.
const METHODS: [&str; 3] = ["VerifyToken", "GetMe", "GetUser"];

/// A credential, and what [`METHODS`] answer to it; `GetUser` is about Ada.
struct Case {
    name: &'static str,
    authorization: Vec<String>,
    act_as: Option<String>,
    expected: [&'static str; METHODS.len()],
}

impl Case {
    fn new(
        name: &'static str,
        authorization: &[&str],
        act_as: Option<&str>,
        expected: [&'static str; METHODS.len()],
    ) -> Self {
        let authorization = authorization.iter().map(|value| (*value).to_owned()).collect();
        Self { name, authorization, act_as: act_as.map(str::to_owned), expected }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for value in &self.authorization {
            request.metadata_mut().append("authorization", value.parse().unwrap());
        }
        match &self.act_as {
            Some(user) => acting_for(request, user),
            None => request,
        }
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

#[tokio::test]
async fn every_credential_on_every_method() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let ada = service.user(&issuer.token("ada").sign()).await.id;
    let token = |subject: &str| format!("Bearer {}", issuer.token(subject).sign());
    let (of_ada, of_bob) = (token("ada"), token("bob"));
    let expired = format!("Bearer {}", issuer.token("ada").expires_in(-3_600).sign());
    let key = format!("Bearer {SERVICE_KEY}");
    let lower = format!("bearer {SERVICE_KEY}");
    let almost = format!("Bearer {SERVICE_KEY}s");
    let basic = format!("Basic {SERVICE_KEY}");
    let all = |reason: &'static str| [reason; METHODS.len()];
    let (services_only, act_as) = (reason::SERVICE_KEY_REQUIRED, reason::ACT_AS_REQUIRED);
    let (missing, malformed) = (all(reason::TOKEN_MISSING), all(reason::TOKEN_MALFORMED));
    let cases = [
        Case::new("nothing", &[], None, missing),
        Case::new("nothing, acting for Ada", &[], Some(&ada), missing),
        Case::new("no token", &["Bearer "], None, malformed),
        Case::new("rubbish", &["Bearer rubbish"], None, malformed),
        Case::new("another scheme", &[&basic], None, malformed),
        Case::new("two credentials", &[&key, &of_ada], None, malformed),
        Case::new("an expired token", &[&expired], None, all(reason::TOKEN_EXPIRED)),
        Case::new("a wrong key", &[&almost], None, malformed),
        Case::new("a wrong key, acting for Ada", &[&almost], Some(&ada), malformed),
        Case::new("a service", &[&key], None, ["OK", act_as, "OK"]),
        Case::new("a service in lower case", &[&lower], None, ["OK", act_as, "OK"]),
        Case::new("a service for Ada", &[&key], Some(&ada), ["OK", "OK", "OK"]),
        Case::new("a service for nobody", &[&key], Some(UNKNOWN), ["OK", reason::USER_NOT_FOUND, "OK"]),
        Case::new("a service for rubbish", &[&key], Some("ada"), all(reason::ACT_AS_INVALID)),
        Case::new("Ada", &[&of_ada], None, [services_only, "OK", "OK"]),
        Case::new("Bob", &[&of_bob], None, [services_only, "OK", reason::USER_NOT_FOUND]),
        Case::new("Bob, acting for Ada", &[&of_bob], Some(&ada), all(reason::ACT_AS_FORBIDDEN)),
        Case::new("Ada, acting for herself", &[&of_ada], Some(&ada), all(reason::ACT_AS_FORBIDDEN)),
        Case::new("an expired token, acting for Ada", &[&expired], Some(&ada), all(reason::TOKEN_EXPIRED)),
    ];
    for case in cases {
        let question = VerifyTokenRequest { token: issuer.token("carol").sign(), ..VerifyTokenRequest::default() };
        let of_ada = GetUserRequest { user_id: ada.clone() };
        let answers = [
            outcome(service.auth().verify_token(case.request(question)).await),
            outcome(service.get_me(case.request(GetMeRequest {})).await),
            outcome(service.get_user(case.request(of_ada)).await),
        ];
        assert_eq!(answers, case.expected, "{}", case.name);
    }
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
