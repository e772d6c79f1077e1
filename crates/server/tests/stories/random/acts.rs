//! What people do with messages in a story: edit, recall, react, pin, open, and for themselves alone hide, clear, star.

use rim_client::protocol::frame::{Extras, IncomingNotice, Notice};
use serde_json::json;

use super::model::Text;
use super::phone::Asked;
use super::{PEOPLE, Story};

/// As many as a group hears one by one, in a window of time that stands still.
const ACTS: usize = 10;
const ACTED: [&str; 9] = ["Edit", "Edit", "Edit", "Recall", "React", "React", "Unreact", "Pin", "Open"];
const EMOJI: [&str; 2] = ["👍", "🎉"];

/// An edit on its way.
pub(super) struct Edit {
    gid: u64,
    msg_id: u64,
    by: u64,
    mentions: Vec<u64>,
    mention_all: bool,
    /// Whether its author was told that it is done, and the witness of it.
    pub(super) acked: bool,
    pub(super) heard: bool,
}

impl Story {
    /// Many at the same time; some lose their lines in the midst of it, and ask for the same again.
    pub(super) async fn everybody_acts(&mut self, number: usize) {
        let online: Vec<usize> = (0..self.phones.len()).filter(|n| self.phones[*n].is_online()).collect();
        let mut acts = Vec::new();
        for _ in 0..1 + self.chance.below(ACTS) {
            let phone = *self.chance.pick(&online);
            acts.extend(self.any_act(phone).map(|act| (phone, act)));
        }
        println!("{number:>3} acts:");
        for (phone, act) in &acts {
            let alone = acts.iter().filter(|(_, other)| other.msg_id == act.msg_id).count() == 1;
            let code = self.will_be_done(self.phones[*phone].uid(), act);
            // Whether they see it does not change meanwhile.
            let known = alone || code == Some(404);
            let act = Asked { expected: known.then_some(code.is_none()), code, ..act.clone() };
            println!("    {phone} {act:?}");
            self.phones[*phone].ask(act).await;
        }
        self.hear_answers(number, &online).await;
        // What was gathered of a storm is told.
        self.server.as_ref().expect("it runs").seconds_pass(1).await;
    }

    /// An edit that was done long ago: what was edited since stays.
    pub(super) async fn edit_again(&mut self, number: usize, phone: usize) {
        let uid = self.phones[phone].uid();
        let done = self.edits.iter().filter(|(_, edit)| edit.by == uid && edit.heard);
        let mut done: Vec<_> = done.map(|(content, edit)| (edit.msg_id, content.clone())).collect();
        // Those of one message beside each other: the first was hardly ever the last.
        done.sort_unstable();
        if done.is_empty() {
            return;
        }
        let (msg_id, content) = self.chance.pick(&done).clone();
        let Edit { gid, mentions, mention_all, .. } = &self.edits[&content];
        let extras = Extras { reply_to: None, mentions: mentions.clone(), mention_all: *mention_all };
        let (event, gid, msg_id) = ("Edit", *gid, Some(msg_id));
        let id = content.trim_start_matches("edited <").trim_end_matches('>').to_owned();
        let mut act = Asked { event, gid, content, id, msg_id, extras, expected: None, code: None };
        act.code = self.will_be_done(uid, &act);
        act.expected = Some(act.code.is_none());
        println!("{number:>3} {phone} edits again: {act:?}");
        self.phones[phone].ask(act).await;
        self.answers(phone).await;
    }

    /// With one of the newest messages, mostly; now and then with one that they do not see.
    fn any_act(&mut self, phone: usize) -> Option<Asked> {
        let (uid, gid) = (self.phones[phone].uid(), self.any_group());
        let room = &self.rooms[&gid];
        let mut of = room.visible(uid);
        if of.is_empty() || self.chance.one_in(6) {
            of = room.messages.iter().collect();
        }
        let event = *self.chance.pick(&ACTED);
        if event == "Edit" && self.chance.below(8) > 0 {
            of.retain(|text| text.sender == uid);
        }
        if event == "Open" && self.chance.below(8) > 0 {
            of.retain(|text| text.is_voice);
        }
        let newest = of.len().saturating_sub(if self.chance.one_in(3) { 30 } else { 4 });
        let of = &of[newest..];
        if of.is_empty() {
            return None;
        }
        let text = *self.chance.pick(of);
        let (msg_id, pinned) = (text.id, text.pinned);
        let event = if event == "Pin" && pinned { "Unpin" } else { event };
        let id = self.phones[phone].next_id();
        let (mut content, mut extras) = (String::new(), Extras::default());
        match event {
            "Edit" => {
                content = format!("edited <{id}>");
                extras = Extras { reply_to: None, ..self.any_extras(uid, gid) };
                let mentions = extras.mentions.clone();
                let mention_all = extras.mention_all;
                let edit = Edit { gid, msg_id, by: uid, mentions, mention_all, acked: false, heard: false };
                self.edits.insert(content.clone(), edit);
            }
            "React" | "Unreact" => content = (*self.chance.pick(&EMOJI)).into(),
            _ => {}
        }
        Some(Asked { event, gid, content, id, msg_id: Some(msg_id), extras, expected: None, code: None })
    }

    /// What a message of theirs has beside its content: nothing, mostly.
    pub(super) fn any_extras(&mut self, uid: u64, gid: u64) -> Extras {
        let room = &self.rooms[&gid];
        let mut extras = Extras::default();
        if self.chance.one_in(3) {
            let seen: Vec<u64> = room
                .visible(uid)
                .iter()
                .filter(|text| text.recalled_by.is_none())
                .map(|text| text.id)
                .collect();
            extras.reply_to = (!seen.is_empty()).then(|| *self.chance.pick(&seen));
        }
        if self.chance.one_in(3) {
            let others: Vec<u64> =
                room.members().filter(|other| *other != uid && self.in_flux != Some((gid, *other))).collect();
            extras.mentions.extend((!others.is_empty()).then(|| *self.chance.pick(&others)));
        }
        extras.mention_all = (room.single || uid == self.people[0].uid) && self.chance.one_in(6);
        extras
    }

    /// The code with which it is refused: 404 where they do not see the message, any other is told as 403.
    pub(super) fn will_be_done(&self, uid: u64, act: &Asked) -> Option<u16> {
        let room = &self.rooms[&act.gid];
        if !room.was_member(uid) {
            return Some(404);
        }
        if !room.has_member(uid) {
            return Some(403);
        }
        let Some(text) = room.visible(uid).into_iter().find(|text| Some(text.id) == act.msg_id) else {
            return Some(404);
        };
        let is_creator = uid == self.people[0].uid;
        let is_recalled = text.recalled_by.is_some();
        let may = match act.event {
            "Edit" => {
                let done = self.edits[&act.content].heard;
                let are_members = act.extras.mentions.iter().all(|other| room.has_member(*other));
                let may_say_it = text.sender == uid && !text.is_voice && are_members;
                !is_recalled && (done || may_say_it)
            }
            "Recall" => is_recalled || text.sender == uid || (!room.single && is_creator),
            "React" => !is_recalled,
            "Pin" => (room.single || is_creator) && !is_recalled,
            "Unpin" => room.single || is_creator,
            "Open" => text.is_voice,
            _ => true,
        };
        (!may).then_some(403)
    }

    /// The witness has heard that something was done with a message.
    pub(super) fn noted(&mut self, notice: &IncomingNotice) {
        let msg = notice.msg.as_deref().expect("with the message");
        let told = Text::of(msg.clone(), notice.uid);
        let rev = notice.rev.expect("with its place");
        let room = self.rooms.get_mut(&msg.gid).expect("it is one of them");
        let mut text = room.messages[told.seq as usize - 1].clone();
        // Nodes may tell of it late, and then as it is by then.
        let exact = told.rev == rev;
        assert!(told.rev >= rev, "{notice:?}");
        assert!(text.recalled_by.is_none(), "nothing is done with a recalled message: {notice:?}");
        text.rev = rev;
        let uid = notice.uid;
        let emoji = || notice.emoji.clone().expect("with an emoji");
        match notice.kind {
            Notice::Edited => {
                for (content, edit) in self.edits.iter_mut().filter(|(_, edit)| edit.msg_id == told.id) {
                    if exact && *content == told.content {
                        assert!(!edit.heard, "an edit is done once: {notice:?}");
                        assert_eq!((edit.gid, edit.by, text.sender), (msg.gid, uid, uid), "{notice:?}");
                        (text.mentions, text.mention_all) = (edit.mentions.clone(), edit.mention_all);
                    }
                    edit.heard |= !exact || *content == told.content;
                }
                assert!(told.content.is_empty() || self.edits.contains_key(&told.content), "{notice:?}");
                text.content.clone_from(&told.content);
                text.edited = true;
                if !exact {
                    text.mentions.clone_from(&told.mentions);
                    text.mention_all = told.mention_all;
                }
            }
            Notice::Recalled => text.recall(uid),
            Notice::Reacted => text.react(&emoji(), uid),
            Notice::Unreacted => text.unreact(&emoji(), uid),
            Notice::Pinned | Notice::Unpinned => text.pinned = notice.kind == Notice::Pinned,
            Notice::Opened => {
                assert!(text.is_voice && text.sender != uid && !text.opened.contains(&uid), "{notice:?}");
                text.opened.insert(0, uid);
            }
            _ => panic!("nobody did that: {notice:?}"),
        }
        if exact {
            assert_eq!(told, text, "{notice:?}");
        }
        room.change(text);
    }

    // ---- for oneself alone

    pub(super) async fn hide_or_clear(&mut self, number: usize, gid: u64) {
        // The witness hides nothing.
        let user = 1 + self.chance.below(PEOPLE - 1);
        let person = self.people[user].clone();
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        if room.messages.is_empty() {
            return;
        }
        let guest = room.people.get_mut(&person.uid);
        if self.chance.one_in(4) {
            let seq = 1 + self.chance.below(room.messages.len()) as u64;
            println!("{number:>3} user {user} clears {gid} up to {seq}");
            let answer = person.post("/api/message/clear", json!({"gid": gid, "seq": seq})).await;
            assert_eq!(answer.body.contains(r#""ok":true"#), guest.is_some(), "{}", answer.body);
            if let Some(guest) = guest {
                let mut there = room.messages.iter().filter(|text| guest.was_there(text.seq));
                let last = there.next_back().map_or(0, |text| text.seq);
                guest.cleared = guest.cleared.max(seq.min(last));
            }
            return;
        }
        let texts: Vec<&Text> = (0..2).map(|_| self.chance.pick(&room.messages)).collect();
        let ids: Vec<u64> = texts.iter().map(|text| text.id).collect();
        println!("{number:>3} user {user} hides {ids:?} of {gid}");
        let answer = person.post("/api/message/hide", json!({"gid": gid, "msgIds": ids})).await;
        let was_there =
            guest.as_ref().is_some_and(|guest| texts.iter().all(|text| guest.was_there(text.seq)));
        assert_eq!(answer.body.contains(r#""ok":true"#), was_there, "{}", answer.body);
        if was_there {
            let guest = guest.expect("they were there");
            guest.hidden.extend(texts.iter().map(|text| text.seq));
        }
    }

    pub(super) async fn star(&mut self, number: usize, gid: u64) {
        let user = 1 + self.chance.below(PEOPLE - 1);
        let person = self.people[user].clone();
        let room = &self.rooms[&gid];
        if room.messages.is_empty() {
            return;
        }
        let id = self.chance.pick(&room.messages).id;
        let sees = room.visible(person.uid).iter().any(|text| text.id == id);
        let before = self.stars.get(&(person.uid, gid, id)).copied();
        let star = self.chance.below(3) > 0;
        let what = if star { "star" } else { "unstar" };
        println!("{number:>3} user {user} {what}s {id} of {gid}");
        let body = json!({"gid": gid, "msgId": id});
        let answer = person.post(&format!("/api/message/{what}"), body).await;
        let may = sees || (!star && before.is_some());
        assert_eq!(answer.body.contains(r#""ok":true"#), may, "{}", answer.body);
        if may && (star || before.is_some()) {
            self.stars.insert((person.uid, gid, id), star);
        }
    }
}
