//! Values for parameters: by their types, and by what they are compared with.

use uuid::Uuid;

use super::{
    possessions::{MARK, Possessions},
    statement::Statement,
};

/// Many lists of values: the likeliest, then all that differ in one value from it, then in two.
pub(super) fn of(statement: &Statement, owner: &Possessions, user: Uuid) -> Vec<Vec<String>> {
    let choices = choices(statement, owner, user);
    let one = deviations(&choices, &likeliest(&choices), 0);
    let two = one.iter().flat_map(|(values, place)| deviations(&choices, values, place + 1)).collect::<Vec<_>>();
    [likeliest(&choices)].into_iter().chain(one.into_iter().chain(two).map(|(values, _)| values)).collect()
}

/// The likeliest, and all that differ in one value.
pub(super) fn nearby(statement: &Statement, owner: &Possessions, user: Uuid) -> Vec<Vec<String>> {
    let choices = choices(statement, owner, user);
    let first = likeliest(&choices);
    let others = deviations(&choices, &first, 0).into_iter().map(|(values, _)| values);
    [first.clone()].into_iter().chain(others).collect()
}

fn likeliest(choices: &[Vec<String>]) -> Vec<String> {
    choices.iter().map(|choices| choices[0].clone()).collect()
}

/// All that differ from these in one place, which is `from` or behind it.
fn deviations(choices: &[Vec<String>], values: &[String], from: usize) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    for (place, choices) in choices.iter().enumerate().skip(from) {
        for choice in &choices[1..] {
            let mut values = values.to_vec();
            values[place].clone_from(choice);
            found.push((values, place));
        }
    }
    found
}

fn choices(statement: &Statement, owner: &Possessions, user: Uuid) -> Vec<Vec<String>> {
    let types = statement.types.iter().enumerate();
    types.map(|(index, kind)| choices_for(statement, owner, user, index + 1, kind)).collect()
}

fn choices_for(statement: &Statement, owner: &Possessions, user: Uuid, number: usize, kind: &str) -> Vec<String> {
    let quoted = |text: &str| format!("'{text}'");
    let null = || "NULL".to_owned();
    let named = [
        ("conversation_id = ", &owner.conversation),
        ("conversation_id = ", &owner.quiet),
        ("message_id = ", &owner.answer),
        ("run_id = ", &owner.run),
        ("request_id = ", &owner.request_id),
        ("client_id = ", &owner.message_client_id),
        ("in_conversation => ", &owner.conversation),
        ("in_conversation => ", &owner.quiet),
        ("ending => ", &owner.run),
        ("leaf => ", &owner.answer),
        ("s.url = ", &owner.url),
        ("s.content_hash = ", &owner.content_hash),
    ];
    let mut choices = Vec::new();
    if statement.has("", number, &format!("::{kind} IS NULL OR "))
        || ["after_message => ", "in_named => "].iter().any(|before| statement.has(before, number, ""))
    {
        choices.push(null());
    }
    choices.extend(named.iter().filter(|(before, _)| statement.has(before, number, "")).map(|(_, name)| quoted(name)));
    choices.extend(match kind {
        "uuid" | "text" if number == 1 => vec![quoted(&user.to_string())],
        "uuid" => {
            let Possessions { answer, conversation, run, question, quiet_question, .. } = owner;
            let ids = [&Uuid::now_v7().to_string(), answer, conversation, run, question, quiet_question];
            ids.into_iter().map(|id| quoted(id)).chain([null()]).collect()
        }
        "uuid[]" => [&owner.answer, &owner.conversation, &owner.run, &Uuid::now_v7().to_string()]
            .map(|id| format!("ARRAY['{id}']::uuid[]"))
            .to_vec(),
        "text" if statement.has("new_role => ", number, "") => vec![quoted("user"), quoted("assistant")],
        "text" if statement.has("finish_reason => ", number, "") => vec![quoted("stop"), null()],
        "text" if statement.has("", number, "::text::json") => vec!["'{}'".to_owned(), "'[]'".to_owned(), null()],
        "text" => {
            let words = ["completed", "user", "up", "docs", MARK, "{}", &owner.conversation_client_id];
            words.into_iter().map(quoted).chain([null()]).collect()
        }
        "text[]" => ["url", "completed", MARK, "{}"].map(|word| format!("ARRAY['{word}']")).to_vec(),
        "bool[]" => vec!["ARRAY[true]".to_owned()],
        "bool" => ["false", "true", "NULL"].map(str::to_owned).to_vec(),
        "int2" | "int4" | "int8" | "float8" => ["1", "100", "0", "NULL"].map(str::to_owned).to_vec(),
        "int2[]" | "int4[]" | "int8[]" | "float8[]" => vec!["ARRAY[7]".to_owned()],
        "bytea" => vec!["'\\x00'".to_owned()],
        "bytea[]" => vec!["ARRAY['\\x00'::bytea]".to_owned()],
        "timestamptz" => ["'9999-12-31'", "'1970-01-01'", "NULL"].map(str::to_owned).to_vec(),
        "json" | "jsonb" => vec!["'{}'".to_owned()],
        "interval" => vec!["'1 hour'".to_owned()],
        _ => panic!("no values for type {kind} are known here"),
    });
    choices
}
