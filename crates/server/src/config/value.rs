//! What a setting may be. Every parser's error says what is allowed, and none takes an empty text: so the words are
//! known where there is no value, too.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing_subscriber::EnvFilter;

type Parsed<T> = Result<T, String>;

const SOCKET: &str = "an IP address and a port, such as 0.0.0.0:8000 or [::]:8000";
const ADDRESSES: &str = "IP addresses, such as 127.0.0.1 or ::1, separated by commas";
const DATABASE: &str = "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE";
const BUS: &str = "postgres, nats://HOST:4222 (several with commas), or local for one node";
const NODE_NAME: &str = "1 to 64 characters, no control characters among them";
const LOG_LEVEL: &str = "error, warn, info, debug, trace, or directives such as info,rim_server=debug";
const TIME_ZONE: &str = "local, or a name such as UTC, Asia/Shanghai or Europe/Berlin";
const ORIGINS: &str = "origins such as https://im.example.org, separated by commas, or *";
const POSITIVE: &str = "a whole number, 1 or more";
const DAYS: &str = "a whole number of days, 1 to 3650";
const SIZE: &str = "4K to 64M, in bytes or with K or M";
const QUOTA: &str = "512K to 1024G, in bytes or with K, M or G";
const FILE_SIZE: &str = "64K to 1024G, in bytes or with K, M or G";
const PERCENT: &str = "a whole number from 0 to 50";
const ROWS_SIZE: &str = "512K to 1G, in bytes or with K, M or G";
const ENDPOINT: &str = "https://HOST, or http://HOST in a network of one's own; with a port if need be";
const BUCKET: &str = "3 to 63 of a-z, 0-9, - and .";
const WORD: &str = "a text without spaces";
const PREFIX: &str = "names of letters, digits, -, _ and ., with / between them, such as chat/files";
const TIME: &str = "a time from 1s to 24h, such as 30s, 5m or 12h";
const WINDOW: &str = "a time from 1s to 3650d, such as 15m, 48h or 30d; 0 for never, or unlimited";

/// `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ErrorDetail {
    Precise,
    Uniform,
}

/// What the web client does with pictures, sound and films of other hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RemotePictures {
    /// Loads them when somebody says so.
    Ask,
    /// Shows their addresses.
    Never,
}

/// Whom people may look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Directory {
    Everybody,
    /// Those whom they have to do with.
    Contacts,
}

impl From<Directory> for rim_core::contact::Directory {
    fn from(directory: Directory) -> Self {
        match directory {
            Directory::Everybody => Self::Everybody,
            Directory::Contacts => Self::Contacts,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Where the bytes of files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileStorage {
    Auto,
    Folder,
    Postgres,
    S3,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MetricsAccess {
    /// Connections from this machine that were not forwarded by a proxy.
    Loopback,
    Everybody,
    Nobody,
}

/// A value, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffOr<T> {
    Off,
    On(T),
}

/// What `database` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    Sqlite(PathBuf),
    /// A connection string, `postgres://…`, as it was given.
    Postgres(String),
}

/// What `bus` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bus {
    /// There is one node.
    Local,
    /// LISTEN and NOTIFY of the database.
    Postgres,
    /// The servers of one NATS cluster, `nats://…`, separated by commas.
    Nats(String),
}

/// As people may see it.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_passwords(url)),
        }
    }
}

/// As people may see it.
impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Postgres => f.write_str("postgres"),
            Self::Nats(urls) => f.write_str(&without_passwords(urls)),
        }
    }
}

/// A text with URLs, without the passwords in them.
pub(super) fn without_passwords(text: &str) -> String {
    let urls = text.split(',').map(|url| {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let authority = rest.split('/').next().unwrap_or(rest);
        let Some((credentials, _)) = authority.rsplit_once('@') else { return url.to_owned() };
        let behind = &rest[credentials.len()..];
        match credentials.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:…{behind}"),
            None if scheme == "nats" || scheme == "tls" => format!("{scheme}://…{behind}"),
            None => url.to_owned(),
        }
    });
    urls.collect::<Vec<_>>().join(",")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxConnections {
    /// As many as the limit of open files leaves room for.
    Auto,
    Exactly(usize),
}

/// How long something may be done; `None` for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(pub Option<Duration>);

impl Window {
    pub(super) fn ms(self) -> Option<u64> {
        self.0.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Directives for [`EnvFilter`] that were tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(pub String);

/// A zone and the name it was found by.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeZoneName(pub TimeZone);

/// Whether the file is there is seen when it is read.
pub(super) fn file(path: OsString) -> Parsed<PathBuf> {
    path_to(path, "the path of a file")
}

pub(super) fn certificate(path: OsString) -> Parsed<PathBuf> {
    path_to(path, "the path of a PEM file with a certificate and its chain")
}

pub(super) fn key(path: OsString) -> Parsed<PathBuf> {
    path_to(path, "the path of a PEM file with the private key of tls-cert")
}

/// Read here and now: without them nothing of the S3 is trusted, and files are what a server can be started without.
pub(super) fn authorities(path: OsString) -> Parsed<PathBuf> {
    const ALLOWED: &str = "the path of a PEM file with the certificates of an authority";
    let path = path_to(path, ALLOWED)?;
    let fault = |error: &dyn fmt::Display| format!("{ALLOWED}: {} cannot be used: {error}", path.display());
    let found = CertificateDer::pem_file_iter(&path).map_err(|error| fault(&error))?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(|error| fault(&error))?;
    if found.is_empty() { Err(fault(&"there is no certificate in it")) } else { Ok(path) }
}

pub(super) fn folder(path: OsString) -> Parsed<PathBuf> {
    path_to(path, "the path of a folder")
}

fn path_to(path: OsString, allowed: &str) -> Parsed<PathBuf> {
    if path.is_empty() { Err(allowed.to_owned()) } else { Ok(path.into()) }
}

pub(super) fn socket(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| SOCKET.to_owned())
}

pub(super) fn off_or<T>(
    parse: fn(&str) -> Parsed<T>,
) -> impl Fn(&str) -> Parsed<OffOr<T>> + Clone + Send + Sync + 'static
where
    T: Send + Sync + 'static,
{
    move |text| match text {
        "off" => Ok(OffOr::Off),
        _ => parse(text).map(OffOr::On).map_err(|allowed| format!("{allowed}, or off")),
    }
}

pub(super) fn address(text: &str) -> Parsed<IpAddr> {
    let address: IpAddr = text.trim().parse().map_err(|_| ADDRESSES.to_owned())?;
    Ok(address.to_canonical())
}

pub(crate) fn database(text: &str) -> Parsed<Database> {
    match text.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        Some(("postgres" | "postgresql", rest)) if rest.len() > 2 && rest.starts_with("//") => {
            Ok(Database::Postgres(text.to_owned()))
        }
        _ => Err(DATABASE.to_owned()),
    }
}

pub(super) fn bus(text: &str) -> Parsed<Bus> {
    let is_nats =
        |url: &str| matches!(url.split_once("://"), Some(("nats" | "tls", rest)) if !rest.is_empty());
    match text {
        "local" => Ok(Bus::Local),
        "postgres" => Ok(Bus::Postgres),
        urls if urls.split(',').all(is_nats) => Ok(Bus::Nats(urls.to_owned())),
        _ => Err(BUS.to_owned()),
    }
}

pub(super) fn node_name(text: &str) -> Parsed<String> {
    let is_name = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    is_name.then(|| text.to_owned()).ok_or_else(|| NODE_NAME.to_owned())
}

pub(super) fn log_level(text: &str) -> Parsed<LogLevel> {
    // The filter takes a word it does not know for the name of a module, and would log nothing.
    let is_level =
        |word: &str| !word.is_empty() && word.parse::<tracing::level_filters::LevelFilter>().is_ok();
    let understood = text.split(',').all(|directive| directive.contains('=') || is_level(directive));
    match EnvFilter::try_new(text) {
        Ok(_) if understood => Ok(LogLevel(text.to_owned())),
        _ => Err(LOG_LEVEL.to_owned()),
    }
}

pub(super) fn time_zone(text: &str) -> Parsed<TimeZoneName> {
    if text == "local" {
        return Ok(TimeZoneName(TimeZone::system()));
    }
    TimeZone::get(text).map(TimeZoneName).map_err(|_| TIME_ZONE.to_owned())
}

/// The origin of a web page, or `*`.
pub(super) fn origin(text: &str) -> Parsed<String> {
    let text = text.trim().trim_end_matches('/');
    if text == "*" {
        return Ok(text.to_owned());
    }
    let uri: http::Uri = text.parse().map_err(|_| ORIGINS.to_owned())?;
    let is_origin = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some()
        && uri.path_and_query().is_none_or(|path| path == "/");
    if is_origin { Ok(text.to_ascii_lowercase()) } else { Err(ORIGINS.to_owned()) }
}

pub(super) fn positive(text: &str) -> Parsed<usize> {
    whole(text).ok_or_else(|| POSITIVE.to_owned())
}

/// Up to ten years.
pub(super) fn days(text: &str) -> Parsed<u32> {
    whole(text).filter(|days| *days <= 3650).ok_or_else(|| DAYS.to_owned())
}

pub(super) fn max_connections(text: &str) -> Parsed<MaxConnections> {
    match text {
        "auto" => Ok(MaxConnections::Auto),
        _ => positive(text).map(MaxConnections::Exactly).map_err(|allowed| format!("{allowed}, or auto")),
    }
}

/// From 4 KiB, in which every operation but the largest fits, to 64 MiB, which a server can hold a few of.
pub(super) fn body_size(text: &str) -> Parsed<usize> {
    let bytes = bytes(text).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|bytes| (4 * 1024..=64 * 1024 * 1024).contains(bytes)).ok_or_else(|| SIZE.to_owned())
}

/// From 512 KiB, the largest picture, to a terabyte.
pub(super) fn quota(text: &str) -> Parsed<u64> {
    bytes(text).filter(|bytes| (512 * 1024..=1 << 40).contains(bytes)).ok_or_else(|| QUOTA.to_owned())
}

/// From 64 KiB, which a page of text may have, to a terabyte.
pub(super) fn file_size(text: &str) -> Parsed<u64> {
    bytes(text).filter(|bytes| (64 * 1024..=1 << 40).contains(bytes)).ok_or_else(|| FILE_SIZE.to_owned())
}

/// Of a disk.
pub(super) fn percent(text: &str) -> Parsed<u8> {
    let percent = if text == "0" { Some(0) } else { whole(text) };
    percent.filter(|percent| *percent <= 50).ok_or_else(|| PERCENT.to_owned())
}

/// From 512 KiB, the largest picture, to a gibibyte.
pub(super) fn rows_size(text: &str) -> Parsed<u64> {
    bytes(text).filter(|bytes| (512 * 1024..=1 << 30).contains(bytes)).ok_or_else(|| ROWS_SIZE.to_owned())
}

/// A scheme and an authority, without a slash at the end.
pub(super) fn endpoint(text: &str) -> Parsed<String> {
    let text = text.trim_end_matches('/');
    let uri: http::Uri = text.parse().map_err(|_| ENDPOINT.to_owned())?;
    let is_endpoint = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.path_and_query().is_none_or(|path| path == "/");
    if is_endpoint { Ok(text.to_owned()) } else { Err(ENDPOINT.to_owned()) }
}

pub(super) fn bucket(text: &str) -> Parsed<String> {
    let is_fine = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let is_name = (3..=63).contains(&text.len()) && text.bytes().all(is_fine);
    is_name.then(|| text.to_owned()).ok_or_else(|| BUCKET.to_owned())
}

pub(super) fn word(text: &str) -> Parsed<String> {
    let is_word = !text.is_empty() && text.chars().all(|char| char.is_ascii_graphic());
    is_word.then(|| text.to_owned()).ok_or_else(|| WORD.to_owned())
}

/// Without a slash at its ends.
pub(super) fn prefix(text: &str) -> Parsed<String> {
    let text = text.trim_matches('/');
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = |name: &str| !name.is_empty() && !matches!(name, "." | "..") && name.bytes().all(is_fine);
    if text.len() <= 512 && text.split('/').all(is_name) {
        Ok(text.to_owned())
    } else {
        Err(PREFIX.to_owned())
    }
}

fn bytes(text: &str) -> Option<u64> {
    let units = [(['K', 'k'], 1 << 10), (['M', 'm'], 1 << 20), (['G', 'g'], 1 << 30)];
    let with_unit = units.iter().find_map(|(letters, unit)| Some((text.strip_suffix(letters)?, *unit)));
    let (number, unit) = with_unit.unwrap_or((text, 1));
    whole::<u64>(number).and_then(|number| number.checked_mul(unit))
}

/// From a second to a day.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    time(text, DAY).filter(|_| !text.ends_with('d')).ok_or_else(|| TIME.to_owned())
}

/// Up to ten years, or never, or without an end.
pub(super) fn window(text: &str) -> Parsed<Window> {
    match text {
        "unlimited" => Ok(Window(None)),
        "0" => Ok(Window(Some(Duration::ZERO))),
        _ => time(text, 3650 * DAY).map(|time| Window(Some(time))).ok_or_else(|| WINDOW.to_owned()),
    }
}

const DAY: u64 = 24 * 60 * 60;

fn time(text: &str, most_seconds: u64) -> Option<Duration> {
    let unit = |suffix| match suffix {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(DAY),
        _ => None,
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at(digits);
    whole::<u64>(number)
        .and_then(|number| number.checked_mul(unit(suffix)?))
        .filter(|seconds| (1..=most_seconds).contains(seconds))
        .map(Duration::from_secs)
}

/// A number that is not 0, written with digits alone.
fn whole<T: FromStr + Default + PartialEq>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|number| *number != T::default())
}

impl<T: fmt::Display> fmt::Display for OffOr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
        for wrong in ["", "90", "s", "0s", "25h", "1d", "1.5h", "-1s", "1 s", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_window_may_be_none_or_have_no_end() {
        assert_eq!(window("48h").map(Window::ms), Ok(Some(172_800_000)));
        assert_eq!(window("3650d").map(Window::ms), Ok(Some(315_360_000_000)));
        assert_eq!(window("0").map(Window::ms), Ok(Some(0)));
        assert_eq!(window("unlimited").map(Window::ms), Ok(None));
        for wrong in ["", "0s", "48", "3651d", "never", "off"] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_may_have_a_unit() {
        assert_eq!(body_size("1M"), Ok(1024 * 1024));
        assert_eq!(body_size("64k"), Ok(64 * 1024));
        assert_eq!(body_size("5000"), Ok(5000));
        for wrong in ["", "0", "1", "1G", "65M", "M", "-1", "+5000"] {
            assert!(body_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_quota_has_room_for_the_largest_picture() {
        assert_eq!(quota("64M"), Ok(64 << 20));
        assert_eq!(quota("512K"), Ok(512 << 10));
        assert_eq!(quota("1g"), Ok(1 << 30));
        for wrong in ["0", "511K", "1048577M", "1025G", "1T", "-1", "99999999999999999999M"] {
            assert!(quota(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_has_at_least_a_page_and_a_disk_is_not_left_free_for_the_most_part() {
        assert_eq!(file_size("10G"), Ok(10 << 30));
        assert_eq!(file_size("64K"), Ok(64 << 10));
        for wrong in ["0", "63K", "1025G", "1T", "-1", "1.5G"] {
            assert!(file_size(wrong).is_err(), "{wrong}");
        }
        assert_eq!((percent("0"), percent("50")), (Ok(0), Ok(50)));
        for wrong in ["51", "5%", "-1", "", "00", "256"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelt_log_level_is_not_taken_for_a_module() {
        assert!(log_level("debug").is_ok());
        assert!(log_level("info,rim_server=debug").is_ok());
        assert!(log_level("verbose").is_err());
        assert!(log_level("").is_err());
        assert!(log_level("info,rim_server=loud").is_err());
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        assert_eq!(origin("https://IM.example.org/").as_deref(), Ok("https://im.example.org"));
        assert_eq!(origin("http://localhost:5173").as_deref(), Ok("http://localhost:5173"));
        assert_eq!(origin("*").as_deref(), Ok("*"));
        for wrong in ["", "im.example.org", "ftp://x", "https://x/path", "https://"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        assert_eq!(database("sqlite:a.db"), Ok(Database::Sqlite("a.db".into())));
        let url = "postgresql://rim@db/rim";
        assert_eq!(database(url), Ok(Database::Postgres(url.to_owned())));
        for wrong in ["a.db", "sqlite:", "postgres:", "postgres://", "mysql://db/rim"] {
            assert!(database(wrong).is_err_and(|allowed| allowed.contains("postgres://")), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://rim:p@ss@db:5432/rim", "postgres://rim:…@db:5432/rim"),
            ("postgres://rim@db/rim", "postgres://rim@db/rim"),
            ("nats://token@n:4222", "nats://…@n:4222"),
            ("nats://n:4222,tls://u:p@m:4222", "nats://n:4222,tls://u:…@m:4222"),
            ("127.0.0.1:8000", "127.0.0.1:8000"),
        ] {
            assert_eq!(without_passwords(url), shown);
        }
    }
}
