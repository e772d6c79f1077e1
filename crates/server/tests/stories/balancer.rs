//! A balancer before several nodes: each connection goes to the next of them. Nothing is sticky.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub struct Balancer {
    nodes: Arc<watch::Sender<Vec<SocketAddr>>>,
    task: JoinSet<()>,
}

impl Balancer {
    pub fn start(listener: TcpListener, nodes: Vec<SocketAddr>) -> Self {
        let nodes = Arc::new(watch::Sender::new(nodes));
        let mut task = JoinSet::new();
        task.spawn(balance(listener, Arc::clone(&nodes)));
        Self { nodes, task }
    }

    /// Ends it and its connections, and leaves its port.
    pub async fn stop(mut self) {
        self.task.shutdown().await;
    }

    /// New connections go to these nodes.
    #[allow(dead_code, reason = "where all nodes live as long as the balancer")]
    pub fn set(&self, nodes: Vec<SocketAddr>) {
        self.nodes.send_replace(nodes);
    }
}

async fn balance(listener: TcpListener, nodes: Arc<watch::Sender<Vec<SocketAddr>>>) {
    let mut connections = JoinSet::new();
    let mut turn = 0_usize;
    loop {
        let Ok((mut client, _)) = listener.accept().await else { return };
        turn = turn.wrapping_add(1);
        let nodes = nodes.borrow().clone();
        connections.spawn(async move {
            let _ = client.set_nodelay(true);
            for n in 0..nodes.len() {
                // One that takes no connection has not read anything: the next may have it.
                let Ok(mut server) = TcpStream::connect(nodes[(turn + n) % nodes.len()]).await else {
                    continue;
                };
                let _ = server.set_nodelay(true);
                // Whichever side ends it: a connection that is broken is one that has ended.
                let _ = copy_bidirectional(&mut client, &mut server).await;
                return;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
