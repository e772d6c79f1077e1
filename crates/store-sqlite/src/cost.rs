//! What a commit costs, in instructions: counted and held to a baseline by `make bench-check`.
//!
//! Counted is what the writer's thread does, from BEGIN to what is told, without the kernel and the disk. The
//! tables that are written late are empty here: a message's way to them begins with the 65,536th.

#[path = "../../../benches/count.rs"]
mod count;

use std::sync::Arc;
use std::time::Duration;

use rim_core::contact::Bounds;
use rim_core::event::{Change, Ended};
use rim_core::group::{NewGroup, Role};
use rim_core::message::{Mark, MessageKind, NewMessage, Receipt, Write};
use rim_core::user::NewUser;
use rim_core::{ConnectionId, GroupId, MessageId, SessionId, Timestamp, UserId};
use rim_store::{CommitObserver, Groups, Store, Tx, Users, callback};
use rusqlite::Connection;
use tempfile::TempDir;

use self::count::count;
use crate::batch::Batch;
use crate::published_heads::PublishedHeads;
use crate::tail::{Size, Tail};
use crate::{Options, SqliteStore, connection};

const USERS: u64 = 200;
const GROUPS: u64 = 20;
const MEMBERS: u64 = 20;

/// Commits before those that are counted: every page they touch is in the cache, every statement compiled.
const WARM_UP: usize = 4;

/// A database with people who talk to each other.
struct House<'c> {
    batch: Batch<'c>,
    published: PublishedHeads,
    /// Messages so far, each of which counts up to it.
    said: u64,
}

/// One with people and groups, in a folder that goes with it.
fn database() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rim.db");
    let options = Options { path: path.clone(), readers: 1, observer: Arc::new(Unobserved) };
    let (store, _feed) = SqliteStore::open(options).expect("a new database");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        for number in 0..USERS {
            assert_eq!(user(&store, number).await.0, number + 1);
        }
        for number in 0..GROUPS {
            assert_eq!(group(&store, number).await.0, number + 1);
        }
        store.close().await;
    });
    let db = connection::read_write(&path).expect("the database");
    connection::make_durable(&db).expect("set up");
    (folder, db)
}

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

impl<'c> House<'c> {
    fn new(db: &'c Connection) -> Self {
        let tail = Tail::load(db, Size::STANDARD).expect("read");
        let mut batch = Batch::new(db, tail).expect("ready");
        let published = PublishedHeads::load(db).expect("read");
        batch.begin().expect("begun");
        // What messages touch is in memory, as on a server that runs.
        let groups: Vec<_> = (1..=GROUPS).map(GroupId).collect();
        batch.lock_groups(&groups).expect("they are there");
        for sql in [
            "SELECT sum(rev) FROM users",
            "SELECT sum(last_rev) FROM groups",
            "SELECT sum(joined_at) FROM members",
        ] {
            db.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("read");
        }
        // Somebody has logged out, as on every server.
        let ended =
            Change::SessionsEnded { user: UserId(1), sessions: vec![SessionId(1)], why: Ended::Revoked };
        batch.tell(ended);
        batch.commit().expect("committed");
        batch.committed(&published);
        Self { batch, published, said: 0 }
    }

    fn message(&mut self) -> Write {
        self.said += 1;
        let number = mixed(self.said);
        let group = number % GROUPS;
        Write::Append(NewMessage {
            extras: None,
            group: GroupId(group + 1),
            sender: member(group, number >> 16),
            client_msg_id: format!("{number:032x}"),
            kind: MessageKind::Text,
            content: "m".repeat(100),
            session: Some(SessionId(2)),
            now: Timestamp(1_790_000_000_000),
            connection: ConnectionId(1),
        })
    }

    /// Somebody has read what was said just now.
    fn mark(&self, number: u64) -> Write {
        let number = mixed(number);
        // A message of that group: the numbers of messages are their ids.
        let message = (1..=self.said).rev().find(|said| mixed(*said) % GROUPS == number % GROUPS);
        Write::Mark(Mark {
            group: GroupId(number % GROUPS + 1),
            user: member(number % GROUPS, number >> 16),
            message: MessageId(message.expect("something was said in every group")),
            receipt: Receipt::Read,
            session: Some(SessionId(2)),
            now: Timestamp(1_790_000_000_000),
            connection: ConnectionId(1),
        })
    }

    /// Carries out each of `batches` in a commit of its own, as the writer does.
    fn commit(&mut self, batches: Vec<Vec<Write>>) {
        for writes in batches {
            self.batch.begin().expect("begun");
            for write in writes {
                self.batch.write(write, callback(drop)).expect("written");
            }
            self.batch.commit().expect("committed");
            assert!(!self.batch.committed(&self.published).is_empty());
        }
    }
}

/// Spreads over groups and members without a pattern that caches would like.
const fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

fn member(group: u64, number: u64) -> UserId {
    UserId((group + number % MEMBERS) % USERS + 1)
}

async fn user(store: &SqliteStore, number: u64) -> UserId {
    let user = NewUser {
        account: format!("user{number}"),
        name: "name".into(),
        avatar: String::new(),
        email: String::new(),
        password_hash: None,
    };
    store.create_user(user, Timestamp(0)).await.expect("a user")
}

async fn group(store: &SqliteStore, number: u64) -> GroupId {
    let members = (0..MEMBERS).map(|n| (member(number, n), Role::Common)).collect();
    let creator = member(number, 0);
    let group = NewGroup { creator, name: "group".into(), avatar: String::new(), mode: 2, members };
    store.create_group(group, Bounds::of_members(1000), Timestamp(0)).await.expect("a group")
}

/// `commits` of `size` messages each.
fn messages(commits: usize, size: usize) {
    let (_folder, db) = database();
    let mut house = House::new(&db);
    let mut batches: Vec<Vec<Write>> =
        (0..WARM_UP + commits).map(|_| (0..size).map(|_| house.message()).collect()).collect();
    let counted = batches.split_off(WARM_UP);
    house.commit(batches);
    count(commits * size, || house.commit(counted));
}

#[test]
#[ignore = "counted by make bench-check"]
fn store_a_message_alone_in_its_commit() {
    messages(100, 1);
}

#[test]
#[ignore = "counted by make bench-check"]
fn store_one_of_32_messages_in_a_commit() {
    messages(20, 32);
}

#[test]
#[ignore = "counted by make bench-check"]
fn store_one_of_512_messages_in_a_commit() {
    messages(4, 512);
}

#[test]
#[ignore = "counted by make bench-check"]
fn store_one_of_32_receipts_in_a_commit() {
    let (_folder, db) = database();
    let mut house = House::new(&db);
    let mut batches: Vec<Vec<Write>> = Vec::new();
    for commit in 0..WARM_UP as u64 + 10 {
        // Something new to read, or the receipts would change nothing.
        batches.push((0..64).map(|_| house.message()).collect());
        batches.push((0..32).map(|n| house.mark(commit * 32 + n)).collect());
    }
    let counted = batches.split_off(2 * WARM_UP);
    house.commit(batches);
    let (mut receipts, mut sent) = (Vec::new(), Vec::new());
    for (number, batch) in counted.into_iter().enumerate() {
        if number % 2 == 0 { sent.push(batch) } else { receipts.push(batch) }
    }
    house.commit(sent);
    count(receipts.len() * 32, || house.commit(receipts));
}
