//! More than the server can bear: it says so to those who send too much, those who behave notice nothing, what it
//! holds is bounded, nothing acknowledged is lost, and when the load is gone it is gone.
//!
//! The real binary, as its memory is looked at. How much it can bear depends on the machine, so for a while it
//! can bear nothing: the test has a hand on the database, as a disk that does not come back would.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;

use futures_util::future::join_all;
use rim_client::Api;
use rim_client::protocol::Id;
use rim_client::protocol::frame::IncomingAnswer;
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_core::group::{NewGroup, Role};
use rim_core::message::Page;
use rim_core::session::NewSession;
use rim_core::user::NewUser;
use rim_core::{GroupId, Timestamp, UserId};
use rim_server::accounts::token::Token;
use rim_server::config::Database;
use rim_store::Store;
use tempfile::TempDir;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::hostile::socket::{self, Heard, Socket, hear};
use crate::idle_and_slow::Bare;
use crate::place;
use crate::program;
use crate::raw;
use crate::world::{Device, PATIENCE, Person};

/// Who sends without waiting. One of them is loud.
const FLOODERS: u64 = 72;
/// Messages of each: as many as the server reads of one connection before it answers.
const MESSAGES: u64 = 256;
const CONTENT_BYTES: usize = 500;
const LOUD_CONTENT_BYTES: usize = 32 * 1024;
/// Who does not read what the loud one says.
const SLOW: usize = 2;
/// Who chats with each other, two by two.
const CHATTING: usize = 4;

// What the server promises.
const QUEUE_WRITES: u64 = 16_384;
const COMMIT_WRITES: u64 = 512;
/// Unanswered frames of a connection that is let into a queue that is half full.
const FEW: u64 = 16;
/// Writes that may come before one that is let in: half of the queue and those with little to ask, and the commit
/// under way.
const AHEAD: u64 = QUEUE_WRITES / 2 + FLOODERS * FEW + COMMIT_WRITES;
/// Memory for those, and for everything that is read of the loud one.
const HELD_BYTES: u64 = AHEAD * (CONTENT_BYTES as u64 + 1024) + MESSAGES * LOUD_CONTENT_BYTES as u64;

/// First come, first served would leave no room for others.
const _: () = assert!(FLOODERS * MESSAGES > QUEUE_WRITES + COMMIT_WRITES);

// Lines of /metrics.
const TAKEN: &str = r#"rim_frames_total{event="Msg"} "#;
const WAITING: &str = "rim_store_queue_depth ";
const BUSY: &str = "rim_frames_busy_total ";
const TOO_SLOW: &str = r#"rim_disconnects_total{reason="too_slow"} "#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_held_back_while_those_who_behave_are_served() {
    let house = House::new().await;
    let mut slow = Vec::new();
    for person in &house.slow {
        let mut bare = Bare::connect(house.address, Some(8 * 1024)).await;
        bare.login(person).await;
        slow.push(bare);
    }
    let mut talks = join_all(house.chats.iter().map(|(pair, gid)| Talk::begin(pair, *gid))).await;
    let mut flooders = Vec::new();
    for (person, gid) in &house.flooders {
        flooders.push(Flooder {
            uid: person.uid,
            gid: *gid,
            socket: Socket::login(house.address, person).await,
        });
    }
    let (resident, taken) = (house.resident(), house.metric(TAKEN).await);

    let hold = Hold::take(&house.folder.path().join("data/rim.db"));
    let flood = flooders.into_iter().enumerate().map(|(number, flooder)| {
        let bytes = if number == 0 { LOUD_CONTENT_BYTES } else { CONTENT_BYTES };
        tokio::spawn(flooder.flood("x".repeat(bytes)))
    });
    let flood: Vec<_> = flood.collect();
    house.until(TAKEN, |now| now >= taken + FLOODERS * MESSAGES).await;
    let held = house.resident().saturating_sub(resident);
    println!("{} writes wait in {} KiB", house.metric(WAITING).await, held / 1024);
    assert!(held <= HELD_BYTES, "{held} bytes, and {HELD_BYTES} are allowed");

    // Whoever speaks now is let in, and waits for what is there and for no more. Ids count the messages.
    for talk in &mut talks {
        talk.say().await;
    }
    house.until(TAKEN, |now| now >= taken + FLOODERS * MESSAGES + talks.len() as u64).await;
    drop(hold);
    for talk in &mut talks {
        let before = talk.is_heard().await - 1;
        assert!(before <= AHEAD + CHATTING as u64, "{before} messages came before one that waited");
    }
    while !flood.iter().all(JoinHandle::is_finished) {
        for talk in &mut talks {
            talk.exchange().await;
        }
    }

    // The flood is over: it is as if it had not been.
    house.until(WAITING, |now| now == 0).await;
    for talk in &mut talks {
        talk.exchange().await;
    }
    let flooded = join_all(flood).await.into_iter().map(|flooded| flooded.expect("every answer was right"));
    let flooded: Vec<_> = flooded.collect();
    let busy: u64 = flooded.iter().map(|flooded| flooded.busy).sum();
    assert!(busy > 0);
    assert_eq!(house.metric(BUSY).await, busy, "nobody else was told so");

    house.until(TOO_SLOW, |now| now == SLOW as u64).await;
    for mut bare in slow {
        assert_eq!(bare.close_code().await, 4008);
    }
    for read in join_all(house.slow.iter().map(synced)).await {
        assert_eq!(read, flooded[0].acked, "they come back and read everything");
    }
    let House { server, folder, flooders, .. } = house;
    drop(server);
    let store = place::open(&Database::Sqlite(folder.path().join("data/rim.db"))).await;
    for ((person, gid), flooded) in flooders.iter().zip(flooded) {
        assert_eq!(stored(&*store, person.uid, *gid).await, flooded.acked, "that and no more, in that order");
    }
}

/// A server with people in it.
struct House {
    server: program::Server,
    address: SocketAddr,
    /// Each with a group in which they speak; the loud one first.
    flooders: Vec<(Person, u64)>,
    /// In the group of the loud one.
    slow: Vec<Person>,
    /// Each two with their chat.
    chats: Vec<([Person; 2], u64)>,
    folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = program::folder();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        // Right into the store: a hundred passwords would take longer than all the rest.
        let store = place::open(&Database::Sqlite(data.join("rim.db"))).await;
        let flooders = users(&*store, "flooder", FLOODERS as usize).await;
        let slow = users(&*store, "slow", SLOW).await;
        let chatting = users(&*store, "chatting", CHATTING).await;
        let listeners = |speaker: usize| if speaker == 0 { &slow[..] } else { &[] };
        let groups = flooders.iter().enumerate().map(|(n, speaker)| group(&*store, 2, speaker, listeners(n)));
        let groups = join_all(groups).await;
        let chats = join_all(chatting.chunks(2).map(|pair| group(&*store, 1, &pair[0], &pair[1..]))).await;
        store.close().await;

        let server = program::Server::start(folder.path(), &["--limits", "off"]);
        let address = server.address.parse().expect("an address");
        let api = Api::new(format!("http://{address}"));
        let person = |user: &LoggedIn| Person::new(address, user.uid.0, "", api.with_token(&user.token));
        Self {
            server,
            address,
            flooders: flooders.iter().map(person).zip(groups).collect(),
            slow: slow.iter().map(person).collect(),
            chats: chatting.chunks(2).map(|pair| [person(&pair[0]), person(&pair[1])]).zip(chats).collect(),
            folder,
        }
    }

    async fn metric(&self, name: &str) -> u64 {
        let page = raw::ask(self.address, "GET", "/metrics", &[], b"").await.body;
        let value = page.lines().find_map(|line| line.strip_prefix(name)).expect("it is there");
        value.parse().expect("a number")
    }

    async fn until(&self, metric: &str, holds: impl Fn(u64) -> bool) {
        let wait = async { while !holds(self.metric(metric).await) {} };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{metric} should have come to it"));
    }

    /// Memory of the server, in bytes.
    fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.server.process.id());
        // Other systems tell it in other ways; there it is not looked at.
        let status = std::fs::read_to_string(path).unwrap_or_else(|_| "VmRSS: 0 kB".to_owned());
        let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
        value.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

/// Keeps the database to itself: until it is dropped nothing can be committed. After a minute the server would
/// call that a fault; what is awaited meanwhile takes a fraction of a second on a machine with nothing else to do.
struct Hold {
    _db: rusqlite::Connection,
}

impl Hold {
    fn take(database: &Path) -> Self {
        let db = rusqlite::Connection::open(database).expect("the database");
        db.busy_timeout(PATIENCE).expect("set");
        db.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
        Self { _db: db }
    }
}

/// Sends everything at once, and what is answered busy again, until all of it is stored.
struct Flooder {
    uid: u64,
    gid: u64,
    socket: Socket,
}

/// What came of it.
struct Flooded {
    /// In the order of the answers: the server's ids, and those that the messages were sent under.
    acked: Vec<(u64, String)>,
    busy: u64,
}

impl Flooder {
    async fn flood(mut self, content: String) -> Flooded {
        let mut flooded = Flooded { acked: Vec::new(), busy: 0 };
        let (incoming, mut outgoing) = self.socket.stream.split();
        let mut incoming = BufReader::new(incoming);
        let mut unanswered: VecDeque<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
        let frames = unanswered.iter().flat_map(|id| message(self.uid, self.gid, &content, id));
        outgoing.write_all(&frames.collect::<Vec<u8>>()).await.expect("sent");
        while let Some(id) = unanswered.pop_front() {
            let heard = timeout(PATIENCE, hear(&mut incoming)).await.expect("an answer in time");
            let Heard::Text(answer) = heard else { panic!("{heard:?} is no answer") };
            let answer: IncomingAnswer = serde_json::from_str(&answer).expect("an answer");
            assert_eq!(answer.client_msg_id, id, "answers come in the order of the questions");
            match (answer.code, answer.server_msg_id) {
                (None, Some(stored)) => flooded.acked.push((stored, id)),
                (Some(503), None) => {
                    flooded.busy += 1;
                    outgoing.write_all(&message(self.uid, self.gid, &content, &id)).await.expect("sent");
                    unanswered.push_back(id);
                }
                _ => panic!("{answer:?}"),
            }
        }
        flooded
    }
}

/// Masked with nothing, which is quicker than with something.
fn message(uid: u64, gid: u64, content: &str, id: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"kind":"Text","uid":{uid},"gid":{gid},"content":"{content}","clientMsgId":"{id}","msgId":null}}"#
    );
    let text = format!(r#"{{"event":"Msg","body":{body}}}"#);
    let mut frame = socket::header(0x81, text.len() as u64);
    let mask = frame.len() - 4;
    frame[mask..].fill(0);
    frame.extend(text.as_bytes());
    frame
}

/// Two who behave: one says something, and waits until the other has heard it.
struct Talk {
    pair: [Device; 2],
    gid: u64,
    said: u64,
}

impl Talk {
    async fn begin(pair: &[Person; 2], gid: u64) -> Self {
        Self { pair: [pair[0].connect().await, pair[1].connect().await], gid, said: 0 }
    }

    async fn say(&mut self) {
        self.said += 1;
        let word = format!("word {}", self.said);
        self.pair[0].put("Msg", self.gid, &word, &word, None).await;
    }

    /// It is acknowledged and has come to the other; the server's id of it.
    async fn is_heard(&mut self) -> u64 {
        let answer = self.pair[0].answer().await;
        let message = self.pair[1].message().await;
        let word = format!("word {}", self.said);
        assert_eq!((answer.code, &answer.client_msg_id), (None, &word), "{answer:?}");
        assert_eq!(
            (Some(message.msg_id), message.seq, message.content),
            (answer.server_msg_id, self.said, word)
        );
        self.pair.reverse();
        message.msg_id
    }

    async fn exchange(&mut self) -> u64 {
        self.say().await;
        self.is_heard().await
    }
}

/// Somebody and the token of a session of theirs.
pub struct LoggedIn {
    pub uid: UserId,
    pub token: String,
}

async fn users(store: &dyn Store, name: &str, count: usize) -> Vec<LoggedIn> {
    users_with(store, name, count, "").await
}

/// Users whose pictures have such an address.
pub async fn users_with(store: &dyn Store, name: &str, count: usize, avatar: &str) -> Vec<LoggedIn> {
    let user = async |number: usize| {
        let account = format!("{name}{number}");
        let user = NewUser {
            name: account.clone(),
            account,
            avatar: avatar.to_owned(),
            email: String::new(),
            password_hash: None,
        };
        let uid = store.create_user(user, Timestamp(0)).await.expect("a user");
        let token = Token::generate().expect("chance");
        let session = NewSession {
            user: uid,
            password_hash: None,
            token_hash: token.hash(),
            device: String::new(),
            address: String::new(),
            now: Timestamp(0),
            expires_at: Timestamp(i64::MAX),
            most: u64::MAX,
        };
        store.create_session(session).await.expect("a session");
        LoggedIn { uid, token: token.to_text() }
    };
    join_all((0..count).map(user)).await
}

async fn group(store: &dyn Store, mode: u8, creator: &LoggedIn, others: &[LoggedIn]) -> u64 {
    let members = others.iter().map(|other| (other.uid, Role::Common)).collect();
    let group = NewGroup { creator: creator.uid, name: String::new(), avatar: String::new(), mode, members };
    store
        .create_group(group, rim_core::contact::Bounds::of_members(1000), Timestamp(0))
        .await
        .expect("a group")
        .0
}

/// Everything in the only group of somebody, as one who comes back asks for it: the server's ids and those of the
/// sender.
async fn synced(person: &Person) -> Vec<(u64, String)> {
    let (mut messages, mut request) = (Vec::new(), SyncRequest::default());
    loop {
        let answer = person.api.sync(&request).await.expect("an answer");
        request.groups.clear();
        for delta in answer.groups {
            let id = |number| Id::try_from(number).expect("below 2^53");
            request.groups.push(GroupRev { gid: id(delta.gid), rev: id(delta.rev), recalled_to: None });
            messages.extend(delta.messages.into_iter().map(|message| (message.id, message.client_msg_id)));
        }
        if !answer.more {
            return messages;
        }
    }
}

/// The same, right from the store.
async fn stored(store: &dyn Store, uid: u64, gid: u64) -> Vec<(u64, String)> {
    let page = Page { number: 1, size: u32::MAX };
    let history = store.history(UserId(uid), GroupId(gid), page, None).await.expect("read");
    let messages = history.expect("a member").messages.into_iter();
    messages.map(|message| (message.id.0, message.client_msg_id)).collect()
}
