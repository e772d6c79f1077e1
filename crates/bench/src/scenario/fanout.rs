//! Fan-out: one group, everybody connected, messages back to back.
//!
//! A closed loop: a message is through when the last listener has it, and then the next is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use tokio::sync::Semaphore;

use crate::audience::{Audience, accepted, reached};
use crate::frames::{Heard, Mark, Paper, Pen};
use crate::latency::Latencies;
use crate::ledger::{Faults, Ledger};
use crate::process::{Meter, Process};
use crate::report::{Report, Unit};
use crate::scenario::chats::CONTENT;
use crate::scenario::{Bench, WARM_UP};
use crate::wire::Wire;

/// Members of one user each would have to be registered one by one; devices of fewer users are as many
/// connections, and the server treats them alike.
const DEVICES: usize = 10;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Connections that listen
    #[arg(long, default_value_t = 1000)]
    pub(crate) members: usize,
    /// Messages that are sent and have not reached everybody
    #[arg(long, default_value_t = 4)]
    pub(crate) in_flight: usize,
    /// How long to measure, after a second to warm up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    // With a prepared store everybody is a user.
    let devices = if target.manifest.is_some() { 1 } else { DEVICES };
    let people = target.people(1 + options.members.div_ceil(devices)).await?;
    let (speaker, listeners) = people.split_first().context("a speaker")?;
    let uids: Vec<u64> = listeners.iter().map(|person| person.uid).collect();
    let gid = speaker.api.create_group(2, "everybody", &uids).await?;
    let stage = Stage {
        pen: Pen::new(Paper::Rim, speaker.uid, gid, CONTENT),
        speaker: target.wire(speaker).await?,
        listeners: target.wires(listeners, options.members).await?,
    };
    let length = Length::Seconds(options.seconds);
    Ok(measure(&server.process, stage, options.in_flight, length).await?.figure(
        "server resident",
        server.resident()?,
        Unit::Bytes,
    ))
}

/// A group in which one speaks.
pub(crate) struct Stage {
    pub(crate) pen: Pen,
    pub(crate) speaker: Wire,
    pub(crate) listeners: Vec<Wire>,
}

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Seconds(u64),
    /// Until so many have reached everybody.
    Messages(u64),
}

/// Measures the fan-out of the server that is `process`.
pub(crate) async fn measure(
    process: &Process,
    stage: Stage,
    in_flight: usize,
    length: Length,
) -> anyhow::Result<Report> {
    let Stage { mut pen, speaker, listeners } = stage;
    let members = listeners.len();
    let run = Arc::new(Run::new(members, in_flight));
    let mut audience = Audience::default();
    for (place, Wire { reader, writer }) in listeners.into_iter().enumerate() {
        let run = Arc::clone(&run);
        audience.listen(reader, move |heard| {
            // Its write half is open as long as it listens.
            let _ = &writer;
            match accepted(heard)? {
                Heard::Message { mark, seq, .. } => run.delivered(place, mark, seq),
                Heard::Ack(mark) => bail!("a listener has got the Ack of message {}", mark.number),
                _ => Ok(()),
            }
        });
    }
    audience.listen(speaker.reader, |heard| accepted(heard).map(drop));

    let speaking = async {
        let (mut sent, mut out) = (0, Vec::new());
        // Closed when it is over.
        while let Ok(free) = run.room.acquire().await {
            free.forget();
            let at = run.start.elapsed();
            run.tally().waiting.push_back(members);
            pen.write(Mark { group: 0, number: sent, at }, &mut out);
            speaker.writer.send(&out).await?;
            out.clear();
            sent += 1;
        }
        anyhow::Ok(sent)
    };
    let timing = async {
        tokio::time::sleep(WARM_UP).await;
        let meter = Meter::start(process)?;
        run.tally().counting = true;
        match length {
            Length::Seconds(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Length::Messages(messages) => reached(messages, || run.tally().latencies.count()).await,
        }
        run.tally().counting = false;
        run.room.close();
        meter.stop(process)
    };
    let (sent, spent) = audience.during(async { tokio::try_join!(speaking, timing) }).await?;
    audience.until(sent * members as u64, || run.tally().ledgers.iter().map(Ledger::count).sum()).await?;

    let tally = run.tally();
    let faults: Faults = tally.ledgers.iter().map(|ledger| ledger.faults(sent)).sum();
    Ok(Report::new("A group whose members are connected, one speaks")
        .condition("connections that listen", members)
        .condition("messages in flight", in_flight)
        .condition("content of a message", format!("{} bytes", CONTENT.len()))
        .figure("messages", tally.latencies.count(), Unit::Count)
        .figure("deliveries", spent.per_second(tally.deliveries), Unit::PerSecond)
        .figure("server CPU a delivery", spent.cpu_each(tally.deliveries), Unit::Microseconds)
        .latencies("send to last delivery", &tally.latencies)
        .busy(&spent)
        .faults(faults))
}

/// What the tasks of all connections share.
struct Run {
    start: Instant,
    /// A permit for each message that may be sent.
    room: Semaphore,
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    /// Neither while warming up nor at the end.
    counting: bool,
    deliveries: u64,
    /// Until the last listener has it.
    latencies: Latencies,
    /// How many have yet to get each message, the oldest first that has not reached everybody.
    waiting: VecDeque<usize>,
    /// The number of that message.
    oldest: u64,
    /// One a listener.
    ledgers: Vec<Ledger>,
}

impl Run {
    fn new(members: usize, in_flight: usize) -> Self {
        let tally = Tally {
            counting: false,
            deliveries: 0,
            latencies: Latencies::new(),
            waiting: VecDeque::new(),
            oldest: 0,
            ledgers: (0..members).map(|_| Ledger::default()).collect(),
        };
        let room = Semaphore::new(in_flight);
        Self { start: Instant::now(), room, tally: Mutex::new(tally) }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it is held")
    }

    fn delivered(&self, place: usize, mark: Mark, seq: u64) -> anyhow::Result<()> {
        let mut guard = self.tally();
        let tally = &mut *guard;
        tally.deliveries += u64::from(tally.counting);
        if !tally.ledgers[place].delivered(mark.number, seq) {
            // The ledger tells of it.
            return Ok(());
        }
        let missing = mark.number.checked_sub(tally.oldest).map(|place| place as usize);
        let missing = missing.and_then(|place| tally.waiting.get_mut(place));
        let missing = missing.context("a message was delivered that nobody has sent")?;
        *missing -= 1;
        if *missing > 0 {
            return Ok(());
        }
        if tally.counting {
            tally.latencies.add(mark.age(self.start));
        }
        while tally.waiting.front() == Some(&0) {
            tally.waiting.pop_front();
            tally.oldest += 1;
        }
        // The room is closed at the end, and takes permits still.
        self.room.add_permits(1);
        Ok(())
    }
}
