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
pub use self::gate::{ConnectionGuard, Gate};
pub use self::line::Line;
use self::line::Patience;
use crate::App;
use crate::address::Peer;
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

/// All that is said to who comes when every place is taken.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\nconnection: close\r\n\
content-length: 0\r\n\r\n";

/// Accepts connections and serves `router` on them until `app.shutdown`. Returns as soon as nothing more
/// is accepted; the connections are tasks of `app.tasks` and end after their running request.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    router: Router,
    gate: Arc<Gate>,
    tls: Option<Arc<Certificates>>,
) {
    // Waiting for either loses nothing: `accept` is cancel safe.
    while let Some(accepted) = app.shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((tcp, peer)) => admit(&app, &gate, tls.as_ref(), &router, tcp, peer),
            Err(error) if concerns_one_socket(&error) => {
                tracing::debug!(%error, "a socket was gone before it was accepted");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections, trying again shortly");
                app.shutdown.run_until_cancelled(app.time.sleep(ACCEPT_PAUSE)).await;
            }
        }
    }
}

/// Starts the task of a connection, if there is room for it.
fn admit(
    app: &Arc<App>,
    gate: &Arc<Gate>,
    tls: Option<&Arc<Certificates>>,
    router: &Router,
    tcp: TcpStream,
    peer: SocketAddr,
) {
    app.metrics.sockets_accepted.inc();
    let guard = match gate.enter(peer.ip()) {
        Ok(guard) => guard,
        Err(full) => return turn_away(app, &tcp, peer, full, tls.is_some()),
    };
    prepare(app, &tcp);
    let connection = Connection { app: Arc::clone(app), router: router.clone(), peer, guard };
    match tls {
        None => app.tasks.spawn(connection.http(Stream::Plain(tcp))),
        Some(certificates) => app.tasks.spawn(connection.https(Arc::clone(certificates), tcp)),
    };
}

fn turn_away(app: &App, tcp: &TcpStream, peer: SocketAddr, full: Full, tls: bool) {
    let reason = match full {
        Full::Total => "total",
        Full::Address => "address",
    };
    app.metrics.sockets_refused.inc(reason);
    tracing::debug!(%peer, reason, "too many connections");
    if !tls {
        // A courtesy. It is one write into an empty socket buffer: it fits or the peer is gone.
        let _ = tcp.try_write(BUSY);
    }
}

/// Sets the options of a socket. Where one cannot be set the connection works without it.
fn prepare(app: &App, tcp: &TcpStream) {
    // Frames are small, and each is written when it is complete.
    let _ = tcp.set_nodelay(true);
    // A peer that takes nothing for so long, be it gone or unwilling to read, is ended by the kernel,
    // which spares a timer for each write.
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(tcp).set_tcp_user_timeout(Some(app.config.idle_timeout));
}

/// One accepted connection that speaks HTTP. It ends with its last request or, where a request was upgraded
/// to a WebSocket, goes over to the gateway.
struct Connection {
    app: Arc<App>,
    router: Router,
    peer: SocketAddr,
    guard: ConnectionGuard,
}

impl Connection {
    async fn https(self, certificates: Arc<Certificates>, tcp: TcpStream) {
        let (time, shutdown) = (self.app.time.clone(), self.app.shutdown.clone());
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
        self.app.metrics.sockets_refused.inc("tls");
        tracing::debug!(peer = %self.peer, why, "TLS handshake failed");
    }

    async fn http(self, stream: Stream) {
        let Self { app, router, peer, guard } = self;
        let (time, head_timeout) = (app.time.clone(), app.config.request_timeout);
        let shutdown: CancellationToken = app.shutdown.clone();
        let patience = Patience::new(time.clone(), head_timeout);
        let (line, state) = Line::new(stream, app.intake.hold(None), patience);
        // The connection task needs no more of the app than that.
        drop(app);

        let (place, served) = (guard.clone(), Arc::clone(&state));
        let service = service_fn(move |mut request: Request<Incoming>| {
            served.head_is_whole();
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(place.clone());
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
        // Until here it has its place.
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
