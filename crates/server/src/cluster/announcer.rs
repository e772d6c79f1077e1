//! What this node tells the others of who is connected to it.

use rim_core::UserId;

use super::hint::{self, PresenceHint};

/// Ticks after which it says something though nothing has happened: so others learn that they missed something.
const SPEAK_EVERY: u32 = 25;
/// Ticks between two lists of everybody, however many nodes ask.
const LIST_EVERY: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Announcer {
    /// Of the last announcement.
    number: u64,
    silent: u32,
    asked: bool,
    since_list: u32,
}

impl Announcer {
    /// What to say of those who came and left since the last tick. Called at every tick.
    pub(super) fn announce(
        &mut self,
        (came, left): (Vec<UserId>, Vec<UserId>),
        max_payload: usize,
    ) -> Vec<PresenceHint> {
        self.silent += 1;
        self.since_list = self.since_list.saturating_add(1);
        let came = came.into_iter().map(|user| (user.0, true));
        let moved: Vec<(u64, bool)> = came.chain(left.into_iter().map(|user| (user.0, false))).collect();
        let mut steps: Vec<_> = moved.chunks(hint::users_that_fit(max_payload)).collect();
        if steps.is_empty() && (self.number == 0 || self.silent >= SPEAK_EVERY) {
            steps.push(&[]);
        }
        let announced = steps.into_iter().map(|step| {
            self.silent = 0;
            self.number += 1;
            let of =
                |kind| step.iter().filter(move |(_, came)| *came == kind).map(|(user, _)| *user).collect();
            PresenceHint::Announced { number: self.number, came: of(true), left: of(false) }
        });
        announced.collect()
    }

    /// Somebody wants the list.
    pub(super) fn asked(&mut self) {
        self.asked = true;
    }

    /// The list of everybody who is `here`, if somebody wants it and it is time. Called right after
    /// [`Self::announce`]: what happens in between is announced once more, and does no harm.
    pub(super) fn list(
        &mut self,
        here: impl FnOnce() -> Vec<UserId>,
        max_payload: usize,
    ) -> Vec<PresenceHint> {
        if !self.asked || self.since_list < LIST_EVERY {
            return Vec::new();
        }
        self.asked = false;
        self.since_list = 0;
        let mut users: Vec<u64> = here().into_iter().map(|user| user.0).collect();
        // The same people make the same parts, so that a part of one list completes another of its number.
        users.sort_unstable();
        let mut lists: Vec<_> = users.chunks(hint::users_that_fit(max_payload)).collect();
        if lists.is_empty() {
            lists.push(&[]);
        }
        let parts = u32::try_from(lists.len()).unwrap_or(u32::MAX);
        let listed = (1..).zip(lists).map(|(part, users)| PresenceHint::Listed {
            number: self.number,
            part,
            parts,
            users: users.to_vec(),
        });
        listed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: usize = 1000;

    fn nothing() -> (Vec<UserId>, Vec<UserId>) {
        Default::default()
    }

    fn users(count: u64) -> Vec<UserId> {
        (1..=count).map(UserId).collect()
    }

    #[test]
    fn it_speaks_at_once_and_then_when_something_happens_or_after_a_while() {
        let mut announcer = Announcer::default();
        let mut said = Vec::new();
        for tick in 0..=SPEAK_EVERY {
            let moved = if tick == 3 { (users(2), vec![UserId(9)]) } else { nothing() };
            said.extend(announcer.announce(moved, PAYLOAD).into_iter().map(|what| (tick, what)));
        }
        let announced = |number, came, left| PresenceHint::Announced { number, came, left };
        assert_eq!(said, [(0, announced(1, vec![], vec![])), (3, announced(2, vec![1, 2], vec![9]))]);
        let later = (0..10 * SPEAK_EVERY).flat_map(|_| announcer.announce(nothing(), PAYLOAD)).count();
        assert_eq!(later, 10);
    }

    #[test]
    fn many_who_come_and_leave_at_once_are_several_announcements() {
        let mut announcer = Announcer::default();
        let (mut came_in_all, mut left_in_all) = (Vec::new(), Vec::new());
        for (number, what) in (1..).zip(announcer.announce((users(300), users(200)), PAYLOAD)) {
            assert!(hint::Brief::Presence { node: u64::MAX, what: what.clone() }.encode().len() <= PAYLOAD);
            let PresenceHint::Announced { number: said, came, left } = what else { panic!("{what:?}") };
            assert_eq!(said, number);
            came_in_all.extend(came);
            left_in_all.extend(left);
        }
        assert_eq!((came_in_all, left_in_all), (Vec::from_iter(1..=300), Vec::from_iter(1..=200)));
    }

    #[test]
    fn a_list_comes_when_asked_for_and_not_too_often() {
        let mut announcer = Announcer::default();
        let mut lists = Vec::new();
        for tick in 0..4 * LIST_EVERY {
            announcer.announce(nothing(), PAYLOAD);
            if tick > 0 {
                announcer.asked();
            }
            let said = announcer.list(|| users(1), PAYLOAD);
            lists.extend(said.iter().map(|_| tick));
        }
        assert_eq!(lists, [4, 9, 14, 19]);
    }

    #[test]
    fn a_huge_list_comes_in_parts_of_one_number() {
        let mut announcer = Announcer::default();
        for _ in 0..LIST_EVERY {
            announcer.announce(nothing(), PAYLOAD);
        }
        announcer.asked();
        let mut shuffled = users(100_000);
        shuffled.reverse();
        let listed = announcer.list(|| shuffled, PAYLOAD);
        let mut all: Vec<u64> = Vec::new();
        for (expected, what) in (1..).zip(&listed) {
            assert!(hint::Brief::Presence { node: u64::MAX, what: what.clone() }.encode().len() <= PAYLOAD);
            let PresenceHint::Listed { number, part, parts, users } = what else { panic!("{what:?}") };
            assert_eq!((*number, *part, *parts as usize), (1, expected, listed.len()));
            all.extend(users);
        }
        assert_eq!(all, Vec::from_iter(1..=100_000));
    }
}
