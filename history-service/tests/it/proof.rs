//! Proof by trying: every statement of the service, on somebody else's possessions, as it is and without its conditions
//! on the user.

use sqlx::{AssertSqlSafe, Column as _, Connection as _, PgConnection, Row as _, ValueRef as _, raw_sql};
use uuid::Uuid;

use self::{
    possessions::{MARK, Possessions},
    statement::{Place, Statement},
};
use crate::world::World;

mod possessions;
mod statement;
mod values;

/// Statements that cannot be tried this way: the beginning of each, without line breaks, and why.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// What the keeper does for one user: the beginning of each, without line breaks, and why.
const FOR_ONE_USER: [(&str, &str); 5] = [
    (
        "SELECT user_id, conversation_id AS \"conversation_id: ConversationId\", message_count FROM history.conversation WHERE user_id = $1",
        "erasure",
    ),
    ("UPDATE history.conversation SET active_leaf_id = NULL", "erasure"),
    ("WITH newest AS", "erasure"),
    ("DELETE FROM history.search_block", "erasure"),
    ("UPDATE history.conversation SET client_id = NULL", "a client's id is free again"),
];

/// What one try has come to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// The columns as text. None when the statement was refused.
    rows: Option<Vec<String>>,
    /// All that the owner has, as it stands afterwards.
    possessions: String,
}

/// A session that takes any role, one statement a transaction, none of which is committed.
struct Trial {
    connection: PgConnection,
    owner: Possessions,
}

impl Trial {
    async fn new(world: &World) -> Self {
        let owner = Possessions::new(world).await;
        Self { connection: world.superuser().await, owner }
    }

    /// Runs the statement as `role` for `user` and undoes it.
    async fn run(&mut self, role: &str, user: Uuid, statement: &Statement, values: &[String]) -> Outcome {
        let mut transaction = self.connection.begin().await.unwrap();
        let set = format!("SET LOCAL ROLE {role}; SELECT set_config('colloquy.user_id', '{user}', true)");
        raw_sql(AssertSqlSafe(set)).execute(&mut *transaction).await.unwrap();
        let text = statement.executed_with(values);
        let rows = match raw_sql(AssertSqlSafe(text)).fetch_all(&mut *transaction).await {
            // What is checked at the end would fail now.
            Ok(rows) => raw_sql("SET CONSTRAINTS ALL IMMEDIATE").execute(&mut *transaction).await.ok().map(|_| rows),
            Err(_) => None,
        };
        let possessions = if rows.is_some() {
            raw_sql("SET LOCAL ROLE NONE").execute(&mut *transaction).await.unwrap();
            self.owner.all(&mut transaction).await
        } else {
            self.owner.before.clone()
        };
        transaction.rollback().await.unwrap();
        raw_sql("DEALLOCATE ALL").execute(&mut self.connection).await.unwrap();
        Outcome { rows: rows.map(|rows| rows.iter().map(shown).collect()), possessions }
    }

    /// Whether it shows or changes something.
    fn is_felt(&self, outcome: &Outcome) -> bool {
        outcome.possessions != self.owner.before || outcome.rows.as_ref().is_some_and(|rows| !rows.is_empty())
    }

    /// Values with which the statement does something for the owner.
    async fn telling_values(&mut self, statement: &Statement) -> Option<Vec<String>> {
        for values in values::of(statement, &self.owner, self.owner.user) {
            let outcome = self.run("colloquy_service", self.owner.user, statement, &values).await;
            if self.is_felt(&outcome) {
                return Some(values);
            }
        }
        None
    }

    /// Fails when a stranger learns or changes anything by this statement.
    async fn reveals_nothing(&mut self, statement: &Statement, values: &[String]) {
        let stranger = Uuid::now_v7();
        let nothing = self.owner.unknown();
        for user in [self.owner.user, stranger] {
            let values = statement.with_users(values, user, stranger);
            let seen = self.run("colloquy_service", stranger, statement, &values).await;
            let text = &statement.text;
            assert_eq!(seen.possessions, self.owner.before, "changed as a stranger by {text} with {values:?}");
            let shown = seen.rows.iter().flatten().filter(|row| row.contains(MARK)).collect::<Vec<_>>();
            assert!(shown.is_empty(), "shown to a stranger by {text} with {values:?}: {shown:?}");
            // As many rows as about ids that nobody has: even that there is something stays unknown.
            let values = values.iter().map(|value| nothing.instead_of(value, &self.owner)).collect::<Vec<_>>();
            let other = self.run("colloquy_service", stranger, statement, &values).await;
            let count = |outcome: &Outcome| outcome.rows.as_ref().map_or(0, Vec::len);
            assert_eq!(count(&seen), count(&other), "a stranger can tell by {text} with {values:?}");
        }
    }
}

fn shown(row: &sqlx::postgres::PgRow) -> String {
    let column = |index: usize| {
        let value = row.try_get_raw(index).unwrap();
        if value.is_null() { "NULL" } else { value.as_str().unwrap() }.to_owned()
    };
    row.columns().iter().map(|known| column(known.ordinal())).collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn no_statement_shows_or_changes_what_somebody_else_has() {
    let world = World::new().await;
    let mut trial = Trial::new(&world).await;
    let mut tried = 0;
    for statement in statement::all() {
        if statement.place != Place::Service || statement.is_one_of(&EXCEPTIONS) {
            continue;
        }
        // With these it does something, so that doing nothing means something.
        let values = trial.telling_values(&statement).await;
        let values =
            values.unwrap_or_else(|| panic!("no values are known that make this do anything: {}", statement.text));
        trial.reveals_nothing(&statement, &values).await;
        tried += 1;
    }
    assert_ne!(tried, 0);
}

#[tokio::test]
async fn without_its_conditions_on_the_user_no_statement_shows_or_changes_more() {
    let world = World::new().await;
    let mut trial = Trial::new(&world).await;
    let mut tried = 0;
    for statement in statement::all() {
        let Some(bare) = statement.without_users() else { continue };
        if statement.place != Place::Service || statement.is_one_of(&EXCEPTIONS) {
            continue;
        }
        let values = trial.telling_values(&statement).await.expect("the other test says more");
        // Where no policy holds, it does harm, or runs into a key that keeps users apart.
        let stranger = Uuid::now_v7();
        let open = bare.with_users(&values, stranger, stranger);
        let outcome = trial.run("postgres", stranger, &bare, &open).await;
        assert!(outcome.rows.is_none() || trial.is_felt(&outcome), "the conditions are still there: {}", bare.text);
        trial.reveals_nothing(&bare, &values).await;
        tried += 1;
    }
    assert_ne!(tried, 0);
}

#[tokio::test]
async fn what_only_the_keeper_may_do_does_nothing_for_the_service() {
    let world = World::new().await;
    let mut trial = Trial::new(&world).await;
    for statement in statement::all() {
        if statement.place != Place::Keeper {
            continue;
        }
        let stranger = Uuid::now_v7();
        for values in values::nearby(&statement, &trial.owner, stranger) {
            let seen = trial.run("colloquy_service", stranger, &statement, &values).await;
            assert_eq!(seen.possessions, trial.owner.before, "{} with {values:?}", statement.text);
            assert!(!seen.rows.iter().flatten().any(|row| row.contains(MARK)), "{} with {values:?}", statement.text);
        }
    }
}

/// The statements of the keeper that are about one user, without that condition, and with the setting of a stranger.
#[tokio::test]
async fn a_keeper_that_works_for_one_user_touches_no_other() {
    let world = World::new().await;
    let mut trial = Trial::new(&world).await;
    let mut superuser = world.superuser().await;
    let block = "INSERT INTO history.search_block (user_id, block, entries, oldest, newest) VALUES ($1, 9, 1, $1, $1)";
    sqlx::query(block).bind(trial.owner.user).execute(&mut superuser).await.unwrap();
    trial.owner.before = trial.owner.all(&mut superuser).await;
    let mut tried = 0;
    for statement in statement::all().iter().filter(|statement| statement.is_one_of(&FOR_ONE_USER)) {
        let bare = statement.without_users().unwrap();
        for values in values::nearby(statement, &trial.owner, trial.owner.user) {
            let outcome = trial.run("colloquy_keeper", Uuid::now_v7(), &bare, &values).await;
            assert_eq!(outcome.possessions, trial.owner.before, "changed as a stranger by {}", bare.text);
            let shown = outcome.rows.iter().flatten().any(|row| row.contains(&trial.owner.conversation));
            assert!(!shown, "shown to a stranger by {}", bare.text);
        }
        tried += 1;
    }
    assert_eq!(tried, FOR_ONE_USER.len());
}
