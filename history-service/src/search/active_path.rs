//! What the active path shows, from the few places where messages do not simply follow one another.
//!
//! Where nobody went back, each message follows the one before it, in the order of ids. Such a stretch is known by its
//! start and what that follows: so a path of ten thousand messages is followed up in one step, not in as many.

use std::ops::RangeInclusive;

use crate::{id::MessageId, store::search::branch::Place};

/// The newest part of a path.
#[derive(Debug, Default)]
pub(super) struct ActivePath {
    stretches: Vec<RangeInclusive<MessageId>>,
    /// The oldest message that was looked at.
    oldest: Option<MessageId>,
}

impl ActivePath {
    pub(super) fn of(place: &Place) -> Self {
        let starts = place.starts.iter().flatten().copied();
        let mut starts: Vec<_> = starts.zip(place.parents.iter().flatten().copied()).collect();
        starts.sort_unstable_by_key(|(start, _)| *start);
        let mut path = Self { stretches: Vec::new(), oldest: starts.first().map(|(start, _)| *start) };
        let mut next = place.active_leaf_id;
        // No more than there are, whatever they say.
        for _ in &starts {
            let Some(message) = next else { break };
            let before = starts.partition_point(|(start, _)| *start <= message);
            let Some((start, parent)) = before.checked_sub(1).map(|at| starts[at]) else { break };
            path.stretches.push(start..=message);
            next = parent;
        }
        path
    }

    /// Whether a message of the conversation is shown. None where that is not known.
    pub(super) fn shows(&self, message: MessageId) -> Option<bool> {
        let known = self.oldest.is_some_and(|oldest| oldest <= message);
        known.then(|| self.stretches.iter().any(|stretch| stretch.contains(&message)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::id::ConversationId;

    fn id(number: usize) -> MessageId {
        MessageId(Uuid::from_u128(number as u128 * 3 + 1))
    }

    /// What the database says of a conversation: the parent of each message, by its place in the order of ids.
    fn place(parents: &[Option<usize>], leaf: usize, from: usize) -> Place {
        let looked_at = from..parents.len();
        let starts = looked_at.filter(|&at| at == from || parents[at] != at.checked_sub(1)).rev();
        let (starts, parents) = starts.map(|at| (id(at), parents[at].map(id))).unzip();
        Place {
            conversation_id: ConversationId(Uuid::nil()),
            title: None,
            active_leaf_id: Some(id(leaf)),
            starts: Some(starts),
            parents: Some(parents),
        }
    }

    #[test]
    fn a_conversation_without_messages_shows_none() {
        let nothing = Place { active_leaf_id: None, starts: None, parents: None, ..place(&[None], 0, 0) };
        assert_eq!(ActivePath::of(&nothing).shows(id(0)), None);
    }

    #[test]
    fn two_thousand_messages_in_a_row_are_one_stretch() {
        let parents: Vec<_> = (0..2_000_usize).map(|at| at.checked_sub(1)).collect();
        let path = ActivePath::of(&place(&parents, 1_500, 100));
        assert_eq!(path.stretches, [id(100)..=id(1_500)]);
    }

    proptest! {
        #[test]
        fn it_shows_what_a_walk_from_the_leaf_meets(
            tree in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..40),
            leaf in any::<prop::sample::Index>(),
            from in any::<prop::sample::Index>(),
        ) {
            // Most follow the one before them, some an older one, some none.
            let parent = |(at, (older, kind)): (usize, &(prop::sample::Index, u8))| match kind {
                0 => None,
                1 if at > 0 => Some(older.index(at)),
                _ => at.checked_sub(1),
            };
            let parents: Vec<Option<usize>> = tree.iter().enumerate().map(parent).collect();
            let (leaf, from) = (leaf.index(parents.len()), from.index(parents.len()));
            let path = ActivePath::of(&place(&parents, leaf, from));
            let walked: Vec<usize> = std::iter::successors(Some(leaf), |at| parents[*at]).collect();
            for at in 0..parents.len() {
                let shows = (at >= from).then(|| walked.contains(&at));
                prop_assert_eq!(path.shows(id(at)), shows);
            }
        }
    }
}
