//! What consumers look at, where other transactions go on for long.

mod common;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use common::Database;
use rim_core::{GroupId, Timestamp};
use rim_store::consumers::{Begin, Held};
use rim_store::database::Database as _;
use rim_store::suite::Fixture;
use rim_store::suite::world::World;
use rim_store::{Feed, Store};
use rim_store_postgres::PostgresStore;
use tokio_postgres::NoTls;

struct Node(Arc<Database>);

#[async_trait::async_trait]
impl Fixture for Node {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.0.node().await;
        (store, feed)
    }
}

/// A consumer that is held now, by the clock of the database, which is this machine's.
async fn hold(w: &World) -> Held {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let now = Timestamp(i64::try_from(since.as_millis()).expect("it is long before the year 292278994"));
    let held = w.store.hold_consumer("reader", Begin::First, 1, now, now.plus_ms(3_600_000)).await;
    held.expect("it is asked").expect("nobody else has it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_seen_all_that_is_old_looks_at_no_group_for_it() {
    let database = Arc::new(Database::new());
    let (client, connection) = tokio_postgres::connect(&database.0.url(), NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    let (other, of_other) = tokio_postgres::connect(&database.0.url(), NoTls).await.expect("connected");
    let of_other = tokio::spawn(of_other);
    let mut w = World::new(Box::new(Node(Arc::clone(&database)))).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let held = hold(&w).await;
    let begun = w.store.moved(None).await.expect("it is told").to;
    // With a number, below all that come.
    other.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.expect("it has begun");

    w.send(anna, group, "seen").await.expect("it is sent");
    let seen = w.store.moved(Some(begun)).await.expect("it is told");
    assert_eq!(seen.groups, Some(vec![group]));
    assert!(w.store.note_seen(held.hold, &seen.to).await.expect("it is noted"));
    let age = "UPDATE moved SET at = now() - interval '11 minutes'";
    assert!(client.execute(age, &[]).await.expect("they are old") > 0);
    w.store.forget_moved().await.expect("it is forgotten");
    assert_eq!(client.query("SELECT FROM moved", &[]).await.expect("rows").len(), 0);
    assert!(hold(&w).await.seen.is_some(), "it knows all that is gone");

    w.send(anna, group, "not seen").await.expect("it is sent");
    client.execute(age, &[]).await.expect("it is old");
    w.store.forget_moved().await.expect("it is forgotten");
    assert_eq!(client.query("SELECT FROM moved", &[]).await.expect("rows").len(), 0);
    assert_eq!(hold(&w).await.seen, None, "of this it does not");

    drop((client, other));
    connection.await.expect("no panic").expect("it ends in order");
    of_other.await.expect("no panic").expect("it ends in order");
    w.close().await;
}

/// What a search of the consumer's index looks at besides.
async fn unseen(store: &PostgresStore, consumer: u64) -> Option<Vec<GroupId>> {
    store.read_at_once(move |db| db.moved_unseen(consumer)).await.expect("it is told")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_moved_since_the_noted_mark_is_told_whenever_it_was_begun() {
    let database = Arc::new(Database::new());
    let (client, connection) = tokio_postgres::connect(&database.0.url(), NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    let mut w = World::new(Box::new(Node(Arc::clone(&database)))).await;
    let (store, _feed) = database.node().await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (seen, running) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    w.send(anna, seen, "seen").await.expect("it is sent");
    let hold = hold(&w).await.hold;
    assert_eq!(unseen(&store, hold.consumer).await, None, "nothing is noted");

    // It has its number before the mark, and is not committed.
    let note = format!("BEGIN; INSERT INTO moved (groups) VALUES ('{{{}}}')", running.0);
    client.batch_execute(&note).await.expect("it is noted");
    let mark = w.store.moved(None).await.expect("it is told").to;
    assert!(w.store.note_seen(hold, &mark).await.expect("it is noted"));
    assert_eq!(unseen(&store, hold.consumer).await, Some(Vec::new()));
    client.batch_execute("COMMIT").await.expect("it is committed");
    assert_eq!(unseen(&store, hold.consumer).await, Some(vec![running]));
    w.send(anna, seen, "new").await.expect("it is sent");
    assert_eq!(unseen(&store, hold.consumer).await, Some(vec![seen, running]));

    // Of a server that was ahead, from which the database was copied, and of very many nothing is known.
    let very_many = "INSERT INTO moved (groups) SELECT '{1}' FROM generate_series(1, 2001)";
    client.batch_execute(very_many).await.expect("they are noted");
    assert_eq!(unseen(&store, hold.consumer).await, None);
    let ahead = "UPDATE consumers SET seen = '900000000:900000000:'";
    client.batch_execute(ahead).await.expect("it is noted");
    assert_eq!(unseen(&store, hold.consumer).await, None);

    drop(client);
    connection.await.expect("no panic").expect("it ends in order");
    Store::close(&*store).await;
    w.close().await;
}
