//! A storm of reactions: everybody in a group gives the same one to a message within moments, and everybody is told.
//!
//! What must be bounded is what the server sends: told one by one, a thousand who react would be a million frames. What
//! must not be lost is the last state: each connection ends with the count of all.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::audience::{Audience, accepted, reached};
use crate::frames::{Heard, Mark, Paper, Pen, acknowledged, act, hear};
use crate::latency::Latencies;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::Bench;
use crate::wire::{Wire, Writer};

const EMOJI: &str = "👍";

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// People who are connected and react
    #[arg(long, default_value_t = 1000)]
    pub(crate) members: usize,
    /// In how many milliseconds all of them have reacted
    #[arg(long, default_value_t = 2000)]
    pub(crate) within_ms: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(1 + options.members).await?;
    let (author, members) = people.split_first().context("somebody")?;
    let uids: Vec<u64> = members.iter().map(|person| person.uid).collect();
    let gid = author.api.create_group(2, "everybody", &uids).await?;
    let mut wire = target.wire(author).await?;
    let message = say(author.uid, gid, &mut wire).await?;

    let run = Arc::new(Run::new(options.members));
    let (mut audience, mut writers) = (Audience::default(), Vec::with_capacity(options.members));
    for (place, Wire { reader, writer }) in
        target.wires(members, options.members).await?.into_iter().enumerate()
    {
        let run = Arc::clone(&run);
        audience.listen(reader, move |heard| {
            run.heard(place, &accepted(heard)?);
            Ok(())
        });
        writers.push(writer);
    }
    audience.listen(wire.reader, |heard| accepted(heard).map(drop));

    let meter = Meter::start(&server.process)?;
    run.tally().start = Instant::now();
    let pause = Duration::from_millis(options.within_ms) / u32::try_from(options.members.max(1))?;
    let all = options.members as u64;
    let storm = async {
        for (place, (writer, uid)) in writers.iter().zip(&uids).enumerate() {
            let due = run.tally().start + pause * u32::try_from(place)?;
            tokio::time::sleep_until(due.into()).await;
            react(writer, *uid, gid, message, place, &run).await?;
        }
        reached(all, || run.tally().acks.count()).await;
        // Of one's own one is not told, so that the last may know of all others only.
        reached(all, || run.tally().counts.iter().filter(|count| **count + 1 >= all).count() as u64).await;
        anyhow::Ok(())
    };
    audience.during(storm).await?;
    let spent = meter.stop(&server.process)?;

    let told: Value = author.api.post("/api/message/get", &json!({ "gid": gid, "msgId": message })).await?;
    let stored = told["reactions"][0]["count"].as_u64().unwrap_or_default();
    let tally = run.tally();
    let behind = tally.counts.iter().filter(|count| **count + 1 < all).count() as u64;
    let frames = tally.frames as f64 / all as f64;
    Ok(Report::new("A storm of reactions to one message")
        .condition("people who are connected and react", options.members)
        .condition("all have reacted within", format!("{} ms", options.within_ms))
        .figure("server CPU a reaction", spent.cpu_each(all), Unit::Microseconds)
        .figure("frames a connection", frames, Unit::Count)
        .figure("sent to a connection", tally.bytes as f64 / all as f64, Unit::Bytes)
        .latencies("reaction to Ack", &tally.acks)
        .figure("from the first to all that all know", spent.elapsed.as_secs_f64(), Unit::Seconds)
        .busy(&spent)
        .fault("lost", all.saturating_sub(stored))
        .fault("connections that do not know of all", behind))
}

/// Writes the message, and returns which it is.
async fn say(uid: u64, gid: u64, wire: &mut Wire) -> anyhow::Result<u64> {
    let (mut out, mut message) = (Vec::new(), None);
    Pen::new(Paper::Rim, uid, gid, "who likes it?")
        .write(Mark { group: 0, number: 0, at: Duration::ZERO }, &mut out);
    wire.writer.send(&out).await?;
    while message.is_none() {
        let hearing = wire.reader.hear(|text| {
            if let Heard::Error(answer) = hear(text) {
                bail!("the server has refused the message: {answer}");
            }
            message = message.or(acknowledged(text));
            Ok(())
        });
        hearing.await?;
    }
    message.context("an Ack")
}

async fn react(
    writer: &Writer,
    uid: u64,
    gid: u64,
    message: u64,
    place: usize,
    run: &Run,
) -> anyhow::Result<()> {
    let at = run.tally().start.elapsed();
    let mark = Mark { group: 0, number: place as u64, at };
    let mut out = Vec::new();
    act("React", uid, gid, message, EMOJI, &mark.to_string(), &mut out);
    ensure!(!out.is_empty(), "a frame");
    writer.send(&out).await
}

/// What the tasks of all connections share.
struct Run {
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    start: Instant,
    acks: Latencies,
    /// The most that each connection has heard of.
    counts: Vec<u64>,
    frames: u64,
    bytes: u64,
}

impl Run {
    fn new(members: usize) -> Self {
        let tally = Tally {
            start: Instant::now(),
            acks: Latencies::new(),
            counts: vec![0; members],
            frames: 0,
            bytes: 0,
        };
        Self { tally: Mutex::new(tally) }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it is held")
    }

    fn heard(&self, place: usize, heard: &Heard) {
        let mut tally = self.tally();
        match heard {
            Heard::Ack(mark) => {
                let age = mark.age(tally.start);
                tally.acks.add(age);
            }
            Heard::Reacted { count, bytes } => {
                tally.frames += 1;
                tally.bytes += *bytes as u64;
                tally.counts[place] = tally.counts[place].max(*count);
            }
            _ => {}
        }
    }
}
