//! Memory: logged-in connections that do nothing, before and after each has sent and received a large message.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use rim_client::protocol::limits::{MAX_CONTENT_BYTES, MAX_USERS_PER_REQUEST};
use rim_client::protocol::rest::OpType;

use crate::audience::{Audience, accepted};
use crate::frames::{Mark, Paper, Pen, masked};
use crate::people::{Person, Target};
use crate::process::{Meter, socket_memory};
use crate::report::{Report, Unit};
use crate::scenario::{Bench, stamp};
use crate::server::Server;
use crate::wire::{Wire, Writer};

/// Connections of one user, where there are not people enough.
const DEVICES: usize = 100;
/// How long after a wave of connections their logins are over and done with.
const REST: Duration = Duration::from_secs(2);
/// Connections that send 64 KiB at the same time.
const SENDERS_AT_ONCE: usize = 64;
/// Connections that try to get in when the server has as many as it takes.
const TURNED_AWAY: usize = 100;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How many; max is as many as the server takes
    #[arg(long, default_value = "10000")]
    pub(crate) connections: Connections,
    /// Seconds after the large messages before the memory is read
    #[arg(long, default_value_t = 60)]
    pub(crate) settle: u64,
    /// Seconds to watch the CPU; the server pings every 25 to 30
    #[arg(long, default_value_t = 60)]
    pub(crate) watch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    Exactly(usize),
    Max,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let expected = match options.connections {
        Connections::Exactly(number) => number,
        Connections::Max => usize::try_from(
            rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX),
        )?,
    };
    let people = people(target, expected).await?;
    let gid = group_of(target, &people).await?;
    // The hashing of passwords leaves memory that has nothing to do with connections.
    tokio::time::sleep(REST).await;
    let before = Memory::now(server)?;

    let (wires, refused) = match options.connections {
        Connections::Exactly(number) => (target.wires(&people, number).await?, None),
        Connections::Max => {
            let (wires, refused) = until_refused(target, &people).await?;
            (wires, Some(refused))
        }
    };
    let connections = wires.len();
    let came = Arc::new(AtomicU64::new(0));
    let mut audience = Audience::default();
    let mut writers = Vec::with_capacity(connections);
    for Wire { reader, writer } in wires {
        let came = Arc::clone(&came);
        audience.listen(reader, move |heard| {
            accepted(heard)?;
            came.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        writers.push(writer);
    }
    let pause = |seconds: Duration| async move {
        tokio::time::sleep(seconds).await;
        Ok(())
    };
    audience.during(pause(REST)).await?;
    let idle = Memory::now(server)?;

    let heard = || came.load(Ordering::Relaxed);
    let everybody = connections as u64;
    audience.during(receive(&writers[0], &people[0], gid)).await?;
    // The sender hears the Ack, all others the message.
    audience.until(everybody, heard).await?;
    let received = heard();
    audience.during(send(&writers)).await?;
    audience.until(received + everybody, heard).await?;
    let sent = heard() - received;
    audience.during(pause(Duration::from_secs(options.settle))).await?;
    let used = Memory::now(server)?;

    let meter = Meter::start(&server.process)?;
    audience.during(pause(Duration::from_secs(options.watch))).await?;
    let spent = meter.stop(&server.process)?;

    let mut report = Report::new("Connections that do nothing")
        .condition("connections", connections)
        .condition("users", people.len().min(connections))
        .condition("used", format!("after {MAX_CONTENT_BYTES} bytes each way and {} s", options.settle))
        .condition("kernel", "the buffers of both ends, the bench's as well as the server's")
        .figure("server before them", before.server, Unit::Bytes);
    for (when, now) in [("idle", &idle), ("used", &used)] {
        let each = |now: u64, before: u64| (now as f64 - before as f64) / connections as f64;
        report = report
            .figure(&format!("a connection, {when}"), each(now.server, before.server), Unit::Bytes)
            .figure(&format!("server by connections, {when}"), each(now.server, 0), Unit::Bytes)
            .figure(&format!("kernel, a connection, {when}"), each(now.kernel, before.kernel), Unit::Bytes);
    }
    report = report.figure("server, busy while idle", spent.busy(), Unit::Percent);
    if let Some(Refused { told, answer }) = refused {
        report = report
            .condition("what the next one is told", answer)
            .figure("turned away", TURNED_AWAY, Unit::Count)
            .figure("turned away with an answer", told, Unit::Count);
    }
    Ok(report
        .fault("large messages not received", everybody - received.min(everybody))
        .fault("large frames not answered", everybody - sent.min(everybody)))
}

/// What the connections take.
struct Memory {
    /// Resident.
    server: u64,
    /// Of all TCP sockets of the machine.
    kernel: u64,
}

impl Memory {
    fn now(server: &Server) -> anyhow::Result<Self> {
        Ok(Self { server: server.resident()?, kernel: socket_memory()? })
    }
}

/// As many as there are connections, where a prepared store has as many; else some, who have more than one.
async fn people(target: &Target, connections: usize) -> anyhow::Result<Vec<Person>> {
    let known = target.manifest.as_ref().map_or(0, |manifest| manifest.people.len());
    let enough = connections.div_ceil(DEVICES);
    target.people(if known >= enough { connections.min(known) } else { enough }).await
}

/// A group that all of them are in.
async fn group_of(target: &Target, people: &[Person]) -> anyhow::Result<u64> {
    if let Some(manifest) = &target.manifest
        && manifest.plan.crowd >= people.len() as u64
    {
        return Ok(manifest.crowd);
    }
    let uids: Vec<u64> = people.iter().map(|person| person.uid).collect();
    let mut chunks = uids.chunks(MAX_USERS_PER_REQUEST);
    let gid = people[0].api.create_group(2, "all", chunks.next().context("nobody")?).await?;
    for more in chunks {
        people[0].api.change_members(gid, more, OpType::Add).await?;
    }
    Ok(gid)
}

/// Lets all others receive a message as large as one may be.
async fn receive(writer: &Writer, sender: &Person, gid: u64) -> anyhow::Result<()> {
    let large = "x".repeat(MAX_CONTENT_BYTES);
    let mut frame = Vec::new();
    let mark = Mark { group: 0, number: 0, at: stamp() };
    Pen::new(Paper::Rim, sender.uid, gid, &large).write(mark, &mut frame);
    writer.send(&frame).await
}

/// Lets each send as much: a padded Heart, which is read as a message is and stores nothing.
async fn send(writers: &[Arc<Writer>]) -> anyhow::Result<()> {
    let padding = "x".repeat(MAX_CONTENT_BYTES);
    let heart =
        format!("{{\"event\":\"Heart\",\"body\":{{\"clientMsgId\":\"h\",\"content\":\"{padding}\"}}}}");
    let mut frame = Vec::new();
    masked(heart.as_bytes(), &mut frame);
    for some in writers.chunks(SENDERS_AT_ONCE) {
        futures_util::future::try_join_all(some.iter().map(|writer| writer.send(&frame))).await?;
    }
    Ok(())
}

/// What happened to those who came when every place was taken.
struct Refused {
    /// How many learned why.
    told: u64,
    /// What one of them was told.
    answer: String,
}

/// Opens connections one after the other until the server takes no more, and then tries some more.
async fn until_refused(target: &Target, people: &[Person]) -> anyhow::Result<(Vec<Wire>, Refused)> {
    let mut wires = Vec::new();
    while let Ok(wire) = target.wire(&people[wires.len() % people.len()]).await {
        wires.push(wire);
    }
    let mut refused = Refused { told: 0, answer: "nothing".to_owned() };
    for _ in 0..TURNED_AWAY {
        let Err(error) = target.wire(&people[0]).await else {
            anyhow::bail!("the server refused a connection, and took the next");
        };
        let answer = format!("{error:#}");
        if answer.contains("503") {
            refused.told += 1;
            refused.answer = answer;
        } else if refused.told == 0 {
            refused.answer = answer;
        }
    }
    Ok((wires, refused))
}

impl FromStr for Connections {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &str = "a number from 1, or max";
        match text.parse() {
            Ok(0) => Err(ALLOWED),
            Ok(number) => Ok(Self::Exactly(number)),
            Err(_) if text == "max" => Ok(Self::Max),
            Err(_) => Err(ALLOWED),
        }
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => number.fmt(f),
            Self::Max => f.write_str("max"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_a_number_or_as_many_as_possible() {
        assert_eq!("18000".parse(), Ok(Connections::Exactly(18_000)));
        assert_eq!("max".parse(), Ok(Connections::Max));
        for wrong in ["0", "", "many", "-1"] {
            assert!(wrong.parse::<Connections>().is_err(), "{wrong:?}");
        }
    }
}
