//! What somebody has, in every table and in every state.

use proto::history::v1::{self as pb, run_event::Event};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::world::{World, completed, question, user_message};

/// Stands in every text that somebody has.
pub(super) const MARK: &str = "theirs-7f3a";

/// Somebody's ids, and a picture of all that they have.
#[derive(Debug, Clone)]
pub(super) struct Possessions {
    pub(super) user: Uuid,
    pub(super) conversation: String,
    /// Another one, in which nothing runs.
    pub(super) quiet: String,
    /// What was said there.
    pub(super) quiet_question: String,
    pub(super) question: String,
    pub(super) answer: String,
    /// It still runs, though its lease has run out.
    pub(super) run: String,
    pub(super) conversation_client_id: String,
    pub(super) message_client_id: String,
    pub(super) request_id: String,
    pub(super) url: String,
    pub(super) content_hash: String,
    pub(super) before: String,
    tables: Vec<String>,
}

impl Possessions {
    pub(super) async fn new(world: &World) -> Self {
        let person = world.user();
        let marked = |what: &str| format!("{MARK} {what}");
        let new = pb::CreateConversationRequest {
            client_id: Some(marked("conversation")),
            title: Some(marked("title")),
            metadata_json: format!("{{\"a\":\"{MARK}\"}}"),
            expires_at: None,
        };
        let conversation = person.create_conversation(new).await.unwrap().conversation.unwrap().id;
        let first =
            pb::StartRunRequest { agent: MARK.to_owned(), ..question(Some(&conversation), &marked("question")) };
        let first = person.start_run(first).await.unwrap();
        let source = pb::Source {
            title: Some(marked("title")),
            url: Some(marked("url")),
            content_hash: Some(marked("hash")),
            ..pb::Source::default()
        };
        let finish =
            pb::FinishRunRequest { sources: vec![source], ..completed(&first.run.unwrap(), &marked("answer")) };
        let answer = person.finish_run(finish).await.unwrap().message.unwrap().id;
        let said = pb::CreateMessageRequest {
            client_id: Some(marked("message")),
            ..user_message(&conversation, &marked("said"))
        };
        person.create_message(said).await.unwrap();
        let rating = Some(pb::Feedback { rating: 2, note: Some(marked("note")), created_at: None });
        person.set_feedback(pb::SetFeedbackRequest { message_id: answer.clone(), feedback: rating }).await.unwrap();
        let second = pb::StartRunRequest {
            agent: MARK.to_owned(),
            request_id: Some(marked("request")),
            ..question(Some(&conversation), &marked("question"))
        };
        let run = person.start_run(second).await.unwrap().run.unwrap();
        let events = [Event::Text(marked("text")), Event::Title(marked("title"))];
        person.stream(&run, 0, &events).await;
        let run = run.id;

        let quiet = person.conversation().await.id;
        let quiet_question = person.say(&quiet, &marked("said"), None).await.id;

        let mut superuser = world.superuser().await;
        sqlx::query("UPDATE history.run SET lease_expires_at = now() - interval '1 hour' WHERE status = 'running'")
            .execute(&mut superuser)
            .await
            .unwrap();
        let tables = sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.columns \
             WHERE table_schema = 'history' AND column_name = 'user_id' ORDER BY table_name",
        )
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        let mut owner = Self {
            user: person.id,
            conversation,
            quiet,
            quiet_question,
            question: first.user_message.unwrap().id,
            answer,
            run,
            conversation_client_id: marked("conversation"),
            message_client_id: marked("message"),
            request_id: marked("request"),
            url: marked("url"),
            content_hash: marked("hash"),
            before: String::new(),
            tables,
        };
        owner.before = owner.all(&mut superuser).await;
        owner
    }

    /// All that there is of theirs. For somebody whom no policy binds.
    pub(super) async fn all(&self, superuser: &mut PgConnection) -> String {
        let rows = |table: &String| {
            let user = self.user;
            format!("SELECT '{table}' || row_to_json(t)::text AS row FROM history.{table} t WHERE user_id = '{user}'")
        };
        let rows = self.tables.iter().map(rows).collect::<Vec<_>>().join(" UNION ALL ");
        let all = format!("SELECT COALESCE(string_agg(row, E'\\n' ORDER BY row), '') FROM ({rows}) t");
        sqlx::query_scalar(AssertSqlSafe(all)).persistent(false).fetch_one(superuser).await.unwrap()
    }

    /// The same of somebody who has nothing.
    pub(super) fn unknown(&self) -> Self {
        let id = || Uuid::now_v7().to_string();
        Self {
            user: self.user,
            conversation: id(),
            quiet: id(),
            quiet_question: id(),
            question: id(),
            answer: id(),
            run: id(),
            conversation_client_id: id(),
            message_client_id: id(),
            request_id: id(),
            url: id(),
            content_hash: id(),
            before: String::new(),
            tables: Vec::new(),
        }
    }

    fn names(&self) -> [&String; 11] {
        let Self { conversation, quiet, quiet_question, question, answer, run, .. } = self;
        let Self { conversation_client_id, message_client_id, request_id, url, content_hash, .. } = self;
        [
            conversation,
            quiet,
            quiet_question,
            question,
            answer,
            run,
            conversation_client_id,
            message_client_id,
            request_id,
            url,
            content_hash,
        ]
    }

    /// A value with these names in the place of the owner's.
    pub(super) fn instead_of(&self, value: &str, owner: &Self) -> String {
        let names = owner.names().into_iter().zip(self.names());
        names.fold(value.to_owned(), |value, (theirs, nobodys)| value.replace(theirs.as_str(), nobodys))
    }
}
