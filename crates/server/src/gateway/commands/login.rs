//! Login: binds the connection to the user of a token.

use std::sync::Arc;

use rim_core::UserId;
use rim_core::event::Topic;
use rim_core::session::Session as StoredSession;
use rim_protocol::ErrorCode;

use super::{Answer, fault};
use crate::accounts;
use crate::gateway::frames;
use crate::gateway::outbox::Ticket;
use crate::gateway::session::{Binding, Failed, Session};
use crate::gateway::waking::Wakes;

pub(super) async fn run(
    session: &mut Session,
    ticket: Ticket,
    uid: UserId,
    token: &str,
    echo: bool,
    client_msg_id: &str,
) -> Result<Answer, Failed> {
    let stored = authenticate(session, uid, token).await?;
    super::logout(session);

    let app = Arc::clone(&session.app);
    let most = if app.config.limits { app.config.max_connections_per_user } else { usize::MAX };
    app.hub
        .bind(uid, stored.id, &session.outbox, most)
        .map_err(|_| Failed(ErrorCode::TooFast, "too many connections of this user".to_owned()))?;
    app.metrics.sessions_bound.inc();
    session.binding = Some(Binding { user: uid, session: stored.id });
    session.outbox.set_echo(echo);

    // From here on the hub tells of every change, so what is read now misses nothing.
    let joined = join(session, ticket, uid, token, echo, client_msg_id).await;
    match joined {
        Ok(()) => accounts::touch(&app, &stored, session.address),
        Err(_) => super::logout(session),
    }
    joined.map(|()| Answer::Given)
}

async fn join(
    session: &Session,
    ticket: Ticket,
    uid: UserId,
    token: &str,
    echo: bool,
    client_msg_id: &str,
) -> Result<(), Failed> {
    let (app, outbox) = (&session.app, &session.outbox);
    let groups = app.store.group_ids_of(uid).await.map_err(|error| fault(&error))?;
    if let Some(cluster) = &app.cluster {
        let topics = groups.iter().map(|group| Topic::Group(*group)).chain([Topic::User(uid)]).collect();
        cluster.follow(topics).await.map_err(|error| fault(&error))?;
    }
    // Had it been revoked before the bind, nobody would have told the connection.
    authenticate(session, uid, token).await?;
    // Old clients take the first frame after their Login for its answer.
    let ack = |wakes: &mut Wakes<'_>| {
        // An old client's Ack is byte for byte what it always was.
        let frame = if echo {
            frames::login_ack(client_msg_id, app.store.identity())
        } else {
            frames::ack(client_msg_id, None)
        };
        wakes.add(outbox.answer(ticket, frame));
    };
    app.waking.batched(|wakes| app.hub.join(wakes, uid, outbox, groups, app.clock.now(), ack));
    Ok(())
}

/// The stored session of the token, if it is the one of `uid`.
async fn authenticate(session: &Session, uid: UserId, token: &str) -> Result<StoredSession, Failed> {
    let app = &session.app;
    match app.accounts.authenticate(&app.store, &*app.clock, token).await {
        Ok(Some(stored)) if stored.user == uid => Ok(stored),
        Ok(Some(_)) => Err(Failed(ErrorCode::NotAllowed, "uid: the token is another user's".to_owned())),
        Ok(None) => Err(Failed(ErrorCode::LoginRequired, "login required".to_owned())),
        Err(error) => Err(fault(&error)),
    }
}
