//! The real binary, killed again and again while it is sent to: nothing acknowledged is lost, nothing is there
//! twice, nothing is invented.
//!
//! `RIM_SEED=… cargo test -p rim-server --test crash` kills after the same numbers of answers again.

#[path = "stories/chance.rs"]
#[expect(dead_code, reason = "stories use more of it")]
mod chance;
#[path = "crash/consumers.rs"]
mod consumers;
#[path = "stories/filer.rs"]
#[expect(dead_code, reason = "stories use more of it")]
mod filer;
#[path = "crash/files.rs"]
mod files;
#[path = "crash/notes.rs"]
mod notes;
mod program;
#[path = "crash/search.rs"]
mod search;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use rim_client::protocol::Id;
use rim_client::protocol::frame::{Incoming, IncomingEvent, Outgoing};
use rim_client::protocol::rest::{MemberItem, Message, OpType, User};
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_client::{Api, Connection};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::chance::{Chance, seeds};
use self::program::{Server, folder};

const KILLS: usize = 24;
const SENDERS: usize = 4;
const GROUPS: usize = 3;
/// People who never speak, but come and go.
const OTHERS: usize = 4;
const IN_FLIGHT: usize = 16;
/// Every message is read back by history after so many kills; the newest are after each.
const READ_ALL_EVERY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_kill() {
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let mut world = World::found(folder.path()).await;
    for kill in 1..=KILLS {
        let server = start(folder.path());
        world.is_as_acknowledged(&server, kill % READ_ALL_EVERY == 0).await;
        world.live_until_killed(server, &mut chance).await;
    }
    let server = start(folder.path());
    world.is_as_acknowledged(&server, false).await;
    // What was not acknowledged is sent once more, and then it is there, too.
    for sender in &mut world.senders {
        sender.finish(&server).await;
    }
    world.is_as_acknowledged(&server, true).await;
    let stored: usize = world.groups.values().map(Vec::len).sum();
    let sent: usize = world.senders.iter().map(|sender| sender.sent.len()).sum();
    println!("{stored} messages outlived {KILLS} kills");
    assert_eq!(stored, sent, "everything was sent until it was acknowledged");
}

/// Messages that are scheduled between two kills: with those that are left no more than a user may have.
const SCHEDULED: u64 = 40;
const KILLS_OF_SCHEDULED: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_scheduled_is_sent_once_and_in_its_order() {
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let mut server = start(folder.path());
    let anna = api(&server).register("anna", "secret").await.expect("registered");
    let uid = api(&server).register("bob", "secret").await.expect("registered");
    let token = |api: Api| api.token().expect("logged in").to_owned();
    let (of_anna, of_bob) = (
        token(api(&server).login("anna", "secret").await.expect("logged in")),
        token(api(&server).login("bob", "secret").await.expect("logged in")),
    );
    let gid = api(&server).with_token(of_anna.clone()).create_group(1, "", &[uid]).await.expect("a chat");
    let mut scheduled = 0;
    for _ in 0..KILLS_OF_SCHEDULED {
        let anna = api(&server).with_token(of_anna.clone());
        let ws = format!("ws://{}/ws", server.address);
        let mut line = Connection::login(&ws, uid, &of_bob).await.expect("connected");
        for _ in 0..SCHEDULED {
            scheduled += 1;
            let text = scheduled.to_string();
            let body = serde_json::json!({"gid": gid, "content": text, "clientMsgId": text, "sendAt": 0});
            let _: serde_json::Value = anna.post("/api/message/schedule", &body).await.expect("scheduled");
        }
        for _ in 0..chance.below(SCHEDULED as usize) {
            while !matches!(line.next().await.expect("a frame"), Incoming::Event(IncomingEvent::Msg(_))) {}
        }
        for _ in 0..chance.below(500) {
            tokio::task::yield_now().await;
        }
        server.process.kill().expect("killed");
        server.process.wait().expect("ended");
        server = start(folder.path());
    }
    let of_anna = api(&server).with_token(of_anna);
    loop {
        let list: Vec<serde_json::Value> =
            of_anna.post("/api/message/schedule/list", &serde_json::json!({})).await.expect("a list");
        assert!(list.iter().all(|item| item["failed"].is_null()), "{list:?}");
        if list.is_empty() {
            break;
        }
    }
    let stored = history(&of_anna, gid, u32::MAX).await;
    let expected: Vec<_> = (1..=scheduled).map(|number| number.to_string()).collect();
    assert_eq!(stored.iter().map(|message| message.content.clone()).collect::<Vec<_>>(), expected);
    assert!(stored.iter().all(|message| message.uid == anna && message.client_msg_id.starts_with("sched:")));
}

fn start(folder: &Path) -> Server {
    Server::start(folder, &["--limits", "off"])
}

fn api(server: &Server) -> Api {
    Api::new(format!("http://{}", server.address))
}

struct World {
    senders: Vec<Sender>,
    others: Vec<u64>,
    /// What was read back, by group and in order.
    groups: BTreeMap<u64, Vec<Stored>>,
    /// How far the sync of the first sender is.
    revs: BTreeMap<u64, u64>,
    governor: Governor,
}

/// A message that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    id: u64,
    uid: u64,
    client_msg_id: String,
    content: String,
}

/// Who sends without a pause.
struct Sender {
    uid: u64,
    token: String,
    gids: Vec<u64>,
    sent: HashMap<String, Sent>,
    /// In order.
    unanswered: VecDeque<String>,
    /// Messages of others that were delivered: their ids, by group and `seq`.
    heard: HashMap<(u64, u64), u64>,
}

struct Sent {
    gid: u64,
    content: String,
    /// The id that it was acknowledged with.
    acked: Option<u64>,
}

/// The first sender, as one who changes who is in which group and who is whose friend.
struct Governor {
    uid: u64,
    token: String,
    /// Which others are in which group; `None` if the answer did not come.
    members: BTreeMap<(u64, u64), Option<bool>>,
    /// Whom they have asked to be friends; `None` as above.
    asked: BTreeMap<u64, Option<bool>>,
}

impl World {
    async fn found(folder: &Path) -> Self {
        let server = start(folder);
        let (mut uids, mut tokens) = (Vec::new(), Vec::new());
        for n in 0..SENDERS {
            uids.push(api(&server).register(&format!("sender{n}"), "secret").await.expect("registered"));
            let api = api(&server).login(&format!("sender{n}"), "secret").await.expect("logged in");
            tokens.push(api.token().expect("logged in").to_owned());
        }
        let mut others = Vec::new();
        for n in 0..OTHERS {
            others.push(api(&server).register(&format!("other{n}"), "secret").await.expect("registered"));
        }
        let mut gids = Vec::new();
        for _ in 0..GROUPS {
            let api = api(&server).with_token(tokens[0].clone());
            gids.push(api.create_group(2, "group", &uids).await.expect("a group"));
        }
        let senders = uids.iter().zip(&tokens).map(|(uid, token)| Sender {
            uid: *uid,
            token: token.clone(),
            gids: gids.clone(),
            sent: HashMap::new(),
            unanswered: VecDeque::new(),
            heard: HashMap::new(),
        });
        let outside = gids.iter().flat_map(|gid| others.iter().map(|uid| ((*gid, *uid), Some(false))));
        Self {
            senders: senders.collect(),
            groups: gids.iter().map(|gid| (*gid, Vec::new())).collect(),
            revs: gids.iter().map(|gid| (*gid, 0)).collect(),
            governor: Governor {
                uid: uids[0],
                token: tokens[0].clone(),
                members: outside.collect(),
                asked: others.iter().map(|uid| (*uid, Some(false))).collect(),
            },
            others,
        }
    }

    /// Sends, adds, removes and asks, until the server is killed in the midst of it.
    async fn live_until_killed(&mut self, mut server: Server, chance: &mut Chance) {
        let answers = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        for mut sender in self.senders.drain(..) {
            let (address, answers) = (server.address.clone(), Arc::clone(&answers));
            tasks.spawn(async move {
                sender.send_until_cut(&address, &answers).await;
                sender
            });
        }
        let wanted = 1 + chance.below(600) as u32;
        let then = chance.below(500);
        let api = api(&server);
        let kill = async {
            answers.acquire_many(wanted).await.expect("never closed").forget();
            for _ in 0..then {
                tokio::task::yield_now().await;
            }
            server.process.kill().expect("killed");
            server.process.wait().expect("ended");
        };
        tokio::join!(kill, self.governor.govern_until_cut(api, chance.next()));
        self.senders = tasks.join_all().await;
        self.senders.sort_by_key(|sender| sender.uid);
    }

    /// Reads everything back.
    async fn is_as_acknowledged(&mut self, server: &Server, all: bool) {
        self.sync(server).await;
        for sender in &self.senders {
            let api = api(server).with_token(sender.token.clone());
            for (gid, stored) in &self.groups {
                let pages = if all { u32::MAX } else { 1 };
                let history = history(&api, *gid, pages).await;
                assert!(stored.ends_with(&history), "history of {gid} and sync are the same");
                assert!(!all || history.len() == stored.len());
            }
        }
        self.every_message_is_there_once();
        self.governor.is_obeyed(&api(server).with_token(self.governor.token.clone()), &self.others).await;
    }

    /// Takes over what is new since the last kill. What was there before cannot come again.
    async fn sync(&mut self, server: &Server) {
        let api = api(server).with_token(self.governor.token.clone());
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        loop {
            let groups = self
                .revs
                .iter()
                .map(|(gid, rev)| GroupRev { gid: id(*gid), rev: id(*rev), recalled_to: None })
                .collect();
            let request = SyncRequest { groups, limit: Some(1000), ..SyncRequest::default() };
            let answer = api.sync(&request).await.expect("synced");
            for delta in answer.groups {
                self.revs.insert(delta.gid, delta.rev);
                let stored = self.groups.get_mut(&delta.gid).expect("it is one of them");
                for message in delta.messages {
                    assert_eq!(message.seq, stored.len() as u64 + 1, "without a gap");
                    assert!(stored.last().is_none_or(|last| last.id < message.id), "ids ascend");
                    stored.push(message.into());
                }
                assert!(delta.more || stored.len() as u64 == delta.last_seq);
            }
            if !answer.more {
                return;
            }
        }
    }

    fn every_message_is_there_once(&self) {
        let mut found = HashSet::new();
        for (gid, stored) in &self.groups {
            for message in stored {
                let sender = self.senders.iter().find(|sender| sender.uid == message.uid).expect("a sender");
                let sent = sender.sent.get(&message.client_msg_id).expect("nothing is invented");
                assert_eq!((*gid, &message.content), (sent.gid, &sent.content));
                assert!(sent.acked.is_none_or(|acked| acked == message.id), "acknowledged: {message:?}");
                assert!(found.insert((message.uid, &message.client_msg_id)), "twice: {message:?}");
            }
        }
        for sender in &self.senders {
            for (id, sent) in &sender.sent {
                assert!(sent.acked.is_none() || found.contains(&(sender.uid, id)), "lost: {id}");
            }
            for ((gid, seq), id) in &sender.heard {
                let stored = self.groups[gid].get(*seq as usize - 1);
                assert_eq!(stored.map(|stored| stored.id), Some(*id), "delivered, so it was stored");
            }
        }
    }
}

impl Sender {
    async fn send_until_cut(&mut self, address: &str, answers: &Semaphore) {
        let Ok(mut line) = Connection::login(&format!("ws://{address}/ws"), self.uid, &self.token).await
        else {
            return;
        };
        for id in self.unanswered.clone() {
            if !self.put(&mut line, &id).await {
                return;
            }
        }
        loop {
            while self.unanswered.len() < IN_FLIGHT {
                let id = format!("{}-{}", self.uid, self.sent.len());
                let gid = self.gids[self.sent.len() % self.gids.len()];
                let content = format!("text {id} {}", "x".repeat(self.sent.len() % 300));
                self.sent.insert(id.clone(), Sent { gid, content, acked: None });
                self.unanswered.push_back(id.clone());
                if !self.put(&mut line, &id).await {
                    return;
                }
            }
            match line.next().await {
                Ok(incoming) => {
                    if self.take(incoming) {
                        answers.add_permits(1);
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Sends what was not answered, and nothing else.
    async fn finish(&mut self, server: &Server) {
        let url = format!("ws://{}/ws", server.address);
        let mut line = Connection::login(&url, self.uid, &self.token).await.expect("logged in");
        for id in self.unanswered.clone() {
            assert!(self.put(&mut line, &id).await);
        }
        while !self.unanswered.is_empty() {
            self.take(line.next().await.expect("an answer"));
        }
    }

    /// Whether the line still stands.
    async fn put(&self, line: &mut Connection, id: &str) -> bool {
        let Sent { gid, content, .. } = &self.sent[id];
        let frame = Outgoing {
            kind: "Text",
            uid: self.uid,
            gid: Some(*gid),
            content,
            client_msg_id: id,
            msg_id: None,
            echo: false,
        };
        line.send("Msg", &frame).await.is_ok()
    }

    /// Whether it was an answer. They come in the order of the questions.
    fn take(&mut self, incoming: Incoming) -> bool {
        match incoming {
            Incoming::Answer(answer) => {
                let id = self.unanswered.pop_front().expect("what is answered was asked");
                assert_eq!((&answer.client_msg_id, answer.code), (&id, None), "{answer:?}");
                self.sent.get_mut(&id).expect("it was sent").acked = answer.server_msg_id;
                true
            }
            Incoming::Event(IncomingEvent::Msg(message)) => {
                self.heard.insert((message.gid, message.seq), message.msg_id);
                false
            }
            Incoming::Event(IncomingEvent::Notify(_)) => false,
        }
    }
}

impl Governor {
    async fn govern_until_cut(&mut self, api: Api, seed: u64) {
        let api = api.with_token(self.token.clone());
        let mut chance = Chance::new(seed);
        loop {
            let done = if chance.one_in(3) {
                let (&uid, asked) =
                    self.asked.iter_mut().nth(chance.below(OTHERS)).expect("there are as many");
                let to = !asked.take().expect("known after each start");
                let done = if to { api.add_friend(uid).await } else { api.answer_friend(uid, 2).await };
                done.map(|done| {
                    assert!(done);
                    *asked = Some(to);
                })
            } else {
                let number = chance.below(self.members.len());
                let (&(gid, uid), member) = self.members.iter_mut().nth(number).expect("there are as many");
                let to = !member.take().expect("known after each start");
                let op = if to { OpType::Add } else { OpType::Remove };
                api.change_members(gid, &[uid], op).await.map(|_| *member = Some(to))
            };
            match done {
                Ok(()) => {}
                Err(rim_client::ApiError::Http(_)) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// What was acknowledged holds; of what was not either is right.
    async fn is_obeyed(&mut self, api: &Api, others: &[u64]) {
        let mut inside = HashSet::new();
        for gid in self.members.keys().map(|(gid, _)| *gid).collect::<HashSet<_>>() {
            let members: Vec<MemberItem> =
                api.get(&format!("/api/group/user/get?gid={gid}")).await.expect("members");
            inside.extend(members.iter().map(|member| (gid, member.user.id)));
        }
        for (place, member) in &mut self.members {
            let is = inside.contains(place);
            assert!(member.is_none_or(|told| told == is), "{place:?} {member:?}");
            *member = Some(is);
        }
        let path = "/api/friend/list?status=0&direction=out";
        let asked: Vec<User> = api.get(path).await.expect("friends");
        assert!(asked.iter().all(|user| others.contains(&user.id)));
        for (uid, told) in &mut self.asked {
            let is = asked.iter().any(|user| user.id == *uid);
            assert!(told.is_none_or(|told| told == is), "{} asked {uid}: {told:?}", self.uid);
            *told = Some(is);
        }
    }
}

/// So many pages from the newest on, in order.
async fn history(api: &Api, gid: u64, pages: u32) -> Vec<Stored> {
    let mut all = Vec::new();
    for page in 1..=pages {
        let items = api.history(gid, page, 200).await.expect("a page");
        let last = items.len() < 200;
        let mut page: Vec<Stored> = items.into_iter().map(|item| item.msg.into()).collect();
        page.append(&mut all);
        all = page;
        if last {
            break;
        }
    }
    all
}

impl From<Message> for Stored {
    fn from(message: Message) -> Self {
        let Message { id, uid, client_msg_id, content, .. } = message;
        Self { id, uid, client_msg_id, content }
    }
}
