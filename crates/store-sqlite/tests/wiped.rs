//! What was recalled is in no byte of the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rim_core::Timestamp;
use rim_core::note::Act;
use rim_store::consumers::{Begin, Room};
use rim_store::notes::KEPT_EDITS;
use rim_store::search::CONSUMER;
use rim_store::suite::Fixture;
use rim_store::suite::search::{index_all, index_some, recall_while_segments_are_merged};
use rim_store::suite::world::{World, edit, mention, react, unreact};
use rim_store::{CommitObserver, Feed, Store};
use rim_store_sqlite::{Options, SqliteStore, backup};

struct At(PathBuf);

#[async_trait::async_trait]
impl Fixture for At {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let options = Options { path: self.0.clone(), readers: 1, observer: Arc::new(Unobserved) };
        let (store, feed) = SqliteStore::open(options).expect("the database opens");
        (Arc::new(store), feed)
    }
}

/// A store that is open already.
struct Opened(Option<(Arc<SqliteStore>, Feed)>);

#[async_trait::async_trait]
impl Fixture for Opened {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.0.take().expect("it is opened once");
        (store, feed)
    }
}

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _writes: usize, _elapsed: Duration) {}
}

/// What no word but a recalled one begins with.
const SECRET: &str = "zzsecret";

/// Words of so many bytes, each of which says that it is secret.
fn secret(nth: usize, version: usize, bytes: usize) -> String {
    format!("{SECRET}{nth}x{version} ").repeat(bytes / 16 + 1)
}

/// How often a file says something secret, and the first place where it does.
fn found_in(file: &Path) -> (usize, String) {
    let bytes = std::fs::read(file).expect("it is read");
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(SECRET.as_bytes())).collect();
    let first = places.first().map_or(&[][..], |at| &bytes[*at..(*at + 40).min(bytes.len())]);
    (places.len(), String::from_utf8_lossy(first).into_owned())
}

/// How many blocks of the index there are.
fn blocks_in(file: &Path) -> u64 {
    let db = rusqlite::Connection::open(file).expect("it opens");
    db.query_row("SELECT count(*) FROM search_blocks", [], |row| row.get(0)).expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recalled_is_in_no_byte_of_the_database_nor_of_a_backup() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rim.db");
    let mut w = World::new(Box::new(At(path.clone()))).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    // Of all sizes, among others, and with notes that move each other's rows.
    let sizes = [20, 300, 40, 1_500, 90, 5_000, 30, 700];
    let mut sent = Vec::new();
    for nth in 0..240 {
        let (group, size) = (groups[nth % 2], sizes[nth % sizes.len()]);
        let is_secret = nth % 3 != 0;
        let content = if is_secret { secret(nth, 0, size) } else { "x".repeat(size) };
        let message = w.send_with(anna, group, &content, mention(&[bob])).await.expect("it is sent").id;
        sent.push((nth, group, message, is_secret));
        if nth % 20 == 0 {
            index_some(&w.store).await;
        }
    }
    for version in 1..4 {
        for (nth, group, message, is_secret) in &sent {
            if (nth * 7 + version) % 4 == 0 {
                w.act(bob, *group, *message, react(["👍", "🎉", "❤️"][nth % 3])).await.expect("it is done");
            }
            if (nth + version) % 3 != 0 {
                let size = sizes[(nth + version) % sizes.len()];
                let content = if *is_secret { secret(*nth, version, size) } else { "y".repeat(size) };
                let edit = edit(&format!("e{version}"), &content);
                w.act(anna, *group, *message, edit).await.expect("it is edited");
            }
            if (nth * 5 + version) % 6 == 0 {
                w.act(bob, *group, *message, unreact("👍")).await.expect("it is done");
            }
        }
    }
    // But for the last edits all is in the index of words.
    let (listed, others) = sent.split_at(sent.len() / 2);
    for (_, group, message, _) in listed {
        w.act(anna, *group, *message, edit("e9", &secret(9, 9, 100))).await.expect("it is edited");
    }
    index_all(&w.store).await;
    for (_, group, message, _) in others {
        w.act(anna, *group, *message, edit("e9", &secret(9, 9, 100))).await.expect("it is edited");
    }
    for (_, group, message, _) in &sent {
        w.act(anna, *group, *message, Act::Recall).await.expect("it is recalled");
    }
    index_all(&w.store).await;
    let copy = folder.path().join("copy.db");
    backup(&path, &copy).expect("a backup");
    assert_eq!(found_in(&copy), (0, String::new()), "in the backup");
    assert_eq!(blocks_in(&copy), 0, "nothing is found by anything");
    w.close().await;
    assert_eq!(found_in(&path), (0, String::new()), "in the database");
    assert!(!folder.path().join("rim.db-wal").exists(), "the log is gone with the store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_very_many_words_is_gone_when_the_store_is_closed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rim.db");
    let mut w = World::new(Box::new(At(path.clone()))).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let many = |from: usize| (from..from + 2_000).map(|nth| format!("{SECRET}{nth} ")).collect::<String>();
    let mut sent = Vec::new();
    for nth in 0..4 {
        sent.push(w.send(anna, group, &many(nth * 1_000)).await.expect("it is sent").id);
        w.send(anna, group, "what stays").await.expect("it is sent");
    }
    w.act(anna, group, sent[0], edit("e1", &many(9_000))).await.expect("it is edited");
    index_all(&w.store).await;
    for message in &sent[..3] {
        w.act(anna, group, *message, Act::Recall).await.expect("it is recalled");
    }
    // An index that is made anew goes as well.
    w.store.rebuild_index(true).await.expect("it is made anew");
    index_all(&w.store).await;
    w.act(anna, group, sent[3], Act::Recall).await.expect("it is recalled");
    w.store.tidy_index().await.expect("it is tidied up");
    w.close().await;
    assert_eq!(found_in(&path), (0, String::new()), "in the database");
    let db = rusqlite::Connection::open(&path).expect("it opens");
    let left = "SELECT (SELECT count(*) FROM search_dead)
                       + (SELECT count(*) FROM search_segments WHERE state <> 1)
                       + (SELECT count(*) FROM search_blocks
                          WHERE segment NOT IN (SELECT segment FROM search_segments))";
    assert_eq!(db.query_row(left, [], |row| row.get::<_, u64>(0)).expect("a row"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recalled_while_segments_are_merged_is_in_none_of_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rim.db");
    let options = Options { path: path.clone(), readers: 1, observer: Arc::new(Unobserved) };
    let (store, feed) = SqliteStore::open(options).expect("the database opens");
    let store = Arc::new(store);
    let mut w = World::new(Box::new(Opened(Some((Arc::clone(&store), feed))))).await;
    recall_while_segments_are_merged(&*store, &mut w, SECRET).await.expect("it holds");
    w.close().await;
    assert_eq!(found_in(&path), (0, String::new()));
    assert!(blocks_in(&path) > 0, "what stays is listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wiped_while_it_is_being_listed_is_not_in_the_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rim.db");
    let mut w = World::new(Box::new(At(path.clone()))).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let recalled = w.send(anna, group, &secret(1, 0, 20)).await.expect("it is sent").id;
    let kept = w.send(anna, group, "kept").await.expect("it is sent").id;
    for message in [recalled, kept] {
        w.act(anna, group, message, edit("e0", &secret(1, 1, 20))).await.expect("it is edited");
    }
    let held = w.store.hold_consumer(CONSUMER, Begin::First, 1, Timestamp(0), Timestamp(0)).await;
    let hold = held.expect("asked").expect("nobody else has it").hold;
    let room = Room { rows: 100, bytes: 1 << 20 };
    let portions = Arc::new(w.store.unseen(hold, vec![group], room).await.expect("they are read"));
    let write = w.store.entries(Arc::clone(&portions)).await.expect("they are made");
    w.act(anna, group, recalled, Act::Recall).await.expect("it is recalled");
    for number in 1..=KEPT_EDITS {
        w.act(anna, group, kept, edit(&format!("e{number}"), &format!("other {number}")))
            .await
            .expect("it is edited");
    }
    assert!(w.store.consume(hold, portions, write).await.expect("they are written"));
    w.store.tidy_index().await.expect("it is tidied up");
    w.close().await;
    assert_eq!(found_in(&path), (0, String::new()));
    assert!(blocks_in(&path) > 0, "what others say is listed");
}
