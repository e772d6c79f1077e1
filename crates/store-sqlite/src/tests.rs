//! What the suite cannot see from outside: faults, kills, the files themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use rim_core::event::{Change, Committed, Feed};
use rim_core::group::{NewGroup, Role};
use rim_core::message::{Chat, Kind, NewMessage, Page, Write, Written};
use rim_core::store::{CommitObserver, Store, StoreError};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::user::NewUser;
use rim_core::{GroupId, Origin, Refusal, Seq, Timestamp, UserId};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::directory::Directory;
use crate::{BackupError, OpenError, Options, SqliteStore, backup, failure, groups, migrations};

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

fn open(path: &Path) -> Result<(SqliteStore, Feed), OpenError> {
    SqliteStore::open(Options { path: path.to_owned(), readers: 1, observer: Arc::new(Unobserved) })
}

type Answer = Pin<Box<dyn Future<Output = Result<(), StoreError>>>>;

/// A store with one group of anna and bob.
struct House {
    folder: TempDir,
    store: Arc<SqliteStore>,
    feed: Feed,
    anna: UserId,
    bob: UserId,
    group: GroupId,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, mut feed) = open(&folder.path().join("rim.db")).expect("a new store");
        let (anna, bob) = (user(&store, "anna").await, user(&store, "bob").await);
        let group = store.create_group(new_group(anna, bob), 100, Timestamp(1)).await.expect("a group");
        while feed.try_recv().is_ok() {}
        Self { folder, store: Arc::new(store), feed, anna, bob, group }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rim.db")
    }

    fn message(&self, client_msg_id: &str, content: &str) -> NewMessage {
        NewMessage {
            group: self.group,
            sender: self.anna,
            client_msg_id: client_msg_id.into(),
            kind: Kind::Text,
            content: content.into(),
            now: Timestamp(2),
            origin: Origin(0),
        }
    }

    fn submit(&self, message: NewMessage) -> oneshot::Receiver<Result<Written, StoreError>> {
        let (tell, answer) = oneshot::channel();
        let done = Box::new(move |result| tell.send(result).expect("the test waits"));
        self.store.submit(Write::Append(message), done).expect("room in the queue");
        answer
    }

    async fn send(&mut self, client_msg_id: &str, content: &str) -> Seq {
        let mut answer = self.submit(self.message(client_msg_id, content));
        loop {
            // Before it there may be commits that nobody has asked about.
            tell(self.feed.recv().await.expect("a commit"));
            if let Ok(answer) = answer.try_recv() {
                return place(answer.expect("stored"));
            }
        }
    }

    /// Queues a use case at once, as `submit` does a write.
    fn call(&self, work: impl FnOnce(&mut Batch<'_>) -> failure::Result<()> + Send + 'static) -> Answer {
        let store = Arc::clone(&self.store);
        let mut call: Answer = Box::pin(async move { store.writer.call(work).await });
        // The first poll queues it and finds no answer yet.
        let mut context = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
        call
    }

    /// Keeps the writer busy, so that what is queued meanwhile becomes one batch, until the sender is dropped.
    fn hold_writer(&self) -> (mpsc::Sender<()>, Answer) {
        let ((hold, held), (tell, began)) = (mpsc::channel::<()>(), mpsc::channel());
        let answer = self.call(move |_| {
            let _ = tell.send(());
            let _ = held.recv();
            Ok(())
        });
        began.recv().expect("the writer has taken it");
        (hold, answer)
    }

    async fn contents(&self) -> Vec<String> {
        let page = Page { number: 1, size: 100_000 };
        let history = self.store.history(self.anna, self.group, page, None).await.expect("read");
        history.expect("a member").messages.into_iter().map(|message| message.content).collect()
    }

    /// What the readers are told of every group is what is committed.
    fn check_directory(&self) {
        let db = crate::connection::read_only(&self.path()).expect("open");
        let (told, committed) = (&self.store.directory, Directory::load(&db).expect("read"));
        for group in 0..=self.group.0 + 1 {
            let group = GroupId(group);
            assert_eq!(told.look().head(group), committed.look().head(group), "group {group}");
        }
    }
}

fn new_group(creator: UserId, other: UserId) -> NewGroup {
    NewGroup {
        creator,
        name: "group".into(),
        avatar: String::new(),
        mode: 2,
        members: vec![(other, Role::Common)],
    }
}

async fn user(store: &SqliteStore, account: &str) -> UserId {
    let user = NewUser {
        account: account.into(),
        name: account.into(),
        avatar: String::new(),
        email: String::new(),
        password_hash: None,
    };
    store.create_user(user, Timestamp(0)).await.expect("a user")
}

/// Does what the server does with a commit, and gives back its changes.
fn tell(commit: Vec<Committed>) -> Vec<Change> {
    let mut changes = Vec::new();
    for entry in commit {
        match entry {
            Committed::Answer { done, result } => done(result),
            Committed::Change(change) => changes.push(change),
        }
    }
    changes
}

fn place(written: Written) -> Seq {
    match written {
        Written::Appended { seq, .. } => seq,
        Written::Marked => panic!("not an answer to a message"),
    }
}

#[tokio::test]
async fn a_database_of_a_newer_rim_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rim.db");
    let (store, _feed) = open(&path).expect("a new store");
    store.close().await;
    let db = rusqlite::Connection::open(&path).expect("open");
    db.pragma_update(None, "user_version", 99).expect("update");
    drop(db);
    let before = fs::read(&path).expect("read");

    let error = open(&path).err().expect("refused");
    assert_eq!(
        error.to_string(),
        format!(
            "the database was written by a newer rim: it has version 99, this rim knows {}",
            crate::migrations::VERSION
        )
    );
    assert!(fs::read(&path).expect("read") == before);
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.txt");
    let text = "Dear Sirs, this is no database. ".repeat(100);
    fs::write(&path, &text).expect("write");
    assert!(matches!(open(&path).err(), Some(OpenError::NotADatabase)));
    assert_eq!(fs::read_to_string(&path).expect("read"), text);
}

#[tokio::test]
async fn what_was_answered_before_a_kill_is_there_after_it() {
    let mut house = House::new().await;
    for n in 1..=50 {
        assert_eq!(house.send(&format!("id {n}"), &n.to_string()).await, Seq(n));
    }
    // A kill leaves the files as they are, with the log not copied and perhaps half a commit at its end.
    let killed = tempfile::tempdir().expect("a folder");
    let path = killed.path().join("rim.db");
    fs::copy(house.path(), &path).expect("copy");
    let mut log = fs::read(house.folder.path().join("rim.db-wal")).expect("a log");
    log.extend_from_slice(&[7; 5000]);
    fs::write(killed.path().join("rim.db-wal"), log).expect("write");

    let (store, feed) = open(&path).expect("the store opens again");
    let mut again = House {
        folder: killed,
        store: Arc::new(store),
        feed,
        anna: house.anna,
        bob: house.bob,
        group: house.group,
    };
    let all: Vec<_> = (1..=50).map(|n| n.to_string()).collect();
    assert_eq!(again.contents().await, all);
    assert_eq!(again.send("id 7", "resent").await, Seq(7), "the first answer");
    assert_eq!(again.send("id 51", "51").await, Seq(51), "no gap");
}

#[tokio::test]
async fn a_batch_that_fails_is_a_fault_for_all_in_it_and_is_not_told() {
    let mut house = House::new().await;
    house.send("id 1", "kept").await;

    let (hold, held) = house.hold_writer();
    let before = house.submit(house.message("id 2", "lost"));
    // As SQLite does by itself when the disk is full.
    let broken = house.call(|batch| Ok(batch.db.execute_batch("ROLLBACK")?));
    let after = house.submit(house.message("id 3", "lost"));
    drop(hold);

    held.await.expect("a batch of its own");
    let changes = tell(house.feed.recv().await.expect("answers"));
    assert_eq!(changes, []);
    for answer in [before, after] {
        assert!(matches!(answer.await, Ok(Err(StoreError::Fault(_)))));
    }
    assert!(matches!(broken.await, Err(StoreError::Fault(_))));
    assert_eq!(house.contents().await, ["kept"]);
    house.check_directory();
    assert_eq!(house.send("id 2", "sent again").await, Seq(2), "neither a place nor an id was used up");
    house.check_directory();
}

#[tokio::test]
async fn a_use_case_that_fails_or_panics_harms_nobody_else_in_its_batch() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let before = house.submit(house.message("id 1", "one"));
    let (anna, group) = (house.anna, house.group);
    let refused = house.call(move |batch| {
        groups::remove(batch, anna, group, &[anna], Timestamp(3))?;
        Err(Refusal::NotAdmin.into())
    });
    let panicked = house.call(move |batch| {
        groups::remove(batch, anna, group, &[anna], Timestamp(3))?;
        panic!("on purpose")
    });
    let after = house.submit(house.message("id 2", "two"));
    drop(hold);

    held.await.expect("a batch of its own");
    let changes = tell(house.feed.recv().await.expect("a commit"));
    assert_eq!(changes.len(), 2, "two messages; nobody has left: {changes:?}");
    assert!(matches!(refused.await, Err(StoreError::Refused(Refusal::NotAdmin))));
    assert!(matches!(panicked.await, Err(StoreError::Fault(_))));
    assert_eq!(place(before.await.expect("an answer").expect("stored")), Seq(1));
    assert_eq!(place(after.await.expect("an answer").expect("stored")), Seq(2));
    house.check_directory();
}

#[tokio::test]
async fn a_use_case_that_fails_takes_nothing_else_out_of_the_directory() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let before = house.submit(house.message("id 1", "one"));
    let (anna, group) = (house.anna, house.group);
    let refused = house.call(move |batch| {
        groups::remove(batch, anna, group, &[anna], Timestamp(3))?;
        Err(Refusal::NotAdmin.into())
    });
    drop(hold);

    held.await.expect("a batch of its own");
    tell(house.feed.recv().await.expect("a commit"));
    refused.await.expect_err("on purpose");
    before.await.expect("an answer").expect("stored");
    house.check_directory();
}

#[tokio::test]
async fn what_is_answered_is_in_the_directory() {
    let mut house = House::new().await;
    for n in 1..=3 {
        house.send(&format!("id {n}"), "in one group").await;
        house.check_directory();
    }
    for n in 0..3 {
        let group = house.store.create_group(new_group(house.anna, house.bob), 100, Timestamp(3)).await;
        house.group = group.expect("a group");
        house.check_directory();
        house.send(&format!("id {n}"), "in another").await;
        house.check_directory();
        house
            .store
            .remove_members(house.anna, house.group, vec![house.bob], Timestamp(4))
            .await
            .expect("gone");
        house.check_directory();
    }
}

#[tokio::test]
async fn a_database_of_version_1_answers_the_same() {
    let mut house = House::new().await;
    for n in 1..=5 {
        house.send(&format!("id {n}"), &n.to_string()).await;
    }
    let quiet = house.store.create_group(new_group(house.anna, house.bob), 100, Timestamp(3)).await;
    let (both, quiet) = ([house.anna, house.bob], quiet.expect("a group"));
    // Of each group he has left he sees a part; to one he comes back.
    for group in [house.group, quiet] {
        house.store.remove_members(house.bob, group, vec![house.bob], Timestamp(4)).await.expect("gone");
    }
    house.send("id 6", "the gap").await;
    let back = house.store.add_members(house.anna, house.group, vec![house.bob], 100, Timestamp(5));
    back.await.expect("back");
    let expected = answers(&house.store, both).await;
    house.store.close().await;

    let old = house.folder.path().join("old.db");
    let db = rusqlite::Connection::open(&old).expect("open");
    db.execute_batch(include_str!("../migrations/0001_init.sql")).expect("the first schema");
    db.pragma_update(None, "application_id", migrations::APPLICATION_ID).expect("update");
    db.pragma_update(None, "user_version", 1).expect("update");
    db.execute("ATTACH ?1 AS new", [house.path().to_str()]).expect("attach");
    for table in ["users", "groups", "single_chats", "members", "earlier_spans", "messages"] {
        db.execute(&format!("INSERT INTO {table} SELECT * FROM new.{table}"), []).expect("copied");
    }
    drop(db);

    let (store, _feed) = open(&old).expect("the store opens");
    assert_eq!(answers(&store, both).await, expected);
    let db = rusqlite::Connection::open(&old).expect("open");
    assert_eq!(migrations::version(&db).expect("ours"), migrations::VERSION);
}

/// What each of the users is answered when he asks for everything.
async fn answers<const N: usize>(store: &SqliteStore, users: [UserId; N]) -> Vec<(Vec<Chat>, SyncPage)> {
    let mut answers = Vec::new();
    for user in users {
        let chats = store.chats(user, Page { number: 1, size: 100 }).await.expect("chats");
        let query = SyncQuery { limit: 1000, ..SyncQuery::default() };
        answers.push((chats, store.sync(user, query).await.expect("a page")));
    }
    assert!(answers.iter().all(|(chats, page)| !chats.is_empty() && !page.groups.is_empty()));
    answers
}

#[tokio::test]
async fn writes_are_answered_even_if_nobody_listens_to_the_feed() {
    let mut house = House::new().await;
    house.feed.close();
    let answer = house.submit(house.message("id 1", "one"));
    assert_eq!(place(answer.await.expect("an answer").expect("stored")), Seq(1));
}

#[tokio::test]
async fn a_backup_made_while_the_server_writes_is_a_whole_store() {
    let mut house = House::new().await;
    for n in 1..=20 {
        house.send(&format!("id {n}"), &n.to_string()).await;
    }
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("copy.db");
    let (from, to) = (house.path(), copy.clone());
    let backing_up = tokio::task::spawn_blocking(move || backup(&from, &to));
    for n in 21..=40 {
        house.send(&format!("id {n}"), &n.to_string()).await;
    }
    backing_up.await.expect("no panic").expect("a backup");
    assert!(matches!(backup(&house.path(), &copy), Err(BackupError::Exists(_))));
    assert_eq!(fs::read_dir(copies.path()).expect("read").count(), 1, "nothing is left beside it");

    let (store, feed) = open(&copy).expect("the copy opens");
    let mut restored = House {
        folder: copies,
        store: Arc::new(store),
        feed,
        anna: house.anna,
        bob: house.bob,
        group: house.group,
    };
    let contents = restored.contents().await;
    let whole: Vec<_> = (1..=contents.len()).map(|n| n.to_string()).collect();
    assert!(contents.len() >= 20, "what was there before is in it");
    assert_eq!(contents, whole);
    restored.send("later", "later").await;
}

#[tokio::test]
async fn the_log_does_not_grow_for_ever_under_constant_load() {
    let mut house = House::new().await;
    let content = "x".repeat(64 * 1024);
    let mut sent = 0;
    for _ in 0..60 {
        let answers: Vec<_> = (0..32)
            .map(|_| {
                sent += 1;
                house.submit(house.message(&sent.to_string(), &content))
            })
            .collect();
        for answer in answers {
            let mut answer = answer;
            while let Err(oneshot::error::TryRecvError::Empty) = answer.try_recv() {
                tell(house.feed.recv().await.expect("a commit"));
            }
        }
    }
    let log = fs::metadata(house.folder.path().join("rim.db-wal")).expect("a log").len();
    assert!(log < 100 << 20, "{sent} messages of 64 KiB were written, the log has {log} bytes");

    house.store.close().await;
    let log = fs::metadata(house.folder.path().join("rim.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "a closed store is one file");
}
