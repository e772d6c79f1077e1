//! What a connection may ask for, one file a command.

mod login;
mod message;
mod receipt;
mod watch;

use std::sync::Arc;

use rim_core::message::Receipt;
use rim_core::{Refusal, UserId};
use rim_protocol::ErrorCode;
use rim_protocol::frame::{Command, Request};
use rim_store::{Sleeper, StoreError};

use super::dispatch::close_code;
use super::frames;
use super::outbox::{Outbox, Ticket};
use super::session::{Binding, Failed, Session};
use crate::limits::RetryAfter;

/// How a command that was done is answered.
enum Answer {
    /// With an Ack, now.
    Ack,
    /// By the command itself, or by the store once it is committed.
    Given,
}

/// Carries out a request and answers it in its place.
///
/// # Errors
/// It was refused, and that is the client's doing.
pub(super) async fn run(session: &mut Session, ticket: Ticket, request: Request<'_>) -> Result<(), Failed> {
    let Request { client_msg_id: id, command } = request;
    session.app.metrics.frame(command.event());
    let result = match command {
        Command::Login { uid, token, echo } => {
            login::run(session, ticket, UserId(uid), &token, echo, &id).await
        }
        Command::Msg { uid, gid, kind, content } => {
            message::run(session, ticket, UserId(uid), gid, kind, content.into_owned(), &id)
        }
        Command::Read { uid, gid, msg_id } => {
            receipt::run(session, ticket, UserId(uid), gid, msg_id, Receipt::Read, &id)
        }
        Command::Ack { uid, gid, msg_id } => {
            receipt::run(session, ticket, UserId(uid), gid, msg_id, Receipt::Delivered, &id)
        }
        Command::Watch { uid, uids } => watch::run(session, ticket, UserId(uid), uids, &id).await,
        Command::Heart => Ok(Answer::Ack),
        Command::Logout { uid } => logout_of(session, uid.map(UserId)),
    };
    match result {
        Ok(Answer::Given) => Ok(()),
        Ok(Answer::Ack) => {
            session.outbox.answer(ticket, frames::ack(&id, None)).wake();
            Ok(())
        }
        Err(failed) => {
            session.outbox.answer(ticket, frames::failure(&id, failed.0, &failed.1)).wake();
            // Whom the server has no room for has done nothing wrong.
            if failed.0 == ErrorCode::Busy { Ok(()) } else { Err(failed) }
        }
    }
}

fn logout_of(session: &mut Session, uid: Option<UserId>) -> Result<Answer, Failed> {
    if let (Some(uid), Some(binding)) = (uid, session.binding) {
        speaker_is(binding, uid)?;
    }
    logout(session);
    Ok(Answer::Ack)
}

/// Answers a write that the store refused. Where that is because the session has ended, of which nobody has told the
/// connection yet, it ends with it. Returns who is to be woken for that.
fn refuse(outbox: &Arc<Outbox>, ticket: Ticket, id: &str, error: &StoreError) -> Sleeper {
    let sleeper = outbox.answer(ticket, frames::store_failure(id, error));
    if let StoreError::Refused(Refusal::SessionEnded(why)) = error {
        // Whoever wakes it for the answer wakes it for this.
        outbox.close(close_code(*why), None).wake();
    }
    sleeper
}

/// Unbinds the connection from its user; the socket stays open.
pub(super) fn logout(session: &mut Session) {
    if let Some(binding) = session.binding.take() {
        let app = &session.app;
        app.waking.batched(|wakes| app.hub.unbind(wakes, binding.user, &session.outbox, app.clock.now()));
        session.app.metrics.sessions_bound.dec();
    }
}

/// The binding of a connection that has logged in as `uid`.
fn speaker(session: &Session, uid: UserId) -> Result<Binding, Failed> {
    let Some(binding) = session.binding else {
        return Err(Failed(ErrorCode::LoginRequired, "login required".to_owned()));
    };
    speaker_is(binding, uid).map(|()| binding)
}

/// Identity comes from the token: a frame that claims another is refused.
fn speaker_is(binding: Binding, uid: UserId) -> Result<(), Failed> {
    if binding.user == uid {
        return Ok(());
    }
    let reason = format!("uid: this connection has logged in as {}, not as {uid}", binding.user);
    Err(Failed(ErrorCode::NotAllowed, reason))
}

fn too_fast(retry: RetryAfter) -> Failed {
    Failed(ErrorCode::TooFast, format!("too fast: try again in {} ms", retry.0.as_millis()))
}

/// What a read of the store failed with.
fn fault(error: &StoreError) -> Failed {
    match error {
        StoreError::Busy => Failed(ErrorCode::Busy, error.to_string()),
        StoreError::Refused(_) | StoreError::Fault(_) | StoreError::Unsure => {
            tracing::error!(%error, "the store failed");
            Failed(ErrorCode::Failed, "system error".to_owned())
        }
    }
}
