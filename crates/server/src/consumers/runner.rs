//! Runs a consumer: holds it where no other node does, finds what waits for it, and gives it that.
//!
//! One task decides, and by its clock everything happens that happens every so often. What takes long is done in tasks of its own,
//! so it always hears what is new and keeps its lease, however long a call takes. And whoever waits for a connection of the store
//! goes on by itself: one that is handed to somebody who does not look is one that nobody has.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures_util::FutureExt;
use rim_core::{GroupId, Timestamp};
use rim_store::consumers::{Behind, Held, Hold, InStore, Moved, Portion, Room};
use rim_store::{SharedStore, Store, StoreError};
use tokio::task::JoinSet;

use super::Consumer;
use super::waiting::{Moment, Taken, Verdict, Waiting};
use crate::life::Life;
use crate::metrics::OfConsumer;
use crate::time::Ticks;

/// So long a node holds it without a word of it.
const LEASE_MS: i64 = 15_000;
/// In seconds: it says so, or looks whether another still does.
const HOLD_EVERY: u64 = 3;
/// In seconds: what was seen is noted for whoever takes it next, and what nobody needs any more is deleted.
const NOTE_EVERY: u64 = 5;
/// Of a moment that is older some of what has moved since may be deleted, so it is not noted.
const FRESH_MS: i64 = 300_000;
/// In seconds: where several nodes have the store, all groups are looked at. A node of an older version does not say which have
/// moved, and may run beside this one while they are replaced.
const LOOK_EVERY: u64 = 600;
/// Groups that wait, before it is looked for more among all groups.
const LOOK_BELOW: usize = 4096;
/// Groups of which it is read together what waits.
const READ_TOGETHER: usize = 64;
/// Until the store is asked again that could not do what it should: as much, twice as much, and so on.
const REST_MS: i64 = 1000;
const LONG_REST_MS: i64 = 30_000;

/// What runs one consumer on one node.
pub struct Runner {
    pub consumer: Arc<dyn Consumer>,
    pub store: Arc<dyn Store>,
    /// The same, where several nodes have it: leases go by the clock that they have in common.
    pub shared: Option<Arc<dyn SharedStore>>,
    /// Whether no other process has the store: then whoever has held it is gone, and to hold it is nothing that has to be
    /// said again and again. A server to which nobody writes leaves its disk alone.
    pub alone: bool,
    /// This node.
    pub holder: u64,
    pub metrics: OfConsumer,
    pub life: Life,
}

/// What is to be done with portions.
enum Job {
    Consume(Vec<Portion>),
    /// There is nothing to do in them, or it cannot be done: of so many messages.
    PassOver(Vec<Portion>, u64),
}

/// What has come to an end.
enum Done {
    Heard(Result<Moved, StoreError>),
    Looked(Result<Behind, StoreError>),
    Read(Taken, Result<Vec<Portion>, Fault>),
    /// Whether they were consumed, which they are not if another was there; and how many milliseconds it took.
    Consumed(Arc<Vec<Portion>>, Result<bool, Fault>, i64),
    PassedOver(Arc<Vec<Portion>>, Result<bool, StoreError>),
}

/// Why something failed.
enum Fault {
    /// Of what it was given.
    Given(anyhow::Error),
    /// The store is away or busy: of nothing in particular.
    Store(StoreError),
}

/// It is not held any more, or somebody else has been at work: all that is known of it is to be found out anew.
struct Lost;

/// A consumer that is held.
struct Holding<'r> {
    hold: Hold,
    /// By the clock of leases.
    until: Timestamp,
    /// Whether it is noted in the store what was seen.
    is_noted: bool,
    /// Everything before this is among what waits, or is consumed, or is found by looking at all groups.
    latest: Arc<Moment>,
    /// Behind which group it goes on to be looked at all groups.
    looking: Option<GroupId>,
    /// There was no room for all that wait.
    must_look: bool,
    waiting: Waiting,
    jobs: VecDeque<Job>,
    running: &'r mut JoinSet<Done>,
    /// Whether a look or a read is under way, and how many calls are.
    is_reading: bool,
    calls: usize,
    /// Whether it is being asked which groups have moved, and whether some have since the last call.
    is_listening: bool,
    have_moved: bool,
    /// The next call waits so long first.
    pause_ms: u64,
    /// Nothing is begun until then, as the store could not do something; and for how long next time.
    rests_until: Timestamp,
    rest_ms: i64,
}

impl Runner {
    /// Has the store know it. A store that is away comes back, and then it begins.
    pub async fn be_known(&self) {
        if let Err(error) = self.store.begin_consumer(self.consumer.name(), self.consumer.begin()).await {
            tracing::warn!(%error, consumer = self.consumer.name(), "it begins later");
        }
    }

    /// Runs until the server ends.
    pub async fn run(self) {
        let (mut hold, mut running, shutdown) = (None, JoinSet::new(), self.life.shutdown.clone());
        // What is under way is given up: it is not consumed, so it comes again.
        shutdown.run_until_cancelled(self.work(&mut hold, &mut running)).await;
        running.shutdown().await;
        self.metrics.held.set(0);
        if let Some(hold) = hold
            && let Err(error) = self.store.let_go_consumer(hold).await
        {
            tracing::debug!(%error, consumer = self.consumer.name(), "others have to wait until its time is over");
        }
    }

    async fn work(&self, hold: &mut Option<Hold>, running: &mut JoinSet<Done>) {
        let mut ticks = self.life.time.ticks(std::time::Duration::from_secs(1));
        loop {
            match self.take().await {
                Ok(Some((held, until))) => {
                    *hold = Some(held.hold);
                    self.metrics.held.set(1);
                    let Lost = self.serve(held, until, &mut ticks, running).await;
                    running.shutdown().await;
                    self.metrics.held.set(0);
                    self.show(0, 0, None, self.life.clock.now());
                }
                Ok(None) => *hold = None,
                Err(error) => {
                    tracing::warn!(%error, consumer = self.consumer.name(), "it cannot be seen who runs it");
                }
            }
            for _ in 0..HOLD_EVERY {
                ticks.tick().await;
            }
        }
    }

    /// Takes it, or goes on to hold it: until when.
    async fn take(&self) -> Result<Option<(Held, Timestamp)>, StoreError> {
        let (now, until) = match &self.shared {
            // As if all time were over, and for no time.
            _ if self.alone => (Timestamp(i64::MAX), Timestamp(0)),
            Some(shared) => leased_from(shared.now().await?),
            None => leased_from(self.life.clock.now()),
        };
        let begin = self.consumer.begin();
        let held = self.store.hold_consumer(self.consumer.name(), begin, self.holder, now, until).await?;
        Ok(held.map(|held| (held, until)))
    }

    async fn serve(
        &self,
        held: Held,
        until: Timestamp,
        ticks: &mut Ticks,
        running: &mut JoinSet<Done>,
    ) -> Lost {
        let mut holding = Holding {
            hold: held.hold,
            until,
            is_noted: held.seen.is_some(),
            latest: Arc::new(Moment { number: 0, mark: held.seen, at: Timestamp(0) }),
            looking: None,
            must_look: false,
            waiting: Waiting::default(),
            jobs: VecDeque::new(),
            running,
            is_reading: false,
            calls: 0,
            is_listening: false,
            have_moved: false,
            pause_ms: 0,
            rests_until: Timestamp(0),
            rest_ms: REST_MS,
        };
        let mut seconds = 0;
        loop {
            self.begin(&mut holding);
            // None of them loses anything when another comes first: they all go on where they are.
            let went_on = tokio::select! {
                Some(done) = holding.running.join_next() => match done {
                    Ok(done) => self.end(&mut holding, done),
                    Err(error) => resume_unwind(error.into_panic()),
                },
                () = ticks.tick() => {
                    seconds += 1;
                    self.tick(&mut holding, seconds).await
                }
            };
            if let Err(lost) = went_on {
                return lost;
            }
        }
    }

    /// Asks which groups have moved: at once, or when some have.
    fn listen(&self, holding: &mut Holding<'_>, at_once: bool) {
        let (store, mark) = (Arc::clone(&self.store), holding.latest.mark.clone());
        holding.is_listening = true;
        holding.running.spawn(async move {
            if let Some(mark) = mark.as_ref().filter(|_| !at_once) {
                store.until_moved(mark).await;
            }
            Done::Heard(store.moved(mark).await)
        });
    }

    fn hear(&self, holding: &mut Holding<'_>, moved: Moved) {
        let (before, now) = (Arc::clone(&holding.latest), self.life.clock.now());
        match moved.groups {
            Some(groups) => groups.into_iter().for_each(|group| holding.waiting.mark(group, &before, now)),
            None => holding.must_look = true,
        }
        holding.latest = Arc::new(Moment { number: before.number + 1, mark: Some(moved.to), at: now });
        holding.have_moved = true;
        self.listen(holding, false);
    }

    /// Begins what can be begun.
    fn begin(&self, holding: &mut Holding<'_>) {
        if self.life.clock.now() < holding.rests_until {
            return;
        }
        if !holding.is_listening {
            self.listen(holding, true);
        }
        while let Some(job) = holding.next_job(self.consumer.at_once()) {
            self.do_it(holding, job);
        }
        if holding.is_reading || !holding.jobs.is_empty() || holding.calls > self.consumer.at_once() {
            return;
        }
        holding.must_look |= holding.waiting.has_overflowed();
        if holding.waiting.len() < LOOK_BELOW {
            if holding.looking.is_none() && std::mem::take(&mut holding.must_look) {
                holding.looking = Some(GroupId(0));
            }
            if let Some(after) = holding.looking {
                let (store, hold) = (Arc::clone(&self.store), holding.hold);
                holding.is_reading = true;
                holding.running.spawn(async move { Done::Looked(store.behind(hold, after).await) });
                return;
            }
        }
        // What is read together shares the room, so no more than what is given together.
        let together = self.consumer.groups_together().saturating_mul(self.consumer.at_once());
        let Room { rows, bytes } = self.consumer.room();
        if let Some(taken) = holding.waiting.take(together.clamp(1, READ_TOGETHER), rows) {
            let room = Room { rows: if taken.carefully { 1 } else { rows }, bytes };
            let (store, hold) = (Arc::clone(&self.store), holding.hold);
            holding.is_reading = true;
            holding.running.spawn(async move {
                let read = store.unseen(hold, taken.groups.clone(), room).await;
                let read = match read {
                    Ok(portions) => Ok(portions),
                    Err(error) => Err(whose(&*store, error).await),
                };
                Done::Read(taken, read)
            });
        }
    }

    fn do_it(&self, holding: &mut Holding<'_>, job: Job) {
        let (store, hold) = (Arc::clone(&self.store), holding.hold);
        holding.calls += 1;
        match job {
            Job::PassOver(portions, failed) => {
                let portions = Arc::new(portions);
                let note = if failed > 0 { InStore::failed(hold, failed) } else { InStore::nothing() };
                holding.running.spawn(async move {
                    let passed = store.consume(hold, Arc::clone(&portions), note).await;
                    Done::PassedOver(portions, passed)
                });
            }
            Job::Consume(portions) => {
                let (portions, consumer) = (Arc::new(portions), Arc::clone(&self.consumer));
                let pause = Duration::from_millis(std::mem::take(&mut holding.pause_ms));
                let (clock, time) = (Arc::clone(&self.life.clock), self.life.time.clone());
                holding.running.spawn(async move {
                    time.sleep(pause).await;
                    let began = clock.now();
                    // Unwind safety: of a call that has panicked nothing is used.
                    let made = AssertUnwindSafe(consumer.consume(&portions)).catch_unwind().await;
                    let consumed = match made.unwrap_or_else(|_| Err(anyhow!("it has panicked"))) {
                        Ok(made) => match store.consume(hold, Arc::clone(&portions), made).await {
                            Ok(consumed) => Ok(consumed),
                            Err(error) => Err(whose(&*store, error).await),
                        },
                        Err(error) => Err(match error.downcast() {
                            Ok(error) => whose(&*store, error).await,
                            Err(error) => Fault::Given(error),
                        }),
                    };
                    Done::Consumed(portions, consumed, clock.now().0 - began.0)
                });
            }
        }
    }

    fn end(&self, holding: &mut Holding<'_>, done: Done) -> Result<(), Lost> {
        match done {
            Done::Heard(moved) => {
                holding.is_listening = false;
                match moved {
                    Ok(moved) => self.hear(holding, moved),
                    Err(error) => self.rest(holding, &error),
                }
            }
            Done::Looked(found) => {
                holding.is_reading = false;
                match found {
                    Ok(Behind { groups, next }) => {
                        let (unknown, now) =
                            (Moment { number: 0, mark: None, at: Timestamp(0) }, self.life.clock.now());
                        let unknown = Arc::new(unknown);
                        groups.into_iter().for_each(|group| holding.waiting.mark(group, &unknown, now));
                        (holding.looking, holding.rest_ms) = (next, REST_MS);
                    }
                    Err(error) => self.rest(holding, &error),
                }
            }
            Done::Read(taken, read) => {
                holding.is_reading = false;
                self.read(holding, &taken, read);
            }
            Done::PassedOver(portions, Ok(true)) => self.consumed(holding, &portions),
            Done::Consumed(portions, Ok(true), took_ms) => {
                self.consumed(holding, &portions);
                let is_much = || holding.waiting.messages() > self.consumer.room().rows as u64;
                if std::mem::take(&mut holding.have_moved) && self.consumer.yields() && is_much() {
                    holding.pause_ms = took_ms.clamp(0, LONG_REST_MS).unsigned_abs();
                }
            }
            Done::PassedOver(_, Ok(false)) | Done::Consumed(_, Ok(false), _) => return Err(Lost),
            Done::PassedOver(portions, Err(error))
            | Done::Consumed(portions, Err(Fault::Store(error)), _) => {
                holding.calls -= 1;
                portions.iter().for_each(|portion| holding.waiting.put_back(portion.group));
                self.rest(holding, &error);
            }
            Done::Consumed(portions, Err(Fault::Given(error)), _) => {
                holding.calls -= 1;
                self.failed(holding, &portions, &error);
            }
        }
        Ok(())
    }

    fn consumed(&self, holding: &mut Holding<'_>, portions: &[Portion]) {
        (holding.calls, holding.rest_ms) = (holding.calls - 1, REST_MS);
        for portion in portions {
            holding.waiting.consumed(portion);
            self.metrics.consumed.inc_by(portion.messages.len() as u64);
        }
    }

    fn read(&self, holding: &mut Holding<'_>, taken: &Taken, read: Result<Vec<Portion>, Fault>) {
        let portions = match read {
            Ok(portions) => portions,
            Err(Fault::Store(error)) => {
                taken.groups.iter().for_each(|group| holding.waiting.put_back(*group));
                return self.rest(holding, &error);
            }
            Err(Fault::Given(error)) => {
                if holding.waiting.unreadable(&taken.groups, self.life.clock.now()) {
                    let (consumer, group) = (self.consumer.name(), taken.groups.first().map(|group| group.0));
                    tracing::error!(%error, consumer, group, "a group cannot be read, and waits");
                }
                return;
            }
        };
        for group in &taken.groups {
            if !portions.iter().any(|portion| portion.group == *group) {
                holding.waiting.seen(*group);
            }
        }
        let (mut wanted, mut others) = (Vec::new(), Vec::new());
        for portion in portions {
            if portion.to == portion.from {
                // There was no room for it.
                holding.waiting.put_back(portion.group);
            } else if self.consumer.wants(&portion) {
                wanted.push(portion);
            } else {
                others.push(portion);
            }
        }
        if !others.is_empty() {
            holding.jobs.push_back(Job::PassOver(others, 0));
        }
        while !wanted.is_empty() {
            let rest = wanted.split_off(wanted.len().min(self.consumer.groups_together().max(1)));
            holding.jobs.push_back(Job::Consume(std::mem::replace(&mut wanted, rest)));
        }
    }

    fn failed(&self, holding: &mut Holding<'_>, portions: &[Portion], error: &anyhow::Error) {
        let consumer = self.consumer.name();
        self.metrics.failed.inc();
        let verdict = holding.waiting.failed(portions, self.life.clock.now());
        let (Verdict::PassOver, [portion]) = (verdict, portions) else {
            let groups = portions.len();
            tracing::warn!(
                error = format!("{error:#}"),
                consumer,
                groups,
                "work has failed, and is tried again"
            );
            return;
        };
        self.metrics.passed_over.inc();
        let (group, seq) = (portion.group.0, portion.messages.first().map(|message| message.seq.0));
        let error = format!("{error:#}");
        tracing::error!(
            error,
            consumer,
            group,
            seq,
            "work has failed again and again: the message is passed over"
        );
        holding.jobs.push_back(Job::PassOver(vec![portion.clone()], portion.messages.len() as u64));
    }

    fn rest(&self, holding: &mut Holding<'_>, error: &StoreError) {
        tracing::warn!(%error, consumer = self.consumer.name(), "it waits for the store");
        holding.rests_until = self.life.clock.now().plus_ms(holding.rest_ms);
        holding.rest_ms = (holding.rest_ms * 2).min(LONG_REST_MS);
    }

    async fn tick(&self, holding: &mut Holding<'_>, seconds: u64) -> Result<(), Lost> {
        let now = self.life.clock.now();
        holding.waiting.wake(now);
        let waiting = &holding.waiting;
        self.show(waiting.len(), waiting.messages(), waiting.oldest(), now);
        if seconds.is_multiple_of(HOLD_EVERY) {
            self.hold_on(holding).await?;
        }
        holding.must_look |= self.shared.is_some() && seconds.is_multiple_of(LOOK_EVERY);
        if seconds.is_multiple_of(NOTE_EVERY) && now >= holding.rests_until {
            self.note(holding).await?;
        }
        Ok(())
    }

    /// Goes on to hold it. Who has held it no more for a time has missed what was deleted meanwhile.
    async fn hold_on(&self, holding: &mut Holding<'_>) -> Result<(), Lost> {
        match self.take().await {
            Ok(Some((held, until))) => {
                let is_late = until > holding.until.plus_ms(LEASE_MS);
                let is_forgotten = holding.is_noted && held.seen.is_none();
                if held.hold != holding.hold || is_late || is_forgotten {
                    return Err(Lost);
                }
                (holding.until, holding.is_noted) = (until, held.seen.is_some());
                Ok(())
            }
            Ok(None) => Err(Lost),
            // Whatever it writes says whether it is held.
            Err(error) => {
                tracing::warn!(%error, consumer = self.consumer.name(), "it cannot be held for longer now");
                Ok(())
            }
        }
    }

    /// Notes what was seen, for whoever takes it next, and deletes what nobody needs any more.
    async fn note(&self, holding: &mut Holding<'_>) -> Result<(), Lost> {
        let noting = async {
            let seen = holding.waiting.seen_up_to(&holding.latest);
            let knows_all = holding.looking.is_none() && !holding.must_look;
            let is_fresh = self.life.clock.now().0 - seen.at.0 < FRESH_MS;
            if let Some(mark) = seen.mark.as_ref().filter(|_| knows_all && is_fresh)
                && !self.store.note_seen(holding.hold, mark).await?
            {
                return Ok(false);
            }
            self.store.forget_moved().await?;
            self.store.forget_positions().await?;
            Ok(true)
        };
        match noting.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Lost),
            Err(error) => {
                self.rest(holding, &error);
                Ok(())
            }
        }
    }

    fn show(&self, groups: usize, messages: u64, oldest: Option<Timestamp>, now: Timestamp) {
        let shown = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.groups.set(shown(groups as u64));
        self.metrics.messages.set(shown(messages));
        self.metrics.lag.set(oldest.map_or(0, |oldest| (now.0 - oldest.0).max(0) / 1000));
    }
}

impl Holding<'_> {
    /// The next that there is room for: what has nothing to do needs none.
    fn next_job(&mut self, at_once: usize) -> Option<Job> {
        match self.jobs.front()? {
            Job::Consume(_) if self.calls >= at_once => None,
            _ => self.jobs.pop_front(),
        }
    }
}

const fn leased_from(now: Timestamp) -> (Timestamp, Timestamp) {
    (now, now.plus_ms(LEASE_MS))
}

/// Whose fault it is: the store's, if it cannot do anything now.
async fn whose(store: &dyn Store, error: StoreError) -> Fault {
    match error {
        StoreError::Refused(_) | StoreError::Fault(_) if store.ready().await.is_ok() => {
            Fault::Given(anyhow!(error))
        }
        error => Fault::Store(error),
    }
}
