//! What an issuer says about a person besides who they are. It decides nothing, so what is wrong is ignored.

const LONGEST_EMAIL: usize = 320;
const LONGEST_NAME: usize = 256;
const LONGEST_IMAGE: usize = 2048;

/// What is kept of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
}

impl Profile {
    /// What can be kept of what an issuer says.
    pub(crate) fn tidy(email: Option<String>, name: Option<String>, image: Option<String>) -> Self {
        // Half an address leads elsewhere; half a name is still a name.
        let whole = |given, longest| text(given).filter(|text| text.chars().count() <= longest);
        Self {
            email: whole(email, LONGEST_EMAIL),
            name: text(name).map(|name| name.chars().take(LONGEST_NAME).collect()),
            image: whole(image, LONGEST_IMAGE),
        }
    }

    /// Whether this says something that `known` does not. What it does not speak of, it does not deny.
    pub(super) fn differs_from(&self, known: &Self) -> bool {
        [(&self.email, &known.email), (&self.name, &known.name), (&self.image, &known.image)]
            .iter()
            .any(|(said, known)| said.is_some() && said != known)
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

    fn profile(text: &str) -> Profile {
        let text = || Some(text.to_owned());
        Profile::tidy(text(), text(), text())
    }

    #[test]
    fn what_is_empty_is_nothing() {
        assert_eq!(profile(" "), Profile::default());
        assert_eq!(profile(""), Profile::default());
    }

    #[test]
    fn what_the_database_cannot_keep_is_removed() {
        assert_eq!(profile("A\0da\n").name.as_deref(), Some("Ada"));
    }

    #[test]
    fn long_names_are_cut_and_long_addresses_dropped() {
        let profile = profile(&"é".repeat(3_000));
        assert_eq!(profile, Profile { name: Some("é".repeat(LONGEST_NAME)), email: None, image: None });
    }
}
