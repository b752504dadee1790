//! Second spellings of a token: each would be another token to a cache or a list of what is revoked.

use proto::reason::TOKEN_MALFORMED;

use super::{Case, Scene, cases};
use crate::forgery::{encode, parts, with_stray_bits};

const CANONICAL: &str = "RFC 7515 §2: base64url without padding; RFC 4648 §3.5: canonical";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let signed = good.sign();
    let [header, claims, signature] = parts(&signed);
    // Signed as it stands, so that only the spelling is wrong.
    let sign = |header: &str, claims: &str| {
        let message = format!("{header}.{claims}");
        format!("{message}.{}", encode(scene.ed25519.sign(message.as_bytes())))
    };
    let padded = |json: &str| {
        let mut json = json.to_owned();
        while json.len() % 3 != 1 {
            json.push(' ');
        }
        encode(json)
    };
    let (loose_header, loose_claims) = (padded(&good.header_json()), padded(&good.claims_json()));
    let tokens = [
        ("padding", format!("{signed}==")),
        ("padding of the header", sign(&format!("{loose_header}=="), claims)),
        ("padding of the claims", sign(header, &format!("{loose_claims}=="))),
        ("percent-encoded padding", format!("{signed}%3D%3D")),
        ("stray bits in the signature", with_stray_bits(&signed)),
        ("stray bits in the header", sign(&with_stray_bits(&loose_header), claims)),
        ("stray bits in the claims", sign(header, &with_stray_bits(&loose_claims))),
        ("a letter too many", format!("{signed}AAA")),
        ("the other alphabet", format!("{header}.{claims}.+/{}", &signature[2..])),
        ("a line feed behind", format!("{signed}\n")),
        ("a line feed inside", format!("{header}.{claims}.\n{signature}")),
        ("line feeds as in a mail", format!("{header}.{}\r\n{}.{signature}", &claims[..64], &claims[64..])),
        ("a space in front", format!(" {signed}")),
        ("a space around a dot", format!("{header}. {claims}.{signature}")),
        ("a tab behind", format!("{signed}\t")),
        ("a NUL behind", format!("{signed}\u{0}")),
        ("a space of no width", format!("{header}.\u{200b}{claims}.{signature}")),
        ("a byte order mark", format!("\u{feff}{signed}")),
        ("dots of full width", format!("{header}\u{ff0e}{claims}\u{ff0e}{signature}")),
        ("a letter of another script", signed.replacen('e', "\u{435}", 1)),
        ("letters of full width", signed.replacen('e', "\u{ff45}", 1)),
        ("percent-encoded dots", signed.replace('.', "%2E")),
        ("a soft hyphen", format!("{header}.{claims}\u{ad}.{signature}")),
        ("two alphabets at once", format!("{header}.{claims}.-_+/{}", &signature[4..])),
    ];
    cases(CANONICAL, TOKEN_MALFORMED, tokens)
}
