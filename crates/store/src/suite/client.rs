//! A client that holds what it was told, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use rim_core::delta::names;
use rim_core::friend::{Friend, Friendship};
use rim_core::group::Group;
use rim_core::group_event::GroupEvent;
use rim_core::message::Message;
use rim_core::sync::{GroupDelta, MemberState, SyncPage, SyncQuery};
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};

/// What one device of a user has. It merges answers as the protocol tells clients to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) user: UserId,
    pub(super) rev: Rev,
    pub(super) me: Option<User>,
    pub(super) friends: BTreeMap<UserId, Friendship>,
    pub(super) groups: BTreeMap<GroupId, View>,
    pub(super) starred: BTreeSet<(GroupId, MessageId)>,
    /// Everybody it was told of, as told last.
    pub(super) users: BTreeMap<UserId, User>,
}

/// What it has of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) rev: Rev,
    /// How far it is in what was recalled after its user left.
    recalled_to: Rev,
    pub(super) member: bool,
    pub(super) group: Group,
    pub(super) last_seq: Seq,
    pub(super) unread: u64,
    pub(super) unread_mentions: u64,
    /// Whether something was taken out of sight since these were told, so that the client must count by itself.
    pub(super) recounts: bool,
    pub(super) deleted: Option<Seq>,
    pub(super) messages: BTreeMap<Seq, Message>,
    /// By their places.
    pub(super) events: BTreeMap<Rev, GroupEvent>,
    pub(super) joined_at: Option<Timestamp>,
    /// Those who have not left.
    pub(super) members: BTreeMap<UserId, MemberState>,
    /// What lies between two of these ends was left out, and the client knows it.
    pub(super) skipped: Vec<(Seq, Seq)>,
}

impl Client {
    /// One that has nothing yet.
    pub(super) fn new(user: UserId) -> Self {
        Self {
            user,
            rev: Rev(0),
            me: None,
            friends: BTreeMap::new(),
            groups: BTreeMap::new(),
            starred: BTreeSet::new(),
            users: BTreeMap::new(),
        }
    }

    /// One that has just fetched everything on one page.
    pub(super) async fn up_to_date(w: &World, user: UserId) -> Self {
        let mut client = Self::new(user);
        client.catch_up(w, 100_000, None).await;
        client
    }

    /// Asks until there is no more, and returns how often. Each answer but the last must bring it on.
    pub(super) async fn catch_up(&mut self, w: &World, limit: u32, window: Option<u32>) -> usize {
        let mut asked = 1;
        while self.ask(w, limit, window).await {
            asked += 1;
        }
        asked
    }

    /// Asks once, and returns whether there is more.
    pub(super) async fn ask(&mut self, w: &World, limit: u32, window: Option<u32>) -> bool {
        let answer = self.ask_for(w, SyncQuery { limit, window, ..SyncQuery::default() }).await;
        answer.more
    }

    /// Asks once for what it misses, and returns the answer.
    pub(super) async fn ask_for(&mut self, w: &World, query: SyncQuery) -> SyncPage {
        let before = self.places();
        let limit = query.limit;
        let (groups, recalls) = (self.revs().collect(), self.recalls());
        let page = w.sync(self.user, SyncQuery { rev: self.rev, groups, recalls, ..query }).await;
        check(&page, self.user, limit);
        self.merge(page.clone());
        assert!(!page.more || self.places() != before, "an answer that promises more brings the client on");
        page
    }

    /// Asks until there is no more, and names so many groups at a time as the protocol tells clients to who have more
    /// than fit into a request.
    pub(super) async fn catch_up_in_slices(&mut self, w: &World, slice: usize, limit: u32) {
        let mut after = None;
        loop {
            let known = self.groups.iter().filter(|(group, _)| Some(**group) > after);
            let groups: Vec<_> = known.map(|(group, view)| (*group, view.rev)).take(slice + 1).collect();
            let to = groups.get(slice).map(|_| groups[slice - 1].0);
            let groups = groups.into_iter().take(slice).collect();
            let (rev, recalls) = (self.rev, self.recalls());
            let query = SyncQuery { rev, groups, recalls, limit, after, to, ..SyncQuery::default() };
            let page = w.sync(self.user, query).await;
            check(&page, self.user, limit);
            assert!(page.groups.iter().all(|delta| Some(delta.group_id) > after));
            assert!(page.groups.iter().all(|delta| to.is_none_or(|to| delta.group_id <= to)));
            assert_eq!(page.more, page.next.is_some());
            let before = (self.places(), after);
            let next = if page.more { page.next } else { to };
            self.merge(page);
            if next.is_none() {
                return;
            }
            after = next;
            assert!((self.places(), after) != before, "an answer that promises more brings the client on");
        }
    }

    fn places(&self) -> (Rev, Vec<(GroupId, Rev)>, BTreeMap<GroupId, Rev>) {
        (self.rev, self.revs().collect(), self.recalls())
    }

    fn revs(&self) -> impl Iterator<Item = (GroupId, Rev)> + '_ {
        self.groups.iter().map(|(group, view)| (*group, view.rev))
    }

    fn recalls(&self) -> BTreeMap<GroupId, Rev> {
        self.groups.iter().map(|(group, view)| (*group, view.recalled_to)).collect()
    }

    fn merge(&mut self, page: SyncPage) {
        assert!(page.rev >= self.rev, "changes do not go back");
        self.rev = page.rev;
        self.me = page.me.or(self.me.take());
        self.users.extend(page.users.into_iter().map(|user| (user.id, user)));
        for Friend { user, state, .. } in page.friends {
            match state {
                Friendship::None => self.friends.remove(&user),
                state => self.friends.insert(user, state),
            };
        }
        // Before the groups, whose counts know of it.
        for (group, spans) in page.kept.hidden {
            if let Some(view) = self.groups.get_mut(&group) {
                view.messages.retain(|seq, _| !spans.iter().any(|span| span.after < *seq && *seq <= span.to));
                view.recounts = true;
            }
        }
        for (group, cleared) in page.kept.cleared {
            if let Some(view) = self.groups.get_mut(&group) {
                view.messages.retain(|seq, _| *seq > cleared);
                view.recounts = true;
            }
        }
        for (group, message, is_starred) in page.kept.starred {
            if is_starred {
                self.starred.insert((group, message));
            } else {
                self.starred.remove(&(group, message));
            }
        }
        for delta in page.groups {
            match self.groups.get_mut(&delta.group_id) {
                Some(view) => view.merge(delta),
                None => {
                    let mut view = View::new(&delta);
                    let id = delta.group_id;
                    view.merge(delta);
                    self.groups.insert(id, view);
                }
            }
        }
        // After the groups: one that somebody joined anew says that nothing of it is deleted.
        for chat in page.chats {
            if let Some(view) = self.groups.get_mut(&chat.group) {
                view.deleted = chat.deleted;
                view.unread = view.unread.min(view.last_seq.0.saturating_sub(chat.read.0));
                view.unread_mentions = view.unread_mentions.min(view.unread);
            }
        }
    }
}

impl View {
    fn new(delta: &GroupDelta) -> Self {
        Self {
            rev: Rev(0),
            recalled_to: Rev(0),
            member: delta.member,
            group: delta.group.clone().expect("a group that is new to the client is described"),
            last_seq: Seq(0),
            unread: 0,
            unread_mentions: 0,
            recounts: false,
            deleted: None,
            messages: BTreeMap::new(),
            events: BTreeMap::new(),
            joined_at: None,
            members: BTreeMap::new(),
            skipped: Vec::new(),
        }
    }

    fn merge(&mut self, delta: GroupDelta) {
        let recalled_to = delta.recalled_to.unwrap_or_default();
        assert!(
            delta.rev > self.rev || (delta.rev == self.rev && recalled_to > self.recalled_to),
            "a group is in the answer only if it goes on"
        );
        assert!(delta.recalled_to.is_none() || !delta.member, "a member hears of it with the rest");
        if let Some(to) = delta.skipped_to {
            let after = self.messages.keys().next_back().copied().unwrap_or_default();
            assert!(to > after, "what the client has was not skipped");
            self.skipped.push((after, to));
        }
        for message in delta.messages {
            assert!(message.rev > self.rev && message.rev <= delta.rev, "only what the client missed");
            let again = self.messages.insert(message.seq, message);
            assert_eq!(again, None, "a message comes once as a new one");
        }
        for message in delta.changed {
            assert!(
                message.rev <= self.rev && message.latest_rev() > self.rev,
                "only what the client missed"
            );
            // It may lack it: then it was skipped.
            if let Some(known) = self.messages.get_mut(&message.seq) {
                assert!(known.latest_rev() <= message.latest_rev(), "changes do not go back");
                *known = message;
            } else {
                assert!(self.knows_to_lack(message.seq), "what changed is in sight");
            }
        }
        self.messages.retain(|seq, _| !delta.expired.iter().any(|span| span.after < *seq && *seq <= span.to));
        for event in delta.events {
            let seen = event.seen_rev();
            assert!(seen > self.rev && seen <= delta.rev, "only what the client missed");
            let again = self.events.insert(seen, event);
            assert_eq!(again, None, "what happened is told once");
        }
        self.joined_at = Some(delta.joined_at);
        for member in delta.members {
            if member.left {
                self.members.remove(&member.user);
            } else {
                self.members.insert(member.user, member);
            }
        }
        self.group = delta.group.unwrap_or_else(|| self.group.clone());
        (self.rev, self.member) = (delta.rev, delta.member);
        self.recalled_to = self.recalled_to.max(recalled_to);
        (self.last_seq, self.unread, self.deleted) = (delta.last_seq, delta.unread, delta.deleted);
        (self.unread_mentions, self.recounts) = (delta.unread_mentions, false);
    }

    /// Whether the client was told that it does not get this place.
    pub(super) fn knows_to_lack(&self, seq: Seq) -> bool {
        self.skipped.iter().any(|(after, to)| *after < seq && seq < *to)
    }
}

/// What holds for every answer.
fn check(page: &SyncPage, user: UserId, limit: u32) {
    let rows = |group: &GroupDelta| {
        group.messages.len() + group.changed.len() + group.members.len() + group.renamed.len()
    };
    let rows: usize = page.groups.iter().map(rows).sum();
    assert!(rows <= limit as usize, "{rows} rows where {limit} were asked for");
    assert!(page.more || page.groups.iter().all(|group| !group.more), "who has more in a group has more");

    let mut groups = BTreeSet::new();
    let mut named = BTreeSet::new();
    named.extend(page.friends.iter().map(|friend| friend.user));
    for delta in &page.groups {
        assert!(groups.insert(delta.group_id), "a group comes once a page");
        assert!(delta.messages.is_sorted_by(|a, b| a.seq < b.seq), "messages ascend");
        assert!(delta.messages.iter().all(|message| message.group == delta.group_id));
        assert!(delta.changed.is_sorted_by(|a, b| a.latest_rev() < b.latest_rev()), "changes ascend");
        named.extend(delta.messages.iter().chain(&delta.changed).flat_map(names));
        named.extend(delta.members.iter().map(|member| member.user));
        named.extend(&delta.renamed);
        named.extend(delta.events.iter().flat_map(GroupEvent::named));
        assert!(delta.events.is_sorted_by(|a, b| a.seen_rev() < b.seen_rev()), "events ascend");
        assert!(delta.renamed.is_empty() || delta.members_omitted, "a member that is told is told once");
    }
    let mut users = BTreeSet::new();
    for named in &page.users {
        assert!(users.insert(named.id), "a user comes once a page");
    }
    assert!(users.is_superset(&named), "everybody named is described: {named:?}, {users:?}");
    // Descriptions are no way to look at strangers.
    named.insert(user);
    named.extend(page.groups.iter().filter_map(|delta| delta.group.as_ref()).map(|group| group.creator));
    assert!(users.is_subset(&named), "nobody else is described: {named:?}, {users:?}");
}
