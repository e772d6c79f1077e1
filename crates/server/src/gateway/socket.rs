//! Bytes in and out of one connection, without a buffer of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::stream::Stream;

/// Slices handed to one write.
const MAX_SLICES: usize = 64;

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

pub(super) struct Socket {
    stream: Stream,
    /// Bytes read and not yet cut into frames; without capacity while there are none.
    pub(super) incoming: Vec<u8>,
}

impl Socket {
    /// `already_read` came with the handshake.
    pub(super) const fn new(stream: Stream, already_read: Vec<u8>) -> Self {
        Self { stream, incoming: already_read }
    }

    /// Reads what is there into `incoming` and returns how much; 0 is the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        thread_local! {
            /// Shared by the connections of a thread, so that one at rest owns no buffer.
            static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            self.incoming.extend_from_slice(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }

    /// Writes from the front of `batch`, takes off what is out, and tells whether the front is now a torn
    /// frame: one of which a part is out.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut VecDeque<Bytes>,
    ) -> Poll<io::Result<bool>> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        for (slice, frame) in slices.iter_mut().zip(&*batch) {
            *slice = IoSlice::new(frame);
        }
        let used = &slices[..batch.len().min(MAX_SLICES)];
        match ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, used))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => Poll::Ready(Ok(advance(batch, written))),
        }
    }

    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.stream.flush().await
    }

    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }
}

fn advance(batch: &mut VecDeque<Bytes>, mut written: usize) -> bool {
    while let Some(front) = batch.front_mut() {
        if written < front.len() {
            front.advance(written);
            return written > 0;
        }
        written -= front.len();
        batch.pop_front();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_advanced_frame_by_frame() {
        let frame = |text: &'static str| Bytes::from_static(text.as_bytes());
        let mut batch: VecDeque<Bytes> = ["abc", "de", "fgh"].map(frame).into();
        assert!(!advance(&mut batch, 3));
        assert!(advance(&mut batch, 3));
        assert_eq!(batch, [frame("gh")]);
        assert!(!advance(&mut batch, 2));
    }
}
