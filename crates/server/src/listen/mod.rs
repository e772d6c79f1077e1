//! Accepting connections and speaking HTTP/1.1 on them.
//!
//! `axum::serve` has no limits on connections and no time-outs, and its shutdown does not end idle ones,
//! so this is hyper's connection with our own loop around it. Only HTTP/1.1 is spoken: WebSockets need
//! nothing else, and a proxy in front speaks newer versions to browsers.

mod gate;
mod host;
mod line;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::gate::Full;
pub use self::gate::{Gate, SocketGuard};
pub use self::line::Line;
use self::line::Patience;
use crate::address::RemoteAddress;
use crate::config::Config;
use crate::intake::Intake;
use crate::life::Life;
use crate::metrics::Metrics;
use crate::stream::Stream;
use crate::tls::Certificates;

/// A head may be so large, and one that is larger is answered 431. Hyper's own limit is 400 KiB a connection.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// A TLS handshake that takes longer is given up.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long what is still coming is thrown away, so that the other end sees why it should not.
const LINGER: Duration = Duration::from_secs(5);
/// How long nothing is accepted after the system had no file or memory left for another socket.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// All that is said to who comes when every slot is taken.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\nconnection: close\r\n\
content-length: 0\r\n\r\n";

/// What connections are accepted with, whichever socket they come by.
pub struct Door {
    pub gate: Arc<Gate>,
    /// Where they are to speak TLS.
    pub tls: Option<Arc<Certificates>>,
    pub intake: Arc<Intake>,
    pub metrics: Arc<Metrics>,
    pub config: Arc<Config>,
    pub life: Life,
}

/// Accepts connections and serves `router` on them until the shutdown. Returns as soon as nothing more
/// is accepted; the connections are tasks of the server and end after their running request.
pub async fn serve(door: Arc<Door>, listener: TcpListener, router: Router) {
    let life = &door.life;
    // Waiting for either loses nothing: `accept` is cancel safe.
    while let Some(accepted) = life.shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((tcp, peer)) => admit(&door, &router, tcp, peer),
            Err(error) if concerns_one_socket(&error) => {
                tracing::debug!(%error, "a socket was gone before it was accepted");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections, trying again shortly");
                life.shutdown.run_until_cancelled(life.time.sleep(ACCEPT_PAUSE)).await;
            }
        }
    }
}

/// Starts the task of a connection, if there is room for it.
fn admit(door: &Arc<Door>, router: &Router, tcp: TcpStream, peer: SocketAddr) {
    door.metrics.sockets_accepted.inc();
    let guard = match door.gate.enter(peer.ip()) {
        Ok(guard) => guard,
        Err(full) => return turn_away(door, &tcp, peer, full),
    };
    prepare(door, &tcp);
    let accepted = Accepted { door: Arc::clone(door), router: router.clone(), peer, guard };
    match &door.tls {
        None => door.life.tasks.spawn(accepted.http(Stream::Plain(tcp))),
        Some(certificates) => door.life.tasks.spawn(accepted.https(Arc::clone(certificates), tcp)),
    };
}

fn turn_away(door: &Door, tcp: &TcpStream, peer: SocketAddr, full: Full) {
    let reason = match full {
        Full::Total => "total",
        Full::Address => "address",
    };
    door.metrics.sockets_refused.inc(reason);
    tracing::debug!(%peer, reason, "too many connections");
    if door.tls.is_none() {
        // A courtesy. It is one write into an empty socket buffer: it fits or the peer is gone.
        let _ = tcp.try_write(BUSY);
    }
}

/// Sets the options of a socket. Where one cannot be set the connection works without it.
fn prepare(door: &Door, tcp: &TcpStream) {
    // Frames are small, and each is written when it is complete.
    let _ = tcp.set_nodelay(true);
    // A peer that takes nothing for so long, be it gone or unwilling to read, is ended by the kernel,
    // which spares a timer for each write.
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(tcp).set_tcp_user_timeout(Some(door.config.idle_timeout));
}

/// A socket that was let in, and speaks HTTP. It ends with its last request or, where a request was upgraded
/// to a WebSocket, goes over to the gateway.
struct Accepted {
    door: Arc<Door>,
    router: Router,
    peer: SocketAddr,
    guard: SocketGuard,
}

impl Accepted {
    async fn https(self, certificates: Arc<Certificates>, tcp: TcpStream) {
        let (time, shutdown) = (self.door.life.time.clone(), self.door.life.shutdown.clone());
        let handshake = time.within(TLS_HANDSHAKE_TIMEOUT, certificates.acceptor().accept(tcp));
        // Given up at shutdown: nothing was asked yet.
        let Some(outcome) = shutdown.run_until_cancelled(handshake).await else { return };
        match outcome {
            Some(Ok(stream)) => self.http(Stream::Tls(Box::new(stream))).await,
            Some(Err(error)) => self.handshake_failed(&error.to_string()),
            None => self.handshake_failed("it took too long"),
        }
    }

    fn handshake_failed(&self, why: &str) {
        self.door.metrics.sockets_refused.inc("tls");
        tracing::debug!(peer = %self.peer, why, "TLS handshake failed");
    }

    async fn http(self, stream: Stream) {
        let Self { door, router, peer, guard } = self;
        let (time, head_timeout) = (door.life.time.clone(), door.config.request_timeout);
        let shutdown: CancellationToken = door.life.shutdown.clone();
        let patience = Patience::new(time.clone(), head_timeout);
        let (line, state) = Line::new(stream, door.intake.hold(None), patience);
        // The connection task needs no more of it than that.
        drop(door);

        let (slot, served) = (guard.clone(), Arc::clone(&state));
        let service = service_fn(move |mut request: Request<Incoming>| {
            served.head_is_whole();
            request.extensions_mut().insert(RemoteAddress(peer));
            request.extensions_mut().insert(slot.clone());
            answer(router.clone(), request, Arc::clone(&served))
        });
        let connection = http1::Builder::new()
            .timer(time.clone())
            // Counts from the end of the last answer, so it ends idle connections as well as slow heads.
            .header_read_timeout(head_timeout)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(line), service)
            .with_upgrades();
        if let Err(error) = to_its_end(connection, &shutdown).await {
            tracing::debug!(%peer, %error, "connection ended");
        }
        if let Some(stream) = state.left() {
            // Given up at shutdown, and when it takes too long: what was to be said was said.
            shutdown.run_until_cancelled(time.within(LINGER, line::linger(stream))).await;
        }
        // Until here it has its slot.
        drop(guard);
    }
}

/// Serves a connection until it ends, or until the server does and the request under way is answered.
async fn to_its_end<S>(
    connection: UpgradeableConnection<TokioIo<Line>, S>,
    shutdown: &CancellationToken,
) -> hyper::Result<()>
where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
{
    let mut connection = std::pin::pin!(connection);
    // Waiting for the token loses nothing: the connection is polled on below.
    match shutdown.run_until_cancelled(connection.as_mut()).await {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    state: Arc<line::State>,
) -> Result<Response, Infallible> {
    let response = match host::refuse(&request) {
        Some(refused) => refused,
        None => router.oneshot(request).await?,
    };
    state.served();
    Ok(response)
}

/// Whether `accept` failed for the socket it would have returned, and not for want of something.
fn concerns_one_socket(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
