//! What an issuer says about a person besides who they are. It decides nothing, so what is wrong is ignored.

const LONGEST_EMAIL: usize = 320;
const LONGEST_NAME: usize = 256;
const LONGEST_IMAGE: usize = 2048;

/// What is known about a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
}

/// What an issuer says about a person now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) email: Said,
    pub(crate) name: Said,
    pub(crate) image: Said,
}

/// What is said about one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing, which denies nothing.
    #[default]
    Nothing,
    /// That it is not there, or not any more.
    Absent,
    Text(String),
}

impl Said {
    /// What somebody says who always says everything.
    pub(crate) fn all(given: Option<String>) -> Self {
        given.map_or(Self::Absent, Self::Text)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Absent => None,
        }
    }

    /// What cannot be kept is as good as absent. Half an address leads elsewhere; half a name is still a name.
    fn tidy(self, keep: impl FnOnce(String) -> Option<String>) -> Self {
        let Self::Text(mut text) = self else { return self };
        // PostgreSQL keeps no NUL, and nobody needs the other control characters.
        text.retain(|character| !character.is_control());
        let trimmed = text.trim();
        Self::all((!trimmed.is_empty()).then(|| trimmed.to_owned()).and_then(keep))
    }

    pub(crate) fn is_said(&self) -> bool {
        *self != Self::Nothing
    }

    fn changes(&self, known: Option<&str>) -> bool {
        self.is_said() && self.text() != known
    }
}

impl Statement {
    /// As far as it can be kept.
    pub(crate) fn tidy(self) -> Self {
        let whole = |longest| move |text: String| (text.chars().count() <= longest).then_some(text);
        Self {
            email: self.email.tidy(whole(LONGEST_EMAIL)),
            name: self.name.tidy(|name| Some(name.chars().take(LONGEST_NAME).collect())),
            image: self.image.tidy(whole(LONGEST_IMAGE)),
        }
    }

    /// Whether this says something that is not known yet.
    pub(super) fn changes(&self, known: &Profile) -> bool {
        self.email.changes(known.email.as_deref())
            || self.name.changes(known.name.as_deref())
            || self.image.changes(known.image.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Statement {
        let text = || Said::Text(text.to_owned());
        Statement { email: text(), name: text(), image: text() }.tidy()
    }

    #[test]
    fn what_is_empty_or_too_long_is_absent_and_a_long_name_is_cut() {
        let absent = Statement { email: Said::Absent, name: Said::Absent, image: Said::Absent };
        assert_eq!(said(" "), absent);
        assert_eq!(said(""), absent);
        let name = Said::Text("é".repeat(LONGEST_NAME));
        assert_eq!(said(&"é".repeat(3_000)), Statement { name, ..absent });
    }

    #[test]
    fn what_the_database_cannot_keep_is_removed() {
        assert_eq!(said("A\0da\n").name.text(), Some("Ada"));
    }

    #[test]
    fn what_is_not_spoken_of_is_not_denied() {
        let known = Profile { name: Some("Ada".to_owned()), ..Profile::default() };
        let name = |name| Statement { name, ..Statement::default() };
        assert!(!Statement::default().changes(&known));
        assert!(!name(Said::Text("Ada".to_owned())).changes(&known));
        assert!(name(Said::Text("Lady Ada".to_owned())).changes(&known));
        assert!(name(Said::Absent).changes(&known));
        assert!(!name(Said::Absent).changes(&Profile::default()));
    }
}
