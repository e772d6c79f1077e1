//! What the suite cannot see from outside: faults, kills, the files themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use rim_core::contact::{AskBounds, Bounds};
use rim_core::event::{Change, GroupChange};
use rim_core::friend::FriendAction;
use rim_core::group::{NewGroup, NewSettings, Role};
use rim_core::message::{Chat, DAMAGED, Extras, MessageKind, NewMessage, Page, Write, Written};
use rim_core::note::{Act, Windows};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::user::NewUser;
use rim_core::{ConnectionId, GroupId, Identity, MessageId, Refusal, Seq, Timestamp, UserId};
use rim_store::suite::{self, Fixture};
use rim_store::{
    CommitObserver, Committed, Expiry, Feed, Friends, Groups, Logins, Messages, Notes, Store, StoreError, Tx,
    Users, callback, params,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::batch::{Batch, Piece};
use crate::published_heads::PublishedHeads;
use crate::tail::Size;
use crate::{
    BackupError, OpenError, Options, RestoreError, SqliteStore, backup, failure, migrations, restore,
};

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

/// Of the tables that are written late: so small that a few messages fill several runs.
const SIZE: Size = Size { run: 16, step: 4 };

fn open(path: &Path) -> Result<(SqliteStore, Feed), OpenError> {
    let options = Options { path: path.to_owned(), readers: 2, observer: Arc::new(Unobserved) };
    SqliteStore::open_sized(options, SIZE)
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
        let group = store
            .create_group(new_group(anna, bob), Bounds::of_members(100), Timestamp(1))
            .await
            .expect("a group");
        while feed.try_recv().is_ok() {}
        Self { folder, store: Arc::new(store), feed, anna, bob, group }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rim.db")
    }

    fn message(&self, client_msg_id: &str, content: &str) -> NewMessage {
        NewMessage {
            extras: None,
            group: self.group,
            sender: self.anna,
            client_msg_id: client_msg_id.into(),
            kind: MessageKind::Text,
            content: content.into(),
            session: None,
            now: Timestamp(2),
            connection: ConnectionId(0),
        }
    }

    fn submit(&self, message: NewMessage) -> oneshot::Receiver<Result<Written, StoreError>> {
        let (tell, answer) = oneshot::channel();
        let done = callback(move |result| tell.send(result).expect("the test waits"));
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
        let mut call: Answer = Box::pin(async move { store.writer.call(UserId(1), 1, work).await });
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

    /// The same house as a kill would leave it now, and opened again.
    fn killed(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["rim.db", "rim.db-wal"] {
            fs::copy(self.folder.path().join(file), folder.path().join(file)).expect("copied");
        }
        let (store, feed) = open(&folder.path().join("rim.db")).expect("the store opens again");
        Self { folder, store: Arc::new(store), feed, ..*self }
    }

    async fn contents(&self) -> Vec<String> {
        let page = Page { number: 1, size: 100_000 };
        let history = self.store.history(self.anna, self.group, page, None).await.expect("read");
        history.expect("a member").messages.into_iter().map(|message| message.content).collect()
    }

    /// What the readers are told of every group is what is committed.
    fn check_published_heads(&self) {
        let db = crate::connection::read_only(&self.path()).expect("open");
        let (told, committed) = (&self.store.published, PublishedHeads::load(&db).expect("read"));
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
            Committed::Answer { done, result } => done(result).wake(),
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
    house.check_published_heads();
    assert_eq!(house.send("id 2", "sent again").await, Seq(2), "neither a place nor an id was used up");
    house.check_published_heads();
}

#[tokio::test]
async fn a_use_case_that_fails_or_panics_harms_nobody_else_in_its_batch() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let before = house.submit(house.message("id 1", "one"));
    let (anna, group) = (house.anna, house.group);
    let refused = house.call(move |batch| {
        leave(batch, anna, group)?;
        Err(Refusal::NotAdmin.into())
    });
    let panicked = house.call(move |batch| {
        leave(batch, anna, group)?;
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
    house.check_published_heads();
}

#[tokio::test]
async fn a_use_case_that_fails_takes_nothing_else_out_of_the_published_heads() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let before = house.submit(house.message("id 1", "one"));
    let (anna, group) = (house.anna, house.group);
    let refused = house.call(move |batch| {
        leave(batch, anna, group)?;
        Err(Refusal::NotAdmin.into())
    });
    drop(hold);

    held.await.expect("a batch of its own");
    tell(house.feed.recv().await.expect("a commit"));
    refused.await.expect_err("on purpose");
    before.await.expect("an answer").expect("stored");
    house.check_published_heads();
}

#[tokio::test]
async fn what_is_answered_is_in_the_published_heads() {
    let mut house = House::new().await;
    for n in 1..=3 {
        house.send(&format!("id {n}"), "in one group").await;
        house.check_published_heads();
    }
    for n in 0..3 {
        let group = house
            .store
            .create_group(new_group(house.anna, house.bob), Bounds::of_members(100), Timestamp(3))
            .await;
        house.group = group.expect("a group");
        house.check_published_heads();
        house.send(&format!("id {n}"), "in another").await;
        house.check_published_heads();
        house
            .store
            .remove_members(house.anna, house.group, vec![house.bob], Timestamp(4))
            .await
            .expect("gone");
        house.check_published_heads();
    }
}

#[tokio::test]
async fn a_database_of_an_older_version_answers_the_same() {
    let mut house = House::new().await;
    for n in 1..=5 {
        house.send(&format!("id {n}"), &n.to_string()).await;
    }
    let both = [house.anna, house.bob];
    let quiet = house
        .store
        .create_group(new_group(house.anna, house.bob), Bounds::of_members(100), Timestamp(3))
        .await;
    let quiet = quiet.expect("a group");
    // Of each group they have left they see a part; to one they come back, and one they leave twice.
    let first = std::mem::replace(&mut house.group, quiet);
    house.send("id in quiet", "the last they see there").await;
    for _ in 0..2 {
        let bob = vec![house.bob];
        house.store.remove_members(house.bob, quiet, bob.clone(), Timestamp(4)).await.expect("gone");
        house
            .store
            .add_members(house.anna, quiet, bob, Bounds::of_members(100), Timestamp(4))
            .await
            .expect("back");
    }
    house.group = first;
    for group in [house.group, quiet] {
        house.store.remove_members(house.bob, group, vec![house.bob], Timestamp(4)).await.expect("gone");
    }
    house.send("id 6", "the gap").await;
    let back = house.store.add_members(
        house.anna,
        house.group,
        vec![house.bob],
        Bounds::of_members(100),
        Timestamp(5),
    );
    back.await.expect("back");
    let expected = answers(&house.store, both).await;
    house.store.close().await;

    for version in 1..migrations::VERSION {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rim.db");
        let db = rusqlite::Connection::open(&path).expect("open");
        for step in &rim_store::migrations::SQLITE[..version as usize] {
            db.execute_batch(step).expect("the schema of that version");
        }
        db.pragma_update(None, "application_id", migrations::APPLICATION_ID).expect("update");
        db.pragma_update(None, "user_version", version).expect("update");
        db.execute("ATTACH ?1 AS new", [house.path().to_str()]).expect("attach");
        for table in ["users", "groups", "single_chats", "members", "earlier_spans", "messages"] {
            // Those that the table had in that version.
            let columns = "SELECT group_concat(name) FROM main.pragma_table_info(?1)";
            let columns: String = db.query_row(columns, [table], |row| row.get(0)).expect("columns");
            let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}");
            db.execute(&copy, []).expect("copied");
        }
        // What finds messages was on its way.
        db.execute_batch(
            "INSERT INTO client_ids SELECT group_id, sender_id, client_hash, id FROM messages WHERE id <= 4",
        )
        .expect("moved");
        db.execute_batch(match version {
            1 | 2 => "UPDATE client_ids_progress SET up_to_message_id = 3",
            _ => {
                "INSERT INTO places SELECT group_id, seq, id FROM messages WHERE id <= 4;
                 UPDATE settled SET up_to_message_id = 3"
            }
        })
        .expect("moved");
        drop(db);

        let (store, feed) = open(&path).expect("the store opens");
        let mut updated = House { folder, store: Arc::new(store), feed, ..house };
        assert_eq!(answers(&updated.store, both).await, expected, "version {version}");
        let db = rusqlite::Connection::open(&path).expect("open");
        assert_eq!(migrations::version(&db).expect("ours"), migrations::VERSION);
        for n in 1..=6 {
            assert_eq!(updated.send(&format!("id {n}"), "resent").await, Seq(n), "the first answer");
        }
        assert_eq!(updated.send("id 7", "7").await, Seq(7), "no gap");
    }
}

#[tokio::test]
async fn whenever_the_process_is_killed_it_answers_the_same() {
    let mut house = House::new().await;
    let both = [house.anna, house.bob];
    house.send("id 1", "1").await;
    // Their chat list shows the end of what they saw before.
    let bob = vec![house.bob];
    house.store.remove_members(house.anna, house.group, bob.clone(), Timestamp(4)).await.expect("gone");
    house
        .store
        .add_members(house.anna, house.group, bob, Bounds::of_members(100), Timestamp(5))
        .await
        .expect("back");
    for n in 2..=3 * SIZE.run as u64 {
        let mut killed = house.killed();
        assert_eq!(answers(&killed.store, both).await, answers(&house.store, both).await);
        assert_eq!(killed.contents().await, house.contents().await);
        for sent in [1, n / 2 + 1, n] {
            assert_eq!(killed.send(&format!("id {sent}"), "again").await, Seq(sent));
        }
        house.send(&format!("id {n}"), &n.to_string()).await;
    }
}

#[tokio::test]
async fn a_reader_sees_every_message_wherever_it_is_on_its_way_to_the_tables() {
    let mut house = House::new().await;
    let answered = Arc::new(AtomicU64::new(0));
    let last = 20 * SIZE.run as u64;
    let readers: Vec<_> = [house.anna, house.bob]
        .into_iter()
        .map(|user| {
            let (store, group, answered) = (Arc::clone(&house.store), house.group, Arc::clone(&answered));
            tokio::spawn(async move {
                while answered.load(Ordering::SeqCst) < last {
                    let at_least = answered.load(Ordering::SeqCst);
                    let page = Page { number: 1, size: 100_000 };
                    let history = store.history(user, group, page, None).await.expect("read");
                    let history = history.expect("a member").messages;
                    assert!(history.len() as u64 >= at_least);
                    assert!((1..).zip(&history).all(|(place, message)| message.seq == Seq(place)));

                    // In two parts, of which the second begins at a place that is looked for.
                    let query = SyncQuery { limit: 100_000, bytes: Some(usize::MAX), ..SyncQuery::default() };
                    let half = SyncQuery { limit: (at_least as u32 / 2).max(1), ..query.clone() };
                    let mut parts = store.sync(user, half).await.expect("a page").groups;
                    let query = SyncQuery { groups: vec![(group, parts[0].rev)], ..query };
                    parts.extend(store.sync(user, query).await.expect("a page").groups);
                    let synced = parts.iter().flat_map(|part| &part.messages);
                    assert!(synced.clone().count() as u64 >= at_least);
                    assert!((1..).zip(synced).all(|(place, message)| message.seq == Seq(place)));
                }
            })
        })
        .collect();
    for n in 1..=last {
        house.send(&n.to_string(), &n.to_string()).await;
        answered.store(n, Ordering::SeqCst);
        // The readers run on this thread, too.
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.expect("no message was missing");
    }
}

/// A database in a folder that goes with it.
struct Folder(TempDir);

#[async_trait::async_trait]
impl Fixture for Folder {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = open(&self.0.path().join("rim.db")).expect("the store opens");
        (Arc::new(store), feed)
    }
}

/// The suite has few stories that fill a run of the standard size.
#[test]
fn stories_that_fill_many_runs_end_as_the_model_says() {
    suite::run(
        async || Folder(tempfile::tempdir().expect("a folder")),
        suite::random::known_stories_end_as_the_model_says,
    );
}

/// What each of the users is answered when they ask for everything.
async fn answers<const N: usize>(store: &SqliteStore, users: [UserId; N]) -> Vec<(Vec<Chat>, SyncPage)> {
    let mut answers = Vec::new();
    for user in users {
        let chats = store.chats(user, Page { number: 1, size: 100 }).await.expect("chats");
        let query = SyncQuery { limit: 1000, ..SyncQuery::default() };
        let mut page = store.sync(user, query).await.expect("a page");
        // Older versions have kept nothing of what happened.
        page.groups.iter_mut().for_each(|delta| delta.events.clear());
        answers.push((chats, page));
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
async fn accounts_that_were_two_before_text_was_normalised_stay_two_and_all_others_get_their_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rim.db");
    open(&path).expect("a new store").0.close().await;
    let old = ["Zoe\u{308}", "Zoë", "Straße", "strasse", "ＢＯＢ", "\u{200B}"];
    let db = rusqlite::Connection::open(&path).expect("open");
    for (id, account) in (1..).zip(old) {
        db.execute(
            "INSERT INTO users (id, account, account_key, name, avatar, email, password_hash, created_at, rev, profile_rev)
             VALUES (?1, ?2, ?3, 'Somebody', '', '', 'hash', 1, 1, 1)",
            rusqlite::params![id, account, account.to_lowercase()],
        )
        .expect("inserted");
    }
    drop(db);

    for _ in 0..2 {
        let (store, _feed) = open(&path).expect("it opens");
        for (id, account) in (1..).zip(old) {
            let found = store.credentials(account).await.expect("read").map(|found| found.user);
            assert_eq!(found, Some(UserId(id)), "{account:?}");
            assert_eq!(store.user(UserId(id)).await.expect("read").expect("there").account, account);
        }
        for (form, id) in [("ZOË", 2), ("STRASSE", 4), ("bob", 5), ("ｂｏｂ", 5)] {
            let found = store.user_by_account(form).await.expect("read").map(|found| found.id);
            assert_eq!(found, Some(UserId(id)), "{form}");
        }
        for taken in ["zoë", "ZOE\u{308}", "STRAßE", "bob"] {
            let new = NewUser {
                account: taken.to_owned(),
                name: "New".to_owned(),
                avatar: String::new(),
                email: String::new(),
                password_hash: None,
            };
            let refused = store.create_user(new, Timestamp(1)).await;
            assert!(
                matches!(refused, Err(StoreError::Refused(Refusal::AccountTaken))),
                "{taken}: {refused:?}"
            );
        }
        store.close().await;
    }
}

/// The house, and the folder with a backup of it.
async fn backed_up() -> (House, tempfile::TempDir, PathBuf) {
    let mut house = House::new().await;
    house.send("1", "before").await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    backup(&house.path(), &copy).expect("a backup");
    house.send("2", "after").await;
    house.store.close().await;
    (house, folder, copy)
}

/// Which store a file is when a server opens it, and what it holds.
async fn opened(house: &House, path: &std::path::Path) -> (Identity, Vec<String>) {
    let (store, _feed) = open(path).expect("it opens");
    let page = Page { number: 1, size: 100 };
    let history = store.history(house.anna, house.group, page, None).await.expect("read").expect("a member");
    let contents = history.messages.into_iter().map(|message| message.content).collect();
    let identity = store.identity().clone();
    store.close().await;
    (identity, contents)
}

#[tokio::test]
async fn every_store_is_another_one() {
    let (one, other) = (House::new().await, House::new().await);
    assert_ne!(one.store.identity().id, other.store.identity().id);
    assert_ne!(one.store.identity().epoch, other.store.identity().epoch);
}

#[tokio::test]
async fn what_is_restored_is_another_epoch_of_the_same_store_each_time() {
    let (house, _copies, copy) = backed_up().await;
    let mut epochs = vec![house.store.identity().epoch];
    for _ in 0..2 {
        let kept = restore(&copy, &house.path(), true).expect("restored").expect("the old one is kept");
        let (identity, contents) = opened(&house, &house.path()).await;
        assert_eq!(identity.id, house.store.identity().id);
        assert_eq!(contents, ["before"]);
        assert!(!epochs.contains(&identity.epoch), "{epochs:?} and {identity:?}");
        if epochs.len() == 1 {
            assert_eq!(
                opened(&house, &kept).await.1,
                ["before", "after"],
                "what was there is kept as a whole"
            );
        }
        epochs.push(identity.epoch);
    }
}

#[tokio::test]
async fn a_backup_that_is_only_copied_to_its_place_is_another_epoch_each_time() {
    let (house, _copies, copy) = backed_up().await;
    let mut epochs = vec![house.store.identity().epoch];
    for _ in 0..2 {
        fs::copy(&copy, house.path()).expect("copied");
        let (identity, _) = opened(&house, &house.path()).await;
        assert!(!epochs.contains(&identity.epoch), "{epochs:?} and {identity:?}");
        epochs.push(identity.epoch);
    }
}

#[tokio::test]
async fn a_database_is_replaced_only_when_that_is_said() {
    let (house, copies, copy) = backed_up().await;
    assert!(matches!(restore(&copy, &house.path(), false), Err(RestoreError::Exists(_))));
    assert!(matches!(restore(&copy, &copy, true), Err(RestoreError::Itself(_))));
    assert_eq!(opened(&house, &house.path()).await.1, ["before", "after"]);

    let elsewhere = copies.path().join("new.db");
    assert_eq!(restore(&copy, &elsewhere, false).expect("nothing is there"), None);
    assert_eq!(opened(&house, &elsewhere).await.1, ["before"]);
}

#[tokio::test]
async fn the_log_of_another_database_is_never_taken_for_that_of_the_restored_one() {
    let (house, copies, copy) = backed_up().await;
    let target = copies.path().join("rim.db");
    let log = copies.path().join("rim.db-wal");
    fs::write(&log, "what a database that is gone has left").expect("written");
    assert!(matches!(restore(&copy, &target, false), Err(RestoreError::Exists(_))));
    assert_eq!(restore(&copy, &target, true).expect("restored"), None);
    assert!(!log.exists());
    assert_eq!(opened(&house, &target).await.1, ["before"]);
}

#[tokio::test]
async fn nothing_is_restored_over_a_database_that_is_open() {
    let (house, _copies, copy) = backed_up().await;
    let (store, _feed) = open(&house.path()).expect("it opens");
    assert!(matches!(restore(&copy, &house.path(), true), Err(RestoreError::InUse(_))));
    store.close().await;
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_nothing_is_changed() {
    let (house, copies, copy) = backed_up().await;
    let whole = fs::read(&copy).expect("read");
    let mut broken = whole.clone();
    // The root of a table: every page but the first is some table's or index's.
    broken[4096..8192].fill(0xAA);
    fs::write(&copy, &broken).expect("written");
    let refused = restore(&copy, &house.path(), true);
    assert!(
        matches!(refused, Err(RestoreError::Damaged { .. } | RestoreError::Unusable { .. })),
        "{refused:?}"
    );
    for text in [
        "",
        "no database at all, but long enough to have a header of one hundred bytes ------------------------",
    ] {
        fs::write(&copy, text).expect("written");
        assert!(matches!(restore(&copy, &house.path(), true), Err(RestoreError::Unusable { .. })), "{text}");
    }
    assert_eq!(opened(&house, &house.path()).await.1, ["before", "after"]);
    assert_eq!(fs::read_dir(copies.path()).expect("read").count(), 1);
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

/// Changes one bit of the first place in the file where `text` is, as a bad disk does.
fn flip_a_bit_of(path: &Path, text: &str) {
    let mut bytes = fs::read(path).expect("read");
    let at = bytes.windows(text.len()).position(|part| part == text.as_bytes()).expect("it is there");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn a_flipped_bit_is_shown_as_damage_and_everything_else_as_it_is() {
    let mut house = House::new().await;
    for (id, content) in [("1", "one"), ("2", "0a message with a bit that flips"), ("3", "three")] {
        house.send(id, content).await;
    }
    house.store.close().await;
    let path = house.path();
    assert_eq!(crate::check(&path).expect("checked").count, 0);
    flip_a_bit_of(&path, "0a message");

    let (store, feed) = open(&path).expect("it opens");
    let mut house = House { store: Arc::new(store), feed, ..house };
    assert_eq!(house.contents().await, ["one", DAMAGED, "three"]);
    let query = SyncQuery { limit: 100, ..SyncQuery::default() };
    let synced = house.store.sync(house.anna, query).await.expect("read");
    let told = synced.groups[0].messages.iter().map(|message| message.content.as_str());
    assert_eq!(told.collect::<Vec<_>>(), ["one", DAMAGED, "three"]);
    house.store.ready().await.expect("a server with one damaged message is a server");
    house.send("4", "four").await;
    assert_eq!(house.contents().await.len(), 4);
    let report = crate::check(&path).expect("checked beside the store");
    assert_eq!(report.found, ["message 2 does not match its checksum"]);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_expires_and_others_with_it() {
    let mut house = House::new().await;
    let settings = NewSettings { expire_seconds: Some(5), ..NewSettings::default() };
    house.store.set_group_settings(house.anna, house.group, settings, Timestamp(1)).await.expect("set");
    for id in ["1", "2", "3"] {
        house.send(id, "secret").await;
    }
    house.store.close().await;
    let db = rusqlite::Connection::open(house.path()).expect("open");
    assert_eq!(db.execute("UPDATE messages SET kind = 99 WHERE seq = 2", []).expect("written"), 1);
    drop(db);

    let (store, feed) = open(&house.path()).expect("it opens");
    let house = House { store: Arc::new(store), feed, ..house };
    let later = Timestamp(i64::MAX);
    for (group, places) in house.store.due_messages(later, 10).await.expect("a list") {
        assert_eq!(places.len(), 3);
        house.store.expire(group, places, later).await.expect("removed");
    }
    assert!(house.contents().await.is_empty());
    assert_eq!(crate::check(&house.path()).expect("checked").count, 0);
}

#[tokio::test]
async fn a_message_is_shown_in_no_other_group_whatever_the_table_of_places_says() {
    let mut house = House::new().await;
    let (secret, carl) = (house.group, user(&house.store, "carl").await);
    house.send("1", "secret").await;
    let open_group = new_group(house.bob, carl);
    house.group =
        house.store.create_group(open_group, Bounds::of_members(100), Timestamp(1)).await.expect("a group");
    house.anna = house.bob;
    // As many as go to the table.
    for number in 2..100 {
        house.send(&number.to_string(), "public").await;
    }
    house.store.close().await;
    let path = house.path();
    let db = rusqlite::Connection::open(&path).expect("open");
    let sql = "UPDATE places SET message_id = 1 WHERE group_id = ?1 AND seq = 3";
    assert_eq!(db.execute(sql, [house.group.0 as i64]).expect("written"), 1);
    drop(db);

    let (store, feed) = open(&path).expect("it opens");
    let house = House { store: Arc::new(store), feed, ..house };
    let contents = house.contents().await;
    assert_eq!((contents.len(), contents[2].as_str()), (98, DAMAGED));
    assert!(!contents.iter().any(|content| content == "secret"));
    let report = crate::check(&path).expect("checked");
    assert!(report.found.iter().any(|found| found.contains("is not found at place 3")), "{report:?}");
    assert_ne!(secret, house.group);
}

#[tokio::test]
async fn messages_from_before_checksums_are_shown_and_get_theirs_when_asked() {
    let mut house = House::new().await;
    for number in 1..=40 {
        house.send(&number.to_string(), "old").await;
    }
    house.store.close().await;
    let path = house.path();
    let db = rusqlite::Connection::open(&path).expect("open");
    db.execute("UPDATE messages SET checksum = NULL WHERE id <= 30", []).expect("written");
    drop(db);
    let report = crate::check(&path).expect("checked");
    assert_eq!(report.count, 0);
    assert!(report.notes.iter().any(|note| note.starts_with("30 messages have no checksum")), "{report:?}");

    let (store, feed) = open(&path).expect("it opens");
    house = House { store: Arc::new(store), feed, ..house };
    assert_eq!(house.contents().await, vec!["old"; 40]);
    assert!(matches!(crate::fill_checksums(&path), Err(OpenError::InUse)));
    house.store.close().await;
    assert_eq!(crate::fill_checksums(&path).expect("filled"), 30);
    let report = crate::check(&path).expect("checked");
    assert_eq!((report.count, report.notes.len()), (0, 1), "{report:?}");
}

#[tokio::test]
async fn whatever_contradicts_something_else_is_found_by_a_check() {
    let mut house = House::new().await;
    for number in 1..=40 {
        house.send(&number.to_string(), "said").await;
    }
    let extras = Extras { reply_to: Some(MessageId(7)), mentions: vec![house.bob], ..Extras::default() };
    let answer = NewMessage { extras: Some(Box::new(extras)), ..house.message("41", "said") };
    let answered = house.submit(answer);
    tell(house.feed.recv().await.expect("a commit"));
    answered.await.expect("an answer").expect("stored");
    let acting = rim_store::Acting {
        user: house.bob,
        group: house.group,
        message: MessageId(41),
        act: Act::React { emoji: "👍".into() },
        windows: Windows { edit_ms: None, recall_ms: None },
        session: None,
        now: Timestamp(1),
        connection: ConnectionId(0),
    };
    house.store.act(acting).await.expect("reacted");
    let single = NewGroup { mode: 1, ..new_group(house.anna, house.bob) };
    house.store.create_group(single, Bounds::of_members(100), Timestamp(1)).await.expect("a chat");
    house
        .store
        .befriend(house.anna, house.bob, FriendAction::Ask, AskBounds::NONE, Timestamp(1))
        .await
        .expect("asked");
    house.store.close().await;
    let path = house.path();
    assert_eq!(crate::check(&path).expect("checked").found, Vec::<String>::new());
    for (damage, finding) in [
        (
            "DELETE FROM messages WHERE id = 7",
            "message 8 is at place 8 of group 1, and the one before it at 6",
        ),
        ("UPDATE messages SET rev = 3 WHERE id = 9", "has rev 3"),
        ("UPDATE messages SET content = 'sold' WHERE id = 9", "message 9 does not match its checksum"),
        ("UPDATE messages SET kind = 99 WHERE id = 9", "column kind, row 9"),
        (
            "UPDATE groups SET last_seq = 42 WHERE id = 1",
            "group 1 says that it ends with message 41 at place 42",
        ),
        ("UPDATE groups SET member_count = 9 WHERE id = 1", "group 1 counts other members"),
        ("DELETE FROM groups WHERE id = 1", "1 groups have messages and no row"),
        ("DELETE FROM places WHERE seq = 2", "message 2 is not found at place 2"),
        ("DELETE FROM client_ids WHERE message_id = 2", "`client_ids`"),
        ("UPDATE members SET read_seq = 99 WHERE user_id = 1", "user 1 in group 1 is further"),
        ("DELETE FROM users WHERE id = 2", "user 2 in group 1 is a member"),
        (
            "UPDATE friendships SET state = 3 WHERE user_id = 1",
            "user 1 with user 2 is not what the other says",
        ),
        ("UPDATE single_chats SET group_id = 1", "is no single chat"),
        (
            "UPDATE states SET body = '{' WHERE seq = 41",
            "the state of the message at place 41 of group 1 means nothing",
        ),
        (
            "UPDATE states SET seq = 99 WHERE seq = 41",
            "the state of the message at place 99 of group 1 is of no",
        ),
        ("UPDATE notes SET kind = 9", "a note of kind 9 on the message at place 41 of group 1 is of"),
        ("DELETE FROM states WHERE seq = 41", "a note of kind 3 on the message at place 41 of group 1 is of"),
        (
            "INSERT INTO words VALUES (1, 41, 42, 'what nobody said')",
            "an edit of the message at place 41 of group 1 says something",
        ),
        (
            "UPDATE mentions SET message_id = 7",
            "user 2 in group 1 is mentioned by a message that is not there",
        ),
        (
            "UPDATE replies SET parent_seq = 77",
            "the message at place 41 of group 1 answers one that is not before",
        ),
    ] {
        let copy = house.folder.path().join("copy.db");
        fs::copy(&path, &copy).expect("copied");
        let db = rusqlite::Connection::open(&copy).expect("open");
        assert!(db.execute(damage, []).expect("done") > 0, "{damage}");
        drop(db);
        let report = crate::check(&copy).expect("checked");
        assert!(report.found.iter().any(|found| found.contains(finding)), "{damage}: {:?}", report.found);
        for file in ["copy.db", "copy.db-wal", "copy.db-shm"] {
            let _ = fs::remove_file(house.folder.path().join(file));
        }
    }
}

#[tokio::test]
async fn a_store_is_not_ready_while_most_reads_fail_and_is_again_when_they_do_not() {
    let house = House::new().await;
    house.store.ready().await.expect("ready");
    let fails = || house.store.readers.read(|db| Ok(db.execute("no SQL", [])?));
    for _ in 0..2 {
        fails().await.expect_err("a fault");
    }
    house.store.user(house.anna).await.expect("read");
    house.store.ready().await.expect("some fail, most do not");
    for _ in 0..5 {
        fails().await.expect_err("a fault");
    }
    house.store.ready().await.expect_err("most fail");
    house.store.ready().await.expect("nothing has failed since");
}

/// Somebody leaves.
fn leave(tx: &mut dyn Tx, user: UserId, group: GroupId) -> failure::Result<()> {
    let mut head = tx.lock_groups(&[group])?[0];
    let rev = head.next_rev();
    let sql =
        "UPDATE members SET left_seq = $3, left_rev = $4, rev = $4 WHERE group_id = $1 AND user_id = $2";
    tx.execute(sql, &params![group, user, head.last_seq, rev])?;
    tx.moved_groups(&[head])?;
    let what = GroupChange::Removed { users: vec![user] };
    tx.publish(Change::Group { group, rev, seq: None, actor: user, what, at: Timestamp(3) });
    Ok(())
}

#[tokio::test]
async fn a_use_case_that_nobody_waits_for_any_more_is_not_carried_out() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let (anna, group) = (house.anna, house.group);
    drop(house.call(move |batch| leave(batch, anna, group)));
    let after = house.submit(house.message("id 1", "still a member"));
    drop(hold);

    held.await.expect("a batch of its own");
    let changes = tell(house.feed.recv().await.expect("a commit"));
    assert_eq!(changes.len(), 1, "the message alone: {changes:?}");
    after.await.expect("an answer").expect("stored");
}

#[tokio::test]
async fn between_the_pieces_of_a_use_case_others_have_their_turn_and_its_caller_may_go() {
    let mut house = House::new().await;
    let (hold, held) = house.hold_writer();
    let store = Arc::clone(&house.store);
    let (pieces, mut carried_out) = tokio::sync::mpsc::unbounded_channel();
    let mut left = 3;
    let mut call = Box::pin(async move {
        let work = move |_: &mut Batch<'_>| {
            left -= 1;
            pieces.send(left).expect("the test listens");
            Ok(if left == 0 { Piece::Last(()) } else { Piece::More { cost: 500 } })
        };
        store.writer.call_in_pieces(UserId(7), 500, work).await
    });
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(hold);
    held.await.expect("a batch of its own");
    assert_eq!(carried_out.recv().await, Some(2));
    // It has begun: it comes to its end, and others are not behind all of it.
    drop(call);
    let message = house.submit(house.message("id 1", "meanwhile"));
    tell(house.feed.recv().await.expect("a commit"));
    message.await.expect("an answer").expect("stored");
    assert_eq!((carried_out.recv().await, carried_out.recv().await), (Some(1), Some(0)));
}
