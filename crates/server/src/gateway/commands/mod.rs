//! What a connection may ask for, one file a command.

mod act;
mod answer;
mod login;
mod message;
mod receipt;
mod typing;
mod watch;

use rim_core::UserId;
use rim_core::message::Receipt;
use rim_protocol::ErrorCode;
use rim_protocol::frame::{Command, Request};

use self::answer::Answer;
use super::frames;
use super::outbox::Ticket;
use super::peer::{Failed, Peer};
use crate::wire;

/// Carries out a request and answers it in its turn.
///
/// # Errors
/// It was refused, and that is the client's doing.
pub(super) async fn run(peer: &mut Peer, ticket: Ticket, request: Request<'_>) -> Result<(), Failed> {
    let Request { client_msg_id: id, command } = request;
    peer.gateway.metrics.frame(command.event());
    let result = match command {
        Command::Login { uid, token, echo } => login::run(peer, ticket, UserId(uid), &token, echo, &id).await,
        Command::Msg { uid, gid, kind, content, extras } => {
            let extras = extras.map(|extras| Box::new(wire::extras(*extras)));
            message::run(peer, ticket, UserId(uid), gid, (kind, content.into_owned()), extras, &id)
        }
        Command::Act { uid, gid, msg_id, act } => {
            act::run(peer, ticket, UserId(uid), (gid, msg_id), *act, &id).await
        }
        Command::Typing { uid, gid } => typing::run(peer, UserId(uid), gid).await,
        Command::Read { uid, gid, msg_id } => {
            receipt::run(peer, ticket, UserId(uid), gid, msg_id, Receipt::Read, &id)
        }
        Command::Ack { uid, gid, msg_id } => {
            receipt::run(peer, ticket, UserId(uid), gid, msg_id, Receipt::Delivered, &id)
        }
        Command::Watch { uid, uids } => watch::run(peer, ticket, UserId(uid), uids, &id).await,
        Command::Heart => Ok(Answer::Ack),
        Command::Logout { uid } => logout_of(peer, uid.map(UserId)),
    };
    match result {
        Ok(Answer::Given) => Ok(()),
        Ok(Answer::Ack) => {
            peer.outbox.answer(ticket, frames::ack(&id, None)).wake();
            Ok(())
        }
        Err(failed) => {
            peer.outbox.answer(ticket, frames::failure(&id, failed.0, &failed.1)).wake();
            // Whom the server has no room for has done nothing wrong.
            if failed.0 == ErrorCode::Busy { Ok(()) } else { Err(failed) }
        }
    }
}

fn logout_of(peer: &mut Peer, uid: Option<UserId>) -> Result<Answer, Failed> {
    if let (Some(uid), Some(binding)) = (uid, peer.binding) {
        binding.is_of(uid)?;
    }
    peer.unbind();
    Ok(Answer::Ack)
}
