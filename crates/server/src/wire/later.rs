//! Messages that are sent later.

use rim_core::schedule::Scheduled;
use rim_protocol::rest;

use super::message::kind;

/// `None` of a kind that this rim does not know.
pub fn scheduled(message: &Scheduled) -> Option<rest::ScheduledMessage> {
    let Scheduled { id, group, send_at, created_at, what, failed, .. } = message;
    Some(rest::ScheduledMessage {
        id: *id,
        gid: group.0,
        kind: kind(what.kind()?),
        content: what.content.clone(),
        send_at: send_at.0,
        created_at: created_at.0,
        reply_to: what.reply_to.map(|id| id.0),
        mentions: what.mentions.iter().map(|user| user.0).collect(),
        mention_all: what.mention_all,
        failed: failed.clone(),
    })
}

#[cfg(test)]
mod tests {
    use rim_core::message::MessageKind;

    use super::kind;

    /// Merged messages hold the names of the core.
    #[test]
    fn kinds_are_called_on_the_wire_as_in_what_is_kept() {
        for of_core in MessageKind::ALL {
            assert_eq!(kind(of_core).name(), of_core.name());
        }
    }
}
