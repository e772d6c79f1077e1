//! What tells that a disk gave back something else than was written.
//!
//! SQLite knows a page that is no page any more, not one with another letter in it. So each message carries a checksum
//! of what it says: CRC-32C finds whatever was changed in 32 bits in a row, and all but one in four billion of the
//! rest, for a hundred instructions.

use rim_core::message::Message;

/// As the column has it: in its range four bytes are enough for every one.
pub(crate) fn of(message: &Message) -> i64 {
    let mut head = [0; 6 * 8 + 2];
    let numbers = [
        message.id.0,
        message.group.0,
        message.seq.0,
        message.rev.0,
        message.sender.0,
        message.created_at.0.cast_unsigned(),
    ];
    for (at, number) in numbers.into_iter().enumerate() {
        head[at * 8..][..8].copy_from_slice(&number.to_le_bytes());
    }
    head[48] = message.kind.code();
    // Where the one text ends and the other begins: it has 64 bytes at the most.
    head[49] = message.client_msg_id.len() as u8;
    let checksum = crc32c::crc32c(&head);
    let checksum = crc32c::crc32c_append(checksum, message.client_msg_id.as_bytes());
    let checksum = crc32c::crc32c_append(checksum, message.content.as_bytes());
    i64::from(checksum.cast_signed())
}

#[cfg(test)]
mod tests {
    use rim_core::message::MessageKind;
    use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};

    use super::*;

    fn message() -> Message {
        Message {
            state: None,
            id: MessageId(1),
            group: GroupId(2),
            seq: Seq(3),
            rev: Rev(4),
            sender: UserId(5),
            client_msg_id: "client".into(),
            kind: MessageKind::Text,
            content: "what somebody said".into(),
            created_at: Timestamp(6),
        }
    }

    #[test]
    fn it_is_the_same_in_every_version_and_on_every_machine() {
        assert_eq!(of(&message()), 2_115_799_758);
    }

    #[test]
    fn whatever_is_changed_is_seen() {
        let changes: [fn(&mut Message); 10] = [
            |message| message.id.0 ^= 1 << 40,
            |message| message.group.0 ^= 1,
            |message| message.seq.0 ^= 1,
            |message| message.rev.0 ^= 1,
            |message| message.sender.0 ^= 1,
            |message| message.created_at.0 ^= 1,
            |message| message.kind = MessageKind::Image,
            |message| message.client_msg_id = "Client".into(),
            |message| message.content = "What somebody said".into(),
            |message| {
                message.client_msg_id.push('w');
                message.content.remove(0);
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = message();
            change(&mut changed);
            assert_ne!(of(&changed), of(&message()), "change {number}");
        }
    }
}
