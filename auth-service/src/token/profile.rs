//! The claims that describe a person. They decide nothing, so a wrong one is ignored.

use crate::{jws::Claims, users::Profile};

const LONGEST_EMAIL: usize = 320;
const LONGEST_NAME: usize = 256;
const LONGEST_IMAGE: usize = 2048;

pub(super) fn read(claims: &Claims<'_>) -> Profile {
    tidy(claims.lenient("email"), claims.lenient("name"), claims.lenient("image"))
}

/// What can be kept of what an issuer says.
pub(crate) fn tidy(email: Option<String>, name: Option<String>, image: Option<String>) -> Profile {
    // Half an address leads elsewhere; half a name is still a name.
    let whole = |given, longest| text(given).filter(|text| text.chars().count() <= longest);
    Profile {
        email: whole(email, LONGEST_EMAIL),
        name: text(name).map(|name| name.chars().take(LONGEST_NAME).collect()),
        image: whole(image, LONGEST_IMAGE),
    }
}

/// PostgreSQL keeps no NUL, and nobody needs the other control characters.
fn text(given: Option<String>) -> Option<String> {
    let mut text = given?;
    text.retain(|character| !character.is_control());
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(json: &str) -> Profile {
        read(&Claims::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn wrong_claims_are_ignored() {
        assert_eq!(profile(r#"{"name":7,"email":["a@b.c"],"image":null}"#), Profile::default());
        assert_eq!(profile(r#"{"name":" ","email":""}"#), Profile::default());
    }

    #[test]
    fn what_the_database_cannot_keep_is_removed() {
        assert_eq!(profile(r#"{"name":"A\u0000da\n"}"#).name.as_deref(), Some("Ada"));
    }

    #[test]
    fn long_names_are_cut_and_long_addresses_dropped() {
        let long = "é".repeat(3_000);
        let profile = profile(&format!(r#"{{"name":"{long}","email":"{long}","image":"{long}"}}"#));
        assert_eq!(profile, Profile { name: Some("é".repeat(LONGEST_NAME)), email: None, image: None });
    }
}
