//! How time passes: for limits, time-outs, and all that happens every so often. What time it is, a
//! [`Clock`](rim_core::Clock) knows.
//!
//! A server runs on the machine's time. A story has its own, which stands still until the story moves it on, so that
//! nothing in it depends on how fast the machine is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, QuantaClock, QuantaInstant, Reference};
use governor::nanos::Nanos;
use hyper_util::rt::TokioTimer;
use parking_lot::Mutex;
use rim_core::{Clock, Timestamp};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::clock::SystemClock;

/// The time that passes for one server.
#[derive(Clone)]
pub struct Time(Source);

#[derive(Clone)]
enum Source {
    Machine { clock: QuantaClock, start: QuantaInstant },
    Moved(Hands),
}

impl Default for Time {
    /// The machine's.
    fn default() -> Self {
        let clock = QuantaClock::default();
        Self(Source::Machine { start: clock.now(), clock })
    }
}

impl Time {
    /// Waits for so long.
    pub async fn sleep(&self, time: Duration) {
        match &self.0 {
            Source::Machine { .. } => tokio::time::sleep(time).await,
            // In a box: every connection has room for it.
            Source::Moved(hands) => hands.sleep(hands.now() + time).await,
        }
    }

    /// What comes of `work` if that is within so long, and else nothing.
    pub async fn within<F: Future>(&self, time: Duration, work: F) -> Option<F::Output> {
        tokio::select! {
            // What is done is done, however late it is.
            biased;
            done = work => Some(done),
            () = self.sleep(time) => None,
        }
    }

    /// One tick now and one in each `period` from then on. Those that were missed, as when the machine slept, do not
    /// come later.
    pub fn ticks(&self, period: Duration) -> Ticks {
        match &self.0 {
            Source::Machine { .. } => {
                let mut ticks = interval(period);
                // And no delay adds up: a minute has sixty seconds.
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                Ticks::Machine(ticks)
            }
            Source::Moved(hands) => {
                let next = hands.now();
                Ticks::Moved { hands: hands.clone(), period, next, sleeps_until: hands.sleeper() }
            }
        }
    }
}

/// What happens every so often.
pub enum Ticks {
    Machine(Interval),
    Moved { hands: Hands, period: Duration, next: Duration, sleeps_until: watch::Sender<Duration> },
}

impl Ticks {
    /// The next tick. Who asks has done what the one before was for. To be cancelled without loss.
    pub async fn tick(&mut self) {
        match self {
            Self::Machine(ticks) => _ = ticks.tick().await,
            Self::Moved { hands, period, next, sleeps_until } => {
                sleeps_until.send_replace(*next);
                hands.until(*next).await;
                let missed = (hands.now() - *next).as_nanos() / period.as_nanos();
                *next += *period * u32::try_from(missed + 1).expect("nobody waits for so long");
            }
        }
    }
}

/// Limits count by it.
impl governor::clock::Clock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match &self.0 {
            Source::Machine { clock, start } => clock.now().duration_since(*start),
            Source::Moved(hands) => hands.now().into(),
        }
    }
}

/// HTTP connections have their time-outs by it.
impl hyper::rt::Timer for Time {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        match &self.0 {
            Source::Machine { .. } => TokioTimer::new().sleep(time),
            Source::Moved(hands) => hands.sleep(hands.now() + time),
        }
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        match &self.0 {
            Source::Machine { .. } => TokioTimer::new().sleep_until(deadline),
            Source::Moved(hands) => hands.sleep(deadline.saturating_duration_since(hands.0.start)),
        }
    }

    fn now(&self) -> Instant {
        match &self.0 {
            Source::Machine { .. } => TokioTimer::new().now(),
            Source::Moved(hands) => hands.0.start + hands.now(),
        }
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: Instant) {
        match &self.0 {
            Source::Machine { .. } => TokioTimer::new().reset(sleep, deadline),
            Source::Moved(_) => *sleep = self.sleep_until(deadline),
        }
    }
}

/// A time that stands still, and what moves it on. Clones move the same. As a clock it shows when it was made, and
/// how far it was moved from there.
#[derive(Clone)]
pub struct Hands(Arc<Still>);

struct Still {
    start: Instant,
    made_at: Timestamp,
    moved: watch::Sender<Duration>,
    /// Until when those sleep who have something to do every so often. A plain mutex: it is never held while waiting.
    sleepers: Mutex<Vec<watch::Receiver<Duration>>>,
}

impl Default for Hands {
    fn default() -> Self {
        Self(Arc::new(Still {
            start: Instant::now(),
            made_at: SystemClock.now(),
            moved: watch::Sender::default(),
            sleepers: Mutex::default(),
        }))
    }
}

impl Hands {
    /// The time that they move.
    pub fn time(&self) -> Time {
        Time(Source::Moved(self.clone()))
    }

    /// Moves it on second by second. Each comes when everything is done that happens in the one before.
    pub async fn move_on(&self, by: Duration) {
        self.is_done().await;
        let end = self.now() + by;
        while self.now() < end {
            self.0.moved.send_replace(end.min(self.now() + Duration::from_secs(1)));
            self.is_done().await;
        }
    }

    /// Moves it on at once, as for a machine that slept: what happens every so often happens once.
    pub async fn leap(&self, by: Duration) {
        self.is_done().await;
        self.0.moved.send_replace(self.now() + by);
        self.is_done().await;
    }

    /// Waits until all those sleep on who have something to do every so often.
    async fn is_done(&self) {
        let (now, sleepers) = (self.now(), self.0.sleepers.lock().clone());
        for mut sleeper in sleepers {
            // Or it is gone, and does nothing any more.
            let _ = sleeper.wait_for(|until| *until > now).await;
        }
    }

    fn now(&self) -> Duration {
        *self.0.moved.borrow()
    }

    async fn until(&self, then: Duration) {
        self.0.moved.subscribe().wait_for(|now| *now >= then).await.expect("what sends is in `self`");
    }

    fn sleep(&self, then: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let hands = self.clone();
        Box::pin(Sleep(Box::pin(async move { hands.until(then).await })))
    }

    fn sleeper(&self) -> watch::Sender<Duration> {
        let (sender, receiver) = watch::channel(Duration::ZERO);
        let mut sleepers = self.0.sleepers.lock();
        sleepers.retain(|sleeper| sleeper.has_changed().is_ok());
        sleepers.push(receiver);
        sender
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.made_at.plus_ms(i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX))
    }
}

struct Sleep(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl hyper::rt::Sleep for Sleep {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::FutureExt;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_time_that_nobody_moves_stands_still() {
        let hands = Hands::default();
        let time = hands.time();
        assert_eq!(time.within(SECOND, std::future::pending::<()>()).now_or_never(), None, "it waits");
        assert_eq!(time.within(Duration::ZERO, async { "done" }).await, Some("done"));
        let late = time.within(SECOND, std::future::pending::<()>());
        assert_eq!(tokio::join!(late, hands.move_on(SECOND)).0, None);
        assert_eq!(Clock::now(&hands), hands.0.made_at.plus_ms(1000));
    }

    #[tokio::test]
    async fn whoever_moves_time_on_finds_done_what_happened_in_it() {
        let hands = Hands::default();
        let (seconds, minutes) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        for (count, period) in [(&seconds, SECOND), (&minutes, 60 * SECOND)] {
            let (count, mut ticks) = (Arc::clone(count), hands.time().ticks(period));
            tokio::spawn(async move {
                loop {
                    ticks.tick().await;
                    // Whatever it waits for.
                    tokio::task::yield_now().await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        hands.move_on(59 * SECOND).await;
        let counted = || (seconds.load(Ordering::Relaxed), minutes.load(Ordering::Relaxed));
        assert_eq!(counted(), (60, 1), "each begins at once");
        hands.move_on(SECOND).await;
        assert_eq!(counted(), (61, 2));
    }

    #[tokio::test]
    async fn ticks_that_were_missed_do_not_come_later() {
        let hands = Hands::default();
        let mut ticks = hands.time().ticks(2 * SECOND);
        ticks.tick().await;
        hands.0.moved.send_replace(7 * SECOND);
        ticks.tick().await;
        assert_eq!(ticks.tick().now_or_never(), None, "the next is at 8 seconds");
        hands.0.moved.send_replace(8 * SECOND);
        assert_eq!(ticks.tick().now_or_never(), Some(()));
    }
}
