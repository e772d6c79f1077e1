//! Messages, with all that they have beside their content.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use rim_core::message::{
    Chat, Extras, Found, History, Link, Message, MessageKind, MessageState, Opened, Origin, Reaction, Span,
};
use rim_core::user::User;
use rim_core::{MessageId, Timestamp, UserId};
use rim_protocol::frame::{self, Beside};
use rim_protocol::rest;
use rim_store::StoreError;

use super::people::{group, user, users};

/// A message as one user is told it, for whom it was read.
pub fn message(message: &Message, zone: &TimeZone) -> rest::Message {
    told(message, zone, Some)
}

/// A message as it is told to many at once: what of it is whose own is not in it.
pub fn message_for_all(message: &Message, zone: &TimeZone) -> rest::Message {
    told(message, zone, |_| None)
}

fn told(message: &Message, zone: &TimeZone, mine: impl Fn(bool) -> Option<bool>) -> rest::Message {
    let create_time = local_time(message.created_at, zone);
    let update_time = match message.updated_at() {
        at if at == message.created_at => create_time.clone(),
        at => local_time(at, zone),
    };
    let mut told = rest::Message {
        id: message.id.0,
        kind: kind(message.kind),
        content: message.content.clone(),
        gid: message.group.0,
        uid: message.sender.0,
        client_msg_id: message.client_msg_id.clone(),
        create_time,
        update_time,
        seq: message.seq.0,
        rev: message.latest_rev().0,
        created_at: message.created_at.0,
        reply_to: None,
        mentions: Vec::new(),
        mention_all: false,
        forwarded_from: None,
        edited_at: None,
        recalled_at: None,
        recalled_by: None,
        reactions: Vec::new(),
        pinned_at: None,
        expires_at: None,
        opened: None,
        links: Vec::new(),
    };
    let Some(state) = message.state.as_deref() else { return told };
    told.reply_to = state.reply_to.map(|replied| replied.id.0);
    told.mentions = uids(&state.mentions);
    told.mention_all = state.mention_all;
    told.forwarded_from = state.forwarded_from.as_ref().map(origin);
    told.edited_at = state.edited.map(|edited| edited.at.0);
    told.recalled_at = state.recalled.map(|recalled| recalled.at.0);
    told.recalled_by = state.recalled.map(|recalled| recalled.by.0);
    let reaction = |reaction: &Reaction| rest::Reaction {
        emoji: reaction.emoji.clone(),
        count: reaction.count,
        mine: mine(reaction.mine),
        uids: uids(&reaction.newest),
    };
    told.reactions = state.reactions.iter().map(reaction).collect();
    told.pinned_at = state.pinned_at.map(|at| at.0);
    told.expires_at = state.expires_at.map(|at| at.0);
    let opened = |opened: &Opened| rest::Opened {
        count: opened.count,
        mine: mine(opened.mine),
        uids: uids(&opened.newest),
    };
    told.opened = state.opened.as_ref().map(opened);
    let link = |link: &Link| rest::Link {
        url: link.url.clone(),
        title: link.title.clone(),
        text: link.text.clone(),
        picture: link.picture.clone(),
    };
    told.links = state.links.iter().map(link).collect();
    told
}

pub fn messages(messages: &[Message], zone: &TimeZone) -> Vec<rest::Message> {
    messages.iter().map(|each| message(each, zone)).collect()
}

pub fn found(found: &Found, viewer: UserId, zone: &TimeZone) -> rest::MessageList {
    rest::MessageList {
        messages: messages(&found.messages, zone),
        users: users(&found.users, viewer),
        more: found.more,
    }
}

/// What a new message has beside its content, as it is delivered.
pub fn beside(state: &MessageState) -> Beside {
    Beside {
        reply_to: state.reply_to.map(|replied| replied.id.0),
        mentions: uids(&state.mentions),
        mention_all: state.mention_all,
        forwarded_from: state.forwarded_from.as_ref().map(origin),
        expires_at: state.expires_at.map(|at| at.0),
    }
}

/// What somebody wants to send a message with.
pub fn extras(wanted: frame::Extras) -> Extras {
    Extras {
        reply_to: wanted.reply_to.map(MessageId),
        mentions: wanted.mentions.into_iter().map(UserId).collect(),
        mention_all: wanted.mention_all,
        forwarded_from: None,
    }
}

fn origin(origin: &Origin) -> rest::ForwardedFrom {
    rest::ForwardedFrom { uid: origin.user.0, name: origin.name.clone(), created_at: origin.at.0 }
}

/// Places, from and to, as the wire has them.
pub fn ranges(spans: &[Span]) -> Vec<[u64; 2]> {
    spans.iter().map(|span| [span.after.0 + 1, span.to.0]).collect()
}

fn uids(users: &[UserId]) -> Vec<u64> {
    users.iter().map(|user| user.0).collect()
}

/// Names for kinds of messages, from one set to the other and back.
macro_rules! kinds {
    ($($kind:ident)*) => {
        pub const fn kind(kind: MessageKind) -> rim_protocol::Kind {
            match kind { $(MessageKind::$kind => rim_protocol::Kind::$kind),* }
        }

        pub const fn stored_kind(kind: rim_protocol::Kind) -> MessageKind {
            match kind { $(rim_protocol::Kind::$kind => MessageKind::$kind),* }
        }
    };
}
kinds!(Text RichText Image Audio Video File Location Card Custom Merged);

pub fn chat(chat: &Chat, viewer: UserId, zone: &TimeZone) -> rest::ChatItem {
    rest::ChatItem {
        group: group(&chat.group),
        msg: message(&chat.last, zone),
        user: user(&chat.other, viewer),
        unread: Some(chat.unread),
        unread_mentions: chat.unread_mentions,
        left: chat.left,
    }
}

/// A page of history: each message beside its group and its sender, as old clients expect it.
///
/// # Errors
/// `Fault` where the store left out a sender.
pub fn history(page: &History, viewer: UserId, zone: &TimeZone) -> Result<Vec<rest::ChatItem>, StoreError> {
    let senders: HashMap<UserId, &User> = page.senders.iter().map(|user| (user.id, user)).collect();
    page.messages
        .iter()
        .map(|each| {
            let sender = senders.get(&each.sender).ok_or_else(|| {
                StoreError::Fault(format!("history: message {} without its sender", each.id))
            })?;
            Ok(rest::ChatItem {
                group: group(&page.group),
                msg: message(each, zone),
                user: user(sender, viewer),
                unread: None,
                unread_mentions: 0,
                left: false,
            })
        })
        .collect()
}

/// `YYYY-MM-DD HH:MM:SS` in `zone`, without naming it: old clients split it at blank, `-` and `:`.
fn local_time(at: Timestamp, zone: &TimeZone) -> String {
    // What a clock can say is in range; a corrupt row shows as the epoch instead of failing its page.
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_padded() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(local_time(Timestamp(1_762_354_809_999), &TimeZone::UTC), "2025-11-05 15:00:09");
        assert_eq!(local_time(Timestamp(1_762_354_809_999), &zone), "2025-11-05 23:00:09");
        assert_eq!(local_time(Timestamp(i64::MAX), &TimeZone::UTC), "1970-01-01 00:00:00");
    }
}
