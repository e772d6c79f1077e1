//! A connection of the first user, which hears of everything and hides nothing: the model goes by it.

use std::collections::BTreeMap;

use rim_client::protocol::Id;
use rim_client::protocol::frame::{Incoming, IncomingEvent};
use rim_client::protocol::rest::Message;
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_client::{Api, Connection};

use super::model::Room;
use crate::world::{Device, Person, TestServer};

/// A connection of the first user that hears every change of every group.
pub(super) struct Witness {
    pub(super) device: Device,
    api: Api,
    count: u64,
    /// The last change of each group that it knows of.
    revs: BTreeMap<u64, u64>,
}

impl Witness {
    pub(super) async fn connect(person: &Person, server: &TestServer) -> Self {
        let socket = Connection::login_with(&server.ws(), person.uid, person.token(), true).await;
        let device = Device { uid: person.uid, socket: socket.expect("logged in") };
        let mut witness = Self { device, api: person.api.clone(), count: 0, revs: BTreeMap::new() };
        witness.revs = witness.stored_revs().await;
        witness
    }

    /// Everything that was committed before and is not heard yet.
    pub(super) async fn hear(&mut self) -> Vec<IncomingEvent> {
        let mut events = self.hear_up_to_an_answer().await;
        // What other nodes have committed may take its time.
        for (gid, rev) in self.stored_revs().await {
            while self.revs.get(&gid).is_none_or(|heard| *heard < rev) {
                match self.device.frame().await.expect("an event") {
                    Incoming::Event(event) => events.push(self.noted(event)),
                    Incoming::Answer(answer) => panic!("nothing was asked: {answer:?}"),
                }
            }
        }
        events
    }

    /// What was committed by the node that it is connected to.
    pub(super) async fn hear_up_to_an_answer(&mut self) -> Vec<IncomingEvent> {
        self.count += 1;
        let id = format!("witness {}", self.count);
        self.device.put("Ack", u64::MAX >> 11, "", &id, Some(1)).await;
        let mut events = Vec::new();
        loop {
            match self.device.frame().await.expect("an answer") {
                Incoming::Event(event) => events.push(self.noted(event)),
                Incoming::Answer(answer) => {
                    assert_eq!(answer.client_msg_id, id);
                    return events;
                }
            }
        }
    }

    pub(super) fn noted(&mut self, event: IncomingEvent) -> IncomingEvent {
        let (gid, rev) = match &event {
            IncomingEvent::Msg(message) => (message.gid, message.rev),
            IncomingEvent::Notify(notice) => {
                (notice.gid.expect("of a group"), notice.rev.expect("with its place"))
            }
        };
        let known = self.revs.entry(gid).or_default();
        *known = rev.max(*known);
        event
    }

    /// How far the groups are of which there is something that it does not know.
    pub(super) async fn stored_revs(&self) -> BTreeMap<u64, u64> {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let groups = self
            .revs
            .iter()
            .map(|(gid, rev)| GroupRev { gid: id(*gid), rev: id(*rev), recalled_to: None })
            .collect();
        // At least one row of each of them.
        let request = SyncRequest { groups, limit: Some(500), window: Some(0), ..SyncRequest::default() };
        let answer = self.api.sync(&request).await.expect("synced");
        answer.groups.iter().map(|delta| (delta.gid, delta.rev)).collect()
    }

    /// The latest change of a group.
    pub(super) async fn rev(&self, gid: u64) -> u64 {
        let answer = self.api.sync(&SyncRequest::default()).await.expect("synced");
        answer.groups.iter().find(|delta| delta.gid == gid).expect("a member").rev
    }

    /// The messages that came while it was away. Nothing else has changed meanwhile.
    pub(super) async fn missed(&self, rooms: &BTreeMap<u64, Room>) -> Vec<Message> {
        let id = |number: u64| Id::try_from(number).expect("below 2^53");
        let mut revs: BTreeMap<u64, u64> = rooms.iter().map(|(gid, room)| (*gid, room.rev)).collect();
        let mut messages = Vec::new();
        loop {
            let groups = revs
                .iter()
                .map(|(gid, rev)| GroupRev { gid: id(*gid), rev: id(*rev), recalled_to: None })
                .collect();
            let request = SyncRequest { groups, ..SyncRequest::default() };
            let answer = self.api.sync(&request).await.expect("synced");
            for delta in answer.groups {
                revs.insert(delta.gid, delta.rev);
                messages.extend(delta.messages);
            }
            if !answer.more {
                return messages;
            }
        }
    }
}
