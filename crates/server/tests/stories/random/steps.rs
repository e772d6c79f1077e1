//! What people do in a story: send, read, come and go, and what happens to the server.

use rim_client::Api;
use rim_client::protocol::frame::Extras;
use rim_client::protocol::rest::OpType;
use serde_json::json;

use super::model::{self, Text};
use super::phone::{Asked, Outcome};
use super::witness::Witness;
use super::{PEOPLE, Sent, Story};
use crate::world::Person;

impl Story {
    /// Many at the same time; some lose their lines in the midst of it.
    pub(super) async fn everybody_sends(&mut self, number: usize) {
        let mut senders = Vec::new();
        for phone in 0..self.phones.len() {
            if self.phones[phone].is_online() && self.chance.one_in(2) {
                senders.push(phone);
            }
        }
        println!("{number:>3} {senders:?} send");
        let change = self.chance.one_in(3).then(|| (self.any_group(), 1 + self.chance.below(PEOPLE - 1)));
        self.in_flux = change.map(|(gid, user)| (gid, self.people[user].uid));
        for &phone in &senders {
            self.send_some(phone).await;
        }
        if let Some((gid, user)) = change {
            self.change_members(number, user, gid).await;
        }
        self.hear_answers(number, &senders).await;
    }

    /// Of whatever they have asked; some lose their lines in the midst of it.
    pub(super) async fn hear_answers(&mut self, number: usize, phones: &[usize]) {
        for &phone in phones {
            let waiting = self.phones[phone].asked.len();
            let heard = if self.chance.one_in(3) { self.chance.below(waiting + 1) } else { waiting };
            for _ in 0..heard {
                let outcome = self.phones[phone].answer().await;
                self.note(phone, outcome);
            }
            if heard < waiting {
                println!("    {phone} is cut off after {heard} of {waiting} answers");
                self.phones[phone].cut();
                if self.chance.one_in(2) {
                    self.come_back(number, phone).await;
                }
            }
        }
    }

    /// Several in flight, mostly to groups that one is in.
    pub(super) async fn send_some(&mut self, phone: usize) {
        let uid = self.phones[phone].uid();
        for _ in 0..1 + self.chance.below(6) {
            let mut gid = self.any_group();
            if !self.rooms[&gid].has_member(uid) && !self.chance.one_in(4) {
                gid = self.any_group();
            }
            let id = self.phones[phone].next_id();
            let mut content = format!("{} <{id}>", self.chance.next());
            if self.chance.one_in(4) {
                content = json!({"url": "/voice", "durationMs": 1, "says": content}).to_string();
            }
            let extras = self.any_extras(uid, gid);
            let sent = Sent { gid, content: content.clone(), extras: extras.clone(), answer: None };
            self.sent.insert((uid, id.clone()), sent);
            let expected = self.will_be_stored(uid, gid, &id);
            let event = "Msg";
            let asked = Asked { event, gid, content, id, msg_id: None, extras, expected, code: None };
            self.phones[phone].ask(asked).await;
        }
    }

    /// Whether a message is stored now or was already; unknown where they come or go at this moment.
    pub(super) fn will_be_stored(&self, uid: u64, gid: u64, id: &str) -> Option<bool> {
        let room = &self.rooms[&gid];
        let stored = room.find(uid, id).is_some();
        // What it answers may be gone by now, and whom it mentions may have left.
        let extras = &self.sent[&(uid, id.to_owned())].extras;
        let sees = |id: u64| room.visible(uid).iter().any(|text| text.id == id && text.recalled_by.is_none());
        let is_plain =
            extras.reply_to.is_none_or(sees) && extras.mentions.iter().all(|other| room.has_member(*other));
        if !stored && !is_plain {
            return None;
        }
        let may_come_back = room.single && room.was_member(uid) && !room.has_member(uid);
        let known = self.in_flux != Some((gid, uid)) && !may_come_back;
        (stored || known).then(|| stored || room.has_member(uid))
    }

    /// Notes what a sender was told. Whatever they were told before they are told again.
    pub(super) fn note(&mut self, phone: usize, outcome: Outcome) {
        let Outcome { asked, answer } = outcome;
        if asked.event == "Edit" && answer.is_ok() {
            self.edits.get_mut(&asked.content).expect("it was asked for").acked = true;
        }
        if asked.event != "Msg" {
            return;
        }
        let answer = answer.map(|id| id.expect("a message has an id"));
        assert!(!matches!(answer, Err(code) if code != 403 && code != 404), "{asked:?} {answer:?}");
        let uid = self.phones[phone].uid();
        let sent = self.sent.get_mut(&(uid, asked.id.clone())).expect("it was sent");
        if let Some(Ok(id)) = sent.answer {
            assert_eq!(answer, Ok(id), "{asked:?}");
        }
        sent.answer = Some(answer);
    }

    /// On whichever port; it syncs, and sends again what was not answered.
    pub(super) async fn come_back(&mut self, number: usize, phone: usize) {
        println!("{number:>3} {phone} comes back with {} unanswered", self.phones[phone].asked.len());
        let server = self.server.as_ref().expect("it runs");
        let url = if self.chance.one_in(2) { server.ws() } else { server.old_ws() };
        // Now and then it was there already for a moment.
        if self.chance.one_in(4) {
            self.phones[phone].sync().await;
        }
        self.phones[phone].connect(&url).await;
        let uid = self.phones[phone].uid();
        let unanswered = self.phones[phone].asked.iter();
        let expected = unanswered.map(|asked| match asked.event {
            "Msg" => (self.will_be_stored(uid, asked.gid, &asked.id), None),
            // Others are at the same message, and it may have been done before.
            _ => (None, self.will_be_done(uid, asked)),
        });
        let expected = expected.collect();
        self.phones[phone].ask_again(expected).await;
        self.answers(phone).await;
    }

    /// A message that was answered long ago, from whichever device and with another text.
    pub(super) async fn send_again(&mut self, number: usize, phone: usize) {
        let uid = self.phones[phone].uid();
        let all =
            self.rooms.iter().flat_map(|(gid, room)| room.messages.iter().map(move |text| (*gid, text)));
        let own = all.filter(|(_, text)| text.sender == uid).map(|(gid, text)| (gid, text.name.clone()));
        let own: Vec<_> = own.collect();
        if own.is_empty() {
            return;
        }
        let (gid, id) = self.chance.pick(&own).clone();
        println!("{number:>3} {phone} sends {id} again");
        let (content, expected) = ("another text".to_owned(), Some(true));
        let (event, extras) = ("Msg", Extras::default());
        self.phones[phone]
            .ask(Asked { event, gid, content, id, msg_id: None, extras, expected, code: None })
            .await;
        self.answers(phone).await;
    }

    pub(super) async fn mark(&mut self, number: usize, phone: usize, gid: u64) {
        let uid = self.phones[phone].uid();
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        let member = room.has_member(uid);
        let joined_after = room.people.get(&uid).map_or(0, model::Guest::joined_after);
        let of_this_stay: Vec<_> = room.messages.iter().skip(joined_after as usize).collect();
        let event = *self.chance.pick(&["Read", "Ack"]);
        let (msg_id, seq) = match of_this_stay.len() {
            // There is no such message, so nothing is marked.
            0 => (u64::MAX >> 11, 0),
            count => {
                let text = of_this_stay[self.chance.below(count)];
                (text.id, text.seq)
            }
        };
        println!("{number:>3} {phone} {event}s {seq} of {gid}");
        match event {
            _ if !member => {}
            "Read" => room.read(uid, seq),
            _ => room.delivered(uid, seq),
        }
        let id = self.phones[phone].next_id();
        let (content, msg_id, expected) = (String::new(), Some(msg_id), Some(member));
        let extras = Extras::default();
        self.phones[phone].ask(Asked { event, gid, content, id, msg_id, extras, expected, code: None }).await;
        self.answers(phone).await;
    }

    pub(super) async fn read_all(&mut self, number: usize, user: usize, gid: u64) {
        println!("{number:>3} user {user} reads all of {gid}");
        let Person { uid, api, .. } = &self.people[user];
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        let read = api.mark_read(gid).await;
        assert_eq!(read.is_ok(), room.was_member(*uid), "{read:?}");
        if read.is_ok() {
            room.read(*uid, room.last_seq_of(*uid));
        }
    }

    /// Joins, leaves, is removed, or something that nobody may do.
    pub(super) async fn change_members(&mut self, number: usize, user: usize, gid: u64) {
        let room = &self.rooms[&gid];
        let subject = &self.people[user.max(1)];
        let actor = &self.people[self.chance.below(PEOPLE)];
        let creator = self.people[0].uid;
        let is_member = |person: &Person| room.has_member(person.uid);
        // Mostly something that changes something.
        let op = match is_member(subject) != self.chance.one_in(8) {
            true => OpType::Remove,
            false => OpType::Add,
        };
        let actor = match op {
            OpType::Remove if self.chance.one_in(2) => subject,
            _ if self.chance.one_in(3) => actor,
            _ => &self.people[0],
        };
        let allowed = match op {
            OpType::Add => is_member(actor) && (!room.single || room.was_member(subject.uid)),
            OpType::Remove if room.single => is_member(actor) && actor.uid == subject.uid,
            OpType::Remove => is_member(actor) && (actor.uid == creator || actor.uid == subject.uid),
        };
        println!("{number:>3} {} {op:?}s {} in {gid}", actor.uid, subject.uid);
        let done = actor.api.change_members(gid, &[subject.uid], op).await;
        assert_eq!(done.is_ok(), allowed, "{done:?}");
        let member = if allowed { op == OpType::Add } else { is_member(subject) };
        let uid = subject.uid;
        self.hear_witness().await;
        // What the other writes at the same time may have brought them back to a single chat already.
        if !self.rooms[&gid].single || self.in_flux.is_none() {
            assert_eq!(self.rooms[&gid].has_member(uid), member, "the witness has heard of it");
        }
    }

    /// In order, often with messages in flight. Every client is told to come back.
    pub(super) async fn restart(&mut self, number: usize) {
        println!("{number:>3} the server restarts");
        if self.chance.one_in(2) {
            for phone in 0..self.phones.len() {
                if self.phones[phone].is_online() {
                    self.send_some(phone).await;
                }
            }
        }
        let server = self.server.take().expect("it runs");
        server.tell_to_stop();
        let mut outcomes = Vec::new();
        for (number, phone) in self.phones.iter_mut().enumerate().filter(|(_, phone)| phone.is_online()) {
            let answered = phone.until_sent_away().await;
            outcomes.extend(answered.into_iter().map(|outcome| (number, outcome)));
        }
        assert_eq!(self.witness.device.close_code().await, 4009);
        let restarted = server.restart().await;
        outcomes.into_iter().for_each(|(phone, outcome)| self.note(phone, outcome));
        for person in &mut self.people {
            // With new connections: the old ones have ended.
            person.api = Api::new(restarted.url()).with_token(person.token());
        }
        for phone in &mut self.phones {
            phone.person =
                self.people.iter().find(|person| person.uid == phone.uid()).expect("known").clone();
        }
        self.witness = Witness::connect(&self.people[0], &restarted).await;
        self.server = Some(restarted);
        for message in self.witness.missed(&self.rooms).await {
            let (gid, rev) = (message.gid, message.rev);
            self.brought_back_unheard(gid, rev);
            self.append(gid, rev, Text::of(message, self.people[0].uid));
        }
        for phone in 0..self.phones.len() {
            if self.chance.one_in(2) {
                self.come_back(number, phone).await;
            }
        }
    }
}
