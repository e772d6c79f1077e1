//! Watch: has the connection told when others come and go, as far as their presence concerns its user.

use rim_core::UserId;
use rim_protocol::ErrorCode;

use super::answer::{Answer, fault, too_fast};
use crate::gateway::frames;
use crate::gateway::outbox::Ticket;
use crate::gateway::parts::Gateway;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::waking::Wakes;

pub(super) async fn run(
    peer: &Peer,
    ticket: Ticket,
    uid: UserId,
    uids: Vec<u64>,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let binding = peer.speaker(uid)?;
    if peer.is_ended() {
        return Err(Failed(ErrorCode::LoginRequired, "the session has ended".to_owned()));
    }
    let Gateway { connections, store, limits, life, .. } = &*peer.gateway;
    limits.watch(binding.user).map_err(too_fast)?;
    // Of strangers nothing is told, nor that they are strangers.
    let wanted = uids.into_iter().map(UserId).collect();
    let users = store.acquaintances(binding.user, wanted).await.map_err(|error| fault(&error))?;
    // Who is online is told behind the Ack, and the Ack goes out when all before it have.
    peer.answered_but(1).await;
    connections.waking.batched(|wakes| {
        let ack = |wakes: &mut Wakes<'_>| {
            wakes.add(peer.outbox.answer(ticket, frames::ack(client_msg_id, None)));
        };
        connections.hub.watch(wakes, binding.user, &peer.outbox, users, life.clock.now(), ack);
    });
    Ok(Answer::Given)
}
