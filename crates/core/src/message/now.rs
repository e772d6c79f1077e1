//! A message as it is now: its row, with its state put on.

use super::{Message, MessageKind, MessageState};
use crate::{Rev, Timestamp, UserId};

/// Parts the state, which is JSON, from what an edited message says.
const CONTENT: char = '\n';

impl Message {
    /// Puts on what a store keeps of it, with the `rev` of its latest note: the message then says what it says now.
    ///
    /// # Errors
    /// The text is none that rim writes.
    pub fn put_on(&mut self, text: &str, rev: Rev) -> Result<(), String> {
        let (mut state, edited) = parse(text)?;
        state.rev = rev;
        if let Some((kind, content)) = edited {
            self.kind = kind;
            content.clone_into(&mut self.content);
        }
        if state.recalled.is_some() {
            self.kind = MessageKind::Text;
            self.content.clear();
        }
        self.state = Some(Box::new(state));
        Ok(())
    }

    /// What a store keeps of its state; `None` of a plain message.
    pub fn state_text(&self) -> Option<String> {
        let state = self.state.as_deref()?;
        let mut text = state.text();
        if self.says_what_its_state_has() {
            text.push(CONTENT);
            text.push_str(&self.content);
        }
        Some(text)
    }

    /// Whether what it says now is kept with its state, and not in its row.
    pub fn says_what_its_state_has(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.edited.is_some() && state.recalled.is_none())
    }

    /// The `rev` of its latest change: its own, or that of its latest note.
    pub fn latest_rev(&self) -> Rev {
        self.state.as_ref().map_or(self.rev, |state| state.rev.max(self.rev))
    }

    pub fn is_recalled(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.recalled.is_some())
    }

    /// When its content or what was recalled of it changed last; else when it was sent.
    pub fn updated_at(&self) -> Timestamp {
        let state = self.state.as_deref();
        let edited = state.and_then(|state| state.edited).map(|edited| edited.at);
        let recalled = state.and_then(|state| state.recalled).map(|recalled| recalled.at);
        [edited, recalled].into_iter().flatten().max().unwrap_or(self.created_at)
    }

    /// Everybody whom it names beside its sender.
    pub fn named(&self) -> impl Iterator<Item = UserId> + '_ {
        self.state.iter().flat_map(|state| {
            let reactors = state.reactions.iter().flat_map(|reaction| reaction.newest.iter().copied());
            let by = state.recalled.map(|recalled| recalled.by);
            let openers = state.opened.iter().flat_map(|opened| opened.newest.iter().copied());
            state.mentions.iter().copied().chain(by).chain(reactors).chain(openers)
        })
    }
}

impl MessageState {
    /// What a store keeps of it, without what an edited message says.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always have a JSON form")
    }
}

/// What a message says that was edited.
type Said<'t> = (MessageKind, &'t str);

/// The state, and what an edited message says.
fn parse(text: &str) -> Result<(MessageState, Option<Said<'_>>), String> {
    let (state, content) =
        text.split_once(CONTENT).map_or((text, None), |(state, content)| (state, Some(content)));
    let state: MessageState = serde_json::from_str(state).map_err(|error| error.to_string())?;
    let edited = match (state.edited, content) {
        (Some(edited), Some(content)) => {
            Some((MessageKind::from_code(edited.kind).ok_or("a kind that means nothing")?, content))
        }
        _ => None,
    };
    Ok((state, edited))
}

/// A state's text without what an edited message says.
pub fn without_words(text: &str) -> &str {
    text.split_once(CONTENT).map_or(text, |(state, _)| state)
}

/// Whether a text is what a store may keep of a message's state.
pub fn is_state(text: &str) -> bool {
    parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Edited, Reaction, Recalled};
    use super::*;
    use crate::{GroupId, MessageId, Seq};

    fn message(content: &str) -> Message {
        Message {
            id: MessageId(7),
            group: GroupId(1),
            seq: Seq(3),
            rev: Rev(5),
            sender: UserId(1),
            client_msg_id: "c".into(),
            kind: MessageKind::Text,
            content: content.into(),
            created_at: Timestamp(9),
            state: None,
        }
    }

    fn again(message: &Message, rev: u64, row: &str) -> Message {
        let mut again =
            Message { content: row.into(), kind: MessageKind::Text, state: None, ..message.clone() };
        again.put_on(&message.state_text().expect("a state"), Rev(rev)).expect("a state of rim's");
        again
    }

    #[test]
    fn a_state_reads_back_with_what_the_message_says_now() {
        let state = MessageState {
            rev: Rev(8),
            mentions: vec![UserId(2)],
            edited: Some(Edited { at: Timestamp(11), kind: MessageKind::RichText.code() }),
            reactions: vec![Reaction {
                emoji: "👍".into(), count: 2, newest: vec![UserId(3)], mine: false
            }],
            ..MessageState::default()
        };
        let edited =
            Message { kind: MessageKind::RichText, state: Some(Box::new(state)), ..message("**new**\nline") };
        assert_eq!(again(&edited, 8, "old"), edited);
        assert_eq!((edited.latest_rev(), edited.updated_at()), (Rev(8), Timestamp(11)));
        assert_eq!(message("plain").state_text(), None);
    }

    #[test]
    fn a_recalled_message_says_nothing_whatever_its_row_says() {
        let recalled = Some(Recalled { by: UserId(1), at: Timestamp(12) });
        let state = MessageState { recalled, ..MessageState::default() };
        let told = Message { state: Some(Box::new(state)), ..message("secret") };
        assert!(!told.state_text().expect("a state").contains("secret"));
        let told = again(&told, 9, "left over");
        assert_eq!((told.kind, told.content.as_str()), (MessageKind::Text, ""));
    }

    #[test]
    fn a_state_of_a_later_version_is_read_as_far_as_it_is_known() {
        let mut message = message("x");
        assert_eq!(message.put_on(r#"{"pinnedAt":4,"translated":{"en":"y"}}"#, Rev(6)), Ok(()));
        assert_eq!(message.state.expect("a state").pinned_at, Some(Timestamp(4)));
    }
}
