//! How long a request may take: so long to be answered, and a long body for as long as it comes.
//!
//! What is uploaded may take hours, and whoever sends it must not be able to keep a connection by sending a byte now
//! and then. So a body that is read as it comes has its time for each [`MIN_BYTES`] of it, and whatever its handler does
//! besides has twice that: each byte that comes begins its time anew.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use hyper::rt::{Sleep, Timer};

use crate::time::Time;

/// Two kilobytes a second with the usual setting, as for who reads an answer: less than any line that people have.
const MIN_BYTES: usize = 64 * 1024;

/// Whether the body at this path is read as it comes, however long it is.
pub fn is_stream(path: &str) -> bool {
    path == "/api/file/upload" || path.starts_with("/api/file/tus")
}

/// Says that a request goes on; in its extensions. Clones say it of the same.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<AtomicBool>);

impl Pace {
    /// Something was done that the request is about. What takes long says it every now and then.
    pub fn goes_on(&self) {
        // Nothing hangs on what else is seen by then: relaxed.
        self.0.store(true, Relaxed);
    }

    fn has_gone_on(&self) -> bool {
        self.0.swap(false, Relaxed)
    }
}

/// Gives a request its pace, and its body the time that it has.
pub fn watch(request: Request, time: &Time, allowed: Duration) -> (Request, Pace) {
    let pace = Pace::default();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(pace.clone());
    let body = Paced { body, pace: pace.clone(), time: time.clone(), allowed, waiting: None };
    (Request::from_parts(parts, Body::new(body)), pace)
}

/// What comes of `work` if it goes on in every second time that is `allowed`, and else nothing.
pub async fn while_it_goes_on<F: Future>(
    pace: &Pace,
    time: &Time,
    allowed: Duration,
    work: F,
) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    let mut stood_still = false;
    loop {
        if let Some(done) = time.within(allowed, work.as_mut()).await {
            return Some(done);
        }
        let stands_still = !pace.has_gone_on();
        if stands_still && stood_still {
            return None;
        }
        stood_still = stands_still;
    }
}

/// How often a request says that it goes on whose work takes its time.
const GOES_ON_EVERY: Duration = Duration::from_secs(3);

/// A request goes on for as long as this work does, which has bounds of its own.
pub async fn throughout<F: Future>(pace: &Pace, time: &Time, work: F) -> F::Output {
    let mut work = std::pin::pin!(work);
    loop {
        match time.within(GOES_ON_EVERY, work.as_mut()).await {
            Some(done) => return done,
            None => pace.goes_on(),
        }
    }
}

/// The body came too slowly.
#[derive(Debug)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl std::error::Error for TooSlow {}

struct Paced {
    body: Body,
    pace: Pace,
    time: Time,
    allowed: Duration,
    waiting: Option<Waiting>,
}

/// Since when it is waited for, and what has come meanwhile.
struct Waiting {
    until: Pin<Box<dyn Sleep>>,
    come: usize,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.pace.goes_on();
                if let Some(waiting) = &mut self.waiting {
                    waiting.come += frame.data_ref().map_or(0, Bytes::len);
                }
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let (time, allowed) = (self.time.clone(), self.allowed);
        let begin = || Waiting { until: Timer::sleep(&time, allowed), come: 0 };
        let waiting = self.waiting.get_or_insert_with(begin);
        while waiting.until.as_mut().poll(cx).is_ready() {
            if waiting.come < MIN_BYTES {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            *waiting = begin();
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The next piece of a body; trailers are passed over, as nobody asked for them.
pub async fn next_piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        match body.frame().await? {
            Ok(frame) => {
                if let Ok(piece) = frame.into_data() {
                    return Some(Ok(piece));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// Whether a body ended because it came too slowly.
pub fn was_too_slow(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use tokio::sync::mpsc;

    use super::*;
    use crate::time::Hands;

    const ALLOWED: Duration = Duration::from_secs(30);

    /// A request whose body is what is sent.
    fn request() -> (mpsc::Sender<Bytes>, Request) {
        let (sender, receiver) = mpsc::channel(16);
        let pieces = stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((Ok::<_, Infallible>(piece), receiver))
        });
        (sender, Request::new(Body::from_stream(pieces)))
    }

    #[tokio::test]
    async fn a_body_comes_for_as_long_as_it_comes_at_a_pace() {
        let hands = Hands::default();
        let (sender, request) = request();
        let (request, _) = watch(request, &hands.time(), ALLOWED);
        let mut body = request.into_body();
        let piece = Bytes::from(vec![0; MIN_BYTES]);
        for _ in 0..20 {
            sender.send(piece.clone()).await.expect("it is read");
            let (come, ()) = tokio::join!(next_piece(&mut body), hands.move_on(ALLOWED / 2));
            assert_eq!(come.expect("a piece").expect("in time").len(), MIN_BYTES);
        }
        for _ in 0..2 {
            sender.send(Bytes::from_static(b"x")).await.expect("it is read");
            assert!(next_piece(&mut body).await.expect("a piece").is_ok());
        }
        let mut next = std::pin::pin!(next_piece(&mut body));
        assert!(futures_util::poll!(next.as_mut()).is_pending());
        hands.move_on(2 * ALLOWED).await;
        assert!(was_too_slow(&next.await.expect("an end").expect_err("two bytes in a minute")));
    }

    #[tokio::test]
    async fn what_stands_still_twice_is_given_up_and_what_goes_on_is_not() {
        let hands = Hands::default();
        let (time, pace) = (hands.time(), Pace::default());
        let time_passes = async |steps| {
            for _ in 0..steps {
                hands.move_on(ALLOWED / 2).await;
                // The others have their turn.
                tokio::task::yield_now().await;
            }
        };
        let stands = while_it_goes_on(&pace, &time, ALLOWED, std::future::pending::<()>());
        assert_eq!(tokio::join!(stands, time_passes(8)).0, None);
        let work = async {
            for _ in 0..4 {
                time.sleep(ALLOWED + ALLOWED / 2).await;
                pace.goes_on();
            }
        };
        let goes_on = while_it_goes_on(&pace, &time, ALLOWED, work);
        assert_eq!(tokio::join!(goes_on, time_passes(24)).0, Some(()));
    }
}
