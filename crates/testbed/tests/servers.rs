//! The servers are real, are there, and go.

use rim_testbed::{Fault, Nats, Postgres, Proxy, nats, postgres};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_postgres::{Client, Error, NoTls};

/// Runs statements on one connection, and returns the last value of what they answer.
async fn ask(url: &str, statements: &str) -> Result<Option<String>, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let asked = async |client: Client| {
        let rows = client.simple_query(statements).await?;
        let value = rows.iter().rev().find_map(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(value)
    };
    tokio::select! {
        value = asked(client) => value,
        ended = connection => Err(ended.expect_err("it ends before its client only by an error")),
    }
}

#[tokio::test]
async fn each_database_is_empty_and_its_own() {
    let (one, other) = (postgres(), postgres());
    ask(&one.url(), "CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.expect("it works");
    assert!(ask(&other.url(), "SELECT n FROM t").await.is_err());
    assert_eq!(ask(&one.url(), "SELECT n FROM t").await.expect("it works").as_deref(), Some("1"));
    assert_eq!(ask(&one.url(), "SHOW server_encoding").await.expect("it works").as_deref(), Some("UTF8"));
}

#[tokio::test]
async fn a_database_goes_with_its_value_though_somebody_is_connected() {
    let keeper = postgres();
    let (gone, name) = {
        let database = postgres();
        let url = database.url();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("it is there");
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(connection);
        client.simple_query("SELECT 1").await.expect("it works");
        drop(database);
        assert!(client.simple_query("SELECT 1").await.is_err());
        let name = url.rsplit('/').next().expect("a name").to_owned();
        (url, name)
    };
    assert!(ask(&gone, "SELECT 1").await.is_err());
    let left =
        ask(&keeper.url(), &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")).await;
    assert_eq!(left.expect("it works").as_deref(), Some("0"));
}

#[tokio::test]
async fn a_private_postgres_is_killed_and_keeps_what_it_had() {
    let mut server = Postgres::private();
    ask(server.url(), "CREATE TABLE t (n int); INSERT INTO t VALUES (7)").await.expect("it works");
    server.kill();
    assert!(ask(server.url(), "SELECT 1").await.is_err());
    server.start();
    assert_eq!(ask(server.url(), "SELECT n FROM t").await.expect("it works").as_deref(), Some("7"));
    server.stop();
    assert!(ask(server.url(), "SELECT 1").await.is_err());
    server.start();
    assert_eq!(ask(server.url(), "SELECT n FROM t").await.expect("it works").as_deref(), Some("7"));
}

#[tokio::test]
async fn a_database_is_reached_through_a_proxy() {
    let database = postgres();
    let proxy = Proxy::to(database.address()).await;
    let url = database.url_by(proxy.address());
    let name = url.rsplit('/').next();
    assert_eq!(ask(&url, "SELECT current_database()").await.expect("it works").as_deref(), name);
    proxy.set(Fault::Reset).await;
    assert!(ask(&url, "SELECT 1").await.is_err());
}

/// What NATS says first.
async fn greeting(address: std::net::SocketAddr) -> std::io::Result<[u8; 5]> {
    let mut greeting = [0; 5];
    TcpStream::connect(address).await?.read_exact(&mut greeting).await?;
    Ok(greeting)
}

#[tokio::test]
async fn the_shared_nats_is_there_with_a_prefix_for_each() {
    let (one, other) = (nats(), nats());
    assert_eq!(greeting(one.address()).await.expect("it is there"), *b"INFO ");
    assert_eq!(one.url(), other.url());
    assert_ne!(one.prefix(), other.prefix());
}

#[tokio::test]
async fn a_private_nats_is_killed_and_comes_back_where_it_was() {
    let mut server = Nats::private(&[]);
    assert_eq!(greeting(server.address()).await.expect("it is there"), *b"INFO ");
    server.kill();
    assert!(greeting(server.address()).await.is_err());
    server.start();
    assert_eq!(greeting(server.address()).await.expect("it is there"), *b"INFO ");
}
