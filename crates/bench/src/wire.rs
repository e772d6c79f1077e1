//! A logged-in connection that costs next to nothing.
//!
//! `rim_client::Connection` is for clients that have a few. With it a delivery cost the bench 11 µs, as
//! much as the server, so that the bench was the limit wherever many listen. This reads through one
//! buffer for all connections, cuts frames where they lie, and sends many messages with one system call.
//! The handshake is still the library's.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, anyhow, bail, ensure};
use rim_client::protocol::frame::Outgoing;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::frames::{Frame, OPCODE_CLOSE, OPCODE_PING, OPCODE_TEXT, PONG, masked};

/// As much as is read at once.
const BUFFER_BYTES: usize = 256 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]);
}

/// An open connection; its two halves may be used by two tasks.
pub(crate) struct Wire {
    pub(crate) reader: Reader,
    pub(crate) writer: Arc<Writer>,
}

/// The half that hears.
pub(crate) struct Reader {
    half: OwnedReadHalf,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
    /// To answer pings.
    writer: Arc<Writer>,
}

/// The half that speaks. One task alone sends; the reader's pongs go between two sends.
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    /// A send waits with a part of its bytes written.
    halfway: AtomicBool,
}

impl Wire {
    /// Over a WebSocket after its handshake, or over a connection that has none.
    pub(crate) fn new(stream: TcpStream) -> Self {
        let (half, writer) = stream.into_split();
        let writer = Arc::new(Writer { half: writer, halfway: AtomicBool::new(false) });
        Self { reader: Reader { half, rest: Vec::new(), writer: Arc::clone(&writer) }, writer }
    }

    pub(crate) async fn log_in(&mut self, uid: u64, token: &str) -> anyhow::Result<()> {
        let login = Outgoing {
            kind: "Text",
            uid,
            gid: None,
            content: token,
            client_msg_id: "login",
            msg_id: None,
            echo: false,
        };
        let mut frame = Vec::new();
        masked(login.encode("Login").as_bytes(), &mut frame);
        self.writer.send(&frame).await?;
        // The first frame after a Login is its answer. Others may come with it: the group is being spoken in.
        let mut answer = None;
        while answer.is_none() {
            self.reader
                .hear(|text| {
                    if answer.is_none() {
                        answer = Some(String::from_utf8_lossy(text).into_owned());
                    }
                    Ok(())
                })
                .await?;
        }
        let answer = answer.unwrap_or_default();
        ensure!(answer.contains("\"kind\":\"Ack\""), "the login was refused: {answer}");
        Ok(())
    }
}

impl Writer {
    /// Sends whole frames.
    pub(crate) async fn send(&self, mut bytes: &[u8]) -> anyhow::Result<()> {
        loop {
            match self.half.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("send"),
            }
            self.halfway.store(!bytes.is_empty(), Ordering::Relaxed);
            if bytes.is_empty() {
                return Ok(());
            }
            self.half.writable().await?;
        }
    }

    fn pong(&self) -> anyhow::Result<()> {
        // To whom one is writing, one is not silent.
        if self.halfway.load(Ordering::Relaxed) {
            return Ok(());
        }
        let written = self.half.try_write(&PONG).context("pong")?;
        ensure!(written == PONG.len(), "no room for a pong");
        Ok(())
    }
}

impl Reader {
    /// Waits until something comes, and gives all texts that have come to `take`, in order.
    ///
    /// # Errors
    /// The connection ended, or `take` failed. Cancelling it loses nothing.
    pub(crate) async fn hear(
        &mut self,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        poll_fn(|context| BUFFER.with_borrow_mut(|buffer| self.poll_hear(context, buffer, &mut take))).await
    }

    fn poll_hear(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut Vec<u8>,
        take: &mut impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> Poll<anyhow::Result<()>> {
        let held = self.rest.len();
        if buffer.len() < held + BUFFER_BYTES {
            buffer.resize(held + BUFFER_BYTES, 0);
        }
        let mut room = ReadBuf::new(&mut buffer[held..]);
        // This and not `try_read`: it knows that a read that did not fill its buffer has emptied the socket.
        ready!(Pin::new(&mut self.half).poll_read(context, &mut room))?;
        let came = room.filled().len();
        if came == 0 {
            return Poll::Ready(Err(anyhow!("the server has closed the connection")));
        }
        buffer[..held].copy_from_slice(&self.rest);
        // A frame is seldom cut in two, and what it took is not kept by thousands of connections.
        self.rest = Vec::new();
        let bytes = &buffer[..held + came];
        let whole = cut(bytes, &self.writer, take)?;
        self.rest.extend_from_slice(&bytes[whole..]);
        Poll::Ready(Ok(()))
    }
}

/// Gives the texts in `bytes` to `take`; returns where the frame begins that is not whole.
fn cut(
    bytes: &[u8],
    writer: &Writer,
    take: &mut impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let mut at = 0;
    while let Some(frame) = Frame::first(&bytes[at..]) {
        match frame.opcode {
            OPCODE_TEXT => take(frame.payload)?,
            OPCODE_PING => writer.pong()?,
            OPCODE_CLOSE => {
                let (code, reason) = frame.payload.split_at(frame.payload.len().min(2));
                let code = code.try_into().map_or(1005, u16::from_be_bytes);
                bail!(
                    "the server has closed the connection with {code}: {}",
                    String::from_utf8_lossy(reason)
                );
            }
            _ => {}
        }
        at += frame.length;
    }
    Ok(at)
}
