//! One user asks for as much as the limits allow, and for more. What do those notice who chat meanwhile?
//!
//! For a server with limits, on a store with people: `fill` one, start `rim serve` on it, and name it with `--url`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use rim_client::{Api, ApiError};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::audience::Audience;
use crate::frames::{Heard, Mark, Paper, Pen, hear};
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::overload::{Run, behaving};
use crate::scenario::{Bench, WARM_UP, stamp};
use crate::wire::Wire;

/// What an Ack may take for 99 of 100, whatever somebody else does.
const GOAL: Duration = Duration::from_millis(250);
/// The longest that a message may be.
const LARGEST: usize = 64 * 1024;
/// Of those as many at once as the limits let through, and then as often.
const AT_ONCE: u64 = 1_900;
const PAUSE: Duration = Duration::from_millis(11);
/// That were sent and not heard of.
const IN_FLIGHT: u64 = 200;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Groups that are asked for at once. Their bodies together must stay below what the server takes of one user at a
    /// time (4 MiB), or it closes the connection that floods
    #[arg(long, default_value_t = 12)]
    pub(crate) groups: usize,
    /// Members of each: the users of the store from the first on
    #[arg(long, default_value_t = 9_999)]
    pub(crate) members: u64,
    /// Chats of people who send ten messages a second
    #[arg(long, default_value_t = 20)]
    pub(crate) chats: usize,
    /// How long it lasts
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let run = Arc::new(Run::new(options.chats));
    let mut audience = Audience::default();
    let mut chatting = behaving(target, options.chats, &run, &mut audience).await?;
    let greedy = target.register().await?;
    let gid = greedy.api.create_group(2, "greedy", &[]).await?;
    let pen = Pen::new(Paper::Rim, greedy.uid, gid, &"x".repeat(LARGEST));
    let wire = target.wire(&greedy).await?;

    let calm = async {
        sleep(WARM_UP).await;
        run.take_acks();
        sleep(WARM_UP * 3).await;
        Ok(run.take_acks())
    };
    let before = audience.during(calm).await?;
    let meter = Meter::start(&server.process)?;
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut asked = JoinSet::new();
    for number in 0..options.groups {
        let (api, members) = (greedy.api.clone(), (1..=options.members).collect::<Vec<_>>());
        asked.spawn(async move { create_and_dissolve(&api, &format!("group {number}"), &members).await });
    }
    for number in 0..20 {
        let api = greedy.api.clone();
        let name = json!({"name": format!("Greedy {number}")});
        asked.spawn(async move { api.post::<Value>("/api/user/update", &name).await.map(|_| ()) });
    }
    let flood = tokio::spawn(flood(wire, pen, end));
    let during = async {
        sleep(end.saturating_duration_since(Instant::now())).await;
        Ok((run.take_acks(), meter.stop(&server.process)?))
    };
    let (acks, spent) = audience.during(during).await?;

    run.end();
    let mut sent = vec![0; options.chats];
    while let Some(chat) = chatting.join_next().await {
        let (chat, messages) = chat??;
        sent[chat] = messages;
    }
    audience.until(sent.iter().sum(), || run.heard()).await?;
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    while let Some(answer) = asked.try_join_next() {
        let code = match answer? {
            Ok(()) => 200,
            Err(ApiError::Refused { code, .. }) => code,
            Err(ApiError::Http(_)) => 0,
        };
        *answers.entry(code).or_default() += 1;
    }
    let unanswered = asked.len();
    let large = flood.await??;
    let faults = run.of_ledgers(|number, ledger| ledger.faults(sent[number]));
    let is_late = acks.percentile(99.0) > GOAL;
    let report = Report::new("One user asks for as much as the limits allow")
        .condition("groups asked for at once", options.groups)
        .condition("members of each", options.members)
        .condition("chats", options.chats)
        .condition("it lasted", format!("{} s", options.seconds))
        .latencies("send to Ack before", &before)
        .latencies("send to Ack during", &acks)
        .figure("messages of 64 KiB stored", large, Unit::Count)
        .figure("requests carried out", answers.get(&200).copied().unwrap_or(0) as u64, Unit::Count)
        .figure("requests refused as too many", answers.get(&429).copied().unwrap_or(0) as u64, Unit::Count)
        .figure("requests not answered by then", unanswered as u64, Unit::Count)
        .busy(&spent)
        .fault("Acks later than 250 ms at p99", u64::from(is_late))
        .faults(faults);
    Ok(report)
}

async fn create_and_dissolve(api: &Api, name: &str, members: &[u64]) -> Result<(), ApiError> {
    let gid = api.create_group(2, name, members).await?;
    api.post::<Value>("/api/group/dissolve", &json!({"gid": gid})).await.map(|_| ())
}

/// Sends messages until `end`, and returns how many were answered.
async fn flood(mut wire: Wire, mut pen: Pen, end: Instant) -> anyhow::Result<u64> {
    let (mut sent, mut answered, mut out) = (0, 0, Vec::new());
    let at = stamp();
    while Instant::now() < end {
        pen.write(Mark { group: 0, number: sent, at }, &mut out);
        wire.writer.send(&out).await?;
        out.clear();
        sent += 1;
        if sent > AT_ONCE {
            sleep(PAUSE).await;
        }
        while sent - answered >= IN_FLIGHT {
            wire.reader
                .hear(|text| {
                    // Not what else one is told: of one's new names, for one.
                    answered += u64::from(matches!(hear(text), Heard::Ack(_) | Heard::Error(_)));
                    Ok(())
                })
                .await?;
        }
    }
    Ok(answered)
}
