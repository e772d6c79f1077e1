//! Watch: has the connection told when others come and go, as far as their presence concerns its user.

use std::sync::Arc;

use rim_core::UserId;
use rim_protocol::ErrorCode;

use super::{Answer, fault, speaker, too_fast};
use crate::gateway::frames;
use crate::gateway::outbox::Ticket;
use crate::gateway::session::{Failed, Session};
use crate::gateway::waking::Wakes;

pub(super) async fn run(
    session: &Session,
    ticket: Ticket,
    uid: UserId,
    uids: Vec<u64>,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let binding = speaker(session, uid)?;
    if session.is_ended() {
        return Err(Failed(ErrorCode::LoginRequired, "the session has ended".to_owned()));
    }
    let app = Arc::clone(&session.app);
    app.limits.watch(binding.user).map_err(too_fast)?;
    // Of strangers nothing is told, nor that they are strangers.
    let wanted = uids.into_iter().map(UserId).collect();
    let users = app.store.acquaintances(binding.user, wanted).await.map_err(|error| fault(&error))?;
    // Who is online is told behind the Ack, and the Ack goes out when all before it have.
    session.others_answered().await;
    app.waking.batched(|wakes| {
        let ack = |wakes: &mut Wakes<'_>| {
            wakes.add(session.outbox.answer(ticket, frames::ack(client_msg_id, None)));
        };
        app.hub.watch(wakes, binding.user, &session.outbox, users, app.clock.now(), ack);
    });
    Ok(Answer::Given)
}
