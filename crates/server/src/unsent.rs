//! Answers that were made and not yet read by those who asked: what they may hold of memory, by user and in all.
//!
//! An answer that is small ([`SMALL_BYTES`]) is nobody's business: each connection has one of them at a time. A larger
//! one is held for its user until it was written or its connection ended. Who has too much unread, or comes when there
//! is too much in all, is answered less at a time; so small answers never wait behind large ones, their own or others'.
//!
//! What is being made is bounded as well: rows of the store and the JSON made of them exist for few answers at once.
//! Nobody waits for a client there, so whoever waits to make an answer waits for the store; and those of one user, who
//! may have asked for hundreds, wait for each other and not in front of everybody else.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rim_core::UserId;
use rim_core::size::{ANSWER_BYTES, PART_BYTES};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// What unread answers hold in all.
const ALL_BYTES: usize = 64 * 1024 * 1024;
/// What those of one user hold: four large ones, or a slow download on each of some devices.
const USER_BYTES: usize = 8 * 1024 * 1024;
/// What those of one user hold of the second half of all: a large answer. So many accounts together have to leave theirs
/// unread before others get less.
const SCARCE_USER_BYTES: usize = ANSWER_BYTES;
/// An answer of so many bytes is not counted.
pub const SMALL_BYTES: usize = PART_BYTES;
/// Answers that are made at once; each takes some four times the bytes of a large answer.
const MADE_AT_ONCE: usize = 8;
/// Of one user. A second goes on while the first waits for the store.
const MADE_AT_ONCE_FOR_A_USER: usize = 2;

/// The book of them.
pub struct Unsent {
    all: Arc<Semaphore>,
    users: Arc<Users>,
    making: Semaphore,
    /// Those for whom something is made.
    makers: Arc<Users>,
}

/// What users have of something of which each has a share: those who hold or want some now. A plain mutex: it is held
/// for one look-up.
type Users = Mutex<HashMap<UserId, Arc<Semaphore>>>;

/// A user's share. It is forgotten with the last who holds or wants some of it.
struct Share {
    user: UserId,
    users: Arc<Users>,
    /// `None` only while it is dropped.
    whole: Option<Arc<Semaphore>>,
    taken: Option<OwnedSemaphorePermit>,
}

/// Room for an answer. Free again when it is dropped.
pub struct Held {
    all: OwnedSemaphorePermit,
    own: Share,
}

/// The turn to make an answer.
pub struct Turn<'a> {
    _all: SemaphorePermit<'a>,
    _own: Share,
}

impl Default for Unsent {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL_BYTES)),
            users: Arc::default(),
            making: Semaphore::new(MADE_AT_ONCE),
            makers: Arc::default(),
        }
    }
}

impl Unsent {
    /// Waits for the turn to make an answer, which lasts as long as what it returns.
    pub async fn make(&self, user: UserId) -> Turn<'_> {
        let mut own = Share::of(&self.makers, user, MADE_AT_ONCE_FOR_A_USER);
        own.take(1).await.expect("it is never closed");
        Turn { _all: self.making.acquire().await.expect("it is never closed"), _own: own }
    }

    /// Whether there is room for so much now: if not, nobody need make it.
    pub fn has_room(&self, user: UserId, bytes: usize) -> bool {
        let own = self.users.lock().get(&user).map_or(USER_BYTES, |own| own.available_permits());
        own >= self.needed(bytes) && self.all.available_permits() >= bytes
    }

    /// The bytes of an answer, to be counted until the last of them is written; `None` if there is no room for them.
    pub fn keep(&self, user: UserId, body: Vec<u8>) -> Option<Bytes> {
        if body.len() <= SMALL_BYTES {
            return Some(Bytes::from(body));
        }
        let bytes = u32::try_from(body.len()).ok()?;
        let mut own = self.share(user);
        own.try_take(self.needed(body.len()) as u32)?;
        own.give_back_all_but(body.len());
        let all = Arc::clone(&self.all).try_acquire_many_owned(bytes).ok()?;
        Some(Bytes::from_owner(Kept { body, _held: Held { all, own } }))
    }

    /// Waits until there is room for a further piece of an answer, of at most so many bytes.
    pub async fn room(&self, user: UserId, bytes: u32) -> Held {
        // First the own share: who waits for that keeps nothing from others.
        let mut own = self.share(user);
        own.take(self.needed(bytes as usize) as u32).await.expect("it is never closed");
        own.give_back_all_but(bytes as usize);
        let all = Arc::clone(&self.all).acquire_many_owned(bytes).await.expect("it is never closed");
        Held { all, own }
    }

    /// What has to be free of a user's share, that they may hold so much more.
    fn needed(&self, bytes: usize) -> usize {
        let is_scarce = self.all.available_permits() < ALL_BYTES / 2;
        if is_scarce { bytes.max(USER_BYTES - SCARCE_USER_BYTES.saturating_sub(bytes)) } else { bytes }
    }

    fn share(&self, user: UserId) -> Share {
        Share::of(&self.users, user, USER_BYTES)
    }
}

impl Share {
    fn of(users: &Arc<Users>, user: UserId, size: usize) -> Self {
        let whole = Arc::clone(users.lock().entry(user).or_insert_with(|| Arc::new(Semaphore::new(size))));
        Self { user, users: Arc::clone(users), whole: Some(whole), taken: None }
    }

    fn whole(&self) -> Arc<Semaphore> {
        Arc::clone(self.whole.as_ref().expect("it is there until it is dropped"))
    }

    async fn take(&mut self, count: u32) -> Result<(), AcquireError> {
        self.taken = Some(self.whole().acquire_many_owned(count).await?);
        Ok(())
    }

    fn give_back_all_but(&mut self, count: usize) {
        if let Some(taken) = &mut self.taken {
            give_back_all_but(count, taken);
        }
    }

    /// `None` if there is not so much.
    fn try_take(&mut self, count: u32) -> Option<()> {
        self.taken = Some(self.whole().try_acquire_many_owned(count).ok()?);
        Some(())
    }
}

fn give_back_all_but(count: usize, permit: &mut OwnedSemaphorePermit) {
    drop(permit.split(permit.num_permits().saturating_sub(count)));
}

impl Held {
    /// The bytes of a piece, for which there was room.
    pub fn keep(mut self, body: Vec<u8>) -> Bytes {
        let bytes = body.len();
        give_back_all_but(bytes, &mut self.all);
        self.own.give_back_all_but(bytes);
        Bytes::from_owner(Kept { body, _held: self })
    }
}

impl Drop for Share {
    /// Under the lock, so that of several the last one finds that it is the last.
    fn drop(&mut self) {
        let mut users = self.users.lock();
        drop((self.taken.take(), self.whole.take()));
        if users.get(&self.user).is_some_and(|whole| Arc::strong_count(whole) == 1) {
            users.remove(&self.user);
        }
    }
}

/// An answer and the room that it takes up.
struct Kept {
    body: Vec<u8>,
    _held: Held,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    const ANNA: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const LARGE: usize = 2_000_000;

    #[test]
    fn a_user_has_a_share_and_all_have_one_together() {
        let unsent = Unsent::default();
        let keep = |user, bytes| unsent.keep(user, vec![0; bytes]);
        let annas: Vec<_> = (0..5).filter_map(|_| keep(ANNA, LARGE)).collect();
        assert_eq!(annas.len(), 4);
        assert!(keep(ANNA, SMALL_BYTES).is_some() && keep(BOB, LARGE).is_some());

        let everybodys: Vec<_> = (10..100).filter_map(|user| keep(UserId(user), LARGE)).collect();
        assert_eq!(annas.len() + everybodys.len(), ALL_BYTES / LARGE);
        assert!(keep(BOB, LARGE).is_none() && keep(BOB, SMALL_BYTES).is_some());
        drop(annas);
        assert!(keep(BOB, LARGE).is_some() && keep(ANNA, LARGE).is_some());
    }

    #[tokio::test]
    async fn above_the_half_of_all_a_user_holds_one_large_answer() {
        let unsent = Unsent::default();
        let keep = |user, bytes| unsent.keep(UserId(user), vec![0; bytes]);
        let mut held = Vec::new();
        // Accounts that take whatever they get, one after the other.
        for user in 10..18 {
            held.extend((0..5).map_while(|_| keep(user, LARGE)));
        }
        assert!(held.len() < 4 * 8, "eight accounts hold {} answers", held.len());
        assert!(unsent.has_room(ANNA, LARGE));
        let annas = keep(ANNA.0, LARGE).expect("others have room left");
        assert!(keep(ANNA.0, LARGE).is_none() && !unsent.has_room(ANNA, LARGE));
        assert!(unsent.has_room(BOB, LARGE));
        let mut piece = std::pin::pin!(unsent.room(ANNA, 1000));
        assert!(futures_util::poll!(piece.as_mut()).is_pending());
        drop(annas);
        let piece = match futures_util::poll!(piece) {
            Poll::Ready(piece) => piece,
            Poll::Pending => panic!("there is room for it"),
        };
        assert!(keep(ANNA.0, LARGE - 1000).is_some(), "it takes no more than it is");
        drop((piece, held));
        assert!(unsent.has_room(ANNA, USER_BYTES) && unsent.users.lock().is_empty());
    }

    #[test]
    fn room_is_taken_until_the_last_byte_is_gone_and_then_nothing_is_kept() {
        let unsent = Unsent::default();
        let mut body = unsent.keep(ANNA, vec![0; LARGE]).expect("there is room");
        let rest = body.split_off(LARGE - 1);
        drop(body);
        assert_eq!(unsent.all.available_permits(), ALL_BYTES - LARGE);
        drop(rest);
        assert_eq!(unsent.all.available_permits(), ALL_BYTES);
        assert!(unsent.keep(ANNA, vec![0; USER_BYTES + 1]).is_none());
        assert!(unsent.users.lock().is_empty());
    }

    #[tokio::test]
    async fn who_asks_for_much_at_once_waits_by_themselves() {
        let unsent = Unsent::default();
        let mut annas: Vec<_> = (0..100).map(|_| Box::pin(unsent.make(ANNA))).collect();
        let mut turns = Vec::new();
        for asked in &mut annas {
            if let Poll::Ready(turn) = futures_util::poll!(asked) {
                turns.push(turn);
            }
        }
        assert_eq!(turns.len(), MADE_AT_ONCE_FOR_A_USER);
        assert!(futures_util::poll!(std::pin::pin!(unsent.make(BOB))).is_ready());

        turns.pop();
        let waiting = &mut annas[MADE_AT_ONCE_FOR_A_USER..];
        let next = futures_util::poll!(&mut waiting[0]);
        assert!(next.is_ready() && futures_util::poll!(&mut waiting[1]).is_pending());
        drop((next, turns, annas));
        assert!(unsent.makers.lock().is_empty(), "nothing is kept of who waited and went away");
        assert_eq!(unsent.making.available_permits(), MADE_AT_ONCE);
    }

    #[tokio::test]
    async fn a_piece_waits_for_the_pieces_before_it() {
        let unsent = Unsent::default();
        let first = unsent.room(ANNA, USER_BYTES as u32).await;
        let mut second = std::pin::pin!(unsent.room(ANNA, 100));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert!(futures_util::poll!(std::pin::pin!(unsent.room(BOB, 100))).is_ready());
        let piece = first.keep(vec![0; 10]);
        assert!(futures_util::poll!(second).is_ready(), "what was not needed is given back");
        drop(piece);
        assert_eq!(unsent.all.available_permits(), ALL_BYTES);
        assert!(unsent.users.lock().is_empty());
    }
}
