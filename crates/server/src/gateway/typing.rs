//! Who is writing something. It is told to the others and kept nowhere.

use std::collections::HashMap;
use std::time::Duration;

use governor::clock::Clock as _;
use parking_lot::Mutex;
use rim_core::{GroupId, UserId};

use crate::time::Time;

/// So often it is told of one person in one chat: a client shows it for a little longer.
const EVERY: Duration = Duration::from_secs(3);

/// Members of a group in which it is told: in a larger one somebody is always writing.
pub(super) const MAX_MEMBERS: u64 = 200;

/// People who are writing at the same time, of whom it is remembered. Of more it is not told.
const MAX_WRITING: usize = 65_536;

/// When it was told last.
#[derive(Default)]
pub struct Typing {
    /// Held to look one up, never across an await.
    told: Mutex<HashMap<(GroupId, UserId), Duration>>,
}

impl Typing {
    /// Whether it is to be told now, which is noted.
    pub(super) fn is_new(&self, time: &Time, group: GroupId, user: UserId) -> bool {
        let now = Duration::from(time.now());
        let is_over = |told: Duration| now.saturating_sub(told) >= EVERY;
        let mut told = self.told.lock();
        if let Some(at) = told.get_mut(&(group, user)) {
            let over = is_over(*at);
            if over {
                *at = now;
            }
            return over;
        }
        if told.len() >= MAX_WRITING {
            told.retain(|_, at| !is_over(*at));
        }
        let has_room = told.len() < MAX_WRITING;
        if has_room {
            told.insert((group, user), now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use crate::time::Hands;

    use super::*;

    #[tokio::test]
    async fn it_is_told_once_in_three_seconds_of_each_person_and_chat() {
        let (hands, typing) = (Hands::default(), Typing::default());
        let is_new = |group, user| typing.is_new(&hands.time(), GroupId(group), UserId(user));
        assert!(is_new(1, 1) && is_new(1, 2) && is_new(2, 1));
        hands.move_on(EVERY - Duration::from_millis(1)).await;
        assert!(!is_new(1, 1));
        hands.move_on(Duration::from_millis(1)).await;
        assert!(is_new(1, 1) && !is_new(1, 1));
    }

    #[tokio::test]
    async fn what_is_remembered_of_it_is_bounded() {
        let (hands, typing) = (Hands::default(), Typing::default());
        let is_new = |user| typing.is_new(&hands.time(), GroupId(1), UserId(user));
        assert!((0..MAX_WRITING as u64).all(is_new));
        assert!(!is_new(u64::MAX));
        hands.move_on(EVERY).await;
        assert!(is_new(u64::MAX));
        assert_eq!(typing.told.lock().len(), 1);
    }
}
