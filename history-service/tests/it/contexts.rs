//! What an agent is given to read: the path, cut to a budget.

use proto::history::v1 as pb;

use crate::world::{Person, World, question, user_message, violations};

async fn said(user: &Person, id: &str, role: pb::Role, content: &str, parent: Option<&str>) -> pb::Message {
    let request = pb::CreateMessageRequest {
        role: role.into(),
        parent_id: parent.map(str::to_owned),
        ..user_message(id, content)
    };
    user.create_message(request).await.unwrap().message.unwrap()
}

/// Asks within a budget, ends the run, and tells what the agent was given.
async fn given(user: &Person, request: pb::StartRunRequest) -> Vec<String> {
    let started = user.start_run(request).await.unwrap();
    user.end(&started.run.unwrap(), "").await;
    started.context.into_iter().map(|message| message.content).collect()
}

fn budget(id: &str, parent: &str, messages: i32, characters: i32) -> pb::StartRunRequest {
    pb::StartRunRequest {
        context_limit: messages,
        context_characters: characters,
        parent_id: Some(parent.to_owned()),
        ..question(Some(id), "now?")
    }
}

#[tokio::test]
async fn a_long_path_is_cut_at_its_older_end_and_the_instructions_stay() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    said(&user, &id, pb::Role::System, "be kind", None).await;
    let mut leaf = String::new();
    for content in ["один", "two", "three"] {
        leaf = said(&user, &id, pb::Role::User, content, None).await.id;
    }
    let whole = ["be kind", "один", "two", "three", "now?"];
    for (messages, characters, expected) in [
        (5, 0, &whole[..]),
        (1_000, 23, &whole),
        (4, 0, &whole),
        (3, 0, &["be kind", "two", "three", "now?"]),
        (1, 0, &["be kind", "now?"]),
        (0, 0, &[]),
        // Four characters of four, three and five: what does not fit whole ends it.
        (100, 16, &whole),
        (100, 15, &["be kind", "two", "three", "now?"]),
        (100, 12, &["be kind", "two", "three", "now?"]),
        (100, 11, &["be kind", "three", "now?"]),
        (100, 1, &["be kind", "now?"]),
        (2, 12, &["be kind", "three", "now?"]),
    ] {
        assert_eq!(given(&user, budget(&id, &leaf, messages, characters)).await, expected, "{messages} {characters}");
    }
}

#[tokio::test]
async fn the_instructions_of_its_own_root_count_and_no_others() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    said(&user, &id, pb::Role::System, "be kind", None).await;
    said(&user, &id, pb::Role::User, "one", None).await;
    let kind = said(&user, &id, pb::Role::User, "two", None).await.id;
    said(&user, &id, pb::Role::System, "be brief", Some("")).await;
    said(&user, &id, pb::Role::User, "uno", None).await;
    let brief = said(&user, &id, pb::Role::User, "due", None).await.id;
    said(&user, &id, pb::Role::User, "nobody told me", Some("")).await;
    said(&user, &id, pb::Role::User, "eins", None).await;
    let untold = said(&user, &id, pb::Role::User, "zwei", None).await.id;
    assert_eq!(given(&user, budget(&id, &kind, 2, 0)).await, ["be kind", "two", "now?"]);
    assert_eq!(given(&user, budget(&id, &brief, 2, 0)).await, ["be brief", "due", "now?"]);
    assert_eq!(given(&user, budget(&id, &untold, 2, 0)).await, ["zwei", "now?"]);
    assert_eq!(given(&user, budget(&id, "", 2, 0)).await, ["now?"]);
}

#[tokio::test]
async fn without_instructions_a_cut_path_begins_where_it_was_cut() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    said(&user, &id, pb::Role::User, "one", None).await;
    let leaf = said(&user, &id, pb::Role::Assistant, "two", None).await.id;
    assert_eq!(given(&user, budget(&id, &leaf, 2, 0)).await, ["two", "now?"]);
}

#[tokio::test]
async fn what_came_to_nothing_takes_no_room() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    said(&user, &id, pb::Role::User, "one", None).await;
    let run = user.ask(Some(&id), "two").await.run.unwrap();
    let leaf = user.finish_run(failed(&run, "")).await.unwrap().message.unwrap().id;
    assert_eq!(given(&user, budget(&id, &leaf, 3, 10)).await, ["one", "two", "now?"]);
}

fn failed(run: &pb::Run, content: &str) -> pb::FinishRunRequest {
    pb::FinishRunRequest {
        status: pb::RunStatus::Failed.into(),
        error: Some(pb::RunError { code: "x".to_owned(), message: "y".to_owned() }),
        ..crate::world::completed(run, content)
    }
}

#[tokio::test]
async fn of_answers_that_ended_badly_agents_read_what_there_is() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for status in [pb::RunStatus::Failed, pb::RunStatus::Cancelled, pb::RunStatus::Interrupted] {
        let run = user.ask(Some(&id), "why?").await.run.unwrap();
        let end = pb::FinishRunRequest { status: status.into(), ..failed(&run, "because") };
        user.finish_run(end).await.unwrap();
    }
    let running = user.ask(Some(&id), "and?").await;
    let said: Vec<_> = running.context.iter().map(|message| (message.role(), message.content.as_str())).collect();
    let turn = [(pb::Role::User, "why?"), (pb::Role::Assistant, "because")];
    assert_eq!(said, [turn.repeat(3), vec![(pb::Role::User, "and?")]].concat());
    user.end(&running.run.unwrap(), "").await;
    let leaf = running.user_message.unwrap().id;
    assert_eq!(given(&user, budget(&id, &leaf, 3, 0)).await, ["because", "and?", "now?"]);
}

#[tokio::test]
async fn a_question_comes_whole_however_small_the_budget() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    user.say(&id, "before", None).await;
    let huge = "🦀".repeat(1_000_000);
    let asked = pb::StartRunRequest { context_characters: 10, ..question(Some(&id), &huge) };
    assert_eq!(given(&user, asked).await, [huge]);
}

#[tokio::test]
async fn a_budget_has_bounds() {
    let world = World::new().await;
    let user = world.user();
    for context_characters in [-1, 8 * 1024 * 1024 + 1, i32::MAX] {
        let asked = pb::StartRunRequest { context_characters, ..question(None, "?") };
        let refused = user.start_run(asked).await.unwrap_err();
        assert_eq!(violations(&refused), [("context_characters".to_owned(), "OUT_OF_RANGE".to_owned())]);
    }
}
