//! What reading and sending cost on a large store, and on a small one in which the same people are.
//!
//! A store that is well indexed answers in the same time whatever else is in it. So everything is measured three times: on
//! the large store; on one with the same heavy and light users and little else; and on one that
//! holds the light user's 20 groups.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use rim_client::protocol::Id;
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use tempfile::TempDir;

use crate::latency::Latencies;
use crate::people::{Person, Target};
use crate::process::{Meter, Spent};
use crate::report::{Report, Unit};
use crate::scenario::{Bench, chats};
use crate::server::Server;
use crate::store::{Fill, Known, Manifest, Plan};

/// Rows of a page of history or chats, as the web client asks for them.
const PAGE: u32 = 20;
/// Changes of each group that one who was away has missed.
const MISSED: u64 = 10;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How often everything is done; the kernel counts CPU in steps of 10 ms
    #[arg(long, default_value_t = 2000)]
    pub(crate) operations: usize,
    /// Requests that are under way at the same time
    #[arg(long, default_value_t = 1)]
    pub(crate) concurrent: usize,
    /// How long to send
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

/// The same people as in the large store, and little else.
const SMALL: Plan = Plan {
    users: 2200,
    groups: 1020,
    messages: 40_000,
    heavy: 1000,
    crowd: 100,
    sessions: 2198,
    words: false,
};
/// The light user, and little else.
const TINY: Plan =
    Plan { users: 420, groups: 20, messages: 1000, heavy: 0, crowd: 100, sessions: 418, words: false };

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    ensure!(options.operations > 0, "--operations: at least 1");
    ensure!(options.concurrent > 0, "--concurrent: at least 1");
    let manifest = bench.target.manifest.as_ref().context("--data: a folder that `fill` has filled")?;
    let plan = manifest.plan.clone();
    let large = measure(bench, &options).await?;
    let small = elsewhere(bench, SMALL, &options).await?;
    let tiny = elsewhere(bench, TINY, &options).await?;

    let mut report = Report::new("Reading and sending, by the size of the store")
        .condition("the large store", size(&plan))
        .condition("the small store", size(&SMALL))
        .condition("the tiny store", size(&TINY))
        .condition("of each", options.operations)
        .condition("at the same time", options.concurrent);
    for Cost { name, cpu, p50, p99 } in &large {
        report = report
            .figure(&format!("{name}: CPU"), *cpu, Unit::Microseconds)
            .figure(&format!("{name}: p50"), *p50, Unit::Milliseconds)
            .figure(&format!("{name}: p99"), *p99, Unit::Milliseconds);
        for (store, costs) in [("small", &small), ("tiny", &tiny)] {
            if let Some(there) = costs.iter().find(|cost| cost.name == *name) {
                report = report
                    .figure(&format!("{name}: CPU, {store} store"), there.cpu, Unit::Microseconds)
                    .figure(&format!("{name}: large by {store}"), cpu / there.cpu, Unit::Ratio);
            }
        }
    }
    Ok(report)
}

fn size(plan: &Plan) -> String {
    format!("{} users, {} groups, {} messages", plan.users, plan.groups, plan.messages)
}

/// What one operation took.
struct Cost {
    name: String,
    /// Of the server, in microseconds.
    cpu: f64,
    /// From the question to the answer, in milliseconds.
    p50: f64,
    p99: f64,
}

/// Measures on a store that is filled for it, with another server of the same binary.
async fn elsewhere(bench: &Bench, plan: Plan, options: &Options) -> anyhow::Result<Vec<Cost>> {
    let folder = TempDir::new()?;
    let manifest = Fill::new(folder.path(), plan).run().await?;
    let server = bench.server.start_another(folder.path()).await?;
    let target = Target::new(server.url(), Some(manifest)).await?;
    let mut other = Bench { server, target: Arc::new(target) };
    let costs = measure(&mut other, options).await?;
    other.server.stop().await?;
    Ok(costs)
}

async fn measure(bench: &mut Bench, options: &Options) -> anyhow::Result<Vec<Cost>> {
    let mut costs = vec![send(bench, options).await?];
    let Bench { server, target } = bench;
    let manifest = target.manifest.as_ref().context("the manifest")?;
    let person = |known: &Known| target.known(known.uid, &known.token);
    let light = ("20 groups".to_owned(), person(&manifest.light));
    let heavy = (format!("{} groups", manifest.plan.heavy), person(&manifest.heavy));
    let readers: Vec<_> = [light].into_iter().chain((manifest.plan.heavy > 0).then_some(heavy)).collect();
    let meter = Tool { server, options };

    for (place, reader, gid, page) in pages(target, manifest).await? {
        let reading = || async { Ok(reader.api.history(gid, page, PAGE).await?.len()) };
        costs.push(meter.cost(&format!("history, {place}"), PAGE as usize, reading).await?);
    }
    for (of, reader) in &readers {
        let listing = || async { Ok(reader.api.chats(reader.uid, 1, PAGE).await?.len()) };
        costs.push(meter.cost(&format!("chats, {of}"), PAGE as usize, listing).await?);

        let known = everything(reader).await?;
        let asking = || async { Ok(reader.api.sync(&known).await?.groups.len()) };
        costs.push(meter.cost(&format!("sync, {of}"), 0, asking).await?);

        let away = one_who_was_away(&known);
        let missed = reader.api.sync(&away).await?.groups.len();
        let asking = || async { Ok(reader.api.sync(&away).await?.groups.len()) };
        costs.push(meter.cost(&format!("sync after absence, {of}"), missed, asking).await?);

        costs.push(log_in(&meter, target, of, reader).await?);
    }
    Ok(costs)
}

/// Fifty single chats, 16 messages in flight in each. Once unmeasured: a store writes its indexes late, and would begin
/// with those of the messages that filled it, whose groups lie far apart.
async fn send(bench: &mut Bench, options: &Options) -> anyhow::Result<Cost> {
    let chats = chats::Options { chats: 50, in_flight: 16, seconds: options.seconds };
    chats::run(bench, chats.clone()).await?;
    let report = chats::run(bench, chats).await?;
    ensure!(report.is_sound(), "messages were lost: {report}");
    let value = |name: &str| report.value(name).with_context(|| format!("the chats have no figure {name}"));
    Ok(Cost {
        name: "send".to_owned(),
        cpu: value("server CPU a message")?,
        p50: value("send to Ack, p50")?,
        p99: value("send to Ack, p99")?,
    })
}

/// Logs in again and again on one connection: the token, the groups, and leaving those it was in.
async fn log_in(meter: &Tool<'_>, target: &Target, of: &str, reader: &Person) -> anyhow::Result<Cost> {
    let mut wire = target.wire(reader).await?;
    let mut latencies = Latencies::new();
    let started = meter.start()?;
    for _ in 0..meter.options.operations {
        let start = Instant::now();
        wire.log_in(reader.uid, &reader.token).await?;
        latencies.add(start.elapsed());
    }
    Ok(meter.cost_of(&format!("login, {of}"), &started.stop(&meter.server.process)?, &latencies))
}

/// Where pages are read: what they are called, by whom, and which.
async fn pages(
    target: &Target,
    manifest: &Manifest,
) -> anyhow::Result<Vec<(&'static str, Person, u64, u32)>> {
    let large = manifest.large.as_ref().context("the store has no groups")?;
    let member = target.known(large.member.uid, &large.member.token);
    let light = target.known(manifest.light.uid, &manifest.light.token);
    let newest = member.api.history(large.gid, 1, PAGE).await?;
    let last_seq = newest.last().context("the large group has no messages")?.msg.seq;
    let oldest = u32::try_from(last_seq / u64::from(PAGE))?.max(1);
    let chats = light.api.chats(light.uid, 1, PAGE).await?;
    // Of their chats the one with the longest history: a page of it is full.
    let small = chats.iter().max_by_key(|chat| chat.msg.seq).context("the light user has no chats")?;
    Ok(vec![
        ("large group, newest", member.clone(), large.gid, 1),
        ("large group, oldest", member, large.gid, oldest),
        ("small group", light, small.group.id, 1),
    ])
}

/// What a client asks that has everything.
async fn everything(reader: &Person) -> anyhow::Result<SyncRequest> {
    super::storm::up_to_date(&reader.api).await
}

/// What a client asks that missed the last changes of every group, and wants some messages of each.
fn one_who_was_away(known: &SyncRequest) -> SyncRequest {
    let earlier = |group: &GroupRev| {
        let rev = Id::try_from(group.rev.get().saturating_sub(MISSED)).expect("smaller than a valid one");
        GroupRev { gid: group.gid, rev, recalled_to: None }
    };
    SyncRequest {
        groups: known.groups.iter().map(earlier).collect(),
        window: Some(MISSED as u32),
        limit: None,
        ..known.clone()
    }
}

/// Measures operations on one server.
struct Tool<'a> {
    server: &'a Server,
    options: &'a Options,
}

impl Tool<'_> {
    fn start(&self) -> anyhow::Result<Meter> {
        Meter::start(&self.server.process)
    }

    /// Does something again and again; each time it must find `rows`.
    async fn cost<F>(&self, name: &str, rows: usize, operation: impl Fn() -> F) -> anyhow::Result<Cost>
    where
        F: Future<Output = anyhow::Result<usize>>,
    {
        let timed = || async {
            let start = Instant::now();
            let found = operation().await?;
            ensure!(found == rows, "{name}: {found} rows, not {rows}");
            anyhow::Ok(start.elapsed())
        };
        // The first ones find cold caches and open the connections.
        let few = 20 * self.options.concurrent;
        self.repeat(few, &timed).await?;
        let started = self.start()?;
        let latencies = self.repeat(self.options.operations, &timed).await?;
        Ok(self.cost_of(name, &started.stop(&self.server.process)?, &latencies))
    }

    async fn repeat<F>(&self, times: usize, operation: &impl Fn() -> F) -> anyhow::Result<Latencies>
    where
        F: Future<Output = anyhow::Result<Duration>>,
    {
        let all = stream::iter(0..times).map(|_| operation()).buffer_unordered(self.options.concurrent);
        let mut latencies = Latencies::new();
        all.try_for_each(|took| {
            latencies.add(took);
            std::future::ready(Ok(()))
        })
        .await?;
        Ok(latencies)
    }

    fn cost_of(&self, name: &str, spent: &Spent, latencies: &Latencies) -> Cost {
        let milliseconds = |percent| latencies.percentile(percent).as_secs_f64() * 1e3;
        Cost {
            name: name.to_owned(),
            cpu: spent.cpu_each(latencies.count()),
            p50: milliseconds(50.0),
            p99: milliseconds(99.0),
        }
    }
}
