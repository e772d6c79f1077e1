//! Settings: every one as a flag, as `RIM_…` in the environment, and in `rim.toml`, under the same name.
//!
//! [`Settings`] is what was given, [`Config`] what follows from it, checked. [`load`] leads from one to the
//! other; a flag wins over the environment, the environment over the file, the file over the default.

mod file;
mod files;
mod load;
mod setting;
mod settings;
mod table;
mod value;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use rim_core::contact::{AskBounds, Bounds, Directory};
use rim_core::file::FileLimits;
use rim_core::note::Windows;
use rim_protocol::limits::{
    MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_GROUPS_BY_OTHERS, MAX_PENDING_REQUESTS, MAX_UNASKED_GROUPS,
};

pub use self::files::{FilePlace, FilePlaces, S3Keys, S3Settings};
pub use self::load::{LoadError, Loaded, SettingSource, load, load_command};
pub use self::setting::SettingError;
pub use self::settings::Settings;
pub use self::table::settings_table;
pub(crate) use self::value::database;
pub use self::value::{Bus, Database, FileStorage, LogFormat, MetricsAccess, RemotePictures};
use self::value::{ErrorDetail, MaxConnections, OffOr, Registration, Switch};
use crate::open_files;

/// Files the server needs for itself beside one for each socket: the database and its readers, listeners,
/// the log, and requests to its own folder.
const RESERVED_FILES: usize = 256;

/// The settings of a server, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `listen`: REST, the web client and `/ws`.
    pub listen: SocketAddr,
    /// `ws-listen`: WebSocket at any path, where old clients look for it; `None` for `off`.
    pub ws_listen: Option<SocketAddr>,
    /// `data`: everything the server writes.
    pub data: PathBuf,
    /// `database`, resolved.
    pub database: Database,
    /// `database-connections`: of this node, to PostgreSQL.
    pub database_connections: usize,
    /// `bus`, resolved: `Local` on SQLite.
    pub bus: Bus,
    /// `node-name`, resolved.
    pub node_name: String,
    /// `check-interval`: how often a node looks at the database for what the bus may have lost.
    pub check_interval: Duration,
    /// `log-level`: directives for `tracing_subscriber::EnvFilter`.
    pub log_level: String,
    /// `log-format`.
    pub log_format: LogFormat,
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
    /// `directory`: whom people may look up.
    pub directory: Directory,
    /// `remote-pictures`: what the web client does with pictures, sound and films of other hosts.
    pub remote_pictures: RemotePictures,
    /// `link-previews`: whether the server looks at the addresses in messages.
    pub link_previews: bool,
    /// `search`: whether people search their messages.
    pub search: bool,
    /// `trusted-proxies`: peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// `metrics`: who may read `/metrics`.
    pub metrics: MetricsAccess,
    /// `max-body`: bytes of a JSON body.
    pub max_body_bytes: usize,
    pub upload_quota_bytes: u64,
    /// `max-file`, `file-quota`, `file-day` and `transfers`: what a user may upload. The storage may take less at once.
    pub files: FileLimits,
    /// `min-free-disk`, in percent.
    pub min_free_disk: u8,
    /// `file-storage`, resolved.
    pub file_storage: FilePlace,
    /// What else it might be.
    pub file_storages: FilePlaces,
    /// `edit-window` and `recall-window`.
    pub windows: Windows,
    /// `max-connections`: sockets of all kinds at once.
    pub max_connections: usize,
    /// `max-connections-per-address`.
    pub max_connections_per_address: usize,
    /// `max-connections-per-user`: logged-in WebSockets.
    pub max_connections_per_user: usize,
    /// `idle-timeout`: a WebSocket that is silent for so long, pongs included, is closed within the next second. How
    /// early it is pinged, `gateway/wheel.rs` says.
    pub idle_timeout: Duration,
    /// `request-timeout`: from the end of an answer, or the start of a connection, to the end of the next head; and from
    /// there until there is an answer.
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
    /// Pages from the host the request is sent to, on any port, and these (in lower case, without a slash
    /// at the end).
    SameHostAnd(Vec<String>),
}

impl Config {
    /// What follows from `settings` in a process that may open `open_files` files.
    fn resolve(settings: Settings, open_files: usize) -> Result<Self, SettingError> {
        let default_database = settings.data.join("rim.db");
        let database = settings.database.clone().unwrap_or(Database::Sqlite(default_database));
        let file_storages = FilePlaces::of(&settings, &database)?;
        let file_storage = file_storages.resolve(settings.file_storage)?;
        let bus = match (&database, settings.bus) {
            (Database::Sqlite(_), None | Some(Bus::Local)) => Bus::Local,
            (Database::Sqlite(_), Some(_)) => {
                let problem = "must be local on SQLite, which one node has for itself; several need \
                               database = postgres://…";
                return Err(SettingError::new("bus", problem));
            }
            (Database::Postgres(_), bus) => bus.unwrap_or(Bus::Postgres),
        };
        let tls = match (settings.tls_cert, settings.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) => return Err(SettingError::new("tls-key", "must be set where tls-cert is")),
            (None, Some(_)) => return Err(SettingError::new("tls-cert", "must be set where tls-key is")),
        };
        let allowed_origins = if settings.allowed_origins.iter().any(|origin| origin == "*") {
            AllowedOrigins::Any
        } else {
            AllowedOrigins::SameHostAnd(settings.allowed_origins)
        };
        let max_connections = match settings.max_connections {
            MaxConnections::Auto => open_files.saturating_sub(RESERVED_FILES).max(1),
            MaxConnections::Exactly(number) => number,
        };
        Ok(Self {
            listen: settings.listen,
            ws_listen: match settings.ws_listen {
                OffOr::Off => None,
                OffOr::On(address) => Some(address),
            },
            database,
            database_connections: settings.database_connections,
            bus,
            node_name: settings.node_name.unwrap_or_else(machine_name),
            check_interval: settings.check_interval,
            log_level: settings.log_level.0,
            log_format: settings.log_format,
            limits: settings.limits == Switch::On,
            registration: settings.registration == Registration::Open,
            precise_login_errors: settings.login_errors == ErrorDetail::Precise,
            session_lifetime: Duration::from_secs(u64::from(settings.session_days) * 24 * 60 * 60),
            time_zone: settings.time_zone.0,
            tls,
            allowed_origins,
            remote_pictures: settings.remote_pictures,
            link_previews: settings.link_previews == Switch::On,
            search: settings.search == Switch::On,
            directory: settings.directory.into(),
            trusted_proxies: settings.trusted_proxies,
            metrics: settings.metrics,
            max_body_bytes: settings.max_body,
            upload_quota_bytes: settings.upload_quota,
            files: FileLimits {
                max_bytes: settings.max_file,
                stored_bytes: settings.file_quota,
                day_bytes: settings.file_day,
                transfers: settings.transfers as u64,
            },
            min_free_disk: settings.min_free_disk,
            file_storage,
            file_storages,
            windows: Windows { edit_ms: settings.edit_window.ms(), recall_ms: settings.recall_window.ms() },
            max_connections,
            max_connections_per_address: settings.max_connections_per_address,
            max_connections_per_user: settings.max_connections_per_user,
            idle_timeout: settings.idle_timeout,
            request_timeout: settings.request_timeout,
            drain_timeout: settings.drain_timeout,
            data: settings.data,
        })
    }

    /// What groups and people in groups may have.
    pub fn bounds(&self) -> Bounds {
        let members = MAX_GROUP_MEMBERS;
        let directory = self.directory;
        if !self.limits {
            return Bounds { directory, ..Bounds::of_members(members) };
        }
        Bounds {
            members,
            groups: MAX_GROUPS,
            groups_by_others: MAX_GROUPS_BY_OTHERS,
            unasked: MAX_UNASKED_GROUPS,
            directory,
        }
    }

    /// What those may do who ask others to be friends.
    pub fn ask_bounds(&self) -> AskBounds {
        let pending = if self.limits { MAX_PENDING_REQUESTS } else { u64::MAX };
        AskBounds { pending, directory: self.directory }
    }

    /// What works and is perhaps not meant, in sentences for the person who runs the server.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.limits {
            warnings.push(
                "limits are off: anybody can flood this server. Use this for benchmarks alone".to_owned(),
            );
        }
        let open_files = open_files::limit();
        let needed = self.max_connections.saturating_add(RESERVED_FILES);
        if needed > open_files && self.max_connections > 1 {
            warnings.push(format!(
                "max-connections is {}, which needs {needed} open files; this process may have {open_files} \
                 (see `ulimit -n`, or LimitNOFILE of systemd)",
                self.max_connections
            ));
        }
        if let (FilePlace::Folder, Database::Postgres(_)) = (&self.file_storage, &self.database) {
            warnings.push(
                "files are in the data folder of this node: other nodes on the same database would not find \
                 them. Use file-storage = s3 or postgres for several"
                    .to_owned(),
            );
        }
        if let FilePlace::S3(s3) = &self.file_storage
            && s3.is_open()
        {
            warnings.push(
                "s3-endpoint begins with http://: files travel in the open between this server and S3"
                    .to_owned(),
            );
        }
        if self.tls.is_none() && !self.listen.ip().is_loopback() {
            warnings.push(format!(
                "{} is reachable from other machines without TLS: passwords and messages travel in the open \
                 unless a proxy in front adds it",
                self.listen
            ));
        }
        warnings
    }
}

/// What this machine calls itself.
fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
