//! The log, on stderr: lines that a person can read, or JSON.

use std::fmt;
use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::config::{Config, LogFormat};

/// Starts the log.
pub(super) fn start(config: &Config) -> Result<()> {
    // The client of NATS tells of each of its events at `info`. A directive of its own brings them back.
    let filter = EnvFilter::try_new(format!("async_nats=warn,{}", config.log_level)).context("log-level")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let started = match config.log_format {
        LogFormat::Text => {
            log.with_timer(LocalTime).with_target(false).with_ansi(stderr().is_terminal()).try_init()
        }
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}

/// Seconds are enough to read by; JSON has the fractions.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{}", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S"))
    }
}
