//! Which text of a message is looked at.

use serde_json::{Map, Value};

use crate::message::MessageKind;
use crate::message::forward::{MAX_DEPTH, merged};

/// A text that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'c> {
    /// The content itself.
    Content(&'c str),
    /// Texts that stand in the content, one a line.
    Text(String),
}

impl Said<'_> {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Content(text) => text,
            Self::Text(text) => text,
        }
    }
}

/// What people read in a message: `None` where that is nothing, or only its client knows.
pub fn said(kind: MessageKind, content: &str) -> Option<Said<'_>> {
    if matches!(kind, MessageKind::Text | MessageKind::RichText) {
        return (!content.is_empty()).then_some(Said::Content(content));
    }
    let mut lines = Vec::new();
    collect(kind, content, 1, &mut lines);
    (!lines.is_empty()).then(|| Said::Text(lines.join("\n")))
}

fn collect(kind: MessageKind, content: &str, depth: usize, lines: &mut Vec<String>) {
    let keys: &[&str] = match kind {
        MessageKind::Text | MessageKind::RichText => {
            lines.push(content.to_owned());
            return;
        }
        MessageKind::Merged => {
            let Some((title, items)) = merged(content) else { return };
            lines.extend(Some(title).filter(|title| !title.is_empty()));
            if depth <= MAX_DEPTH {
                items.for_each(|(kind, content)| collect(kind, &content, depth + 1, lines));
            }
            return;
        }
        MessageKind::Image | MessageKind::Audio | MessageKind::Video | MessageKind::File => {
            &["name", "caption"]
        }
        MessageKind::Location => &["name", "address"],
        MessageKind::Card => &["name"],
        MessageKind::Custom => return,
    };
    // A picture may be an address.
    if !content.trim_start().starts_with('{') {
        return;
    }
    let Ok(mut object) = serde_json::from_str::<Map<String, Value>>(content) else { return };
    lines.extend(keys.iter().filter_map(|key| match object.remove(*key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }));
}
