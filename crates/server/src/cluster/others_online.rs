//! Who is connected to the other nodes, as far as they have said.
//!
//! Each node announces who came and who left there, numbered from 1. Whoever misses one of them, or hears of a node
//! that has announced before, needs a list: all who were there at one of its numbers, in parts. What comes late,
//! twice or in another order changes nothing.

use std::collections::{BTreeMap, HashMap};

use rim_core::{NodeId, UserId};

use super::hint::PresenceHint;
use crate::gateway::Elsewhere;

#[cfg(test)]
mod tests;

/// Announcements of one node that may wait for what is missing before them. Above it they are dropped, and missing.
const MAX_AHEAD: usize = 64;
/// Ticks after which a list that did not come is asked for again.
const ASK_EVERY: u32 = 5;
/// Nodes that may be asked in one tick, so that their lists do not come all at once.
const MAX_QUESTIONS: usize = 8;

#[derive(Default)]
pub(super) struct OthersOnline {
    nodes: HashMap<NodeId, Said>,
    tick: u32,
}

/// What one node has said.
#[derive(Default)]
struct Said {
    /// Up to which of its announcements everything is told; `None` before its first list.
    told: Option<u64>,
    /// Announcements behind one that is missing.
    ahead: BTreeMap<u64, Elsewhere>,
    /// A list of which a part is still to come.
    list: List,
    /// The tick at which it was asked for one.
    asked_at: Option<u32>,
}

#[derive(Default)]
struct List {
    number: u64,
    parts: BTreeMap<u32, Vec<u64>>,
}

impl OthersOnline {
    /// A node has said this. Calls `tell` for what is known by it.
    pub(super) fn heard(
        &mut self,
        node: NodeId,
        what: PresenceHint,
        mut tell: impl FnMut(NodeId, Elsewhere),
    ) {
        match what {
            PresenceHint::Announced { number, came, left } => {
                let step = Elsewhere::Moved { came: users(came), left: users(left) };
                self.nodes.entry(node).or_default().announced(number, step, |what| tell(node, what));
            }
            PresenceHint::Listed { number, part, parts, users } => {
                let said = self.nodes.entry(node).or_default();
                said.listed(number, (part, parts), users, |what| tell(node, what));
            }
            // Says nothing of who is there.
            PresenceHint::Asked => {}
        }
    }

    /// These are the other nodes that live. Those that do no more are forgotten, with all who were connected to them.
    pub(super) fn living(&mut self, nodes: &[NodeId], mut tell: impl FnMut(NodeId, Elsewhere)) {
        self.nodes.retain(|node, _| {
            let lives = nodes.contains(node);
            if !lives {
                tell(*node, Elsewhere::Are(Default::default()));
            }
            lives
        });
        for node in nodes {
            self.nodes.entry(*node).or_default();
        }
    }

    /// Which nodes are to be asked for their lists now. Called at every tick.
    pub(super) fn questions(&mut self) -> Vec<NodeId> {
        self.tick = self.tick.wrapping_add(1);
        let tick = self.tick;
        let waits = |said: &Said| said.asked_at.is_some_and(|at| tick.wrapping_sub(at) < ASK_EVERY);
        let to_ask = self.nodes.iter_mut().filter(|(_, said)| said.misses_something() && !waits(said));
        let asked = to_ask.take(MAX_QUESTIONS).map(|(node, said)| {
            said.asked_at = Some(tick);
            *node
        });
        asked.collect()
    }
}

impl Said {
    fn announced(&mut self, number: u64, step: Elsewhere, tell: impl FnMut(Elsewhere)) {
        if self.told.is_none() && number == 1 {
            // Heard from its first word on, it needs no list.
            self.told = Some(0);
        }
        let next = self.told.map_or(1, |told| told + 1);
        if number >= next && (number == next || self.ahead.len() < MAX_AHEAD) {
            self.ahead.insert(number, step);
            self.tell_what_follows(tell);
        }
    }

    fn listed(
        &mut self,
        number: u64,
        (part, parts): (u32, u32),
        users: Vec<u64>,
        mut tell: impl FnMut(Elsewhere),
    ) {
        if number < self.list.number || self.told.is_some_and(|told| number <= told) {
            return;
        }
        if number > self.list.number {
            self.list = List { number, ..List::default() };
        }
        self.list.parts.insert(part, users);
        if self.list.parts.len() == parts as usize {
            let all = std::mem::take(&mut self.list).parts.into_values().flatten().map(UserId);
            tell(Elsewhere::Are(all.collect()));
            self.told = Some(number);
            self.ahead = self.ahead.split_off(&(number + 1));
            self.tell_what_follows(tell);
        }
    }

    fn tell_what_follows(&mut self, mut tell: impl FnMut(Elsewhere)) {
        while let Some(told) = &mut self.told
            && let Some(step) = self.ahead.remove(&(*told + 1))
        {
            *told += 1;
            tell(step);
        }
    }

    fn misses_something(&self) -> bool {
        self.told.is_none() || !self.ahead.is_empty()
    }
}

fn users(ids: Vec<u64>) -> Vec<UserId> {
    ids.into_iter().map(UserId).collect()
}
