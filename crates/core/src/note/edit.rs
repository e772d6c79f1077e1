//! Edits: a message says something else from now on. What it said before stays in its history.

use std::borrow::Cow;

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Ledger, Scene, must_not_be_recalled, state};
use super::mention::{may_mention, mentioned};
use crate::message::{Edited, Message, MessageKind};
use crate::{Refusal, UserId, file};

/// Edits of one message, at the most: each is remembered for ever, so that it is known if it comes again.
pub const MAX_EDITS: u64 = 1000;

/// The kind that an edit has given a message: the text of its note.
fn text_of(kind: MessageKind) -> String {
    kind.code().to_string()
}

/// The inverse; `None` of what is no such text.
pub fn kind_of_edit(text: &str) -> Option<MessageKind> {
    MessageKind::from_code(text.parse().ok()?)
}

/// What a message is to say.
pub(super) struct Wanted<'a> {
    pub(super) client_msg_id: &'a str,
    pub(super) kind: Option<MessageKind>,
    pub(super) content: &'a str,
    pub(super) mentions: &'a [UserId],
    pub(super) mention_all: bool,
}

pub(super) fn apply<L: Ledger>(
    scene: &Scene<'_>,
    ledger: &L,
    message: &mut Message,
    to: Wanted<'_>,
) -> Result<Option<Written>, L::Failure> {
    // Whenever it comes again, later edits stay.
    if ledger.has(NoteKind::Edit, to.client_msg_id, scene.caller.user)? {
        return Ok(None);
    }
    may_edit(scene, message)?;
    let kind = to.kind.unwrap_or(message.kind);
    let content = fitting(message, kind, to.content)?;
    let before = message.state.as_deref();
    let mention_all = to.mention_all;
    // One who could mention all may keep it.
    let mentioned_all = before.is_some_and(|state| state.mention_all);
    may_mention(scene.group, scene.settings, scene.caller.role, mention_all && !mentioned_all)?;
    let was_mentioned = |user: &UserId| before.is_some_and(|state| state.mentions.contains(user));
    let mentions = mentioned(ledger, message.sender, to.mentions, was_mentioned)?;
    let is_same = kind == message.kind
        && content == message.content
        && before.map_or(&[][..], |state| &state.mentions) == mentions
        && mentioned_all == mention_all;
    if ledger.on_message(NoteKind::Edit, MAX_EDITS)? >= MAX_EDITS {
        return Err(Refusal::TooManyEdits(MAX_EDITS).into());
    }
    let key = to.client_msg_id.to_owned();
    if is_same {
        let row = Row::Put { kind: NoteKind::Edit, key, body: String::new(), words: None };
        return Ok(Some(Written { row, what: None }));
    }
    let words = content.into_owned();
    (message.kind, message.content) = (kind, words.clone());
    let state = state(message);
    (state.mentions, state.mention_all) = (mentions, mention_all);
    // They were those of other words.
    state.links.clear();
    state.edited = Some(Edited { at: scene.now, kind: kind.code() });
    let row = Row::Put { kind: NoteKind::Edit, key, body: text_of(kind), words: Some(words) };
    Ok(Some(Written { row, what: Some(Noted::Edited) }))
}

/// Its sender, and nobody else: nobody changes another's words.
fn may_edit(scene: &Scene<'_>, message: &Message) -> Result<(), Refusal> {
    if message.sender != scene.caller.user {
        return Err(Refusal::OthersMessage);
    }
    must_not_be_recalled(message)?;
    match scene.windows.edit_ms {
        Some(ms) if ms == 0 || scene.now.since(message.created_at) > ms => Err(Refusal::TooLateToEdit(ms)),
        _ => Ok(()),
    }
}

/// What the message says then. Texts may become other texts. Of what is JSON only the caption may become another; what
/// the server has said of a file stays, whatever the client repeats of it.
fn fitting<'c>(message: &Message, kind: MessageKind, content: &'c str) -> Result<Cow<'c, str>, Refusal> {
    let is_text = |kind| matches!(kind, MessageKind::Text | MessageKind::RichText);
    if is_text(message.kind) && is_text(kind) {
        return Ok(content.into());
    }
    if kind == message.kind
        && let Some(content) = file::same_file(kind, &message.content, content)
    {
        return Ok(content.into());
    }
    let without_caption = |content: &str| {
        let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(content).ok()?;
        object.remove("caption");
        Some(object)
    };
    let is_media =
        matches!(kind, MessageKind::Image | MessageKind::Audio | MessageKind::Video | MessageKind::File);
    let same = is_media && kind == message.kind && {
        let before = without_caption(&message.content);
        before.is_some() && before == without_caption(content)
    };
    if same { Ok(content.into()) } else { Err(Refusal::NotEditable) }
}
