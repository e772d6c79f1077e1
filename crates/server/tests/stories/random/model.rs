//! What a server should remember, written to be obvious and for nothing else.
//!
//! It is told of messages and members in the order in which one witness hears of them. Whatever anybody
//! else sees must follow from that.

use std::collections::{BTreeMap, BTreeSet};

use rim_client::protocol::Kind;
use rim_client::protocol::frame::IncomingMessage;
use rim_client::protocol::rest::Message;

#[derive(Default)]
pub struct Room {
    /// Message `seq` is at `seq - 1`.
    pub messages: Vec<Text>,
    /// What each of them was, up to now.
    pub past: BTreeMap<u64, Vec<Text>>,
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
    /// Of the latest change of it.
    pub rev: u64,
    pub reply_to: Option<u64>,
    pub mentions: Vec<u64>,
    pub mention_all: bool,
    pub edited: bool,
    pub recalled_by: Option<u64>,
    pub pinned: bool,
    /// Who reacted with each emoji, the latest first.
    pub reactions: Vec<(String, Vec<u64>)>,
    pub is_voice: bool,
    /// Who has opened it, the latest first.
    pub opened: Vec<u64>,
}

impl Text {
    /// As it was told to somebody.
    pub fn of(message: Message, to: u64) -> Self {
        let reactions = message.reactions.into_iter().map(|reaction| {
            assert_eq!(reaction.count, reaction.uids.len() as u64, "there are fewer than ten people");
            assert!(reaction.mine.is_none_or(|mine| mine == reaction.uids.contains(&to)), "{reaction:?}");
            (reaction.emoji, reaction.uids)
        });
        let opened = message.opened.map_or(Vec::new(), |opened| {
            assert_eq!(opened.count, opened.uids.len() as u64, "there are fewer than ten people");
            assert!(opened.mine.is_none_or(|mine| mine == opened.uids.contains(&to)), "{opened:?}");
            opened.uids
        });
        Self {
            reactions: reactions.collect(),
            is_voice: message.kind == Kind::Audio,
            opened,
            id: message.id,
            seq: message.seq,
            sender: message.uid,
            name: message.client_msg_id,
            content: message.content,
            rev: message.rev,
            reply_to: message.reply_to,
            mentions: message.mentions,
            mention_all: message.mention_all,
            edited: message.edited_at.is_some(),
            recalled_by: message.recalled_by,
            pinned: message.pinned_at.is_some(),
        }
    }

    pub fn sent(message: IncomingMessage) -> Self {
        Self {
            id: message.msg_id,
            seq: message.seq,
            sender: message.uid,
            name: message.client_msg_id,
            content: message.content,
            rev: message.rev,
            reply_to: message.reply_to,
            mentions: message.mentions,
            mention_all: message.mention_all,
            edited: false,
            recalled_by: None,
            pinned: false,
            reactions: Vec::new(),
            is_voice: message.kind == Kind::Audio,
            opened: Vec::new(),
        }
    }

    pub fn recall(&mut self, by: u64) {
        (self.content, self.reactions, self.mentions) = (String::new(), Vec::new(), Vec::new());
        (self.reply_to, self.mention_all, self.edited, self.pinned) = (None, false, false, false);
        (self.is_voice, self.opened) = (false, Vec::new());
        self.recalled_by = Some(by);
    }

    pub fn react(&mut self, emoji: &str, uid: u64) {
        match self.reactions.iter_mut().find(|(given, _)| given == emoji) {
            Some((_, uids)) => uids.insert(0, uid),
            None => self.reactions.push((emoji.to_owned(), vec![uid])),
        }
    }

    pub fn unreact(&mut self, emoji: &str, uid: u64) {
        for (given, uids) in &mut self.reactions {
            uids.retain(|other| given != emoji || *other != uid);
        }
        self.reactions.retain(|(_, uids)| !uids.is_empty());
    }

    pub fn mentions(&self, uid: u64) -> bool {
        self.sender != uid && (self.mention_all || self.mentions.contains(&uid))
    }
}

#[derive(Default)]
pub struct Guest {
    /// Each time they were a member: after this place, and up to that one unless they still are.
    stays: Vec<(u64, Option<u64>)>,
    /// They have what was changed up to here, when they left last.
    left_at: u64,
    /// Up to where they have cleared the chat, and what they have hidden.
    pub cleared: u64,
    pub hidden: BTreeSet<u64>,
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
        self.was_there(seq) && seq > self.cleared && !self.hidden.contains(&seq)
    }

    pub fn was_there(&self, seq: u64) -> bool {
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
        let rev = self.rev;
        let guest = self.people.get_mut(&uid).expect("they are a member");
        guest.stays.last_mut().expect("they are a member").1 = Some(last);
        guest.left_at = rev;
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

    /// What they may see, member or not, as they do.
    pub fn visible(&self, uid: u64) -> Vec<&Text> {
        let Some(guest) = self.people.get(&uid) else { return Vec::new() };
        let seen = self.messages.iter().filter(|text| guest.sees(text.seq));
        seen.map(|text| self.as_told(guest, text)).collect()
    }

    pub fn unread(&self, uid: u64) -> u64 {
        self.unread_texts(uid).count() as u64
    }

    pub fn unread_mentions(&self, uid: u64) -> u64 {
        self.unread_texts(uid).filter(|text| text.mentions(uid)).count() as u64
    }

    fn unread_texts(&self, uid: u64) -> impl Iterator<Item = &Text> {
        let guest = &self.people[&uid];
        let own = self.messages.iter().rev().find(|text| text.sender == uid).map_or(0, |text| text.seq);
        let seen = guest.joined_after().max(guest.read).max(own);
        self.visible(uid).into_iter().filter(move |text| text.seq > seen)
    }

    /// Something was done with a message.
    pub fn change(&mut self, text: Text) {
        let before = std::mem::replace(&mut self.messages[text.seq as usize - 1], text);
        self.past.entry(before.seq).or_default().push(before);
    }

    /// Whether this is what somebody has of a message.
    pub fn is_told_as(&self, uid: u64, text: &Text) -> bool {
        self.as_told(&self.people[&uid], &self.messages[text.seq as usize - 1]) == text
    }

    /// A message as somebody has it: a member as it is, who has left as it was then; but what is recalled is gone for all.
    fn as_told<'t>(&'t self, guest: &Guest, now: &'t Text) -> &'t Text {
        if guest.is_member() || now.recalled_by.is_some() {
            return now;
        }
        let past = self.past.get(&now.seq).map_or(&[][..], Vec::as_slice);
        let mut all = past.iter().chain([now]);
        all.rfind(|text| text.rev <= guest.left_at).expect("they saw it")
    }
}
