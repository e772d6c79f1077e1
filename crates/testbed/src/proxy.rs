//! The network between a client and a server, with its faults.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// All is well.
    Pass,
    /// Nothing arrives and nobody is told: connections are made, and what is written to them waits until they
    /// are well again, as the retransmissions of TCP would.
    BlackHole,
    /// What is written takes as long, both ways.
    Delay(Duration),
    /// Connections end with RST, the existing ones and every new one.
    Reset,
}

/// What one connection may have on its way in one direction: as many reads of as many bytes.
const READS: usize = 256;
const READ_BYTES: usize = 16 << 10;

/// A TCP proxy before a server.
pub struct Proxy {
    address: SocketAddr,
    upstream: watch::Sender<SocketAddr>,
    network: watch::Sender<Network>,
    /// Ends with the proxy, and its connections with it.
    _listener: JoinSet<()>,
}

/// One value, so that one lock tells which connections a fault finds.
struct Network {
    fault: Fault,
    connections: usize,
}

impl Proxy {
    /// Listens on loopback and connects to `upstream`, once for each connection.
    pub async fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let network = watch::Sender::new(Network { fault: Fault::Pass, connections: 0 });
        let upstream = watch::Sender::new(upstream);
        let mut listening = JoinSet::new();
        listening.spawn(listen(listener, upstream.subscribe(), network.clone()));
        Self { address, upstream, network, _listener: listening }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects new connections to another server.
    pub fn redirect(&self, upstream: SocketAddr) {
        self.upstream.send_replace(upstream);
    }

    /// Changes what the network does. When it returns, no byte passes any more that the fault keeps, and no
    /// connection is left that it ends.
    pub async fn set(&self, fault: Fault) {
        self.network.send_modify(|network| network.fault = fault);
        if fault == Fault::Reset {
            self.wait_for_connections(|connections| connections == 0).await;
        }
    }

    /// Waits for the number of open connections to be so.
    pub async fn wait_for_connections(&self, mut so: impl FnMut(usize) -> bool) {
        let mut network = self.network.subscribe();
        network.wait_for(|network| so(network.connections)).await.expect("the sender is here");
    }
}

async fn listen(
    listener: TcpListener,
    upstream: watch::Receiver<SocketAddr>,
    network: watch::Sender<Network>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let open = network.send_if_modified(|network| {
                    let open = network.fault != Fault::Reset;
                    network.connections += usize::from(open);
                    open
                });
                if open {
                    connections.spawn(serve(client, upstream.clone(), Counted(network.clone())));
                } else {
                    reset(client);
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One of [`Network::connections`], until it goes.
struct Counted(watch::Sender<Network>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|network| network.connections -= 1);
    }
}

async fn serve(mut client: TcpStream, upstream: watch::Receiver<SocketAddr>, counted: Counted) {
    let mut network = counted.0.subscribe();
    let mut reset_network = network.clone();
    let mut server = None;
    let run = async {
        passing(&mut network).await;
        let address = *upstream.borrow();
        let server = server.insert(TcpStream::connect(address).await?);
        relay(&mut client, server, &network).await
    };
    let ended_well = tokio::select! {
        relayed = run => relayed.is_ok(),
        _ = reset_network.wait_for(|network| network.fault == Fault::Reset) => false,
    };
    if !ended_well {
        // Where one end broke, or was never there, the other breaks, too.
        reset(client);
        server.into_iter().for_each(reset);
    }
    // Not before the sockets are closed.
    drop(counted);
}

async fn relay(
    client: &mut TcpStream,
    server: &mut TcpStream,
    network: &watch::Receiver<Network>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let there = pass_on(from_client, to_server, network.clone());
    let back = pass_on(from_server, to_client, network.clone());
    tokio::try_join!(there, back).map(|_| ())
}

/// Passes on what one end writes until it has closed its half, which it passes on last.
async fn pass_on(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut network: watch::Receiver<Network>,
) -> io::Result<()> {
    let (queue, mut queued) = mpsc::channel(READS);
    let fault = network.clone();
    let read = async move {
        loop {
            let mut bytes = Vec::with_capacity(READ_BYTES);
            if from.read_buf(&mut bytes).await? == 0 || queue.send((due(&fault), bytes)).await.is_err() {
                return Ok(());
            }
        }
    };
    let write = async {
        while let Some((due, bytes)) = queued.recv().await {
            if let Some(due) = due {
                sleep_until(due).await;
            }
            write_all(&to, &bytes, &mut network).await?;
        }
        passing(&mut network).await;
        to.shutdown().await
    };
    tokio::try_join!(read, write).map(|_| ())
}

/// When that arrives which is written now, if not at once.
fn due(network: &watch::Receiver<Network>) -> Option<Instant> {
    match network.borrow().fault {
        Fault::Delay(delay) => Some(Instant::now() + delay),
        Fault::Pass | Fault::BlackHole | Fault::Reset => None,
    }
}

async fn write_all(
    to: &WriteHalf<'_>,
    mut bytes: &[u8],
    network: &mut watch::Receiver<Network>,
) -> io::Result<()> {
    while !bytes.is_empty() {
        passing(network).await;
        to.writable().await?;
        // Written under the lock of what the network does: before `Proxy::set` returns, or not at all.
        let network = network.borrow();
        if network.fault != Fault::BlackHole {
            match to.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

async fn passing(network: &mut watch::Receiver<Network>) {
    network.wait_for(|network| network.fault != Fault::BlackHole).await.expect("the connection has a sender");
}

/// Closes it with RST.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("it is a socket");
}
