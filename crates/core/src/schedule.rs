//! Messages that are to be sent later.

use serde::{Deserialize, Serialize};

use crate::message::MessageKind;
use crate::size::{NUMBER, Size, json_bytes};
use crate::{GroupId, MessageId, Refusal, Timestamp, UserId};

/// How many a user may have that wait or have failed.
pub const MAX_SCHEDULED: u64 = 100;

/// Of what was sent or cancelled it is remembered for so long, so that a request that comes again schedules nothing: a
/// device may have been away.
pub const REMEMBERED_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// And of so many at the most: the last of a user.
pub const MAX_GONE: u64 = 1_000;

/// A message that could not be sent in time, as the server was down, is sent late: but not later than this.
pub const MAX_LATE_MS: u64 = 24 * 60 * 60 * 1000;

/// A message that is to be sent later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// Never given twice: it is in the client id of the message.
    pub id: u64,
    pub user: UserId,
    pub group: GroupId,
    pub send_at: Timestamp,
    pub created_at: Timestamp,
    pub what: Planned,
    /// Why it could not be sent, in words for its user.
    pub failed: Option<String>,
}

/// What is to be said then. Stores keep it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// The code of its kind.
    pub kind: u8,
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mention_all: bool,
}

/// In which order messages are sent, and listed: those of one time in the order in which they were scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    pub send_at: Timestamp,
    pub created_at: Timestamp,
    pub id: u64,
}

impl Turn {
    /// Before all others.
    pub const FIRST: Self = Self { send_at: Timestamp(i64::MIN), created_at: Timestamp(i64::MIN), id: 0 };
}

impl Planned {
    pub fn kind(&self) -> Option<MessageKind> {
        MessageKind::from_code(self.kind)
    }

    /// What stores keep.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always have a JSON form")
    }

    /// `None` of a text that no rim writes.
    pub fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|planned: &Self| planned.kind().is_some())
    }
}

impl Scheduled {
    /// By which the message is known once it is sent.
    pub fn client_msg_id(id: u64) -> String {
        format!("sched:{id}")
    }

    pub const fn turn(&self) -> Turn {
        Turn { send_at: self.send_at, created_at: self.created_at, id: self.id }
    }

    /// Whether it is sent by itself `now`.
    ///
    /// # Errors
    /// `ScheduledTooLate`.
    pub fn is_due(&self, now: Timestamp) -> Result<bool, Refusal> {
        if self.failed.is_some() || self.send_at > now {
            return Ok(false);
        }
        if now.since(self.send_at) > MAX_LATE_MS { Err(Refusal::ScheduledTooLate) } else { Ok(true) }
    }
}

impl Size for Scheduled {
    fn size_bytes(&self) -> usize {
        let Planned { content, mentions, .. } = &self.what;
        let failed = self.failed.as_deref().map_or(0, json_bytes);
        200 + NUMBER * (5 + mentions.len()) + json_bytes(content) + failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(send_at: i64) -> Scheduled {
        let (kind, content) = (MessageKind::Text.code(), "later".to_owned());
        let what = Planned { kind, content, reply_to: None, mentions: Vec::new(), mention_all: false };
        Scheduled {
            id: 5,
            user: UserId(1),
            group: GroupId(2),
            send_at: Timestamp(send_at),
            created_at: Timestamp(0),
            what,
            failed: None,
        }
    }

    #[test]
    fn it_is_due_from_its_time_on_and_for_a_day() {
        let day = MAX_LATE_MS as i64;
        let (due, late) = (Ok(true), Err(Refusal::ScheduledTooLate));
        for (now, is_due) in [(999, Ok(false)), (1000, due.clone()), (1000 + day, due), (1001 + day, late)] {
            assert_eq!(scheduled(1000).is_due(Timestamp(now)), is_due, "{now}");
        }
        let failed = Scheduled { failed: Some("why".into()), ..scheduled(1000) };
        assert_eq!(failed.is_due(Timestamp(1000)), Ok(false));
    }

    #[test]
    fn what_is_planned_reads_back() {
        let plain = scheduled(1).what;
        assert_eq!(plain.text(), r#"{"kind":1,"content":"later"}"#);
        let rich = Planned {
            reply_to: Some(MessageId(3)),
            mentions: vec![UserId(4)],
            mention_all: true,
            ..plain.clone()
        };
        for planned in [plain, rich] {
            assert_eq!(Planned::of(&planned.text()), Some(planned));
        }
        assert_eq!(Planned::of(r#"{"kind":200,"content":""}"#), None, "no kind");
    }
}
