//! The bare disk: bytes appended to a file and synced, as many at a time as a commit has.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use crate::latency::Latencies;
use crate::process::{Meter, Process};
use crate::report::{Report, Unit};

/// What a delivered message of the scenarios has.
pub(crate) const MESSAGE_BYTES: usize = 300;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// A folder on the disk to measure; the system's for temporary files where none is named
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Bytes of a message: as many as a delivered one has
    #[arg(long, default_value_t = MESSAGE_BYTES)]
    pub(crate) bytes: usize,
    /// Messages that are written at once and synced once
    #[arg(long, default_value_t = 1)]
    pub(crate) commit: usize,
    /// How long
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

/// Measures in the bench's own process, which does nothing else meanwhile.
pub(crate) fn run(options: &Options) -> anyhow::Result<Report> {
    ensure!(options.bytes > 0 && options.commit > 0, "--bytes and --commit: at least 1");
    let mut file = match &options.folder {
        Some(folder) => {
            tempfile::tempfile_in(folder).with_context(|| format!("--folder: {}", folder.display()))?
        }
        None => tempfile::tempfile()?,
    };
    let commit = vec![b'm'; options.bytes * options.commit];
    let process = Process::own();
    let mut syncs = Latencies::new();
    let meter = Meter::start(&process)?;
    let until = Instant::now() + Duration::from_secs(options.seconds);
    while Instant::now() < until {
        syncs.add(append(&mut file, &commit)?);
    }
    let spent = meter.stop(&process)?;
    let messages = syncs.count() * options.commit as u64;
    Ok(Report::new("The bare disk: append and fdatasync")
        .condition("bytes of a message", options.bytes)
        .condition("messages a commit", options.commit)
        .figure("messages", spent.per_second(messages), Unit::PerSecond)
        .figure("CPU a message", spent.cpu_each(messages), Unit::Microseconds)
        .figure("written to disk a message", spent.written as f64 / messages.max(1) as f64, Unit::Bytes)
        .latencies("append and sync", &syncs))
}

fn append(file: &mut File, commit: &[u8]) -> anyhow::Result<Duration> {
    let start = Instant::now();
    file.write_all(commit)?;
    file.sync_data()?;
    Ok(start.elapsed())
}
