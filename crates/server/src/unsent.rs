//! Answers that were made and not yet read by those who asked: what they may hold of memory, by user and in all.
//!
//! An answer that is small ([`SMALL_BYTES`]) is nobody's business: each connection has one of them at a time. A larger
//! one is held for its user until it was written or its connection ended. Who has too much unread, or comes when there
//! is too much in all, is answered less at a time; so small answers never wait behind large ones, their own or others'.
//!
//! What is being made is bounded as well: rows of the store and the JSON made of them exist for few answers at once.
//! Nobody waits for a client there, so whoever waits to make an answer waits for the store.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rim_core::UserId;
use rim_core::size::PART_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// What unread answers hold in all.
const ALL_BYTES: usize = 64 * 1024 * 1024;
/// What those of one user hold: four large ones, or a slow download on each of some devices.
const USER_BYTES: usize = 8 * 1024 * 1024;
/// An answer of so many bytes is not counted.
pub const SMALL_BYTES: usize = PART_BYTES;
/// Answers that are made at once; each takes some four times the bytes of a large answer.
const MADE_AT_ONCE: usize = 8;

/// The book of them.
pub struct Unsent {
    all: Arc<Semaphore>,
    users: Arc<Users>,
    making: Semaphore,
}

/// Those who have large answers unread. A plain mutex: it is held for one look-up, and only for answers that are large.
type Users = Mutex<HashMap<UserId, Arc<Semaphore>>>;

/// Room for an answer. Free again when it is dropped.
pub struct Held {
    user: UserId,
    users: Arc<Users>,
    _all: OwnedSemaphorePermit,
    /// `None` only while it is dropped.
    own: Option<OwnedSemaphorePermit>,
}

impl Default for Unsent {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL_BYTES)),
            users: Arc::default(),
            making: Semaphore::new(MADE_AT_ONCE),
        }
    }
}

impl Unsent {
    /// Waits for the turn to make an answer, which lasts as long as the permit.
    pub async fn make(&self) -> SemaphorePermit<'_> {
        self.making.acquire().await.expect("it is never closed")
    }

    /// Whether there is room for so much now: if not, nobody need make it.
    pub fn has_room(&self, user: UserId, bytes: usize) -> bool {
        let own = self.users.lock().get(&user).map_or(USER_BYTES, |own| own.available_permits());
        own >= bytes && self.all.available_permits() >= bytes
    }

    /// The bytes of an answer, to be counted until the last of them is written; `None` if there is no room for them.
    pub fn keep(&self, user: UserId, body: Vec<u8>) -> Option<Bytes> {
        if body.len() <= SMALL_BYTES {
            return Some(Bytes::from(body));
        }
        let bytes = u32::try_from(body.len()).ok()?;
        let own = self.of(user).try_acquire_many_owned(bytes);
        let all = Arc::clone(&self.all).try_acquire_many_owned(bytes);
        let held = match (own, all) {
            (Ok(own), Ok(all)) => self.held(user, own, all),
            (own, _) => {
                self.give_back(user, own.ok());
                return None;
            }
        };
        Some(Bytes::from_owner(Kept { body, _held: held }))
    }

    /// Waits until there is room for a further piece of an answer, of at most so many bytes.
    pub async fn room(&self, user: UserId, bytes: u32) -> Held {
        // First the own share: who waits for that keeps nothing from others.
        let own = self.of(user).acquire_many_owned(bytes).await.expect("it is never closed");
        let all = Arc::clone(&self.all).acquire_many_owned(bytes).await.expect("it is never closed");
        self.held(user, own, all)
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut users = self.users.lock();
        Arc::clone(users.entry(user).or_insert_with(|| Arc::new(Semaphore::new(USER_BYTES))))
    }

    fn held(&self, user: UserId, own: OwnedSemaphorePermit, all: OwnedSemaphorePermit) -> Held {
        Held { user, users: Arc::clone(&self.users), _all: all, own: Some(own) }
    }

    fn give_back(&self, user: UserId, own: Option<OwnedSemaphorePermit>) {
        give_back(&self.users, user, own);
    }
}

impl Held {
    /// The bytes of a piece, for which there was room.
    pub fn keep(mut self, body: Vec<u8>) -> Bytes {
        let bytes = body.len();
        for permit in [Some(&mut self._all), self.own.as_mut()].into_iter().flatten() {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
        Bytes::from_owner(Kept { body, _held: self })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&self.users, self.user, self.own.take());
    }
}

/// Under the lock, so that of several the last one finds that it is the last.
fn give_back(users: &Users, user: UserId, own: Option<OwnedSemaphorePermit>) {
    let mut users = users.lock();
    drop(own);
    if users.get(&user).is_some_and(|own| Arc::strong_count(own) == 1) {
        users.remove(&user);
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
