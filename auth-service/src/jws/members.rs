//! A JSON object whose members are unique at every depth, each still as it was written.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// How deep a member may be nested: far deeper than any claim, far below what a recursive reader minds.
const DEEPEST: usize = 16;

/// The members of an object. Parsers differ on which of two equal names counts, so there must be one.
pub(super) struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json)
            .map_err(|_| Refusal::Malformed("a part is no flat JSON object with unique members"))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The member, if it is there; an error if it is of another type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(name).map(|value| serde_json::from_str(value.get())).transpose()
    }
}

const TWICE: &str = "a member stands there twice";

/// Reads a value only to see that it is not too deep and has no member twice, at any depth.
#[derive(Clone, Copy)]
struct Unambiguous {
    depth_left: usize,
}

impl Unambiguous {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Unambiguous {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while elements.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            if !names.insert(name) {
                return Err(A::Error::custom(TWICE));
            }
            members.next_value_seed(below)?;
        }
        Ok(())
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
                        return Err(A::Error::custom(TWICE));
                    }
                    // Nothing else can hold members.
                    if value.get().starts_with(['{', '[']) {
                        let mut inner = serde_json::Deserializer::from_str(value.get());
                        Unambiguous { depth_left: DEEPEST }.deserialize(&mut inner).map_err(A::Error::custom)?;
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
        for json in [
            r#"{"aud":1,"aud":2}"#,
            r#"{"aud":1,"\u0061ud":2}"#,
            r#"{"a":{},"b":1,"a":{}}"#,
            r#"{"a":[{"b":{"c":1,"d":2,"\u0063":3}}]}"#,
        ] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
        }
        let members = Members::parse(br#"{"\u0061ud":"x","sub":"y"}"#).unwrap();
        assert_eq!(members.get::<String>("aud").unwrap().as_deref(), Some("x"));
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(Members::parse(nested(DEEPEST).as_bytes()).is_ok());
        for depth in [DEEPEST + 1, 4_000, 1_000_000] {
            assert!(Members::parse(nested(depth).as_bytes()).is_err(), "{depth}");
        }
    }

    #[test]
    fn only_one_object_is_accepted() {
        for json in ["", "[]", "null", "{} {}", "{", "{\"a\":\u{0}}", "\u{feff}{}"] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json:?}");
        }
    }
}
