//! What a store should remember, written to be obvious and for nothing else.
//!
//! Who may do what is not modelled: the rules of [`rim_core::group`] and [`rim_core::friend`] are asked. What a
//! method does when it is allowed is told here a second time, without a thought for speed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rim_core::event::{Change, ChatChange, GroupChange};
use rim_core::file::{self, File, FileId};
use rim_core::friend::{self, FriendAction, Friendship};
use rim_core::group::{self, Group, Member, NewGroup, Role, Settings};
use rim_core::group_event::GroupEvent;
use rim_core::message::{self, Extras, Mark, Message, MessageState, NewMessage, Receipt};
use rim_core::note::{self, Ledger, Members, NoteKind, Row, Scene, Sending};
use rim_core::sight;
use rim_core::sync::Stay;
use rim_core::user::{ProfileChange, User};
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};

use crate::notes::Acting;

/// What the feed should bring, or why nothing happens.
pub(super) type Outcome = Result<Vec<Change>, Refusal>;

#[derive(Default)]
pub(super) struct Model {
    pub(super) users: BTreeMap<UserId, User>,
    /// Whose profile has changed.
    pub(super) renamed: BTreeSet<UserId>,
    /// How far each is in their own changes; a new user, who is not listed, is at 1.
    own_revs: BTreeMap<UserId, Rev>,
    /// Seen from the first; strangers are left out.
    pub(super) friends: BTreeMap<(UserId, UserId), Friendship>,
    /// Who is or was of some friendship to whom.
    pub(super) ever_asked: BTreeSet<(UserId, UserId)>,
    pub(super) rooms: BTreeMap<GroupId, Room>,
    /// Which messages have ever been starred by whom: whether they are, and since which rev of the user's own.
    pub(super) stars: BTreeMap<(UserId, GroupId, MessageId), (bool, Rev)>,
    pub(super) last_id: MessageId,
    /// What people have uploaded.
    pub(super) files: BTreeMap<FileId, File>,
}

/// A group and all that ever was in it.
pub(super) struct Room {
    pub(super) group: Group,
    pub(super) rev: Rev,
    /// Everybody who ever joined, in the order in which they joined last.
    pub(super) people: Vec<Person>,
    /// As they are now.
    pub(super) messages: Vec<Message>,
    notes: Vec<Noted>,
    /// When those expire that do, and with which rev those did that have.
    expiring: BTreeMap<Seq, Timestamp>,
    pub(super) expired: BTreeMap<Seq, Rev>,
    /// All that was told.
    pub(super) events: Vec<GroupEvent>,
}

/// A note on a message.
struct Noted {
    seq: Seq,
    kind: NoteKind,
    key: String,
    by: UserId,
}

pub(super) struct Person {
    pub(super) user: UserId,
    pub(super) role: Role,
    /// Each time they were a member: after this place, and up to that one unless they still are.
    stays: Vec<(Seq, Option<Seq>)>,
    /// The same by the revs of joining and leaving.
    revs: Vec<(Rev, Option<Rev>)>,
    pub(super) joined_at: Timestamp,
    pub(super) read: Seq,
    pub(super) delivered: Seq,
    /// Up to where they have cleared the chat, and what they have hidden.
    cleared: Seq,
    hidden: BTreeSet<Seq>,
    /// Up to where they have deleted the chat, if they have.
    pub(super) deleted: Option<Seq>,
    /// Whether they have left the group, and deleted it after that.
    pub(super) forgotten: bool,
    /// What a group chat was, and who was the other in it, when they left it last.
    as_left: Option<(Group, UserId)>,
    /// What the messages were when they left last, unless they are back.
    then: Option<Vec<Message>>,
}

impl Person {
    pub(super) fn is_member(&self) -> bool {
        self.stays.last().is_some_and(|(_, to)| to.is_none())
    }

    /// The place after which their latest stay began.
    pub(super) fn joined_after(&self) -> Seq {
        self.stays.last().map_or(Seq(0), |(after, _)| *after)
    }

    /// Whether the two were members at the same time.
    fn shared(&self, other: &Self) -> bool {
        let stay = |(from, to): &(Rev, Option<Rev>)| Stay { from: *from, to: to.unwrap_or(Rev(u64::MAX)) };
        self.revs.iter().any(|mine| other.revs.iter().any(|theirs| stay(mine).overlaps(stay(theirs))))
    }

    fn hears(&self, place: Rev) -> bool {
        self.revs.iter().any(|(from, to)| *from <= place && to.is_none_or(|to| place <= to))
    }

    /// What they have not taken out of their sight.
    fn sees(&self, seq: Seq) -> bool {
        self.was_there(seq) && seq > self.cleared && !self.hidden.contains(&seq)
    }

    fn was_there(&self, seq: Seq) -> bool {
        self.stays.iter().any(|(after, to)| *after < seq && to.is_none_or(|to| seq <= to))
    }
}

impl Room {
    fn new(id: GroupId, new: &NewGroup, single: bool) -> Self {
        let NewGroup { creator, name, avatar, mode, .. } = new.clone();
        let group = Group { id, name, avatar, mode, creator, single, settings: Settings::default() };
        Self {
            group,
            rev: Rev(0),
            people: Vec::new(),
            messages: Vec::new(),
            notes: Vec::new(),
            expiring: BTreeMap::new(),
            expired: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(super) fn person(&self, user: UserId) -> Option<&Person> {
        self.people.iter().find(|person| person.user == user)
    }

    fn person_mut(&mut self, user: UserId) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.user == user)
    }

    /// The current members, in order of joining.
    pub(super) fn members(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.is_member())
    }

    pub(super) fn has_member(&self, user: UserId) -> bool {
        self.person(user).is_some_and(Person::is_member)
    }

    pub(super) fn last_seq(&self) -> Seq {
        Seq(self.messages.len() as u64)
    }

    /// What the user may see, whether or not they are still a member: who has left, as it was then, but for what was
    /// recalled since.
    pub(super) fn visible(&self, user: UserId) -> Vec<Message> {
        let Some(person) = self.person(user) else { return Vec::new() };
        let is_there = |message: &&Message| !self.expired.contains_key(&message.seq);
        let seen = self.messages.iter().filter(is_there).filter(|message| person.sees(message.seq));
        let then = person.then.as_deref().unwrap_or(&self.messages);
        let as_it_was = |message: &Message| then.iter().find(|before| before.id == message.id).cloned();
        seen.filter_map(
            |message| if message.is_recalled() { Some(message.clone()) } else { as_it_was(message) },
        )
        .map(|message| self.as_told_to(user, message))
        .collect()
    }

    fn as_told_to(&self, user: UserId, mut told: Message) -> Message {
        let seq = told.seq;
        for reaction in told.state.iter_mut().flat_map(|state| &mut state.reactions) {
            reaction.mine = self.notes.iter().any(|note| {
                (note.seq, note.kind, note.by) == (seq, NoteKind::React, user) && note.key == reaction.emoji
            });
        }
        for opened in told.state.iter_mut().filter_map(|state| state.opened.as_mut()) {
            let is_theirs = |note: &Noted| (note.seq, note.kind, note.by) == (seq, NoteKind::Open, user);
            opened.mine = self.notes.iter().any(is_theirs);
        }
        told
    }

    pub(super) fn has_expired(&self, id: MessageId) -> bool {
        self.messages.iter().any(|message| message.id == id && self.expired.contains_key(&message.seq))
    }

    fn due(&self, now: Timestamp) -> Vec<Seq> {
        self.expiring.iter().filter(|(_, at)| **at <= now).map(|(seq, _)| *seq).collect()
    }

    /// The last place at which they were there.
    fn last_there(&self, user: UserId) -> Seq {
        let there =
            |message: &&Message| self.person(user).is_some_and(|person| person.was_there(message.seq));
        self.messages.iter().rev().find(there).map_or(Seq(0), |message| message.seq)
    }

    /// The last place that is theirs: where they left, if they did.
    pub(super) fn last_seq_of(&self, user: UserId) -> Seq {
        let left = self.person(user).and_then(|person| person.stays.last()).and_then(|(_, to)| *to);
        left.unwrap_or(self.last_seq())
    }

    /// Whether they have deleted the chat, and nothing has brought it back.
    pub(super) fn is_deleted(&self, user: UserId) -> bool {
        let deleted = self.person(user).and_then(|person| person.deleted);
        let in_sight = self.visible(user).last().map_or(Seq(0), |message| message.seq);
        deleted.is_some_and(|deleted| {
            deleted >= self.last_seq_of(user) || (in_sight < self.last_there(user) && deleted >= in_sight)
        })
    }

    /// What the user may know of, whether or not they are still a member.
    pub(super) fn events_of(&self, user: UserId) -> Vec<GroupEvent> {
        let Some(person) = self.person(user) else { return Vec::new() };
        self.events.iter().filter(|event| person.hears(event.seen_rev())).cloned().collect()
    }

    pub(super) fn unread(&self, user: UserId) -> u64 {
        self.unread_messages(user).count() as u64
    }

    pub(super) fn unread_mentions(&self, user: UserId) -> u64 {
        let states = self.unread_messages(user).filter_map(|message| message.state);
        states.filter(|state| state.mention_all || state.mentions.contains(&user)).count() as u64
    }

    fn unread_messages(&self, user: UserId) -> impl Iterator<Item = Message> {
        let person = self.person(user).expect("they are or was a member");
        let own = self.messages.iter().rev().find(|message| message.sender == user);
        let own = own.map_or(Seq(0), |message| message.seq);
        let seen = person.joined_after().max(person.read).max(own);
        self.visible(user).into_iter().filter(move |message| message.seq > seen)
    }

    /// The group as the user is told of it: of a group chat that they have left what it was then.
    pub(super) fn seen(&self, user: UserId) -> Group {
        let person = self.person(user).filter(|person| !person.is_member());
        let as_left = person.and_then(|person| person.as_left.as_ref()).map(|(group, _)| group);
        // How it is used is told as it is now.
        Group { settings: self.group.settings, ..as_left.unwrap_or(&self.group).clone() }
    }

    pub(super) fn other(&self, user: UserId) -> UserId {
        let person = self.person(user).expect("they are or were a member");
        match &person.as_left {
            Some((_, other)) if !person.is_member() => *other,
            _ => self.present_other(person),
        }
    }

    fn present_other(&self, person: &Person) -> UserId {
        let other =
            |other: &&Person| other.user != person.user && (self.group.single || person.shared(other));
        let current = self.members().find(other);
        current.or(self.people.iter().find(other)).map_or(person.user, |other| other.user)
    }

    /// Whether the user may know from the group that the other is or was in it.
    pub(super) fn introduces(&self, user: UserId, other: UserId) -> bool {
        let both = self.person(user).zip(self.person(other));
        both.is_some_and(|(person, other)| self.group.single || person.shared(other))
    }

    fn rule(&self, user: UserId) -> Option<Member> {
        let person = self.person(user).filter(|person| person.is_member());
        person.map(|person| Member { user, role: person.role })
    }

    fn next_rev(&mut self) -> Rev {
        self.rev.0 += 1;
        self.rev
    }

    fn join(&mut self, user: UserId, role: Role, at: Timestamp) {
        let after = self.last_seq();
        let rev = self.next_rev();
        let mut person = match self.people.iter().position(|person| person.user == user) {
            Some(place) => self.people.remove(place),
            None => Person {
                user,
                role,
                stays: Vec::new(),
                revs: Vec::new(),
                joined_at: at,
                cleared: Seq(0),
                hidden: BTreeSet::new(),
                deleted: None,
                forgotten: false,
                as_left: None,
                then: None,
                read: Seq(0),
                delivered: Seq(0),
            },
        };
        (person.role, person.deleted, person.forgotten) = (role, None, false);
        person.then = None;
        person.joined_at = at;
        person.stays.push((after, None));
        person.revs.push((rev, None));
        self.people.push(person);
    }

    /// Each of them, who are members, leaves.
    fn part(&mut self, users: &[UserId]) {
        let last = self.last_seq();
        let group = (!self.group.single).then(|| self.group.clone());
        for user in users {
            let person = self.person(*user).expect("they are a member");
            let as_left = group.clone().map(|group| (group, self.present_other(person)));
            let then = Some(self.messages.clone());
            let person = self.person_mut(*user).expect("they are a member");
            (person.as_left, person.then) = (as_left, then);
        }
        for user in users {
            let rev = self.next_rev();
            let person = self.person_mut(*user).expect("they are a member");
            person.stays.last_mut().expect("they are a member").1 = Some(last);
            person.revs.last_mut().expect("they are a member").1 = Some(rev);
        }
    }

    /// What the feed says of a change that was made just now.
    fn told(&mut self, actor: UserId, what: GroupChange, at: Timestamp) -> Change {
        let seq = (!self.group.single).then(|| self.last_seq());
        let change = Change::Group { group: self.group.id, rev: self.rev, seq, actor, what, at };
        self.events.extend(GroupEvent::of(&change).map(|(_, event)| event));
        change
    }
}

impl Model {
    // ---- users

    fn next_own_rev(&mut self, user: UserId) -> Rev {
        let rev = self.own_revs.entry(user).or_insert(Rev(1));
        rev.0 += 1;
        *rev
    }

    pub(super) fn change_profile(&mut self, id: UserId, change: ProfileChange, at: Timestamp) -> Outcome {
        let before = self.users[&id].clone();
        let after = change.applied_to(&before);
        if after == before {
            return Ok(vec![]);
        }
        self.users.insert(id, after.clone());
        self.renamed.insert(id);
        let rev = self.next_own_rev(id);
        let seen = Arc::new(after.for_others());
        let mut told = vec![Change::Profile { to: id, rev, user: Arc::new(after), at }];
        if *seen == before.for_others() {
            return Ok(told);
        }
        let related: Vec<_> =
            self.friends.keys().filter(|(_, other)| *other == id).map(|(user, _)| *user).collect();
        for to in related {
            let rev = self.next_own_rev(to);
            told.push(Change::Profile { to, rev, user: Arc::clone(&seen), at });
        }
        for room in self.rooms.values_mut().filter(|room| room.has_member(id)) {
            let rev = room.next_rev();
            told.push(Change::MemberProfile { group: room.group.id, rev, user: Arc::clone(&seen), at });
        }
        Ok(told)
    }

    pub(super) fn befriend(
        &mut self,
        user: UserId,
        other: UserId,
        action: FriendAction,
        at: Timestamp,
    ) -> Outcome {
        if action == FriendAction::Ask {
            friend::may_ask(user, other)?;
        }
        let before = self.friends.get(&(user, other)).copied().unwrap_or(Friendship::None);
        let Some((after, what)) = friend::act(before, action).filter(|_| user != other) else {
            return Ok(vec![]);
        };
        self.friends.insert((user, other), after);
        self.friends.insert((other, user), after.mirrored());
        self.ever_asked.extend([(user, other), (other, user)]);
        self.friends.retain(|_, friendship| *friendship != Friendship::None);
        let (actor_rev, other_rev) = (self.next_own_rev(user), self.next_own_rev(other));
        Ok(vec![Change::Friend { actor: user, actor_rev, other, other_rev, what, at }])
    }

    // ---- groups

    /// Whether the two are friends, or the other has written in their single chat since they joined it last.
    pub(super) fn knows(&self, user: UserId, other: UserId) -> bool {
        let written = |room: &Room| {
            let joined = room.person(other).filter(|person| person.is_member()).map(Person::joined_after);
            let by_other = |message: &&Message| message.sender == other;
            let last = room.messages.iter().rev().find(by_other).map(|message| message.seq);
            room.group.single
                && room.person(user).is_some()
                && joined.is_some_and(|joined| last > Some(joined))
        };
        let friends = self.friends.get(&(user, other)) == Some(&Friendship::Friends);
        user != other && (friends || self.rooms.values().any(written))
    }

    /// The single chat of the two that this would find.
    pub(super) fn single_of(&self, new: &NewGroup) -> Option<GroupId> {
        let founders = new.founders();
        let is_theirs =
            |room: &&Room| room.group.single && founders.iter().all(|(user, _)| room.person(*user).is_some());
        let found = self.rooms.values().find(is_theirs).map(|room| room.group.id);
        found.filter(|_| new.is_single(&founders))
    }

    /// `id` is the one that the store gave it.
    pub(super) fn found(&mut self, new: &NewGroup, id: GroupId, at: Timestamp) -> Outcome {
        let founders = new.founders();
        let users: Vec<_> = founders.iter().map(|(user, _)| *user).collect();
        if let Some(single) = self.single_of(new) {
            assert_eq!(id, single, "the single chat of the two is found again");
            return Ok(self.rooms.get_mut(&id).expect("found").bring_in(new.creator, &users, at));
        }
        let mut room = Room::new(id, new, new.is_single(&founders));
        for (user, role) in founders {
            room.join(user, role, at);
        }
        let told = room.told(new.creator, GroupChange::Created { members: users }, at);
        assert!(self.rooms.insert(id, room).is_none(), "a new group has a new id");
        Ok(vec![told])
    }

    pub(super) fn add(&mut self, caller: UserId, id: GroupId, users: &[UserId], at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_add(&room.group, room.rule(caller), users, |user| room.person(user).is_some())?;
        Ok(room.bring_in(caller, users, at))
    }

    pub(super) fn remove(&mut self, caller: UserId, id: GroupId, users: &[UserId], at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_remove(&room.group, room.rule(caller), users)?;
        let mut gone = Vec::new();
        for user in users {
            if room.has_member(*user) && !gone.contains(user) {
                gone.push(*user);
            }
        }
        if gone.is_empty() {
            return Ok(vec![]);
        }
        room.part(&gone);
        let mut changes = vec![room.told(caller, GroupChange::Removed { users: gone.clone() }, at)];
        if group::needs_heir(&room.group, &gone) {
            let admin = room.members().find(|person| person.role == Role::Admin);
            let heir = admin.or(room.members().next()).map(|person| person.user);
            changes.extend(heir.map(|heir| room.crown(caller, heir, at)));
        }
        Ok(changes)
    }

    pub(super) fn set_role(
        &mut self,
        caller: UserId,
        id: GroupId,
        user: UserId,
        role: Role,
        at: Timestamp,
    ) -> Outcome {
        let room = self.room(id)?;
        group::may_change_role(&room.group, room.rule(caller), room.rule(user))?;
        let person = room.person_mut(user).expect("the rule knows them");
        if person.role == role {
            return Ok(vec![]);
        }
        person.role = role;
        room.next_rev();
        Ok(vec![room.told(caller, GroupChange::Role { user, role }, at)])
    }

    pub(super) fn hand_over(&mut self, caller: UserId, id: GroupId, user: UserId, at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_hand_over(&room.group, room.rule(caller), room.rule(user))?;
        if user == caller {
            return Ok(vec![]);
        }
        Ok(vec![room.crown(caller, user, at)])
    }

    pub(super) fn rename_group(&mut self, caller: UserId, id: GroupId, name: &str, at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_update(room.rule(caller))?;
        if room.group.name == name {
            return Ok(vec![]);
        }
        room.group.name = name.into();
        room.next_rev();
        Ok(vec![room.told(caller, GroupChange::Updated { name: Some(name.into()) }, at)])
    }

    pub(super) fn set_timer(&mut self, caller: UserId, id: GroupId, seconds: u64, at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_set(&room.group, room.rule(caller))?;
        if room.group.settings.expire_seconds == seconds {
            return Ok(vec![]);
        }
        room.group.settings.expire_seconds = seconds;
        let (rev, what) = (room.next_rev(), GroupChange::Updated { name: None });
        Ok(vec![Change::Group { group: id, rev, seq: None, actor: caller, what, at }])
    }

    pub(super) fn dissolve(&mut self, caller: UserId, id: GroupId, at: Timestamp) -> Outcome {
        let room = self.room(id)?;
        group::may_dissolve(&room.group, room.rule(caller))?;
        let members: Vec<_> = room.members().map(|person| person.user).collect();
        room.part(&members);
        Ok(vec![room.told(caller, GroupChange::Dissolved { members }, at)])
    }

    // ---- messages

    /// The place of this message, if it was stored before.
    pub(super) fn stored(&self, new: &NewMessage) -> Option<&Message> {
        let room = self.rooms.get(&new.group)?;
        let same =
            |message: &&Message| message.sender == new.sender && message.client_msg_id == new.client_msg_id;
        room.messages.iter().find(same)
    }

    /// `id` is the one that the store gave it.
    pub(super) fn append(&mut self, new: &NewMessage, id: MessageId) -> Outcome {
        if self.stored(new).is_some() {
            return Ok(vec![]);
        }
        let last_id = self.last_id;
        let described = self.described(new);
        let room = self.room(new.group)?;
        room.rule(new.sender).ok_or(Refusal::NotMember)?;
        let state = match new.extras.as_deref() {
            Some(extras) => room.begins_with(new.sender, extras, new.now)?.map(Box::new),
            None => note::plain_state(room.group.settings.expire_seconds, new.now),
        };
        let content = described?;
        assert!(id > last_id, "ids ascend over all groups");
        let both: Vec<_> =
            room.people.iter().map(|person| person.user).filter(|_| room.group.single).collect();
        let mut changes = room.bring_in(new.sender, &both, new.now);
        let NewMessage { group, sender, client_msg_id, kind, now, connection, .. } = new.clone();
        let (seq, rev) = (Seq(room.last_seq().0 + 1), room.next_rev());
        let mut message =
            Message { id, group, seq, rev, sender, client_msg_id, kind, content, created_at: now, state };
        if let Some(state) = &mut message.state {
            state.rev = rev;
        }
        let expires_at = room.group.settings.expires_at(now);
        room.expiring.extend(expires_at.map(|at| (seq, at)));
        room.messages.push(message.clone());
        self.last_id = id;
        changes.push(Change::Message { message: Arc::new(message), connection });
        Ok(changes)
    }

    /// What a message says, with what is known of the file that it names.
    fn described(&self, new: &NewMessage) -> Result<String, Refusal> {
        let named = file::named_files(new.kind, &new.content)?;
        let Some(id) = named.first() else { return Ok(new.content.clone()) };
        let file = self.files.get(id).filter(|file| self.sees_file(new.sender, file));
        file::describe(new.kind, &new.content, file.ok_or(Refusal::NoSuchFile)?)
    }

    /// THE RULE of files: one's own, and what the messages name that one sees.
    pub(super) fn sees_file(&self, user: UserId, file: &File) -> bool {
        let mut seen = self.rooms.values().flat_map(|room| room.visible(user));
        file.owner == user || seen.any(|message| names(&message, file))
    }

    /// Whether a message names the file that somebody may see some day.
    pub(super) fn is_used(&self, file: &File) -> bool {
        self.rooms.values().any(|room| {
            let there = room.messages.iter().filter(|message| !room.expired.contains_key(&message.seq));
            there.into_iter().any(|message| names(message, file))
        })
    }

    pub(super) fn act(&mut self, acting: &Acting) -> Outcome {
        let Acting { user, group, windows, now, connection, .. } = *acting;
        let room = self.rooms.get_mut(&group).ok_or(Refusal::NoSuchMessage)?;
        let person = room.person(user).ok_or(Refusal::NoSuchMessage)?;
        let caller = room.rule(user).ok_or(Refusal::NotMember)?;
        let sees = |message: &&Message| {
            let is_there = !room.expired.contains_key(&message.seq);
            message.id == acting.message && is_there && person.sees(message.seq)
        };
        let mut message = room.messages.iter().find(sees).cloned().ok_or(Refusal::NoSuchMessage)?;
        let scene = Scene {
            group: &room.group,
            settings: room.group.settings,
            caller,
            sender: room.rule(message.sender),
            windows,
            now,
        };
        let ledger = Notes { room, seq: message.seq };
        let Some(written) = acting.act.apply(&scene, &ledger, &mut message)? else { return Ok(vec![]) };
        let seq = message.seq;
        match written.row {
            Row::Put { kind, key, .. } => room.notes.push(Noted { seq, kind, key, by: user }),
            Row::Remove { kind, key } => room.notes.retain(|note| {
                let is_it = note.seq == seq && note.kind == kind && note.key == key;
                !(is_it && (note.by == user || kind.is_shared()))
            }),
            Row::Wipe { .. } => room.notes.retain(|note| note.seq != seq || note.kind.outlives_recall()),
        }
        let Some(what) = written.what else { return Ok(vec![]) };
        let rev = room.next_rev();
        message.state.as_mut().expect("something has happened to it").rev = rev;
        room.messages[seq.0 as usize - 1] = message.clone();
        let blind = room.members().filter(|person| !person.sees(seq)).map(|person| person.user).collect();
        let message = Arc::new(message);
        Ok(vec![Change::Noted { message, rev, actor: user, what, blind, at: now, connection }])
    }

    pub(super) fn hide(
        &mut self,
        user: UserId,
        group: GroupId,
        messages: &[MessageId],
        at: Timestamp,
    ) -> Outcome {
        let room = self.room(group)?;
        let person = room.person(user).ok_or(Refusal::NoSuchMessage)?;
        let (mut hidden, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for id in messages {
            let was_there = |message: &&Message| message.id == *id && person.was_there(message.seq);
            let message = room.messages.iter().find(was_there).ok_or(Refusal::NoSuchMessage)?;
            if person.sees(message.seq) && !room.expired.contains_key(&message.seq) {
                hidden.insert(message.seq);
                ids.insert(message.id);
            }
        }
        if hidden.is_empty() {
            return Ok(vec![]);
        }
        let (messages, spans) = (Vec::from_iter(ids), sight::spans_of(hidden.iter().copied()));
        room.person_mut(user).expect("they were there").hidden.extend(hidden);
        let rev = self.next_own_rev(user);
        Ok(vec![Change::Chat { user, rev, group, what: ChatChange::Hidden { messages, spans }, at }])
    }

    pub(super) fn clear(
        &mut self,
        user: UserId,
        group: GroupId,
        up_to: Option<Seq>,
        at: Timestamp,
    ) -> Outcome {
        let room = self.room(group)?;
        let last = room.last_there(user);
        let person = room.person_mut(user).ok_or(Refusal::NotMember)?;
        let seq = up_to.unwrap_or(last).min(last);
        if seq <= person.cleared {
            return Ok(vec![]);
        }
        person.cleared = seq;
        let rev = self.next_own_rev(user);
        Ok(vec![Change::Chat { user, rev, group, what: ChatChange::Cleared { seq }, at }])
    }

    pub(super) fn star(
        &mut self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        star: bool,
        at: Timestamp,
    ) -> Outcome {
        let before = self.stars.get(&(user, group, message)).copied();
        let sees = self.room(group)?.visible(user).iter().any(|seen| seen.id == message);
        if !sees && (star || before.is_none()) {
            return Err(Refusal::NoSuchMessage);
        }
        if before.is_some_and(|(is_star, _)| is_star) == star {
            return Ok(vec![]);
        }
        let rev = self.next_own_rev(user);
        self.stars.insert((user, group, message), (star, rev));
        let what = if star { ChatChange::Starred { message } } else { ChatChange::Unstarred { message } };
        Ok(vec![Change::Chat { user, rev, group, what, at }])
    }

    /// What is there for a time that is over.
    pub(super) fn due(&self, now: Timestamp) -> Vec<(GroupId, Vec<Seq>)> {
        let of_rooms = self.rooms.values().map(|room| (room.group.id, room.due(now)));
        of_rooms.filter(|(_, due)| !due.is_empty()).collect()
    }

    pub(super) fn expire(&mut self, group: GroupId, places: &[Seq], at: Timestamp) -> Change {
        let room = self.rooms.get_mut(&group).expect("something of it is due");
        let rev = room.next_rev();
        for seq in places {
            room.expiring.remove(seq).expect("it is due");
            room.expired.insert(*seq, rev);
            room.notes.retain(|note| note.seq != *seq);
            let message = room.messages[seq.0 as usize - 1].id;
            self.stars.retain(|(_, of, starred), _| (*of, *starred) != (group, message));
        }
        Change::Expired { group, rev, spans: sight::spans_of(places.iter().copied()), at }
    }

    pub(super) fn delete_chat(
        &mut self,
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
        at: Timestamp,
    ) -> Outcome {
        let room = self.room(group)?;
        let last = room.last_seq_of(user);
        let single = room.group.single;
        let person = room.person_mut(user).ok_or(Refusal::NotMember)?;
        let left = (!person.is_member()).then_some(last);
        person.forgotten |= message::is_forgotten(single, left, seen);
        let seq = seen.unwrap_or(last).min(last);
        if person.deleted >= Some(seq) {
            return Ok(vec![]);
        }
        person.deleted = Some(seq);
        let rev = self.next_own_rev(user);
        Ok(vec![Change::Chat { user, rev, group, what: ChatChange::Deleted { seq }, at }])
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Outcome {
        let room = self.room(mark.group)?;
        room.rule(mark.user).ok_or(Refusal::NotMember)?;
        let seq = room.messages.iter().find(|message| message.id == mark.message).map(|message| message.seq);
        let person = room.person_mut(mark.user).expect("the rule knows them");
        let receipt = match mark.receipt {
            Receipt::Read => &mut person.read,
            Receipt::Delivered => &mut person.delivered,
        };
        let Some(seq) = seq.filter(|seq| *seq > *receipt) else { return Ok(vec![]) };
        *receipt = seq;
        person.delivered = person.delivered.max(person.read);
        Ok(vec![Change::Receipt {
            group: mark.group,
            rev: room.next_rev(),
            user: mark.user,
            receipt: mark.receipt,
            message: mark.message,
            seq,
            at: mark.now,
            connection: mark.connection,
        }])
    }

    pub(super) fn read_all(&mut self, user: UserId, group: GroupId, now: Timestamp) -> Outcome {
        let room = self.room(group)?;
        if !room.has_member(user) {
            let seq = room.last_seq_of(user);
            let person = room.person_mut(user).ok_or(Refusal::NotMember)?;
            if person.read >= seq || person.forgotten {
                return Ok(vec![]);
            }
            (person.read, person.delivered) = (seq, person.delivered.max(seq));
            let rev = self.next_own_rev(user);
            return Ok(vec![Change::Chat {
                user,
                rev,
                group,
                what: ChatChange::ReadAfterLeaving { seq },
                at: now,
            }]);
        }
        let Some(last) = room.messages.last() else { return Ok(vec![]) };
        let (message, receipt, connection) = (last.id, Receipt::Read, ConnectionId(0));
        self.mark(&Mark { group, user, message, receipt, session: None, now, connection })
    }

    fn room(&mut self, id: GroupId) -> Result<&mut Room, Refusal> {
        self.rooms.get_mut(&id).ok_or(Refusal::NoSuchGroup)
    }
}

/// The notes on a message, as the rules ask for them.
struct Notes<'r> {
    room: &'r Room,
    seq: Seq,
}

impl Notes<'_> {
    fn of(&self, kind: NoteKind) -> impl DoubleEndedIterator<Item = &Noted> {
        self.room.notes.iter().filter(move |note| note.seq == self.seq && note.kind == kind)
    }
}

impl Members for Notes<'_> {
    type Failure = Refusal;

    fn members(&self, users: &[UserId]) -> Result<Vec<UserId>, Refusal> {
        let is_one = |user: &&UserId| self.room.has_member(**user) || self.room.group.single;
        Ok(users.iter().filter(is_one).filter(|user| self.room.person(**user).is_some()).copied().collect())
    }
}

impl Ledger for Notes<'_> {
    fn has(&self, kind: NoteKind, key: &str, by: UserId) -> Result<bool, Refusal> {
        Ok(self.of(kind).any(|note| note.key == key && note.by == by))
    }

    fn newest(&self, kind: NoteKind, key: &str, most: usize) -> Result<Vec<UserId>, Refusal> {
        Ok(self.of(kind).rev().filter(|note| note.key == key).map(|note| note.by).take(most).collect())
    }

    fn in_group(&self, kind: NoteKind, _most: u64) -> Result<u64, Refusal> {
        Ok(self.room.notes.iter().filter(|note| note.kind == kind).count() as u64)
    }

    fn on_message(&self, kind: NoteKind, _most: u64) -> Result<u64, Refusal> {
        Ok(self.of(kind).count() as u64)
    }
}

impl Room {
    /// What a message of a member begins with.
    fn begins_with(
        &self,
        sender: UserId,
        extras: &Extras,
        now: Timestamp,
    ) -> Result<Option<MessageState>, Refusal> {
        let target = match extras.reply_to {
            Some(id) => {
                let target = self.visible(sender).into_iter().find(|message| message.id == id);
                Some(target.ok_or(Refusal::NoSuchMessage)?)
            }
            None => None,
        };
        let (group, sender) = (&self.group, self.rule(sender).ok_or(Refusal::NotMember)?);
        let sending = Sending { group, settings: group.settings, sender, now };
        extras.state(&sending, target.as_ref(), &Notes { room: self, seq: Seq(0) })
    }

    fn bring_in(&mut self, caller: UserId, users: &[UserId], at: Timestamp) -> Vec<Change> {
        let mut new = Vec::new();
        for user in users {
            if !self.has_member(*user) {
                self.join(*user, Role::Common, at);
                new.push(*user);
            }
        }
        if new.is_empty() {
            return vec![];
        }
        vec![self.told(caller, GroupChange::Added { users: new }, at)]
    }

    fn crown(&mut self, actor: UserId, user: UserId, at: Timestamp) -> Change {
        self.group.creator = user;
        self.person_mut(user).expect("they are a member").role = Role::Admin;
        self.next_rev();
        self.told(actor, GroupChange::Creator { user }, at)
    }
}

fn names(message: &Message, file: &File) -> bool {
    file::named_files(message.kind, &message.content).is_ok_and(|named| named.contains(&file.id))
}
