//! Whose addresses are looked at: of one sender a few at a time, and next of whoever has the fewest. So nobody waits for all
//! the slow pages that somebody else has sent.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use rim_core::UserId;
use tokio::sync::oneshot;

/// So many at a time.
#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<State>>);

struct State {
    free: usize,
    /// That one sender may have.
    of_one: usize,
    taken: HashMap<UserId, usize>,
    /// In the order in which they came. As many as messages that a consumer is given (`links/mod.rs`).
    waiting: VecDeque<(UserId, oneshot::Sender<Turn>)>,
}

/// It is over when this is dropped.
pub(super) struct Turn {
    user: UserId,
    /// None where nobody wanted it any more.
    turns: Option<Turns>,
}

impl Turns {
    pub(super) fn new(at_a_time: usize, of_one: usize) -> Self {
        let (taken, waiting) = (HashMap::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(State { free: at_a_time, of_one, taken, waiting })))
    }

    /// Waits for a turn for what this user has sent.
    pub(super) async fn take(&self, user: UserId) -> Turn {
        let (sender, turn) = oneshot::channel();
        self.0.lock().waiting.push_back((user, sender));
        self.give();
        turn.await.expect("whoever waits is there until they have it")
    }

    /// Gives what is free to those who wait.
    fn give(&self) {
        let mut state = self.0.lock();
        while state.free > 0
            && let Some(next) = state.next()
            && let Some((user, sender)) = state.waiting.remove(next)
        {
            // Whoever has gone away in between gives it back, when this lock is open again.
            match sender.send(Turn { user, turns: Some(self.clone()) }) {
                Ok(()) => {
                    state.free -= 1;
                    *state.taken.entry(user).or_default() += 1;
                }
                Err(mut unwanted) => unwanted.turns = None,
            }
        }
    }
}

impl State {
    /// Of those who wait the first of whoever has the fewest.
    fn next(&self) -> Option<usize> {
        let taken = |user: &UserId| self.taken.get(user).copied().unwrap_or(0);
        let waiting = self.waiting.iter().enumerate().map(|(at, (user, _))| (taken(user), at));
        waiting.filter(|(taken, _)| *taken < self.of_one).min().map(|(_, at)| at)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        {
            let mut state = turns.0.lock();
            state.free += 1;
            if let Some(taken) = state.taken.get_mut(&self.user) {
                *taken -= 1;
                if *taken == 0 {
                    state.taken.remove(&self.user);
                }
            }
        }
        turns.give();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures_util::FutureExt;

    use super::*;

    const SLOW: UserId = UserId(1);
    const OTHER: UserId = UserId(2);
    const THIRD: UserId = UserId(3);

    type Waits<'t> = Pin<Box<dyn Future<Output = Turn> + 't>>;

    /// Has somebody wait: their turn, if they have it at once.
    fn wait(turns: &Turns, user: UserId) -> Result<Turn, Waits<'_>> {
        let mut waits: Waits<'_> = Box::pin(turns.take(user));
        (&mut waits).now_or_never().ok_or(waits)
    }

    fn waiting<'t>(turns: &'t Turns, user: UserId) -> Waits<'t> {
        wait(turns, user).err().expect("there is none for them")
    }

    fn turn(turns: &Turns, user: UserId) -> Turn {
        wait(turns, user).ok().expect("there is one for them")
    }

    #[test]
    fn however_much_somebody_sends_there_is_room_for_others() {
        let turns = Turns::new(4, 2);
        let _slow = [turn(&turns, SLOW), turn(&turns, SLOW)];
        let mut more: Vec<_> = (0..100).map(|_| waiting(&turns, SLOW)).collect();
        let others = [turn(&turns, OTHER), turn(&turns, OTHER)];
        let (mut second, mut third) = (waiting(&turns, OTHER), waiting(&turns, THIRD));
        drop(others);
        assert!((&mut third).now_or_never().is_some() && (&mut second).now_or_never().is_some());
        assert!(more.iter_mut().all(|more| more.now_or_never().is_none()), "they have two already");
    }

    #[test]
    fn whoever_has_the_fewest_is_next_and_each_in_their_order() {
        let turns = Turns::new(2, 2);
        let (first, second) = (turn(&turns, SLOW), turn(&turns, SLOW));
        let (mut mine, mut mine_too) = (waiting(&turns, SLOW), waiting(&turns, SLOW));
        let mut late = waiting(&turns, OTHER);
        drop(first);
        let late = (&mut late).now_or_never().expect("they have none");
        assert!((&mut mine).now_or_never().is_none());
        drop(late);
        assert!((&mut mine_too).now_or_never().is_none(), "behind the other");
        let third = (&mut mine).now_or_never().expect("nobody else waits");
        drop((second, third));
        assert!((&mut mine_too).now_or_never().is_some());
    }

    #[test]
    fn a_turn_that_nobody_wants_any_more_goes_to_the_next() {
        let turns = Turns::new(1, 1);
        let first = turn(&turns, SLOW);
        let (gone, given, mut last) =
            (waiting(&turns, OTHER), waiting(&turns, OTHER), waiting(&turns, THIRD));
        drop(gone);
        drop(first);
        // It was given to them, and they have not seen it.
        drop(given);
        let last = (&mut last).now_or_never().expect("it is theirs");
        drop(last);
        let state = turns.0.lock();
        assert_eq!((state.free, state.taken.len()), (1, 0));
    }
}
