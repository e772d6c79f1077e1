//! Random stories, told to a store and to a model of it, which must not differ at any point.
//!
//! A story follows from its seed. A failing one prints it; `RIM_SEED=… cargo test a_new_story` tells it again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use fastrand::Rng;

use super::Claim;
use super::client::{Client, View};
use super::files;
use super::model::{Model, Outcome, Person, Room};
use super::world::{MANY, NO_MESSAGE, World, new_group, refusal, text};
use crate::former;
use crate::notes::Acting;
use crate::{Result, callback};
use rim_core::contact::AskBounds;
use rim_core::event::{Change, GroupChange};
use rim_core::file::{self, File, FileId, KEPT_UNUSED_MS};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::gallery::Part;
use rim_core::group::{Group, NewGroup, NewSettings, Role, SINGLE_MODE};
use rim_core::group_event::GroupEvent;
use rim_core::message::{
    Chat, Extras, Link, Mark, Message, MessageKind, NewMessage, Page, Receipt, Write, Written,
};
use rim_core::note::{Act, Windows};
use rim_core::sight::Target;
use rim_core::size::ANSWER_BYTES;
use rim_core::user::ProfileChange;
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};

const PEOPLE: usize = 6;
const GROUPS: usize = 8;
const STEPS: usize = 400;
/// Everything is compared whenever so many steps were taken.
const LOOK_EVERY: usize = 20;

pub async fn known_stories_end_as_the_model_says(w: &mut World) -> Claim {
    for seed in [1, 2, 3] {
        Story::tell(w, seed).await;
    }
    Ok(())
}

pub async fn a_new_story_ends_as_the_model_says(w: &mut World) -> Claim {
    let given = std::env::var("RIM_SEED").ok().map(|seed| seed.parse().expect("RIM_SEED is a number"));
    Story::tell(w, given.unwrap_or_else(|| RandomState::new().hash_one(0))).await;
    Ok(())
}

/// One thing that somebody does.
#[derive(Debug)]
enum Step {
    Found(NewGroup),
    Send(Vec<NewMessage>),
    Mark(Mark),
    ReadAll {
        user: UserId,
        group: GroupId,
    },
    DeleteChat {
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
    },
    Act(Acting),
    Hide {
        user: UserId,
        group: GroupId,
        messages: Vec<MessageId>,
    },
    Clear {
        user: UserId,
        group: GroupId,
        up_to: Option<Seq>,
    },
    Star {
        user: UserId,
        group: GroupId,
        message: MessageId,
        star: bool,
    },
    Add {
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
    },
    Remove {
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
    },
    Role {
        caller: UserId,
        group: GroupId,
        user: UserId,
        role: Role,
    },
    HandOver {
        caller: UserId,
        group: GroupId,
        user: UserId,
    },
    RenameGroup {
        caller: UserId,
        group: GroupId,
        name: String,
    },
    SetTimer {
        caller: UserId,
        group: GroupId,
        seconds: u64,
    },
    /// So much time passes, and then so many messages at the most expire that are due.
    Expire {
        ms: i64,
        most: u32,
    },
    Dissolve {
        caller: UserId,
        group: GroupId,
    },
    Befriend {
        user: UserId,
        other: UserId,
        action: FriendAction,
    },
    ChangeProfile {
        user: UserId,
        change: ProfileChange,
    },
    /// A device comes back, asks so many times, and is gone again.
    Sync {
        device: usize,
        asks: usize,
    },
    Reopen,
}

/// A device that is away most of the time, and asks for little when it is not.
struct Device {
    client: Client,
    limit: u32,
    window: Option<u32>,
}

struct Story<'a> {
    w: &'a mut World,
    chance: Chance,
    model: Model,
    people: Vec<UserId>,
    devices: Vec<Device>,
}

impl<'a> Story<'a> {
    async fn tell(w: &'a mut World, seed: u64) {
        println!("RIM_SEED={seed}");
        let mut story = Self::begin(w, seed).await;
        for number in 1..=STEPS {
            let step = story.choose();
            println!("{number:>4} {step:?}");
            story.take(step).await;
            if number % LOOK_EVERY == 0 {
                story.look().await;
            }
        }
        story.look().await;
        // Nothing is left for the story after it.
        story.expire(story.w.now().plus_ms(60_000), u32::MAX).await;
        story.look().await;
        story.everybody_syncs().await;
        story.sweep_files().await;
    }

    async fn begin(w: &'a mut World, seed: u64) -> Self {
        let mut model = Model::default();
        for n in 0..PEOPLE {
            let id = w.user(&format!("user {n} of {seed}")).await;
            let user = w.store.user(id).await.expect("users are read").expect("they exist");
            model.users.insert(id, user);
            for _ in 0..2 {
                let file = files::upload(w, id).await;
                model.files.insert(file.id, file);
            }
        }
        let people: Vec<_> = model.users.keys().copied().collect();
        let device = |user, limit, window| Device { client: Client::new(user), limit, window };
        let mut devices = Vec::new();
        for (n, user) in people.iter().enumerate() {
            devices.push(device(*user, [1, 2, 3, 5, 7, 100][n % 6], None));
            devices.push(device(*user, [7, 1, 100, 2, 3, 5][n % 6], Some(3)));
        }
        w.changes().await;
        Self { w, chance: Chance::new(seed), model, people, devices }
    }

    // ---- what happens next

    fn choose(&mut self) -> Step {
        let (user, other) = (self.anybody(), self.anybody());
        let Some(group) = self.any_group() else { return Step::Found(self.new_group()) };
        let caller = self.member_or_not(group);
        match self.chance.below(152) {
            0..4 if self.model.rooms.len() < GROUPS => Step::Found(self.new_group()),
            4..7 => Step::Found(new_group(user, SINGLE_MODE, &[other])),
            7..40 => Step::Send(self.burst()),
            40..55 => self.mark(caller, group),
            55..58 => self.read_all(caller, group),
            58..66 => Step::Add { caller, group, users: self.some_people() },
            66..70 => Step::Remove { caller, group, users: self.some_people() },
            70..75 => Step::Remove { caller, group, users: vec![caller] },
            75..78 => Step::Role {
                caller: self.creator(group, caller),
                group,
                user: other,
                role: *self.chance.pick(&[Role::Common, Role::Admin]),
            },
            78..80 => Step::HandOver { caller: self.creator(group, caller), group, user: other },
            80..82 => Step::RenameGroup { caller, group, name: format!("group {}", self.chance.below(3)) },
            82 => Step::Dissolve { caller, group },
            83..88 => {
                use FriendAction::{Accept, Ask, Decline};
                let action = *self.chance.pick(&[Ask, Ask, Accept, Accept, Decline]);
                Step::Befriend { user, other, action }
            }
            88 => Step::ChangeProfile { user, change: self.change_of_profile() },
            95..98 => self.delete_chat(group),
            89 => Step::Reopen,
            100..122 => self.act(caller, group),
            122..127 => self.hide(group),
            127..129 => self.clear(group),
            129..134 => self.star(group),
            140..145 => {
                let seconds = *self.chance.pick(&[0, 5, 5, 30]);
                Step::SetTimer { caller: self.creator(group, caller), group, seconds }
            }
            145..152 => {
                let ms = 1_000 * self.chance.below(12) as i64;
                Step::Expire { ms, most: *self.chance.pick(&[1, 3, 1_000]) }
            }
            _ => {
                Step::Sync { device: self.chance.below(self.devices.len()), asks: 1 + self.chance.below(10) }
            }
        }
    }

    fn change_of_profile(&mut self) -> ProfileChange {
        let mut maybe =
            |what: &str| self.chance.one_in(2).then(|| format!("{what} {}", self.chance.below(3)));
        ProfileChange { name: maybe("name"), avatar: maybe("picture"), email: maybe("address") }
    }

    fn new_group(&mut self) -> NewGroup {
        let mode = *self.chance.pick(&[2, 2, 2, 1, 0]);
        let creator = self.anybody();
        let members = self.some_people().into_iter();
        let roles = [Role::Common, Role::Admin];
        let members = members.map(|user| (user, *self.chance.pick(&roles))).collect();
        NewGroup { members, ..new_group(creator, mode, &[]) }
    }

    /// Some messages that are in the queue together: new ones, and now and then one sent again.
    fn burst(&mut self) -> Vec<NewMessage> {
        let mut burst: Vec<NewMessage> = Vec::new();
        for _ in 0..1 + self.chance.below(4) {
            let group = self.any_group().expect("there is one");
            let sender = self.member_or_not(group);
            let n = self.w.fresh();
            let mut message = text(sender, group, &format!("id {n}"), &format!("text {n}"), self.w.now());
            message.connection = ConnectionId(n);
            if self.chance.one_in(3) {
                message.extras = self.extras(sender, group);
            }
            if self.chance.one_in(3) {
                message.kind = MessageKind::Image;
                message.content = files::showing(self.some_file(sender, &burst));
            }
            match self.chance.below(8) {
                0..2 => message.kind = MessageKind::Audio,
                2 => message.content = format!("https://example.org/{n}"),
                _ => {}
            }
            if self.chance.one_in(5) {
                let written: Vec<_> = self.model.rooms.values().flat_map(|room| &room.messages).collect();
                if !written.is_empty() {
                    let first = *self.chance.pick(&written);
                    message.group = first.group;
                    message.sender = first.sender;
                    message.client_msg_id = first.client_msg_id.clone();
                    message.kind = MessageKind::RichText;
                    message.extras = None;
                }
            }
            if self.chance.one_in(8) {
                let twin = burst.last().cloned();
                burst.extend(twin);
            }
            burst.push(message);
        }
        burst
    }

    /// One that they see, mostly. One that they do not see is none of those that are shown just now: whether they see it then is
    /// for the store to say, as they have not been told of it.
    fn some_file(&mut self, user: UserId, burst: &[NewMessage]) -> FileId {
        let any = self.chance.one_in(6);
        let is_shown = |file: &File| burst.iter().any(|new| new.content.contains(file.id.as_str()));
        let files = self
            .model
            .files
            .values()
            .filter(|file| self.model.sees_file(user, file) || (any && !is_shown(file)));
        let files: Vec<_> = files.map(|file| file.id).collect();
        *self.chance.pick(&files)
    }

    /// Of a member, what a message of theirs may have.
    fn extras(&mut self, sender: UserId, group: GroupId) -> Option<Box<Extras>> {
        let room = &self.model.rooms[&group];
        let role = room.person(sender).filter(|person| person.is_member())?.role;
        let seen = room.visible(sender);
        let members: Vec<_> = room.members().map(|person| person.user).collect();
        let may_mention_all = room.group.single || role == Role::Admin;
        let reply_to = (!seen.is_empty() && self.chance.one_in(2)).then(|| self.chance.pick(&seen).id);
        let mentions = (0..self.chance.below(3)).map(|_| *self.chance.pick(&members)).collect();
        let mention_all = may_mention_all && self.chance.one_in(3);
        Some(Box::new(Extras { reply_to, mentions, mention_all, forwarded_from: None }))
    }

    /// With one of the newest messages, mostly.
    fn act(&mut self, user: UserId, group: GroupId) -> Step {
        let message = self.some_message(group);
        let emoji = (*self.chance.pick(&["👍", "🎉"])).to_owned();
        let said = self.model.rooms[&group].messages.iter().find(|sent| sent.id == message);
        let said = said.map_or_else(String::new, |sent| sent.content.clone());
        let act = match self.chance.below(16) {
            0..4 => Act::Edit {
                client_msg_id: format!("edit {}", self.chance.below(30)),
                kind: self.chance.one_in(3).then_some(MessageKind::RichText),
                content: format!(
                    "{} {}",
                    self.chance.pick(&["edited", "http://edited"]),
                    self.chance.below(5)
                ),
                mentions: if self.chance.one_in(2) { self.some_people() } else { Vec::new() },
                mention_all: self.chance.one_in(6),
            },
            4 => Act::Recall,
            5..8 => Act::React { emoji },
            8 => Act::Unreact { emoji },
            9..11 => Act::Pin,
            11 => Act::Unpin,
            12..14 => Act::Open,
            _ => Act::Link {
                content: said,
                links: vec![Link {
                    url: "https://rim.example".into(),
                    title: "Rim".into(),
                    text: "a chat server".into(),
                    picture: None,
                }],
            },
        };
        // Edits by others than the sender are refused: enough that it happens now and then.
        let sender = self.model.rooms[&group].messages.iter().find(|sent| sent.id == message);
        let shown = sender.and_then(|sent| file::named_files(sent.kind, &sent.content).ok()?.pop());
        let act = match (act, shown) {
            (Act::Edit { client_msg_id, content, .. }, Some(file)) => Act::Edit {
                client_msg_id,
                kind: None,
                content: format!(r#"{{"file":"{file}","caption":"{content}"}}"#),
                mentions: Vec::new(),
                mention_all: false,
            },
            (act, _) => act,
        };
        let is_senders = matches!(act, Act::Edit { .. } | Act::Recall) && !self.chance.one_in(5);
        let user = sender.filter(|_| is_senders).map_or(user, |sent| sent.sender);
        let windows = Windows { edit_ms: None, recall_ms: None };
        let (now, connection) = (self.w.now(), ConnectionId(9));
        Step::Act(Acting { user, group, message, act, windows, session: None, now, connection })
    }

    fn some_message(&mut self, group: GroupId) -> MessageId {
        let messages = &self.model.rooms[&group].messages;
        if messages.is_empty() || self.chance.one_in(30) {
            return NO_MESSAGE;
        }
        let newest = messages.len().min(if self.chance.one_in(3) { usize::MAX } else { 6 });
        messages[messages.len() - 1 - self.chance.below(newest)].id
    }

    /// By anybody who was ever there, mostly.
    fn ever_there(&mut self, group: GroupId) -> UserId {
        let people: Vec<_> = self.model.rooms[&group].people.iter().map(|person| person.user).collect();
        if self.chance.one_in(10) { self.anybody() } else { *self.chance.pick(&people) }
    }

    fn hide(&mut self, group: GroupId) -> Step {
        let user = self.ever_there(group);
        let messages = (0..1 + self.chance.below(3)).map(|_| self.some_message(group)).collect();
        Step::Hide { user, group, messages }
    }

    fn clear(&mut self, group: GroupId) -> Step {
        let last = self.model.rooms[&group].last_seq().0 as usize;
        let up_to = self.chance.one_in(2).then(|| Seq(self.chance.below(last + 2) as u64));
        Step::Clear { user: self.ever_there(group), group, up_to }
    }

    fn star(&mut self, group: GroupId) -> Step {
        let (user, message) = (self.ever_there(group), self.some_message(group));
        Step::Star { user, group, message, star: !self.chance.one_in(3) }
    }

    /// Of what came since they joined: below that place a receipt says nothing.
    fn mark(&mut self, user: UserId, group: GroupId) -> Step {
        let receipt = *self.chance.pick(&[Receipt::Delivered, Receipt::Read]);
        let joined_after = self.joined_after(user, group);
        let of = if self.chance.one_in(10) { self.any_group().expect("there is one") } else { group };
        let messages = self.model.rooms[&of].messages.iter();
        let messages: Vec<_> = messages.filter(|message| of != group || message.seq > joined_after).collect();
        let message = if messages.is_empty() { NO_MESSAGE } else { self.chance.pick(&messages).id };
        Step::Mark(Mark {
            group,
            user,
            message,
            receipt,
            session: None,
            now: self.w.now(),
            connection: ConnectionId(9),
        })
    }

    fn read_all(&mut self, user: UserId, group: GroupId) -> Step {
        if self.model.rooms[&group].last_seq() > self.joined_after(user, group) {
            Step::ReadAll { user, group }
        } else {
            self.mark(user, group)
        }
    }

    /// By anybody who was ever there, mostly.
    fn delete_chat(&mut self, group: GroupId) -> Step {
        let last = self.model.rooms[&group].last_seq().0 as usize;
        let user = self.ever_there(group);
        let seen = self.chance.one_in(2).then(|| Seq(self.chance.below(last + 2) as u64));
        Step::DeleteChat { user, group, seen }
    }

    fn joined_after(&self, user: UserId, group: GroupId) -> Seq {
        self.model.rooms[&group].person(user).map_or(Seq(0), Person::joined_after)
    }

    fn anybody(&mut self) -> UserId {
        *self.chance.pick(&self.people)
    }

    fn some_people(&mut self) -> Vec<UserId> {
        let count = 1 + self.chance.below(3);
        (0..count).map(|_| self.anybody()).collect()
    }

    fn any_group(&mut self) -> Option<GroupId> {
        let groups: Vec<_> = self.model.rooms.keys().copied().collect();
        (!groups.is_empty()).then(|| *self.chance.pick(&groups))
    }

    /// Mostly a member, or little would be allowed.
    fn member_or_not(&mut self, group: GroupId) -> UserId {
        let members: Vec<_> = self.model.rooms[&group].members().map(|person| person.user).collect();
        if members.is_empty() || self.chance.one_in(8) { self.anybody() } else { *self.chance.pick(&members) }
    }

    /// Mostly the creator.
    fn creator(&mut self, group: GroupId, caller: UserId) -> UserId {
        if self.chance.one_in(4) { caller } else { self.model.rooms[&group].group.creator }
    }

    // ---- what happens

    /// Takes a step in the store and in the model: answer and feed must be the same.
    async fn take(&mut self, step: Step) {
        let (w, at) = (&*self.w, self.w.now());
        let (answer, expected) = match step {
            Step::Found(new) => {
                let found = w.store.create_group(new.clone(), MANY, at).await.expect("a group is founded");
                (Ok(()), self.model.found(&new, found, at))
            }
            Step::Send(burst) => return self.send(burst).await,
            Step::Mark(mark) => {
                let written = super::world::write(&w.store, Write::Mark(mark.clone())).await;
                (written.map(|written| assert_eq!(written, Written::Marked)), self.model.mark(&mark))
            }
            Step::ReadAll { user, group } => {
                let answer = w.store.mark_all_read(user, group, at).await;
                (answer, self.model.read_all(user, group, at))
            }
            Step::DeleteChat { user, group, seen } => {
                let answer = w.store.delete_chat(user, group, seen, at).await;
                (answer, self.model.delete_chat(user, group, seen, at))
            }
            Step::Act(acting) => {
                let answer = w.store.act(acting.clone()).await;
                let expected = self.model.act(&acting);
                let Acting { user, group, message, .. } = acting;
                let is_it = |told: &Message| {
                    let seen = self.model.rooms[&group].visible(user);
                    assert_eq!(seen.iter().find(|seen| seen.id == message), Some(told));
                };
                (answer.map(|told| is_it(&told)), expected)
            }
            Step::Hide { user, group, messages } => {
                let answer = w.store.hide(user, group, messages.clone(), at).await;
                (answer, self.model.hide(user, group, &messages, at))
            }
            Step::Clear { user, group, up_to } => {
                let answer = w.store.clear(user, group, up_to, at).await;
                (answer, self.model.clear(user, group, up_to, at))
            }
            Step::Star { user, group, message, star } => {
                let answer = if star {
                    w.store.star(user, group, message, at).await
                } else {
                    w.store.unstar(user, group, message, at).await
                };
                (answer, self.model.star(user, group, message, star, at))
            }
            Step::Add { caller, group, users } => {
                let answer = w.store.add_members(caller, group, users.clone(), MANY, at).await;
                (answer, self.model.add(caller, group, &users, at))
            }
            Step::Remove { caller, group, users } => {
                let answer = w.store.remove_members(caller, group, users.clone(), at).await;
                (answer, self.model.remove(caller, group, &users, at))
            }
            Step::Role { caller, group, user, role } => {
                let answer = w.store.set_role(caller, group, user, role, at).await;
                (answer, self.model.set_role(caller, group, user, role, at))
            }
            Step::HandOver { caller, group, user } => {
                let answer = w.store.hand_over_group(caller, group, user, at).await;
                (answer, self.model.hand_over(caller, group, user, at))
            }
            Step::RenameGroup { caller, group, name } => {
                let avatar = self.model.rooms[&group].group.avatar.clone();
                let answer = w.store.update_group(caller, group, name.clone(), avatar, at).await;
                (answer, self.model.rename_group(caller, group, &name, at))
            }
            Step::SetTimer { caller, group, seconds } => {
                let settings = NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() };
                let answer = w.store.set_group_settings(caller, group, settings, at).await;
                (answer.map(drop), self.model.set_timer(caller, group, seconds, at))
            }
            Step::Expire { ms, most } => return self.expire(at.plus_ms(ms), most).await,
            Step::Dissolve { caller, group } => {
                let answer = w.store.dissolve_group(caller, group, at).await;
                (answer, self.model.dissolve(caller, group, at))
            }
            Step::Befriend { user, other, action } => {
                let answer = w.store.befriend(user, other, action, AskBounds::NONE, at).await;
                let expected = self.model.befriend(user, other, action, at);
                let applied = expected.as_ref().is_ok_and(|changes| !changes.is_empty());
                (answer.map(|answer| assert_eq!(answer, applied)), expected)
            }
            Step::ChangeProfile { user, change } => {
                let answer = w.store.update_profile(user, change.clone(), at).await;
                (answer, self.model.change_profile(user, change, at))
            }
            Step::Sync { device, asks } => return self.sync(device, asks).await,
            Step::Reopen => {
                self.w.reopen().await;
                (Ok(()), Ok(vec![]))
            }
        };
        self.agree(answer, expected).await;
    }

    async fn agree(&self, answer: Result<()>, expected: Outcome) {
        let told = sorted(self.w.changes().await);
        match expected {
            Ok(changes) => {
                answer.expect("the model allows it");
                assert_eq!(told, sorted(changes));
            }
            Err(refused) => {
                assert_eq!(refusal(answer), refused);
                assert_eq!(told, []);
            }
        }
    }

    async fn send(&mut self, burst: Vec<NewMessage>) {
        let mut answers = Vec::new();
        for message in &burst {
            let (answer, answered) = tokio::sync::oneshot::channel();
            let done = callback(move |result: Result<Written>| {
                let _ = answer.send(result);
            });
            self.w.store.submit(Write::Append(message.clone()), done).expect("the queue has room");
            answers.push(answered);
        }
        let mut changes = Vec::new();
        for (message, answered) in burst.iter().zip(answers) {
            let answer = answered.await.expect("done is called");
            let id = match answer {
                Ok(Written::Appended { id, .. }) => id,
                _ => MessageId(0),
            };
            match self.model.append(message, id) {
                Ok(change) => {
                    let stored = self.model.stored(message).expect("it was stored, now or before");
                    let place = Written::Appended { id: stored.id, seq: stored.seq };
                    assert_eq!(answer.expect("the model allows it"), place);
                    changes.extend(change);
                }
                Err(refused) => assert_eq!(refusal(answer), refused),
            }
        }
        assert_eq!(self.w.changes().await, changes);
    }

    /// As the job does, which has them some at a time.
    async fn expire(&mut self, now: Timestamp, most: u32) {
        self.w.set_clock(now);
        let due = self.w.store.due_messages(now, most).await.expect("they are looked for");
        let all = self.model.due(now);
        let count = |of: &[(GroupId, Vec<Seq>)]| of.iter().map(|(_, places)| places.len()).sum::<usize>();
        assert_eq!(count(&due), count(&all).min(most as usize));
        let mut changes = Vec::new();
        for (group, places) in due {
            let of_group = all.iter().find(|(of, _)| *of == group).expect("something of it is due");
            assert!(places.iter().all(|seq| of_group.1.contains(seq)), "{places:?} of {of_group:?}");
            self.w.store.expire(group, places.clone(), now).await.expect("they expire");
            changes.push(self.model.expire(group, &places, now));
        }
        assert_eq!(self.w.changes().await, changes);
    }

    async fn sync(&mut self, device: usize, asks: usize) {
        let Device { client, limit, window } = &mut self.devices[device];
        for _ in 0..asks {
            if !client.ask(self.w, *limit, *window).await {
                compare(client, window.is_some(), &self.model);
                break;
            }
        }
        assert_eq!(self.w.changes().await, []);
    }

    async fn everybody_syncs(&mut self) {
        for Device { client, limit, window } in &mut self.devices {
            client.catch_up(self.w, *limit, *window).await;
            compare(client, window.is_some(), &self.model);
        }
        for user in &self.people {
            let fresh = Client::up_to_date(self.w, *user).await;
            compare(&fresh, false, &self.model);
            for id in fresh.groups.keys() {
                let person = self.model.rooms[id].person(*user);
                assert!(person.is_some_and(|person| !person.forgotten), "{user} has forgotten {id}");
            }
            for other in fresh.users.keys() {
                let introduced = self.model.rooms.values().any(|room| room.introduces(*user, *other));
                let asked = self.model.ever_asked.contains(&(*user, *other));
                assert!(introduced || asked || other == user, "{user} is not told of {other}");
            }
        }
    }

    // ---- what everybody sees

    async fn look(&mut self) {
        for user in self.people.clone() {
            self.look_at_groups(user).await;
            self.look_at_chats(user).await;
            self.look_at_histories(user).await;
            self.look_at_messages(user).await;
            self.look_at_stars(user).await;
            self.look_at_notes(user).await;
            self.look_at_files(user).await;
        }
    }

    /// Each file is seen by those who see a message that names it.
    async fn look_at_files(&self, user: UserId) {
        for file in self.model.files.values() {
            let seen = self.w.store.visible_file(user, file.id).await.expect("files are read");
            assert_eq!(seen.is_some(), self.model.sees_file(user, file), "{user} and {file:?}");
        }
    }

    /// A day later, those are left that somebody may see some day.
    async fn sweep_files(&self) {
        let later = self.w.now().plus_ms(2 * KEPT_UNUSED_MS as i64);
        while self.w.store.unused_files(later, 2).await.expect("they are swept") > 0 {}
        for file in self.model.files.values() {
            let left = self.w.store.file(file.id).await.expect("files are read");
            assert_eq!(left.is_some(), self.model.is_used(file), "{file:?}");
        }
    }

    /// Each message is told to those who see it, as are those around it, and to nobody else.
    async fn look_at_messages(&mut self, user: UserId) {
        for (id, room) in &self.model.rooms {
            if room.messages.is_empty() {
                continue;
            }
            let of = self.chance.pick(&room.messages);
            let visible = room.visible(user);
            let at = visible.iter().position(|seen| seen.id == of.id);
            let found = self.w.store.message(user, *id, of.id).await;
            let (before, after) = (self.chance.below(4), self.chance.below(4));
            let target = *self.chance.pick(&[Target::Message(of.id), Target::Place(of.seq)]);
            let around =
                self.w.store.around(user, *id, target, before as u32, after as u32, usize::MAX).await;
            let Some(at) = at else {
                assert_eq!(refusal(found), Refusal::NoSuchMessage);
                assert_eq!(refusal(around), Refusal::NoSuchMessage);
                continue;
            };
            assert_eq!(found.expect("they see it"), visible[at]);
            let around = around.expect("they see it");
            let (from, to) = (at.saturating_sub(before), (at + after + 1).min(visible.len()));
            assert_eq!(around.messages, visible[from..to]);
            assert_eq!((around.older, around.newer), (from > 0, to < visible.len()));
        }
    }

    async fn look_at_stars(&mut self, user: UserId) {
        let stars = self.model.stars.iter().filter(|((by, ..), (is_star, _))| *by == user && *is_star);
        let mut stars: Vec<_> =
            stars.map(|((_, group, message), (_, rev))| (*rev, *group, *message)).collect();
        stars.sort_unstable();
        let found = self.w.store.stars(user, None, 0, 1_000, usize::MAX).await.expect("stars are listed");
        assert_eq!(found.stars.len(), stars.len());
        for (star, (rev, group, message)) in found.stars.into_iter().zip(stars.into_iter().rev()) {
            assert_eq!((star.rev, star.group, star.message), (rev, group, message));
            let seen = self.model.rooms[&group].visible(user).into_iter().find(|seen| seen.id == message);
            assert_eq!(star.shown, seen);
        }
    }

    /// What there is to be asked of notes agrees with the messages.
    async fn look_at_notes(&mut self, user: UserId) {
        let page = Page { number: 1, size: 200 };
        for (id, room) in &self.model.rooms {
            if room.person(user).is_none() {
                continue;
            }
            let visible = room.visible(user);
            let ids = |messages: Vec<Message>| -> BTreeSet<_> { messages.iter().map(|is| is.id).collect() };
            let mut pinned = visible.clone();
            pinned.retain(|message| message.state.as_ref().is_some_and(|state| state.pinned_at.is_some()));
            let pins = self.w.store.pins(user, *id).await.expect("they are or were a member").messages;
            assert_eq!(ids(pins), ids(pinned), "of {id}, to {user}");
            let mut naming = visible.clone();
            naming.retain(|message| former::mentions(message, user) && message.sender != user);
            let told = self.w.store.mentions(user, Some(*id), None, page).await.expect("as above").0.messages;
            assert_eq!(ids(told), ids(naming), "of {id}, to {user}");
            let part = *self.chance.pick(&Part::ALL);
            let mut listed = visible.clone();
            listed.retain(|message| part.has(message));
            listed.reverse();
            let size = 1 + self.chance.below(20) as u32;
            let found = super::gallery::all(self.w, user, *id, part, size).await.expect("as above");
            assert_eq!(found, listed, "{part:?} of {id}, to {user}");
            if visible.is_empty() {
                continue;
            }
            let message = self.chance.pick(&visible);
            let editions = self.w.store.edits(user, *id, message.id).await.expect("they see it");
            let said = editions.last().map(|edition| (edition.kind, edition.content.clone()));
            assert!(message.is_recalled() || said == Some((message.kind, message.content.clone())));
            let reactions = message.state.iter().flat_map(|state| &state.reactions);
            for reaction in reactions {
                let emoji = Some(reaction.emoji.clone());
                let (told, _) =
                    self.w.store.reactors(user, *id, message.id, emoji, page).await.expect("they see it");
                let newest = told.iter().take(reaction.newest.len()).map(|reactor| reactor.user.id);
                assert!(newest.eq(reaction.newest.iter().copied()), "{told:?}");
                assert_eq!(told.len() as u64, reaction.count);
            }
        }
    }

    async fn look_at_groups(&self, user: UserId) {
        let known = self.w.store.user(user).await.expect("users are read");
        assert_eq!(known.as_ref(), self.model.users.get(&user));

        let expected: Vec<_> = self.model.rooms.values().filter(|room| room.has_member(user)).collect();
        let groups = self.w.store.groups_of(user).await.expect("groups are listed");
        assert!(groups.iter().eq(expected.iter().map(|room| &room.group)), "{groups:?}");
        let ids = self.w.store.group_ids_of(user).await.expect("groups are listed");
        assert!(ids.iter().eq(groups.iter().map(|group| &group.id)), "{ids:?}");

        for (id, room) in &self.model.rooms {
            let seen = room.members().filter(|_| room.has_member(user));
            let expected: Vec<_> = seen.map(|person| (person.user, person.role)).collect();
            assert_eq!(self.w.members(user, *id).await, expected);
        }
        for state in [Friendship::Incoming, Friendship::Outgoing, Friendship::Friends] {
            let friends = self.w.store.friends(user, &[state]).await.expect("friends are listed");
            let expected = self.model.friends.iter().filter(|((one, _), is)| *one == user && **is == state);
            assert!(friends.iter().map(|friend| friend.id).eq(expected.map(|((_, other), _)| *other)));
        }
        let known = self.w.store.acquaintances(user, self.people.clone()).await.expect("looked up");
        let expected = self.model.users.keys().filter(|other| self.model.knows(user, **other));
        assert!(known.iter().eq(expected), "{known:?}");
    }

    async fn look_at_chats(&mut self, user: UserId) {
        let mut expected = Vec::new();
        for room in self.model.rooms.values().filter(|room| !room.is_deleted(user)) {
            expected.extend(room.visible(user).pop().map(|last| Chat {
                group: room.seen(user),
                last,
                other: self.model.users[&room.other(user)].clone(),
                unread: room.unread(user),
                unread_mentions: room.unread_mentions(user),
                left: !room.has_member(user),
            }));
        }
        expected.sort_by_key(|chat| chat.last.id);
        let size = 1 + self.chance.below(5) as u32;
        let mut chats = Vec::new();
        for number in 1.. {
            let mut page = self.w.store.chats(user, Page { number, size }).await.expect("chats are listed");
            if page.is_empty() {
                break;
            }
            page.extend(chats);
            chats = page;
        }
        assert_eq!(chats, expected, "in pages of {size}");
    }

    async fn look_at_histories(&mut self, user: UserId) {
        for (id, room) in &self.model.rooms {
            if room.person(user).is_some() {
                let history = self.w.history(user, *id, Page { number: 1, size: 1 }, None).await;
                assert_eq!(history.expect("they are or were a member").group, room.seen(user));
            }
            let expected = room.person(user).map(|_| room.visible(user));
            let below = Seq(self.chance.below(room.messages.len() + 2) as u64);
            let size = 1 + self.chance.below(20) as u32;
            assert_eq!(walk(self.w, user, *id, size, None).await, expected, "in pages of {size}");
            let expected = expected.map(|mut messages| {
                messages.retain(|message| message.seq < below);
                messages
            });
            assert_eq!(walk(self.w, user, *id, 100, Some(below)).await, expected, "below {below}");
            let to = Seq(below.0 + self.chance.below(5) as u64);
            let (told, users, more) = self
                .w
                .store
                .group_events(user, *id, below, to, 100, ANSWER_BYTES)
                .await
                .expect("events are read");
            let mut expected = room.events_of(user);
            expected.retain(|event| below <= event.seq && event.seq <= to);
            assert_eq!((set_of(told), more), (set_of(expected.clone()), false), "from {below} to {to}");
            let named: BTreeSet<_> = expected.iter().flat_map(|event| event.named()).collect();
            assert!(users.iter().map(|user| user.id).eq(named));
        }
    }
}

/// Everything on all pages.
async fn walk(
    w: &World,
    user: UserId,
    group: GroupId,
    size: u32,
    below: Option<Seq>,
) -> Option<Vec<Message>> {
    let mut walked = Vec::new();
    for number in 1.. {
        let mut page = w.history(user, group, Page { number, size }, below).await?.messages;
        if page.is_empty() {
            break;
        }
        page.extend(walked);
        walked = page;
    }
    Some(walked)
}

/// A client that has caught up has what the model has, and nothing else.
fn compare(client: &Client, windowed: bool, model: &Model) {
    let user = client.user;
    let friends = model.friends.iter().filter(|((one, _), _)| *one == user);
    let friends: BTreeMap<_, _> = friends.map(|((_, other), state)| (*other, *state)).collect();
    assert_eq!(client.friends, friends);
    if let Some(me) = &client.me {
        assert_eq!(*me, model.users[&user]);
    }
    assert!(client.me.is_some() || !model.renamed.contains(&user), "a changed profile is told");
    let stars = model.stars.iter().filter(|((by, ..), (is_star, _))| *by == user && *is_star);
    // Of what has expired a star may stay on a device that never had the message.
    let lasts = |(group, id): &&(GroupId, MessageId)| !model.rooms[group].has_expired(*id);
    assert!(
        client
            .starred
            .iter()
            .filter(lasts)
            .copied()
            .eq(stars.map(|((_, group, message), _)| (*group, *message)))
    );

    // What they have forgotten is known to those of their devices that knew it before.
    let is_known = |id: &GroupId, room: &Room| {
        room.person(user).is_some_and(|person| !person.forgotten || client.groups.contains_key(id))
    };
    let rooms: BTreeMap<_, _> = model.rooms.iter().filter(|(id, room)| is_known(id, room)).collect();
    assert!(client.groups.keys().eq(rooms.keys().copied()), "the groups they are or were in");
    // Whom a client shows by name: contacts, and the members of its groups.
    let mut shown: Vec<_> = client.friends.keys().copied().collect();
    for (id, room) in rooms {
        shown.extend(room.members().filter(|_| room.has_member(user)).map(|person| person.user));
        compare_group(&client.groups[id], windowed, room, user);
    }
    for shown in shown {
        assert!(
            client.users[&shown].looks_like(&model.users[&shown]),
            "{user} knows what {shown} looks like"
        );
    }
}

fn compare_group(view: &View, windowed: bool, room: &Room, user: UserId) {
    let mut visible = room.visible(user);
    if windowed {
        visible
            .retain(|message| view.messages.contains_key(&message.seq) || !view.knows_to_lack(message.seq));
    }
    // What expires after they left is told to whoever asks anew.
    let is_told = |expired: &Rev| view.member || *expired <= view.rev;
    let has = view.messages.iter().filter(|(seq, _)| room.expired.get(seq).is_none_or(is_told));
    let has: Vec<_> = has.map(|(_, message)| message.clone()).collect();
    if room.person(user).is_some_and(|person| person.forgotten) {
        // They are told nothing more of the group, so what is recalled then stays where it was.
        for (there, kept) in visible.iter_mut().zip(&has) {
            if there.is_recalled() && there.id == kept.id {
                *there = kept.clone();
            }
        }
    }
    assert_eq!(has, visible);
    assert_eq!(view.member, room.has_member(user));
    let person = room.person(user).expect("the groups they are or were in");
    assert_eq!((view.last_seq, view.deleted), (room.last_seq_of(user), person.deleted));
    if !view.recounts && room.expired.values().all(is_told) {
        assert_eq!((view.unread, view.unread_mentions), (room.unread(user), room.unread_mentions(user)));
    }
    assert_eq!(view.joined_at, room.person(user).map(|person| person.joined_at));
    let events = room.events_of(user);
    if windowed {
        assert!(
            view.events
                .values()
                .all(|event| set_of(events.clone()).contains(&set_of(vec![event.clone()])[0]))
        );
    } else {
        assert_eq!(set_of(view.events.values().cloned().collect()), set_of(events));
    }
    // Of a single chat that one has left, another name is not told, and not kept from whoever asks anew: nobody sees it, as
    // such a chat is called by the other's name.
    if view.member || !room.group.single {
        let settings = if view.member { room.group.settings } else { view.group.settings };
        assert_eq!(view.group, Group { settings, ..room.seen(user) });
    }
    if !view.member {
        return;
    }
    assert_eq!(view.rev, room.rev);
    let mut members: Vec<_> = room.members().map(|person| person.user).collect();
    members.sort();
    assert_eq!(view.members.keys().copied().collect::<Vec<_>>(), members);
    for person in room.members() {
        let told = view.members[&person.user];
        assert_eq!(told.role, person.role);
        // Below the place where they joined a receipt says nothing.
        let of_this_stay = |seq: Seq| seq.max(person.joined_after());
        assert_eq!(of_this_stay(told.read_seq), of_this_stay(person.read), "read by {}", person.user);
        assert_eq!(
            of_this_stay(told.delivered_seq),
            of_this_stay(person.delivered),
            "got by {}",
            person.user
        );
    }
}

/// The order in which an event names several users says nothing.
fn set_of(mut events: Vec<GroupEvent>) -> Vec<GroupEvent> {
    events.iter_mut().for_each(|event| event.users.sort());
    events
}

/// The order in which one change names several users says nothing.
fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    for change in &mut changes {
        if let Change::Noted { blind, .. } = change {
            blind.sort();
        }
        if let Change::Group { what, .. } = change {
            match what {
                GroupChange::Created { members: users }
                | GroupChange::Dissolved { members: users }
                | GroupChange::Added { users }
                | GroupChange::Removed { users } => users.sort(),
                GroupChange::Updated { .. } | GroupChange::Role { .. } | GroupChange::Creator { .. } => {}
            }
        }
    }
    changes
}

/// Chance that follows from a seed.
struct Chance(Rng);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// A number from 0, below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
