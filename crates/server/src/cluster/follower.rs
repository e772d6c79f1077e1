//! The task that tells the connections of this node what happens, here and elsewhere.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rim_core::bus::Heard;
use rim_core::event::{Change, Committed, Ended, Feed, Topic};
use rim_core::store::Result;
use rim_core::{GroupId, NodeId, Rev, SessionId, UserId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::hint::{self, Brief, Hint};
use super::progress::Progress;
use super::{Cluster, Ears, Request, Word};
use crate::app::App;
use crate::gateway;

/// Changes of one topic that are asked for at once.
const MAX_CHANGES: u32 = 500;
/// Topics, users or sessions that one look at the store is about.
const MAX_LOOK: usize = 1000;
/// Questions to the store that may be under way. More wait.
const MAX_QUESTIONS: usize = 32;
/// Changes that may wait for what is missing before them. Above it hints are remembered without what they tell,
/// and this node's own commits wait in the store's feed.
const MAX_AHEAD: usize = 4096;
/// What is missing before something that was heard is often on its way, as nodes that write to one group at the same
/// time hear of each other a moment later: so long it is waited for before the store is asked.
const DOUBT: Duration = Duration::from_millis(20);
/// How often there is a tick: part of a look at the store, and another try of questions that failed.
const TICK: Duration = Duration::from_secs(1);
/// A topic is looked at again so many ticks after it was first followed: the bus may take a moment to subscribe.
const SECOND_LOOK: u32 = 2;
/// A topic that nobody needs is forgotten after so many ticks: a login may be about to need it.
const KEPT: u32 = 30;
/// Memberships and sessions are looked at in every so many-th round.
const USERS_EVERY: u32 = 6;

/// Drains the store's feed until the store is closed, and listens to the other nodes meanwhile.
pub async fn follow(app: Arc<App>, cluster: Arc<Cluster>, feed: Feed, ears: Ears) {
    app.waking.beside(drain(&app, cluster, feed, ears)).await;
}

async fn drain(app: &Arc<App>, cluster: Arc<Cluster>, mut feed: Feed, ears: Ears) {
    let Ears { mut hearing, mut requests, words } = ears;
    let mut follower = Follower::new(Arc::clone(app), cluster, words);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut bus_works = true;
    loop {
        let in_doubt_until = follower.in_doubt_until();
        // Whichever arms are dropped have taken nothing.
        tokio::select! {
            commit = feed.recv(), if follower.has_room() => match commit {
                Some(commit) => {
                    app.metrics.feed_depth.set(feed.len().try_into().unwrap_or(i64::MAX));
                    follower.committed(commit);
                    // A full feed must not keep the sessions of this thread from writing.
                    tokio::task::yield_now().await;
                }
                None => return,
            },
            heard = hearing.recv(), if bus_works => match heard {
                Some(heard) => follower.heard(heard),
                None => bus_works = false,
            },
            Some(request) = requests.recv(), if follower.may_ask() => follower.requested(request),
            Some(answer) = follower.questions.next(), if !follower.questions.is_empty() => {
                // An answer may tell of this node's own commits, of which the feed knows where they came from, and
                // has the Ack: it comes first.
                while let Ok(commit) = feed.try_recv() {
                    follower.committed(commit);
                }
                follower.answered(answer);
            }
            () = sleep_until(in_doubt_until), if !follower.in_doubt.is_empty() => {
                follower.doubt_is_over();
            }
            _ = ticks.tick() => follower.tick(),
        }
    }
}

struct Follower {
    app: Arc<App>,
    cluster: Arc<Cluster>,
    words: mpsc::Sender<Word>,
    topics: HashMap<Topic, Followed>,
    /// Of all topics: what [`Progress::waiting`] says.
    ahead: usize,
    questions: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// Topics of which something is missing, to be asked for as soon as there is room.
    behind: VecDeque<Topic>,
    /// The same of which it may come by itself, and until when it is waited for.
    in_doubt: VecDeque<(Instant, Topic)>,
    /// Questions that failed: they are asked again at the next tick.
    failed: Vec<Topic>,
    /// Topics that were followed lately, and the tick at which they are looked at again.
    fresh: VecDeque<(u32, Topic)>,
    tick: u32,
    rounds: u32,
    /// What is left to be looked at in this round.
    round: Round,
}

struct Followed {
    progress: Progress,
    /// Whether it is listed in [`Follower::behind`] or [`Follower::in_doubt`].
    listed: bool,
    /// The tick at which somebody began to need it last.
    since: u32,
}

/// One look at everything, spread over some ticks.
#[derive(Default)]
struct Round {
    topics: Vec<Topic>,
    users: Vec<UserId>,
    sessions: Vec<(UserId, SessionId)>,
    /// How many of each are looked at in one tick.
    share: [usize; 3],
}

/// What the store has answered.
enum Answer {
    Stand { asked: Vec<Topic>, result: Result<Vec<(Topic, Rev)>>, login: Option<oneshot::Sender<Result<()>>> },
    Changes { topic: Topic, result: Result<Vec<Change>> },
    Memberships(Result<Vec<(UserId, GroupId, Rev)>>),
    Sessions { asked: Vec<(UserId, SessionId)>, result: Result<Vec<SessionId>> },
}

impl Follower {
    fn new(app: Arc<App>, cluster: Arc<Cluster>, words: mpsc::Sender<Word>) -> Self {
        Self {
            app,
            cluster,
            words,
            topics: HashMap::new(),
            ahead: 0,
            questions: FuturesUnordered::new(),
            behind: VecDeque::new(),
            in_doubt: VecDeque::new(),
            failed: Vec::new(),
            fresh: VecDeque::new(),
            tick: 0,
            rounds: 0,
            round: Round::default(),
        }
    }

    fn has_room(&self) -> bool {
        self.ahead < MAX_AHEAD
    }

    fn may_ask(&self) -> bool {
        self.questions.len() < MAX_QUESTIONS
    }

    // ---- what is heard

    /// This node has committed.
    fn committed(&mut self, commit: Vec<Committed>) {
        let max_payload = self.cluster.bus.max_payload();
        let app = Arc::clone(&self.app);
        app.waking.batched(|| {
            for entry in commit {
                match entry {
                    Committed::Answer { done, result } => done(result),
                    Committed::Change(change) => {
                        for (subject, payload) in hint::of(&change, max_payload) {
                            self.cluster.bus.publish(subject, payload);
                            self.app.metrics.hints_sent.inc();
                        }
                        self.happened(change);
                    }
                }
            }
        });
        self.ask_what_is_missing();
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Hint { payload, .. } => {
                self.app.metrics.hints_heard.inc();
                match Hint::decode(&payload) {
                    Some(Hint::Change(change)) if self.has_room() => {
                        let app = Arc::clone(&self.app);
                        app.waking.batched(|| self.happened(change));
                    }
                    Some(Hint::Change(change)) => {
                        change.places().for_each(|(topic, rev)| self.moved(topic, rev));
                    }
                    Some(Hint::Brief(brief)) => self.hinted(brief),
                    None => {}
                }
                self.ask_what_is_missing();
            }
            Heard::Missed => {
                // As it does when it is there for the first time.
                if !self.topics.is_empty() {
                    tracing::info!("the bus may have lost something: looking at the store");
                }
                self.begin_round(true);
                self.look(true);
            }
        }
    }

    fn hinted(&mut self, brief: Brief) {
        match brief {
            Brief::GroupMoved { group, rev } => self.moved(Topic::Group(GroupId(group)), Rev(rev)),
            Brief::UserMoved { user, rev } => self.moved(Topic::User(UserId(user)), Rev(rev)),
            Brief::Joined { group, rev, users } => {
                let users: Vec<UserId> = users.into_iter().map(UserId).collect();
                self.joined(GroupId(group), Rev(rev), &users);
            }
            Brief::WrongPassword { account, address } => {
                self.app.limits.wrong_password_elsewhere(&account, address);
            }
            // Full: it is asked for again.
            Brief::Presence { node, what } => _ = self.words.try_send((NodeId(node), what)),
        }
    }

    fn happened(&mut self, change: Change) {
        if let Change::SessionsEnded { user, sessions, why } = &change {
            return gateway::end_sessions(&self.app, *user, sessions, *why);
        }
        if let Some((group, rev, users)) = hint::joined(&change) {
            self.joined(group, rev, users);
        }
        for (topic, rev) in change.places() {
            self.progress(topic, |progress, tell| progress.heard(rev, change.clone(), tell));
        }
    }

    fn moved(&mut self, topic: Topic, rev: Rev) {
        self.progress(topic, |progress, _| progress.has_come_to(rev));
    }

    /// Users became members of a group at `rev`: from there on this node follows it, if one of them is here.
    fn joined(&mut self, group: GroupId, rev: Rev, users: &[UserId]) {
        let topic = Topic::Group(group);
        if !self.topics.contains_key(&topic) && self.app.hub.is_any_online(users) {
            self.begin(topic, Progress::after(Rev(rev.0.saturating_sub(1))));
            // A message that brought somebody back was committed with the joining, and its hint went to those who
            // followed the group by then.
            self.ask_where(vec![topic], None);
        }
        self.moved(topic, rev);
    }

    /// From now on this node follows the topic.
    fn begin(&mut self, topic: Topic, progress: Progress) {
        self.cluster.bus.subscribe(topic);
        self.topics.insert(topic, Followed { progress, listed: false, since: self.tick });
        self.fresh.push_back((self.tick.wrapping_add(SECOND_LOOK), topic));
    }

    /// Moves the progress of a topic on, if it is followed, with a way to tell the connections; and lists it if
    /// something is missing then.
    fn progress(&mut self, topic: Topic, act: impl FnOnce(&mut Progress, &mut dyn FnMut(Change))) {
        let Some(followed) = self.topics.get_mut(&topic) else { return };
        let before = followed.progress.waiting();
        let app = &self.app;
        act(&mut followed.progress, &mut |change| gateway::tell_topic(app, &change, topic));
        self.ahead = self.ahead + followed.progress.waiting() - before;
        if followed.progress.is_behind() && !std::mem::replace(&mut followed.listed, true) {
            if followed.progress.waiting() > 0 {
                self.in_doubt.push_back((Instant::now() + DOUBT, topic));
            } else {
                self.behind.push_back(topic);
            }
        }
    }

    /// Until when nothing is to be done about what may come by itself.
    fn in_doubt_until(&self) -> Instant {
        self.in_doubt.front().map_or_else(Instant::now, |(until, _)| *until)
    }

    fn doubt_is_over(&mut self) {
        let now = Instant::now();
        while self.in_doubt.front().is_some_and(|(until, _)| *until <= now) {
            self.behind.extend(self.in_doubt.pop_front().map(|(_, topic)| topic));
        }
        self.ask_what_is_missing();
    }

    // ---- what is asked

    /// A connection is about to be told of these topics.
    fn requested(&mut self, request: Request) {
        let Request { topics, done } = request;
        let mut unknown = Vec::new();
        for topic in topics {
            if !self.topics.contains_key(&topic) {
                self.begin(topic, Progress::default());
            }
            let Some(followed) = self.topics.get_mut(&topic) else { continue };
            followed.since = self.tick;
            if !followed.progress.has_begun() {
                unknown.push(topic);
            }
        }
        if unknown.is_empty() {
            // One who does not wait any more has gone.
            let _ = done.send(Ok(()));
        } else {
            self.ask_where(unknown, Some(done));
        }
    }

    fn ask_where(&self, topics: Vec<Topic>, login: Option<oneshot::Sender<Result<()>>>) {
        let store = Arc::clone(&self.cluster.store);
        self.questions.push(Box::pin(async move {
            let result = store.revs(topics.clone()).await;
            Answer::Stand { asked: topics, result, login }
        }));
    }

    fn ask_what_is_missing(&mut self) {
        while self.may_ask()
            && let Some(topic) = self.behind.pop_front()
        {
            let Some(followed) = self.topics.get_mut(&topic) else { continue };
            followed.listed = false;
            let Some(after) = followed.progress.question() else { continue };
            self.app.metrics.gaps.inc();
            let store = Arc::clone(&self.cluster.store);
            self.questions.push(Box::pin(async move {
                let result = store.changes(topic, after, MAX_CHANGES).await;
                Answer::Changes { topic, result }
            }));
        }
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Stand { asked, result: Ok(revs), login } => {
                self.stand(&asked, &revs);
                if let Some(login) = login {
                    let _ = login.send(Ok(()));
                }
            }
            Answer::Stand { result: Err(error), login, .. } => {
                if let Some(login) = login {
                    let _ = login.send(Err(error));
                }
            }
            Answer::Changes { topic, result } => self.caught_up(topic, result),
            Answer::Memberships(Ok(memberships)) => {
                for (user, group, rev) in memberships {
                    // Where the group is followed, its own changes say who is in it.
                    if !self.topics.contains_key(&Topic::Group(group)) {
                        self.joined(group, rev, &[user]);
                    }
                }
            }
            Answer::Sessions { asked, result: Ok(valid) } => {
                for (user, session) in asked {
                    if valid.binary_search(&session).is_err() {
                        gateway::end_sessions(&self.app, user, &[session], Ended::Revoked);
                    }
                }
            }
            // They are looked at again in another round.
            Answer::Memberships(Err(_)) | Answer::Sessions { result: Err(_), .. } => {}
        }
        self.ask_what_is_missing();
    }

    fn stand(&mut self, asked: &[Topic], revs: &[(Topic, Rev)]) {
        let revs: HashMap<Topic, Rev> = revs.iter().copied().collect();
        for topic in asked {
            // What does not exist is at its beginning.
            let rev = revs.get(topic).copied().unwrap_or_default();
            self.progress(*topic, |progress, _| progress.stands_at(rev));
        }
    }

    fn caught_up(&mut self, topic: Topic, result: Result<Vec<Change>>) {
        match result {
            Ok(changes) => {
                let complete = changes.len() < MAX_CHANGES as usize;
                let app = Arc::clone(&self.app);
                app.waking.batched(|| {
                    self.progress(topic, |progress, tell| progress.answered(topic, changes, complete, tell));
                });
            }
            Err(error) => {
                tracing::debug!(%error, "cannot ask what is missing");
                self.failed.push(topic);
            }
        }
    }

    // ---- what is looked at by the clock

    fn tick(&mut self) {
        self.tick = self.tick.wrapping_add(1);
        for topic in std::mem::take(&mut self.failed) {
            self.progress(topic, |progress, _| progress.not_answered());
        }
        let due = self.fresh.iter().take_while(|(tick, _)| *tick <= self.tick).count();
        let fresh: Vec<Topic> = self.fresh.drain(..due).map(|(_, topic)| topic).collect();
        for topics in fresh.chunks(MAX_LOOK) {
            self.ask_where(topics.to_vec(), None);
        }
        if self.round.is_over() {
            self.forget_what_nobody_needs();
            self.rounds = self.rounds.wrapping_add(1);
            self.begin_round(self.rounds.is_multiple_of(USERS_EVERY));
        }
        self.look(false);
        self.ask_what_is_missing();
        self.app.metrics.topics.set(i64::try_from(self.topics.len()).unwrap_or(i64::MAX));
    }

    fn begin_round(&mut self, with_users: bool) {
        let topics: Vec<Topic> = self.topics.keys().copied().collect();
        let (users, sessions) = if with_users { self.app.hub.online() } else { Default::default() };
        let ticks = usize::try_from(self.app.config.check_interval.as_secs()).unwrap_or(1).max(1);
        let share = [topics.len(), users.len(), sessions.len()].map(|count| count.div_ceil(ticks));
        self.round = Round { topics, users, sessions, share };
    }

    /// Looks at this tick's share of the round, or at all that is left of it.
    fn look(&mut self, all: bool) {
        let [topics, users, sessions] = if all { [usize::MAX; 3] } else { self.round.share };
        for topics in take(&mut self.round.topics, topics).chunks(MAX_LOOK) {
            self.ask_where(topics.to_vec(), None);
        }
        for users in take(&mut self.round.users, users).chunks(MAX_LOOK) {
            let (store, users) = (Arc::clone(&self.cluster.store), users.to_vec());
            self.questions.push(Box::pin(async move { Answer::Memberships(store.memberships(users).await) }));
        }
        let now = self.app.clock.now();
        for asked in take(&mut self.round.sessions, sessions).chunks(MAX_LOOK) {
            let (store, asked) = (Arc::clone(&self.cluster.store), asked.to_vec());
            self.questions.push(Box::pin(async move {
                let sessions = asked.iter().map(|(_, session)| *session).collect();
                let result = store.valid_sessions(sessions, now).await;
                Answer::Sessions { asked, result }
            }));
        }
    }

    fn forget_what_nobody_needs(&mut self) {
        let Self { app, cluster, topics, tick, ahead, .. } = self;
        topics.retain(|topic, followed| {
            let needed = match topic {
                Topic::Group(group) => app.hub.group_size(*group) > 0,
                Topic::User(user) => app.hub.is_any_online(&[*user]),
            };
            if needed || tick.wrapping_sub(followed.since) < KEPT {
                return true;
            }
            cluster.bus.unsubscribe(*topic);
            *ahead -= followed.progress.waiting();
            false
        });
    }
}

impl Round {
    fn is_over(&self) -> bool {
        self.topics.is_empty() && self.users.is_empty() && self.sessions.is_empty()
    }
}

/// Takes the last `count` of a list, or as many as there are.
fn take<T>(list: &mut Vec<T>, count: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(count))
}
