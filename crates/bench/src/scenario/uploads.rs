//! Memory: many upload at the same time. Each sends half of its file, all wait for each other, and then the rest goes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use crate::audience::reached;
use crate::content::{BLOCK_BYTES, Content};
use crate::http::streamed;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::{Bench, stamp};
use crate::shelf::Shelf;

/// How long after the first halves they are taken in.
const REST: Duration = Duration::from_secs(3);
/// How long after a rush the server has given back what was free.
const GIVEN_BACK: Duration = Duration::from_secs(12);

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// People who upload at the same time
    #[arg(long, default_value_t = 200)]
    pub(crate) people: usize,
    /// MiB of the file of each
    #[arg(long, default_value_t = 16)]
    pub(crate) mib: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(options.people).await?;
    let size_bytes = options.mib << 20;
    let first = stamp().as_micros() as u64;
    let shelf = |person| Shelf::Rim { target: Arc::clone(target), person };
    let shelves: Vec<Shelf> = people.into_iter().map(shelf).collect();
    let mut connections = Vec::with_capacity(shelves.len());
    for (number, shelf) in shelves.iter().enumerate() {
        let mut http = shelf.connect().await?;
        // Each has come before.
        let content = Content { number: first + number as u64, size_bytes: BLOCK_BYTES };
        shelf.upload(&mut http, content, crate::shelf::Way::Whole).await?;
        connections.push(http);
    }
    tokio::time::sleep(GIVEN_BACK).await;
    let before = server.resident()?;
    server.process.forget_peak()?;

    // Closed when the second halves may go.
    let (halves, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let meter = Meter::start(&server.process)?;
    let uploading = try_join_all(shelves.iter().zip(&mut connections).enumerate().map(
        async |(number, (shelf, http))| {
            let content = Content { number: first + (options.people + number) as u64, size_bytes };
            let pieces = halfway(content, Arc::clone(&halves), Arc::clone(&gate));
            let path = shelf.upload_whole(http, content, streamed(pieces)).await?;
            anyhow::Ok((content, path))
        },
    ));
    let watching = async {
        reached(options.people as u64, || halves.available_permits() as u64).await;
        tokio::time::sleep(REST).await;
        let halfway = server.resident()?;
        gate.close();
        anyhow::Ok(halfway)
    };
    let (uploaded, halfway) = tokio::try_join!(uploading, watching)?;
    let spent = meter.stop(&server.process)?;
    let most = server.process.peak_resident()?;
    tokio::time::sleep(GIVEN_BACK).await;
    let after = server.resident()?;
    for ((shelf, http), (content, path)) in shelves.iter().zip(&mut connections).zip(uploaded) {
        shelf.fetch(http, &path, content, None).await?;
    }
    let each = |now: u64| now.saturating_sub(before) as f64 / options.people as f64;
    let mib = (options.mib * options.people as u64) as f64;
    Ok(Report::new("Many upload at the same time")
        .condition("people who upload", options.people)
        .condition("each has", Unit::Bytes.show(size_bytes as f64))
        .figure("server resident before", before, Unit::Bytes)
        .figure("server resident, all halfway", halfway, Unit::Bytes)
        .figure("server resident, at most", most, Unit::Bytes)
        .figure("server resident after", after, Unit::Bytes)
        .figure("an upload, halfway", each(halfway), Unit::Bytes)
        .figure("an upload, at most", each(most), Unit::Bytes)
        .figure("server CPU a MiB", spent.cpu.as_secs_f64() * 1e6 / mib, Unit::Microseconds))
}

/// The bytes of a file. In the middle it says so, and waits for the gate.
fn halfway(
    content: Content,
    halves: Arc<Semaphore>,
    gate: Arc<Semaphore>,
) -> impl futures_util::Stream<Item = Bytes> + Send + 'static {
    let half = content.size_bytes / 2;
    let waiting = stream::once(async move {
        halves.add_permits(1);
        // It is never given, and refused once the gate is closed.
        let _ = gate.acquire().await;
        Bytes::new()
    });
    content.pieces(0..half).chain(waiting).chain(content.pieces(half..content.size_bytes))
}
