//! Typing: tells the others that somebody is writing something.

use rim_core::member_list::MembersQuery;
use rim_core::{GroupId, Refusal, Rev, UserId};
use rim_protocol::ErrorCode;

use super::answer::{Answer, fault};
use crate::gateway::parts::Gateway;
use crate::gateway::peer::{Failed, Peer};
use crate::gateway::typing;

pub(super) async fn run(peer: &Peer, uid: UserId, gid: u64) -> Result<Answer, Failed> {
    let binding = peer.speaker(uid)?;
    if peer.is_ended() {
        return Err(Failed(ErrorCode::LoginRequired, "the session has ended".to_owned()));
    }
    let Gateway { connections, store, follow, life, .. } = &*peer.gateway;
    let (user, group) = (binding.user, GroupId(gid));
    if !connections.hub.is_member(group, user) {
        return Err(Failed(ErrorCode::NotAllowed, Refusal::NotMember.to_string()));
    }
    if !connections.typing.is_new(&life.time, group, user) {
        return Ok(Answer::Ack);
    }
    // Nobody of them is read, only how many they are.
    let query = MembersQuery { after: Rev(0), size: 0, named: None, bytes: 0 };
    let members = store.members_page(user, group, query).await.map_err(|error| fault(&error))?;
    if members.count <= typing::MAX_MEMBERS {
        let at = life.clock.now();
        connections.tell_typing(group, user, at);
        if let Some(others) = follow {
            others.is_typing(group, user, at);
        }
    }
    Ok(Answer::Ack)
}
