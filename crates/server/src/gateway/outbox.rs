//! What waits to be written to one connection.
//!
//! An outbox is the only way to a connection: frames, answers and the wish to close it all pass through.
//! It is bounded in bytes. When it is full its content is dropped and the connection is told with 4008 to
//! come back and sync: a slow reader costs neither memory nor anybody's time, and loses nothing.
//!
//! Whatever leaves something in an outbox returns its [`Sleeper`]: the caller says whether the connection is woken now or,
//! by [`super::waking`], with others.
//!
//! All of them together are bounded, too. Counted is what those hold who have fallen behind: an outbox that is about as
//! full as a burst makes it is nobody's business. A frame that many wait for counts once, a part of it with each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use rim_core::ConnectionId;
use rim_core::user::User;
use rim_protocol::CloseCode;
use rim_store::Sleeper;

/// Bytes that may wait for one connection. Frames are shared, so this is more than they cost.
const MAX_BYTES: usize = 1024 * 1024;

/// Outboxes up to this size are not counted.
const FREE_BYTES: usize = 64 * 1024;

/// What all outboxes hold together that are larger. Above it whoever has fallen behind is sent away to come back.
const MAX_ALL_BYTES: usize = 256 * 1024 * 1024;

/// What they hold now. Of the process, as its memory is: of several servers in one, as in tests, they share it.
static HELD_BY_ALL: AtomicUsize = AtomicUsize::new(0);

/// What an outbox, or who writes what was in it, has of [`HELD_BY_ALL`].
#[derive(Default)]
pub(super) struct Held(usize);

impl Held {
    /// Whether all of them hold too much with it.
    fn is_too_much_with(&mut self, bytes: usize, most: usize) -> bool {
        let more = bytes.saturating_sub(self.0);
        self.0 += more;
        HELD_BY_ALL.fetch_add(more, Ordering::Relaxed) + more > most
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0 > 0 {
            HELD_BY_ALL.fetch_sub(self.0, Ordering::Relaxed);
        }
    }
}

/// An answer's turn among those of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u32);

/// Why and with which words a connection is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) code: CloseCode,
    /// Where it says more than [`CloseCode::reason`].
    pub(super) reason: Option<String>,
}

impl Closing {
    pub(super) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or(self.code.reason())
    }
}

/// What an outbox holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Answers not yet given.
    pub(super) unanswered: usize,
    /// Whether there is something for the connection to do: to write, or to end.
    pub(super) work: bool,
}

/// The queue of one connection, shared by its task and everybody who has something for it.
pub(super) struct Outbox {
    id: ConnectionId,
    /// Whether the client wants to hear of what it did itself.
    echo: AtomicBool,
    /// The second of the server's life in which the client was last heard.
    heard_at: AtomicU32,
    /// Where in the wheel it is; moved under the hub's lock.
    slot: AtomicU8,
    /// Wakes the connection. One consumer, any number of wakers: less than a `Notify` needs.
    waker: AtomicWaker,
    /// Whether somebody has its [`Sleeper`], and is going to wake it: one is enough.
    is_to_be_woken: AtomicBool,
    /// Held for a push or a swap, never across an await; parking_lot's is one byte and does not poison.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The same, of frames that others hold as well a part.
    share: usize,
    /// What of that is counted.
    held: Held,
    /// Answers in the order of their questions: those given wait for those not yet given before them.
    answers: VecDeque<Option<Bytes>>,
    /// The ticket of the first of `answers`.
    first_ticket: u32,
    closing: Option<Closing>,
    /// The connection is over: nothing is taken any more.
    over: bool,
    /// The profile that was told last.
    told: Option<Arc<User>>,
}

impl Outbox {
    pub(super) fn new(id: ConnectionId, now: u32) -> Self {
        Self {
            id,
            echo: AtomicBool::new(false),
            heard_at: AtomicU32::new(now),
            slot: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            is_to_be_woken: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(super) fn set_echo(&self, echo: bool) {
        self.echo.store(echo, Ordering::Relaxed);
    }

    /// Whether a change that came from `connection` is for this one.
    pub(super) fn wants(&self, connection: ConnectionId) -> bool {
        self.id != connection || self.echo.load(Ordering::Relaxed)
    }

    pub(super) fn heard(&self, now: u32) {
        self.heard_at.store(now, Ordering::Relaxed);
    }

    pub(super) fn heard_at(&self) -> u32 {
        self.heard_at.load(Ordering::Relaxed)
    }

    pub(super) fn slot(&self) -> u8 {
        self.slot.load(Ordering::Relaxed)
    }

    pub(super) fn set_slot(&self, slot: u8) {
        self.slot.store(slot, Ordering::Relaxed);
    }

    /// Queues a frame behind everything queued before.
    pub(super) fn push(self: &Arc<Self>, frame: Bytes) -> Sleeper {
        let share = frame.len();
        self.change(|state| state.push(frame, share))
    }

    /// The same with a frame that others get as well: of its bytes so many are this one's.
    pub(super) fn push_shared(self: &Arc<Self>, frame: Bytes, share: usize) -> Sleeper {
        self.change(|state| state.push(frame, share))
    }

    /// Queues `full`, which tells a profile; or `brief`, if that was told right before: a user may be in a thousand
    /// groups with this one, and changes in all of them.
    pub(super) fn push_profile(self: &Arc<Self>, user: &Arc<User>, full: &Bytes, brief: &Bytes) -> Sleeper {
        self.change(|state| {
            let known = state.told.as_ref().is_some_and(|told| told.looks_like(user));
            state.told = Some(Arc::clone(user));
            let frame = if known { brief } else { full };
            state.push(frame.clone(), frame.len());
        })
    }

    /// Takes the next turn among the answers.
    pub(super) fn reserve(&self) -> Ticket {
        let mut state = self.state.lock();
        let ticket = state.first_ticket.wrapping_add(state.answers.len() as u32);
        state.answers.push_back(None);
        Ticket(ticket)
    }

    /// Gives the answer of a turn. It is queued as soon as all answers before it are.
    pub(super) fn answer(self: &Arc<Self>, ticket: Ticket, frame: Bytes) -> Sleeper {
        self.change(|state| {
            let index = ticket.0.wrapping_sub(state.first_ticket) as usize;
            if let Some(slot) = state.answers.get_mut(index) {
                *slot = Some(frame);
            }
            while let Some(Some(_)) = state.answers.front() {
                let frame = state.answers.pop_front().flatten().expect("looked at right before");
                state.first_ticket = state.first_ticket.wrapping_add(1);
                let share = frame.len();
                state.push(frame, share);
            }
            if state.answers.is_empty() {
                state.answers = VecDeque::new();
            }
        })
    }

    /// How much is queued. Nothing of it is taken before the connection has done what it is doing.
    pub(super) fn queued(&self) -> usize {
        self.state.lock().frames.len()
    }

    /// Gives the answer of the only turn that is not answered, before everything that was queued since [`Self::queued`]:
    /// among that may be what others are told of it.
    pub(super) fn answer_before(self: &Arc<Self>, ticket: Ticket, frame: Bytes, queued: usize) -> Sleeper {
        let sleeper = self.answer(ticket, frame);
        let frames = &mut self.state.lock().frames;
        if queued < frames.len()
            && let Some(answer) = frames.pop_back()
        {
            frames.insert(queued, answer);
        }
        sleeper
    }

    /// Asks the connection to end. The first wish counts.
    pub(super) fn close(self: &Arc<Self>, code: CloseCode, reason: Option<String>) -> Sleeper {
        self.change(|state| {
            state.closing.get_or_insert(Closing { code, reason });
        })
    }

    /// The wish to end, if there is one.
    pub(super) fn closing(&self) -> Option<Closing> {
        self.state.lock().closing.clone()
    }

    /// What it holds.
    pub(super) fn load(&self) -> Load {
        let state = self.state.lock();
        Load { unanswered: state.answers.len(), work: !state.frames.is_empty() || state.closing.is_some() }
    }

    /// Takes everything queued, and the wish to end that came behind it. The last is to be kept for as long as the first.
    pub(super) fn take(&self) -> (VecDeque<Bytes>, Option<Closing>, Held) {
        let mut state = self.state.lock();
        (state.bytes, state.share) = (0, 0);
        (std::mem::take(&mut state.frames), state.closing.clone(), std::mem::take(&mut state.held))
    }

    /// From now on everything is dropped.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        *state = State { over: true, ..State::default() };
    }

    /// Has the connection's task woken when there is work.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn change(self: &Arc<Self>, act: impl FnOnce(&mut State)) -> Sleeper {
        let mut state = self.state.lock();
        if state.over {
            return Sleeper::nobody();
        }
        act(&mut state);
        drop(state);
        // Whoever is going to wake it takes this back first: the connection then sees what was left until here.
        if self.is_to_be_woken.swap(true, Ordering::AcqRel) {
            Sleeper::nobody()
        } else {
            Waker::from(Arc::clone(self)).into()
        }
    }
}

/// Wakes the connection.
impl Wake for Outbox {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_to_be_woken.store(false, Ordering::Release);
        self.waker.wake();
    }
}

impl State {
    fn push(&mut self, frame: Bytes, share: usize) {
        if self.closing.as_ref().is_some_and(|closing| closing.code == CloseCode::TooSlow) {
            return;
        }
        self.bytes += frame.len() + size_of::<Bytes>();
        self.share += share + size_of::<Bytes>();
        self.frames.push_back(frame);
        if self.bytes > FREE_BYTES {
            self.has_fallen_behind(MAX_ALL_BYTES);
        }
    }

    /// Counts what it holds, and lets go of it if that is too much by itself or with what all others hold.
    #[cold]
    fn has_fallen_behind(&mut self, most_of_all: usize) {
        if self.held.is_too_much_with(self.share, most_of_all) || self.bytes > MAX_BYTES {
            self.frames = VecDeque::new();
            self.held = Held::default();
            (self.bytes, self.share) = (0, 0);
            self.closing.get_or_insert(Closing { code: CloseCode::TooSlow, reason: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(ConnectionId(1), 0))
    }

    fn frame(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn answers_come_in_the_order_of_their_questions() {
        let outbox = outbox();
        let (first, second) = (outbox.reserve(), outbox.reserve());
        outbox.answer(second, frame("second")).wake();
        assert!(!outbox.load().work);
        outbox.push(frame("pushed")).wake();
        outbox.answer(first, frame("first")).wake();
        assert_eq!(outbox.take().0, ["pushed", "first", "second"].map(frame));
        assert_eq!(outbox.load().unanswered, 0);
    }

    #[test]
    fn an_answer_comes_before_what_was_told_of_it() {
        let outbox = outbox();
        outbox.push(frame("earlier")).wake();
        let (ticket, queued) = (outbox.reserve(), outbox.queued());
        outbox.push(frame("noted")).wake();
        outbox.push(frame("later")).wake();
        outbox.answer_before(ticket, frame("answer"), queued).wake();
        assert_eq!(outbox.take().0, ["earlier", "answer", "noted", "later"].map(frame));
        let (ticket, queued) = (outbox.reserve(), outbox.queued());
        outbox.answer_before(ticket, frame("alone"), queued).wake();
        assert_eq!(outbox.take().0, ["alone"].map(frame));
    }

    #[test]
    fn a_full_outbox_is_emptied_and_closed_as_too_slow() {
        let outbox = outbox();
        let large = Bytes::from(vec![0; 64 * 1024]);
        for _ in 0..20 {
            outbox.push(large.clone()).wake();
        }
        assert_eq!(outbox.closing().expect("closing").code, CloseCode::TooSlow);
        assert!(outbox.take().0.is_empty());
        assert_eq!(outbox.state.lock().bytes, 0);
    }

    #[test]
    fn what_is_behind_is_counted_until_it_is_written_and_what_many_wait_for_once() {
        let by_all = || HELD_BY_ALL.load(Ordering::Relaxed);
        let large = Bytes::from(vec![0; 100 * 1024]);
        let mut state = State::default();
        state.push(large.clone(), large.len() / 50);
        assert!(state.held.0 < 4 * 1024, "{} of a frame that fifty wait for", state.held.0);
        state.push(large.clone(), large.len());
        assert!(state.held.0 > 100 * 1024);
        let counted = state.held.0;
        assert!(by_all() >= counted);

        // All together hold too much: it is one of those that have fallen behind.
        state.has_fallen_behind(0);
        assert_eq!((state.held.0, state.frames.len()), (0, 0));
        assert_eq!(state.closing.expect("closing").code, CloseCode::TooSlow);

        let outbox = outbox();
        outbox.push(frame("a little")).wake();
        assert_eq!(outbox.take().2.0, 0, "who keeps up is not counted");
        outbox.push(large).wake();
        let (_, _, held) = outbox.take();
        assert!(held.0 > 100 * 1024, "until it is written");
    }

    #[test]
    fn a_profile_that_was_told_right_before_is_not_told_again() {
        let user = |id, name: &str, email: &str| {
            let (account, avatar) = ("a".into(), String::new());
            let id = rim_core::UserId(id);
            Arc::new(User { id, account, name: name.into(), avatar, email: email.into() })
        };
        let outbox = outbox();
        for (id, name, email) in [(1, "A", "a@b"), (1, "A", ""), (1, "B", ""), (2, "B", ""), (1, "B", "")] {
            outbox.push_profile(&user(id, name, email), &frame("full"), &frame("brief")).wake();
        }
        assert_eq!(outbox.take().0, ["full", "brief", "full", "full", "full"].map(frame));
    }

    #[test]
    fn nothing_is_kept_for_a_session_that_is_over() {
        let outbox = outbox();
        outbox.end();
        outbox.push(frame("late")).wake();
        assert!(!outbox.load().work);
    }
}
