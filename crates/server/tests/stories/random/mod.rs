//! Random stories: people with several devices chat, lose their lines, send again, come and go, and the server
//! restarts. What everybody sees is held against a model.
//!
//! A story follows from its seed, but for the order in which the server takes what comes at the same time. A
//! failing one prints the seed and its steps; `RIM_SEED=… cargo test -p rim-server --test stories random` tells
//! it again, `RIM_STORIES=…` tells so many others.

mod model;
mod phone;

use std::collections::{BTreeMap, HashMap, HashSet};

use rim_client::protocol::Id;
use rim_client::protocol::frame::{Incoming, IncomingEvent, IncomingMessage, IncomingNotice, Notice};
use rim_client::protocol::rest::{Message, OpType};
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_client::{Api, Connection};
use tokio::time::timeout;

use self::model::{Room, Text};
use self::phone::{Asked, Outcome, Phone};
use crate::chance::{Chance, seeds};
use crate::world::{Device, PATIENCE, Person, TestServer};

const STORIES: u64 = 3;
const PEOPLE: usize = 5;
const PHONES_EACH: usize = 2;
const GROUPS: usize = 3;
const STEPS: usize = 80;
/// Everything is compared whenever so many steps were taken.
const LOOK_EVERY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_stories_end_as_the_model_says() {
    for seed in seeds(STORIES) {
        tell(seed, TestServer::start_with(&["--limits=off"]).await, STEPS).await;
    }
}

/// Tells the story of that seed, in so many steps.
pub async fn tell(seed: u64, server: TestServer, steps: usize) {
    println!("RIM_SEED={seed}");
    let mut story = Story::begin(seed, server).await;
    for number in 1..=steps {
        story.step(number).await;
        story.settle().await;
        if number % LOOK_EVERY == 0 {
            story.look().await;
        }
    }
    story.end().await;
}

struct Story {
    chance: Chance,
    /// `None` only while it restarts.
    server: Option<TestServer>,
    /// The first has created all groups and stays in them.
    people: Vec<Person>,
    phones: Vec<Phone>,
    witness: Witness,
    rooms: BTreeMap<u64, Room>,
    /// Every message that anybody ever sent, by sender and `clientMsgId`.
    sent: HashMap<(u64, String), Sent>,
    /// Whose membership of which group changes while others send.
    in_flux: Option<(u64, u64)>,
}

/// A connection of the first user that hears every change of every group.
struct Witness {
    device: Device,
    api: Api,
    count: u64,
    /// The last change of each group that it knows of.
    revs: BTreeMap<u64, u64>,
}

/// A message on its way.
struct Sent {
    gid: u64,
    content: String,
    /// What its sender was told.
    answer: Option<Result<u64, u16>>,
}

impl Story {
    async fn begin(seed: u64, server: TestServer) -> Self {
        let mut chance = Chance::new(seed);
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(server.user(&format!("user{n}")).await);
        }
        let mut rooms = BTreeMap::new();
        for n in 0..GROUPS {
            let uids: Vec<u64> = people[1..=1 + n].iter().map(|person| person.uid).collect();
            let gid = people[0].api.create_group(2, "group", &uids).await.expect("a group");
            let mut room = Room::default();
            room.join(people[0].uid);
            uids.iter().for_each(|uid| room.join(*uid));
            rooms.insert(gid, room);
        }
        // A single chat, which the second may leave: what the first writes brings them back.
        let single = people[0].api.create_group(1, "", &[people[1].uid]).await.expect("a chat");
        let mut room = Room { single: true, ..Room::default() };
        people[..2].iter().for_each(|person| room.join(person.uid));
        rooms.insert(single, room);
        let mut phones = Vec::new();
        for (n, person) in people.iter().enumerate() {
            for m in 0..PHONES_EACH {
                let limit = *chance.pick(&[1, 2, 3, 7, 500]);
                phones.push(Phone::new(person, format!("{n}{}", ["a", "b"][m % 2]), limit, m % 2 == 0));
            }
        }
        let mut witness = Witness::connect(&people[0], &server).await;
        // It may still hear of the groups' beginning.
        witness.hear().await;
        for (gid, room) in &mut rooms {
            room.rev = witness.rev(*gid).await;
        }
        Self {
            chance,
            server: Some(server),
            people,
            phones,
            witness,
            rooms,
            sent: HashMap::new(),
            in_flux: None,
        }
    }

    async fn step(&mut self, number: usize) {
        let phone = self.chance.below(self.phones.len());
        let (gid, user) = (self.any_group(), self.chance.below(PEOPLE));
        match self.chance.below(100) {
            _ if !self.phones[phone].is_online() => self.come_back(number, phone).await,
            0..45 => self.everybody_sends(number).await,
            45..57 => self.mark(number, phone, gid).await,
            57..61 => self.read_all(number, user, gid).await,
            61..72 => self.change_members(number, user, gid).await,
            72..80 => self.send_again(number, phone).await,
            80..88 => {
                println!("{number:>3} {phone} goes offline");
                if self.chance.one_in(2) {
                    self.phones[phone].cut();
                } else {
                    self.phones[phone].close().await;
                }
            }
            88..92 => self.restart(number).await,
            _ => {
                println!("{number:>3} {phone} syncs");
                while self.phones[phone].sync().await {}
                self.phones[phone].catch_up().await;
                self.phones[phone].is_up_to_date(&self.rooms);
            }
        }
    }

    // ---- what happens

    /// Many at the same time; some lose their lines in the midst of it.
    async fn everybody_sends(&mut self, number: usize) {
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
        for &phone in &senders {
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
    async fn send_some(&mut self, phone: usize) {
        let uid = self.phones[phone].uid();
        for _ in 0..1 + self.chance.below(6) {
            let mut gid = self.any_group();
            if !self.rooms[&gid].has_member(uid) && !self.chance.one_in(4) {
                gid = self.any_group();
            }
            let id = self.phones[phone].next_id();
            let content = format!("{} <{id}>", self.chance.next());
            self.sent.insert((uid, id.clone()), Sent { gid, content: content.clone(), answer: None });
            let expected = self.will_be_stored(uid, gid, &id);
            self.phones[phone].ask(Asked { event: "Msg", gid, content, id, msg_id: None, expected }).await;
        }
    }

    /// Whether a message is stored now or was already; unknown where they come or go at this moment.
    fn will_be_stored(&self, uid: u64, gid: u64, id: &str) -> Option<bool> {
        let room = &self.rooms[&gid];
        let stored = room.find(uid, id).is_some();
        let may_come_back = room.single && room.was_member(uid) && !room.has_member(uid);
        let known = self.in_flux != Some((gid, uid)) && !may_come_back;
        (stored || known).then(|| stored || room.has_member(uid))
    }

    /// Notes what a sender was told. Whatever they were told before they are told again.
    fn note(&mut self, phone: usize, outcome: Outcome) {
        let Outcome { asked, answer } = outcome;
        if asked.event != "Msg" {
            return;
        }
        let answer = answer.map(|id| id.expect("a message has an id"));
        assert!(!matches!(answer, Err(code) if code != 403), "{asked:?} {answer:?}");
        let uid = self.phones[phone].uid();
        let sent = self.sent.get_mut(&(uid, asked.id.clone())).expect("it was sent");
        if let Some(Ok(id)) = sent.answer {
            assert_eq!(answer, Ok(id), "{asked:?}");
        }
        sent.answer = Some(answer);
    }

    /// On whichever port; it syncs, and sends again what was not answered.
    async fn come_back(&mut self, number: usize, phone: usize) {
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
        let expected = unanswered.map(|asked| self.will_be_stored(uid, asked.gid, &asked.id)).collect();
        self.phones[phone].ask_again(expected).await;
        self.answers(phone).await;
    }

    /// A message that was answered long ago, from whichever device and with another text.
    async fn send_again(&mut self, number: usize, phone: usize) {
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
        self.phones[phone].ask(Asked { event: "Msg", gid, content, id, msg_id: None, expected }).await;
        self.answers(phone).await;
    }

    async fn mark(&mut self, number: usize, phone: usize, gid: u64) {
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
        self.phones[phone].ask(Asked { event, gid, content, id, msg_id, expected }).await;
        self.answers(phone).await;
    }

    async fn read_all(&mut self, number: usize, user: usize, gid: u64) {
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
    async fn change_members(&mut self, number: usize, user: usize, gid: u64) {
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
    async fn restart(&mut self, number: usize) {
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
            let Message { id, seq, rev, gid, uid: sender, client_msg_id: name, content, .. } = message;
            self.brought_back_unheard(gid, rev);
            self.append(gid, rev, Text { id, seq, sender, name, content });
        }
        for phone in 0..self.phones.len() {
            if self.chance.one_in(2) {
                self.come_back(number, phone).await;
            }
        }
    }

    // ---- what is true

    /// Waits until nothing is under way, hears of it all, and holds it against what the senders were told.
    async fn settle(&mut self) {
        let online = 1 + self.phones.iter().filter(|phone| phone.is_online()).count();
        timeout(PATIENCE, self.connections_are(online)).await.expect("the server notices who is gone");
        self.server.as_ref().expect("it runs").everything_is_committed(&self.people[0]).await;
        self.hear_witness().await;
        self.in_flux = None;
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
    async fn connections_are(&self, count: usize) {
        while self.server.as_ref().expect("it runs").connections().await != count {}
    }

    /// Takes over what the witness has heard.
    async fn hear_witness(&mut self) {
        for event in self.witness.hear().await {
            match event {
                IncomingEvent::Msg(message) => {
                    let IncomingMessage { gid, rev, seq, .. } = message;
                    let IncomingMessage { msg_id: id, uid: sender, client_msg_id: name, content, .. } =
                        message;
                    self.append(gid, rev, Text { id, seq, sender, name, content });
                }
                IncomingEvent::Notify(notice) => self.noticed(&notice),
            }
        }
    }

    /// The witness has heard of a message.
    fn append(&mut self, gid: u64, rev: u64, text: Text) {
        let sent = self.sent.get(&(text.sender, text.name.clone())).expect("nobody invents messages");
        assert_eq!((sent.gid, &sent.content), (gid, &text.content), "{text:?}");
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
    fn brought_back_unheard(&mut self, gid: u64, rev: u64) {
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        if room.single && rev == room.rev + 2 {
            room.join(self.people[1].uid);
            room.rev += 1;
        }
    }

    fn noticed(&mut self, notice: &IncomingNotice) {
        let (gid, rev) = (notice.gid.expect("of a group"), notice.rev.expect("with its place"));
        let room = self.rooms.get_mut(&gid).expect("it is one of them");
        assert_eq!(rev, room.rev + 1, "the witness hears every change: {notice:?}");
        room.rev = rev;
        match notice.kind {
            Notice::MembersAdded => notice.uids.iter().for_each(|uid| room.join(*uid)),
            Notice::MembersRemoved => notice.uids.iter().for_each(|uid| room.part(*uid)),
            Notice::Read => assert_eq!(notice.seq, Some(room.people[&notice.uid].read)),
            Notice::Delivered => assert_eq!(notice.seq, Some(room.people[&notice.uid].delivered)),
            _ => panic!("nobody did that: {notice:?}"),
        }
    }

    /// Holds what everybody sees against the model.
    async fn look(&mut self) {
        for phone in &mut self.phones {
            if phone.is_online() {
                phone.catch_up().await;
                phone.hear_the_rest(&self.rooms).await;
                phone.is_up_to_date(&self.rooms);
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
                let history = history(api, *gid, size).await;
                assert!(history.iter().eq(visible.iter().copied()), "{uid} in {gid}, by {size}: {history:?}");
                if let Some(last) = visible.last() {
                    expected.push((last.id, *gid, room.unread(*uid), !room.has_member(*uid)));
                }
            }
            expected.sort_unstable();
            let chats = api.chats(*uid, 1, 200).await.expect("chats");
            let chats: Vec<_> = chats
                .iter()
                .map(|chat| (chat.msg.id, chat.group.id, chat.unread.expect("a number"), chat.left))
                .collect();
            assert_eq!(chats, expected, "chats of {uid}");
        }
    }

    /// Everybody comes back and everything is delivered.
    async fn end(mut self) {
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
            phone.is_in_sync(&self.rooms);
        }
        for person in &self.people {
            let mut fresh = Phone::new(person, "fresh", 500, false);
            while fresh.sync().await {}
            fresh.is_in_sync(&self.rooms);
        }
        let stored: usize = self.rooms.values().map(|room| room.messages.len()).sum();
        println!("    {stored} messages");
    }

    // ---- chance

    fn any_group(&mut self) -> u64 {
        let groups: Vec<u64> = self.rooms.keys().copied().collect();
        *self.chance.pick(&groups)
    }

    async fn answers(&mut self, phone: usize) {
        while !self.phones[phone].asked.is_empty() {
            let outcome = self.phones[phone].answer().await;
            self.note(phone, outcome);
        }
    }
}

impl Witness {
    async fn connect(person: &Person, server: &TestServer) -> Self {
        let socket = Connection::login_with(&server.ws(), person.uid, person.token(), true).await;
        let device = Device { uid: person.uid, socket: socket.expect("logged in") };
        let mut witness = Self { device, api: person.api.clone(), count: 0, revs: BTreeMap::new() };
        witness.revs = witness.stored_revs().await;
        witness
    }

    /// Everything that was committed before and is not heard yet.
    async fn hear(&mut self) -> Vec<IncomingEvent> {
        let mut events = self.hear_up_to_an_answer().await;
        // What other nodes have committed may take its time.
        for (gid, rev) in self.stored_revs().await {
            while self.revs.get(&gid).is_none_or(|heard| *heard < rev) {
                match self.device.frame().await.expect("an event") {
                    Incoming::Event(event) => events.push(self.noted(event)),
                    Incoming::Answer(answer) => panic!("nothing was asked: {answer:?}"),
                }
            }
        }
        events
    }

    /// What was committed by the node that it is connected to.
    async fn hear_up_to_an_answer(&mut self) -> Vec<IncomingEvent> {
        self.count += 1;
        let id = format!("witness {}", self.count);
        self.device.put("Ack", u64::MAX >> 11, "", &id, Some(1)).await;
        let mut events = Vec::new();
        loop {
            match self.device.frame().await.expect("an answer") {
                Incoming::Event(event) => events.push(self.noted(event)),
                Incoming::Answer(answer) => {
                    assert_eq!(answer.client_msg_id, id);
                    return events;
                }
            }
        }
    }

    fn noted(&mut self, event: IncomingEvent) -> IncomingEvent {
        let (gid, rev) = match &event {
            IncomingEvent::Msg(message) => (message.gid, message.rev),
            IncomingEvent::Notify(notice) => {
                (notice.gid.expect("of a group"), notice.rev.expect("with its place"))
            }
        };
        let known = self.revs.entry(gid).or_default();
        *known = rev.max(*known);
        event
    }

    /// How far the groups are of which there is something that it does not know.
    async fn stored_revs(&self) -> BTreeMap<u64, u64> {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let groups = self.revs.iter().map(|(gid, rev)| GroupRev { gid: id(*gid), rev: id(*rev) }).collect();
        // At least one row of each of them.
        let request = SyncRequest { groups, limit: Some(500), window: Some(0), ..SyncRequest::default() };
        let answer = self.api.sync(&request).await.expect("synced");
        answer.groups.iter().map(|delta| (delta.gid, delta.rev)).collect()
    }

    /// The latest change of a group.
    async fn rev(&self, gid: u64) -> u64 {
        let answer = self.api.sync(&SyncRequest::default()).await.expect("synced");
        answer.groups.iter().find(|delta| delta.gid == gid).expect("a member").rev
    }

    /// The messages that came while it was away. Nothing else has changed meanwhile.
    async fn missed(&self, rooms: &BTreeMap<u64, Room>) -> Vec<Message> {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let mut revs: BTreeMap<u64, u64> = rooms.iter().map(|(gid, room)| (*gid, room.rev)).collect();
        let mut messages = Vec::new();
        loop {
            let groups = revs.iter().map(|(gid, rev)| GroupRev { gid: id(*gid), rev: id(*rev) }).collect();
            let request = SyncRequest { groups, ..SyncRequest::default() };
            let answer = self.api.sync(&request).await.expect("synced");
            for delta in answer.groups {
                revs.insert(delta.gid, delta.rev);
                messages.extend(delta.messages);
            }
            if !answer.more {
                return messages;
            }
        }
    }
}

/// Everything on all pages.
async fn history(api: &Api, gid: u64, size: u32) -> Vec<Text> {
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
                let Message { id, seq, uid: sender, client_msg_id: name, content, .. } = item.msg;
                Text { id, seq, sender, name, content }
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
