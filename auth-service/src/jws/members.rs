//! A JSON object whose members are unique, each still as it was written.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// The members of an object. Parsers differ on which of two equal names counts, so there must be one.
pub struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    pub fn parse(json: &'a [u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json).map_err(|_| Refusal::Malformed("a part is no JSON object with unique members"))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The member, if it is there; an error if it is of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(name).map(|value| serde_json::from_str(value.get())).transpose()
    }
}

/// A name, borrowed unless it holds escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with unique members")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member stands there twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_written_twice_is_refused_however_it_is_spelt() {
        for json in [r#"{"aud":1,"aud":2}"#, r#"{"aud":1,"\u0061ud":2}"#, r#"{"a":{},"b":1,"a":{}}"#] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
        }
        let members = Members::parse(br#"{"\u0061ud":"x","sub":"y"}"#).unwrap();
        assert_eq!(members.get::<String>("aud").unwrap().as_deref(), Some("x"));
    }

    #[test]
    fn only_one_object_is_accepted() {
        for json in ["", "[]", "null", "{} {}", "{", "{\"a\":\u{0}}", "\u{feff}{}"] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json:?}");
        }
    }
}
