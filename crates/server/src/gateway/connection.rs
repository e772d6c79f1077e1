//! One connection, from its upgrade to its end: one task, and at rest no buffer.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use rim_protocol::frame::{Rejection, Request};
use rim_protocol::limits::{MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_LOGIN};
use rim_protocol::{CloseCode, ErrorCode};

use super::budget::{FRAMES_PER_ERROR, FrameBudget};
use super::hub::Hub;
use super::outbox::{Closing, Load};
use super::parts::Gateway;
use super::peer::Peer;
use super::socket::Socket;
use super::ws::{self, Cut, Fragments, Frame, Opcode};
use super::{commands, frames};
use crate::intake::{Full, Held};
use crate::metrics;

/// Questions of one connection that may wait for their answers. Above it the connection is not read: the
/// client's own socket holds it back.
const MAX_UNANSWERED: usize = 256;

const TOO_BIG_BEFORE_LOGIN: &str = "before Login a frame may have 4096 bytes at the most";
const _: () = assert!(MAX_FRAME_BYTES_BEFORE_LOGIN == 4096);

/// How long a close may take: the last frames out, the peer's own close in.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Connection {
    peer: Peer,
    socket: Socket,
    fragments: Fragments,
    /// The room of what has come and is not whole yet. Boxed, because hardly anything is when nothing comes.
    held: Option<Box<Held>>,
    /// The second in which that began.
    begun_at: Option<u32>,
    budget: FrameBudget,
    /// When the session was last noted as used, in seconds of the hub.
    touched_at: u32,
}

/// How a connection comes to its end.
enum End {
    /// The server closes it, once the rest of a frame is out of which a part is.
    Close { closing: Closing, torn: Option<Bytes> },
    /// The client closed it, with this code.
    Closed(u16),
    /// A frame is too large; where it would end is so many bytes behind what was read.
    TooBig { unread: u64, before_login: bool },
    /// The socket is gone.
    Gone,
}

impl Connection {
    pub(super) fn new(gateway: Arc<Gateway>, socket: Socket, address: IpAddr) -> Self {
        let peer = Peer::new(gateway, address);
        let touched_at = peer.gateway.connections.hub.second();
        Self {
            peer,
            socket,
            fragments: Fragments::default(),
            held: None,
            begun_at: None,
            budget: FrameBudget::new(touched_at),
            touched_at,
        }
    }

    fn hub(&self) -> &Hub {
        &self.peer.gateway.connections.hub
    }

    /// Serves the connection to its end.
    pub(super) async fn run(mut self) {
        let end = match self.take_incoming().await {
            Ok(()) => self.serve().await,
            Err(end) => end,
        };
        // Whoever is told to come back must not find themselves still counted as here.
        self.peer.unbind();
        self.peer.gateway.metrics.disconnect(match &end {
            End::Close { closing, .. } => closing.code.name(),
            End::TooBig { .. } => CloseCode::TooBig.name(),
            End::Closed(_) => "client_closed",
            End::Gone => "client_gone",
        });
        self.close_in_time(end).await;
    }

    async fn serve(&mut self) -> End {
        loop {
            let taken = match self.read_or_work().await {
                None => Ok(()),
                Some(Ok(0) | Err(_)) => return End::Gone,
                Some(Ok(_)) => self.take_incoming().await,
            };
            // Answers given at once go out together, with whatever else came meanwhile.
            let written =
                if taken.is_ok() && self.peer.outbox.load().work { self.flush().await } else { Ok(()) };
            if let Err(end) = taken.and(written) {
                return end;
            }
        }
    }

    /// Waits until bytes were read, or there is something to write. Neither can starve the other.
    async fn read_or_work(&mut self) -> Option<io::Result<usize>> {
        poll_fn(|cx| {
            self.peer.outbox.register(cx.waker());
            let Load { unanswered, work } = self.peer.outbox.load();
            if unanswered >= MAX_UNANSWERED {
                // The rest cannot come while nobody reads it.
                self.begun_at = None;
            } else if let Poll::Ready(read) = self.socket.poll_read(cx) {
                return Poll::Ready(Some(read));
            }
            if work { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    /// Cuts what was read into frames and takes each of them.
    async fn take_incoming(&mut self) -> Result<(), End> {
        self.note_heard();
        // Out of `self`, so that a frame can be borrowed from it while the connection acts on the frame.
        let mut buffer = std::mem::take(&mut self.socket.incoming);
        let mut at = 0;
        let result = self.take_frames(&mut buffer, &mut at).await;
        if at < buffer.len() {
            // Without the room of all that came before it.
            self.socket.incoming = if at == 0 { buffer } else { buffer[at..].to_vec() };
        }
        if at > 0 && self.fragments.is_empty() {
            self.begun_at = None;
        }
        result?;
        self.note_unfinished()
    }

    /// Counts what has come and is not whole yet, and ends the connection where that takes too long.
    fn note_unfinished(&mut self) -> Result<(), End> {
        let bytes = self.socket.incoming.capacity() + self.fragments.capacity();
        if bytes == 0 && self.fragments.is_empty() {
            self.held = None;
            return Ok(());
        }
        let now = self.hub().second();
        let begun_at = *self.begun_at.get_or_insert(now);
        let patience = self.peer.gateway.config.request_timeout;
        if Duration::from_secs(u64::from(now.saturating_sub(begun_at))) > patience {
            let reason = format!("a frame must be whole within {} s", patience.as_secs());
            return Err(close_because(CloseCode::Idle, reason));
        }
        let user = self.peer.binding.map(|binding| binding.user);
        let held = match self.held.take() {
            Some(held) if held.user() == user => held,
            _ => Box::new(self.peer.gateway.intake.hold(user)),
        };
        self.held.insert(held).set(bytes).map_err(|full| {
            let whose = match full {
                Full::User => "of your frames",
                Full::All => "of all frames",
            };
            close_because(
                CloseCode::TooFast,
                format!("too much {whose} has come at once: send them one by one"),
            )
        })
    }

    /// How long the payload of the next frame of a message may be: those of its fragments are added up.
    fn room(&self) -> usize {
        let most = if self.peer.binding.is_some() { MAX_FRAME_BYTES } else { MAX_FRAME_BYTES_BEFORE_LOGIN };
        most.saturating_sub(self.fragments.len())
    }

    fn too_big(&self, unread: u64) -> End {
        End::TooBig { unread, before_login: self.peer.binding.is_none() }
    }

    /// Takes the frames of `buffer` and moves `at` behind them.
    async fn take_frames(&mut self, buffer: &mut [u8], at: &mut usize) -> Result<(), End> {
        loop {
            match ws::cut(buffer, *at, self.room()) {
                Cut::Frame(frame) => {
                    *at = frame.payload.end;
                    self.take_frame(&frame, &buffer[frame.payload.clone()]).await?;
                }
                Cut::Incomplete => return Ok(()),
                Cut::Broken { why: CloseCode::TooBig, end: Some(end) } => {
                    *at = buffer.len();
                    return Err(self.too_big(end.saturating_sub(buffer.len() as u64)));
                }
                Cut::Broken { why, .. } => {
                    *at = buffer.len();
                    return Err(close(why));
                }
            }
            while self.peer.outbox.load().unanswered >= MAX_UNANSWERED {
                self.wait_for_answers().await?;
            }
        }
    }

    async fn wait_for_answers(&mut self) -> Result<(), End> {
        poll_fn(|cx| {
            self.peer.outbox.register(cx.waker());
            if self.peer.outbox.load().work { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.flush().await
    }

    async fn take_frame(&mut self, frame: &Frame, payload: &[u8]) -> Result<(), End> {
        self.spend(1)?;
        match frame.opcode {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => self.take_data(frame, payload).await,
            Opcode::Ping => {
                self.peer.outbox.push(ws::control(Opcode::Pong, payload)).wake();
                Ok(())
            }
            Opcode::Pong => Ok(()),
            Opcode::Close => Err(closed_by_client(payload)),
        }
    }

    /// Puts fragments together and takes the message when it is whole.
    async fn take_data(&mut self, frame: &Frame, payload: &[u8]) -> Result<(), End> {
        let Some((opcode, payload)) = self.fragments.take(frame, payload).map_err(close)? else {
            return Ok(());
        };
        if matches!(payload, Cow::Owned(_)) {
            self.begun_at = None;
        }
        self.take_message(opcode, &payload).await
    }

    async fn take_message(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), End> {
        let request = match (str::from_utf8(payload), opcode) {
            (Ok(text), _) => Request::parse(text),
            (Err(_), Opcode::Text) => return Err(close(CloseCode::InvalidText)),
            (Err(error), _) => Err(Rejection::not_understood(error)),
        };
        let ticket = self.peer.outbox.reserve();
        let failed = match request {
            Ok(request)
                if self.peer.binding.is_none()
                    && self.peer.gateway.limits.frame(self.peer.address).is_err() =>
            {
                let reason = "too many frames before Login from this address";
                self.peer
                    .outbox
                    .answer(ticket, frames::failure(&request.client_msg_id, ErrorCode::TooFast, reason))
                    .wake();
                true
            }
            Ok(request) => commands::run(&mut self.peer, ticket, request).await.is_err(),
            Err(rejection) => {
                self.peer.gateway.metrics.frame(metrics::INVALID);
                let answer = frames::failure(&rejection.client_msg_id, rejection.code, &rejection.reason);
                self.peer.outbox.answer(ticket, answer).wake();
                true
            }
        };
        if failed { self.spend(FRAMES_PER_ERROR) } else { Ok(()) }
    }

    /// Writes everything queued.
    ///
    /// # Errors
    /// `Close` when the connection was asked to end and may end now.
    async fn flush(&mut self) -> Result<(), End> {
        // Counted until it is written.
        let (mut batch, mut closing, _held) = self.peer.outbox.take();
        let mut torn = false;
        while !batch.is_empty() {
            let written = poll_fn(|cx| {
                if let Poll::Ready(written) = self.socket.poll_write(cx, &mut batch) {
                    return Poll::Ready(written.map(Some));
                }
                self.peer.outbox.register(cx.waker());
                match self.peer.outbox.closing() {
                    // What is queued is worthless to one who has to start anew, or is dead.
                    wish @ Some(Closing { code: CloseCode::TooSlow | CloseCode::Idle, .. }) => {
                        closing = wish;
                        Poll::Ready(Ok(None))
                    }
                    _ => Poll::Pending,
                }
            })
            .await
            .map_err(|_| End::Gone)?;
            match written {
                Some(front_is_torn) => torn = front_is_torn,
                None => break,
            }
        }
        // A wish that came meanwhile is work, and has its turn with what was queued before it.
        let Some(closing) = closing else { return Ok(()) };
        // The close frame must not end up inside of another one.
        let torn = if torn { batch.pop_front() } else { None };
        Err(End::Close { closing, torn })
    }

    /// Closes it, and does not wait for a client that takes no part in that.
    async fn close_in_time(&mut self, end: End) {
        // Who is too slow has a full socket ahead, and should still learn why. It costs one frame.
        let slow = matches!(&end, End::Close { closing, .. } if closing.code == CloseCode::TooSlow);
        let patience =
            if slow { self.peer.gateway.config.idle_timeout.max(CLOSE_TIMEOUT) } else { CLOSE_TIMEOUT };
        let (time, shutdown) = (self.peer.gateway.life.time.clone(), self.peer.gateway.life.shutdown.clone());
        let out_of_time = async {
            time.within(patience - CLOSE_TIMEOUT, shutdown.cancelled()).await;
            time.sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            // What either loses is lost to a client that is gone or does not read.
            _ = self.close(end) => {}
            () = out_of_time => {}
        }
    }

    /// The closing handshake. What was asked before is answered before.
    async fn close(&mut self, end: End) -> io::Result<()> {
        if let End::Close { torn: Some(rest), .. } = &end {
            self.socket.write_all(rest).await?;
        }
        let (code, reason, mut unread) = match &end {
            End::Gone => return Ok(()),
            End::Closed(code) => {
                self.peer.answered_but(0).await;
                self.write_last(&ws::close(*code, "")).await?;
                return self.socket.shutdown().await;
            }
            End::TooBig { unread, before_login: false } => {
                (CloseCode::TooBig, CloseCode::TooBig.reason(), *unread)
            }
            End::TooBig { unread, .. } => (CloseCode::TooBig, TOO_BIG_BEFORE_LOGIN, *unread),
            End::Close { closing, .. } => (closing.code, closing.reason(), 0),
        };
        self.peer.answered_but(0).await;
        self.write_last(&ws::close(code.get(), reason)).await?;
        // A socket that is dropped with bytes unread is reset, and the client would never see the close
        // frame. So the rest is read, and thrown away, until the client closes too.
        let mut buffer = std::mem::take(&mut self.socket.incoming);
        loop {
            let skipped = usize::try_from(unread).unwrap_or(usize::MAX).min(buffer.len());
            buffer.drain(..skipped);
            unread -= skipped as u64;
            if unread == 0 {
                match drop_until_close(&mut buffer) {
                    Dropped::Close => return self.socket.shutdown().await,
                    Dropped::Frames { rest } => unread = rest,
                }
            }
            // Without the room of what was dropped.
            self.socket.incoming = if buffer.is_empty() { Vec::new() } else { buffer };
            if poll_fn(|cx| self.socket.poll_read(cx)).await? == 0 {
                return Ok(());
            }
            buffer = std::mem::take(&mut self.socket.incoming);
        }
    }

    /// Writes what is still queued, and then `frame`.
    async fn write_last(&mut self, frame: &[u8]) -> io::Result<()> {
        let (queued, _, _held) = self.peer.outbox.take();
        for queued in queued {
            self.socket.write_all(&queued).await?;
        }
        self.socket.write_all(frame).await?;
        self.socket.flush().await
    }

    /// Takes frames from the budget.
    fn spend(&mut self, frames: u32) -> Result<(), End> {
        let enough = !self.peer.gateway.config.limits || self.budget.spend(self.hub().second(), frames);
        if enough { Ok(()) } else { Err(close(CloseCode::TooFast)) }
    }

    /// A connection that is heard is alive, and keeps its session from expiring.
    fn note_heard(&mut self) {
        let now = self.hub().second();
        self.peer.outbox.heard(now);
        if let Some(binding) = self.peer.binding
            && now.saturating_sub(self.touched_at) >= TOUCH_SECONDS
        {
            self.touched_at = now;
            self.peer.gateway.accounts.note_use(binding.session, self.peer.address);
        }
    }
}

/// How often a connection notes that its session is in use.
const TOUCH_SECONDS: u32 = 3600;

const fn close(code: CloseCode) -> End {
    End::Close { closing: Closing { code, reason: None }, torn: None }
}

const fn close_because(code: CloseCode, reason: String) -> End {
    End::Close { closing: Closing { code, reason: Some(reason) }, torn: None }
}

/// What was dropped of what a client still sent.
enum Dropped {
    /// Its close frame, and all before it.
    Close,
    /// Frames, of the last of which so many bytes are still to come.
    Frames { rest: u64 },
}

/// Drops the frames at the front of `buffer` up to the close frame. None of a message is kept until it is whole.
fn drop_until_close(buffer: &mut Vec<u8>) -> Dropped {
    let (mut at, mut rest) = (0, 0);
    loop {
        match ws::cut(buffer, at, 0) {
            Cut::Frame(Frame { opcode: Opcode::Close, .. }) => return Dropped::Close,
            Cut::Frame(frame) => at = frame.payload.end,
            Cut::Incomplete => break,
            Cut::Broken { end: Some(end), .. } => {
                rest = end.saturating_sub(buffer.len() as u64);
                at = usize::try_from(end).unwrap_or(usize::MAX).min(buffer.len());
            }
            Cut::Broken { end: None, .. } => at = buffer.len(),
        }
    }
    buffer.drain(..at);
    Dropped::Frames { rest }
}

/// The end that a client's close frame asks for; a malformed one breaks the protocol.
fn closed_by_client(payload: &[u8]) -> End {
    match payload {
        [] => End::Closed(CloseCode::Normal.get()),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            // Codes that RFC 6455 lets a client send.
            code @ (1000..=1003 | 1007..=1014 | 3000..=4999) if std::str::from_utf8(reason).is_ok() => {
                End::Closed(code)
            }
            _ => close(CloseCode::ProtocolError),
        },
        [_] => close(CloseCode::ProtocolError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_comes_after_the_end_nothing_is_kept() {
        let header = |first: u8, length: u8| vec![first, 0x80 | length, 0, 0, 0, 0];
        let message = [header(0x81, 5), b"x".repeat(5)].concat();
        let close = header(0x88, 0);
        let rest = |bytes: &[&[u8]]| {
            let mut buffer = bytes.concat();
            let dropped = drop_until_close(&mut buffer);
            match dropped {
                Dropped::Close => None,
                Dropped::Frames { rest } => Some((rest, buffer.len())),
            }
        };
        assert_eq!(rest(&[&message, &message, &close]), None);
        assert_eq!(rest(&[&message, &message[..8]]), Some((3, 0)));
        assert_eq!(rest(&[&message, &close[..3]]), Some((0, 3)), "of a close frame itself it is");
        assert_eq!(rest(&[&message, b"\xFF\xFF\xFF", &close]), Some((0, 0)), "what is broken has no end");
    }

    #[test]
    fn a_close_frame_of_the_client_is_read_strictly() {
        assert!(matches!(closed_by_client(&[]), End::Closed(1000)));
        assert!(matches!(closed_by_client(&1001_u16.to_be_bytes()), End::Closed(1001)));
        for bad in [&[3][..], &1005_u16.to_be_bytes(), &[0x03, 0xE8, 0xFF]] {
            assert!(matches!(closed_by_client(bad), End::Close { .. }), "{bad:?}");
        }
    }
}
