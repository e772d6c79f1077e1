//! A device: what it has asked, and what it holds of each group.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use rim_client::protocol::frame::{
    Extras, Incoming, IncomingAnswer, IncomingEvent, IncomingMessage, IncomingNotice, Notice, Outgoing,
};
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
    pub extras: Extras,
    /// Whether it must be done (true) or refused (false), where that is known.
    pub expected: Option<bool>,
    /// Of one that must be refused: 404 if it must be refused with that.
    pub code: Option<u16>,
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
    /// Messages with which it did something on this line.
    acted: HashSet<u64>,
    /// What was asked on an earlier line and again on this one. It may have been stored by the first, and another node
    /// may tell of that late.
    resent: HashSet<String>,
    rev: u64,
    starred: BTreeSet<(u64, u64)>,
    pub groups: BTreeMap<u64, View>,
}

/// What it holds of a group.
#[derive(Debug, Default)]
pub struct View {
    /// It has everything up to here,
    rev: u64,
    /// and of what was recalled after its user left, up to here.
    recalled_to: u64,
    messages: BTreeMap<u64, Text>,
    member: bool,
    /// The last `seq`, the number of unread ones and of those that mention them, if nothing came after they were told.
    counts: Option<(u64, u64, u64)>,
    /// What its user does not want to see: up to here, and these.
    cleared: u64,
    hidden: BTreeSet<u64>,
    /// Whether its user has come back, so that only sync tells what became of the messages of before.
    came_back: bool,
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
            acted: HashSet::new(),
            resent: HashSet::new(),
            rev: 0,
            starred: BTreeSet::new(),
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
        self.acted.clear();
        self.resent.clear();
        // Receipts are not worth a second try.
        self.asked.retain(|asked| !matches!(asked.event, "Read" | "Ack"));
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
        // What is JSON is a voice message.
        let is_voice = asked.event == "Msg" && asked.content.starts_with('{');
        let frame = Outgoing {
            kind: if is_voice { "Audio" } else { "Text" },
            uid: self.person.uid,
            gid: Some(asked.gid),
            content: &asked.content,
            client_msg_id: &asked.id,
            msg_id: asked.msg_id,
            echo: false,
        };
        line.put_with(asked.event, frame, &asked.extras).await;
        if asked.event != "Msg" {
            self.acted.extend(asked.msg_id);
        }
        self.asked.push_back(asked);
    }

    /// Asks again whatever was not answered, in the old order.
    pub async fn ask_again(&mut self, expected: Vec<(Option<bool>, Option<u16>)>) {
        for (asked, (expected, code)) in std::mem::take(&mut self.asked).into_iter().zip(expected) {
            self.resent.insert(asked.id.clone());
            self.ask(Asked { expected, code, ..asked }).await;
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
        let extras = Extras::default();
        let event = "Ack";
        self.ask(Asked { event, gid, content: String::new(), id, msg_id, extras, expected, code: None })
            .await;
        self.answer().await;
    }

    /// Hears until it has everything that it should have: what other nodes tell may take its time.
    pub async fn hear_the_rest(&mut self, rooms: &BTreeMap<u64, Room>) {
        while self.waits_for_more(rooms) {
            assert!(self.hear().await.expect("an event").is_none(), "nothing was asked");
        }
    }

    fn waits_for_more(&self, rooms: &BTreeMap<u64, Room>) -> bool {
        rooms.iter().any(|(gid, room)| {
            let visible = room.visible(self.uid());
            let Some(view) = self.groups.get(gid) else { return !visible.is_empty() };
            let lacks = |text: &&Text| match view.messages.get(&text.seq) {
                None => !self.is_not_told(text),
                Some(held) => held.rev < text.rev && self.hears_of(room, view, text),
            };
            visible.iter().any(lacks)
                || view.messages.keys().any(|seq| !visible.iter().any(|text| text.seq == *seq))
        })
    }

    /// Whether it is its own, on a line that brings none of those.
    fn is_not_told(&self, text: &Text) -> bool {
        !self.echo && self.own.contains(&text.id)
    }

    /// Whether its line tells what is done with a message.
    fn hears_of(&self, room: &Room, view: &View, text: &Text) -> bool {
        let is_told = self.echo || !(self.own.contains(&text.id) || self.acted.contains(&text.id));
        is_told && !view.came_back && room.has_member(self.uid())
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
        if asked.expected == Some(false) && asked.code.is_some() {
            assert_eq!(asked.code == Some(404), answer.code == Some(404), "{asked:?} {answer:?}");
        }
        if asked.event == "Msg" && done {
            self.own.extend(answer.server_msg_id);
        }
        Outcome { asked, answer: answer.code.map_or(Ok(answer.server_msg_id), Err) }
    }

    fn take_message(&mut self, message: IncomingMessage) {
        let (gid, rev) = (message.gid, message.rev);
        let text = Text::sent(message);
        let Text { id, seq, .. } = text;
        let heard = self.heard.entry(gid).or_default();
        assert!(seq > *heard, "a line brings the messages of a group in order: {seq} after {heard}");
        *heard = seq;
        let is_its_own = self.own.contains(&id) && !self.resent.contains(&text.name);
        assert!(self.echo || !is_its_own, "a line without echo brings none of its own");
        let view = self.groups.entry(gid).or_default();
        if rev == view.rev + 1 {
            (view.rev, view.counts) = (rev, None);
        }
        view.keep(text);
    }

    /// What it does not learn from it, it learns by sync.
    fn take_notice(&mut self, notice: &IncomingNotice) {
        let Some(gid) = notice.gid else { return };
        let uid = self.uid();
        if matches!(notice.kind, Notice::Starred | Notice::Unstarred) {
            let star = (gid, notice.msg_id.expect("of a message"));
            match notice.kind {
                Notice::Starred => self.starred.insert(star),
                _ => self.starred.remove(&star),
            };
            return;
        }
        let view = self.groups.entry(gid).or_default();
        view.counts = None;
        match notice.kind {
            Notice::Hidden => view.hide(&notice.seqs),
            Notice::Cleared => view.clear(notice.seq.expect("up to a place")),
            Notice::MembersAdded => view.came_back |= notice.uids.contains(&uid),
            Notice::Moved => view.moves(notice),
            Notice::Read | Notice::Delivered => {
                // After leaving it has no place among the changes of the group.
                if let Some((read, delivered)) = view.members.get_mut(&notice.uid)
                    && view.rev + 1 == notice.rev.unwrap_or(0)
                {
                    let seq = notice.seq.expect("up to a place");
                    if notice.kind == Notice::Read {
                        *read = seq.max(*read);
                    }
                    *delivered = seq.max(*delivered);
                    view.moves(notice);
                }
            }
            _ => {
                if let Some(message) = notice.msg.as_deref() {
                    view.keep(Text::of(message.clone(), uid));
                    view.moves(notice);
                }
            }
        }
    }

    /// Asks once for what it missed, and returns whether there is more.
    pub async fn sync(&mut self) -> bool {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let groups = self.groups.iter().map(|(gid, view)| GroupRev {
            gid: id(*gid),
            rev: id(view.rev),
            recalled_to: Some(id(view.recalled_to)),
        });
        let request = SyncRequest {
            rev: Some(id(self.rev)),
            groups: groups.collect(),
            limit: Some(self.limit),
            ..SyncRequest::default()
        };
        let answer = self.person.api.sync(&request).await.expect("synced");
        let rows: usize = answer.groups.iter().map(|delta| delta.messages.len() + delta.members.len()).sum();
        let is_own = !(answer.hidden.is_empty() && answer.cleared.is_empty() && answer.starred.is_empty());
        assert!(rows <= self.limit as usize, "{rows} rows where {} were asked for", self.limit);
        let is_empty = answer.groups.is_empty() && answer.friends.is_empty() && answer.chats.is_empty();
        assert!(!answer.more || !is_empty || is_own, "who promises more gives something");
        self.rev = answer.rev;
        for hidden in answer.hidden {
            self.groups.entry(hidden.gid).or_default().hide(&hidden.seqs);
        }
        for cleared in answer.cleared {
            self.groups.entry(cleared.gid).or_default().clear(cleared.seq);
        }
        for star in answer.starred {
            match star.starred {
                true => self.starred.insert((star.gid, star.msg_id)),
                false => self.starred.remove(&(star.gid, star.msg_id)),
            };
        }
        let uid = self.uid();
        for delta in answer.groups {
            self.groups.entry(delta.gid).or_default().merge(delta, uid);
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
                    Some(held) if !self.hears_of(room, view, text) => {
                        assert_eq!((held.id, &held.name), (text.id, &text.name), "{}", self.name);
                    }
                    Some(held) => assert_eq!(held, text, "{}", self.name),
                    None => assert!(self.is_not_told(text), "{} lacks {text:?}", self.name),
                }
            }
            assert_eq!(held.next(), None, "{} has what it may not see", self.name);
        }
    }

    /// It has just synced: whatever it holds is as it is now.
    pub fn is_in_sync(&self, rooms: &BTreeMap<u64, Room>, stars: &BTreeMap<(u64, u64, u64), bool>) {
        let uid = self.uid();
        let own = stars.iter().filter(|((by, ..), is_star)| *by == uid && **is_star);
        let own: BTreeSet<_> = own.map(|((_, gid, id), _)| (*gid, *id)).collect();
        assert_eq!(self.starred, own, "stars of {}", self.name);
        for (gid, room) in rooms {
            let Some(view) = self.groups.get(gid).filter(|view| view.rev > 0) else {
                assert!(!room.people.contains_key(&uid), "{} was not told of group {gid}", self.name);
                continue;
            };
            let visible = room.visible(uid);
            assert!(
                view.messages.keys().copied().eq(visible.iter().map(|text| text.seq)),
                "{} {gid}: {view:?}",
                self.name
            );
            for text in view.messages.values() {
                let now = &room.messages[text.seq as usize - 1];
                assert!(room.is_told_as(uid, text), "{} {gid}: {text:?} {now:?}", self.name);
            }
            assert_eq!(view.member, room.has_member(uid), "{} in {gid}", self.name);
            if !view.member {
                continue;
            }
            assert_eq!(view.rev, room.rev, "{} in {gid}", self.name);
            let counts = (room.last_seq(), room.unread(uid), room.unread_mentions(uid));
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
    fn merge(&mut self, delta: GroupDelta, uid: u64) {
        assert!(delta.messages.is_sorted_by(|a, b| a.seq < b.seq), "messages ascend");
        for message in delta.messages {
            assert!(message.rev > self.rev, "only what it missed");
            self.keep(Text::of(message, uid));
        }
        for message in delta.changed {
            assert!(message.rev > self.rev, "only what it missed");
            self.keep(Text::of(message, uid));
        }
        for member in delta.members {
            if member.left {
                self.members.remove(&member.uid);
            } else {
                self.members.insert(member.uid, (member.read_seq, member.delivered_seq));
            }
        }
        self.rev = self.rev.max(delta.rev);
        self.recalled_to = self.recalled_to.max(delta.recalled_to.unwrap_or_default());
        (self.member, self.came_back) = (delta.member, self.came_back && delta.more);
        self.counts = Some((delta.last_seq, delta.unread, delta.unread_mentions));
    }

    /// What comes by line and by sync is the same, and a message never becomes again what it was.
    fn keep(&mut self, text: Text) {
        if text.seq <= self.cleared || self.hidden.contains(&text.seq) {
            return;
        }
        match self.messages.get(&text.seq) {
            Some(known) if known.rev > text.rev => return,
            Some(known) if known.rev == text.rev => assert_eq!(*known, text),
            _ => {}
        }
        self.messages.insert(text.seq, text);
    }

    /// It has everything up to this change, if it had everything before it.
    fn moves(&mut self, notice: &IncomingNotice) {
        let rev = notice.rev.expect("with its place");
        if notice.from_rev.unwrap_or(rev) <= self.rev + 1 {
            self.rev = self.rev.max(rev);
        }
    }

    fn hide(&mut self, seqs: &[[u64; 2]]) {
        self.hidden.extend(seqs.iter().flat_map(|[from, to]| *from..=*to));
        self.messages.retain(|seq, _| !self.hidden.contains(seq));
        self.counts = None;
    }

    fn clear(&mut self, seq: u64) {
        self.cleared = self.cleared.max(seq);
        self.messages.retain(|seq, _| *seq > self.cleared);
        self.counts = None;
    }
}
