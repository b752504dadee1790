//! The stable reasons of errors: `google.rpc.ErrorInfo.reason` on gRPC, in lower case the `code` of a REST
//! problem. Clients switch on them; a reason is never renamed.

/// `ErrorInfo.domain` of every error of ours.
pub const DOMAIN: &str = "colloquy";

/// Key of `ErrorInfo.metadata` that names the request field a credential stood in.
///
/// It tells a refused token inside a request from a refused caller.
pub const METADATA_FIELD: &str = "field";
/// Key of `ErrorInfo.metadata` that names the run in the way of the request.
pub const METADATA_RUN_ID: &str = "run_id";
/// Key of `ErrorInfo.metadata` that names the permission that a service lacks.
pub const METADATA_PERMISSION: &str = "permission";

// Who is calling.

/// No credential came with the request.
pub const TOKEN_MISSING: &str = "TOKEN_MISSING";
/// The credential has no shape that we know.
pub const TOKEN_MALFORMED: &str = "TOKEN_MALFORMED";
/// The token's time is over.
pub const TOKEN_EXPIRED: &str = "TOKEN_EXPIRED";
/// The token's time has not begun.
pub const TOKEN_NOT_YET_VALID: &str = "TOKEN_NOT_YET_VALID";
/// The token's `iss` is no configured issuer.
pub const TOKEN_ISSUER_UNKNOWN: &str = "TOKEN_ISSUER_UNKNOWN";
/// The token was made for someone else.
pub const TOKEN_AUDIENCE_MISMATCH: &str = "TOKEN_AUDIENCE_MISMATCH";
/// The token's algorithm is not accepted for this issuer or does not fit its key.
pub const TOKEN_ALGORITHM_REFUSED: &str = "TOKEN_ALGORITHM_REFUSED";
/// The token's `typ` says that it is no access token, or its header asks for an extension or brings a key.
pub const TOKEN_TYPE_REFUSED: &str = "TOKEN_TYPE_REFUSED";
/// The issuer has no key of the token's `kid`.
pub const TOKEN_KEY_UNKNOWN: &str = "TOKEN_KEY_UNKNOWN";
/// The signature is wrong.
pub const TOKEN_SIGNATURE_INVALID: &str = "TOKEN_SIGNATURE_INVALID";
/// A claim that we need is missing or of a wrong type.
pub const TOKEN_CLAIM_INVALID: &str = "TOKEN_CLAIM_INVALID";
/// The issuer's keys cannot be had, and none that would do is remembered.
pub const ISSUER_UNAVAILABLE: &str = "ISSUER_UNAVAILABLE";
/// The token, or its whole user, was revoked after it had been issued.
pub const TOKEN_REVOKED: &str = "TOKEN_REVOKED";
/// No live session has this token: signed out, over, or never there.
pub const SESSION_NOT_FOUND: &str = "SESSION_NOT_FOUND";
/// The issuer has banned the user.
pub const USER_BANNED: &str = "USER_BANNED";
/// The user was erased, here or at the issuer.
pub const USER_ERASED: &str = "USER_ERASED";
/// Too many credentials from one address were refused. Waiting helps.
pub const TOO_MANY_FAILURES: &str = "TOO_MANY_FAILURES";
/// A cookie came with a request of another origin.
pub const ORIGIN_REFUSED: &str = "ORIGIN_REFUSED";
/// Only services may do this.
pub const SERVICE_KEY_REQUIRED: &str = "SERVICE_KEY_REQUIRED";
/// The service's key does not come with the permission for this.
pub const PERMISSION_REQUIRED: &str = "PERMISSION_REQUIRED";
/// A service must say for whom it acts: `x-act-as`.
pub const ACT_AS_REQUIRED: &str = "ACT_AS_REQUIRED";
/// `x-act-as` is no user id.
pub const ACT_AS_INVALID: &str = "ACT_AS_INVALID";
/// `x-act-as` came with a user's token; only services may act for others.
pub const ACT_AS_FORBIDDEN: &str = "ACT_AS_FORBIDDEN";

// What was asked for.

/// The request breaks its contract; the violations name the fields.
pub const INVALID_REQUEST: &str = "INVALID_REQUEST";
/// No such user, for this caller.
pub const USER_NOT_FOUND: &str = "USER_NOT_FOUND";
/// No such conversation, for this caller.
pub const CONVERSATION_NOT_FOUND: &str = "CONVERSATION_NOT_FOUND";
/// No such message, for this caller.
pub const MESSAGE_NOT_FOUND: &str = "MESSAGE_NOT_FOUND";
/// No such run, for this caller.
pub const RUN_NOT_FOUND: &str = "RUN_NOT_FOUND";
/// The `client_id` names another message already.
pub const CLIENT_ID_TAKEN: &str = "CLIENT_ID_TAKEN";
/// The idempotency key was used for another request.
pub const IDEMPOTENCY_KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";
/// The conversation has a run already; the metadata names it.
pub const RUN_IN_PROGRESS: &str = "RUN_IN_PROGRESS";
/// The run was taken away from the caller, or has ended otherwise.
pub const RUN_FENCED: &str = "RUN_FENCED";

// What went wrong on our side.

/// The database cannot be reached. Trying again later helps.
pub const DATABASE_UNAVAILABLE: &str = "DATABASE_UNAVAILABLE";
/// A service cannot be reached. Trying again later helps.
pub const SERVICE_UNAVAILABLE: &str = "SERVICE_UNAVAILABLE";
/// Something broke. The request id finds it in the logs.
pub const INTERNAL: &str = "INTERNAL";

// Codes of a violated field.

/// The field is missing.
pub const FIELD_REQUIRED: &str = "REQUIRED";
/// The field has a wrong type or form.
pub const FIELD_INVALID: &str = "INVALID";
/// The field is not known here.
pub const FIELD_UNKNOWN: &str = "UNKNOWN";
/// The field is longer, larger or more than allowed.
pub const FIELD_TOO_LONG: &str = "TOO_LONG";
/// The field lies outside its range.
pub const FIELD_OUT_OF_RANGE: &str = "OUT_OF_RANGE";
