//! Msg: stores a message, then acks it; the delivery follows from the commit.

use std::sync::Arc;

use rim_core::message::{Extras, NewMessage, Write, Written};
use rim_core::{GroupId, UserId};
use rim_protocol::Kind;

use super::answer::{Answer, refuse, too_fast};
use crate::gateway::outbox::Ticket;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::{admission, frames};
use crate::wire;

pub(super) fn run(
    peer: &Peer,
    ticket: Ticket,
    uid: UserId,
    gid: u64,
    (kind, content): (Kind, String),
    extras: Option<Box<Extras>>,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let binding = peer.speaker(uid)?;
    let gateway = &peer.gateway;
    admission::admit(peer)?;
    gateway.limits.message(binding.user).map_err(too_fast)?;
    let message = NewMessage {
        extras,
        group: GroupId(gid),
        sender: binding.user,
        client_msg_id: client_msg_id.to_owned(),
        kind: wire::stored_kind(kind),
        content,
        session: Some(binding.session),
        now: gateway.life.clock.now(),
        connection: peer.outbox.id(),
    };
    let outbox = Arc::clone(&peer.outbox);
    let metrics = Arc::clone(&gateway.metrics);
    let id = client_msg_id.to_owned();
    let done = Box::new(move |result| {
        let answer = match result {
            Ok(Written::Appended { id: message, .. }) => {
                metrics.messages_accepted.inc();
                frames::ack(&id, Some(message.0))
            }
            Ok(Written::Marked) => frames::ack(&id, None),
            Err(error) => {
                metrics.messages_refused.inc();
                return refuse(&outbox, ticket, &id, &error);
            }
        };
        outbox.answer(ticket, answer)
    });
    admission::submit(peer, Write::Append(message), done).map(|()| Answer::Given)
}
