//! Overload: more is sent than the server bears, and some do not read. What do those notice who behave?

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use rim_client::protocol::ErrorCode;
use rim_client::protocol::frame::IncomingAnswer;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant as TimerInstant, MissedTickBehavior, interval_at, sleep, timeout};

use crate::audience::{Audience, accepted};
use crate::frames::{Heard, Mark, Paper, Pen, hear};
use crate::latency::Latencies;
use crate::ledger::{Faults, Ledger};
use crate::people::Target;
use crate::process::{Meter, Spent};
use crate::report::{Report, Unit};
use crate::scenario::chats::CONTENT;
use crate::scenario::{Bench, WARM_UP, stamp};
use crate::wire::{Reader, Wire, Writer};

/// Between two messages of one who behaves.
const BEAT: Duration = Duration::from_millis(100);
/// What one who behaves waits before they send again what the server was too busy for, and one who floods.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
const FLOOD_PAUSE: Duration = Duration::from_millis(5);
/// How long the people who behave are alone, before it begins.
const CALM: Duration = Duration::from_secs(3);
/// After this long the server is not going to recover, or to close a slow reader.
const PATIENCE: Duration = Duration::from_secs(60);
/// What slow readers are told is more than the kernel holds for them.
const LARGE_BYTES: usize = 16 * 1024;
const LARGE_IN_FLIGHT: usize = 64;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Chats of two who both send as fast as they can
    #[arg(long, default_value_t = 75)]
    pub(crate) floods: usize,
    /// Messages that each of them has sent and not heard of
    #[arg(long, default_value_t = 256)]
    pub(crate) in_flight: usize,
    /// Connections that do not read what a busy group tells them
    #[arg(long, default_value_t = 10)]
    pub(crate) slow: usize,
    /// Chats of people who send ten messages a second and behave
    #[arg(long, default_value_t = 20)]
    pub(crate) behaved: usize,
    /// How long it lasts
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    ensure!(options.behaved > 0, "--behaved: at least 1");
    let Bench { server, target } = bench;
    let run = Arc::new(Run::new(options.behaved));
    let mut audience = Audience::default();
    let mut behaving = behaving(target, options.behaved, &run, &mut audience).await?;
    let (flooders, slow) = flooders(target, &options, &run, &mut audience).await?;

    let calm = async {
        sleep(WARM_UP).await;
        run.take_acks();
        sleep(CALM).await;
        Ok(run.take_acks())
    };
    let before = audience.during(calm).await?;
    let limit = before.percentile(50.0) * 2;

    let meter = Meter::start(&server.process)?;
    let flooding = try_join_all(flooders.iter().map(|flooder| flooder.flood()));
    let stored = || flooders.iter().map(|flooder| flooder.state().stored).sum::<u64>();
    let timing = async {
        sleep(Duration::from_secs(options.seconds)).await;
        run.flood_is_over.store(true, Ordering::Relaxed);
        let over = Instant::now();
        let load = Load { acks: run.take_acks(), stored: stored(), spent: meter.stop(&server.process)? };
        let recovered = timeout(PATIENCE, run.acknowledged_within(limit, over)).await;
        Ok((load, recovered.ok().map(|()| over.elapsed())))
    };
    let (_, (load, recovery)) = audience.during(async { tokio::try_join!(flooding, timing) }).await?;
    let peak = server.process.peak_resident()?;

    let closed = audience.during(closed_as_too_slow(slow)).await?;
    run.end();
    let mut sent = vec![0; options.behaved];
    while let Some(behaved) = behaving.join_next().await {
        let (group, messages) = behaved??;
        sent[group] = messages;
    }
    audience.until(sent.iter().sum(), || run.heard()).await?;
    // The first is the one who speaks to the slow readers.
    let pairs = &flooders[1..];
    let heard = || pairs.iter().map(|flooder| flooder.state().heard.len() as u64).sum::<u64>();
    audience.until(pairs.iter().map(|flooder| flooder.state().stored).sum(), heard).await?;

    let faults = run.of_ledgers(|number, ledger| ledger.faults(sent[number]));
    let of_flood: Faults = pairs.iter().zip(others(pairs)).map(|(one, other)| one.faults(other)).sum();
    let busy: u64 = flooders.iter().map(|flooder| flooder.state().busy).sum();
    let report = Report::new("More than the server bears")
        .condition("chats that flood", options.floods)
        .condition("in flight from each of the two", options.in_flight)
        .condition("connections that do not read", options.slow)
        .condition("chats that behave", options.behaved)
        .condition("it lasted", format!("{} s", options.seconds))
        .figure("stored of the flood", load.spent.per_second(load.stored), Unit::PerSecond)
        .figure("of the flood answered busy", busy, Unit::Count)
        .figure("of the behaved answered busy", run.busy.load(Ordering::Relaxed), Unit::Count)
        .latencies("send to Ack before", &before)
        .latencies("send to Ack during", &load.acks)
        .figure("slow readers closed with 4008", closed, Unit::Count)
        .figure("server resident, at most", peak, Unit::Bytes)
        .busy(&load.spent)
        .fault("slow readers not closed", (options.slow as u64).saturating_sub(closed))
        .fault("never as fast as before again", u64::from(recovery.is_none()))
        .faults([faults, of_flood].into_iter().sum());
    Ok(match recovery {
        Some(took) => report.figure("until as fast as before", took.as_secs_f64() * 1e3, Unit::Milliseconds),
        None => report,
    })
}

/// What was measured while it lasted.
struct Load {
    /// Of those who behave.
    acks: Latencies,
    /// Of the flood.
    stored: u64,
    spent: Spent,
}

/// What the tasks share.
pub(super) struct Run {
    stamp: Duration,
    flood_is_over: AtomicBool,
    /// Those who behave send no more, either.
    over: AtomicBool,
    /// Answers to those who behave.
    busy: AtomicU64,
    /// The latest Ack of one who behaves: when the message was sent, and how long it took.
    latest: watch::Sender<(Instant, Duration)>,
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    acks: Latencies,
    /// One for each chat that behaves.
    ledgers: Vec<Ledger>,
}

impl Run {
    pub(super) fn new(behaved: usize) -> Self {
        let ledgers = (0..behaved).map(|_| Ledger::default()).collect();
        Self {
            stamp: stamp(),
            flood_is_over: AtomicBool::new(false),
            over: AtomicBool::new(false),
            busy: AtomicU64::new(0),
            latest: watch::Sender::new((Instant::now(), Duration::MAX)),
            tally: Mutex::new(Tally { acks: Latencies::new(), ledgers }),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it is held")
    }

    /// Those since it was asked the last time.
    pub(super) fn take_acks(&self) -> Latencies {
        std::mem::replace(&mut self.tally().acks, Latencies::new())
    }

    /// Those who behave send no more.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Messages of those who behave that have come.
    pub(super) fn heard(&self) -> u64 {
        self.tally().ledgers.iter().map(Ledger::count).sum()
    }

    pub(super) fn of_ledgers<T>(&self, of: impl Fn(usize, &Ledger) -> T) -> Faults
    where
        Faults: std::iter::Sum<T>,
    {
        self.tally().ledgers.iter().enumerate().map(|(number, ledger)| of(number, ledger)).sum()
    }

    fn acknowledged(&self, sent: Instant) {
        let took = sent.elapsed();
        self.tally().acks.add(took);
        self.latest.send_replace((sent, took));
    }

    /// Waits until a message that was sent after `since` took no longer than `limit`.
    async fn acknowledged_within(&self, limit: Duration, since: Instant) {
        let fast = |(sent, took): &(Instant, Duration)| *sent >= since && *took <= limit;
        // It cannot fail: the sender is here.
        let _ = self.latest.subscribe().wait_for(fast).await;
    }
}

/// A chat of two, the first of whom speaks.
async fn chat(target: &Target, content: &str) -> anyhow::Result<[(Wire, Pen); 2]> {
    let two = target.people(2).await?;
    let gid = two[0].api.create_group(1, "", &[two[1].uid]).await?;
    let pen = |uid| Pen::new(Paper::Rim, uid, gid, content);
    Ok([(target.wire(&two[0]).await?, pen(two[0].uid)), (target.wire(&two[1]).await?, pen(two[1].uid))])
}

/// Starts those who behave; each returns its number and how many messages it has sent.
pub(super) async fn behaving(
    target: &Target,
    behaved: usize,
    run: &Arc<Run>,
    audience: &mut Audience,
) -> anyhow::Result<JoinSet<anyhow::Result<(usize, u64)>>> {
    let mut behaving = JoinSet::new();
    for group in 0..behaved {
        let [(sender, pen), (listener, _)] = chat(target, CONTENT).await?;
        let of_listener = Arc::clone(run);
        audience.listen(listener.reader, move |heard| {
            if let Heard::Message { mark, seq, .. } = accepted(heard)? {
                of_listener.tally().ledgers[mark.group].delivered(mark.number, seq);
            }
            Ok(())
        });
        // Not all at the same moment.
        let first = TimerInstant::now() + BEAT * group as u32 / behaved as u32;
        behaving.spawn(behave(sender, pen, group, first, Arc::clone(run)));
    }
    Ok(behaving)
}

/// Sends a message at every beat, or as soon as the one before is stored, and again what was refused: it counts from
/// the first attempt.
async fn behave(
    mut wire: Wire,
    mut pen: Pen,
    group: usize,
    first: TimerInstant,
    run: Arc<Run>,
) -> anyhow::Result<(usize, u64)> {
    let mut beat = interval_at(first, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut out = Vec::new();
    let mut number = 0;
    while !run.over.load(Ordering::Relaxed) {
        beat.tick().await;
        pen.write(Mark { group, number, at: run.stamp }, &mut out);
        let sent = Instant::now();
        loop {
            wire.writer.send(&out).await?;
            let mut answer = None;
            while answer.is_none() {
                let take = |text: &[u8]| {
                    answer = Some(hear(text));
                    Ok(())
                };
                wire.reader.hear(take).await?;
            }
            match answer {
                Some(Heard::Ack(mark)) => {
                    ensure!(mark.number == number, "Ack {} came in the place of {number}", mark.number);
                    break run.acknowledged(sent);
                }
                Some(Heard::Error(answer)) => {
                    refused_as_busy(&answer)?;
                    run.busy.fetch_add(1, Ordering::Relaxed);
                    sleep(BUSY_PAUSE).await;
                }
                other => bail!("a message was answered with {other:?}"),
            }
        }
        out.clear();
        number += 1;
    }
    Ok((group, number))
}

/// One who has as much in flight as they are let.
struct Flooder {
    run: Arc<Run>,
    writer: Arc<Writer>,
    in_flight: usize,
    /// Never contended.
    state: Mutex<Flood>,
    /// Something was answered.
    answered: Notify,
}

struct Flood {
    pen: Pen,
    /// Messages that are new have this number.
    next: u64,
    unanswered: usize,
    /// What the server was too busy for: to be sent again.
    refused: VecDeque<Mark>,
    stored: u64,
    busy: u64,
    /// The numbers of the other's messages that have come.
    heard: HashSet<u64>,
    heard_again: u64,
}

/// The flooders: first the one whom the slow readers do not read, then the two of each chat. And the slow
/// readers.
async fn flooders(
    target: &Target,
    options: &Options,
    run: &Arc<Run>,
    audience: &mut Audience,
) -> anyhow::Result<(Vec<Arc<Flooder>>, Vec<Reader>)> {
    let people = target.people(options.slow + 1).await?;
    let uids: Vec<u64> = people.iter().map(|person| person.uid).collect();
    let gid = people[0].api.create_group(2, "busy", &uids).await?;
    let mut wires = target.wires(&people, people.len()).await?;
    let slow = wires.split_off(1);
    let pen = Pen::new(Paper::Rim, people[0].uid, gid, &"x".repeat(LARGE_BYTES));
    let mut flooders: Vec<_> = wires
        .into_iter()
        .map(|wire| Flooder::listen(wire, pen.clone(), LARGE_IN_FLIGHT, run, audience))
        .collect();
    for _ in 0..options.floods {
        for (wire, pen) in chat(target, CONTENT).await? {
            flooders.push(Flooder::listen(wire, pen, options.in_flight, run, audience));
        }
    }
    Ok((flooders, slow.into_iter().map(|wire| wire.reader).collect()))
}

impl Flooder {
    fn listen(wire: Wire, pen: Pen, in_flight: usize, run: &Arc<Run>, audience: &mut Audience) -> Arc<Self> {
        let state = Flood {
            pen,
            next: 0,
            unanswered: 0,
            refused: VecDeque::new(),
            stored: 0,
            busy: 0,
            heard: HashSet::new(),
            heard_again: 0,
        };
        let Wire { reader, writer } = wire;
        let flooder = Arc::new(Self {
            run: Arc::clone(run),
            writer,
            in_flight,
            state: Mutex::new(state),
            answered: Notify::new(),
        });
        let listening = Arc::clone(&flooder);
        audience.listen(reader, move |heard| listening.hear(heard));
        flooder
    }

    fn state(&self) -> MutexGuard<'_, Flood> {
        self.state.lock().expect("nothing panics while it is held")
    }

    fn hear(&self, heard: Heard) -> anyhow::Result<()> {
        let mut state = self.state();
        match heard {
            Heard::Message { mark, .. } => {
                if !state.heard.insert(mark.number) {
                    state.heard_again += 1;
                }
                return Ok(());
            }
            Heard::Ack(_) => state.stored += 1,
            Heard::Error(answer) => {
                state.refused.push_back(refused_as_busy(&answer)?);
                state.busy += 1;
            }
            Heard::Edited(_) | Heard::Reacted { .. } | Heard::Other => return Ok(()),
        }
        state.unanswered -= 1;
        self.answered.notify_one();
        Ok(())
    }

    /// Sends until the flood is over.
    async fn flood(&self) -> anyhow::Result<()> {
        let mut out = Vec::new();
        while !self.run.flood_is_over.load(Ordering::Relaxed) {
            let refused = self.state().write(self.in_flight, self.run.stamp, &mut out);
            self.writer.send(&out).await?;
            out.clear();
            if refused {
                sleep(FLOOD_PAUSE).await;
            } else {
                self.answered.notified().await;
            }
        }
        Ok(())
    }

    /// What this one has missed of what `other` has sent.
    fn faults(&self, other: &Self) -> Faults {
        let state = self.state();
        let stored = other.state().stored;
        Faults {
            lost: stored.saturating_sub(state.heard.len() as u64),
            duplicated: state.heard_again,
            // What was refused comes later than what was sent after it: there is no order to be kept.
            out_of_order: 0,
        }
    }
}

impl Flood {
    /// Writes as many messages as may be in flight; whether some of them were refused before.
    fn write(&mut self, in_flight: usize, stamp: Duration, out: &mut Vec<u8>) -> bool {
        let again = !self.refused.is_empty();
        while self.unanswered < in_flight {
            let mark = self.refused.pop_front().unwrap_or_else(|| {
                self.next += 1;
                Mark { group: 0, number: self.next - 1, at: stamp }
            });
            self.pen.write(mark, out);
            self.unanswered += 1;
        }
        again
    }
}

/// The other one of each chat.
fn others(pairs: &[Arc<Flooder>]) -> impl Iterator<Item = &Arc<Flooder>> {
    pairs.chunks_exact(2).flat_map(|two| [&two[1], &two[0]])
}

/// The message that was refused because the server is busy.
///
/// # Errors
/// It was refused for another reason.
fn refused_as_busy(answer: &str) -> anyhow::Result<Mark> {
    let refused: IncomingAnswer = serde_json::from_str(answer)?;
    ensure!(refused.code == Some(ErrorCode::Busy.get()), "the server has refused a message: {answer}");
    Mark::parse(refused.client_msg_id.as_bytes()).with_context(|| format!("whose answer is this? {answer}"))
}

/// Reads at last what was not read, and counts those who find at its end that they were too slow.
async fn closed_as_too_slow(slow: Vec<Reader>) -> anyhow::Result<u64> {
    let readers = slow.into_iter().map(|mut reader| async move {
        let ended = async {
            loop {
                if let Err(error) = reader.hear(|_| Ok(())).await {
                    return format!("{error:#}");
                }
            }
        };
        timeout(PATIENCE, ended).await.is_ok_and(|reason| reason.contains("4008"))
    });
    let closed = futures_util::future::join_all(readers).await;
    Ok(closed.into_iter().filter(|closed| *closed).count() as u64)
}
