//! What the measurements share.

use std::time::Duration;

use rim_core::group::{NewGroup, Role};
use rim_core::message::{MessageKind, NewMessage};
use rim_core::user::NewUser;
use rim_core::{ConnectionId, GroupId, Timestamp, UserId};
use rim_store::{Committed, Feed};

pub fn new_user(number: u64) -> NewUser {
    NewUser {
        account: format!("user{number}"),
        name: "name".into(),
        avatar: String::new(),
        email: String::new(),
        password_hash: None,
    }
}

/// A group chat, of which the first member is the creator.
pub fn new_group(members: &[UserId]) -> NewGroup {
    NewGroup {
        creator: members[0],
        name: "group".into(),
        avatar: String::new(),
        mode: 2,
        members: members.iter().map(|member| (*member, Role::Common)).collect(),
    }
}

/// A message of 160 bytes.
pub fn new_message(number: u64, group: GroupId, sender: UserId) -> NewMessage {
    NewMessage {
        extras: None,
        group,
        sender,
        client_msg_id: format!("{number:032x}"),
        kind: MessageKind::Text,
        content: "m".repeat(160),
        session: None,
        now: Timestamp(1_790_000_000_000),
        connection: ConnectionId(1),
    }
}

/// Spreads numbers without a pattern that caches would like.
pub fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// Does with the feed what a server must.
pub async fn drain(mut feed: Feed) {
    while let Some(commit) = feed.recv().await {
        for entry in commit {
            if let Committed::Answer { done, result } = entry {
                done(result).wake();
            }
        }
    }
}

/// User and system time of the process so far.
#[allow(dead_code, reason = "not every measurement asks for it")]
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The second field is the name, in parentheses, and may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime");
    // A hundredth of a second on every Linux.
    Duration::from_millis(ticks * 10)
}
