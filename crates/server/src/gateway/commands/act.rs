//! Doing something with a message: editing, recalling, reacting, pinning, and whatever there is to come.
//!
//! What is done is known to the core alone. The connection waits for the store, so what it does is done in its order.

use rim_core::{GroupId, MessageId, UserId};
use rim_protocol::frame::Act;
use rim_store::Acting;

use super::answer::{Answer, refuse, too_fast};
use crate::gateway::outbox::Ticket;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::{admission, frames};
use crate::wire;

pub(super) async fn run(
    peer: &Peer,
    ticket: Ticket,
    uid: UserId,
    (gid, msg_id): (u64, u64),
    act: Act<'_>,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let binding = peer.speaker(uid)?;
    admission::admit(peer)?;
    let gateway = &peer.gateway;
    gateway.limits.message(binding.user).map_err(too_fast)?;
    // What it asked for before is done first.
    peer.answered_but(1).await;
    let acting = Acting {
        user: binding.user,
        group: GroupId(gid),
        message: MessageId(msg_id),
        act: wire::act(act, client_msg_id),
        windows: gateway.config.windows,
        session: Some(binding.session),
        now: gateway.life.clock.now(),
        connection: peer.outbox.id(),
    };
    let queued = peer.outbox.queued();
    match gateway.store.act(acting).await {
        // Others may have been told already, and this connection with them.
        Ok(_) => peer.outbox.answer_before(ticket, frames::ack(client_msg_id, Some(msg_id)), queued),
        Err(error) => refuse(&peer.outbox, ticket, client_msg_id, &error),
    }
    .wake();
    Ok(Answer::Given)
}
