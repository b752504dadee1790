//! Any bytes as a published key set, and whatever comes out of it as keys.
#![no_main]

use auth_service::jws::{Algorithm, Compact, KeySet};
use libfuzzer_sys::fuzz_target;

const UNSIGNED: &str =
    "eyJhbGciOiJFZERTQSJ9.e30.AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fuzz_target!(|document: &[u8]| {
    let Ok(keys) = KeySet::parse(document, "fuzz") else { return };
    let again = KeySet::parse(document, "fuzz").expect("it was read before");
    let repaired = again.repaired_by(&keys);
    assert_eq!(repaired.is_empty(), keys.is_empty(), "nothing broken was held");
    let token = Compact::parse(UNSIGNED).expect("a token");
    for id in [None, Some("1"), Some("")] {
        for algorithm in Algorithm::ALL {
            // R is the neutral element and S is zero: good for every message under a key of small order.
            assert!(!keys.find(id, algorithm).is_ok_and(|keys| keys.verify(&token).is_ok()), "anyone can sign for it");
        }
    }
    assert!(keys.broken().iter().all(|id| !keys.contains(id)), "broken, and yet used");
});
