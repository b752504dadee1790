//! Any text as a token, through every step of its judgement, by fixed keys and a fixed clock.
#![no_main]

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use auth_service::jws::{Algorithm, Compact, KeySet};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;

const AUDIENCE: &str = "a";

/// The keys of RFC 8037 §A.2, RFC 7515 §A.3 and §A.4, and RFC 7520 §3.4.
static KEYS: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::parse(include_bytes!("../keys.json"), "fuzz").expect("a key set"));

// Half of the inputs are texts as they come; the others are a header and claims in plain, with a NUL between them, since
// no fuzzer finds its way through base64.
fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    if kind % 2 == 0 {
        if let Ok(token) = str::from_utf8(rest) {
            judge(token);
        }
    } else {
        let mut parts = rest.splitn(3, |byte| *byte == 0);
        let parts = [(); 3].map(|()| BASE64_URL_SAFE_NO_PAD.encode(parts.next().unwrap_or_default()));
        judge(&parts.join("."));
    }
});

/// Every check, also behind one that failed, as an explanation makes them.
fn judge(token: &str) {
    let now = UNIX_EPOCH + Duration::from_secs(1_300_819_380);
    let Ok(compact) = Compact::parse(token) else { return };
    let again = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).expect("it was decoded before"));
    let again = again.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes)).collect::<Vec<_>>().join(".");
    assert_eq!(again, token, "a token has one spelling");
    if let Ok(claims) = compact.claims() {
        let times = claims.times();
        let accepted = [
            claims.issuer().is_ok(),
            claims.subject().is_ok_and(|subject| (1..=255).contains(&subject.chars().count())),
            claims.session_id().is_ok(),
            claims.check_audience(&[AUDIENCE.to_owned()]).is_ok(),
            times.is_ok_and(|times| times.check(now, Duration::from_mins(1)).is_ok()),
            claims.check_ban(now).is_ok(),
        ];
        let details = claims.details();
        if accepted == [true; 6] {
            assert!(details.audience.iter().any(|audience| audience == AUDIENCE));
            assert!(times.is_ok_and(|times| times.expires_at < SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800)));
        }
    }
    if let Ok(header) = compact.header() {
        let algorithm = header.algorithm().unwrap_or(Algorithm::EdDsa);
        let signed = KEYS.find(header.key_id.as_deref(), algorithm).is_ok_and(|keys| keys.verify(&compact).is_ok());
        // The keys are public, and so are these: whatever else is signed was forged.
        assert!(!signed || include_str!("../signed.txt").lines().any(|known| known == token), "a forgery");
    }
}
