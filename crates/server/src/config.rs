//! Settings: every one as a flag, as `RIM_…` in the environment, and in `rim.toml`, under the same name.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The settings of a server, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `listen`: REST, the web client and `/ws`.
    pub listen: SocketAddr,
    /// `ws-listen`: WebSocket at any path, where old clients look for it; `None` for `off`.
    pub ws_listen: Option<SocketAddr>,
    /// `data`: everything the server writes.
    pub data: PathBuf,
    /// `database`, resolved: the SQLite file.
    pub database: PathBuf,
    /// `limits`: whether rates are limited.
    pub limits: bool,
    /// `registration`: whether strangers may create an account.
    pub registration: bool,
    /// `login-errors`: whether a failed login says which of account and password was wrong.
    pub precise_login_errors: bool,
    /// `session-days`: a session ends when it was not used for so long.
    pub session_lifetime: Duration,
    /// `time-zone`: of `createTime` and `updateTime`.
    pub time_zone: jiff::tz::TimeZone,
    /// `tls-cert` and `tls-key`: PEM files; both or none.
    pub tls: Option<TlsFiles>,
    /// `allowed-origins`.
    pub allowed_origins: AllowedOrigins,
    /// `trusted-proxies`: peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// `metrics`: who may read `/metrics`.
    pub metrics: MetricsAccess,
    /// `max-body`: bytes of a JSON body.
    pub max_body_bytes: usize,
    /// `max-connections`: sockets of all kinds at once.
    pub max_connections: usize,
    /// `max-connections-per-address`.
    pub max_connections_per_address: usize,
    /// `max-connections-per-user`: logged-in WebSockets.
    pub max_connections_per_user: usize,
    /// `idle-timeout`: a WebSocket that is silent for so long, pongs included, is closed. It is pinged at
    /// half this time.
    pub idle_timeout: Duration,
    /// `request-timeout`: from the first byte of a request's headers to the end of its answer.
    pub request_timeout: Duration,
    /// `drain-timeout`: how long connections have to end when the server stops.
    pub drain_timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Which web pages may speak to the server. Clients that send no `Origin` are no web pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// `*`.
    Any,
    /// Pages from the host the request is sent to, on any port, and these.
    SameHostAnd(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Connections from this machine that were not forwarded by a proxy.
    Loopback,
    Everybody,
    Nobody,
}
