//! The log, on stderr: lines that a person can read, or JSON.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::io::{IsTerminal, stderr};
use std::panic::{self, PanicHookInfo};
use std::thread;

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
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A fault in the server itself. What comes of it is decided where it is caught: a request is answered 500, a connection
/// ends, and where the server cannot go on it says so.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let why = panic.payload_as_str().unwrap_or("for no reason that it tells");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    tracing::error!(place, thread, "panicked: {why}");
    // As it is asked for by RUST_BACKTRACE.
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!("{backtrace}");
    }
}

/// Seconds are enough to read by; JSON has the fractions.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{}", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    /// What the log has become.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_in_the_log_with_its_place_and_its_words() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let before = panic::take_hook();
        panic::set_hook(Box::new(log_panic));
        let number = 7;
        let fault = || panic::catch_unwind(|| panic!("a fault, number {number}"));
        let caught = tracing::subscriber::with_default(log, fault);
        panic::set_hook(before);
        assert!(caught.is_err());
        let line = String::from_utf8(lines.0.lock().clone()).expect("text");
        for part in ["ERROR", "panicked: a fault, number 7", "logging.rs:"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}
