//! Stores with something of everything in them, and what they answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rim_core::contact::{AskBounds, Bounds};
use rim_core::file::{Blob, Facts, FileId, FileLimits, Hash, NewFile, Thumbs};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::gallery::Part;
use rim_core::group::{NewGroup, NewSettings, Role, SINGLE_MODE, Who};
use rim_core::message::{Extras, Mark, MessageKind, NewMessage, Page, Receipt, Write, Written};
use rim_core::note::{Act, Windows};
use rim_core::schedule::{Planned, Scheduled, Turn};
use rim_core::session::NewSession;
use rim_core::sync::SyncQuery;
use rim_core::upload::NewUpload;
use rim_core::user::{NewUser, ProfileChange};
use rim_core::{ConnectionId, GroupId, MessageId, Seq, SessionId, Timestamp, UserId};
use rim_server::config::Database;
use rim_server::migrate::{self, Progress, Side, Verified};
use rim_server::storage::{Folder, Key, ObjectArchive, Storage};
use rim_server::store::{self, Unobserved};
use rim_store::consumers::{Begin, InStore, Room};
use rim_store::{Acting, Committed, Feed, Store, callback};
use rim_store_postgres::{OpenError, PostgresArchive};
use rim_store_sqlite::SqliteArchive;
use rim_testbed::Postgres;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Where a store is.
pub enum Place {
    Folder(TempDir),
    Server(Postgres),
}

impl Place {
    pub fn folder() -> Self {
        Self::Folder(tempfile::tempdir().expect("a folder"))
    }

    pub fn server() -> Self {
        Self::Server(rim_testbed::postgres())
    }

    pub fn database(&self) -> Database {
        match self {
            Self::Folder(folder) => Database::Sqlite(file(folder.path())),
            Self::Server(server) => Database::Postgres(server.url()),
        }
    }

    /// As the command opens what it moves from,
    pub async fn source(&self) -> Side {
        match self {
            Self::Folder(folder) => side_in(folder.path()),
            Self::Server(server) => {
                self.side_of(PostgresArchive::source(&server.url()).await.expect("a source"))
            }
        }
    }

    /// and what it moves to.
    pub async fn target(&self) -> Side {
        match self {
            Self::Folder(folder) => side_in(folder.path()),
            Self::Server(server) => {
                // Whoever filled it before is gone when PostgreSQL has seen that their connection is.
                let target = loop {
                    match PostgresArchive::target(&server.url()).await {
                        Err(OpenError::BeingFilled) => tokio::task::yield_now().await,
                        opened => break opened.expect("a target"),
                    }
                };
                self.side_of(target)
            }
        }
    }

    fn side_of(&self, store: PostgresArchive) -> Side {
        Side { name: self.database().to_string(), store: Box::new(store), objects: None }
    }

    /// Whether no server opens it, as not everything has come.
    pub async fn is_unfinished(&self) -> bool {
        let opened = store::open(&self.database(), 1, Arc::new(Unobserved)).await;
        match opened {
            Ok(opened) => {
                opened.store.close().await;
                false
            }
            Err(error) => {
                let why = format!("{error:#}");
                assert!(why.contains("has not come to its end: run `rim migrate` again"), "{why}");
                true
            }
        }
    }

    /// Changes what is in it behind everybody's back.
    pub async fn execute(&self, sql: &str) {
        match self {
            Self::Folder(folder) => {
                let db = rusqlite::Connection::open(file(folder.path())).expect("a database");
                db.execute_batch(sql).expect("done");
            }
            Self::Server(server) => {
                let connected = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await;
                let (client, connection) = connected.expect("connected");
                tokio::select! {
                    done = client.batch_execute(sql) => done.expect("done"),
                    _ = connection => panic!("the connection ended"),
                }
            }
        }
    }
}

fn side_in(folder: &Path) -> Side {
    let media = Folder::open(folder, TaskTracker::new()).expect("a folder");
    Side {
        name: Database::Sqlite(file(folder)).to_string(),
        store: Box::new(SqliteArchive::open(&file(folder)).expect("a database")),
        objects: Some(Box::new(ObjectArchive::new(Arc::new(media)))),
    }
}

pub fn file(folder: &Path) -> PathBuf {
    folder.join("rim.db")
}

/// Moves everything.
pub async fn move_all(from: &Place, to: &Place) -> Vec<Verified> {
    let (mut from, mut to) = (from.source().await, to.target().await);
    begin(&mut from, &mut to).await.expect("begun");
    migrate::copy(&mut from, &mut to, &mut Progress::silent()).await.expect("copied");
    migrate::verify(&mut from, &mut to, &mut Progress::silent()).await.expect("the same")
}

pub async fn begin(from: &mut Side, to: &mut Side) -> anyhow::Result<()> {
    migrate::begin(from, to, Duration::MAX, false).await
}

/// An open store.
pub struct House {
    pub store: Arc<dyn Store>,
    draining: JoinHandle<()>,
}

impl House {
    pub async fn open(place: &Place) -> Self {
        let opened = store::open(&place.database(), 2, Arc::new(Unobserved)).await.expect("it opens");
        Self { store: opened.store, draining: tokio::spawn(drain(opened.feed)) }
    }

    pub async fn close(self) {
        self.store.close().await;
        self.draining.await.expect("the feed ends");
    }

    pub async fn send(&self, group: GroupId, sender: UserId, id: &str, content: &str) -> MessageId {
        self.send_with(group, sender, id, content, None).await
    }

    async fn send_with(
        &self,
        group: GroupId,
        sender: UserId,
        id: &str,
        content: &str,
        extras: Option<Extras>,
    ) -> MessageId {
        let message = NewMessage {
            extras: extras.map(Box::new),
            group,
            sender,
            client_msg_id: id.to_owned(),
            kind: MessageKind::Text,
            content: content.to_owned(),
            session: None,
            now: NOW,
            connection: ConnectionId(0),
        };
        match self.write(Write::Append(message)).await {
            Written::Appended { id, .. } => id,
            Written::Marked => panic!("it was a message"),
        }
    }

    async fn act(&self, user: UserId, group: GroupId, message: MessageId, act: Act) {
        let windows = Windows { edit_ms: None, recall_ms: None };
        let connection = ConnectionId(0);
        let acting = Acting { user, group, message, act, windows, session: None, now: NOW, connection };
        self.store.act(acting).await.expect("done");
    }

    async fn mark(&self, group: GroupId, user: UserId, message: MessageId, receipt: Receipt) {
        let mark =
            Mark { group, user, message, receipt, session: None, now: NOW, connection: ConnectionId(0) };
        self.write(Write::Mark(mark)).await;
    }

    /// A consumer of that name has seen what there is of the group.
    async fn consume(&self, name: &'static str, group: GroupId) {
        let held = self.store.hold_consumer(name, Begin::First, 1, NOW, LATER).await.expect("asked");
        let hold = held.expect("nobody else has it").hold;
        let room = Room { rows: 100, bytes: 1 << 20 };
        let portions = Arc::new(self.store.unseen(hold, vec![group], room).await.expect("read"));
        assert!(self.store.consume(hold, portions, InStore::nothing()).await.expect("written"), "held");
        self.store.let_go_consumer(hold).await.expect("let go");
    }

    async fn write(&self, write: Write) -> Written {
        let (done, answer) = oneshot::channel();
        let tell = move |result| drop(done.send(result));
        self.store.submit(write, callback(tell)).expect("room");
        answer.await.expect("answered").expect("written")
    }

    pub async fn user(&self, account: &str, name: &str, password: Option<&str>) -> UserId {
        let user = NewUser {
            account: account.to_owned(),
            name: name.to_owned(),
            avatar: String::new(),
            email: format!("{name}@example.org"),
            password_hash: password.map(str::to_owned),
        };
        self.store.create_user(user, NOW).await.expect("created")
    }

    pub async fn session(&self, user: UserId, token: u8, expires_at: Timestamp) -> SessionId {
        let known = self.store.credentials_of(user).await.expect("read").expect("somebody");
        let session = NewSession {
            user,
            password_hash: known.password_hash,
            token_hash: [token; 32],
            device: ODD.to_owned(),
            address: "::1".to_owned(),
            now: NOW,
            expires_at,
            most: u64::MAX,
        };
        self.store.create_session(session).await.expect("created")
    }

    pub async fn group(&self, creator: UserId, members: &[UserId], mode: u8, name: &str) -> GroupId {
        let members = members.iter().map(|user| (*user, Role::Common)).collect();
        let group = NewGroup { creator, name: name.to_owned(), avatar: String::new(), mode, members };
        self.store.create_group(group, Bounds::of_members(100), NOW).await.expect("created")
    }
}

/// Calls back whoever waits. Nobody is told of what changed.
async fn drain(mut feed: Feed) {
    while let Some(commit) = feed.recv().await {
        for entry in commit {
            if let Committed::Answer { done, result } = entry {
                done(result).wake();
            }
        }
    }
}

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LATER: Timestamp = Timestamp(NOW.0 + 1_000_000);
/// What SQLite, PostgreSQL and people understand by text is not the same.
const ODD: &str = "\0a\u{1}b\0\u{1}0 'quoted' \\ 😀 中文 é\r\n\t\u{10ffff}";

/// What [`fill`] has made, as far as somebody asks for it.
pub struct Known {
    pub anna: UserId,
    pub bob: UserId,
    pub group: GroupId,
    /// Anna's, by what she calls it.
    pub sent: (&'static str, MessageId),
    /// The highest ids that were given out.
    pub last_message: MessageId,
    pub last_group: GroupId,
    pub last_user: UserId,
    /// Of one that has ended.
    pub last_session: SessionId,
}

/// A store in a folder with something of everything in it.
pub async fn filled() -> (Place, Known) {
    let place = Place::folder();
    let house = House::open(&place).await;
    let known = fill(&house).await;
    house.close().await;
    let Place::Folder(folder) = &place else { panic!("it is a folder") };
    let pictures = folder.path().join("media/avatars");
    fs::create_dir_all(&pictures).expect("a folder");
    for (number, extension) in ["png", "jpg", "gif", "webp"].iter().enumerate() {
        let content = vec![number as u8; number * 100_000];
        fs::write(pictures.join(format!("{:064x}.{extension}", number * 7)), content).expect("a picture");
    }
    // What a killed server leaves is no picture.
    fs::write(pictures.join("unfinished-0"), b"PNG").expect("a file");
    put_files(folder.path()).await;
    (place, known)
}

/// Files of sizes around those that rows and answers have, and a preview.
async fn put_files(folder: &Path) {
    let media = Folder::open(folder, TaskTracker::new()).expect("a folder");
    for (number, size) in [0, 1, 262_144, 262_145, 1_500_000].into_iter().enumerate() {
        let hash = Hash([number as u8; 32]);
        media.put(&Key::Blob(hash), vec![number as u8; size].into()).await.expect("put");
        media.put(&Key::Preview(hash, 320), vec![1; 1000].into()).await.expect("put");
    }
}

async fn fill(house: &House) -> Known {
    let store = &house.store;
    let anna = house.user("anna", "Anna", Some("$argon2id$anna")).await;
    let bob = house.user(" BOB ", ODD, Some("$argon2id$bob")).await;
    let carol = house.user("carol", "", None).await;
    let dave = house.user("дейв", "Dave", Some("$argon2id$dave")).await;
    let profile = ProfileChange { avatar: Some(ODD.to_owned()), ..ProfileChange::default() };
    store.update_profile(carol, profile, NOW).await.expect("changed");

    house.session(anna, 1, LATER).await;
    house.session(bob, 2, NOW).await;
    house.session(dave, 3, LATER).await;
    store.set_disabled(dave, true, NOW).await.expect("disabled");
    let last_session = house.session(bob, 4, LATER).await;
    store.end_session(bob, last_session).await.expect("ended");

    for (user, other, action) in [
        (anna, bob, FriendAction::Ask),
        (bob, anna, FriendAction::Accept),
        (anna, carol, FriendAction::Ask),
        (bob, carol, FriendAction::Ask),
        (carol, bob, FriendAction::Decline),
    ] {
        assert!(store.befriend(user, other, action, AskBounds::NONE, NOW).await.expect("done"));
    }

    let group = house.group(anna, &[bob, carol], 2, ODD).await;
    let sent = ("a resent one", house.send(group, anna, "a resent one", "hello").await);
    house.send(group, bob, ODD, ODD).await;
    house.send(group, bob, "empty", "").await;
    let read = house.send(group, anna, "long", &"long 😀 ".repeat(6000)).await;
    house.mark(group, bob, read, Receipt::Read).await;
    house.mark(group, carol, read, Receipt::Delivered).await;
    house.consume("somebody", group).await;
    // She comes back, twice, and does not see what was said meanwhile.
    for number in 0..2 {
        store.remove_members(anna, group, vec![carol], NOW).await.expect("removed");
        house.send(group, anna, &format!("without {number}"), "she is away").await;
        store.add_members(anna, group, vec![carol], Bounds::of_members(100), NOW).await.expect("added");
        house.send(group, carol, &format!("with {number}"), "I am back").await;
    }
    store.set_role(anna, group, bob, Role::Admin, NOW).await.expect("changed");

    let single = house.group(anna, &[bob], SINGLE_MODE, "").await;
    house.send(single, bob, "a resent one", "the same id, elsewhere").await;
    let left = house.group(bob, &[anna, dave], 2, "left").await;
    house.send(left, dave, "1", "who is disabled by now").await;
    store.remove_members(dave, left, vec![dave], NOW).await.expect("left");
    store.delete_chat(bob, left, None, NOW).await.expect("deleted");
    store.mark_all_read(dave, left, NOW).await.expect("read");
    // Anna has done with one that she has left.
    let forgotten = house.group(bob, &[anna], 2, "forgotten").await;
    house.send(forgotten, anna, "1", "whatever").await;
    store.remove_members(anna, forgotten, vec![anna], NOW).await.expect("left");
    store.delete_chat(anna, forgotten, None, NOW).await.expect("deleted");
    what_was(house, [anna, bob]).await;
    let dissolved = house.group(carol, &[anna, bob], 7, "dissolved").await;
    house.send(dissolved, carol, "1", "the last word").await;
    store.dissolve_group(carol, dissolved, NOW).await.expect("dissolved");
    let silent = house.group(anna, &[carol], 2, "silent").await;
    let profile = ProfileChange { name: Some("Bob, renamed".to_owned()), ..ProfileChange::default() };
    store.update_profile(bob, profile, NOW).await.expect("changed");

    // A picture that somebody has uploaded and shown to others.
    let name = format!("{:064x}.jpg", 7);
    let upload = NewUpload { user: anna, name: name.clone(), size_bytes: 100_000, was_there: false };
    store.keep_upload(upload, 1 << 30, NOW).await.expect("kept");
    house.send(group, anna, "picture", &format!("/media/avatars/{name}")).await;

    live(house, [anna, bob], group, sent.1).await;
    files(house, anna, group).await;

    // Enough for several chunks.
    let text = "x".repeat(60_000);
    let mut last_message = sent.1;
    for number in 0..100 {
        let (group, sender) = if number % 3 == 0 { (single, anna) } else { (group, bob) };
        last_message = house.send(group, sender, &format!("long {number}"), &text).await;
    }
    Known { anna, bob, group, sent, last_message, last_group: silent, last_user: dave, last_session }
}

/// A message that is another since somebody left.
async fn what_was(house: &House, [anna, bob]: [UserId; 2]) {
    let group = house.group(anna, &[bob], 2, "what was").await;
    let extras = Extras { mentions: vec![bob], ..Extras::default() };
    let sent = house.send_with(group, anna, "what was", "@bob", Some(extras)).await;
    house.act(anna, group, sent, Act::Pin).await;
    house.store.remove_members(bob, group, vec![bob], NOW).await.expect("left");
    house.act(anna, group, sent, Act::Unpin).await;
    let (client_msg_id, content) = ("what is".to_owned(), "nobody".to_owned());
    let edit = Act::Edit { client_msg_id, kind: None, content, mentions: Vec::new(), mention_all: false };
    house.act(anna, group, sent, edit).await;
}

/// What happens to messages after they were sent.
async fn live(house: &House, [anna, bob]: [UserId; 2], group: GroupId, sent: MessageId) {
    let store = &house.store;
    let edit = |id: &str, content: &str| Act::Edit {
        client_msg_id: id.to_owned(),
        kind: None,
        content: content.to_owned(),
        mentions: vec![bob],
        mention_all: true,
    };
    for act in [edit("e1", "edited"), edit("e2", ODD), Act::Pin, Act::React { emoji: "👍".to_owned() }] {
        house.act(anna, group, sent, act).await;
    }
    house.act(bob, group, sent, Act::React { emoji: "🎉".to_owned() }).await;
    let extras = Extras { reply_to: Some(sent), mentions: vec![anna], ..Extras::default() };
    let answer = house.send_with(group, bob, "an answer", "@anna", Some(extras)).await;
    let recalled = house.send(group, bob, "recalled", "secret").await;
    house.act(bob, group, recalled, edit("e1", "secret too")).await;
    house.act(bob, group, recalled, Act::Recall).await;
    house.send(group, anna, "link", "see https://example.org").await;
    for seconds in [60, 5_000, 0] {
        let settings =
            NewSettings { who_pins: Some(Who::All), expire_seconds: Some(seconds), ..NewSettings::default() };
        store.set_group_settings(anna, group, settings, NOW).await.expect("changed");
        house.send(group, anna, &format!("expires after {seconds}"), "soon").await;
    }
    for (group, places) in store.due_messages(LATER, 10).await.expect("listed") {
        store.expire(group, places, LATER).await.expect("expired");
    }
    store.star(bob, group, answer, NOW).await.expect("starred");
    store.hide(bob, group, vec![recalled], NOW).await.expect("hidden");
    store.clear(bob, group, Some(Seq(1)), NOW).await.expect("cleared");
    let what = Planned {
        kind: MessageKind::Text.code(),
        content: ODD.to_owned(),
        reply_to: Some(answer),
        mentions: vec![bob],
        mention_all: false,
    };
    let (id, send_at, created_at) = (7, LATER, NOW);
    let planned = Scheduled { id, user: anna, group, send_at, created_at, what, failed: None };
    store.schedule(Scheduled { id: 8, ..planned.clone() }, NOW).await.expect("scheduled");
    store.cancel_scheduled(anna, 8, NOW).await.expect("cancelled");
    store.schedule(planned, NOW).await.expect("scheduled");
}

/// Files that messages and people show, one that nothing does, and what nodes have in common.
async fn files(house: &House, anna: UserId, group: GroupId) {
    let store = &house.store;
    let much = FileLimits { max_bytes: 1000, stored_bytes: 1000, day_bytes: 1000, transfers: 1 };
    let mut ids = Vec::new();
    for number in 1..=3_u8 {
        let facts = Facts { width: Some(3), height: Some(2), thumbs: Thumbs::of(&[320]), ..Facts::default() };
        let hash = Hash([number; 32]);
        let blob = Blob { hash, size_bytes: 100, thumbs: facts.thumbs };
        store.claim_blob(blob, NOW).await.expect("claimed");
        let (id, name, mime) = (FileId::new([number; 16]), ODD.to_owned(), "image/png".to_owned());
        let file = NewFile { id, owner: anna, hash, name, size_bytes: 100, mime, facts, transfer: None };
        store.add_file(file, much, NOW).await.expect("there is room").expect("its blob is there");
        ids.push(id);
    }
    let message = NewMessage {
        extras: None,
        group,
        sender: anna,
        client_msg_id: "a file".to_owned(),
        kind: MessageKind::Image,
        content: format!(r#"{{"file":"{}"}}"#, ids[0]),
        session: None,
        now: NOW,
        connection: ConnectionId(0),
    };
    house.write(Write::Append(message)).await;
    let avatar = Some(format!("/media/files/{}", ids[1]));
    store
        .update_profile(anna, ProfileChange { avatar, ..ProfileChange::default() }, NOW)
        .await
        .expect("shown");
    store.secret("links", [0; 32]).await.expect("drawn");
}

/// Everything that the store answers about what it holds.
pub async fn answers(place: &Place) -> Vec<String> {
    let house = House::open(place).await;
    let store = &house.store;
    let mut answers = Vec::new();
    answers.push(format!("{:?}", store.blobs(None, 10).await));
    answers.push(format!("{:?}", store.secret("links", [9; 32]).await));
    let users = store.list_users(UserId(0), 100).await.expect("listed");
    answers.push(format!("{users:?}"));
    for token in 0..6 {
        answers.push(format!("{:?}", store.session_by_token([token; 32], NOW).await));
    }
    for user in users.into_iter().map(|record| record.user) {
        let states = [Friendship::None, Friendship::Incoming, Friendship::Outgoing, Friendship::Friends];
        for state in states {
            answers.push(format!("{:?}", store.friends(user.id, &[state]).await));
        }
        answers.push(format!("{:?}", store.credentials(&user.account).await));
        for number in 1..=3 {
            answers.push(format!("{:?}", store.visible_file(user.id, FileId::new([number; 16])).await));
        }
        answers.push(format!("{:?}", store.sessions(user.id, Timestamp(0)).await));
        answers.push(format!("{:?}", store.groups_of(user.id).await));
        answers.push(format!("{:?}", store.chats(user.id, Page { number: 1, size: 50 }).await));
        for group in 1..10 {
            answers.push(format!("{:?}", store.members(user.id, GroupId(group)).await));
            for number in 1..4 {
                let page = Page { number, size: 50 };
                answers.push(format!("{:?}", store.history(user.id, GroupId(group), page, None).await));
            }
        }
        answers
            .push(format!("{:?}", store.mentions(user.id, None, None, Page { number: 1, size: 50 }).await));
        answers.push(format!("{:?}", store.stars(user.id, None, 0, 50, usize::MAX).await));
        answers.push(format!("{:?}", store.scheduled_part(user.id, None, Turn::FIRST, usize::MAX).await));
        for group in (1..10).map(GroupId) {
            answers.push(format!("{:?}", store.gallery(user.id, group, Part::Link, None, 50).await));
            answers.push(format!(
                "{:?} {:?}",
                store.pins(user.id, group).await,
                store.group_settings(user.id, group).await
            ));
            for message in (1..20).map(MessageId) {
                answers.push(format!("{:?}", store.edits(user.id, group, message).await));
                let page = Page { number: 1, size: 50 };
                answers.push(format!("{:?}", store.reactors(user.id, group, message, None, page).await));
                answers.push(format!("{:?}", store.replies(user.id, group, message, Seq(0), 50).await));
            }
        }
        let mut query = SyncQuery { limit: 30, ..SyncQuery::default() };
        loop {
            let page = store.sync(user.id, query.clone()).await.expect("synced");
            query.rev = page.rev;
            for delta in &page.groups {
                query.groups.retain(|(group, _)| *group != delta.group_id);
                query.groups.push((delta.group_id, delta.rev));
            }
            let more = page.more;
            answers.push(format!("{page:?}"));
            if !more {
                break;
            }
        }
    }
    house.close().await;
    answers
}
