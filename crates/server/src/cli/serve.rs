//! `rim serve`: a server until it is told to stop.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::logging;
use crate::config::{Config, Database};
use crate::open_files;
use crate::run::{Listeners, Server};
use crate::why;

/// Connections that wait to be accepted. A restart brings all clients back at once.
const BACKLOG: u32 = 4096;
/// How long tasks that outlived the drain are given when the process ends.
const LAST_TASKS: Duration = Duration::from_millis(500);

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(config: Config) -> Result<()> {
    logging::start(&config)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let outcome = runtime.block_on(run(config));
    runtime.shutdown_timeout(LAST_TASKS);
    outcome
}

async fn run(config: Config) -> Result<()> {
    let mut stop = StopSignals::new().context("cannot catch signals")?;
    let listeners = bind(&config)?;
    let shutdown = CancellationToken::new();
    let server = Server::open(config.clone(), shutdown.clone()).await?;
    announce(&config, &listeners);

    let serving = server.serve(listeners);
    tokio::pin!(serving);
    tokio::select! {
        // Not cancelled but finished below.
        outcome = &mut serving => return outcome,
        _ = stop.next() => {}
    }
    tracing::info!("stopping: clients are sent away to come back; a second signal ends at once");
    shutdown.cancel();
    tokio::select! {
        outcome = &mut serving => {
            outcome?;
            tracing::info!("stopped");
        }
        // What was acknowledged is on the disk, so nothing is lost by not waiting.
        number = stop.next() => std::process::exit(128 + number),
    }
    Ok(())
}

/// SIGTERM and SIGINT, from when this is made.
struct StopSignals {
    term: Signal,
    int: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// The number of the next one. A signal that comes while nobody waits is kept.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.term.recv() => libc::SIGTERM,
            _ = self.int.recv() => libc::SIGINT,
        }
    }
}

fn bind(config: &Config) -> Result<Listeners> {
    let main = listen("listen", config.listen)?;
    let ws = config.ws_listen.map(|address| listen("ws-listen", address)).transpose()?;
    Ok(Listeners { main, ws })
}

fn listen(setting: &str, address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Connections of a server that has just stopped linger; they do not keep the next one from starting.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| {
        let why = why::in_words(&error);
        anyhow!("{setting}: cannot listen on {address}: {why}; it must be a free port of an address of this machine")
    })
}

/// Says where the server is, on stdout. The server runs on if nobody reads it.
fn announce(config: &Config, listeners: &Listeners) {
    let _ = stdout().write_all(welcome(config, listeners).as_bytes());
    tracing::info!(open_files = open_files::limit(), max_connections = config.max_connections, "ready");
}

fn welcome(config: &Config, listeners: &Listeners) -> String {
    let secure = if config.tls.is_some() { "s" } else { "" };
    let main = listeners.main.local_addr().unwrap_or(config.listen);
    let mut text = format!("\n  rim {} is running\n\n", env!("CARGO_PKG_VERSION"));
    let mut line = |name: &str, value: String| {
        writeln!(text, "  {name:<12}{value}").expect("a String takes everything");
    };
    line("open", format!("http{secure}://{}{}", reachable(main), everywhere(main)));
    line("WebSocket", format!("ws{secure}://{}/ws", reachable(main)));
    if let Some(ws) = listeners.ws.as_ref().and_then(|listener| listener.local_addr().ok()) {
        line("old clients", format!("ws{secure}://{}{}", reachable(ws), everywhere(ws)));
    }
    line("data", absolute(&config.data));
    match &config.database {
        Database::Sqlite(path) => line("database", absolute(path)),
        Database::Postgres(_) => {
            line("database", config.database.to_string());
            line("bus", config.bus.to_string());
            line("node", config.node_name.clone());
        }
    }
    if !config.limits {
        line("limits", "OFF: for benchmarks alone".to_owned());
    }
    line("to stop", "Ctrl-C".to_owned());
    text.push('\n');
    text
}

/// An address that a browser on this machine can open: none can open 0.0.0.0.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
}

fn everywhere(address: SocketAddr) -> &'static str {
    if address.ip().is_unspecified() { "  (and every other address of this machine)" } else { "" }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
