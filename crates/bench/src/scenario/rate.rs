//! Latency at a given rate.
//!
//! An open loop: the schedule says when each message is to be sent, and does not wait for the server.
//! Latency counts from the moment that the schedule had set, not from when the message got out. So a
//! server that stands still for a second is charged for all messages that were due meanwhile, and not for
//! the few that a closed loop would have had in flight ("coordinated omission").

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use crate::audience::{Audience, accepted};
use crate::frames::{Heard, Mark, Paper, Pen, read_receipt};
use crate::latency::Latencies;
use crate::ledger::{Faults, Ledger};
use crate::pace::Pace;
use crate::people::Person;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::chats::CONTENT;
use crate::scenario::{Bench, WARM_UP};
use crate::wire::{Wire, Writer};

/// How often the bench looks at its schedule.
const TICK: Duration = Duration::from_micros(100);
/// Later than this is not kept.
const PUNCTUAL: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Messages a second, in all
    #[arg(long, default_value_t = 10_000)]
    pub(crate) rate: u64,
    /// Chats of two, which they go to in turn
    #[arg(long, default_value_t = 50)]
    pub(crate) chats: usize,
    /// Sends 70 % to the chats, 25 % to groups of 10 and 5 % to groups of 100, and receipts besides
    #[arg(long)]
    pub(crate) mixed: bool,
    /// In a mixed run one listener of each group says after so many messages that they have read them
    #[arg(long, default_value_t = 4)]
    pub(crate) read_every: u64,
    /// How long to measure, after a second to warm up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    ensure!(options.seconds > 0, "--seconds: at least 1");
    ensure!(options.rate > 0, "--rate: at least 1 a second");
    ensure!(options.chats > 0, "--chats: at least 1");
    ensure!(options.read_every > 0, "--read-every: at least 1");
    let Bench { server, target } = bench;
    let plan = Plan::new(options.chats, options.mixed);
    let people = target.people(plan.people).await?;
    let gids = create_groups(&people, &plan).await?;
    let mut pens = Vec::with_capacity(gids.len());
    for (group, gid) in plan.groups.iter().zip(&gids) {
        pens.push(Pen::new(Paper::Rim, people[group.speaker()].uid, *gid, CONTENT));
    }

    let mut writers = Vec::with_capacity(people.len());
    let wires = target.wires(&people, people.len()).await?;
    let run = Arc::new(Run::new(&plan, Duration::from_secs(options.seconds)));
    let mut audience = Audience::default();
    for (person, Wire { reader, writer }) in wires.into_iter().enumerate() {
        writers.push(writer);
        let run = Arc::clone(&run);
        let mut receipts = Receipts::new(person, &plan, &options);
        let ledgers = plan.ledgers_of(person);
        audience.listen(reader, move |heard| {
            match accepted(heard)? {
                Heard::Ack(mark) => run.acknowledged(mark),
                Heard::Message { mark, msg_id, seq } => {
                    let ledger = ledgers.get(&mark.group).context("told of a group of others")?;
                    run.delivered(*ledger, mark, seq);
                    if receipts.due(mark) {
                        run.tally().receipts.push(Receipt { person, group: mark.group, msg_id });
                    }
                }
                _ => {}
            }
            Ok(())
        });
    }

    let timing = async {
        tokio::time::sleep_until((run.start + run.from).into()).await;
        let meter = Meter::start(&server.process)?;
        tokio::time::sleep_until((run.start + run.to).into()).await;
        meter.stop(&server.process)
    };
    let sender = Sender { run: &run, plan: &plan, people: &people, gids: &gids, writers: &writers };
    let sending = sender.send(&mut pens, options.rate);
    let (sent, spent) = audience.during(async { tokio::try_join!(sending, timing) }).await?;
    let expected = plan.ledgers.iter().map(|(group, _)| sent.each[*group]).sum();
    audience.until(expected, || run.tally().ledgers.iter().map(Ledger::count).sum()).await?;

    let tally = run.tally();
    let ledgers = plan.ledgers.iter().zip(&tally.ledgers);
    let faults: Faults = ledgers.map(|((group, _), ledger)| ledger.faults(sent.each[*group])).sum();
    let messages = tally.acks.count();
    let late = sent.behind.percentile(99.0);
    let kept =
        if late <= PUNCTUAL { "kept" } else { "NOT kept: the bench was late, which latencies include" };
    let per_second = |count: u64| count as f64 / options.seconds as f64;
    let kinds = if options.mixed { "to chats and groups" } else { "to single chats" };
    Ok(Report::new(format!("{} messages a second {kinds}", Unit::Count.show(options.rate as f64)))
        .condition("sent to", plan.describe())
        .condition("content of a message", format!("{} bytes", CONTENT.len()))
        .condition("measured", format!("{} s", options.seconds))
        .condition("schedule", kept)
        .figure("acknowledged", per_second(messages), Unit::PerSecond)
        .figure("delivered", per_second(tally.deliveries.count()), Unit::PerSecond)
        .figure("receipts", per_second(tally.read), Unit::PerSecond)
        .latencies("due to Ack", &tally.acks)
        .latencies("due to delivery", &tally.deliveries)
        .figure("bench behind its schedule, p99", late.as_secs_f64() * 1e3, Unit::Milliseconds)
        .figure("server CPU a message", spent.cpu_each(messages), Unit::Microseconds)
        .beside(&spent, messages, "a message")
        .busy(&spent)
        .faults(faults))
}

async fn create_groups(people: &[Person], plan: &Plan) -> anyhow::Result<Vec<u64>> {
    let mut gids = Vec::with_capacity(plan.groups.len());
    for group in &plan.groups {
        let uids: Vec<u64> = group.members.iter().map(|person| people[*person].uid).collect();
        let mode = if uids.len() == 2 { 1 } else { 2 };
        gids.push(people[group.speaker()].api.create_group(mode, "", &uids).await?);
    }
    Ok(gids)
}

/// Who is in which group, and which group is whose turn.
struct Plan {
    people: usize,
    groups: Vec<Group>,
    /// Chats, groups of 10, and groups of 100, as ranges of `groups`.
    kinds: Vec<std::ops::Range<usize>>,
    /// The kind of each message of a round.
    round: Vec<usize>,
    /// Of which group, and which person listens.
    ledgers: Vec<(usize, usize)>,
}

/// The first of its members speaks, the others listen.
struct Group {
    members: Vec<usize>,
}

impl Group {
    fn speaker(&self) -> usize {
        self.members[0]
    }

    fn listeners(&self) -> &[usize] {
        &self.members[1..]
    }
}

impl Plan {
    fn new(chats: usize, mixed: bool) -> Self {
        let people = if mixed { (chats * 2).max(100) } else { chats * 2 };
        let sizes = [(2, chats), (10, chats.div_ceil(5)), (100, chats.div_ceil(10))];
        let (mut groups, mut kinds) = (Vec::new(), Vec::new());
        for (size, count) in &sizes[..if mixed { 3 } else { 1 }] {
            let first = groups.len();
            for group in 0..*count {
                // Each begins elsewhere, so that not everybody is in the same; chats have nobody in common.
                let start = group * people / count;
                groups.push(Group { members: (0..*size).map(|place| (start + place) % people).collect() });
            }
            kinds.push(first..groups.len());
        }
        // Of 20 messages 14, 5 and 1.
        let of_slot = |slot| if slot == 10 { 2 } else { usize::from(slot % 4 == 3) };
        let round = if mixed { (0..20).map(of_slot).collect() } else { vec![0] };
        let mut ledgers = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            ledgers.extend(group.listeners().iter().map(|person| (number, *person)));
        }
        Self { people, groups, kinds, round, ledgers }
    }

    /// Where the message of that number goes.
    fn group_of(&self, message: u64) -> usize {
        let (rounds, slot) = (message / self.round.len() as u64, message as usize % self.round.len());
        let kind = self.round[slot];
        let of_this_kind = |slots: &[usize]| slots.iter().filter(|other| **other == kind).count();
        // The groups of a kind take turns.
        let turn = rounds as usize * of_this_kind(&self.round) + of_this_kind(&self.round[..slot]);
        let groups = &self.kinds[kind];
        groups.start + turn % groups.len()
    }

    /// By group, the places in `ledgers` that are those of a person.
    fn ledgers_of(&self, person: usize) -> HashMap<usize, usize> {
        let ledgers = self.ledgers.iter().enumerate().filter(|(_, ledger)| ledger.1 == person);
        ledgers.map(|(place, (group, _))| (*group, place)).collect()
    }

    fn describe(&self) -> String {
        let chats = self.kinds[0].len();
        match &self.kinds[1..] {
            [tens, hundreds] => {
                format!(
                    "{chats} chats (70 %), {} groups of 10 (25 %), {} of 100 (5 %)",
                    tens.len(),
                    hundreds.len()
                )
            }
            _ => format!("{chats} chats"),
        }
    }
}

/// What one person marks as read.
struct Receipts {
    every: Option<u64>,
    /// The groups in which it is theirs to do.
    groups: Vec<usize>,
}

impl Receipts {
    fn new(person: usize, plan: &Plan, options: &Options) -> Self {
        let groups = plan.groups.iter().enumerate().filter(|(_, group)| group.listeners()[0] == person);
        let groups = groups.map(|(number, _)| number).collect();
        Self { every: options.mixed.then_some(options.read_every), groups }
    }

    fn due(&mut self, mark: Mark) -> bool {
        self.every.is_some_and(|every| mark.number % every == every - 1) && self.groups.contains(&mark.group)
    }
}

/// What the tasks of all connections share.
struct Run {
    start: Instant,
    /// Messages that are due between these are measured.
    from: Duration,
    to: Duration,
    /// Never contended: one thread does everything.
    tally: Mutex<Tally>,
}

struct Tally {
    acks: Latencies,
    deliveries: Latencies,
    /// As in [`Plan::ledgers`].
    ledgers: Vec<Ledger>,
    /// To be sent.
    receipts: Vec<Receipt>,
    /// Receipts sent while measuring.
    read: u64,
}

struct Receipt {
    person: usize,
    group: usize,
    msg_id: u64,
}

impl Run {
    fn new(plan: &Plan, length: Duration) -> Self {
        let tally = Tally {
            acks: Latencies::new(),
            deliveries: Latencies::new(),
            ledgers: plan.ledgers.iter().map(|_| Ledger::default()).collect(),
            receipts: Vec::new(),
            read: 0,
        };
        Self { start: Instant::now(), from: WARM_UP, to: WARM_UP + length, tally: Mutex::new(tally) }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it is held")
    }

    fn counts(&self, at: Duration) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn acknowledged(&self, mark: Mark) {
        if self.counts(mark.at) {
            self.tally().acks.add(mark.age(self.start));
        }
    }

    fn delivered(&self, ledger: usize, mark: Mark, seq: u64) {
        let mut tally = self.tally();
        tally.ledgers[ledger].delivered(mark.number, seq);
        if self.counts(mark.at) {
            tally.deliveries.add(mark.age(self.start));
        }
    }
}

/// The one task that sends, for everybody.
struct Sender<'a> {
    run: &'a Run,
    plan: &'a Plan,
    people: &'a [Person],
    gids: &'a [u64],
    writers: &'a [Arc<Writer>],
}

struct Sent {
    /// Messages to each group.
    each: Vec<u64>,
    /// How late the bench itself was.
    behind: Latencies,
}

impl Sender<'_> {
    async fn send(&self, pens: &mut [Pen], rate: u64) -> anyhow::Result<Sent> {
        let mut sent = Sent { each: vec![0; self.plan.groups.len()], behind: Latencies::new() };
        let pace = Pace::every(TICK)?;
        let mut out = Vec::new();
        for message in 0.. {
            let at = Duration::from_nanos((u128::from(message) * 1_000_000_000 / u128::from(rate)) as u64);
            if at >= self.run.to {
                break;
            }
            while self.run.start.elapsed() < at {
                self.send_receipts(&mut out).await?;
                pace.tick().await;
            }
            let group = self.plan.group_of(message);
            let number = sent.each[group];
            sent.each[group] += 1;
            pens[group].write(Mark { group, number, at }, &mut out);
            self.writers[self.plan.groups[group].speaker()].send(&out).await?;
            out.clear();
            if self.run.counts(at) {
                sent.behind.add(self.run.start.elapsed().saturating_sub(at));
            }
        }
        Ok(sent)
    }

    async fn send_receipts(&self, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let receipts = std::mem::take(&mut self.run.tally().receipts);
        if self.run.counts(self.run.start.elapsed()) {
            self.run.tally().read += receipts.len() as u64;
        }
        for Receipt { person, group, msg_id } in receipts {
            read_receipt(self.people[person].uid, self.gids[group], msg_id, out);
            self.writers[person].send(out).await?;
            out.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chats_take_turns() {
        let plan = Plan::new(3, false);
        let turns: Vec<usize> = (0..7).map(|message| plan.group_of(message)).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!((plan.people, plan.ledgers.len()), (6, 3));
    }

    #[test]
    fn a_mixed_run_reaches_every_group_in_its_share() {
        let plan = Plan::new(50, true);
        let mut each = vec![0; plan.groups.len()];
        for message in 0..20_000 {
            each[plan.group_of(message)] += 1;
        }
        let of = |kind: usize| each[plan.kinds[kind].clone()].to_vec();
        assert_eq!(of(0), vec![14_000 / 50; 50]);
        assert_eq!(of(1), vec![5_000 / 10; 10]);
        assert_eq!(of(2), vec![1_000 / 5; 5]);
    }

    #[test]
    fn chats_have_nobody_in_common() {
        for (chats, mixed) in [(7, true), (50, true), (7, false)] {
            let plan = Plan::new(chats, mixed);
            let mut people: Vec<usize> =
                plan.groups[plan.kinds[0].clone()].iter().flat_map(|chat| chat.members.clone()).collect();
            people.sort_unstable();
            people.dedup();
            assert_eq!(people.len(), chats * 2, "{chats} chats");
        }
    }

    #[test]
    fn groups_have_as_many_different_members_as_they_say() {
        let plan = Plan::new(7, true);
        for (kind, size) in [2, 10, 100].into_iter().enumerate() {
            for group in &plan.groups[plan.kinds[kind].clone()] {
                let members: std::collections::HashSet<usize> = group.members.iter().copied().collect();
                assert_eq!(members.len(), size);
                assert!(members.iter().all(|person| *person < plan.people));
            }
        }
    }

    #[test]
    fn every_listener_has_a_ledger_of_their_own() {
        let plan = Plan::new(10, true);
        let mut places: Vec<usize> =
            (0..plan.people).flat_map(|person| plan.ledgers_of(person).into_values()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..plan.ledgers.len()).collect::<Vec<_>>());
    }
}
