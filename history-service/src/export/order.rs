//! The order in which a person reads a tree.

use super::Bone;
use crate::id::MessageId;

/// The path to `leaf`, from its root on, then every other branch: each from where it leaves what came before, those
/// that leave early first. A parent always comes before its children. The bones come in the order of their ids.
pub(super) fn reading(bones: &[Bone], leaf: Option<MessageId>) -> Vec<Bone> {
    let place = |id: MessageId| bones.binary_search_by_key(&id, |bone| bone.id).ok();
    let parent = |index: usize| bones[index].parent_id.and_then(place);

    let mut taken = vec![false; bones.len()];
    let mut path = Vec::new();
    let mut next = leaf.and_then(place);
    while let Some(index) = next.filter(|index| !taken[*index]) {
        taken[index] = true;
        path.push(index);
        next = parent(index);
    }
    path.reverse();

    let mut children: Vec<(usize, usize)> =
        (0..bones.len()).filter_map(|index| Some((parent(index)?, index))).collect();
    children.sort_unstable();
    let children = |index: usize| {
        let first = children.partition_point(|(parent, _)| *parent < index);
        children[first..].iter().take_while(move |(parent, _)| *parent == index).map(|(_, child)| *child)
    };

    let mut order = path.clone();
    let roots: Vec<usize> = (0..bones.len()).filter(|index| parent(*index).is_none()).collect();
    let mut waiting = Vec::new();
    // Branches that leave the path, from its beginning to its end, and trees beside it.
    for start in path.iter().flat_map(|index| children(*index)).chain(roots) {
        waiting.push(start);
        while let Some(index) = waiting.pop() {
            if !std::mem::replace(&mut taken[index], true) {
                order.push(index);
                // The oldest on top: it is read next.
                let from = waiting.len();
                waiting.extend(children(index));
                waiting[from..].reverse();
            }
        }
    }
    order.into_iter().map(|index| bones[index]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: usize) -> MessageId {
        MessageId(Uuid::from_u128(number as u128 + 1))
    }

    fn tree(parents: &[Option<usize>]) -> Vec<Bone> {
        let bone =
            |(number, parent): (usize, &Option<usize>)| Bone { id: id(number), parent_id: parent.map(id), bytes: 0 };
        parents.iter().enumerate().map(bone).collect()
    }

    fn read(parents: &[Option<usize>], leaf: Option<usize>) -> Vec<usize> {
        let number = |bone: Bone| usize::try_from(bone.id.0.as_u128() - 1).unwrap();
        reading(&tree(parents), leaf.map(id)).into_iter().map(number).collect()
    }

    #[test]
    fn the_shown_path_comes_first_and_each_branch_in_one_piece() {
        // 0 ─ 1 ─ 2 ─ 3 is shown; 4 ─ 5 is another answer to 0, 6 another root, 7 a second thought about 4.
        let parents = [None, Some(0), Some(1), Some(2), Some(0), Some(4), None, Some(4)];
        assert_eq!(read(&parents, Some(3)), [0, 1, 2, 3, 4, 5, 7, 6]);
        assert_eq!(read(&parents, Some(5)), [0, 4, 5, 1, 2, 3, 7, 6]);
        assert_eq!(read(&parents, Some(6)), [6, 0, 1, 2, 3, 4, 5, 7]);
        assert_eq!(read(&parents, None), [0, 1, 2, 3, 4, 5, 7, 6]);
        assert_eq!(read(&[], None), [0_usize; 0]);
    }

    #[test]
    fn what_follows_the_shown_leaf_comes_after_it() {
        assert_eq!(read(&[None, Some(0), Some(1), Some(0)], Some(1)), [0, 1, 3, 2]);
    }

    proptest! {
        #[test]
        fn every_message_comes_once_and_after_its_parent(
            choices in proptest::collection::vec(any::<Option<prop::sample::Index>>(), 1..60),
            leaf in any::<Option<prop::sample::Index>>(),
        ) {
            let parents: Vec<Option<usize>> = choices
                .iter()
                .enumerate()
                .map(|(number, choice)| choice.filter(|_| number > 0).map(|choice| choice.index(number)))
                .collect();
            let leaf = leaf.map(|leaf| leaf.index(parents.len()));
            let order = read(&parents, leaf);
            let place = |number: usize| order.iter().position(|read| *read == number);
            prop_assert_eq!(order.len(), parents.len());
            for (number, parent) in parents.iter().enumerate() {
                prop_assert!(place(number).is_some());
                prop_assert!(parent.is_none_or(|parent| place(parent) < place(number)));
            }
            let mut next = leaf;
            let mut path = Vec::new();
            while let Some(number) = next {
                path.insert(0, number);
                next = parents[number];
            }
            prop_assert_eq!(&order[..path.len()], path.as_slice());
        }
    }
}
