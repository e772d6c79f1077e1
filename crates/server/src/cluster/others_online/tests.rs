use std::collections::BTreeSet;

use self::chance::{Chance, seeds};
use super::super::announcer::Announcer;
use super::*;

#[path = "../../../tests/stories/chance.rs"]
#[expect(dead_code, reason = "stories need more of it")]
mod chance;

const NODE: NodeId = NodeId(7);
const OTHER: NodeId = NodeId(8);

/// What is known of the others, and whom it has told to be on the node.
#[derive(Default)]
struct Listener {
    others_online: OthersOnline,
    there: BTreeSet<u64>,
    told: usize,
}

impl Listener {
    fn hears(&mut self, what: PresenceHint) {
        let Self { others_online, there, told } = self;
        others_online.heard(NODE, what, |_, what| {
            *told += 1;
            apply(there, what);
        });
    }

    fn announced(&mut self, number: u64, came: &[u64], left: &[u64]) {
        self.hears(PresenceHint::Announced { number, came: came.to_vec(), left: left.to_vec() });
    }

    fn listed(&mut self, number: u64, part: u32, parts: u32, users: &[u64]) {
        self.hears(PresenceHint::Listed { number, part, parts, users: users.to_vec() });
    }

    fn there(&self) -> Vec<u64> {
        self.there.iter().copied().collect()
    }

    fn asks(&mut self) -> bool {
        self.others_online.questions() == [NODE]
    }
}

fn apply(there: &mut BTreeSet<u64>, what: Elsewhere) {
    match what {
        Elsewhere::Moved { came, left } => {
            there.extend(came.iter().map(|user| user.0));
            left.iter().for_each(|user| _ = there.remove(&user.0));
        }
        Elsewhere::Are(users) => *there = users.iter().map(|user| user.0).collect(),
    }
}

#[test]
fn a_node_heard_from_its_beginning_is_never_asked() {
    let mut bob = Listener::default();
    bob.announced(1, &[], &[]);
    bob.announced(2, &[1, 2], &[]);
    bob.announced(3, &[3], &[1]);
    assert_eq!((bob.there(), bob.asks()), (vec![2, 3], false));
}

#[test]
fn what_comes_twice_or_late_changes_nothing() {
    let mut bob = Listener::default();
    bob.announced(1, &[1], &[]);
    bob.announced(2, &[], &[1]);
    bob.announced(1, &[1], &[]);
    bob.listed(2, 1, 1, &[1]);
    bob.listed(1, 1, 1, &[1]);
    assert_eq!((bob.there(), bob.told, bob.asks()), (vec![], 2, false));
}

#[test]
fn what_comes_in_another_order_is_told_in_order() {
    let mut bob = Listener::default();
    bob.announced(3, &[1], &[]);
    bob.announced(2, &[], &[1]);
    assert_eq!(bob.told, 0);
    bob.announced(1, &[1], &[]);
    assert_eq!((bob.there(), bob.told, bob.asks()), (vec![1], 3, false));
}

#[test]
fn a_node_that_was_there_before_is_asked_for_its_list() {
    let mut bob = Listener::default();
    bob.announced(5, &[1], &[]);
    assert!(bob.asks());
    bob.listed(5, 1, 1, &[1, 2]);
    assert_eq!((bob.there(), bob.asks()), (vec![1, 2], false));
    bob.announced(6, &[3], &[]);
    assert_eq!(bob.there(), [1, 2, 3]);
}

#[test]
fn a_gap_is_closed_by_a_list_and_what_follows_it() {
    let mut bob = Listener::default();
    bob.announced(1, &[1], &[]);
    bob.announced(3, &[3], &[]);
    bob.announced(5, &[], &[3]);
    assert!(bob.asks());
    bob.listed(4, 1, 1, &[1, 3, 4]);
    assert_eq!((bob.there(), bob.asks()), (vec![1, 4], false));
}

#[test]
fn a_list_that_ends_before_the_gap_is_not_enough() {
    let mut bob = Listener::default();
    bob.announced(7, &[7], &[]);
    bob.listed(5, 1, 1, &[1]);
    assert_eq!((bob.there(), bob.asks()), (vec![1], true), "six is missing");
}

#[test]
fn a_list_that_is_lost_in_part_is_asked_for_again_after_a_while() {
    let mut bob = Listener::default();
    bob.announced(2, &[], &[]);
    assert!(bob.asks());
    bob.listed(2, 1, 3, &[1]);
    bob.listed(2, 3, 3, &[3]);
    bob.listed(2, 3, 3, &[3]);
    for _ in 1..ASK_EVERY {
        assert!(!bob.asks(), "it may be on its way");
    }
    assert!(bob.asks());
    bob.listed(2, 2, 3, &[2]);
    assert_eq!((bob.there(), bob.asks()), (vec![1, 2, 3], false));
}

#[test]
fn parts_of_different_lists_are_not_put_together() {
    let mut bob = Listener::default();
    bob.listed(2, 1, 2, &[1]);
    bob.listed(3, 2, 2, &[3]);
    bob.listed(2, 2, 2, &[2]);
    assert_eq!(bob.told, 0);
    bob.listed(3, 1, 2, &[1]);
    assert_eq!(bob.there(), [1, 3]);
}

#[test]
fn no_more_is_kept_than_it_may() {
    let mut bob = Listener::default();
    let last = 2 + 10 * MAX_AHEAD as u64;
    for number in (2..=last).rev() {
        bob.announced(number, &[number], &[]);
    }
    assert_eq!(bob.others_online.nodes[&NODE].ahead.len(), MAX_AHEAD);
    bob.listed(last, 1, 1, &[1]);
    assert_eq!((bob.there(), bob.asks()), (vec![1], false));
}

#[test]
fn a_node_that_lives_no_more_is_forgotten_and_one_that_does_is_asked() {
    let mut bob = Listener::default();
    bob.announced(1, &[1, 2], &[]);
    let mut told = Vec::new();
    bob.others_online.living(&[NODE, OTHER], |node, what| told.push((node, what)));
    assert_eq!((told, bob.others_online.questions()), (vec![], vec![OTHER]));
    let mut told = Vec::new();
    bob.others_online.living(&[], |node, what| told.push((node, what)));
    told.sort_by_key(|(node, _)| *node);
    let nobody = || Elsewhere::Are(Default::default());
    assert_eq!(told, [(NODE, nobody()), (OTHER, nobody())]);
    assert_eq!(bob.others_online.questions(), []);
}

/// One node says who is there on a bus that loses, doubles and mixes up; another must know in the end.
#[test]
fn whatever_is_lost_doubled_or_late_it_ends_as_it_is() {
    for seed in seeds(20) {
        let mut chance = Chance::new(seed);
        let (mut announcer, mut bob) = (Announcer::default(), Listener::default());
        let mut here = BTreeSet::new();
        let mut on_its_way = Vec::new();
        for tick in 0..2000 {
            let calm = tick >= 1000;
            let most = if calm { 1 } else { 50 };
            let moved: BTreeSet<u64> = (0..chance.below(most)).map(|_| chance.next() % 3000).collect();
            for user in &moved {
                if !here.remove(user) {
                    here.insert(*user);
                }
            }
            let (came, left) =
                moved.iter().map(|user| UserId(*user)).partition(|user| here.contains(&user.0));
            on_its_way.extend(announcer.announce((came, left), 1000));
            if bob.asks() && !chance.one_in(2) {
                announcer.asked();
            }
            on_its_way.extend(announcer.list(|| here.iter().map(|user| UserId(*user)).collect(), 1000));
            while !on_its_way.is_empty() && (calm || !chance.one_in(8)) {
                let word = on_its_way.remove(chance.below(on_its_way.len().min(4)));
                if chance.one_in(8) {
                    on_its_way.push(word.clone());
                }
                if !chance.one_in(10) {
                    bob.hears(word);
                }
            }
        }
        assert_eq!(bob.there, here, "RIM_SEED={seed}");
    }
}
