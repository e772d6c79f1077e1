//! The task that tells the connections of this node what happens, here and elsewhere.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rim_core::bus::Heard;
use rim_core::event::{Change, Ended, Topic};
use rim_core::{GroupId, NodeId, Rev, SessionId, Timestamp, UserId};
use rim_store::{Committed, Feed, Result, SeenUpTo};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::hint::{self, Brief, Hint};
use super::node::{Cluster, Ears, Request, Word};
use super::progress::Progress;
use crate::gateway::{self, Teller, Wakes};
use crate::vital;

/// Changes of one topic that are asked for at once.
const MAX_CHANGES: u32 = 500;
/// Topics or sessions that one look at the store is about.
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
/// Sessions are looked at in the time of one `check-interval` of so many.
const SESSIONS_EVERY: u32 = 6;

/// Drains the store's feed until the store is closed, and listens to the other nodes meanwhile. Returns what has ended.
pub async fn follow(cluster: Arc<Cluster>, teller: Teller, feed: Feed, ears: Ears) -> &'static str {
    let connections = Arc::clone(&cluster.here.connections);
    connections.waking.beside(drain(cluster, teller, feed, ears)).await
}

async fn drain(cluster: Arc<Cluster>, teller: Teller, mut feed: Feed, ears: Ears) -> &'static str {
    let Ears { mut hearing, mut requests, words } = ears;
    let mut follower = Follower::new(Arc::clone(&cluster), teller, words);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let in_doubt_until = follower.in_doubt_until();
        // Whichever arms are dropped have taken nothing.
        tokio::select! {
            commit = feed.recv(), if follower.has_room() => match commit {
                Some(commit) => {
                    cluster.here.metrics.feed_depth.set(feed.len().try_into().unwrap_or(i64::MAX));
                    follower.committed(commit);
                    // A full feed must not keep the connections of this thread from writing.
                    tokio::task::yield_now().await;
                }
                None => return vital::WRITER,
            },
            heard = hearing.recv() => match heard {
                Some(heard) => follower.heard(heard),
                None => return vital::BUS,
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
            () = follower.teller.window_ends(), if follower.teller.is_in_a_storm() => {
                follower.teller.end_windows();
            }
            () = sleep_until(in_doubt_until), if !follower.in_doubt.is_empty() => {
                follower.doubt_is_over();
            }
            _ = ticks.tick() => follower.tick(),
        }
    }
}

struct Follower {
    cluster: Arc<Cluster>,
    teller: Teller,
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
    /// All topics, in the order in which they are looked at: so many at each tick that it is the turn of each again
    /// within `check-interval`.
    turns: VecDeque<Topic>,
    /// Sessions that are left to be looked at, and how many at each tick.
    sessions: (Vec<(UserId, SessionId)>, usize),
    /// Up to where it was seen who has joined which group, and whether the store is being asked for more.
    joined: (Option<SeenUpTo>, bool),
    tick: u32,
}

struct Followed {
    progress: Progress,
    /// Whether it is listed in [`Follower::behind`] or [`Follower::in_doubt`].
    listed: bool,
    /// The tick at which somebody began to need it last.
    since: u32,
}

/// Who has joined which group, and by which of its `rev`s.
type Joinings = Vec<(UserId, GroupId, Rev)>;

/// What the store has answered.
enum Answer {
    Stand { asked: Vec<Topic>, result: Result<Vec<(Topic, Rev)>>, login: Option<oneshot::Sender<Result<()>>> },
    Changes { topic: Topic, result: Result<Vec<Change>> },
    Joined(Result<(SeenUpTo, Joinings)>),
    Sessions { asked: Vec<(UserId, SessionId)>, result: Result<Vec<(SessionId, Ended)>> },
}

impl Follower {
    fn new(cluster: Arc<Cluster>, teller: Teller, words: mpsc::Sender<Word>) -> Self {
        Self {
            cluster,
            teller,
            words,
            topics: HashMap::new(),
            ahead: 0,
            questions: FuturesUnordered::new(),
            behind: VecDeque::new(),
            in_doubt: VecDeque::new(),
            failed: Vec::new(),
            fresh: VecDeque::new(),
            turns: VecDeque::new(),
            sessions: (Vec::new(), 0),
            joined: (None, false),
            tick: 0,
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
        let connections = Arc::clone(&self.cluster.here.connections);
        connections.waking.batched(|wakes| {
            for entry in commit {
                match entry {
                    Committed::Answer { done, result } => wakes.add(done(result)),
                    Committed::Change(change) => {
                        for (subject, payload) in hint::of(&change, max_payload) {
                            self.cluster.bus.publish(subject, payload);
                            self.cluster.here.metrics.hints_sent.inc();
                        }
                        self.happened(wakes, change);
                    }
                }
            }
        });
        self.ask_what_is_missing();
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Hint { payload, .. } => {
                self.cluster.here.metrics.hints_heard.inc();
                match Hint::decode(&payload) {
                    Some(Hint::Change(change)) if self.has_room() => {
                        let connections = Arc::clone(&self.cluster.here.connections);
                        connections.waking.batched(|wakes| self.happened(wakes, change));
                    }
                    Some(Hint::Change(change)) => {
                        change.topic_revs().for_each(|(topic, rev)| self.moved(topic, rev));
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
                self.look_at_topics(self.turns.len());
                self.look_who_joined();
                self.sessions = (self.cluster.here.connections.hub.sessions(), usize::MAX);
                self.look_at_sessions();
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
                self.cluster.here.limits.wrong_password_elsewhere(&account, address);
            }
            Brief::Typing { group, user, at } => {
                let (here, at) = (&self.cluster.here, Timestamp(at));
                here.connections.is_typing(&here.time, GroupId(group), UserId(user), at);
            }
            // Full: it is asked for again.
            Brief::Presence { node, what } => _ = self.words.try_send((NodeId(node), what)),
        }
    }

    fn happened(&mut self, wakes: &mut Wakes<'_>, change: Change) {
        if let Change::SessionsEnded { user, sessions, why } = &change {
            return gateway::end_sessions(&self.cluster.here.connections, wakes, *user, sessions, *why);
        }
        if let Some((group, rev, users)) = hint::joined(&change) {
            self.joined(group, rev, users);
        }
        for (topic, rev) in change.topic_revs() {
            self.tell(wakes, topic, |progress, tell| progress.heard(rev, change.clone(), tell));
        }
    }

    fn moved(&mut self, topic: Topic, rev: Rev) {
        self.progress(topic, |progress, _| progress.has_come_to(rev));
    }

    /// Users became members of a group at `rev`: from there on this node follows it, if one of them is here.
    fn joined(&mut self, group: GroupId, rev: Rev, users: &[UserId]) {
        let topic = Topic::Group(group);
        if !self.topics.contains_key(&topic) && self.cluster.here.connections.hub.is_any_online(users) {
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
        self.turns.push_back(topic);
    }

    /// Moves the progress of a topic on, if it is followed, with a way to tell the connections.
    fn tell(
        &mut self,
        wakes: &mut Wakes<'_>,
        topic: Topic,
        act: impl FnOnce(&mut Progress, &mut dyn FnMut(Change)),
    ) {
        self.progress(topic, |progress, teller| {
            act(progress, &mut |change| teller.tell_topic(wakes, &change, topic));
        });
    }

    /// Moves the progress of a topic on, if it is followed, and lists it if something is missing then.
    fn progress(&mut self, topic: Topic, act: impl FnOnce(&mut Progress, &mut Teller)) {
        let Some(followed) = self.topics.get_mut(&topic) else { return };
        let before = followed.progress.waiting();
        act(&mut followed.progress, &mut self.teller);
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
            self.cluster.here.metrics.gaps.inc();
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
            Answer::Joined(result) => {
                self.joined.1 = false;
                if let Ok((seen, joined)) = result {
                    self.joined.0 = Some(seen);
                    self.have_joined(joined);
                }
            }
            Answer::Sessions { asked, result: Ok(ended) } => {
                let connections = &self.cluster.here.connections;
                connections.waking.batched(|wakes| {
                    for (user, session) in asked {
                        if let Ok(index) = ended.binary_search_by_key(&session, |(session, _)| *session) {
                            gateway::end_sessions(connections, wakes, user, &[session], ended[index].1);
                        }
                    }
                });
            }
            // They are looked at again.
            Answer::Sessions { result: Err(_), .. } => {}
        }
        self.ask_what_is_missing();
    }

    fn have_joined(&mut self, joined: Joinings) {
        for (user, group, rev) in joined {
            // Where the group is followed, its own changes say who is in it.
            if !self.topics.contains_key(&Topic::Group(group)) {
                self.joined(group, rev, &[user]);
            }
        }
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
                let connections = Arc::clone(&self.cluster.here.connections);
                connections.waking.batched(|wakes| {
                    self.tell(wakes, topic, |progress, tell| {
                        progress.answered(topic, changes, complete, tell);
                    });
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
        let ticks = self.ticks();
        self.look_at_topics(self.turns.len().div_ceil(ticks as usize));
        if self.tick.is_multiple_of(ticks) || self.joined.0.is_none() {
            self.look_who_joined();
        }
        if self.tick.is_multiple_of(ticks.saturating_mul(SESSIONS_EVERY)) {
            let sessions = self.cluster.here.connections.hub.sessions();
            let share = sessions.len().div_ceil(ticks as usize);
            self.sessions = (sessions, share);
        }
        self.look_at_sessions();
        self.ask_what_is_missing();
        self.cluster.here.metrics.topics.set(i64::try_from(self.topics.len()).unwrap_or(i64::MAX));
    }

    /// How many of them `check-interval` has.
    fn ticks(&self) -> u32 {
        u32::try_from(self.cluster.here.config.check_interval.as_secs()).unwrap_or(u32::MAX).max(1)
    }

    /// Looks at those whose turn is next, and forgets those that nobody needs any more.
    fn look_at_topics(&mut self, count: usize) {
        let turns: Vec<Topic> = self.turns.drain(..count.min(self.turns.len())).collect();
        let (needed, others): (Vec<_>, Vec<_>) = turns.into_iter().partition(|topic| self.is_needed(*topic));
        for topic in others {
            self.cluster.bus.unsubscribe(topic);
            if let Some(followed) = self.topics.remove(&topic) {
                self.ahead -= followed.progress.waiting();
            }
        }
        for topics in needed.chunks(MAX_LOOK) {
            self.ask_where(topics.to_vec(), None);
        }
        self.turns.extend(needed);
    }

    fn is_needed(&self, topic: Topic) -> bool {
        let is_fresh = |followed: &Followed| self.tick.wrapping_sub(followed.since) < KEPT;
        self.topics.get(&topic).is_some_and(is_fresh)
            || match topic {
                Topic::Group(group) => self.cluster.here.connections.hub.group_size(group) > 0,
                Topic::User(user) => self.cluster.here.connections.hub.is_any_online(&[user]),
            }
    }

    /// Of groups that nobody here was in so far no look at topics tells.
    fn look_who_joined(&mut self) {
        let (since, asking) = &mut self.joined;
        if std::mem::replace(asking, true) {
            return;
        }
        let (store, since) = (Arc::clone(&self.cluster.store), *since);
        self.questions.push(Box::pin(async move { Answer::Joined(store.joined(since).await) }));
    }

    /// Looks at this tick's share of them.
    fn look_at_sessions(&mut self) {
        let now = self.cluster.here.clock.now();
        let (sessions, share) = &mut self.sessions;
        for asked in take(sessions, *share).chunks(MAX_LOOK) {
            let (store, asked) = (Arc::clone(&self.cluster.store), asked.to_vec());
            self.questions.push(Box::pin(async move {
                let result = store.ended_sessions(asked.clone(), now).await;
                Answer::Sessions { asked, result }
            }));
        }
    }
}

/// Takes the last `count` of a list, or as many as there are.
fn take<T>(list: &mut Vec<T>, count: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(count))
}
