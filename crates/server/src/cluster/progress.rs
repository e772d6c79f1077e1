//! How far this node has told its connections of one topic.
//!
//! What is heard of a topic comes from this node's own commits and from the bus: twice, too late, in any order,
//! or not at all. What is told is one change after the other, by `rev`. What is missing between is asked of
//! the store.

use std::collections::BTreeMap;

use rim_core::Rev;
use rim_core::event::{Change, Topic};

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Everything up to here was told. `None` until it is known where the topic was when somebody here began to
    /// follow it.
    told: Option<Rev>,
    /// The highest number heard of.
    seen: Rev,
    /// Heard and not told yet, as something before it is missing.
    ahead: BTreeMap<Rev, Change>,
    /// While the store is asked for what is missing: how far the topic was known to be when it was asked.
    asked_up_to: Option<Rev>,
}

impl Progress {
    /// Of a topic of which everything up to `told` needs not be told.
    pub(super) fn after(told: Rev) -> Self {
        Self { told: Some(told), seen: told, ..Self::default() }
    }

    /// Whether it is known from where on to tell.
    pub(super) fn has_begun(&self) -> bool {
        self.told.is_some()
    }

    /// Changes that wait for what is missing before them.
    pub(super) fn waiting(&self) -> usize {
        self.ahead.len()
    }

    /// Whether something is missing for which the store was not asked yet.
    pub(super) fn is_behind(&self) -> bool {
        self.asked_up_to.is_none() && self.told.is_some_and(|told| told < self.seen)
    }

    /// The topic has come to `rev`, somebody says.
    pub(super) fn has_come_to(&mut self, rev: Rev) {
        self.seen = self.seen.max(rev);
    }

    /// The topic is at `rev`, the store says. If it is the first that is known of the topic, nobody here needs to
    /// be told of what came before.
    pub(super) fn stands_at(&mut self, rev: Rev) {
        self.has_come_to(rev);
        if self.told.is_none() {
            self.told = Some(rev);
            self.ahead = self.ahead.split_off(&Rev(rev.0 + 1));
        }
    }

    /// `change` happened at `rev`. Calls `tell` for what may be told now.
    pub(super) fn heard(&mut self, rev: Rev, change: Change, tell: impl FnMut(Change)) {
        self.seen = self.seen.max(rev);
        if self.told.is_none_or(|told| rev > told) {
            self.ahead.insert(rev, change);
            self.tell_what_follows(tell);
        }
    }

    /// After which `rev` the store is to be asked now; `None` if nothing is missing, or it was asked already.
    pub(super) fn question(&mut self) -> Option<Rev> {
        if !self.is_behind() {
            return None;
        }
        self.asked_up_to = Some(self.seen);
        self.told
    }

    /// The store has answered [`Self::question`] with `changes` of `topic`, by `rev`; `complete` if there are no
    /// more.
    pub(super) fn answered(
        &mut self,
        topic: Topic,
        changes: Vec<Change>,
        complete: bool,
        mut tell: impl FnMut(Change),
    ) {
        let asked_up_to = self.asked_up_to.take().unwrap_or_default();
        let Some(mut told) = self.told else { return };
        for change in changes {
            let Some(rev) = rev_in(&change, topic).filter(|rev| *rev > told) else { continue };
            // One of our own says which connection it came from, which the store does not know.
            tell(self.ahead.remove(&rev).unwrap_or(change));
            told = rev;
        }
        if complete {
            // Everything up to there was committed when the store was asked: what it did not tell, it has
            // forgotten.
            told = told.max(asked_up_to);
        }
        self.told = Some(told);
        self.seen = self.seen.max(told);
        self.ahead = self.ahead.split_off(&Rev(told.0 + 1));
        self.tell_what_follows(tell);
    }

    /// The store could not be asked; it may be asked again.
    pub(super) fn not_answered(&mut self) {
        self.asked_up_to = None;
    }

    fn tell_what_follows(&mut self, mut tell: impl FnMut(Change)) {
        let Some(told) = &mut self.told else { return };
        while let Some(next) = self.ahead.first_entry()
            && next.get().first_rev(*next.key()).0 <= told.0 + 1
        {
            *told = *next.key();
            tell(next.remove());
        }
    }
}

/// The number of a change in `topic`.
pub(super) fn rev_in(change: &Change, topic: Topic) -> Option<Rev> {
    change.topic_revs().find(|(of, _)| *of == topic).map(|(_, rev)| rev)
}

#[cfg(test)]
mod tests {
    use rim_core::event::GroupChange;
    use rim_core::user::User;
    use rim_core::{Timestamp, UserId};

    use super::*;

    const ANNA: Topic = Topic::User(UserId(1));

    /// Its time tells apart what was heard (1) from what the store told (0).
    fn change(rev: u64, at: i64) -> Change {
        let (account, name) = ("anna".to_owned(), "Anna".to_owned());
        let user = User { id: UserId(1), account, name, avatar: String::new(), email: String::new() };
        Change::Profile { to: UserId(1), rev: Rev(rev), user: user.into(), at: Timestamp(at) }
    }

    fn hear(progress: &mut Progress, rev: u64) -> Vec<u64> {
        let mut told = Vec::new();
        progress.heard(Rev(rev), change(rev, 1), |change| told.extend(rev_of(&change)));
        told
    }

    fn answer(progress: &mut Progress, revs: &[u64], complete: bool) -> Vec<u64> {
        let mut told = Vec::new();
        let changes = revs.iter().map(|rev| change(*rev, 0)).collect();
        progress.answered(ANNA, changes, complete, |change| told.extend(rev_of(&change)));
        told
    }

    fn rev_of(change: &Change) -> Option<u64> {
        rev_in(change, ANNA).map(|rev| rev.0)
    }

    #[test]
    fn what_comes_in_order_is_told_at_once_and_nothing_is_asked() {
        let mut progress = Progress::after(Rev(4));
        assert_eq!(hear(&mut progress, 5), [5]);
        assert_eq!(hear(&mut progress, 6), [6]);
        assert_eq!(progress.question(), None);
    }

    #[test]
    fn a_change_of_several_members_is_told_at_once_and_nothing_is_asked() {
        let group = rim_core::GroupId(7);
        let added = |rev: u64, users: u64| {
            let what = GroupChange::Added { users: (1..=users).map(UserId).collect() };
            let (rev, actor, at) = (Rev(rev), UserId(1), Timestamp(1));
            Change::Group { group, rev, seq: None, actor, what, at }
        };
        let mut progress = Progress::after(Rev(4));
        let mut told = Vec::new();
        progress.heard(Rev(7), added(7, 3), |change| told.push(change));
        assert_eq!((told.len(), progress.question()), (1, None), "5, 6 and 7 are those of three members");
        progress.heard(Rev(9), added(9, 1), |change| told.push(change));
        assert_eq!((told.len(), progress.question()), (1, Some(Rev(7))), "8 is missing");
    }

    #[test]
    fn what_comes_twice_or_late_is_told_once() {
        let mut progress = Progress::after(Rev(4));
        for rev in [3, 4] {
            assert_eq!(hear(&mut progress, rev), [0; 0]);
        }
        assert_eq!(hear(&mut progress, 5), [5]);
        assert_eq!(hear(&mut progress, 5), [0; 0]);
        assert_eq!(progress.question(), None);
    }

    #[test]
    fn what_comes_in_another_order_is_told_in_order() {
        let mut progress = Progress::after(Rev(0));
        assert_eq!(hear(&mut progress, 3), [0; 0]);
        assert_eq!(hear(&mut progress, 2), [0; 0]);
        assert_eq!(hear(&mut progress, 1), [1, 2, 3]);
        assert_eq!(progress.waiting(), 0);
    }

    #[test]
    fn what_is_missing_is_asked_for_once_and_told_before_what_follows() {
        let mut progress = Progress::after(Rev(1));
        assert_eq!(hear(&mut progress, 4), [0; 0]);
        assert_eq!(progress.question(), Some(Rev(1)));
        assert_eq!(progress.question(), None, "it is being asked");
        assert_eq!(hear(&mut progress, 6), [0; 0]);
        assert_eq!(answer(&mut progress, &[2, 3, 4], true), [2, 3, 4]);
        assert_eq!(progress.question(), Some(Rev(4)), "five is missing");
        assert_eq!(answer(&mut progress, &[5, 6, 7], true), [5, 6, 7]);
        assert_eq!((progress.question(), progress.waiting()), (None, 0));
    }

    #[test]
    fn a_change_of_our_own_is_told_rather_than_what_the_store_knows_of_it() {
        let mut progress = Progress::after(Rev(1));
        hear(&mut progress, 3);
        progress.question();
        let mut told = Vec::new();
        progress.answered(ANNA, vec![change(2, 0), change(3, 0)], true, |change| told.push(change));
        assert_eq!(told, [change(2, 0), change(3, 1)]);
    }

    #[test]
    fn a_long_answer_comes_in_parts() {
        let mut progress = Progress::after(Rev(0));
        progress.has_come_to(Rev(5));
        assert_eq!(progress.question(), Some(Rev(0)));
        assert_eq!(answer(&mut progress, &[1, 2], false), [1, 2]);
        assert_eq!(progress.question(), Some(Rev(2)));
        assert_eq!(answer(&mut progress, &[3, 4, 5], true), [3, 4, 5]);
        assert_eq!(progress.question(), None);
    }

    #[test]
    fn what_the_store_has_forgotten_is_not_waited_for() {
        let mut progress = Progress::after(Rev(0));
        progress.stands_at(Rev(5));
        progress.question();
        assert_eq!(hear(&mut progress, 6), [0; 0]);
        assert_eq!(answer(&mut progress, &[2, 4], true), [2, 4, 6]);
        assert_eq!(progress.question(), None);
    }

    #[test]
    fn a_topic_is_told_from_where_it_was_when_somebody_began_to_follow_it() {
        let mut progress = Progress::default();
        assert_eq!(hear(&mut progress, 7), [0; 0]);
        progress.has_come_to(Rev(8));
        assert_eq!(progress.question(), None, "nobody knows from where");
        progress.stands_at(Rev(6));
        assert_eq!(progress.question(), Some(Rev(6)));
        assert_eq!(answer(&mut progress, &[7, 8], true), [7, 8]);
        progress.has_come_to(Rev(8));
        assert_eq!(progress.question(), None);
    }

    #[test]
    fn what_was_heard_before_the_beginning_is_not_told() {
        let mut progress = Progress::default();
        hear(&mut progress, 5);
        progress.stands_at(Rev(5));
        assert_eq!((progress.question(), progress.waiting()), (None, 0));
        assert_eq!(hear(&mut progress, 6), [6]);
    }

    #[test]
    fn a_question_that_failed_is_asked_again() {
        let mut progress = Progress::after(Rev(0));
        progress.stands_at(Rev(2));
        assert_eq!(progress.question(), Some(Rev(0)));
        progress.not_answered();
        assert_eq!(progress.question(), Some(Rev(0)));
    }
}
