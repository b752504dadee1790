//! Conversations that go: in small batches, so that no transaction holds much or takes long.

use kit::{caller::UserId, database::in_time, error::Error};
use uuid::Uuid;

use crate::{
    id::ConversationId,
    store::{
        Store, Transaction,
        keeper::{deletion, retention, tombstone},
    },
};

/// How many messages one transaction takes away, about.
const BATCH: i64 = 1_000;
/// How many conversations one transaction takes away.
const CONVERSATIONS: i64 = 100;

/// A conversation that is to go.
#[derive(Debug)]
pub(crate) struct Doomed {
    pub(crate) user_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    pub(crate) message_count: i32,
}

/// Which ones are to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Selection {
    /// All of a user, who was erased.
    Of(UserId),
    /// Those that have expired.
    Expired,
    /// Those that nobody pinned, or changed for so many seconds.
    Unchanged(f64),
}

/// How many rows of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) conversations: i64,
    pub(crate) messages: i64,
    pub(crate) sources: i64,
    pub(crate) runs: i64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.sources += other.sources;
        self.runs += other.runs;
    }
}

/// Takes one batch of them away. None when there was nothing left.
pub(crate) async fn step(store: &Store, selection: Selection) -> Result<Option<Counts>, Error> {
    in_time(async {
        let mut transaction = match selection {
            Selection::Of(user) => store.begin_erasing(user).await?,
            Selection::Expired | Selection::Unchanged(_) => store.begin_as_keeper().await?,
        };
        let mut doomed = match selection {
            Selection::Of(user) => deletion::of_user(&mut transaction, user, CONVERSATIONS).await?,
            Selection::Expired => retention::expired(&mut transaction, CONVERSATIONS).await?,
            Selection::Unchanged(seconds) => retention::unchanged(&mut transaction, seconds, CONVERSATIONS).await?,
        };
        let Some(first) = doomed.first() else { return Ok(None) };
        let counts = if is_big(first) {
            cut(&mut transaction, first).await?
        } else {
            doomed.truncate(batch(&doomed));
            deletion::hold_runs(&mut transaction, &doomed).await?;
            deletion::delete(&mut transaction, &doomed).await?
        };
        if let Selection::Of(user) = selection {
            // What indexes the user's entries had to be waited for until they went: with the last of them nothing adds
            // to a block again.
            deletion::forget_blocks(&mut transaction, user).await?;
            tombstone::add(&mut transaction, user, &counts).await?;
        }
        transaction.commit().await?;
        Ok(Some(counts))
    })
    .await
}

fn is_big(doomed: &Doomed) -> bool {
    i64::from(doomed.message_count) > BATCH
}

/// How many of them, from the first on, make one batch.
fn batch(doomed: &[Doomed]) -> usize {
    let mut messages = 0;
    let fits = |doomed: &&Doomed| {
        messages += i64::from(doomed.message_count);
        messages <= BATCH
    };
    doomed.iter().take_while(fits).count()
}

/// Takes the newest messages of a big conversation, and the conversation with the last of them. Until then nobody sees
/// the rest, which has expired.
async fn cut(transaction: &mut Transaction, doomed: &Doomed) -> Result<Counts, Error> {
    let user = UserId(doomed.user_id);
    deletion::hide(transaction, user, doomed.conversation_id).await?;
    let mut counts = deletion::delete_newest(transaction, user, doomed.conversation_id, BATCH).await?;
    if counts.messages < BATCH {
        counts += deletion::delete(transaction, std::slice::from_ref(doomed)).await?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_whole_conversations_and_never_nothing() {
        let doomed = |counts: &[i32]| {
            let conversation_id = ConversationId::generate();
            let doomed =
                |message_count: &i32| Doomed { user_id: Uuid::nil(), conversation_id, message_count: *message_count };
            counts.iter().map(doomed).collect::<Vec<_>>()
        };
        assert_eq!(batch(&doomed(&[0, 0, 0])), 3);
        assert_eq!(batch(&doomed(&[1_000, 1])), 1);
        assert_eq!(batch(&doomed(&[600, 400, 0, 1])), 3);
        assert_eq!(batch(&doomed(&[3, 1_001])), 1);
        assert!(is_big(&doomed(&[1_001])[0]) && !is_big(&doomed(&[1_000])[0]));
    }
}
