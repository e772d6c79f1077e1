//! A device: what it has asked, and what it holds of each group.

use std::collections::{BTreeMap, HashSet, VecDeque};

use rim_client::protocol::frame::{Incoming, IncomingAnswer, IncomingEvent, IncomingMessage, IncomingNotice};
use rim_client::protocol::rest::Message;
use rim_client::protocol::sync::{GroupDelta, GroupRev, SyncRequest};
use rim_client::protocol::{CloseCode, Id};
use rim_client::{Connection, ConnectionError};

use super::model::{Room, Text};
use crate::world::{Device, Person};

/// A frame that was sent and not answered.
#[derive(Debug, Clone)]
pub struct Asked {
    pub event: &'static str,
    pub gid: u64,
    pub content: String,
    pub id: String,
    pub msg_id: Option<u64>,
    /// Whether it must be done (true) or refused (false), where that is known.
    pub expected: Option<bool>,
}

/// What became of a frame.
pub struct Outcome {
    pub asked: Asked,
    /// The server's id, or the code of the Error.
    pub answer: Result<Option<u64>, u16>,
}

pub struct Phone {
    pub person: Person,
    name: String,
    count: u64,
    /// Rows of each of its syncs.
    limit: u32,
    /// Whether it hears of what it does itself.
    echo: bool,
    line: Option<Device>,
    /// In order; messages among it are sent again on the next line.
    pub asked: VecDeque<Asked>,
    /// The last `seq` that this line brought, by group.
    heard: BTreeMap<u64, u64>,
    /// Messages acknowledged on this line, which a line without echo does not bring.
    own: HashSet<u64>,
    /// What was asked on an earlier line and again on this one. It may have been stored by the first, and another node
    /// may tell of that late.
    resent: HashSet<String>,
    rev: u64,
    pub groups: BTreeMap<u64, View>,
}

/// What it holds of a group.
#[derive(Debug, Default)]
pub struct View {
    /// It has everything up to here.
    rev: u64,
    messages: BTreeMap<u64, Text>,
    member: bool,
    /// The last `seq` and the number of unread ones, if nothing came after they were told.
    counts: Option<(u64, u64)>,
    /// Read and delivered up to.
    members: BTreeMap<u64, (u64, u64)>,
}

impl Phone {
    pub fn new(person: &Person, name: impl Into<String>, limit: u32, echo: bool) -> Self {
        Self {
            person: person.clone(),
            name: name.into(),
            count: 0,
            limit,
            echo,
            line: None,
            asked: VecDeque::new(),
            heard: BTreeMap::new(),
            own: HashSet::new(),
            resent: HashSet::new(),
            rev: 0,
            groups: BTreeMap::new(),
        }
    }

    pub const fn uid(&self) -> u64 {
        self.person.uid
    }

    pub const fn is_online(&self) -> bool {
        self.line.is_some()
    }

    /// Logs in on a new line: subscribed first, it reads after what it missed.
    pub async fn connect(&mut self, url: &str) {
        assert!(!self.is_online());
        let socket = Connection::login_with(url, self.uid(), self.person.token(), self.echo).await;
        self.line = Some(Device { uid: self.uid(), socket: socket.expect("logged in") });
        while self.sync().await {}
    }

    /// The line is cut. What was asked on it is not known to be done.
    pub fn cut(&mut self) {
        self.line = None;
        self.heard.clear();
        self.own.clear();
        self.resent.clear();
        // Receipts are not worth a second try.
        self.asked.retain(|asked| asked.event == "Msg");
    }

    /// Closes the line in order.
    pub async fn close(&mut self) {
        let line = self.line.take().expect("it is online");
        line.socket.close().await.expect("closed");
        self.cut();
    }

    pub fn next_id(&mut self) -> String {
        self.count += 1;
        format!("{} {}", self.name, self.count)
    }

    pub async fn ask(&mut self, asked: Asked) {
        let line = self.line.as_mut().expect("it is online");
        line.put(asked.event, asked.gid, &asked.content, &asked.id, asked.msg_id).await;
        self.asked.push_back(asked);
    }

    /// Asks again whatever was not answered, in the old order.
    pub async fn ask_again(&mut self, expected: Vec<Option<bool>>) {
        for (asked, expected) in std::mem::take(&mut self.asked).into_iter().zip(expected) {
            self.resent.insert(asked.id.clone());
            self.ask(Asked { expected, ..asked }).await;
        }
    }

    /// The next answer. Answers come in the order of their questions.
    pub async fn answer(&mut self) -> Outcome {
        loop {
            if let Some(outcome) = self.hear().await.expect("an answer") {
                return outcome;
            }
        }
    }

    /// Makes sure that everything committed before was heard.
    pub async fn catch_up(&mut self) {
        assert!(self.asked.is_empty());
        let id = self.next_id();
        // It takes the way of a message through the store, and finds no such group there.
        let (gid, msg_id, expected) = (u64::MAX >> 11, Some(1), Some(false));
        self.ask(Asked { event: "Ack", gid, content: String::new(), id, msg_id, expected }).await;
        self.answer().await;
    }

    /// Hears until it has every message that it should have: those of other nodes may take their time.
    pub async fn hear_the_rest(&mut self, rooms: &BTreeMap<u64, Room>) {
        let uid = self.uid();
        for (gid, room) in rooms {
            for text in room.visible(uid) {
                let is_its_own = !self.echo && self.own.contains(&text.id);
                while !is_its_own && !self.has(*gid, text.seq) {
                    assert!(self.hear().await.expect("an event").is_none(), "nothing was asked");
                }
            }
        }
    }

    fn has(&self, gid: u64, seq: u64) -> bool {
        self.groups.get(&gid).is_some_and(|view| view.messages.contains_key(&seq))
    }

    /// Hears until the server says that it is going away, and returns what was answered before.
    pub async fn until_sent_away(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        loop {
            match self.hear().await {
                Ok(outcome) => outcomes.extend(outcome),
                Err(ConnectionError::Closed { code, .. }) if code == CloseCode::GoingAway.get() => break,
                Err(error) => panic!("the server should be going away: {error}"),
            }
        }
        self.cut();
        outcomes
    }

    async fn hear(&mut self) -> Result<Option<Outcome>, ConnectionError> {
        match self.line.as_mut().expect("it is online").frame().await? {
            Incoming::Answer(answer) => return Ok(Some(self.take_answer(answer))),
            Incoming::Event(IncomingEvent::Msg(message)) => self.take_message(message),
            Incoming::Event(IncomingEvent::Notify(notice)) => self.take_notice(&notice),
        }
        Ok(None)
    }

    fn take_answer(&mut self, answer: IncomingAnswer) -> Outcome {
        let asked = self.asked.pop_front().expect("what is answered was asked");
        assert_eq!(answer.client_msg_id, asked.id, "answers come in the order of the questions");
        let done = answer.code.is_none();
        assert!(asked.expected.is_none_or(|expected| expected == done), "{asked:?} {answer:?}");
        if asked.event == "Msg" && done {
            self.own.extend(answer.server_msg_id);
        }
        Outcome { asked, answer: answer.code.map_or(Ok(answer.server_msg_id), Err) }
    }

    fn take_message(&mut self, message: IncomingMessage) {
        let IncomingMessage { gid, seq, rev, msg_id: id, uid: sender, client_msg_id: name, content, .. } =
            message;
        let heard = self.heard.entry(gid).or_default();
        assert!(seq > *heard, "a line brings the messages of a group in order: {seq} after {heard}");
        *heard = seq;
        let is_its_own = self.own.contains(&id) && !self.resent.contains(&name);
        assert!(self.echo || !is_its_own, "a line without echo brings none of its own");
        let view = self.groups.entry(gid).or_default();
        if rev == view.rev + 1 {
            (view.rev, view.counts) = (rev, None);
        }
        view.keep(Text { id, seq, sender, name, content });
    }

    /// It learns the rest by sync.
    fn take_notice(&mut self, notice: &IncomingNotice) {
        if let Some(gid) = notice.gid {
            self.groups.entry(gid).or_default();
        }
    }

    /// Asks once for what it missed, and returns whether there is more.
    pub async fn sync(&mut self) -> bool {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let groups = self.groups.iter().map(|(gid, view)| GroupRev { gid: id(*gid), rev: id(view.rev) });
        let request = SyncRequest {
            rev: Some(id(self.rev)),
            groups: groups.collect(),
            limit: Some(self.limit),
            ..SyncRequest::default()
        };
        let answer = self.person.api.sync(&request).await.expect("synced");
        let rows: usize = answer.groups.iter().map(|delta| delta.messages.len() + delta.members.len()).sum();
        assert!(rows <= self.limit as usize, "{rows} rows where {} were asked for", self.limit);
        let is_empty = answer.groups.is_empty() && answer.friends.is_empty() && answer.chats.is_empty();
        assert!(!answer.more || !is_empty, "who promises more gives something");
        self.rev = answer.rev;
        for delta in answer.groups {
            self.groups.entry(delta.gid).or_default().merge(delta);
        }
        answer.more
    }

    /// It has heard everything since it is online: nothing more, nothing less, nothing else.
    pub fn is_up_to_date(&self, rooms: &BTreeMap<u64, Room>) {
        for (gid, room) in rooms {
            let visible = room.visible(self.uid());
            let Some(view) = self.groups.get(gid) else {
                assert!(visible.is_empty(), "{} lacks group {gid}", self.name);
                continue;
            };
            assert!(room.people.contains_key(&self.uid()), "{} hears of a strange group", self.name);
            let mut held = view.messages.values().peekable();
            for text in visible {
                match held.next_if(|held| held.seq == text.seq) {
                    Some(held) => assert_eq!(held, text, "{}", self.name),
                    None => {
                        assert!(!self.echo && self.own.contains(&text.id), "{} lacks {text:?}", self.name);
                    }
                }
            }
            assert_eq!(held.next(), None, "{} has what it may not see", self.name);
        }
    }

    /// It has just synced: whatever it holds is as it is now.
    pub fn is_in_sync(&self, rooms: &BTreeMap<u64, Room>) {
        let uid = self.uid();
        for (gid, room) in rooms {
            let Some(view) = self.groups.get(gid).filter(|view| view.rev > 0) else {
                assert!(!room.people.contains_key(&uid), "{} was not told of group {gid}", self.name);
                continue;
            };
            assert!(view.messages.values().eq(room.visible(uid)), "{} {gid}: {view:?}", self.name);
            assert_eq!(view.member, room.has_member(uid), "{} in {gid}", self.name);
            if !view.member {
                continue;
            }
            assert_eq!(view.rev, room.rev, "{} in {gid}", self.name);
            let counts = (room.last_seq(), room.unread(uid));
            assert!(
                view.counts.is_none_or(|told| told == counts),
                "{} in {gid}: {counts:?}, {view:?}",
                self.name
            );
            assert!(view.members.keys().copied().eq(room.members()), "{} in {gid}: {view:?}", self.name);
            for (member, (read, delivered)) in &view.members {
                let guest = &room.people[member];
                // Below the place where they joined a receipt says nothing.
                let of_this_stay = |seq: u64| seq.max(guest.joined_after());
                assert_eq!(of_this_stay(*read), of_this_stay(guest.read), "read by {member} in {gid}");
                assert_eq!(of_this_stay(*delivered), of_this_stay(guest.delivered), "to {member} in {gid}");
            }
        }
    }
}

impl View {
    fn merge(&mut self, delta: GroupDelta) {
        assert!(delta.messages.is_sorted_by(|a, b| a.seq < b.seq), "messages ascend");
        for message in delta.messages {
            assert!(message.rev > self.rev && message.rev <= delta.rev, "only what it missed");
            let Message { id, seq, uid: sender, client_msg_id: name, content, .. } = message;
            self.keep(Text { id, seq, sender, name, content });
        }
        for member in delta.members {
            if member.left {
                self.members.remove(&member.uid);
            } else {
                self.members.insert(member.uid, (member.read_seq, member.delivered_seq));
            }
        }
        self.rev = self.rev.max(delta.rev);
        (self.member, self.counts) = (delta.member, Some((delta.last_seq, delta.unread)));
    }

    /// What comes by line and by sync is the same.
    fn keep(&mut self, text: Text) {
        if let Some(known) = self.messages.get(&text.seq) {
            assert_eq!(*known, text);
        }
        self.messages.insert(text.seq, text);
    }
}
