//! Deletes sessions that have expired, and none because a clock is wrong.
//!
//! An expired session is refused at once, and its row is kept for a month: a clock that is set back in that time brings
//! it back. And while a clock seems to have leapt, nothing is deleted at all: against when somebody was last seen, as the
//! server starts, or against the time that has passed, while it runs. The log says so, and somebody has a day to set it.
//! A server that really was off for so long only deletes a day later.

use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use rim_core::Timestamp;
use rim_store::Store;

use crate::life::Life;
use crate::time::Ticks;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the row of a session is kept after it has expired.
const KEPT: Duration = Duration::from_secs(30 * DAY.as_secs());
/// A clock that is ahead of what it should show by more than this is looked at with doubt, for as long.
const LEAP: Duration = DAY;

/// Deletes what has expired, at every tick until the server stops.
pub async fn run(store: Arc<dyn Store>, life: Life, mut ticks: Ticks) {
    let mut purge = None;
    while life.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        let (clock, time) = (life.clock.now(), life.time.now().into());
        match &mut purge {
            None => match Purge::begin(&*store, clock, time).await {
                Ok(begun) => purge.insert(begun).tick(&*store, clock, time).await,
                Err(error) => tracing::warn!(%error, "it is not known when somebody was last seen"),
            },
            Some(purge) => purge.tick(&*store, clock, time).await,
        }
    }
}

struct Purge {
    /// What the clock showed, and when in the life of the server that was.
    seen: (Timestamp, Duration),
    /// Until when in the life of the server the clock is in doubt.
    doubted_until: Duration,
}

impl Purge {
    async fn begin(
        store: &dyn Store,
        clock: Timestamp,
        time: Duration,
    ) -> Result<Self, rim_store::StoreError> {
        let last_seen = store.last_seen().await?.unwrap_or(clock);
        Ok(Self { seen: (last_seen, time), doubted_until: Duration::ZERO })
    }

    async fn tick(&mut self, store: &dyn Store, clock: Timestamp, time: Duration) {
        if let Some(ahead) = self.leap(clock, time) {
            tracing::warn!(
                "the clock is {} days ahead of what the server has seen: if that is wrong, set it; until then sessions \
                 that are in use count as expired, and for a day none is deleted",
                ahead.as_secs() / DAY.as_secs()
            );
        }
        if time < self.doubted_until {
            return;
        }
        match store.purge_sessions(clock.plus_ms(-super::milliseconds(KEPT))).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "expired sessions were deleted"),
            Err(error) => tracing::warn!(%error, "expired sessions were not deleted"),
        }
    }

    /// By how much the clock has leapt, if it has.
    fn leap(&mut self, clock: Timestamp, time: Duration) -> Option<Duration> {
        let (shown, then) = std::mem::replace(&mut self.seen, (clock, time));
        let expected = shown.plus_ms(super::milliseconds(time.saturating_sub(then)));
        let ahead = Duration::from_millis(u64::try_from(clock.0 - expected.0).unwrap_or_default());
        let leapt = ahead > LEAP;
        if leapt {
            self.doubted_until = time + LEAP;
        }
        leapt.then_some(ahead)
    }
}

#[cfg(test)]
mod tests {
    use rim_core::session::NewSession;
    use rim_core::user::NewUser;

    use super::*;
    use crate::fixture;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn later(days: i64) -> Timestamp {
        NOW.plus_ms(days * super::super::milliseconds(DAY))
    }

    /// A store with somebody who was logged in just now, for a month.
    async fn store() -> (tempfile::TempDir, Arc<dyn Store>) {
        let data = tempfile::tempdir().expect("a folder");
        let (store, mut feed) = fixture::store(&fixture::config(&data, &[]));
        tokio::spawn(async move { while feed.recv().await.is_some() {} });
        let (account, name) = ("anna".to_owned(), "Anna".to_owned());
        let (avatar, email) = (String::new(), String::new());
        let user = NewUser { account, name, avatar, email, password_hash: None };
        let user = store.create_user(user, NOW).await.expect("a user");
        let (device, address, expires_at) = (String::new(), String::new(), later(30));
        let session = NewSession {
            user,
            password_hash: None,
            token_hash: [1; 32],
            device,
            address,
            now: NOW,
            expires_at,
            most: u64::MAX,
        };
        store.create_session(session).await.expect("a session");
        (data, store)
    }

    async fn is_kept(store: &dyn Store) -> bool {
        store.session_by_token([1; 32], NOW).await.expect("read").is_some()
    }

    /// Every hour a tick, for so many days, beginning at this time of the clock.
    async fn run_for(store: &dyn Store, days: u32, from: Timestamp) {
        let mut purge = Purge::begin(store, from, Duration::ZERO).await.expect("read");
        for hour in 0..days * 24 {
            let time = hour * HOUR;
            purge.tick(store, from.plus_ms(super::super::milliseconds(time)), time).await;
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_ahead_at_a_start_deletes_no_session() {
        for days in [31, 59, 365] {
            let (_data, store) = store().await;
            run_for(&*store, 1, later(days)).await;
            assert!(is_kept(&*store).await, "{days} days ahead");
        }
        let (_data, store) = store().await;
        run_for(&*store, 20, later(31)).await;
        run_for(&*store, 1, later(45)).await;
        assert!(is_kept(&*store).await, "for a month it is kept however long nobody looks at the log");
    }

    #[tokio::test]
    async fn a_clock_that_leaps_while_the_server_runs_deletes_no_session() {
        let (_data, store) = store().await;
        let mut purge = Purge::begin(&*store, NOW, Duration::ZERO).await.expect("read");
        for hour in 0..20 {
            let leapt = if hour < 10 { 0 } else { 365 };
            let clock = later(leapt).plus_ms(i64::from(hour) * super::super::milliseconds(HOUR));
            purge.tick(&*store, clock, hour * HOUR).await;
        }
        assert!(is_kept(&*store).await);
        // It is set back, and nothing was lost.
        purge.tick(&*store, later(1), 21 * HOUR).await;
        assert!(is_kept(&*store).await);
    }

    #[tokio::test]
    async fn a_session_is_deleted_a_month_after_it_has_expired() {
        let (_data, store) = store().await;
        run_for(&*store, 60, NOW).await;
        assert!(is_kept(&*store).await);
        run_for(&*store, 2, later(59)).await;
        assert!(!is_kept(&*store).await);
    }
}
