//! The settings as they are given: the one place where each has its name, its text and its default.
//!
//! The flag `--ws-listen` is `RIM_WS_LISTEN` in the environment and `ws-listen` in `rim.toml`. `rim --help`,
//! `docs/settings.md`, `rim check-config` and every error are made from here.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use rim_protocol::limits::DEFAULT_MAX_BODY_BYTES;

use super::value::{
    self, Bus, Database, Directory, ErrorDetail, FileStorage, LogFormat, LogLevel, MaxConnections,
    MetricsAccess, OffOr, Registration, RemotePictures, Switch, TimeZoneName, Window,
};

/// Every setting. The first sentence of each is its line in `--help` and in the table of the docs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The file with settings; ./rim.toml where it exists
    #[arg(long, env = "RIM_CONFIG", value_name = "FILE", global = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(value::file))]
    pub config: Option<PathBuf>,

    /// Where REST, the web client and WebSockets at /ws are served
    #[arg(long, env = "RIM_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    #[arg(default_value = "127.0.0.1:8000", value_parser = value::socket)]
    pub listen: SocketAddr,

    /// Where clients of the old server find WebSockets, at any path; or off
    #[arg(long, env = "RIM_WS_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    #[arg(default_value = "127.0.0.1:3012", value_parser = value::off_or(value::socket))]
    pub ws_listen: OffOr<SocketAddr>,

    /// The folder of everything the server writes
    #[arg(long, env = "RIM_DATA", value_name = "FOLDER", global = true, default_value = "./data")]
    #[arg(value_parser = OsStringValueParser::new().try_map(value::folder))]
    pub data: PathBuf,

    /// The database, sqlite:PATH or postgres://…; rim.db in the data folder where none is named
    #[arg(long, env = "RIM_DATABASE", value_name = "DATABASE", global = true)]
    #[arg(hide_env_values = true, value_parser = value::database)]
    pub database: Option<Database>,

    /// Connections of a node to PostgreSQL, at the most; it has two more, for messages and for its bus
    #[arg(long, env = "RIM_DATABASE_CONNECTIONS", value_name = "NUMBER", global = true)]
    #[arg(hide_short_help = true, default_value = "10", value_parser = value::positive)]
    pub database_connections: usize,

    /// How nodes on one PostgreSQL tell each other what is new: nats://… or postgres; local is for one node
    #[arg(long, env = "RIM_BUS", value_name = "BUS", global = true, hide_short_help = true)]
    #[arg(hide_env_values = true, value_parser = value::bus)]
    pub bus: Option<Bus>,

    /// What this node is called among others; the name of the machine where none is given
    #[arg(long, env = "RIM_NODE_NAME", value_name = "NAME", global = true, hide_short_help = true)]
    #[arg(value_parser = value::node_name)]
    pub node_name: Option<String>,

    /// How often a node looks at the database for what the bus may have lost
    #[arg(long, env = "RIM_CHECK_INTERVAL", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "10s", value_parser = value::duration)]
    pub check_interval: Duration,

    /// How much is logged: error, warn, info, debug, trace, or directives such as info,rim_server=debug
    #[arg(long, env = "RIM_LOG_LEVEL", value_name = "LEVEL", global = true)]
    #[arg(default_value = "info", value_parser = value::log_level)]
    pub log_level: LogLevel,

    /// How the log is written: lines for people or JSON for machines
    #[arg(long, env = "RIM_LOG_FORMAT", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Rate limits, and that of connections per user; off is for benchmarks alone
    #[arg(long, env = "RIM_LIMITS", global = true, value_enum, default_value_t = Switch::On)]
    pub limits: Switch,

    /// Whether strangers may create an account
    #[arg(long, env = "RIM_REGISTRATION", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = Registration::Open)]
    pub registration: Registration,

    /// Whom people may look up and put into groups: everybody, or those whom they share a group with or are friends with
    #[arg(long, env = "RIM_DIRECTORY", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = Directory::Everybody)]
    pub directory: Directory,

    /// Whether a failed login says which of account and password was wrong, or the same for both
    #[arg(long, env = "RIM_LOGIN_ERRORS", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = ErrorDetail::Precise)]
    pub login_errors: ErrorDetail,

    /// Days after which a session that was not used ends
    #[arg(long, env = "RIM_SESSION_DAYS", value_name = "DAYS", global = true, hide_short_help = true)]
    #[arg(default_value = "30", value_parser = value::days)]
    pub session_days: u32,

    /// The zone of createTime and updateTime: local or a name such as Europe/Berlin
    #[arg(long, env = "RIM_TIME_ZONE", value_name = "ZONE", global = true, hide_short_help = true)]
    #[arg(default_value = "local", value_parser = value::time_zone)]
    pub time_zone: TimeZoneName,

    /// The PEM file with the TLS certificate and its chain; needs tls-key
    #[arg(long, env = "RIM_TLS_CERT", value_name = "FILE", global = true, hide_short_help = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(value::certificate))]
    pub tls_cert: Option<PathBuf>,

    /// The PEM file with the key of tls-cert
    #[arg(long, env = "RIM_TLS_KEY", value_name = "FILE", global = true, hide_short_help = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(value::key))]
    pub tls_key: Option<PathBuf>,

    /// Web pages of other hosts that may use the server: a comma-separated list, or * for all
    #[arg(long, env = "RIM_ALLOWED_ORIGINS", value_name = "ORIGINS", global = true, hide_short_help = true)]
    #[arg(value_delimiter = ',', value_parser = value::origin)]
    pub allowed_origins: Vec<String>,

    /// Pictures, sound and films of other hosts in the web client: loaded when somebody asks for one, or never
    #[arg(long, env = "RIM_REMOTE_PICTURES", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = RemotePictures::Ask)]
    pub remote_pictures: RemotePictures,

    /// Whether the server looks at the addresses in messages, and shows under them what is there
    #[arg(long, env = "RIM_LINK_PREVIEWS", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = Switch::Off)]
    pub link_previews: Switch,

    /// Whether people search their messages; the index takes disk, and is kept up in the background
    #[arg(long, env = "RIM_SEARCH", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = Switch::On)]
    pub search: Switch,

    /// Addresses of proxies whose X-Forwarded-For is believed: a comma-separated list
    #[arg(
        long,
        env = "RIM_TRUSTED_PROXIES",
        value_name = "ADDRESSES",
        global = true,
        hide_short_help = true
    )]
    #[arg(value_delimiter = ',', value_parser = value::address)]
    pub trusted_proxies: Vec<IpAddr>,

    /// Who may read /metrics: this machine (and no proxy on it), everybody or nobody
    #[arg(long, env = "RIM_METRICS", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = MetricsAccess::Loopback)]
    pub metrics: MetricsAccess,

    /// Largest JSON body, in bytes or with K or M
    #[arg(long, env = "RIM_MAX_BODY", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "1M", value_parser = value::body_size)]
    pub max_body: usize,

    /// Most that one user keeps in pictures, in bytes or with K, M or G; those that nothing shows are removed after a day
    #[arg(long, env = "RIM_UPLOAD_QUOTA", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "64M", value_parser = value::quota)]
    pub upload_quota: u64,

    /// Largest file, in bytes or with K, M or G; a storage may take less
    #[arg(long, env = "RIM_MAX_FILE", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "1G", value_parser = value::file_size)]
    pub max_file: u64,

    /// Most that one user keeps in files, in bytes or with K, M or G
    #[arg(long, env = "RIM_FILE_QUOTA", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "10G", value_parser = value::file_size)]
    pub file_quota: u64,

    /// Most that one user uploads in files in a day, in bytes or with K, M or G
    #[arg(long, env = "RIM_FILE_DAY", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "5G", value_parser = value::file_size)]
    pub file_day: u64,

    /// Files that one user uploads at the same time, at the most
    #[arg(long, env = "RIM_TRANSFERS", value_name = "NUMBER", global = true, hide_short_help = true)]
    #[arg(default_value = "8", value_parser = value::positive)]
    pub transfers: usize,

    /// Room that uploads leave free on the disk, in percent of it; more than 2 GiB are never asked for
    #[arg(long, env = "RIM_MIN_FREE_DISK", value_name = "PERCENT", global = true, hide_short_help = true)]
    #[arg(default_value = "5", value_parser = value::percent)]
    pub min_free_disk: u8,

    /// Where the bytes of files are: folder is media in the data folder; auto is folder with SQLite and postgres with PostgreSQL
    #[arg(long, env = "RIM_FILE_STORAGE", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = FileStorage::Auto)]
    pub file_storage: FileStorage,

    /// Largest file that is kept in PostgreSQL, in bytes or with K or M
    #[arg(long, env = "RIM_POSTGRES_MAX_FILE", value_name = "SIZE", global = true, hide_short_help = true)]
    #[arg(default_value = "16M", value_parser = value::rows_size)]
    pub postgres_max_file: u64,

    /// The address of an S3 that is not that of AWS
    #[arg(long, env = "RIM_S3_ENDPOINT", value_name = "URL", global = true, hide_short_help = true)]
    #[arg(value_parser = value::endpoint)]
    pub s3_endpoint: Option<String>,

    /// The bucket for files; it must be there
    #[arg(long, env = "RIM_S3_BUCKET", value_name = "NAME", global = true, hide_short_help = true)]
    #[arg(value_parser = value::bucket)]
    pub s3_bucket: Option<String>,

    /// The region of the bucket; that of AWS_REGION, or else us-east-1, where none is given
    #[arg(long, env = "RIM_S3_REGION", value_name = "NAME", global = true, hide_short_help = true)]
    #[arg(value_parser = value::word)]
    pub s3_region: Option<String>,

    /// What the names of the objects in the bucket begin with, where rim does not have it for itself
    #[arg(long, env = "RIM_S3_PREFIX", value_name = "PATH", global = true, hide_short_help = true)]
    #[arg(value_parser = value::prefix)]
    pub s3_prefix: Option<String>,

    /// The key for the bucket; what AWS_ACCESS_KEY_ID, or the machine, says where none is given
    #[arg(long, env = "RIM_S3_ACCESS_KEY", value_name = "KEY", global = true, hide_short_help = true)]
    #[arg(value_parser = value::word)]
    pub s3_access_key: Option<String>,

    /// The secret of s3-access-key
    #[arg(long, env = "RIM_S3_SECRET_KEY", value_name = "SECRET", global = true, hide_short_help = true)]
    #[arg(hide_env_values = true, value_parser = value::word)]
    pub s3_secret_key: Option<String>,

    /// Whether the bucket stands in the path of an address, or else in the name of the host
    #[arg(long, env = "RIM_S3_PATH_STYLE", global = true, hide_short_help = true)]
    #[arg(value_enum, default_value_t = Switch::On)]
    pub s3_path_style: Switch,

    /// The PEM file with certificates by which the S3 is trusted, besides those of the system
    #[arg(long, env = "RIM_S3_CA", value_name = "FILE", global = true, hide_short_help = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(value::authorities))]
    pub s3_ca: Option<PathBuf>,

    /// How long after it was sent a message may be edited by its sender; 0 is never, unlimited for ever
    #[arg(long, env = "RIM_EDIT_WINDOW", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "48h", value_parser = value::window)]
    pub edit_window: Window,

    /// How long after it was sent a message may be recalled by its sender; 0 is never, unlimited for ever
    #[arg(long, env = "RIM_RECALL_WINDOW", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "unlimited", value_parser = value::window)]
    pub recall_window: Window,

    /// Most sockets at once; auto is the limit of open files less what the server needs itself
    #[arg(long, env = "RIM_MAX_CONNECTIONS", value_name = "NUMBER", global = true, hide_short_help = true)]
    #[arg(default_value = "auto", value_parser = value::max_connections)]
    pub max_connections: MaxConnections,

    /// Most sockets of one address; this machine and trusted proxies are free
    #[arg(long, env = "RIM_MAX_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER", global = true)]
    #[arg(hide_short_help = true, default_value = "1000", value_parser = value::positive)]
    pub max_connections_per_address: usize,

    /// Most WebSockets that one user is logged in on
    #[arg(long, env = "RIM_MAX_CONNECTIONS_PER_USER", value_name = "NUMBER", global = true)]
    #[arg(hide_short_help = true, default_value = "100", value_parser = value::positive)]
    pub max_connections_per_user: usize,

    /// A WebSocket that is silent for so long is closed; it is pinged within 30s, or a third of this time if less
    #[arg(long, env = "RIM_IDLE_TIMEOUT", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "90s", value_parser = value::duration)]
    pub idle_timeout: Duration,

    /// A request is given up whose head, or all that follows, takes longer; an HTTP connection idle for so long is closed
    #[arg(long, env = "RIM_REQUEST_TIMEOUT", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "30s", value_parser = value::duration)]
    pub request_timeout: Duration,

    /// How long connections have to end when the server stops
    #[arg(long, env = "RIM_DRAIN_TIMEOUT", value_name = "TIME", global = true, hide_short_help = true)]
    #[arg(default_value = "10s", value_parser = value::duration)]
    pub drain_timeout: Duration,
}

// The default of `max-body` is written as a person would; the protocol names the number.
const _: () = assert!(DEFAULT_MAX_BODY_BYTES == 1024 * 1024);
