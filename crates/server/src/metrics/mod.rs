//! What the server counts, shown to Prometheus at `/metrics`.
//!
//! Everything on the way of a message is an atomic that is found without hashing. What other parts know
//! already (queues, memory) is read when somebody asks.

mod consumers;
mod files;
mod process;
mod register;
mod searches;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use rim_core::Clock;
use rim_protocol::close::CloseCode;
use rim_protocol::frame::document::EVENTS;
use rim_store::CommitObserver;

pub use self::consumers::OfConsumer;
pub use self::files::FileMetrics;
use self::register::{counter, gauge, seconds};
pub use self::searches::{Outcome, SearchMetrics};
use crate::clock::SystemClock;
use crate::counters::Counters;
use crate::limits;

/// The type of what [`Metrics::render`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counted beside the events that there are: a frame that could not be read.
pub const INVALID: &str = "invalid";
/// Why a socket was closed right after it was accepted.
const REFUSALS: [&str; 3] = ["total", "address", "tls"];
/// Ends of a WebSocket that no close code stands for.
const CLOSED_BY_PEER: [&str; 2] = ["client_closed", "client_gone"];
const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Every number the server keeps of itself.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,

    /// Sockets of all kinds that are open.
    pub sockets: Gauge,
    pub sockets_accepted: Counter,
    /// Sockets closed at the door: `total` and `address` for the limits on connections, `tls` for a
    /// handshake that failed or took too long.
    pub sockets_refused: Counters,
    /// WebSockets that are open.
    pub connections: Gauge,
    /// WebSockets that a user is logged in on.
    pub connections_bound: Gauge,
    frames: Counters,
    /// Frames answered busy: too many writes waited for the store.
    pub frames_busy: Counter,
    disconnects: Counters,
    /// Messages that were committed and acknowledged, resent ones included.
    pub messages_accepted: Counter,
    /// Messages that a rule, a limit or a full queue refused.
    pub messages_refused: Counter,
    /// Frames put into outboxes of recipients.
    pub deliveries: Counter,
    /// Commits that wait for the gateway to tell the users.
    pub feed_depth: Gauge,

    /// Hints handed to the bus for other nodes.
    pub hints_sent: Counter,
    /// Hints of other nodes that came over the bus.
    pub hints_heard: Counter,
    /// Questions to the store about what the bus had not told yet.
    pub gaps: Counter,
    /// Groups and users of which this node tells somebody.
    pub topics: Gauge,
    /// Nodes on the same store, this one among them; 0 where there can be one alone.
    pub nodes: Gauge,
    bus_up: Gauge,

    http_requests: Counters,
    http_seconds: Histogram,
    /// By the kinds of [`crate::limits::KINDS`].
    pub rate_limited: Counters,
    /// Passwords that are hashed or wait to be.
    pub hashing: Gauge,

    /// Work in the background.
    pub consumers: consumers::Consumers,
    pub searches: SearchMetrics,

    commit_seconds: Histogram,
    commit_writes: Histogram,
    reads_failed: Counter,
    damaged_rows: Counter,
    store_queue_depth: Gauge,

    pub files: FileMetrics,

    resident_bytes: Gauge,
    open_files: Gauge,
}

impl Metrics {
    #[expect(clippy::new_without_default, reason = "a new set reads the clock, which a default should not")]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register(
            "rim_build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let started: Gauge<f64, AtomicU64> = Gauge::default();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53 for a while")]
        started.set(SystemClock.now().0 as f64 / 1000.0);
        registry.register_with_unit(
            "process_start_time",
            "When the server started, in Unix time",
            Unit::Seconds,
            started,
        );
        let r = &mut registry;
        let events: Vec<_> = EVENTS.iter().map(|event| event.name).chain([INVALID]).collect();
        Self {
            sockets: gauge(r, "rim_sockets_open", "Sockets of all kinds that are open"),
            sockets_accepted: counter(r, "rim_sockets_accepted", "Sockets that were accepted"),
            sockets_refused: Counters::register(
                r,
                "rim_sockets_refused",
                "Sockets closed at the door: over the limit in total or per address, or no TLS handshake",
                "reason",
                &REFUSALS,
            ),
            connections: gauge(r, "rim_connections", "WebSockets that are open"),
            connections_bound: gauge(
                r,
                "rim_connections_logged_in",
                "WebSockets that a user is logged in on",
            ),
            frames: Counters::register(r, "rim_frames", "Frames received, by event", "event", &events),
            frames_busy: counter(r, "rim_frames_busy", "Frames answered busy, as too many writes waited"),
            disconnects: Counters::register(
                r,
                "rim_disconnects",
                "WebSockets that ended: a close code of the server, client_closed, or client_gone",
                "reason",
                &disconnect_reasons(),
            ),
            messages_accepted: counter(r, "rim_messages_accepted", "Messages committed and acknowledged"),
            messages_refused: counter(r, "rim_messages_refused", "Messages refused by a rule or a limit"),
            deliveries: counter(r, "rim_deliveries", "Frames handed to the connections of recipients"),
            feed_depth: gauge(r, "rim_feed_depth", "Commits whose users are not told yet"),
            hints_sent: counter(r, "rim_bus_hints_sent", "Hints handed to the bus for other nodes"),
            hints_heard: counter(r, "rim_bus_hints_heard", "Hints of other nodes that came over the bus"),
            gaps: counter(
                r,
                "rim_cluster_gaps",
                "Questions to the database about what no hint had told, or told in another order",
            ),
            topics: gauge(
                r,
                "rim_cluster_topics",
                "Groups and users that this node follows for its connections",
            ),
            nodes: gauge(r, "rim_cluster_nodes", "Nodes on the same database; 0 on SQLite"),
            bus_up: gauge(r, "rim_bus_up", "Whether the bus works; 1 on one node"),
            http_requests: Counters::register(
                r,
                "rim_http_requests",
                "HTTP requests answered, by class of status",
                "status",
                &STATUS_CLASSES,
            ),
            http_seconds: seconds(r, "rim_http_request_duration", "Time to answer an HTTP request"),
            rate_limited: Counters::register(
                r,
                "rim_rate_limited",
                "Requests and frames refused by a rate limit",
                "kind",
                &limits::KINDS,
            ),
            hashing: gauge(r, "rim_hashing", "Passwords that are hashed or wait to be"),
            consumers: consumers::Consumers::register(r),
            searches: SearchMetrics::register(r),
            commit_seconds: seconds(r, "rim_commit_duration", "From the first write of a commit to the disk"),
            commit_writes: {
                let writes = Histogram::new(exponential_buckets(1.0, 2.0, 12));
                r.register("rim_commit_writes", "Use cases that shared one commit", writes.clone());
                writes
            },
            reads_failed: counter(r, "rim_store_reads_failed", "Reads of the database that failed"),
            damaged_rows: counter(
                r,
                "rim_store_damaged_rows",
                "Rows read that are not what was written; the log names each once",
            ),
            store_queue_depth: gauge(r, "rim_store_queue_depth", "Writes waiting to be committed"),
            files: FileMetrics::register(r),
            resident_bytes: {
                let bytes = Gauge::default();
                r.register_with_unit(
                    "process_resident_memory",
                    "Resident memory",
                    Unit::Bytes,
                    bytes.clone(),
                );
                bytes
            },
            open_files: gauge(r, "process_open_fds", "Files and sockets that are open"),
            registry,
        }
    }

    /// A frame was received. `event` is the event's name, or `invalid`.
    pub fn frame(&self, event: &'static str) {
        self.frames.inc(event);
    }

    /// A WebSocket ended. `reason` is the name of the [`CloseCode`] that the server closed it with,
    /// `client_closed`, or `client_gone` where the socket just ended.
    pub fn disconnect(&self, reason: &'static str) {
        self.disconnects.inc(reason);
    }

    /// An HTTP request was answered with `status` after `elapsed`.
    pub fn http_request(&self, status: u16, elapsed: Duration) {
        let class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        self.http_requests.inc(STATUS_CLASSES[class]);
        self.http_seconds.observe(elapsed.as_secs_f64());
    }

    /// Everything, as OpenMetrics text. So many writes wait for the store, and the bus works or does not.
    pub fn render(&self, queue_depth: usize, bus_works: bool) -> String {
        self.store_queue_depth.set(i64::try_from(queue_depth).unwrap_or(i64::MAX));
        self.bus_up.set(i64::from(bus_works));
        self.resident_bytes.set(process::resident_bytes());
        self.open_files.set(process::open_files());
        let mut page = String::with_capacity(16 * 1024);
        text::encode(&mut page, &self.registry).expect("a String takes everything");
        page
    }
}

impl CommitObserver for Metrics {
    fn committed(&self, writes: usize, elapsed: Duration) {
        self.commit_seconds.observe(elapsed.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a commit has fewer than 2^53 writes")]
        self.commit_writes.observe(writes as f64);
    }

    fn read_failed(&self) {
        self.reads_failed.inc();
    }

    fn damaged_row(&self) {
        self.damaged_rows.inc();
    }
}

fn disconnect_reasons() -> Vec<&'static str> {
    CloseCode::ALL.iter().map(|code| code.name()).chain(CLOSED_BY_PEER).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::documented;

    fn page(metrics: &Metrics) -> String {
        let mut page = String::new();
        text::encode(&mut page, &metrics.registry).expect("encoded");
        page
    }

    /// A row for each metric, made from what Prometheus is told of it.
    fn table(page: &str) -> String {
        let mut table = "| metric | type | what it is |\n|---|---|---|\n".to_owned();
        for block in page.split("# HELP ").skip(1) {
            let (help, rest) = block.split_once('\n').expect("a line of help");
            let (name, help) = help.split_once(' ').expect("a name and a text");
            let kind = rest.lines().next().and_then(|line| line.rsplit(' ').next()).expect("a type");
            let suffix = if kind == "counter" { "_total" } else { "" };
            writeln!(
                table,
                "| `{name}{suffix}{}` | {kind} | {} |",
                labels(rest, kind),
                help.trim_end_matches('.')
            )
            .expect("written");
        }
        table
    }

    fn labels(block: &str, kind: &str) -> String {
        let label = block.split_once('{').and_then(|(_, rest)| rest.split_once('=')).map(|(label, _)| label);
        // That of a bucket is every histogram's, and what is known of the version is none that one counts by.
        let label = label.filter(|label| kind != "info" && *label != "le");
        label.map(|label| format!("{{{label}}}")).unwrap_or_default()
    }

    #[test]
    fn the_documented_metrics_are_the_ones_there_are() {
        let metrics = Metrics::new();
        metrics.consumers.of("some");
        documented::check("operations.md", "metrics", &table(&page(&metrics)));
    }

    #[test]
    fn every_close_code_and_event_is_shown_from_the_start() {
        let metrics = Metrics::new();
        for code in CloseCode::ALL {
            metrics.disconnect(code.name());
        }
        metrics.frame("Msg");
        metrics.http_request(503, Duration::from_millis(3));
        metrics.committed(7, Duration::from_millis(2));
        metrics.searches.answered(Outcome::Late, Duration::from_millis(300), 12);
        metrics.searches.ended(Outcome::Refused);
        let page = page(&metrics);
        for line in [
            "rim_disconnects_total{reason=\"too_slow\"} 1",
            "rim_disconnects_total{reason=\"client_gone\"} 0",
            "rim_frames_total{event=\"Msg\"} 1",
            "rim_frames_total{event=\"Heart\"} 0",
            "rim_http_requests_total{status=\"5xx\"} 1",
            "rim_commit_writes_sum 7.0",
            "rim_commit_duration_seconds_count 1",
            "rim_searches_total{outcome=\"late\"} 1",
            "rim_searches_total{outcome=\"refused\"} 1",
            "rim_searches_total{outcome=\"whole\"} 0",
            "rim_search_looked_at_total 12",
            "rim_search_duration_seconds_count 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
        }
    }
}
