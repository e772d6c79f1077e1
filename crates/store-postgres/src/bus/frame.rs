//! Hints as the text of a NOTIFY: who sent them, and as many as there is room for, in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use rim_core::bus::Subject;
use rim_core::event::Topic;
use rim_core::{GroupId, NodeId, UserId};

/// For whom it is, and what it says.
pub(super) type Hint = (Subject, Vec<u8>);

/// PostgreSQL's NOTIFY holds less than 8000 bytes.
const MAX_TEXT_BYTES: usize = 7999;
const MAX_FRAME_BYTES: usize = MAX_TEXT_BYTES / 4 * 3;

const NODE_BYTES: usize = 8;
/// What kind of subject, its number, and the bytes of the payload.
const HEADER_BYTES: usize = 1 + 8 + 2;

/// Bytes that one hint may have.
pub(super) const MAX_PAYLOAD_BYTES: usize = MAX_FRAME_BYTES - NODE_BYTES - HEADER_BYTES;

const EVERYBODY: u8 = 0;
const GROUP: u8 = 1;
const USER: u8 = 2;

/// The texts that hold these hints of a node, in their order. None of them is too large.
pub(super) fn encode(node: NodeId, hints: impl IntoIterator<Item = Hint>) -> Vec<String> {
    let (mut texts, empty) = (Vec::new(), node.0.to_be_bytes().to_vec());
    let mut frame = empty.clone();
    for (subject, payload) in hints {
        if frame.len() + HEADER_BYTES + payload.len() > MAX_FRAME_BYTES {
            texts.push(BASE64_STANDARD_NO_PAD.encode(std::mem::replace(&mut frame, empty.clone())));
        }
        let (kind, number) = match subject {
            Subject::Everybody => (EVERYBODY, 0),
            Subject::Topic(Topic::Group(group)) => (GROUP, group.0),
            Subject::Topic(Topic::User(user)) => (USER, user.0),
        };
        let size = u16::try_from(payload.len()).expect("no hint is larger than a NOTIFY");
        frame.push(kind);
        frame.extend(number.to_be_bytes());
        frame.extend(size.to_be_bytes());
        frame.extend(payload);
    }
    texts.push(BASE64_STANDARD_NO_PAD.encode(frame));
    texts
}

/// The node, and its hints; as far as this one understands them: another version may say more.
pub(super) fn decode(text: &str) -> Option<(NodeId, Vec<Hint>)> {
    let frame = BASE64_STANDARD_NO_PAD.decode(text).ok()?;
    let (node, mut rest) = frame.split_first_chunk()?;
    let mut hints = Vec::new();
    while let Some((hint, after)) = decode_hint(rest) {
        hints.push(hint);
        rest = after;
    }
    Some((NodeId(u64::from_be_bytes(*node)), hints))
}

fn decode_hint(bytes: &[u8]) -> Option<(Hint, &[u8])> {
    let (kind, bytes) = bytes.split_first()?;
    let (number, bytes) = bytes.split_first_chunk()?;
    let (size, bytes) = bytes.split_first_chunk()?;
    let number = u64::from_be_bytes(*number);
    let subject = match *kind {
        EVERYBODY => Subject::Everybody,
        GROUP => Subject::Topic(Topic::Group(GroupId(number))),
        USER => Subject::Topic(Topic::User(UserId(number))),
        _ => return None,
    };
    let (payload, rest) = bytes.split_at_checked(u16::from_be_bytes(*size).into())?;
    Some(((subject, payload.to_vec()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId(u64::MAX - 7);

    #[test]
    fn hints_come_as_they_went() {
        let hints = [
            (Subject::Everybody, vec![0, 255, 10]),
            (Subject::Topic(Topic::Group(GroupId(7))), vec![]),
            (Subject::Topic(Topic::User(UserId((1 << 53) - 1))), b"hint".to_vec()),
        ];
        let texts = encode(NODE, hints.clone());
        assert_eq!(texts.len(), 1, "they share one");
        assert_eq!(decode(&texts[0]), Some((NODE, hints.to_vec())));
    }

    #[test]
    fn the_largest_hint_fills_a_text_of_its_own() {
        let hints = vec![(Subject::Everybody, vec![b'x'; MAX_PAYLOAD_BYTES]); 3];
        let texts = encode(NODE, hints.clone());
        assert!(texts.iter().all(|text| text.len() <= MAX_TEXT_BYTES));
        let heard: Vec<_> = texts.iter().flat_map(|text| decode(text).expect("a frame").1).collect();
        assert_eq!(heard, hints);
    }

    #[test]
    fn what_is_no_frame_is_not_heard() {
        for text in ["", "AAAA", "no frame", "é"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        let cut = BASE64_STANDARD_NO_PAD.encode([&[0; 8][..], &[EVERYBODY, 0, 0]].concat());
        assert_eq!(decode(&cut), Some((NodeId(0), vec![])));
    }
}
