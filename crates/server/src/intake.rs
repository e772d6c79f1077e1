//! What has come and is not whole yet: heads, bodies and frames that are begun, and how much of them is kept.
//!
//! Each of them is small by itself, and whoever has many connections can begin many. So all of it is counted: what
//! strangers have begun in one pool, and what users have in another, in which each user has a part. A stranger takes
//! no room from those who have logged in, and a user none from others. What is small is not counted and always let in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;
use rim_core::UserId;
use rim_protocol::limits::MAX_FRAME_BYTES;

/// What all strangers together may have begun: a thousand heads as large as they may be.
const STRANGERS_BYTES: usize = 64 * 1024 * 1024;
/// A user may have begun so many of the largest there are. People send one at a time, from a few devices.
const LARGEST_OF_USER: usize = 4;
/// All users together may have begun as much as so many who do their worst.
const WORST_USERS: usize = 64;
/// So much of one connection is not counted. It is little beside what a connection costs anyway, and it is all that
/// people send before they have logged in: where others have used up the room, their requests still get in.
const SMALL_BYTES: usize = 8 * 1024;

pub struct Intake {
    strangers: AtomicUsize,
    users: AtomicUsize,
    most_of_user: usize,
    /// Those alone who have begun something large. A plain mutex: it is held for one look-up.
    by_user: Mutex<HashMap<UserId, usize>>,
}

/// There is no room for more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The user has begun as much as one may.
    User,
    /// All have.
    All,
}

/// The room that somebody has taken; given back when it is dropped.
pub struct Held {
    intake: Arc<Intake>,
    /// `None` for a stranger.
    user: Option<UserId>,
    bytes: usize,
    /// Of them, what is counted.
    counted: usize,
}

impl Intake {
    pub fn new(max_body_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            strangers: AtomicUsize::new(0),
            users: AtomicUsize::new(0),
            most_of_user: LARGEST_OF_USER * max_body_bytes.max(2 * MAX_FRAME_BYTES),
            by_user: Mutex::default(),
        })
    }

    /// Room for what `user`, or a stranger, begins; none of it yet.
    pub fn hold(self: &Arc<Self>, user: Option<UserId>) -> Held {
        Held { intake: Arc::clone(self), user, bytes: 0, counted: 0 }
    }

    /// Takes more room among all.
    fn take(&self, user: Option<UserId>, more: usize) -> Result<(), Full> {
        let (pool, most) = match user {
            None => (&self.strangers, STRANGERS_BYTES),
            Some(_) => (&self.users, WORST_USERS * self.most_of_user),
        };
        // Whoever gives room back is let through even while others ask for too much.
        if pool.fetch_add(more, Relaxed) + more > most && more > 0 {
            pool.fetch_sub(more, Relaxed);
            return Err(Full::All);
        }
        Ok(())
    }

    /// What is counted of what a user holds goes from `before` to `now`.
    fn charge(&self, user: UserId, before: usize, now: usize) -> Result<(), Full> {
        let mut by_user = self.by_user.lock();
        let held = by_user.get(&user).copied().unwrap_or_default() - before + now;
        if now > before && held > self.most_of_user {
            return Err(Full::User);
        }
        if held == 0 {
            by_user.remove(&user)
        } else {
            by_user.insert(user, held)
        };
        Ok(())
    }
}

impl Held {
    /// It is so many bytes now.
    ///
    /// # Errors
    /// There is no room for them; what it was stays counted.
    pub fn set(&mut self, bytes: usize) -> Result<(), Full> {
        let counted = if bytes > SMALL_BYTES { bytes } else { 0 };
        if counted != self.counted {
            self.count(counted)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    fn count(&mut self, counted: usize) -> Result<(), Full> {
        let more = counted.saturating_sub(self.counted);
        self.intake.take(self.user, more)?;
        if let Some(user) = self.user
            && let Err(full) = self.intake.charge(user, self.counted, counted)
        {
            self.give_back(more);
            return Err(full);
        }
        self.give_back(self.counted.saturating_sub(counted));
        self.counted = counted;
        Ok(())
    }

    /// So many bytes more.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn add(&mut self, bytes: usize) -> Result<(), Full> {
        self.set(self.bytes + bytes)
    }

    /// Whose it is.
    pub const fn user(&self) -> Option<UserId> {
        self.user
    }

    fn give_back(&self, less: usize) {
        let pool = if self.user.is_none() { &self.intake.strangers } else { &self.intake.users };
        pool.fetch_sub(less, Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0).expect("nothing is less than there was");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Option<UserId> = Some(UserId(1));
    const BOB: Option<UserId> = Some(UserId(2));
    const MIB: usize = 1024 * 1024;

    fn intake() -> Arc<Intake> {
        Intake::new(MIB)
    }

    #[test]
    fn a_user_begins_so_much_and_takes_no_room_from_others() {
        let intake = intake();
        let mut begun: Vec<Held> = (0..5).map(|_| intake.hold(ANNA)).collect();
        for held in &mut begun[..4] {
            assert_eq!(held.set(MIB), Ok(()));
        }
        assert_eq!(begun[4].set(MIB), Err(Full::User));
        assert_eq!(begun[4].set(SMALL_BYTES), Ok(()), "what is small is always let in");
        assert_eq!(begun[0].set(MIB + 1), Err(Full::User), "however it grows");
        assert_eq!(intake.hold(BOB).set(MIB), Ok(()));
        assert_eq!(intake.hold(None).set(MIB), Ok(()));
        begun.pop();
        begun.pop();
        assert_eq!(intake.hold(ANNA).set(MIB), Ok(()), "there is room again");
    }

    #[test]
    fn all_together_begin_so_much_and_strangers_take_none_of_the_room_of_users() {
        let intake = intake();
        let mut strangers: Vec<Held> = (0..1025).map(|_| intake.hold(None)).collect();
        for held in &mut strangers[..1024] {
            assert_eq!(held.add(64 * 1024), Ok(()));
        }
        assert_eq!(strangers[1024].add(SMALL_BYTES), Ok(()), "people get in all the same");
        assert_eq!(strangers[1024].add(1), Err(Full::All));
        let mut users: Vec<Held> = (0..65).map(|user| intake.hold(Some(UserId(user)))).collect();
        for held in &mut users[..64] {
            assert_eq!(held.set(4 * MIB), Ok(()));
        }
        assert_eq!(users[64].set(SMALL_BYTES), Ok(()));
        assert_eq!(users[64].set(SMALL_BYTES + 1), Err(Full::All));
    }

    #[test]
    fn nothing_is_left_of_what_has_ended() {
        let intake = intake();
        for user in [None, ANNA] {
            let mut held = intake.hold(user);
            for bytes in [1, MIB, SMALL_BYTES, 3 * MIB, 0, 7, 2 * MIB] {
                assert_eq!(held.set(bytes), Ok(()));
            }
            assert_eq!(held.set(usize::MAX / 2), Err(Full::All));
        }
        let mut too_much = intake.hold(ANNA);
        assert_eq!(too_much.set(5 * MIB), Err(Full::User));
        drop(too_much);
        assert_eq!((intake.strangers.load(Relaxed), intake.users.load(Relaxed)), (0, 0));
        assert!(intake.by_user.lock().is_empty());
    }
}
