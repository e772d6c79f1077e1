//! Who is at the other end of a connection: who they are logged in as, and where answers to them go.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use rim_core::{SessionId, UserId};
use rim_protocol::{CloseCode, ErrorCode};

use super::outbox::Outbox;
use super::parts::Gateway;

/// What commands work on, whatever carries their frames.
pub(super) struct Peer {
    pub(super) gateway: Arc<Gateway>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) binding: Option<Binding>,
    pub(super) address: IpAddr,
}

/// Who a connection speaks for after its Login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

/// What a command that failed was answered with.
pub(super) struct Failed(pub(super) ErrorCode, pub(super) String);

impl Peer {
    /// Somebody has connected, and has not logged in.
    pub(super) fn new(gateway: Arc<Gateway>, address: IpAddr) -> Self {
        let outbox = gateway.connections.hub.connect();
        gateway.metrics.connections.inc();
        Self { gateway, outbox, binding: None, address }
    }

    /// Binds the connection to a user.
    ///
    /// # Errors
    /// `TooFast` where the user has as many connections as one may have.
    pub(super) fn bind(&mut self, user: UserId, session: SessionId) -> Result<(), Failed> {
        let Gateway { connections, config, metrics, .. } = &*self.gateway;
        let most = if config.limits { config.max_connections_per_user } else { usize::MAX };
        connections
            .hub
            .bind(user, session, &self.outbox, most)
            .map_err(|_| Failed(ErrorCode::TooFast, "too many connections of this user".to_owned()))?;
        metrics.connections_bound.inc();
        self.binding = Some(Binding { user, session });
        Ok(())
    }

    /// Unbinds the connection from its user; the socket stays open.
    pub(super) fn unbind(&mut self) {
        if let Some(binding) = self.binding.take() {
            let Gateway { connections, life, metrics, .. } = &*self.gateway;
            connections.waking.batched(|wakes| {
                connections.hub.unbind(wakes, binding.user, &self.outbox, life.clock.now());
            });
            metrics.connections_bound.dec();
        }
    }

    /// The binding of a connection that has logged in as `uid`.
    ///
    /// # Errors
    /// `LoginRequired`, and `NotAllowed` where it has logged in as somebody else.
    pub(super) fn speaker(&self, uid: UserId) -> Result<Binding, Failed> {
        let Some(binding) = self.binding else {
            return Err(Failed(ErrorCode::LoginRequired, "login required".to_owned()));
        };
        binding.is_of(uid).map(|()| binding)
    }

    /// Whether it was told that its session has ended, and has not come to its own end yet.
    pub(super) fn is_ended(&self) -> bool {
        let closing = self.outbox.closing().map(|closing| closing.code);
        matches!(closing, Some(CloseCode::SessionRevoked | CloseCode::Banned))
    }

    /// Waits until everything asked is answered but for so many questions.
    pub(super) async fn answered_but(&self, unanswered: usize) {
        poll_fn(|cx| {
            self.outbox.register(cx.waker());
            if self.outbox.load().unanswered <= unanswered { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Also after a panic: a connection that is gone must not stay in the hub.
impl Drop for Peer {
    fn drop(&mut self) {
        self.unbind();
        self.outbox.end();
        self.gateway.connections.hub.disconnect(&self.outbox);
        self.gateway.metrics.connections.dec();
    }
}

impl Binding {
    /// Identity comes from the token: a frame that claims another is refused.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn is_of(self, uid: UserId) -> Result<(), Failed> {
        if self.user == uid {
            return Ok(());
        }
        let reason = format!("uid: this connection has logged in as {}, not as {uid}", self.user);
        Err(Failed(ErrorCode::NotAllowed, reason))
    }
}
