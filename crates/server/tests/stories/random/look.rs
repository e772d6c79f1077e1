//! What everybody sees in a story, held against the model.

use std::collections::HashSet;

use rim_client::Api;
use rim_client::protocol::frame::{Extras, IncomingEvent, IncomingNotice, Notice};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::model::Text;
use super::phone::Phone;
use super::{STEPS, Story};
use crate::world::{PATIENCE, Person};

/// Messages at which each person looks closely, each time.
const LOOKS: usize = 2;

impl Story {
    /// Waits until nothing is under way, hears of it all, and holds it against what the senders were told.
    pub(super) async fn settle(&mut self) {
        let online = 1 + self.phones.iter().filter(|phone| phone.is_online()).count();
        timeout(PATIENCE, self.connections_are(online)).await.expect("the server notices who is gone");
        self.server.as_ref().expect("it runs").everything_is_committed(&self.people[0]).await;
        self.hear_witness().await;
        self.in_flux = None;
        let lost = self.edits.iter().find(|(_, edit)| edit.acked && !edit.heard);
        assert!(lost.is_none(), "acknowledged and not done: {:?}", lost.map(|(content, _)| content));
        for ((uid, id), sent) in &self.sent {
            let stored = self.rooms[&sent.gid].find(*uid, id).map(|text| text.id);
            match sent.answer {
                Some(Ok(acked)) => assert_eq!(stored, Some(acked), "acknowledged: {id} of {uid}"),
                Some(Err(_)) => assert_eq!(stored, None, "refused: {id} of {uid}"),
                None => {}
            }
        }
    }

    /// Returns when the server has taken whatever was sent on lines that are cut.
    pub(super) async fn connections_are(&self, count: usize) {
        while self.server.as_ref().expect("it runs").connections().await != count {}
    }

    /// Takes over what the witness has heard.
    pub(super) async fn hear_witness(&mut self) {
        for event in self.witness.hear().await {
            match event {
                IncomingEvent::Msg(message) => {
                    let (gid, rev) = (message.gid, message.rev);
                    self.append(gid, rev, Text::sent(message));
                }
                IncomingEvent::Notify(notice) => self.noticed(&notice),
            }
        }
    }

    /// The witness has heard of a message.
    pub(super) fn append(&mut self, gid: u64, rev: u64, text: Text) {
        let sent = self.sent.get(&(text.sender, text.name.clone())).expect("nobody invents messages");
        assert_eq!((sent.gid, &sent.content), (gid, &text.content), "{text:?}");
        let Extras { reply_to, mentions, mention_all } = &sent.extras;
        assert_eq!((reply_to, mentions, *mention_all), (&text.reply_to, &text.mentions, text.mention_all));
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        assert_eq!(rev, room.rev + 1, "the witness hears every change: {text:?}");
        assert_eq!(text.seq, room.last_seq() + 1, "without a gap: {text:?}");
        assert!(room.messages.last().is_none_or(|last| last.id < text.id), "ids ascend: {text:?}");
        assert!(room.find(text.sender, &text.name).is_none(), "twice: {text:?}");
        assert!(room.has_member(text.sender), "from one who is not a member: {text:?}");
        room.rev = rev;
        room.messages.push(text);
    }

    /// The witness was away when this message was stored, and so when it brought somebody back.
    pub(super) fn brought_back_unheard(&mut self, gid: u64, rev: u64) {
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        if room.single && rev == room.rev + 2 {
            room.join(self.people[1].uid);
            room.rev += 1;
        }
    }

    pub(super) fn noticed(&mut self, notice: &IncomingNotice) {
        let (gid, rev) = (notice.gid.expect("of a group"), notice.rev.expect("with its place"));
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        assert_eq!(
            notice.from_rev.unwrap_or(rev),
            room.rev + 1,
            "the witness hears every change: {notice:?}"
        );
        room.rev = rev;
        match notice.kind {
            Notice::MembersAdded => notice.uids.iter().for_each(|uid| room.join(*uid)),
            Notice::MembersRemoved => notice.uids.iter().for_each(|uid| room.part(*uid)),
            Notice::Read => assert_eq!(notice.seq, Some(room.people[&notice.uid].read)),
            Notice::Delivered => assert_eq!(notice.seq, Some(room.people[&notice.uid].delivered)),
            _ => self.noted(notice),
        }
    }

    /// Holds what everybody sees against the model.
    pub(super) async fn look(&mut self) {
        for phone in &mut self.phones {
            if phone.is_online() {
                phone.catch_up().await;
                phone.hear_the_rest(&self.rooms).await;
                phone.is_up_to_date(&self.rooms);
            }
        }
        for person in self.people.clone() {
            for _ in 0..LOOKS {
                self.look_at_one(&person).await;
            }
        }
        for person in &self.people {
            let Person { uid, api, .. } = person;
            let groups: Vec<u64> = api.groups().await.expect("groups").iter().map(|group| group.id).collect();
            let expected = self.rooms.iter().filter(|(_, room)| room.has_member(*uid)).map(|(gid, _)| *gid);
            assert!(groups.iter().copied().eq(expected), "groups of {uid}: {groups:?}");

            let mut expected = Vec::new();
            for (gid, room) in &self.rooms {
                let visible = room.visible(*uid);
                let size = 1 + self.chance.below(30) as u32;
                let history = history(api, *uid, *gid, size).await;
                assert!(
                    history.iter().map(|text| text.seq).eq(visible.iter().map(|text| text.seq)),
                    "{uid} in {gid}, by {size}: {history:?}"
                );
                for text in &history {
                    let now = &room.messages[text.seq as usize - 1];
                    assert!(room.is_told_as(*uid, text), "{uid} in {gid}: {text:?} {now:?}");
                }
                if let Some(last) = visible.last() {
                    let unread = (room.unread(*uid), room.unread_mentions(*uid));
                    expected.push((last.id, *gid, unread, !room.has_member(*uid)));
                }
            }
            expected.sort_unstable();
            let chats = api.chats(*uid, 1, 200).await.expect("chats");
            let chats: Vec<_> = chats
                .iter()
                .map(|chat| {
                    let unread = (chat.unread.expect("a number"), chat.unread_mentions);
                    (chat.msg.id, chat.group.id, unread, chat.left)
                })
                .collect();
            assert_eq!(chats, expected, "chats of {uid}");
        }
    }

    /// One message and what belongs to it: told to those who see it, and to nobody else in any way.
    async fn look_at_one(&mut self, person: &Person) {
        let gid = self.any_group();
        let room = &self.rooms[&gid];
        if room.messages.is_empty() {
            return;
        }
        let text = self.chance.pick(&room.messages);
        let visible = room.visible(person.uid);
        let one = json!({"gid": gid, "msgId": text.id});
        let forward = json!({"from": gid, "msgIds": [text.id], "to": [gid]});
        let ask = |what: &str, body: &Value| {
            let path = format!("/api/message/{what}");
            let body = body.clone();
            async move { person.post(&path, body).await }
        };
        if visible.iter().any(|seen| seen.id == text.id) {
            let message = serde_json::from_value(ask("get", &one).await.data()).expect("a message");
            let told = Text::of(message, person.uid);
            assert!(room.is_told_as(person.uid, &told), "{told:?} {text:?}");
            let around = ask("around", &one).await.data();
            assert!(ids(&around).contains(&text.id), "{around}");
            assert!(ids(&around).iter().all(|id| visible.iter().any(|seen| seen.id == *id)), "{around}");
            let replies = ids(&ask("replies", &one).await.data());
            assert!(replies.iter().all(|id| visible.iter().any(|seen| seen.id == *id)), "{replies:?}");
            let answers = visible.iter().filter(|seen| seen.reply_to == Some(text.id));
            for answer in answers.filter(|_| text.recalled_by.is_none()) {
                assert!(replies.contains(&answer.id), "{answer:?} answers {text:?}");
            }
        } else {
            for what in ["get", "around", "replies", "readers", "edits", "reactions", "star"] {
                ask(what, &one).await.refused("no such message");
            }
            let forwarded = ask("forward", &forward).await.body;
            assert!(forwarded.contains(r#""ok":false"#), "{forwarded}");
        }
        if room.was_member(person.uid) {
            let pins = ids(&ask("pins", &json!({"gid": gid})).await.data());
            let expected = visible.iter().filter(|seen| seen.pinned).map(|seen| seen.id);
            assert_eq!(sorted(pins), sorted(expected.collect()), "pins of {gid}, to {}", person.uid);
            let mentions = json!({"gid": gid, "page": 1, "size": 200});
            let mentions = ids(&ask("mentions", &mentions).await.data());
            let expected = visible.iter().rev().filter(|seen| seen.mentions(person.uid)).map(|seen| seen.id);
            assert_eq!(mentions, expected.collect::<Vec<_>>(), "mentions of {} in {gid}", person.uid);
        }
        let stars = ids(&ask("stars", &json!({"size": 200})).await.data());
        let own = self.stars.iter().filter(|((by, ..), is_star)| *by == person.uid && **is_star);
        let seen = own.filter(|((_, gid, id), _)| {
            self.rooms[gid].visible(person.uid).iter().any(|text| text.id == *id)
        });
        assert_eq!(sorted(stars), sorted(seen.map(|((.., id), _)| *id).collect()));
    }

    /// Everybody comes back and everything is delivered.
    pub(super) async fn end(mut self) {
        for phone in 0..self.phones.len() {
            if !self.phones[phone].is_online() {
                self.come_back(STEPS + 1, phone).await;
            }
        }
        self.settle().await;
        self.look().await;
        assert!(self.sent.values().all(|sent| sent.answer.is_some()), "everything was answered in the end");
        for phone in &mut self.phones {
            while phone.sync().await {}
            phone.is_in_sync(&self.rooms, &self.stars);
        }
        for person in &self.people {
            let mut fresh = Phone::new(person, "fresh", 500, false);
            while fresh.sync().await {}
            fresh.is_in_sync(&self.rooms, &self.stars);
        }
        let stored: usize = self.rooms.values().map(|room| room.messages.len()).sum();
        println!("    {stored} messages");
    }
}

/// Everything on all pages.
async fn history(api: &Api, uid: u64, gid: u64, size: u32) -> Vec<Text> {
    let mut all = Vec::new();
    let mut ids = HashSet::new();
    for page in 1.. {
        let items = api.history(gid, page, size).await.expect("a page");
        let last = items.len() < size as usize;
        let mut page: Vec<Text> = items
            .into_iter()
            .map(|item| {
                assert_eq!((item.user.id, item.group.id, item.unread), (item.msg.uid, gid, None));
                assert!(ids.insert(item.msg.id), "twice on the pages");
                Text::of(item.msg, uid)
            })
            .collect();
        page.append(&mut all);
        all = page;
        if last {
            break;
        }
    }
    all
}

fn ids(list: &Value) -> Vec<u64> {
    let messages = list["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["id"].as_u64().expect("an id")).collect()
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}
