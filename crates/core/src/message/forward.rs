//! Forwarding: what is made of messages that somebody sends on to other groups.

use serde::{Deserialize, Serialize};

use super::{Message, MessageKind, Origin};
use crate::group::Group;
use crate::size::{Size, json_bytes};
use crate::user::User;
use crate::{ConnectionId, GroupId, MessageId, Refusal, SessionId, Timestamp, UserId};

/// Messages that are forwarded at once, and to so many groups: of each a copy is stored in one commit.
pub const MAX_MESSAGES: usize = 100;
pub const MAX_GROUPS: usize = 20;

/// What all copies may come to in an answer, which has them: some thousand messages of the usual kind.
pub const MAX_BYTES: usize = 2 * crate::size::ANSWER_BYTES;

/// How deep merged messages may stand in each other, the outermost counted.
pub const MAX_DEPTH: usize = 3;

/// What somebody forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    pub user: UserId,
    pub from: GroupId,
    pub messages: Vec<MessageId>,
    pub to: Vec<GroupId>,
    /// As one message that holds all of them.
    pub merged: bool,
    /// Without saying who wrote them.
    pub without_origin: bool,
    /// What the ids of the copies begin with ([`Self::client_msg_id`]): [`MAX_CLIENT_MSG_ID_BYTES`] at the most.
    pub client_msg_id: String,
    pub session: Option<SessionId>,
    pub now: Timestamp,
    pub connection: ConnectionId,
    /// What the content of a message may have.
    pub content_bytes: usize,
}

/// Room is left for the number of a copy.
pub const MAX_CLIENT_MSG_ID_BYTES: usize = 61;

impl Forward {
    /// By which the copy of that number is known in each of the groups.
    pub fn client_msg_id(&self, number: usize) -> String {
        format!("{}:{number}", self.client_msg_id)
    }

    /// How many copies go to each group.
    pub fn copies(&self) -> usize {
        if self.merged { 1 } else { self.messages.len() }
    }
}

/// What is sent in the place of what was forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub kind: MessageKind,
    pub content: String,
    pub origin: Option<Origin>,
}

impl Size for Copy {
    /// In an answer, with what is around it.
    fn size_bytes(&self) -> usize {
        let origin = self.origin.as_ref().map_or(0, |origin| 80 + json_bytes(&origin.name));
        700 + json_bytes(&self.content) + origin
    }
}

/// What a merged message holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Merged {
    title: String,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    uid: UserId,
    name: String,
    kind: String,
    content: String,
    created_at: Timestamp,
}

/// The copies of messages, which the forwarder sees, by place. `people` has who wrote them.
///
/// # Errors
/// `Recalled`, `Expires`; `MergedTooLarge`, `MergedTooDeep`.
pub fn copies(
    forward: &Forward,
    from: &Group,
    messages: &[Message],
    people: &[User],
) -> Result<Vec<Copy>, Refusal> {
    for message in messages {
        must_be_lasting(message)?;
    }
    if forward.merged {
        return Ok(vec![merge(forward, from, messages, people)?]);
    }
    let copy = |message: &Message| Copy {
        kind: message.kind,
        content: message.content.clone(),
        origin: (!forward.without_origin).then(|| origin(message, people)),
    };
    Ok(messages.iter().map(copy).collect())
}

/// What is gone, or will be, lives on nowhere else.
fn must_be_lasting(message: &Message) -> Result<(), Refusal> {
    if message.is_recalled() {
        return Err(Refusal::Recalled);
    }
    let expires = message.state.as_ref().is_some_and(|state| state.expires_at.is_some());
    if expires { Err(Refusal::Expires) } else { Ok(()) }
}

/// Where it was written first.
fn origin(message: &Message, people: &[User]) -> Origin {
    let before = message.state.as_ref().and_then(|state| state.forwarded_from.clone());
    before.unwrap_or_else(|| {
        let sender = people.iter().find(|user| user.id == message.sender);
        let name = sender.map_or_else(String::new, |user| user.name.clone());
        Origin { user: message.sender, name, at: message.created_at }
    })
}

/// One message that holds all of them. It is called as the group, or in a single chat as those who wrote them.
fn merge(forward: &Forward, from: &Group, messages: &[Message], people: &[User]) -> Result<Copy, Refusal> {
    let mut items = Vec::with_capacity(messages.len());
    let mut names: Vec<String> = Vec::new();
    for message in messages {
        if message.kind == MessageKind::Merged && depth(&message.content) >= MAX_DEPTH {
            return Err(Refusal::MergedTooDeep(MAX_DEPTH));
        }
        let Origin { user, name, at } = origin(message, people);
        if !names.contains(&name) {
            names.push(name.clone());
        }
        let (uid, name) = if forward.without_origin { (UserId(0), String::new()) } else { (user, name) };
        let (kind, content) = (message.kind.name().to_owned(), message.content.clone());
        items.push(Item { uid, name, kind, content, created_at: at });
    }
    let title = match (forward.without_origin, from.single) {
        (true, _) => String::new(),
        (false, true) => names.join(", "),
        (false, false) => from.name.clone(),
    };
    let content = serde_json::to_string(&Merged { title, items }).expect("texts always have a JSON form");
    if content.len() > forward.content_bytes {
        return Err(Refusal::MergedTooLarge(forward.content_bytes));
    }
    Ok(Copy { kind: MessageKind::Merged, content, origin: None })
}

/// What a merged message holds: kinds and contents. Nothing of what no rim has made.
pub(crate) fn items(content: &str) -> impl Iterator<Item = (MessageKind, String)> {
    merged(content).into_iter().flat_map(|(_, items)| items)
}

/// What a merged message is called, and what it holds. `None` of what no rim has made.
pub(crate) fn merged(content: &str) -> Option<(String, impl Iterator<Item = (MessageKind, String)>)> {
    let Merged { title, items } = serde_json::from_str(content).ok()?;
    let items =
        items.into_iter().filter_map(|item| Some((MessageKind::from_name(&item.kind)?, item.content)));
    Some((title, items))
}

/// How deep merged messages stand in each other in the content of one.
fn depth(content: &str) -> usize {
    // What no rim has made holds nothing.
    let Ok(Merged { items, .. }) = serde_json::from_str(content) else { return 1 };
    let merged = items.iter().filter(|item| item.kind == MessageKind::Merged.name());
    1 + merged.map(|item| depth(&item.content)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{MessageState, Recalled};
    use super::*;
    use crate::{Rev, Seq};

    fn user(id: u64, name: &str) -> User {
        let (name, account) = (name.to_owned(), name.to_lowercase());
        User { id: UserId(id), account, name, avatar: String::new(), email: String::new() }
    }

    fn message(number: u64, sender: u64, kind: MessageKind, content: &str) -> Message {
        Message {
            id: MessageId(number),
            group: GroupId(1),
            seq: Seq(number),
            rev: Rev(number),
            sender: UserId(sender),
            client_msg_id: number.to_string(),
            kind,
            content: content.into(),
            created_at: Timestamp(number as i64),
            state: None,
        }
    }

    fn text(number: u64, content: &str) -> Message {
        message(number, 1 + number % 2, MessageKind::Text, content)
    }

    fn with(message: Message, state: MessageState) -> Message {
        Message { state: Some(Box::new(state)), ..message }
    }

    fn made(
        merged: bool,
        without_origin: bool,
        single: bool,
        messages: &[Message],
    ) -> Result<Vec<Copy>, Refusal> {
        let forward = Forward {
            user: UserId(9),
            from: GroupId(1),
            messages: messages.iter().map(|message| message.id).collect(),
            to: vec![GroupId(2)],
            merged,
            without_origin,
            client_msg_id: "f".into(),
            session: None,
            now: Timestamp(99),
            connection: ConnectionId(0),
            content_bytes: 4096,
        };
        let (name, avatar) = ("Go".into(), String::new());
        let group = Group {
            id: GroupId(1),
            name,
            avatar,
            mode: 2,
            creator: UserId(1),
            single,
            settings: crate::group::Settings::default(),
        };
        copies(&forward, &group, messages, &[user(1, "Anna"), user(2, "Bob")])
    }

    #[test]
    fn a_copy_says_where_it_comes_from_and_the_first_origin_counts() {
        let first = Origin { user: UserId(7), name: "Cleo".into(), at: Timestamp(3) };
        let forwarded = MessageState { forwarded_from: Some(first.clone()), ..MessageState::default() };
        let messages = [text(10, "one"), with(text(11, "two"), forwarded)];
        let copies = made(false, false, false, &messages).expect("both last");
        let own = Origin { user: UserId(1), name: "Anna".into(), at: Timestamp(10) };
        let origins: Vec<_> = copies.into_iter().map(|copy| copy.origin).collect();
        assert_eq!(origins, [Some(own), Some(first)]);
        let copies = made(false, true, false, &messages).expect("both last");
        assert!(copies.iter().all(|copy| copy.origin.is_none()), "it may be left out");
    }

    #[test]
    fn what_is_gone_or_will_be_is_not_forwarded() {
        let recalled = Some(Recalled { by: UserId(1), at: Timestamp(5) });
        let recalled = MessageState { recalled, ..MessageState::default() };
        let expiring = MessageState { expires_at: Some(Timestamp(50)), ..MessageState::default() };
        for (state, why) in [(recalled, Refusal::Recalled), (expiring, Refusal::Expires)] {
            let messages = [text(1, "stays"), with(text(2, "goes"), state)];
            for merged in [false, true] {
                assert_eq!(made(merged, false, false, &messages), Err(why.clone()));
            }
        }
    }

    #[test]
    fn a_merged_message_is_called_as_its_group_or_as_who_wrote_it() {
        let messages = [text(1, "hi"), text(2, "\"ho\""), text(3, "x")];
        let merged = |without, single| made(true, without, single, &messages).expect("it fits").remove(0);
        let group = merged(false, false);
        assert_eq!((group.kind, group.origin), (MessageKind::Merged, None));
        assert_eq!(
            group.content,
            r#"{"title":"Go","items":[{"uid":2,"name":"Bob","kind":"Text","content":"hi","createdAt":1},"#
                .to_owned()
                + r#"{"uid":1,"name":"Anna","kind":"Text","content":"\"ho\"","createdAt":2},"#
                + r#"{"uid":2,"name":"Bob","kind":"Text","content":"x","createdAt":3}]}"#
        );
        assert!(merged(false, true).content.starts_with(r#"{"title":"Bob, Anna","items":[{"uid":2,"#));
        let hidden = merged(true, false).content;
        assert!(
            hidden.starts_with(r#"{"title":"","items":[{"uid":0,"name":"","kind":"Text","content":"hi""#)
        );
        assert!(!hidden.contains("Anna") && !hidden.contains("Go"));
    }

    #[test]
    fn merged_messages_stand_in_each_other_three_deep_and_hold_what_a_message_may() {
        let merge = |content: &str, kind| made(true, false, false, &[message(1, 1, kind, content)]);
        let mut content = merge("inmost", MessageKind::Text).expect("the first").remove(0).content;
        for depth in 2..=MAX_DEPTH {
            content = merge(&content, MessageKind::Merged).expect("not too deep").remove(0).content;
            assert_eq!(super::depth(&content), depth);
        }
        assert_eq!(merge(&content, MessageKind::Merged), Err(Refusal::MergedTooDeep(MAX_DEPTH)));
        assert_eq!(merge(&"x".repeat(4096), MessageKind::Text), Err(Refusal::MergedTooLarge(4096)));
        // As it is it may go on and on.
        let as_it_is = made(false, false, false, &[message(1, 1, MessageKind::Merged, &content)]);
        assert_eq!(as_it_is.expect("no deeper").remove(0).content, content);
    }
}
