//! The socket of a connection for as long as it speaks HTTP: counts the heads that have begun, and outlives hyper.
//!
//! Hyper drops a socket with whatever was not read of it, and the system then resets the connection: whoever was
//! still sending sees that, and not why the server had enough. So the socket comes back here, and what is on its way
//! is read and thrown away until the other end has closed, too.
//!
//! What was asked for has to be taken: a connection whose other end leaves its answer unread is ended here, in the
//! middle of a body as well, as hyper would wait for ever and the answer would be held as long.

use std::io;
use std::io::ErrorKind::TimedOut;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::intake::Held;
use crate::stream::Stream;
use crate::time::Time;

/// What hyper reads from and writes to.
pub struct Line {
    /// Gone where the gateway has taken it over.
    stream: Option<Stream>,
    state: Arc<State>,
    patience: Patience,
}

/// What a connection knows of its line.
pub(super) struct State {
    /// Whether what comes now belongs to a head. What comes of a body, whoever reads it counts.
    in_head: AtomicBool,
    /// The other end has ended it, or it is broken.
    over: AtomicBool,
    /// The head so far. A plain mutex: nobody else holds it.
    head: Mutex<Held>,
    /// The socket, once hyper has let go of it. A plain mutex, held for a move.
    left: Mutex<Option<Stream>>,
}

impl Line {
    pub(super) fn new(stream: Stream, head: Held, patience: Patience) -> (Self, Arc<State>) {
        let state = Arc::new(State {
            in_head: AtomicBool::new(true),
            over: AtomicBool::new(false),
            head: Mutex::new(head),
            left: Mutex::default(),
        });
        (Self { stream: Some(stream), state: Arc::clone(&state), patience }, state)
    }

    /// The socket, for whoever speaks something else on it from now on.
    pub fn into_stream(mut self) -> Stream {
        self.stream.take().expect("it is taken once, here or when the line is dropped")
    }

    fn held(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let written = self.patience.hold(cx, written);
        self.ends_with(&written);
        written
    }

    fn ends_with<T>(&self, done: &Poll<io::Result<T>>) {
        if matches!(done, Poll::Ready(Err(_))) {
            // Who takes nothing will not say either that they have closed.
            self.state.over.store(true, Relaxed);
        }
    }

    fn stream(&mut self) -> Pin<&mut Stream> {
        Pin::new(self.stream.as_mut().expect("it is taken with the line itself"))
    }
}

impl State {
    /// A head is whole: its request is served now.
    pub(super) fn head_is_whole(&self) {
        self.in_head.store(false, Relaxed);
        self.head.lock().set(0).expect("nothing is less than there was");
    }

    /// It was served: the next head may come.
    pub(super) fn served(&self) {
        self.in_head.store(true, Relaxed);
    }

    /// The socket, if hyper has let go of it and the other end may still be sending.
    pub(super) fn left(&self) -> Option<Stream> {
        self.left.lock().take().filter(|_| !self.over.load(Relaxed))
    }

    fn has_come(&self, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            self.over.store(true, Relaxed);
        } else if self.in_head.load(Relaxed) {
            let no_room = |_| io::Error::other("there is no room for more heads that are not whole");
            self.head.lock().add(bytes).map_err(no_room)?;
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            *self.state.left.lock() = Some(stream);
        }
    }
}

/// How long the other end may leave unread what is written to it.
pub(super) struct Patience {
    time: Time,
    /// In so long it takes [`MIN_TAKEN_BYTES`], or all there is.
    allowed: Duration,
    blocked: Option<Blocked>,
}

/// Since when there is no room in the socket, and what was taken meanwhile.
struct Blocked {
    until: Pin<Box<dyn Sleep>>,
    taken: usize,
    /// It is the time that TLS has for the last of what it was given, of which it does not say how much was taken.
    is_last: bool,
}

/// Two kilobytes a second with the usual setting: less than any line that people have.
const MIN_TAKEN_BYTES: usize = 64 * 1024;

impl Patience {
    pub(super) const fn new(time: Time, allowed: Duration) -> Self {
        Self { time, allowed, blocked: None }
    }

    /// What came of a write, unless it has waited for too long.
    fn hold(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let (Some(blocked), Ok(bytes)) = (&mut self.blocked, &written) {
                blocked.taken += bytes;
            }
            return Poll::Ready(written);
        }
        self.wait(cx, false).map(Err)
    }

    /// What came of a flush, unless it has waited for too long. A socket is flushed as soon as all is written; TLS only
    /// when the socket has taken it, which is up to about [`MIN_TAKEN_BYTES`].
    fn hold_flush(&mut self, cx: &mut Context<'_>, flushed: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if flushed.is_ready() {
            // What comes next has its own time.
            self.blocked = None;
            return flushed;
        }
        self.wait(cx, true).map(Err)
    }

    /// Ready with why there is nothing more to wait for.
    fn wait(&mut self, cx: &mut Context<'_>, is_flush: bool) -> Poll<io::Error> {
        let begin = |is_last| Blocked { until: Timer::sleep(&self.time, self.allowed), taken: 0, is_last };
        let blocked = self.blocked.get_or_insert_with(|| begin(is_flush));
        while blocked.until.as_mut().poll(cx).is_ready() {
            let is_enough = blocked.taken >= MIN_TAKEN_BYTES;
            let is_last = is_flush && !is_enough;
            if !is_enough && (!is_flush || blocked.is_last) {
                return Poll::Ready(io::Error::new(TimedOut, "the answer is not read"));
            }
            *blocked = begin(is_last);
        }
        Poll::Pending
    }
}

/// Says that nothing more will come, and reads until the other end says so, too.
pub(super) async fn linger(mut stream: Stream) {
    let mut thrown_away = vec![0; 4096];
    if stream.shutdown().await.is_ok() {
        while stream.read(&mut thrown_away).await.is_ok_and(|read| read > 0) {}
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(self.stream().poll_read(cx, buf));
        if read.is_err() {
            self.state.over.store(true, Relaxed);
        }
        Poll::Ready(read.and_then(|()| self.state.has_come(buf.filled().len() - before)))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write(cx, buf);
        self.held(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.stream().poll_flush(cx);
        let flushed = self.patience.hold_flush(cx, flushed);
        self.ends_with(&flushed);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write_vectored(cx, bufs);
        self.held(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;
    use crate::time::Hands;

    const ALLOWED: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_tls_still_holds_has_its_time_and_then_ends_the_connection() {
        let hands = Hands::default();
        let mut patience = Patience::new(hands.time(), ALLOWED);
        let held = std::future::poll_fn(|cx| patience.hold_flush(cx, Poll::Pending));
        let mut held = std::pin::pin!(held);
        assert!(poll!(held.as_mut()).is_pending());
        hands.move_on(ALLOWED).await;
        assert!(matches!(poll!(held), Poll::Ready(Err(error)) if error.kind() == TimedOut));
    }

    #[tokio::test]
    async fn who_takes_little_of_the_end_has_the_time_of_a_whole_piece_once() {
        let hands = Hands::default();
        let mut patience = Patience::new(hands.time(), ALLOWED);
        let mut waits = async |is_flush, taken| {
            std::future::poll_fn(|cx| {
                if taken > 0 {
                    assert!(patience.hold(cx, Poll::Ready(Ok(taken))).is_ready());
                }
                Poll::Ready(patience.wait(cx, is_flush).is_pending())
            })
            .await
        };
        assert!(waits(false, 0).await);
        hands.move_on(ALLOWED).await;
        assert!(waits(true, 1000).await, "some of it was taken, and the end may be on its way");
        hands.move_on(ALLOWED).await;
        assert!(waits(true, MIN_TAKEN_BYTES).await, "who goes on reading is served");
        for goes_on in [true, false] {
            hands.move_on(ALLOWED).await;
            assert_eq!(waits(true, 0).await, goes_on);
        }
    }
}
