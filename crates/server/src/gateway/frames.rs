//! Frames of the server, encoded.

use bytes::Bytes;
use rim_core::message::Message;
use rim_core::{Identity, Refusal, Timestamp};
use rim_protocol::ErrorCode;
use rim_protocol::frame::{Ack, Delivery, Failure, LoginAck, Notice, Notify};
use rim_store::StoreError;

use super::ws;
use crate::wire;

/// Bytes of JSON around the content of a message; a little more than it takes.
const ENVELOPE_BYTES: usize = 256;

pub(super) fn ack(client_msg_id: &str, server_msg_id: Option<u64>) -> Bytes {
    ws::text(ENVELOPE_BYTES / 2, |out| Ack { client_msg_id, server_msg_id }.encode(out))
}

/// The Ack of a Login with `echo`.
pub(super) fn login_ack(client_msg_id: &str, identity: &Identity) -> Bytes {
    let store = wire::store(identity);
    ws::text(ENVELOPE_BYTES, |out| LoginAck { client_msg_id, store: &store }.encode(out))
}

pub(super) fn failure(client_msg_id: &str, code: ErrorCode, reason: &str) -> Bytes {
    let failure = Failure::new(client_msg_id, code, reason);
    ws::text(ENVELOPE_BYTES, |out| failure.encode(out))
}

/// The answer to a write that the store did not do.
pub(super) fn store_failure(client_msg_id: &str, error: &StoreError) -> Bytes {
    let code = match error {
        StoreError::Refused(Refusal::NoSuchGroup | Refusal::NoSuchMessage | Refusal::NoSuchFile) => {
            ErrorCode::NotFound
        }
        StoreError::Refused(Refusal::SessionEnded(_)) => ErrorCode::LoginRequired,
        StoreError::Refused(_) => ErrorCode::NotAllowed,
        StoreError::Busy => ErrorCode::Busy,
        StoreError::Unsure => ErrorCode::Unsure,
        StoreError::Fault(fault) => {
            tracing::error!(%fault, "the store failed");
            return failure(client_msg_id, ErrorCode::Failed, "system error");
        }
    };
    failure(client_msg_id, code, &error.to_string())
}

pub(super) fn delivery(message: &Message) -> Bytes {
    let beside = message.state.as_deref().map(wire::beside);
    let delivery = Delivery {
        kind: wire::kind(message.kind),
        uid: message.sender.0,
        gid: message.group.0,
        content: &message.content,
        client_msg_id: &message.client_msg_id,
        msg_id: message.id.0,
        seq: message.seq.0,
        rev: message.rev.0,
        created_at: message.created_at.0,
        beside: beside.as_ref(),
    };
    ws::text(ENVELOPE_BYTES + message.content.len(), |out| delivery.encode(out))
}

/// A Notify with nothing but its kind, actor and time; callers add what else applies.
pub(super) const fn notice<'a>(kind: Notice, actor: rim_core::UserId, at: Timestamp) -> Notify<'a> {
    Notify {
        kind,
        uid: actor.0,
        gid: None,
        content: "",
        client_msg_id: "",
        msg_id: None,
        seq: None,
        rev: None,
        uids: &[],
        role: None,
        created_at: at.0,
        name: None,
        user: None,
        from_rev: None,
        msg: None,
        emoji: None,
        msg_ids: &[],
        seqs: &[],
        id: None,
    }
}

pub(super) fn notify(notify: Notify<'_>) -> Bytes {
    ws::text(ENVELOPE_BYTES, |out| notify.encode(out))
}
