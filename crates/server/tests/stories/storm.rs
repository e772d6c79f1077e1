//! Storms: many react to one message at the same time, and everybody hears of few frames and misses nothing.

use rim_client::Connection;
use rim_client::protocol::frame::{Incoming, IncomingEvent, IncomingNotice, Notice};
use rim_client::protocol::id::Id;
use rim_client::protocol::rest::Message;
use rim_client::protocol::sync::{GroupRev, SyncRequest};

use crate::world::{Device, Person, TestServer};

/// Enough different emojis for one message.
const EMOJIS: [&str; 20] = [
    "😀", "😂", "😍", "😎", "😭", "😡", "👍", "👎", "👏", "🙏", "🔥", "🎉", "💯", "🚀", "👀", "🤔", "✅",
    "🍀", "🌈", "🐢",
];

struct Listener {
    device: Device,
    rev: u64,
    frames: usize,
    latest: Option<Message>,
}

impl Listener {
    /// Takes a frame that must follow on what was heard before.
    fn take(&mut self, notice: IncomingNotice) {
        let rev = notice.rev.expect("a rev");
        assert_eq!(notice.from_rev.unwrap_or(rev), self.rev + 1, "without a gap");
        self.rev = rev;
        self.frames += 1;
        self.latest = notice.msg.map(|message| *message).or(self.latest.take());
    }

    /// Takes what comes until its own reactions are acked, so many of them.
    async fn is_acked(&mut self, mut reactions: usize) {
        while reactions > 0 {
            match self.device.frame().await.expect("a frame") {
                Incoming::Event(IncomingEvent::Notify(notice)) => self.take(notice),
                Incoming::Answer(answer) => {
                    assert_eq!(answer.code, None, "{answer:?}");
                    reactions -= 1;
                }
                Incoming::Event(other) => panic!("{other:?}"),
            }
        }
    }

    /// Takes what comes until it has this `rev`.
    async fn has(&mut self, rev: u64) {
        while self.rev < rev {
            let notice = self.device.notice(Notice::Reacted).await;
            self.take(notice);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_reactions_reaches_everybody_in_few_frames_and_loses_none() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let mut people: Vec<Person> = Vec::new();
    for number in 0..6 {
        people.push(server.user(&format!("p{number}")).await);
    }
    let (first, others) = people.split_first().expect("somebody");
    let gid = first.group_with(&others.iter().collect::<Vec<_>>()).await;
    let mut sender = first.connect().await;
    let id = sender.send(gid, "cake!", "c").await;
    let mut listeners = Vec::new();
    // Many devices of each, all of which hear of everything.
    for person in &people {
        for _ in 0..4 {
            let socket = Connection::login_with(&server.ws(), person.uid, person.token(), true).await;
            let device = Device { uid: person.uid, socket: socket.expect("connected") };
            let synced = person.api.sync(&SyncRequest::default()).await.expect("synced");
            listeners.push(Listener { device, rev: synced.groups[0].rev, frames: 0, latest: None });
        }
    }
    let before = listeners[0].rev;
    // Everybody gives every emoji, from their first device, without waiting for anything.
    let changes = (people.len() * EMOJIS.len()) as u64;
    for of_one in listeners.chunks_mut(4) {
        for (number, emoji) in EMOJIS.into_iter().enumerate() {
            of_one[0].device.put("React", gid, emoji, &format!("r{number}"), Some(id)).await;
        }
    }
    // All of it is done while time stands still.
    for of_one in listeners.chunks_mut(4) {
        of_one[0].is_acked(EMOJIS.len()).await;
    }
    let everybody_has_it = async {
        for listener in &mut listeners {
            listener.has(before + changes).await;
        }
    };
    server.time_passes_until(everybody_has_it).await;
    for listener in &listeners {
        assert_eq!(listener.rev, before + changes);
        let message = listener.latest.as_ref().expect("it was told");
        assert_eq!(message.reactions.len(), EMOJIS.len());
        assert!(message.reactions.iter().all(|reaction| reaction.count == people.len() as u64));
        // Those that 25 connections are told at once, and one for all others. Of several nodes each tells fewer connections,
        // and may hear of some later.
        if crate::NODES == 1 {
            assert_eq!(listener.frames, 11, "of {changes}");
        }
    }
    let known = GroupRev {
        gid: Id::try_from(gid).expect("an id"),
        rev: Id::try_from(before + changes).expect("a rev"),
        recalled_to: None,
    };
    let request = SyncRequest { groups: vec![known], ..SyncRequest::default() };
    assert_eq!(first.api.sync(&request).await.expect("synced").groups, [], "nothing is left to be learnt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_happens_in_a_group_comes_behind_what_was_gathered() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "hi", "a").await;
    let mut devices = Vec::new();
    for _ in 0..20 {
        devices.push(bob.connect().await);
    }
    // More than is told at once, and then a message, in a time that stands still.
    for number in 0..40 {
        let (event, emoji) = (if number % 2 == 0 { "React" } else { "Unreact" }, EMOJIS[0]);
        of_anna.does(event, gid, id, emoji, &format!("r{number}")).await;
    }
    let last = of_anna.send(gid, "done", "b").await;
    for device in &mut devices {
        let (mut rev, mut notes) = (None, 0);
        let message = loop {
            match device.frame().await.expect("a frame") {
                Incoming::Event(IncomingEvent::Notify(notice)) => {
                    let from = notice.from_rev.or(notice.rev);
                    assert!(rev.is_none_or(|rev| from == Some(rev + 1)), "{notice:?}");
                    (rev, notes) = (notice.rev, notes + 1);
                }
                Incoming::Event(IncomingEvent::Msg(message)) => break message,
                Incoming::Answer(answer) => panic!("{answer:?}"),
            }
        };
        assert_eq!((message.msg_id, Some(message.rev)), (last, rev.map(|rev| rev + 1)));
        if crate::NODES == 1 {
            // To 21 connections, and those that were gathered.
            assert_eq!(notes, 256 / 21 + 1);
        }
    }
}
