//! A server that has few connections, or cannot be written to: what a node holds, gives back, and says of itself.

mod common;

use std::sync::Arc;

use futures_util::future::join_all;
use rim_core::message::Write;
use rim_core::{GroupId, UserId};
use rim_store::suite::Fixture;
use rim_store::suite::world::{World, text, write};
use rim_store::{Feed, Groups, SharedStore, Store, StoreError};
use rim_store_postgres::{OpenError, PostgresStore};
use rim_testbed::{Postgres, Proxy, Server};
use tokio_postgres::{Client, NoTls};

/// Gives out a store that is open already.
struct Opened(Option<(Arc<PostgresStore>, Feed)>);

#[async_trait::async_trait]
impl Fixture for Opened {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.0.take().expect("opened once");
        (store, feed)
    }
}

/// A node, and two people in a group.
struct House {
    store: Arc<PostgresStore>,
    w: World,
    anna: UserId,
    group: GroupId,
}

impl House {
    async fn on(url: &str, name: &str) -> Self {
        let (store, feed) = common::open(url.to_owned()).await.expect("the database opens");
        let w = World::new(Box::new(Opened(Some((Arc::clone(&store), feed))))).await;
        let anna = w.user(name).await;
        let group = w.group(anna, &[]).await;
        w.changes().await;
        Self { store, w, anna, group }
    }

    async fn sends(&self, client_msg_id: &str) -> Result<(), StoreError> {
        let message = text(self.anna, self.group, client_msg_id, "hi", self.w.now());
        write(&self.w.store, Write::Append(message)).await.map(drop)
    }

    /// As everybody does whose node was killed.
    async fn many_read(&self) {
        for read in join_all((0..40).map(|_| self.store.groups_of(self.anna))).await {
            read.expect("the connections that there are do for all");
        }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connected");
    tokio::spawn(connection);
    client
}

/// A server with so many connections.
async fn server_with(max_connections: usize) -> Server {
    let start = move || Postgres::private_with(&[&format!("--max_connections={max_connections}")]);
    tokio::task::spawn_blocking(start).await.expect("PostgreSQL")
}

/// Ends all connections but that of `admin`, as a server does that is restarted.
async fn end_all_connections(admin: &Client) {
    let sql = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    admin.execute(sql, &[]).await.expect("ended");
}

#[tokio::test]
async fn however_many_read_messages_have_their_connection() {
    // Two for each of three nodes, one to look, and two for whoever comes first.
    let server = server_with(9).await;
    let admin = connect(server.url()).await;
    let nodes = [
        House::on(server.url(), "anna").await,
        House::on(server.url(), "bob").await,
        House::on(server.url(), "carl").await,
    ];
    join_all(nodes.iter().map(House::many_read)).await;
    for node in &nodes {
        node.sends("1").await.expect("stored");
        node.store.ready().await.expect("ready");
    }
    let refused = [common::open(server.url().to_owned()).await, common::open(server.url().to_owned()).await];
    let refused = refused.into_iter().find_map(Result::err).expect("one or none is left");
    assert!(matches!(refused, OpenError::Full(_)), "{refused}");
    assert!(refused.to_string().contains("max_connections"), "{refused}");

    // One is killed, and everybody reads what they missed, before anybody has a connection again.
    let [one, two, killed] = nodes;
    killed.store.close().await;
    end_all_connections(&admin).await;
    tokio::join!(one.many_read(), two.many_read());
    for node in [&one, &two] {
        node.sends("2").await.expect("stored");
        node.store.ready().await.expect("ready");
    }
}

#[tokio::test]
async fn a_node_whose_messages_have_no_connection_gives_them_one_of_its_others() {
    let server = server_with(6).await;
    let admin = connect(server.url()).await;
    let node = House::on(server.url(), "anna").await;
    node.many_read().await;
    // All but that for messages, of which there is none when it is needed.
    let sql = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
               WHERE query LIKE '%rim_schema SET version%' AND pid <> pg_backend_pid()";
    node.store.ready().await.expect("ready");
    assert_eq!(admin.execute(sql, &[]).await.expect("ended"), 1);
    let _other = connect(server.url()).await;
    node.sends("1").await.expect("stored");
    node.store.ready().await.expect("ready");
    node.many_read().await;
}

#[tokio::test]
async fn connections_that_nobody_needs_go_back() {
    let postgres = rim_testbed::postgres();
    let proxy = Proxy::to(postgres.address()).await;
    let node = House::on(&postgres.url_by(proxy.address()), "anna").await;
    node.many_read().await;
    proxy.wait_for_connections(|open| open == 5).await;
    node.store.tend().await;
    node.store.tend().await;
    // That for messages, and two.
    proxy.wait_for_connections(|open| open == 3).await;
    node.many_read().await;
    proxy.wait_for_connections(|open| open == 5).await;
}

#[tokio::test]
async fn a_node_that_can_store_no_message_is_not_ready() {
    let postgres = rim_testbed::postgres();
    let node = House::on(&postgres.url(), "anna").await;
    let admin = connect(&postgres.url()).await;
    let sql = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                   'BEGIN RAISE disk_full; END';
               CREATE TRIGGER full_disk BEFORE INSERT ON messages EXECUTE FUNCTION full_disk()";
    admin.batch_execute(sql).await.expect("a trigger");
    node.store.ready().await.expect("nobody has noticed yet");
    let sent = node.sends("1").await;
    assert!(matches!(sent, Err(StoreError::Busy)), "{sent:?}");
    node.store.ready().await.expect_err("no message can be stored");
    node.store.groups_of(node.anna).await.expect("it can be read");

    admin.batch_execute("DROP TRIGGER full_disk ON messages").await.expect("room");
    node.store.ready().await.expect("ready before the next message comes");
    node.sends("1").await.expect("stored");
    let left = admin.query("SELECT FROM messages WHERE group_id = 0", &[]).await.expect("read");
    assert!(left.is_empty(), "nothing is left of the looks");
}

#[tokio::test]
async fn a_server_that_is_set_to_be_only_read_is_not_written_to() {
    let server = tokio::task::spawn_blocking(Postgres::private).await.expect("PostgreSQL");
    let node = House::on(server.url(), "anna").await;
    let admin = connect(server.url()).await;
    let set = async |what: &str| {
        let sql = format!("ALTER SYSTEM {what}");
        admin.batch_execute(&sql).await.expect("set");
        admin.batch_execute("SELECT pg_reload_conf()").await.expect("reloaded");
    };
    set("SET default_transaction_read_only = on").await;
    // Sessions hear of it a moment later.
    while node.store.ready().await.is_ok() {}
    let sent = node.sends("1").await;
    assert!(matches!(sent, Err(StoreError::Busy)), "{sent:?}");
    set("RESET default_transaction_read_only").await;
    while node.store.ready().await.is_err() {}
    node.sends("1").await.expect("stored");
}
