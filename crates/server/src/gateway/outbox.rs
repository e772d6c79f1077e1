//! What waits to be written to one connection.
//!
//! An outbox is the only way to a connection: frames, answers and the wish to close it all pass through.
//! It is bounded in bytes. When it is full its content is dropped and the connection is told with 4008 to
//! come back and sync: a slow reader costs neither memory nor anybody's time, and loses nothing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::task::Waker;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use rim_core::Origin;
use rim_core::user::User;
use rim_protocol::CloseCode;

/// Bytes that may wait for one connection. Frames are shared, so this is more than they cost.
const MAX_BYTES: usize = 1024 * 1024;

/// The place of an answer among the answers of its connection.
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
    /// Whether there is something for the session to do: to write, or to end.
    pub(super) work: bool,
}

/// The queue of one connection, shared by its session and everybody who has something for it.
pub(super) struct Outbox {
    id: Origin,
    /// Whether the client wants to hear of what it did itself.
    echo: AtomicBool,
    /// The second of the server's life in which the client was last heard.
    heard_at: AtomicU32,
    /// Where in the wheel it is; moved under the hub's lock.
    slot: AtomicU8,
    /// Wakes the session. One consumer, any number of wakers: less than a `Notify` needs.
    waker: AtomicWaker,
    /// Held for a push or a swap, never across an await; parking_lot's is one byte and does not poison.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Answers in the order of their questions: those given wait for those not yet given before them.
    answers: VecDeque<Option<Bytes>>,
    /// The ticket of the first of `answers`.
    first_ticket: u32,
    closing: Option<Closing>,
    /// The session is over: nothing is taken any more.
    over: bool,
    /// The profile that was told last.
    told: Option<Arc<User>>,
    /// Whether it was listed as touched, and is to be woken by whoever has the list.
    woken_later: bool,
}

impl Outbox {
    pub(super) fn new(id: Origin, now: u32) -> Self {
        Self {
            id,
            echo: AtomicBool::new(false),
            heard_at: AtomicU32::new(now),
            slot: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            state: Mutex::default(),
        }
    }

    pub(super) const fn id(&self) -> Origin {
        self.id
    }

    pub(super) fn set_echo(&self, echo: bool) {
        self.echo.store(echo, Ordering::Relaxed);
    }

    /// Whether a change that came from `origin` is for this connection.
    pub(super) fn wants(&self, origin: Origin) -> bool {
        self.id != origin || self.echo.load(Ordering::Relaxed)
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
    pub(super) fn push(self: &Arc<Self>, frame: Bytes) {
        self.change(|state| state.push(frame));
    }

    /// Queues `full`, which tells a profile; or `brief`, if that was told right before: a user may be in a thousand
    /// groups with this one, and changes in all of them.
    pub(super) fn push_profile(self: &Arc<Self>, user: &Arc<User>, full: &Bytes, brief: &Bytes) {
        self.change(|state| {
            let known = state.told.as_ref().is_some_and(|told| told.looks_like(user));
            state.told = Some(Arc::clone(user));
            state.push(if known { brief } else { full }.clone());
        });
    }

    /// Takes the next place among the answers.
    pub(super) fn reserve(&self) -> Ticket {
        let mut state = self.state.lock();
        let ticket = state.first_ticket.wrapping_add(state.answers.len() as u32);
        state.answers.push_back(None);
        Ticket(ticket)
    }

    /// Gives the answer of a place. It is queued as soon as all answers before it are.
    pub(super) fn answer(self: &Arc<Self>, ticket: Ticket, frame: Bytes) {
        self.change(|state| {
            let index = ticket.0.wrapping_sub(state.first_ticket) as usize;
            if let Some(place) = state.answers.get_mut(index) {
                *place = Some(frame);
            }
            while let Some(Some(_)) = state.answers.front() {
                let frame = state.answers.pop_front().flatten().expect("looked at right before");
                state.first_ticket = state.first_ticket.wrapping_add(1);
                state.push(frame);
            }
            if state.answers.is_empty() {
                state.answers = VecDeque::new();
            }
        });
    }

    /// Asks the session to end. The first wish counts.
    pub(super) fn close(self: &Arc<Self>, code: CloseCode, reason: Option<String>) {
        self.change(|state| {
            state.closing.get_or_insert(Closing { code, reason });
        });
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

    /// Takes everything queued, and the wish to end that came behind it.
    pub(super) fn take(&self) -> (VecDeque<Bytes>, Option<Closing>) {
        let mut state = self.state.lock();
        state.bytes = 0;
        (std::mem::take(&mut state.frames), state.closing.clone())
    }

    /// From now on everything is dropped.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        *state = State { over: true, ..State::default() };
    }

    /// Has the session's task woken when there is work.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Wakes the session of an outbox that was listed.
    pub(super) fn wake(&self) {
        self.state.lock().woken_later = false;
        self.waker.wake();
    }

    fn change(self: &Arc<Self>, act: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        if state.over {
            return;
        }
        act(&mut state);
        let later = state.woken_later || list(self);
        state.woken_later = later;
        drop(state);
        if !later {
            self.waker.wake();
        }
    }
}

impl State {
    fn push(&mut self, frame: Bytes) {
        if self.closing.as_ref().is_some_and(|closing| closing.code == CloseCode::TooSlow) {
            return;
        }
        self.bytes += frame.len() + size_of::<Bytes>();
        if self.bytes > MAX_BYTES {
            self.frames = VecDeque::new();
            self.bytes = 0;
            self.closing.get_or_insert(Closing { code: CloseCode::TooSlow, reason: None });
            return;
        }
        self.frames.push_back(frame);
    }
}

thread_local! {
    /// Outboxes whose sessions are to be woken later; `None` where each is woken at once.
    static TOUCHED: RefCell<Option<Vec<Arc<Outbox>>>> = const { RefCell::new(None) };
}

/// From now on outboxes that this thread changes are listed, each once, and not woken.
pub(super) fn list_touched() {
    let before = TOUCHED.replace(Some(Vec::new()));
    debug_assert!(before.is_none(), "those listed before would never be woken");
}

/// Those that were listed, each of which has to be woken. From now on none is listed.
pub(super) fn touched() -> Vec<Arc<Outbox>> {
    TOUCHED.take().unwrap_or_default()
}

/// Lists an outbox, if that is what is done.
fn list(outbox: &Arc<Outbox>) -> bool {
    TOUCHED
        .with_borrow_mut(|touched| touched.as_mut().map(|touched| touched.push(Arc::clone(outbox))).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(Origin(1), 0))
    }

    fn frame(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn answers_come_in_the_order_of_their_questions() {
        let outbox = outbox();
        let (first, second) = (outbox.reserve(), outbox.reserve());
        outbox.answer(second, frame("second"));
        assert!(!outbox.load().work);
        outbox.push(frame("pushed"));
        outbox.answer(first, frame("first"));
        assert_eq!(outbox.take().0, ["pushed", "first", "second"].map(frame));
        assert_eq!(outbox.load().unanswered, 0);
    }

    #[test]
    fn a_full_outbox_is_emptied_and_closed_as_too_slow() {
        let outbox = outbox();
        let large = Bytes::from(vec![0; 64 * 1024]);
        for _ in 0..20 {
            outbox.push(large.clone());
        }
        assert_eq!(outbox.closing().expect("closing").code, CloseCode::TooSlow);
        assert!(outbox.take().0.is_empty());
        assert_eq!(outbox.state.lock().bytes, 0);
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
            outbox.push_profile(&user(id, name, email), &frame("full"), &frame("brief"));
        }
        assert_eq!(outbox.take().0, ["full", "brief", "full", "full", "full"].map(frame));
    }

    #[test]
    fn nothing_is_kept_for_a_session_that_is_over() {
        let outbox = outbox();
        outbox.end();
        outbox.push(frame("late"));
        assert!(!outbox.load().work);
    }
}
