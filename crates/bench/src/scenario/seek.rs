//! A player seeks in a film: piece after piece of one file is fetched, by somebody who sees the whole chat, and by somebody
//! who has hidden very many of its messages. Who may see it is asked at each.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use rim_client::ApiError;
use rim_client::protocol::limits::MAX_MESSAGES_PER_REQUEST;
use serde_json::json;

use crate::audience::accepted;
use crate::content::{BLOCK_BYTES, Content};
use crate::frames::{Mark, Paper, Pen, acknowledged, hear};
use crate::latency::Latencies;
use crate::people::Person;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::{Bench, stamp};
use crate::shelf::{Shelf, Way, show};
use crate::wire::Wire;

/// Messages that are sent and not acknowledged.
const IN_FLIGHT: u64 = 100;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Pieces that each of the two fetches
    #[arg(long, default_value_t = 5000)]
    pub(crate) pieces: u64,
    /// Messages that one of them has hidden
    #[arg(long, default_value_t = 10_000)]
    pub(crate) hidden: u64,
    /// MiB of the film
    #[arg(long, default_value_t = 256)]
    pub(crate) mib: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(3).await?;
    let [owner, whole, holed] = &people[..] else { unreachable!("three were asked for") };
    let gid = owner.api.create_group(2, "films", &[whole.uid, holed.uid]).await?;
    let mut wire = target.wire(owner).await?;
    let messages = chat(&mut wire, owner, gid, options.hidden).await?;
    for some in messages.chunks(MAX_MESSAGES_PER_REQUEST) {
        hide(holed, gid, some).await?;
    }
    let content = Content { number: stamp().as_micros() as u64, size_bytes: options.mib << 20 };
    let shelf = |person: &Person| Shelf::Rim { target: Arc::clone(target), person: person.clone() };
    let uploader = shelf(owner);
    let path = uploader.upload(&mut uploader.connect().await?, content, Way::Whole).await?;
    show(&mut wire, owner, gid, &path, "film").await?;

    let mut report = Report::new("A player seeks in a film")
        .condition("the film has", Unit::Bytes.show(content.size_bytes as f64))
        .condition("pieces", options.pieces)
        .condition("each has", Unit::Bytes.show(BLOCK_BYTES as f64))
        .condition("hidden", options.hidden);
    let mut costs = Vec::new();
    for (name, person) in [("nothing hidden", whole), ("much hidden", holed)] {
        let shelf = shelf(person);
        let mut http = shelf.connect().await?;
        let mut took = Latencies::new();
        let meter = Meter::start(&server.process)?;
        for piece in 0..options.pieces {
            // Here and there.
            let at = piece.wrapping_mul(0x9E37_79B9) % (content.size_bytes - BLOCK_BYTES);
            let start = Instant::now();
            shelf.fetch(&mut http, &path, content, Some(at..at + BLOCK_BYTES)).await?;
            took.add(start.elapsed());
        }
        let spent = meter.stop(&server.process)?;
        costs.push(spent.cpu_each(options.pieces));
        report = report
            .figure(
                &format!("{name}: server CPU a piece"),
                spent.cpu_each(options.pieces),
                Unit::Microseconds,
            )
            .figure(&format!("{name}: pieces"), spent.per_second(options.pieces), Unit::PerSecond)
            .latencies(&format!("{name}: a piece takes"), &took);
    }
    Ok(report.figure("CPU of a piece, much hidden : nothing hidden", costs[1] / costs[0], Unit::Ratio))
}

/// Sends so many messages, and returns their ids.
async fn chat(wire: &mut Wire, person: &Person, gid: u64, count: u64) -> anyhow::Result<Vec<u64>> {
    let mut pen = Pen::new(Paper::Rim, person.uid, gid, "hello");
    let (mut sent, mut out, mut ids) = (0, Vec::new(), Vec::new());
    while (ids.len() as u64) < count {
        while sent < count && sent - (ids.len() as u64) < IN_FLIGHT {
            pen.write(Mark { group: 0, number: sent, at: stamp() }, &mut out);
            sent += 1;
        }
        if !out.is_empty() {
            wire.writer.send(&out).await?;
            out.clear();
        }
        wire.reader
            .hear(|text| {
                accepted(hear(text))?;
                ids.extend(acknowledged(text));
                Ok(())
            })
            .await?;
    }
    Ok(ids)
}

async fn hide(person: &Person, gid: u64, messages: &[u64]) -> Result<(), ApiError> {
    let body = json!({"gid": gid, "msgIds": messages});
    person.api.post::<bool>("/api/message/hide", &body).await.map(drop)
}
