//! Who is in a store to measure with, and who writes what: a function of a few numbers, the same every time.
//!
//! Users and groups are counted from 0 here, in the order in which they are created. The first user is the
//! heavy one, the second the light one; those after them are the people, who come first of all where
//! somebody has a session.

use std::ops::Range;

use anyhow::ensure;
use clap::Args;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// The user who is in `heavy` groups.
pub(crate) const HEAVY: u64 = 0;
/// The user who is in as many groups as most people are.
pub(crate) const LIGHT: u64 = 1;
/// The first of the people.
pub(super) const PEOPLE: u64 = 2;

/// Groups of the light user.
pub(super) const LIGHT_GROUPS: u64 = 20;
/// The group that a tenth of all messages are in.
pub(crate) const LARGE: u64 = 0;
/// Two people each who have a single chat, at the most.
const PAIRS: u64 = 1000;
/// One burst of messages in so many is read by somebody to its end.
const BURSTS_A_RECEIPT: u64 = 4;
/// The messages were sent during the last year.
pub(super) const HISTORY_MS: i64 = 365 * 24 * 60 * 60 * 1000;
/// One that is searched had a message every half a minute, a million in a year.
const A_MESSAGE_MS: i64 = 30_000;
/// Members of a group, before those are left out who were drawn twice.
const GROUP_SIZE: std::ops::RangeInclusive<u64> = 2..=20;
/// People speak in bursts: so many messages of one group at a time.
const BURST: std::ops::RangeInclusive<u64> = 1..=16;

/// How large a store is.
#[derive(Debug, Clone, PartialEq, Eq, Args, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Users in all
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) users: u64,
    /// Groups of 2 to 20 members
    #[arg(long, default_value_t = 100_000)]
    pub(crate) groups: u64,
    /// Messages: a tenth of them in one group, a fifth in the next hundredth of the groups
    #[arg(long, default_value_t = 10_000_000)]
    pub(crate) messages: u64,
    /// Groups that one user is in; all groups, if there are fewer
    #[arg(long, default_value_t = 1000)]
    pub(crate) heavy: u64,
    /// Members of the largest group; all people, if there are fewer
    #[arg(long, default_value_t = 100_000)]
    pub(crate) crowd: u64,
    /// People who have logged in; all people, if there are fewer
    #[arg(long, default_value_t = 20_000)]
    pub(crate) sessions: u64,
    /// Texts of common and rare words, of which most are Chinese, as one searches them
    #[arg(long)]
    #[serde(default)]
    pub(crate) words: bool,
}

/// A message of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) group: u64,
    pub(crate) sender: u64,
    /// Who then reads it.
    pub(crate) reader: Option<u64>,
    /// Whether it is the last of its burst.
    pub(crate) is_last: bool,
}

/// Messages that are sent to a group one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) group: u64,
    pub(super) messages: u64,
}

impl Plan {
    /// The plan that is carried out: what there are fewer of is cut.
    pub(super) fn fitted(self) -> anyhow::Result<Self> {
        ensure!(self.users >= PEOPLE + 2, "--users: at least {}", PEOPLE + 2);
        ensure!(self.groups >= 1 || self.messages == 0, "--groups: at least 1 where there are messages");
        let people = self.users - PEOPLE;
        ensure!(self.sessions >= 2, "--sessions: at least 2");
        ensure!(self.crowd >= 1, "--crowd: at least 1, as the largest group has somebody who created it");
        Ok(Self {
            heavy: self.heavy.min(self.groups),
            crowd: self.crowd.min(people),
            sessions: self.sessions.min(people),
            ..self
        })
    }

    /// The people who have a session.
    pub(super) fn sessions(&self) -> Range<u64> {
        PEOPLE..PEOPLE + self.sessions
    }

    /// The members of the largest group, its creator first.
    pub(super) fn crowd(&self) -> Range<u64> {
        PEOPLE..PEOPLE + self.crowd
    }

    /// The people who have a single chat with each other.
    pub(super) fn pairs(&self) -> impl Iterator<Item = [u64; 2]> {
        let count = PAIRS.min(self.sessions / 2);
        (0..count).map(|pair| [PEOPLE + 2 * pair, PEOPLE + 2 * pair + 1])
    }

    /// The members of a group, each once, its creator first.
    ///
    /// Every other one is of those who have a session: who connects has a list of chats.
    pub(crate) fn members(&self, group: u64) -> Vec<u64> {
        let mut rng = Rng::with_seed(group);
        let size = rng.u64(GROUP_SIZE);
        let mut members = Vec::new();
        for place in 0..size {
            let member = rng.u64(if place % 2 == 0 { self.sessions() } else { PEOPLE..self.users });
            if !members.contains(&member) {
                members.push(member);
            }
        }
        members.extend(self.is_one_of(self.heavy, group).then_some(HEAVY));
        members.extend(self.is_one_of(LIGHT_GROUPS, group).then_some(LIGHT));
        members
    }

    /// Whether a group is one of `count` that lie evenly among all.
    fn is_one_of(&self, count: u64, group: u64) -> bool {
        let up_to = |group: u64| group * count.min(self.groups) / self.groups;
        up_to(group + 1) > up_to(group)
    }

    /// Everything that is said, in order, by whom, and who reads it now and then.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> {
        let (mut rng, mut next) = (Rng::with_seed(0), 0);
        self.bursts().flat_map(move |Burst { group, messages }| {
            let members = self.members(group);
            let mut somebody = || members[rng.usize(..members.len())];
            let lines = (0..messages).map(|place| {
                let (number, sender, is_last) = (next + place, somebody(), place + 1 == messages);
                let is_read = is_last && number % BURSTS_A_RECEIPT == 0;
                Line { number, group, sender, reader: is_read.then(&mut somebody), is_last }
            });
            let lines: Vec<_> = lines.collect();
            next += messages;
            lines
        })
    }

    /// When a message was sent, in a store that was filled at that time; in Unix milliseconds.
    pub(crate) fn sent_at(&self, filled_at: i64, number: u64) -> i64 {
        let history_ms = if self.words { self.messages as i64 * A_MESSAGE_MS } else { HISTORY_MS };
        filled_at - (history_ms - history_ms * number as i64 / self.messages.max(1) as i64)
    }

    /// Everything that is said, in order: one message in every group, and then bursts here and there.
    pub(super) fn bursts(&self) -> impl Iterator<Item = Burst> {
        let first = (0..self.groups.min(self.messages)).map(|group| Burst { group, messages: 1 });
        let mut rng = Rng::with_seed(self.messages);
        let mut left = self.messages.saturating_sub(self.groups);
        let rest = std::iter::from_fn(move || {
            (left > 0).then(|| {
                let burst = Burst { group: self.some_group(&mut rng), messages: rng.u64(BURST).min(left) };
                left -= burst.messages;
                burst
            })
        });
        first.chain(rest)
    }

    fn some_group(&self, rng: &mut Rng) -> u64 {
        let busy = (self.groups / 100).max(1);
        match rng.u8(0..10) {
            0 => LARGE,
            // The few that much is said in; where there are too few groups it is the large one.
            1..=2 => rng.u64(0..busy + 1).min(self.groups - 1),
            _ => rng.u64(0..self.groups),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(users: u64, groups: u64, messages: u64) -> Plan {
        let (heavy, crowd, sessions) = (1000, 100_000, 20_000);
        let plan = Plan { users, groups, messages, heavy, crowd, sessions, words: false };
        plan.fitted().expect("large enough")
    }

    fn groups_of(plan: &Plan, user: u64) -> usize {
        (0..plan.groups).filter(|group| plan.members(*group).contains(&user)).count()
    }

    #[test]
    fn one_user_is_in_very_many_groups_and_one_in_as_many_as_most() {
        for plan in [plan(3000, 1020, 0), plan(3000, 5000, 0)] {
            assert_eq!(groups_of(&plan, HEAVY), 1000);
            assert_eq!(groups_of(&plan, LIGHT), 20);
        }
        let few = plan(100, 7, 0);
        assert_eq!(few.heavy, 7);
        assert_eq!(groups_of(&few, HEAVY), 7);
    }

    #[test]
    fn every_group_has_members_that_exist_each_once_and_a_creator_with_a_session() {
        let plan = plan(50_000, 2000, 0);
        for group in 0..plan.groups {
            let members = plan.members(group);
            let mut distinct = members.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), members.len(), "group {group}");
            assert!(members.iter().all(|member| *member < plan.users));
            assert!(plan.sessions().contains(&members[0]));
        }
    }

    #[test]
    fn the_messages_are_as_many_as_asked_for_and_unevenly_spread() {
        let plan = plan(5000, 1000, 300_000);
        let mut sent = vec![0; 1000];
        for burst in plan.bursts() {
            sent[burst.group as usize] += burst.messages;
        }
        assert_eq!(sent.iter().sum::<u64>(), plan.messages);
        assert!(sent.iter().all(|sent| *sent > 0));
        let tenth = plan.messages / 10;
        assert!((tenth * 9 / 10..tenth * 13 / 10).contains(&sent[LARGE as usize]), "{}", sent[0]);
        let busy: u64 = sent[..11].iter().sum();
        assert!((tenth * 5 / 2..tenth * 7 / 2).contains(&busy), "{busy}");
    }

    #[test]
    fn everything_is_said_in_order_by_members() {
        let plan = plan(3000, 50, 2000);
        let lines: Vec<Line> = plan.lines().collect();
        assert_eq!(lines.len(), 2000);
        for (number, line) in (0..).zip(&lines) {
            assert_eq!(line.number, number);
            let members = plan.members(line.group);
            assert!([Some(line.sender), line.reader].iter().flatten().all(|user| members.contains(user)));
            assert!(line.is_last || line.reader.is_none());
        }
        assert!(lines.iter().filter(|line| line.reader.is_some()).count() > 20);
        assert_eq!(plan.lines().collect::<Vec<_>>(), lines, "the same every time");
        assert_eq!((plan.sent_at(HISTORY_MS, 0), plan.sent_at(HISTORY_MS, 1000)), (0, HISTORY_MS / 2));
        let words = Plan { words: true, ..plan };
        assert_eq!((words.sent_at(0, 2000), words.sent_at(0, 1998)), (0, -60_000));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_is_allowed() {
        for (wrong, option) in [
            (Plan { users: 3, ..plan(100, 10, 0) }, "--users"),
            (Plan { groups: 0, ..plan(100, 10, 100) }, "--groups"),
            (Plan { sessions: 1, ..plan(100, 10, 0) }, "--sessions"),
            (Plan { crowd: 0, ..plan(100, 10, 0) }, "--crowd"),
        ] {
            let refusal = wrong.fitted().expect_err("it cannot be").to_string();
            assert!(refusal.starts_with(option) && refusal.contains("at least"), "{refusal}");
        }
    }

    #[test]
    fn what_there_are_too_few_of_is_cut() {
        let plan = plan(12_000, 100, 0);
        assert_eq!((plan.heavy, plan.crowd, plan.sessions), (100, 11_998, 11_998));
        assert_eq!(plan.pairs().count(), 1000);
        assert_eq!(plan.bursts().count(), 0);
    }
}
