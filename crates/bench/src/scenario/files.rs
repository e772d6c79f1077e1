//! Files: many people upload and fetch, and every byte is looked at.
//!
//! A closed loop: each connection begins the next file when the one before is through. What is fetched was sent in a
//! message, and is fetched by who has got it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use futures_util::future::try_join_all;

use crate::content::Content;
use crate::latency::Latencies;
use crate::people::Person;
use crate::process::{Meter, Process};
use crate::report::{Report, Unit};
use crate::scenario::{Bench, stamp};
use crate::shelf::{Shelf, Way, show};

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How many are uploaded by each way, and fetched
    #[arg(long, default_value_t = 3000)]
    pub(crate) files: u64,
    /// KiB of each
    #[arg(long, default_value_t = 20)]
    pub(crate) kib: u64,
    /// Connections, which upload or fetch at the same time
    #[arg(long, default_value_t = 8)]
    pub(crate) at_once: usize,
}

/// A file that is where files are.
struct Kept {
    content: Content,
    path: String,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(options.at_once + 1).await?;
    let (reader, uploaders) = people.split_last().context("a reader")?;
    let shelf = |person: &Person| Shelf::Rim { target: Arc::clone(target), person: person.clone() };
    let shelves: Vec<Shelf> = uploaders.iter().map(shelf).collect();
    let before = server.resident()?;
    server.process.forget_peak()?;
    let measuring = Measuring { process: &server.process, options: &options };

    let mut report = measuring.begun();
    let kept;
    (report, kept) = measuring.upload(report, &shelves, Way::Whole).await?;
    (report, _) = measuring.upload(report, &shelves, Way::Pieces).await?;
    for (person, kept) in uploaders.iter().zip(&kept) {
        let gid = person.api.create_group(1, "", &[reader.uid]).await?;
        let mut wire = target.wire(person).await?;
        for Kept { content, path } in kept {
            show(&mut wire, person, gid, path, &content.number.to_string()).await?;
        }
    }
    let report = measuring.fetch(report, &vec![shelf(reader); options.at_once], kept).await?;
    let most = server.process.peak_resident()?.saturating_sub(before);
    Ok(report.figure("server resident before", before, Unit::Bytes).figure(
        "server resident, at most so much more",
        most,
        Unit::Bytes,
    ))
}

/// The same with a server that is `process`, and keeps files at `address`, whoever asks.
pub(crate) async fn run_bare(process: &Process, address: &str, options: &Options) -> anyhow::Result<Report> {
    let shelves = vec![Shelf::Bare { address: address.to_owned() }; options.at_once];
    let measuring = Measuring { process, options };
    let mut report = measuring.begun();
    let kept;
    (report, kept) = measuring.upload(report, &shelves, Way::Whole).await?;
    (report, _) = measuring.upload(report, &shelves, Way::Pieces).await?;
    measuring.fetch(report, &shelves, kept).await
}

struct Measuring<'a> {
    process: &'a Process,
    options: &'a Options,
}

impl Measuring<'_> {
    fn begun(&self) -> Report {
        let Options { files, kib, at_once } = self.options;
        let size = Unit::Bytes.show((kib * 1024) as f64);
        Report::new(format!("Uploading and fetching files of {size}"))
            .condition("files", files)
            .condition("each has", size)
            .condition("connections", at_once)
    }

    /// Uploads all by one way, each shelf its share.
    async fn upload(
        &self,
        report: Report,
        shelves: &[Shelf],
        way: Way,
    ) -> anyhow::Result<(Report, Vec<Vec<Kept>>)> {
        let first = stamp().as_micros() as u64;
        let took = Mutex::new(Latencies::new());
        let meter = Meter::start(self.process)?;
        let uploading = shelves.iter().enumerate().map(async |(place, shelf)| {
            let mut http = shelf.connect().await?;
            let mut kept = Vec::new();
            for number in (place as u64..self.options.files).step_by(shelves.len()) {
                let content = Content { number: first + number, size_bytes: self.options.kib * 1024 };
                let start = Instant::now();
                let path = shelf.upload(&mut http, content, way).await?;
                took.lock().expect("nothing panics while it is held").add(start.elapsed());
                kept.push(Kept { content, path });
            }
            anyhow::Ok(kept)
        });
        let kept = try_join_all(uploading).await?;
        let name = match way {
            Way::Whole => "upload",
            Way::Pieces => "tus",
        };
        Ok((self.phase(report, name, meter, &took)?, kept))
    }

    /// Fetches all, each shelf its share.
    async fn fetch(&self, report: Report, shelves: &[Shelf], kept: Vec<Vec<Kept>>) -> anyhow::Result<Report> {
        let took = Mutex::new(Latencies::new());
        let meter = Meter::start(self.process)?;
        try_join_all(shelves.iter().zip(kept).map(async |(shelf, kept)| {
            let mut http = shelf.connect().await?;
            for Kept { content, path } in kept {
                let start = Instant::now();
                shelf.fetch(&mut http, &path, content, None).await?;
                took.lock().expect("nothing panics while it is held").add(start.elapsed());
            }
            anyhow::Ok(())
        }))
        .await?;
        self.phase(report, "fetch", meter, &took)
    }

    fn phase(
        &self,
        report: Report,
        name: &str,
        meter: Meter,
        took: &Mutex<Latencies>,
    ) -> anyhow::Result<Report> {
        let spent = meter.stop(self.process)?;
        let took = took.lock().expect("nothing panics while it is held");
        let files = took.count();
        let bytes = files * self.options.kib * 1024;
        let mib = bytes as f64 / f64::from(1 << 20);
        let cpu = spent.cpu.as_secs_f64() * 1e6;
        let named = |what: &str| format!("{name}: {what}");
        Ok(report
            .figure(&named("files"), spent.per_second(files), Unit::PerSecond)
            .figure(&named("bytes"), spent.per_second(bytes), Unit::BytesPerSecond)
            .figure(&named("server CPU a file"), spent.cpu_each(files), Unit::Microseconds)
            .figure(&named("server CPU a MiB"), cpu / mib, Unit::Microseconds)
            .figure(&named("written to disk a file"), spent.written as f64 / files as f64, Unit::Bytes)
            .latencies(&named("each takes"), &took)
            .figure(&named("server, busy"), spent.busy(), Unit::Percent)
            .figure(&named("bench, busy"), spent.own_busy(), Unit::Percent))
    }
}
