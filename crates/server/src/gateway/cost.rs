//! What a frame costs the gateway, in instructions: counted and held to a baseline by `make bench-check`.
//!
//! Without the sockets and the tasks that wait for them, whose cost is the kernel's and the runtime's.

#[path = "../../../../benches/count.rs"]
mod count;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use rim_core::event::Change;
use rim_core::message::{Message, MessageKind, Written};
use rim_core::{ConnectionId, GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};
use rim_protocol::limits::MAX_FRAME_BYTES;
use rim_store::Committed;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use self::count::count;
use super::connections::Connections;
use super::outbox::Outbox;
use super::ws::{self, Cut};
use super::{Teller, dispatch, frames};
use crate::metrics::Metrics;
use crate::time::Time;

const FRAMES: usize = 1000;

fn message(number: u64) -> Message {
    Message {
        state: None,
        id: MessageId(30_000 + number),
        group: GroupId(7),
        seq: Seq(number),
        rev: Rev(number + 20),
        sender: UserId(1001),
        client_msg_id: format!("{number:032x}"),
        kind: MessageKind::Text,
        content: "m".repeat(100),
        created_at: Timestamp(1_790_000_000_000),
    }
}

#[test]
#[ignore = "counted by make bench-check"]
fn cut_and_unmask_a_frame_of_200_bytes() {
    let mut buffer = Vec::new();
    for _ in 0..FRAMES {
        buffer.extend([0x81, 0x80 | 126, 0, 200, 1, 2, 3, 4]);
        buffer.extend([b'm'; 200]);
    }
    count(FRAMES, || {
        let mut at = 0;
        while let Cut::Frame(frame) = ws::cut(&mut buffer, at, MAX_FRAME_BYTES) {
            at = frame.payload.end;
            black_box(&buffer[frame.payload]);
        }
        assert_eq!(at, buffer.len());
    });
}

#[test]
#[ignore = "counted by make bench-check"]
fn encode_a_delivery() {
    let message = message(1);
    let encode = || {
        for _ in 0..FRAMES {
            black_box(frames::delivery(black_box(&message)));
        }
    };
    encode();
    count(FRAMES, encode);
}

/// A turn for its answer, the Ack, and what is then written to the socket.
#[test]
#[ignore = "counted by make bench-check"]
fn acknowledge_one_of_32_messages() {
    let outbox = Arc::new(Outbox::new(ConnectionId(1), 0));
    let id = format!("{:032x}", 1);
    let acknowledge = || {
        for number in 0..FRAMES as u64 / 32 {
            let tickets: Vec<_> = (0..32).map(|_| outbox.reserve()).collect();
            for ticket in tickets {
                outbox.answer(ticket, frames::ack(&id, Some(30_000 + number))).wake();
            }
            black_box(outbox.take().0);
        }
    };
    acknowledge();
    count(FRAMES / 32 * 32, acknowledge);
}

/// From a commit of 512 messages to what is then written to the sockets of those who talk in pairs.
#[test]
#[ignore = "counted by make bench-check"]
fn tell_of_one_of_512_messages_in_single_chats() {
    let world = World::new(256, 2);
    let commit = || (0..512).map(|number| world.message(number, number % 256)).collect();
    let commits = || (0..4).map(|_| commit()).collect();
    world.tell(commits());
    let counted = commits();
    count(4 * 512, || world.tell(counted));
}

/// From the commit of a message to what is then written to each of a thousand sockets.
#[test]
#[ignore = "counted by make bench-check"]
fn deliver_a_message_to_one_of_a_thousand() {
    let world = World::new(1, 1000);
    let commits = || (0..10).map(|number| vec![world.message(number, 0)]).collect();
    world.tell(commits());
    let counted = commits();
    count(10 * 1000, || world.tell(counted));
}

/// Connections of people, each with one device and in one group.
struct World {
    connections: Arc<Connections>,
    groups: Vec<Vec<Arc<Outbox>>>,
    runtime: Runtime,
}

/// A message as the store tells of it: the answer its sender waits for, and what the others hear.
type Told = [Committed; 2];

impl World {
    fn new(groups: u64, members: u64) -> Self {
        let connections = Connections::new(Duration::from_secs(60), false, Arc::new(Metrics::new()));
        let connections = Arc::new(connections);
        let connect = |user: u64, group: u64| {
            let outbox = connections.hub.connect();
            connections.hub.bind(UserId(user), SessionId(user), &outbox, 1).expect("their only device");
            connections.waking.batched(|wakes| {
                connections.hub.join(
                    wakes,
                    UserId(user),
                    &outbox,
                    vec![GroupId(group)],
                    Timestamp(0),
                    |_| (),
                );
            });
            outbox
        };
        let of_group = |group| (0..members).map(|member| connect(group * members + member, group)).collect();
        let groups = (0..groups).map(of_group).collect();
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Self { connections, groups, runtime }
    }

    /// A message of the first member of a group.
    fn message(&self, number: u64, group: u64) -> Told {
        let sender = Arc::clone(&self.groups[group as usize][0]);
        let message = Message { group: GroupId(group), ..message(number) };
        let (id, connection, ticket) = (message.client_msg_id.clone(), sender.id(), sender.reserve());
        let result = Ok(Written::Appended { id: message.id, seq: message.seq });
        let done = Box::new(move |_| sender.answer(ticket, frames::ack(&id, Some(30_000 + number))));
        let change = Change::Message { message: Arc::new(message), connection };
        [Committed::Answer { done, result }, Committed::Change(change)]
    }

    /// Tells of commits, and takes what is then to be written to each socket.
    fn tell(&self, commits: Vec<Vec<Told>>) {
        let (tell, feed) = mpsc::channel(64);
        for commit in commits {
            let sent = tell.try_send(commit.into_iter().flatten().collect());
            assert!(sent.is_ok(), "there is room for every commit");
        }
        drop(tell);
        let teller = Teller::new(Arc::clone(&self.connections), Time::default(), TimeZone::UTC);
        self.runtime.block_on(dispatch(teller, feed));
        for outbox in self.groups.iter().flatten() {
            assert!(!black_box(outbox.take().0).is_empty(), "everybody has heard something");
        }
    }
}
