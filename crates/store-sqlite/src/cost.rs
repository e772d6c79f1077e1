//! What a commit costs, in instructions: counted and held to a baseline by `make bench-check`.
//!
//! Counted is what the writer's thread does, from BEGIN to what is told, without the kernel and the disk. The
//! tables that are written late are empty here: a message's way to them begins with the 65,536th.

#[path = "../../../benches/count.rs"]
mod count;

use rim_core::contact::Bounds;
use rim_core::event::Ended;
use rim_core::group::{NewGroup, Role};
use rim_core::message::{Kind, Mark, NewMessage, Receipt, Write};
use rim_core::user::NewUser;
use rim_core::{GroupId, MessageId, Origin, SessionId, Timestamp, UserId};
use rim_store::callback;
use rusqlite::Connection;
use tempfile::TempDir;

use self::count::count;
use crate::batch::{Batch, Piece};
use crate::directory::Directory;
use crate::groups::Creating;
use crate::tail::{Size, Tail};
use crate::{connection, migrations, users};

const USERS: u64 = 200;
const GROUPS: u64 = 20;
const MEMBERS: u64 = 20;

/// Commits before those that are counted: every page they touch is in the cache, every statement compiled.
const WARM_UP: usize = 4;

/// A database with people who talk to each other.
struct House<'c> {
    batch: Batch<'c>,
    directory: Directory,
    users: Vec<UserId>,
    groups: Vec<GroupId>,
    /// Messages so far, each of which counts up to it.
    said: u64,
}

/// An empty one, in a folder that goes with it.
fn database() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = connection::read_write(&folder.path().join("rim.db")).expect("a new database");
    connection::make_durable(&db).expect("set up");
    migrations::run(&mut db).expect("brought up to date");
    (folder, db)
}

impl<'c> House<'c> {
    fn new(db: &'c Connection) -> Self {
        let tail = Tail::load(db, Size::STANDARD).expect("read");
        let mut batch = Batch::new(db, tail).expect("ready");
        batch.begin().expect("begun");
        let users: Vec<_> = (0..USERS).map(|number| user(&mut batch, number)).collect();
        let groups: Vec<_> = (0..GROUPS).map(|number| group(&mut batch, number, &users)).collect();
        batch.commit().expect("committed");
        let directory = Directory::load(db).expect("read");
        // Somebody has logged out, as on every server.
        batch.end_sessions(users[0], vec![SessionId(1)], Ended::Revoked);
        batch.committed(&directory);
        Self { batch, directory, users, groups, said: 0 }
    }

    fn message(&mut self) -> Write {
        self.said += 1;
        let number = mixed(self.said);
        let group = number % GROUPS;
        Write::Append(NewMessage {
            group: self.groups[group as usize],
            sender: self.member(group, number >> 16),
            client_msg_id: format!("{number:032x}"),
            kind: Kind::Text,
            content: "m".repeat(100),
            session: Some(SessionId(2)),
            now: Timestamp(1_790_000_000_000),
            origin: Origin(1),
        })
    }

    /// Somebody has read what was said just now.
    fn mark(&self, number: u64) -> Write {
        let number = mixed(number);
        // A message of that group: the numbers of messages are their ids.
        let message = (1..=self.said).rev().find(|said| mixed(*said) % GROUPS == number % GROUPS);
        Write::Mark(Mark {
            group: self.groups[(number % GROUPS) as usize],
            user: self.member(number % GROUPS, number >> 16),
            message: MessageId(message.expect("something was said in every group")),
            receipt: Receipt::Read,
            session: Some(SessionId(2)),
            now: Timestamp(1_790_000_000_000),
            origin: Origin(1),
        })
    }

    fn member(&self, group: u64, number: u64) -> UserId {
        self.users[((group + number % MEMBERS) % USERS) as usize]
    }

    /// Carries out each of `batches` in a commit of its own, as the writer does.
    fn commit(&mut self, batches: Vec<Vec<Write>>) {
        for writes in batches {
            self.batch.begin().expect("begun");
            for write in writes {
                self.batch.write(write, callback(drop)).expect("written");
            }
            self.batch.commit().expect("committed");
            assert!(!self.batch.committed(&self.directory).is_empty());
        }
    }
}

/// Spreads over groups and members without a pattern that caches would like.
const fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

fn user(batch: &mut Batch<'_>, number: u64) -> UserId {
    let user = NewUser {
        account: format!("user{number}"),
        name: "name".into(),
        avatar: String::new(),
        email: String::new(),
        password_hash: None,
    };
    users::create(batch, &user, Timestamp(0)).expect("a user")
}

fn group(batch: &mut Batch<'_>, number: u64, users: &[UserId]) -> GroupId {
    let members = (0..MEMBERS).map(|n| (users[((number + n) % USERS) as usize], Role::Common)).collect();
    let creator = users[number as usize];
    let group = NewGroup { creator, name: "group".into(), avatar: String::new(), mode: 2, members };
    match Creating::new(group, Bounds::of_members(1000), Timestamp(0)).next(batch) {
        Ok(Piece::Last(group)) => group,
        _ => panic!("a small group is created at once"),
    }
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
