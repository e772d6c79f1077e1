//! A very large group: what a message to it takes, and that its size costs the store nothing.
//!
//! Needs a store that `fill` has filled: nobody registers a hundred thousand people.

use anyhow::{Context, ensure};
use clap::Args;

use crate::frames::{Paper, Pen};
use crate::people::{Person, Target};
use crate::process::Process;
use crate::report::{Report, Unit};
use crate::scenario::Bench;
use crate::scenario::chats::{self, CONTENT, Chat};
use crate::scenario::fanout::{self, Length, Stage};

/// How often one sends to each group alone.
const TURNS: u32 = 2;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Members who are connected and listen
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connected: usize,
    /// Messages to measure, one after the other
    #[arg(long, default_value_t = 60)]
    pub(crate) messages: u64,
    /// How long to send to each group, twice, while nobody else is connected
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let manifest = target
        .manifest
        .as_ref()
        .context("the crowd is in a prepared store: --data names one, `fill` makes it")?;
    let (members, gid) = (manifest.plan.crowd, manifest.crowd);
    let known = manifest.people.len().min(members as usize);
    ensure!(options.connected < known, "--connected: at most {}, as many members have a session", known - 1);
    let pair = manifest.pairs.first().context("the prepared store has no single chats")?;
    let (two, one_of_two) = (pair.gid, &manifest.people[pair.people[0]]);
    let one_of_two = target.known(one_of_two.uid, &one_of_two.token);
    let people = target.people(options.connected + 1).await?;
    let (speaker, listeners) = people.split_first().context("a speaker")?;

    // First, as nobody is connected yet; and in turns, so that both find the store in the same state.
    let (mut to_two, mut to_crowd) = (Cost::default(), Cost::default());
    for _ in 0..TURNS {
        to_two.add(&alone(&server.process, target, &one_of_two, two, options.seconds).await?)?;
        to_crowd.add(&alone(&server.process, target, speaker, gid, options.seconds).await?)?;
    }

    let stage = Stage {
        pen: Pen::new(Paper::Rim, speaker.uid, gid, CONTENT),
        speaker: target.wire(speaker).await?,
        listeners: target.wires(listeners, options.connected).await?,
    };
    let report = fanout::measure(&server.process, stage, 1, Length::Messages(options.messages)).await?;
    Ok(Report { title: "A very large group".to_owned(), ..report }
        .condition("members of the group", members)
        .figure("CPU of a send to a group of two", to_two.cpu, Unit::Microseconds)
        .figure("CPU of a send to the large group", to_crowd.cpu, Unit::Microseconds)
        .figure("CPU of a send, large group : two", to_crowd.cpu / to_two.cpu, Unit::Ratio)
        .figure("written for a send to a group of two", to_two.written, Unit::Bytes)
        .figure("written for a send to the large group", to_crowd.written, Unit::Bytes)
        .figure("written for a send, large group : two", to_crowd.written / to_two.written, Unit::Ratio)
        .figure("server resident", server.resident()?, Unit::Bytes))
}

/// What a send costs, on the average of all turns.
#[derive(Default)]
struct Cost {
    /// In microseconds.
    cpu: f64,
    /// In bytes.
    written: f64,
}

impl Cost {
    /// Adds a turn.
    fn add(&mut self, turn: &Report) -> anyhow::Result<()> {
        let value = |figure| turn.value(figure).context("measured");
        self.cpu += value("server CPU a message")? / f64::from(TURNS);
        self.written += value("written to disk a message")? / f64::from(TURNS);
        Ok(())
    }
}

/// One sends, 16 messages in flight, and nobody else is connected: what is left is the work of the store.
async fn alone(
    process: &Process,
    target: &Target,
    person: &Person,
    gid: u64,
    seconds: u64,
) -> anyhow::Result<Report> {
    let pen = Pen::new(Paper::Rim, person.uid, gid, CONTENT);
    let chat = Chat { pen, sender: target.wire(person).await?, listener: None };
    chats::measure(process, vec![chat], &chats::Options { chats: 1, in_flight: 16, seconds }).await
}
