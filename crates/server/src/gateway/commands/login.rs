//! Login: binds the connection to the user of a token.

use rim_core::UserId;
use rim_core::event::Topic;
use rim_core::session::Session;
use rim_protocol::ErrorCode;

use super::answer::{Answer, fault};
use crate::gateway::frames;
use crate::gateway::outbox::Ticket;
use crate::gateway::parts::Gateway;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::waking::Wakes;

pub(super) async fn run(
    peer: &mut Peer,
    ticket: Ticket,
    uid: UserId,
    token: &str,
    echo: bool,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let stored = authenticate(peer, uid, token).await?;
    peer.unbind();
    peer.bind(uid, stored.id)?;
    peer.outbox.set_echo(echo);

    // From here on the hub tells of every change, so what is read now misses nothing.
    let joined = join(peer, ticket, uid, token, echo, client_msg_id).await;
    match joined {
        Ok(()) => peer.gateway.accounts.touch(&stored, peer.address),
        Err(_) => peer.unbind(),
    }
    joined.map(|()| Answer::Given)
}

async fn join(
    peer: &Peer,
    ticket: Ticket,
    uid: UserId,
    token: &str,
    echo: bool,
    client_msg_id: &str,
) -> Result<(), Failed> {
    let Gateway { connections, store, follow, life, .. } = &*peer.gateway;
    let groups = store.group_ids_of(uid).await.map_err(|error| fault(&error))?;
    if let Some(others) = follow {
        let topics = groups.iter().map(|group| Topic::Group(*group)).chain([Topic::User(uid)]).collect();
        others.follow(topics).await.map_err(|error| fault(&error))?;
    }
    // Had it been revoked before the bind, nobody would have told the connection.
    authenticate(peer, uid, token).await?;
    // Old clients take the first frame after their Login for its answer.
    let ack = |wakes: &mut Wakes<'_>| {
        // An old client's Ack is byte for byte what it always was.
        let frame = if echo {
            frames::login_ack(client_msg_id, store.identity())
        } else {
            frames::ack(client_msg_id, None)
        };
        wakes.add(peer.outbox.answer(ticket, frame));
    };
    let now = life.clock.now();
    connections.waking.batched(|wakes| connections.hub.join(wakes, uid, &peer.outbox, groups, now, ack));
    Ok(())
}

/// The stored session of the token, if it is the one of `uid`.
async fn authenticate(peer: &Peer, uid: UserId, token: &str) -> Result<Session, Failed> {
    match peer.gateway.accounts.authenticate(token).await {
        Ok(Some(stored)) if stored.user == uid => Ok(stored),
        Ok(Some(_)) => Err(Failed(ErrorCode::NotAllowed, "uid: the token is another user's".to_owned())),
        Ok(None) => Err(Failed(ErrorCode::LoginRequired, "login required".to_owned())),
        Err(error) => Err(fault(&error)),
    }
}
