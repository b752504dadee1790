//! People whom their issuer has banned, and for whom it goes on signing.

use proto::reason::USER_BANNED;
use serde_json::{Value, json};

use super::{Case, Scene, cases};

const BANNED: &str = "ours: `banned` of Better Auth's admin plugin counts until `banExpires`";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let banned = |end: Value| scene.good.clone().claim("banned", true).claim("banExpires", end).sign();
    let tokens = [
        ("banned", scene.good.clone().claim("banned", true).sign()),
        ("banned for good", banned(json!(null))),
        ("banned for a while", banned(json!("2999-01-01T00:00:00.000Z"))),
        ("banned until a day that cannot be read", banned(json!("tomorrow"))),
        ("banned until a number", banned(json!(1))),
    ];
    cases(BANNED, USER_BANNED, tokens)
}
