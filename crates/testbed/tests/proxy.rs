//! The proxy against a server that echoes.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rim_testbed::{Fault, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Sends back what it gets, until its value goes.
struct Echo {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut from, mut to) = client.split();
                    // A connection that broke has nobody to tell.
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        Self { address, _tasks: tasks }
    }
}

async fn echoed(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.expect("it is written");
    heard(stream, text).await;
}

async fn heard(stream: &mut TcpStream, text: &str) {
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).await.expect("it is answered");
    assert_eq!(String::from_utf8_lossy(&answer), text);
}

async fn is_reset(stream: &mut TcpStream) {
    let error = stream.read_u8().await.expect_err("the connection is cut");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_is_written_arrives_both_ways() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await;
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    let much: Vec<u8> = (0..4_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut from, mut to) = stream.split();
    let mut answer = Vec::new();
    let write = async {
        to.write_all(&much).await?;
        to.shutdown().await
    };
    tokio::try_join!(write, from.read_to_end(&mut answer)).expect("nothing breaks");
    assert!(answer == much, "{} bytes came back", answer.len());
    proxy.wait_for_connections(|open| open == 0).await;
}

#[tokio::test]
async fn a_black_hole_keeps_every_byte_until_all_is_well() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await;
    let mut old = TcpStream::connect(proxy.address()).await.expect("it listens");
    echoed(&mut old, "before").await;
    proxy.set(Fault::BlackHole).await;
    let mut new = TcpStream::connect(proxy.address()).await.expect("connections are made");
    old.write_all(b"lost?").await.expect("it is written");
    new.write_all(b"and this?").await.expect("it is written");
    // The connection of another proxy to the same server goes there and back: nothing here was only late.
    let other = Proxy::to(echo.address).await;
    let mut marker = TcpStream::connect(other.address()).await.expect("it listens");
    for _ in 0..20 {
        echoed(&mut marker, "marker").await;
    }
    for stream in [&old, &new] {
        let nothing = stream.try_read(&mut [0; 1]).expect_err("nothing has arrived");
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    }
    proxy.set(Fault::Pass).await;
    heard(&mut old, "lost?").await;
    heard(&mut new, "and this?").await;
}

#[tokio::test]
async fn a_delay_takes_as_long_both_ways() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await;
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    let delay = Duration::from_millis(50);
    proxy.set(Fault::Delay(delay)).await;
    let sent = Instant::now();
    echoed(&mut stream, "slow").await;
    assert!(sent.elapsed() >= 2 * delay);
}

#[tokio::test]
async fn a_reset_ends_connections_old_and_new() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await;
    let mut old = TcpStream::connect(proxy.address()).await.expect("it listens");
    echoed(&mut old, "before").await;
    proxy.set(Fault::Reset).await;
    is_reset(&mut old).await;
    let mut new = TcpStream::connect(proxy.address()).await.expect("the kernel accepts");
    is_reset(&mut new).await;
    proxy.set(Fault::Pass).await;
    let mut newest = TcpStream::connect(proxy.address()).await.expect("it listens");
    echoed(&mut newest, "after").await;
}

#[tokio::test]
async fn a_reset_reaches_a_connection_in_the_black_hole() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).await;
    proxy.set(Fault::BlackHole).await;
    let mut stream = TcpStream::connect(proxy.address()).await.expect("connections are made");
    proxy.wait_for_connections(|open| open == 1).await;
    proxy.set(Fault::Reset).await;
    is_reset(&mut stream).await;
}

#[tokio::test]
async fn a_server_that_is_away_resets_its_clients() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = nobody.local_addr().expect("it is bound");
    drop(nobody);
    let proxy = Proxy::to(address).await;
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    is_reset(&mut stream).await;
    let echo = Echo::start().await;
    proxy.redirect(echo.address);
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    echoed(&mut stream, "there").await;
}
