//! A restart: everybody is connected, the server goes away and comes back, and everybody returns at once.
//!
//! Each client does what a real one does: it connects, logs in, and asks over HTTP what it has missed, which is
//! nothing. Meanwhile some chats go on by themselves, over the restart too, and must lose nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_client::protocol::{Id, Kind};
use rim_client::{Api, Client, ClientEvent};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::latency::Latencies;
use crate::ledger::{Faults, Ledger};
use crate::people::{Person, Target};
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::chats::CONTENT;
use crate::scenario::{Bench, WARM_UP};
use crate::wire::Wire;

/// How long everybody may take to come back.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the chats go on before the restart, and after the last one is back.
const CALM: Duration = Duration::from_secs(5);
/// Connections for syncs that clients have open at the same time. All at once would not fit, beside their WebSockets,
/// into the files that the bench may open; the server has enough to do with these.
const SYNC_CONNECTIONS: usize = 4000;
/// The first pause after an attempt that failed; each further one is twice as long, up to the last.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LAST_BACKOFF: Duration = Duration::from_secs(1);
/// First syncs that run at the same time, before the restart.
const SYNCS_AT_ONCE: usize = 16;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Clients that come back
    #[arg(long, default_value_t = 10_000)]
    pub(crate) clients: usize,
    /// Chats that go on
    #[arg(long, default_value_t = 20)]
    pub(crate) chats: usize,
    /// Milliseconds between two messages of a chat
    #[arg(long, default_value_t = 50)]
    pub(crate) pause_ms: u64,
    /// Clients wait for as long as the server tells them to; otherwise all come the moment it is back
    #[arg(long)]
    pub(crate) jitter: bool,
    /// Over what the clients ask what they missed
    #[arg(long, value_enum, default_value_t = Http::Own)]
    pub(crate) http: Http,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Http {
    /// Each opens one for it, and closes it
    Own,
    /// All share a few that are kept alive, as behind a proxy
    Shared,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(options.clients).await?;
    let known: Vec<SyncRequest> = stream::iter(&people)
        .map(|person| up_to_date(&person.api))
        .buffered(SYNCS_AT_ONCE)
        .try_collect()
        .await
        .context("the first sync")?;
    let wires = target.wires(&people, people.len()).await?;
    let chats = Chats::start(target, &options).await?;

    let storm = Arc::new(Storm {
        returned: watch::Sender::new(0),
        connects: Failures::default(),
        syncs: Failures::default(),
        sync_connections: Semaphore::new(SYNC_CONNECTIONS),
    });
    let (back, server_is_back) = watch::channel(false);
    let mut clients = JoinSet::new();
    for ((person, known), wire) in people.iter().zip(known).zip(wires) {
        let returning = Returning {
            target: Arc::clone(target),
            person: person.clone(),
            known,
            http: options.http,
            back: (!options.jitter).then(|| server_is_back.clone()),
            storm: Arc::clone(&storm),
        };
        clients.spawn(returning.run(wire));
    }

    sleep(WARM_UP + CALM).await;
    let left = Instant::now();
    server.restart().await?;
    let up = Instant::now();
    let meter = Meter::start(&server.process)?;
    let _ = back.send(true);
    let mut returned = storm.returned.subscribe();
    let everybody = async {
        tokio::select! {
            // Cancelling either loses nothing.
            Some(ended) = clients.join_next() => ended?.context("a client gave up")?,
            all = returned.wait_for(|returned| *returned == options.clients) => all.map(drop)?,
        }
        anyhow::Ok(())
    };
    timeout(PATIENCE, everybody)
        .await
        .with_context(|| format!("only {} of {} came back", *storm.returned.borrow(), options.clients))??;
    let spent = meter.stop(&server.process)?;
    let over = Instant::now();
    let peak = server.process.peak_resident()?;
    sleep(CALM).await;
    let heard = chats.finish().await?;

    let count = options.clients as u64;
    Ok(Report::new("Everybody comes back after a restart")
        .condition("clients", options.clients)
        .condition("they come", if options.jitter { "when the server told them to" } else { "all at once" })
        .condition(
            "they sync over",
            match options.http {
                Http::Own => "a connection each",
                Http::Shared => "shared connections",
            },
        )
        .condition("chats that go on", options.chats)
        .condition("why the first connect failed", storm.connects.why())
        .condition("why the first sync failed", storm.syncs.why())
        .figure("server away", (up - left).as_secs_f64(), Unit::Seconds)
        .figure("until the last is back", spent.elapsed.as_secs_f64(), Unit::Seconds)
        .figure("logins and syncs", spent.per_second(count), Unit::PerSecond)
        .figure("server CPU a login and sync", spent.cpu_each(count), Unit::Microseconds)
        .figure("connects that failed", storm.connects.count(), Unit::Count)
        .figure("syncs that failed", storm.syncs.count(), Unit::Count)
        .figure("server resident, at most", peak, Unit::Bytes)
        .latencies("send to Ack before", &heard.latencies(|_, acked| acked < left))
        .latencies("of those it held up", &heard.latencies(|sent, acked| sent < up && acked >= up))
        .latencies("send to Ack during the storm", &heard.latencies(|sent, _| sent >= up && sent <= over))
        .latencies("send to Ack after", &heard.latencies(|sent, _| sent > over))
        .busy(&spent)
        .faults(heard.faults))
}

/// What happened to all clients.
struct Storm {
    /// Logged in and synced.
    returned: watch::Sender<usize>,
    /// Connections that were refused, ended or not logged in.
    connects: Failures,
    syncs: Failures,
    sync_connections: Semaphore,
}

/// Attempts that failed.
#[derive(Default)]
struct Failures {
    count: AtomicU64,
    /// Why the first one did.
    first: OnceLock<String>,
}

impl Failures {
    fn add(&self, error: &anyhow::Error) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.first.get_or_init(|| format!("{error:#}"));
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn why(&self) -> &str {
        self.first.get().map_or("none did", String::as_str)
    }
}

/// A client that comes back.
struct Returning {
    target: Arc<Target>,
    person: Person,
    /// All that it has.
    known: SyncRequest,
    http: Http,
    /// Waits for the server to be there, and for nothing else; otherwise as long as it was told.
    back: Option<watch::Receiver<bool>>,
    storm: Arc<Storm>,
}

impl Returning {
    async fn run(mut self, wire: Wire) -> anyhow::Result<()> {
        let ended = until_the_end(wire).await;
        match &mut self.back {
            Some(back) => drop(back.wait_for(|back| *back).await?),
            None => sleep(told_delay(&format!("{ended:#}")).unwrap_or_default()).await,
        }
        let wire = patiently(&self.storm.connects, || self.target.wire(&self.person)).await;
        let room = self.storm.sync_connections.acquire().await?;
        let api = match self.http {
            Http::Shared => self.person.api.clone(),
            Http::Own => Api::new(self.target.url()).with_token(&self.person.token),
        };
        let sync = || async { Ok(api.sync(&self.known).await?) };
        let missed = patiently(&self.storm.syncs, sync).await;
        ensure!(missed.groups.is_empty(), "a sync told of changes where nothing had changed");
        drop((api, room));
        self.storm.returned.send_modify(|returned| *returned += 1);
        Err(until_the_end(wire).await)
    }
}

/// Does something until it works, and counts how often it did not.
async fn patiently<T, F>(failures: &Failures, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = anyhow::Result<T>>,
{
    let mut backoff = FIRST_BACKOFF;
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => failures.add(&error),
        }
        sleep(backoff).await;
        backoff = (backoff * 2).min(LAST_BACKOFF);
    }
}

/// Reads a connection until it ends, and returns why it did.
async fn until_the_end(mut wire: Wire) -> anyhow::Error {
    loop {
        if let Err(error) = wire.reader.hear(|_| Ok(())).await {
            return error;
        }
    }
}

/// The delay in the reason of a close, `reconnect in N ms`.
fn told_delay(reason: &str) -> Option<Duration> {
    let rest = &reason[reason.find("reconnect in ")? + "reconnect in ".len()..];
    let number = rest.split(' ').next()?.parse().ok()?;
    Some(Duration::from_millis(number))
}

/// Asks for everything, and returns the question to which there is no news any more.
pub(super) async fn up_to_date(api: &Api) -> anyhow::Result<SyncRequest> {
    let id = |number| Id::try_from(number).map_err(anyhow::Error::msg);
    // A new device wants the newest messages only.
    let mut request = SyncRequest { window: Some(1), limit: Some(1000), ..SyncRequest::default() };
    loop {
        let answer = api.sync(&request).await?;
        request.rev = Some(id(answer.rev)?);
        for delta in answer.groups {
            let (gid, rev) = (id(delta.gid)?, id(delta.rev)?);
            request.groups.retain(|group| group.gid != gid);
            request.groups.push(GroupRev { gid, rev, recalled_to: None });
        }
        if !answer.more {
            return Ok(request);
        }
    }
}

/// Chats of two that go on until they are told to end.
struct Chats {
    over: watch::Sender<bool>,
    running: JoinSet<anyhow::Result<Chatted>>,
}

/// What came of them.
#[derive(Default)]
struct Chatted {
    /// When each message was sent, and how long after that it was acknowledged.
    acks: Vec<(Instant, Duration)>,
    faults: Faults,
}

impl Chats {
    /// Between people who are in no other group: they have nothing to catch up on.
    async fn start(target: &Target, options: &Options) -> anyhow::Result<Self> {
        let (over, is_over) = watch::channel(false);
        let mut running = JoinSet::new();
        for _ in 0..options.chats {
            let two = [target.register().await?, target.register().await?];
            let gid = two[0].api.create_group(1, "", &[two[1].uid]).await?;
            let sender = Client::start(two[0].api.clone(), target.ws()).await?;
            let listener = Client::start(two[1].api.clone(), target.ws()).await?;
            let pause = Duration::from_millis(options.pause_ms);
            let is_over = is_over.clone();
            running.spawn(async move {
                let (said, total) = oneshot::channel();
                let sending = async {
                    let acks = speak(sender, gid, pause, is_over).await?;
                    let _ = said.send(acks.len() as u64);
                    Ok(acks)
                };
                let (acks, faults) = tokio::try_join!(sending, listen(listener, total))?;
                anyhow::Ok(Chatted { acks, faults })
            });
        }
        Ok(Self { over, running })
    }

    /// Ends them, and waits until everything has come that was sent.
    async fn finish(mut self) -> anyhow::Result<Chatted> {
        let _ = self.over.send(true);
        let mut all = Chatted::default();
        while let Some(chatted) = self.running.join_next().await {
            let chatted = chatted??;
            all.acks.extend(chatted.acks);
            all.faults = [all.faults, chatted.faults].into_iter().sum();
        }
        Ok(all)
    }
}

impl Chatted {
    /// Of the messages of which `then` is true, given when each was sent and acknowledged.
    fn latencies(&self, then: impl Fn(Instant, Instant) -> bool) -> Latencies {
        let mut latencies = Latencies::new();
        let chosen = self.acks.iter().filter(|(sent, took)| then(*sent, *sent + *took));
        chosen.for_each(|(_, took)| latencies.add(*took));
        latencies
    }
}

/// Sends a message at every beat, or as soon as the one before is stored: while it is cut off, one message waits.
async fn speak(
    mut client: Client,
    gid: u64,
    pause: Duration,
    over: watch::Receiver<bool>,
) -> anyhow::Result<Vec<(Instant, Duration)>> {
    let mut acks = Vec::new();
    let mut beat = interval(pause);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*over.borrow() {
        beat.tick().await;
        let sent = Instant::now();
        client.send(gid, Kind::Text, CONTENT, acks.len().to_string()).await?;
        acks.push((sent, sent.elapsed()));
        // What it is told must be taken, or it stops.
        while let Some(event) = client.next().now_or_never() {
            if let None | Some(ClientEvent::Ended { .. }) = event {
                bail!("the sender of a chat was sent away: {event:?}");
            }
        }
    }
    Ok(acks)
}

/// Hears everything until `total` have come, or nothing more does.
async fn listen(mut client: Client, mut total: oneshot::Receiver<u64>) -> anyhow::Result<Faults> {
    let mut ledger = Ledger::default();
    let mut sent = None;
    while sent.is_none_or(|sent| ledger.count() < sent) {
        tokio::select! {
            // Cancelling either loses nothing.
            event = client.next() => match event {
                Some(ClientEvent::Message(message)) => {
                    ledger.delivered(message.client_msg_id.parse()?, message.seq);
                }
                Some(ClientEvent::Ended { .. }) | None => bail!("the listener of a chat was sent away: {event:?}"),
                Some(_) => {}
            },
            total = &mut total, if sent.is_none() => sent = Some(total.context("the sender failed")?),
            () = sleep(CALM), if sent.is_some() => break,
        }
    }
    Ok(ledger.faults(sent.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_read_from_the_reason_of_the_close() {
        let reason = "the server has closed the connection with 4009: reconnect in 1234 ms";
        assert_eq!(told_delay(reason), Some(Duration::from_millis(1234)));
        assert_eq!(told_delay("the server has closed the connection"), None);
    }
}
