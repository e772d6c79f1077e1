//! What a server should remember, written to be obvious and for nothing else.
//!
//! It is told of messages and members in the order in which one witness hears of them. Whatever anybody
//! else sees must follow from that.

use std::collections::BTreeMap;

#[derive(Default)]
pub struct Room {
    /// Message `seq` is at `seq - 1`.
    pub messages: Vec<Text>,
    /// Everybody who ever was a member.
    pub people: BTreeMap<u64, Guest>,
    /// The changes so far.
    pub rev: u64,
    /// Whether it is a single chat.
    pub single: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub id: u64,
    pub seq: u64,
    pub sender: u64,
    /// Its `clientMsgId`.
    pub name: String,
    pub content: String,
}

#[derive(Default)]
pub struct Guest {
    /// Each time they were a member: after this place, and up to that one unless they still are.
    stays: Vec<(u64, Option<u64>)>,
    pub read: u64,
    pub delivered: u64,
}

impl Guest {
    pub fn is_member(&self) -> bool {
        self.stays.last().is_some_and(|(_, to)| to.is_none())
    }

    /// The place after which their latest stay began.
    pub fn joined_after(&self) -> u64 {
        self.stays.last().map_or(0, |(after, _)| *after)
    }

    fn sees(&self, seq: u64) -> bool {
        self.stays.iter().any(|(after, to)| *after < seq && to.is_none_or(|to| seq <= to))
    }
}

impl Room {
    pub fn last_seq(&self) -> u64 {
        self.messages.len() as u64
    }

    pub fn has_member(&self, uid: u64) -> bool {
        self.people.get(&uid).is_some_and(Guest::is_member)
    }

    /// Whether they are a member, or were one.
    pub fn was_member(&self, uid: u64) -> bool {
        self.people.contains_key(&uid)
    }

    /// The last place that is theirs: where they left, if they did.
    pub fn last_seq_of(&self, uid: u64) -> u64 {
        let left = self.people.get(&uid).and_then(|guest| guest.stays.last()).and_then(|(_, to)| *to);
        left.unwrap_or(self.last_seq())
    }

    pub fn members(&self) -> impl Iterator<Item = u64> {
        self.people.iter().filter(|(_, guest)| guest.is_member()).map(|(uid, _)| *uid)
    }

    pub fn join(&mut self, uid: u64) {
        assert!(!self.has_member(uid), "{uid} joined twice");
        let last = self.last_seq();
        self.people.entry(uid).or_default().stays.push((last, None));
    }

    pub fn part(&mut self, uid: u64) {
        assert!(self.has_member(uid), "{uid} left twice");
        let last = self.last_seq();
        let stay = self.people.get_mut(&uid).and_then(|guest| guest.stays.last_mut());
        stay.expect("they are a member").1 = Some(last);
    }

    /// Read, and so delivered, up to a place.
    pub fn read(&mut self, uid: u64, seq: u64) {
        let guest = self.people.get_mut(&uid).expect("they are a member");
        guest.read = guest.read.max(seq);
        guest.delivered = guest.delivered.max(guest.read);
    }

    pub fn delivered(&mut self, uid: u64, seq: u64) {
        let guest = self.people.get_mut(&uid).expect("they are a member");
        guest.delivered = guest.delivered.max(seq);
    }

    pub fn find(&self, sender: u64, name: &str) -> Option<&Text> {
        self.messages.iter().find(|text| text.sender == sender && text.name == name)
    }

    /// What they may see, member or not.
    pub fn visible(&self, uid: u64) -> Vec<&Text> {
        let Some(guest) = self.people.get(&uid) else { return Vec::new() };
        self.messages.iter().filter(|text| guest.sees(text.seq)).collect()
    }

    pub fn unread(&self, uid: u64) -> u64 {
        let guest = &self.people[&uid];
        let own = self.messages.iter().rev().find(|text| text.sender == uid).map_or(0, |text| text.seq);
        self.last_seq_of(uid) - guest.joined_after().max(guest.read).max(own)
    }
}
