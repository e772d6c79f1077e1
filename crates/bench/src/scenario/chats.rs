//! Throughput: single chats in which one sends and the other listens.
//!
//! A closed loop: each sender has so many messages in flight and sends the next when one is acknowledged.
//! Acks that come together are followed by messages that go together, as those of any client that has
//! more to say.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use futures_util::future::try_join_all;

use crate::audience::{Audience, accepted};
use crate::frames::{Heard, Mark, Paper, Pen, hear};
use crate::latency::Latencies;
use crate::ledger::{Faults, Ledger};
use crate::metrics::Commits;
use crate::process::{Meter, Process};
use crate::report::{Report, Unit};
use crate::scenario::{Bench, WARM_UP};
use crate::wire::Wire;

/// What people write: 100 bytes.
pub(crate) const CONTENT: &str =
    "The quick brown fox jumps over the lazy dog, and then goes home to write a hundred bytes about it.!!";

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Chats of two
    #[arg(long, default_value_t = 50)]
    pub(crate) chats: usize,
    /// Messages in each that are sent and not acknowledged
    #[arg(long, default_value_t = 16)]
    pub(crate) in_flight: u64,
    /// How long to measure, after a second to warm up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

/// One who sends and one who listens, if they are connected.
pub(crate) struct Chat {
    pub(crate) pen: Pen,
    pub(crate) sender: Wire,
    pub(crate) listener: Option<Wire>,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(options.chats * 2).await?;
    let mut chats = Vec::with_capacity(options.chats);
    for two in people.chunks_exact(2) {
        let gid = two[0].api.create_group(1, "", &[two[1].uid]).await?;
        let pen = Pen::new(Paper::Rim, two[0].uid, gid, CONTENT);
        let (sender, listener) = (target.wire(&two[0]).await?, target.wire(&two[1]).await?);
        chats.push(Chat { pen, sender, listener: Some(listener) });
    }
    let commits = Commits::so_far(&target.api).await?;
    let report = measure(&server.process, chats, &options).await?;
    let commits = Commits::so_far(&target.api).await?.since(commits);
    Ok(report.figure("messages a commit", commits.writes_each(), Unit::Count).figure(
        "server resident",
        server.resident()?,
        Unit::Bytes,
    ))
}

/// Measures `chats` of the server that is `process`.
pub(crate) async fn measure(
    process: &Process,
    chats: Vec<Chat>,
    options: &Options,
) -> anyhow::Result<Report> {
    let run = Arc::new(Run::new(chats.len()));
    let heard: Vec<bool> = chats.iter().map(|chat| chat.listener.is_some()).collect();
    let mut audience = Audience::default();
    let mut senders = Vec::with_capacity(chats.len());
    for (group, Chat { pen, sender, listener }) in chats.into_iter().enumerate() {
        if let Some(Wire { reader, writer }) = listener {
            let run = Arc::clone(&run);
            audience.listen(reader, move |heard| {
                // Its write half is open as long as it listens.
                let _ = &writer;
                match accepted(heard)? {
                    Heard::Message { mark, seq, .. } if mark.group == group => run.delivered(mark, seq),
                    Heard::Message { mark, .. } => bail!("chat {group} was told of chat {}", mark.group),
                    _ => {}
                }
                Ok(())
            });
        }
        senders.push(send(pen, sender, group, options.in_flight, Arc::clone(&run)));
    }

    let sending = try_join_all(senders);
    let timing = async {
        tokio::time::sleep(WARM_UP).await;
        let meter = Meter::start(process)?;
        run.tally().counting = true;
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        run.tally().counting = false;
        run.over.store(true, Ordering::Relaxed);
        meter.stop(process)
    };
    let (sent, spent) = audience.during(async { tokio::try_join!(sending, timing) }).await?;
    // Those whom nobody hears expect no deliveries.
    let expected = heard.iter().zip(&sent).map(|(heard, sent)| if *heard { *sent } else { 0 });
    let expected: Vec<u64> = expected.collect();
    audience.until(expected.iter().sum(), || run.tally().ledgers.iter().map(Ledger::count).sum()).await?;

    let tally = run.tally();
    let faults: Faults = tally.ledgers.iter().zip(&expected).map(|(ledger, sent)| ledger.faults(*sent)).sum();
    let messages = tally.acks.count();
    Ok(Report::new(format!("Single chats with {} in flight in each", options.in_flight))
        .condition("chats", options.chats)
        .condition("in flight in each", options.in_flight)
        .condition("content of a message", format!("{} bytes", CONTENT.len()))
        .condition("measured", format!("{} s", options.seconds))
        .figure("acknowledged", spent.per_second(messages), Unit::PerSecond)
        .figure("delivered", spent.per_second(tally.deliveries.count()), Unit::PerSecond)
        .figure("server CPU a message", spent.cpu_each(messages), Unit::Microseconds)
        .beside(&spent, messages, "a message")
        .figure("written to disk a message", spent.written as f64 / messages.max(1) as f64, Unit::Bytes)
        .latencies("send to Ack", &tally.acks)
        .latencies("send to delivery", &tally.deliveries)
        .busy(&spent)
        .faults(faults))
}

/// What the tasks of all chats share.
struct Run {
    start: Instant,
    /// Senders send no more.
    over: AtomicBool,
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    /// Neither while warming up nor at the end.
    counting: bool,
    acks: Latencies,
    deliveries: Latencies,
    /// One a chat.
    ledgers: Vec<Ledger>,
}

impl Run {
    fn new(chats: usize) -> Self {
        let tally = Tally {
            counting: false,
            acks: Latencies::new(),
            deliveries: Latencies::new(),
            ledgers: (0..chats).map(|_| Ledger::default()).collect(),
        };
        Self { start: Instant::now(), over: AtomicBool::new(false), tally: Mutex::new(tally) }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it is held")
    }

    fn acknowledged(&self, mark: Mark) {
        let mut tally = self.tally();
        if tally.counting {
            tally.acks.add(mark.age(self.start));
        }
    }

    fn delivered(&self, mark: Mark, seq: u64) {
        let mut tally = self.tally();
        if tally.counting {
            tally.deliveries.add(mark.age(self.start));
        }
        tally.ledgers[mark.group].delivered(mark.number, seq);
    }
}

/// Sends until the run is over, and returns how many were sent and acknowledged.
async fn send(
    mut pen: Pen,
    mut wire: Wire,
    group: usize,
    in_flight: u64,
    run: Arc<Run>,
) -> anyhow::Result<u64> {
    let mut out = Vec::new();
    let (mut sent, mut acknowledged) = (0, 0);
    loop {
        if !run.over.load(Ordering::Relaxed) {
            let at = run.start.elapsed();
            while sent - acknowledged < in_flight {
                pen.write(Mark { group, number: sent, at }, &mut out);
                sent += 1;
            }
        }
        if sent == acknowledged {
            return Ok(sent);
        }
        wire.writer.send(&out).await?;
        out.clear();
        let hearing = wire.reader.hear(|text| {
            if let Heard::Ack(mark) = accepted(hear(text))? {
                ensure!(
                    mark.number == acknowledged,
                    "Ack {} came in the place of {acknowledged}",
                    mark.number
                );
                run.acknowledged(mark);
                acknowledged += 1;
            }
            Ok(())
        });
        hearing.await.context("a sender")?;
    }
}
