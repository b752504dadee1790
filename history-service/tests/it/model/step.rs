//! What the users do.

use proptest::{prelude::*, sample::Index};

/// One step. Whatever it is about is chosen among what is there when its turn comes.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Create,
    /// The client id is one of few, so that it comes again.
    Append {
        conversation: Index,
        parent: Place,
        client_id: Option<u8>,
        sources: bool,
    },
    Ask {
        conversation: Option<Index>,
        parent: Place,
    },
    Finish {
        title: bool,
    },
    Choose {
        conversation: Index,
        leaf: Index,
    },
    Pin {
        conversation: Index,
        pinned: bool,
    },
    Archive {
        conversation: Index,
        archived: bool,
    },
    Title {
        conversation: Index,
        given: bool,
    },
    Judge {
        message: Index,
        rating: i32,
    },
    Delete {
        conversation: Index,
    },
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    Leaf,
    Root,
    Message(Index),
    /// A message of another conversation, be it one's own or not.
    Elsewhere(Index),
    Nowhere,
}

pub(super) fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => Just(Place::Leaf),
        2 => Just(Place::Root),
        4 => any::<Index>().prop_map(Place::Message),
        1 => any::<Index>().prop_map(Place::Elsewhere),
        1 => Just(Place::Nowhere),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        2 => Just(Step::Create),
        8 => (index(), place(), prop::option::weighted(0.4, 0..4_u8), any::<bool>())
            .prop_map(|(conversation, parent, client_id, sources)| Step::Append { conversation, parent, client_id, sources }),
        4 => (prop::option::weighted(0.8, index()), place())
            .prop_map(|(conversation, parent)| Step::Ask { conversation, parent }),
        4 => any::<bool>().prop_map(|title| Step::Finish { title }),
        3 => (index(), index()).prop_map(|(conversation, leaf)| Step::Choose { conversation, leaf }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, pinned)| Step::Pin { conversation, pinned }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, archived)| Step::Archive { conversation, archived }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, given)| Step::Title { conversation, given }),
        2 => (index(), 0..3).prop_map(|(message, rating)| Step::Judge { message, rating }),
        1 => index().prop_map(|conversation| Step::Delete { conversation }),
    ]
}
