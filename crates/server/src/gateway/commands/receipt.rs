//! Read and Ack: how far the messages of a group have come to their reader.

use std::sync::Arc;

use rim_core::message::{Mark, Receipt, Write};
use rim_core::{GroupId, MessageId, UserId};

use super::answer::{Answer, refuse};
use crate::gateway::outbox::Ticket;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::{admission, frames};

pub(super) fn run(
    peer: &Peer,
    ticket: Ticket,
    uid: UserId,
    gid: u64,
    msg_id: u64,
    receipt: Receipt,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let binding = peer.speaker(uid)?;
    admission::admit(peer)?;
    let mark = Mark {
        group: GroupId(gid),
        user: binding.user,
        message: MessageId(msg_id),
        receipt,
        session: Some(binding.session),
        now: peer.gateway.life.clock.now(),
        connection: peer.outbox.id(),
    };
    // Old clients compare: a Read is answered with its msgId, an Ack with null.
    let echoed = match receipt {
        Receipt::Read => Some(msg_id),
        Receipt::Delivered => None,
    };
    let outbox = Arc::clone(&peer.outbox);
    let id = client_msg_id.to_owned();
    let done = Box::new(move |result| match result {
        Ok(_) => outbox.answer(ticket, frames::ack(&id, echoed)),
        Err(error) => refuse(&outbox, ticket, &id, &error),
    });
    admission::submit(peer, Write::Mark(mark), done).map(|()| Answer::Given)
}
