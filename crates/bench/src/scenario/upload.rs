//! One large upload, beside a copy of the same file on the same disk which is synced, too: in turns, so that a disk that is
//! slow for a minute is slow for both.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::StreamExt;
use tempfile::TempDir;

use crate::content::Content;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::{Bench, stamp};
use crate::shelf::{Shelf, Way};

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// MiB of the file
    #[arg(long, default_value_t = 1024)]
    pub(crate) mib: u64,
    /// How often it is copied, and uploaded each way: a user uploads 5 GiB in a day
    #[arg(long, default_value_t = 2)]
    pub(crate) times: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let size_bytes = options.mib << 20;
    let folder = match server.data() {
        Some(data) => TempDir::new_in(data)?,
        None => TempDir::new()?,
    };
    let first = stamp().as_micros() as u64;
    let source = folder.path().join("source");
    write(&source, Content { number: first, size_bytes }).await?;
    let person = target.people(1).await?.remove(0);
    let shelf = Shelf::Rim { target: Arc::clone(target), person };
    // Who has come for the first time has left something of that.
    let small = Content { number: first, size_bytes: 1024 };
    let mut http = shelf.connect().await?;
    let path = shelf.upload(&mut http, small, Way::Whole).await?;
    shelf.fetch(&mut http, &path, small, None).await?;

    let mut report = Report::new("A large upload, beside a copy of the file that is synced")
        .condition("the file has", Unit::Bytes.show(size_bytes as f64))
        .condition("copied and uploaded", format!("{} times, in turns", options.times));
    let mut copied = Vec::new();
    let mut uploads = Vec::new();
    for (name, way) in [("upload", Way::Whole), ("tus", Way::Pieces)] {
        let (mut took, mut more, mut cpu) = (Vec::new(), 0, Duration::ZERO);
        for _ in 0..options.times {
            copied.push(copy(&source, &folder.path().join("copy"))?);
            let content = Content { number: first + 1 + uploads.len() as u64, size_bytes };
            // A copy may take longer than the server keeps a connection on which nothing is said.
            let mut http = shelf.connect().await?;
            let before = server.resident()?;
            server.process.forget_peak()?;
            let meter = Meter::start(&server.process)?;
            let path = shelf.upload(&mut http, content, way).await?;
            let spent = meter.stop(&server.process)?;
            more = more.max(server.process.peak_resident()?.saturating_sub(before));
            cpu += spent.cpu;
            took.push(spent.elapsed);
            uploads.push((content, path));
        }
        let took = middle(took);
        let copying = middle(copied.clone());
        let mib = (options.mib * options.times) as f64;
        let named = |what: &str| format!("{name}: {what}");
        report = report
            .figure(&named("bytes"), size_bytes as f64 / took.as_secs_f64(), Unit::BytesPerSecond)
            .figure(&named("by copy"), copying.as_secs_f64() / took.as_secs_f64(), Unit::Ratio)
            .figure(&named("server CPU a MiB"), cpu.as_secs_f64() * 1e6 / mib, Unit::Microseconds)
            .figure(&named("memory it takes"), more, Unit::Bytes);
    }
    let copying = middle(copied).as_secs_f64();
    let mut http = shelf.connect().await?;
    for (content, path) in uploads {
        shelf.fetch(&mut http, &path, content, None).await?;
    }
    Ok(report.figure("copied and synced", size_bytes as f64 / copying, Unit::BytesPerSecond))
}

async fn write(path: &Path, content: Content) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    let mut pieces = std::pin::pin!(content.pieces(0..content.size_bytes));
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece)?;
    }
    Ok(file.sync_all()?)
}

/// How long it takes until the file and its name are on the disk.
fn copy(from: &Path, to: &Path) -> anyhow::Result<Duration> {
    let start = Instant::now();
    fs::copy(from, to)?;
    File::open(to)?.sync_all()?;
    File::open(to.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    let took = start.elapsed();
    fs::remove_file(to)?;
    Ok(took)
}

fn middle(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}
