//! What to do about a refusal.

use proto::reason;

/// One or two sentences for whoever runs the services.
pub(super) fn on(fault: &str) -> &'static str {
    match fault {
        reason::TOKEN_MALFORMED => {
            "Send the credential whole, as the client got it: without `Bearer `, quotes or line breaks."
        }
        reason::TOKEN_TYPE_REFUSED => "Send an access token, not another token of the same issuer.",
        reason::TOKEN_ALGORITHM_REFUSED => {
            "Let the issuer sign with an accepted algorithm, or accept its algorithm in AUTH_ISSUERS_FILE."
        }
        reason::TOKEN_ISSUER_UNKNOWN => {
            "Configure an issuer with exactly this `iss`, or get the token from a configured one."
        }
        reason::TOKEN_KEY_UNKNOWN => {
            "The key was withdrawn, or belongs to another server of the same name, such as a preview. Sign in again; if \
             the issuer has published the key just now, try again after JWKS_COOL_DOWN."
        }
        reason::TOKEN_SIGNATURE_INVALID => {
            "The credential was changed on the way, or a server with other keys made it, such as a preview or an \
             earlier one. Sign in again."
        }
        reason::TOKEN_CLAIM_INVALID => "Let the issuer put this claim into its tokens, in the form of RFC 7519.",
        reason::TOKEN_AUDIENCE_MISMATCH => {
            "Ask the issuer for a token for this API, or accept this audience in the issuer's configuration."
        }
        reason::TOKEN_EXPIRED => {
            "The client has to get a fresh one. If it is fresh, compare the clocks of this machine and of the issuer."
        }
        reason::TOKEN_NOT_YET_VALID => "Compare the clocks of this machine and of the issuer, or raise `leeway`.",
        reason::TOKEN_REVOKED | reason::SESSION_NOT_FOUND => "The user has to sign in again.",
        reason::USER_BANNED => "Whoever runs the issuer can lift the ban.",
        reason::USER_ERASED => "This is for good. Whoever signs up anew at the issuer is a new user.",
        reason::ISSUER_UNAVAILABLE => {
            "See why this machine cannot reach the issuer; `/readyz` of the service tells more."
        }
        _ => "Try again later.",
    }
}
