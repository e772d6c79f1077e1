//! What was recalled is in no row of the database.

mod common;

use std::sync::Arc;

use common::Database;
use rim_core::note::Act;
use rim_store::database::Database as _;
use rim_store::suite::Fixture;
use rim_store::suite::search::{index_all, index_some, recall_while_segments_are_merged};
use rim_store::suite::world::{World, edit, mention, react};
use rim_store::{Feed, Store};
use rim_store_postgres::PostgresStore;

/// A store that is open already.
struct Node(Option<(Arc<PostgresStore>, Feed)>);

impl Node {
    async fn of(database: &Database) -> Self {
        Self(Some(database.node().await))
    }
}

#[async_trait::async_trait]
impl Fixture for Node {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.0.take().expect("it is opened once");
        (store, feed)
    }
}

/// The tables that say something which only a recalled message said.
async fn tables_with_a_secret(url: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    let sql = "SELECT quote_ident(table_name) FROM information_schema.tables
               WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    let mut found = Vec::new();
    for table in client.query(sql, &[]).await.expect("the tables") {
        let table: String = table.get(0);
        // Bytes are told in hexadecimal.
        let sql = format!(
            "SELECT FROM {table} AS r
             WHERE r::text LIKE '%zzsecret%' OR r::text LIKE '%' || encode('zzsecret', 'hex') || '%' LIMIT 1"
        );
        if !client.query(&sql, &[]).await.expect("its rows").is_empty() {
            found.push(table);
        }
    }
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recalled_is_in_no_row_of_any_table() {
    let database = Database::new();
    let mut w = World::new(Box::new(Node::of(&database).await)).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send_with(anna, group, "zzsecret one", mention(&[bob])).await.expect("it is sent");
    for nth in 1..4 {
        let edit = edit(&format!("e{nth}"), &format!("zzsecret {nth}"));
        w.act(anna, group, sent.id, edit).await.expect("it is edited");
        w.act(bob, group, sent.id, react(["👍", "🎉", "❤️"][nth - 1])).await.expect("it is reacted to");
    }
    assert_eq!(tables_with_a_secret(&database.0.url()).await, ["messages", "words"]);
    index_all(&w.store).await;
    assert_eq!(tables_with_a_secret(&database.0.url()).await, ["messages", "search_blocks", "words"]);
    w.act(anna, group, sent.id, Act::Recall).await.expect("it is recalled");
    w.store.tidy_index().await.expect("it is tidied up");
    assert_eq!(tables_with_a_secret(&database.0.url()).await, [""; 0]);
    w.close().await;
}

/// What no index has a term of twice shows what it has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recalled_is_in_no_segment_however_often_these_were_merged() {
    let database = Database::new();
    let mut w = World::new(Box::new(Node::of(&database).await)).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    let mut sent = Vec::new();
    for nth in 0..200_usize {
        let group = groups[nth % 2];
        let secret = if nth % 3 == 0 { "plain" } else { "zzsecret" };
        let message =
            w.send(anna, group, &format!("{secret} {nth} zzsecret{nth}")).await.expect("it is sent").id;
        if nth % 5 == 0 {
            let edit = edit(&format!("e{nth}"), &format!("zzsecret edited{nth}"));
            w.act(anna, group, message, edit).await.expect("it is edited");
        }
        sent.push((group, message));
        if nth % 3 == 0 {
            index_some(&w.store).await;
        }
        // Some are recalled before others of their segment are listed, some when it was merged, and some are not listed yet.
        if nth % 7 == 0 {
            let (group, message) = sent.swap_remove(nth % sent.len());
            w.act(anna, group, message, Act::Recall).await.expect("it is recalled");
        }
    }
    index_all(&w.store).await;
    assert!(tables_with_a_secret(&database.0.url()).await.contains(&"search_blocks".to_owned()));
    for (group, message) in sent {
        w.act(anna, group, message, Act::Recall).await.expect("it is recalled");
    }
    w.store.tidy_index().await.expect("it is tidied up");
    assert_eq!(tables_with_a_secret(&database.0.url()).await, [""; 0]);
    let (client, connection) =
        tokio_postgres::connect(&database.0.url(), tokio_postgres::NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    let left = client.query_one("SELECT count(*) FROM search_blocks", &[]).await.expect("a count");
    assert_eq!(left.get::<_, i64>(0), 0, "nothing is found by anything");
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");
    w.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recalled_while_segments_are_merged_is_in_none_of_them() {
    let database = Database::new();
    let (store, feed) = database.node().await;
    let mut w = World::new(Box::new(Node(Some((Arc::clone(&store), feed))))).await;
    recall_while_segments_are_merged(&*store, &mut w, "zzsecret").await.expect("it holds");
    assert_eq!(tables_with_a_secret(&database.0.url()).await, [""; 0]);
    // The room of what was merged is used again, as soon as PostgreSQL has counted what is of no use.
    let (client, connection) =
        tokio_postgres::connect(&database.0.url(), tokio_postgres::NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    let sql = "SELECT FROM pg_stat_user_tables
               WHERE relname = 'search_blocks' AND vacuum_count + autovacuum_count > 0";
    while client.query(sql, &[]).await.expect("what is counted").is_empty() {
        store.reuse_room_of_index().await;
    }
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");
    w.close().await;
}
