//! Edits: in chats of two, one changes the same message again and again, and the other is told.
//!
//! A closed loop: the next edit is sent when one is acknowledged, as a connection's edits are done one after the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use futures_util::future::try_join_all;

use crate::audience::{Audience, accepted};
use crate::frames::{Heard, Mark, Paper, Pen, act, hear};
use crate::latency::Latencies;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::{Bench, WARM_UP};
use crate::wire::Wire;

/// Edits of one message: as many as one may have.
const EDITS_OF_A_MESSAGE: u64 = 1_000;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Chats of two
    #[arg(long, default_value_t = 50)]
    pub(crate) chats: usize,
    /// How long to measure, after a second to warm up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(options.chats * 2).await?;
    let run = Arc::new(Run::new(options.chats));
    let (mut audience, mut editors) = (Audience::default(), Vec::with_capacity(options.chats));
    for (group, two) in people.chunks_exact(2).enumerate() {
        let gid = two[0].api.create_group(1, "", &[two[1].uid]).await?;
        let Wire { reader, writer } = target.wire(&two[1]).await?;
        let listening = Arc::clone(&run);
        audience.listen(reader, move |heard| {
            // Its write half is open as long as it listens.
            let _ = &writer;
            match accepted(heard)? {
                Heard::Edited(mark) if mark.group == group => listening.told(mark),
                Heard::Edited(mark) => bail!("chat {group} was told of chat {}", mark.group),
                _ => {}
            }
            Ok(())
        });
        let editor = Editor { uid: two[0].uid, gid, group, wire: target.wire(&two[0]).await? };
        editors.push(editor.edit(Arc::clone(&run)));
    }

    let editing = try_join_all(editors);
    let timing = async {
        tokio::time::sleep(WARM_UP).await;
        let meter = Meter::start(&server.process)?;
        run.tally().counting = true;
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        run.tally().counting = false;
        run.over.store(true, Ordering::Relaxed);
        meter.stop(&server.process)
    };
    let (done, spent) = audience.during(async { tokio::try_join!(editing, timing) }).await?;
    // Nothing is held back in a chat of two: each edit is told.
    audience.until(done.iter().sum(), || run.tally().heard.iter().map(|heard| heard.count).sum()).await?;

    let tally = run.tally();
    let lost = done.iter().zip(&tally.heard).map(|(done, heard)| done.saturating_sub(heard.count)).sum();
    let out_of_order = tally.heard.iter().map(|heard| heard.out_of_order).sum();
    let edits = tally.acks.count();
    Ok(Report::new("Single chats in which one edits a message again and again")
        .condition("chats", options.chats)
        .condition("measured", format!("{} s", options.seconds))
        .figure("acknowledged", spent.per_second(edits), Unit::PerSecond)
        .figure("server CPU an edit", spent.cpu_each(edits), Unit::Microseconds)
        .beside(&spent, edits, "an edit")
        .figure("written to disk an edit", spent.written as f64 / edits.max(1) as f64, Unit::Bytes)
        .latencies("edit to Ack", &tally.acks)
        .latencies("edit to the other", &tally.told)
        .busy(&spent)
        .fault("lost", lost)
        .fault("out of order", out_of_order))
}

struct Editor {
    uid: u64,
    gid: u64,
    group: usize,
    wire: Wire,
}

impl Editor {
    /// Edits until the run is over, and returns how many edits were done.
    async fn edit(mut self, run: Arc<Run>) -> anyhow::Result<u64> {
        let mut pen = Pen::new(Paper::Rim, self.uid, self.gid, "as it was");
        let (mut done, mut message) = (0, 0);
        while !run.over.load(Ordering::Relaxed) {
            let mark = Mark { group: self.group, number: done, at: run.start.elapsed() };
            let mut out = Vec::new();
            if done.is_multiple_of(EDITS_OF_A_MESSAGE) {
                pen.write(mark, &mut out);
                message = self.answer(&out).await?;
                out.clear();
            }
            // What it says now tells which edit it was.
            let says = mark.to_string();
            act("Edit", self.uid, self.gid, message, &says, &format!("e-{says}"), &mut out);
            self.answer(&out).await?;
            run.acknowledged(mark);
            done += 1;
        }
        Ok(done)
    }

    /// Sends a frame and waits for its Ack: the message that it is about.
    async fn answer(&mut self, frame: &[u8]) -> anyhow::Result<u64> {
        self.wire.writer.send(frame).await?;
        let mut answered = None;
        while answered.is_none() {
            let hearing = self.wire.reader.hear(|text| {
                if let Heard::Error(answer) = hear(text) {
                    bail!("the server has refused an edit: {answer}");
                }
                answered = answered.or(crate::frames::acknowledged(text));
                Ok(())
            });
            hearing.await.context("an editor")?;
        }
        answered.context("an Ack")
    }
}

/// What the tasks of all chats share.
struct Run {
    start: Instant,
    over: AtomicBool,
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    /// Neither while warming up nor at the end.
    counting: bool,
    acks: Latencies,
    told: Latencies,
    /// One a chat.
    heard: Vec<Edits>,
}

/// What one who listens has heard.
#[derive(Clone, Default)]
struct Edits {
    count: u64,
    out_of_order: u64,
}

impl Run {
    fn new(chats: usize) -> Self {
        let tally = Tally {
            counting: false,
            acks: Latencies::new(),
            told: Latencies::new(),
            heard: vec![Edits::default(); chats],
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

    fn told(&self, mark: Mark) {
        let mut tally = self.tally();
        if tally.counting {
            tally.told.add(mark.age(self.start));
        }
        let heard = &mut tally.heard[mark.group];
        heard.out_of_order += u64::from(heard.count != mark.number);
        heard.count += 1;
    }
}
