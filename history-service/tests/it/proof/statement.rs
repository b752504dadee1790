//! The statements of the service, as the query cache and its source have them.

use std::{fs, path::Path};

use serde_json::Value;
use uuid::Uuid;

/// Who executes a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The service, for one user.
    Service,
    /// The keeper, for everybody: it stands in `store/keeper`.
    Keeper,
}

#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) text: String,
    /// The types of its parameters, as SQL has them.
    pub(super) types: Vec<String>,
    pub(super) place: Place,
}

/// Every statement on the tables of the service.
pub(super) fn all() -> Vec<Statement> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src"));
    let keepers = |path: &str| path.contains("/store/keeper");
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("../.sqlx")).unwrap() {
        let cached: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let text = cached["query"].as_str().unwrap().to_owned();
        if !text.contains("history.") {
            continue;
        }
        let (path, _) = sources.iter().find(|(_, source)| source.contains(&text)).expect("a statement of the source");
        let types = cached["describe"]["parameters"]["Left"].as_array().unwrap().iter().map(in_sql).collect();
        found.push(Statement { text, types, place: if keepers(path) { Place::Keeper } else { Place::Service } });
    }
    assert!(found.iter().any(|statement| statement.place == Place::Service));
    found
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push((path.to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn in_sql(kind: &Value) -> String {
    let name = kind.as_str().unwrap_or_else(|| panic!("a type that is not known here: {kind}")).to_lowercase();
    name.strip_suffix("array").map_or(name.clone(), |element| format!("{element}[]"))
}

impl Statement {
    /// As two commands that can be sent at once.
    pub(super) fn executed_with(&self, values: &[String]) -> String {
        let (types, values) = (list(&self.types), list(values));
        format!("PREPARE tried{types} AS {}; EXECUTE tried{values}", self.text)
    }

    pub(super) fn is_one_of(&self, known: &[(&str, &str)]) -> bool {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        known.iter().any(|(beginning, _)| text.starts_with(beginning))
    }

    /// Whether a parameter is named here, followed by this.
    pub(super) fn has(&self, before: &str, number: usize, after: &str) -> bool {
        let needle = format!("{before}${number}{after}");
        self.text.match_indices(&needle).any(|(at, found)| {
            // $1 is not the beginning of $10.
            !self.text[at + found.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    }

    /// Whether the statement itself becomes the user that this parameter names.
    fn sets_user(&self, number: usize) -> bool {
        self.has("set_config('colloquy.user_id', ", number, "")
    }

    /// The same values for another user: `user` in conditions, `caller` where the statement says who is calling.
    pub(super) fn with_users(&self, values: &[String], user: Uuid, caller: Uuid) -> Vec<String> {
        let mut values = values.to_vec();
        for number in 1..=values.len() {
            if self.sets_user(number) {
                values[number - 1] = format!("'{caller}'");
            } else if number == 1 && self.types[0] == "uuid" {
                values[0] = format!("'{user}'");
            }
        }
        values
    }

    /// The statement with every comparison of a user taken for true. None when it has none.
    pub(super) fn without_users(&self) -> Option<Self> {
        let part = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
        let (mut text, mut rest) = (String::new(), self.text.as_str());
        while let Some(at) = rest.find("user_id = ") {
            let (before, from) = rest.split_at(at);
            text.push_str(before.trim_end_matches(part));
            text.push_str("true");
            rest = from["user_id = ".len()..].trim_start_matches(part);
        }
        text.push_str(rest);
        (text != self.text).then(|| Self { text, ..self.clone() })
    }
}

fn list(items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!(" ({})", items.join(", ")) }
}

#[test]
fn conditions_on_the_user_are_found_wherever_they_stand() {
    let text = "SELECT user_id FROM a JOIN b ON b.user_id = a.user_id AND b.x = 1 WHERE user_id = $1 AND (c.user_id = caller.user_id)";
    let statement = Statement { text: text.to_owned(), types: Vec::new(), place: Place::Service };
    let bare = "SELECT user_id FROM a JOIN b ON true AND b.x = 1 WHERE true AND (true)";
    assert_eq!(statement.without_users().unwrap().text, bare);
}
