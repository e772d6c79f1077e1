//! What is done with a message that was sent: one event each.

use std::borrow::Cow;

use super::body::{WireBody, flag, mentions, text};
use crate::field::Field;
use crate::limits::Invalid;
use crate::{Emoji, Kind};

/// What a client does with a message. A new one is a variant here, its keys, and its line in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<'a> {
    /// It says something else from now on. `kind` stays where it is left out.
    Edit {
        kind: Option<Kind>,
        content: Cow<'a, str>,
        mentions: Vec<u64>,
        mention_all: bool,
    },
    Recall,
    React(Emoji),
    Unreact(Emoji),
    Pin,
    Unpin,
    /// Who has played a voice message says so.
    Open,
}

impl<'a> Act<'a> {
    /// Its event on the wire.
    pub const fn event(&self) -> &'static str {
        match self {
            Self::Edit { .. } => "Edit",
            Self::Recall => "Recall",
            Self::React(_) => "React",
            Self::Unreact(_) => "Unreact",
            Self::Pin => "Pin",
            Self::Unpin => "Unpin",
            Self::Open => "Open",
        }
    }

    /// Whether there is such an event.
    pub(super) fn is(event: &str) -> bool {
        matches!(event, "Edit" | "Recall" | "React" | "Unreact" | "Pin" | "Unpin" | "Open")
    }

    /// The act of this event, of those for which [`Self::is`] is true.
    pub(super) fn read(event: &str, body: &mut WireBody<'a>) -> Result<Self, Invalid> {
        let mut emoji = || Emoji::read("content", &text("content", std::mem::take(&mut body.content))?);
        Ok(match event {
            "Edit" => {
                let kind = match &body.kind {
                    Field::Absent => None,
                    _ => Some(Kind::from_name(&text("kind", std::mem::take(&mut body.kind))?)?),
                };
                let content = text("content", std::mem::take(&mut body.content))?;
                Kind::check_edited(kind, &content)?;
                let more = body.more.take();
                let mentions = mentions(more.mentions)?;
                Self::Edit { kind, content, mentions, mention_all: flag("mentionAll", &more.mention_all)? }
            }
            "Recall" => Self::Recall,
            "React" => Self::React(emoji()?),
            "Unreact" => Self::Unreact(emoji()?),
            "Pin" => Self::Pin,
            "Unpin" => Self::Unpin,
            _ => Self::Open,
        })
    }
}
