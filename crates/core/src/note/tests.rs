//! The rules of each kind, on notes in memory.

use std::cell::RefCell;

use super::*;
use crate::group::{Group, Member, Role, Settings, Who};
use crate::message::MessageState;
use crate::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp};

const CREATOR: UserId = UserId(1);
const ADMIN: UserId = UserId(2);
const ANNA: UserId = UserId(3);
const BEN: UserId = UserId(4);
const DAY: u64 = 86_400_000;

#[derive(Default)]
struct Notes {
    /// The oldest first.
    rows: RefCell<Vec<(NoteKind, String, UserId)>>,
    pins: u64,
}

impl Members for Notes {
    type Failure = Refusal;

    fn members(&self, users: &[UserId]) -> Result<Vec<UserId>, Refusal> {
        Ok(users.iter().copied().filter(|user| user.0 <= 40).collect())
    }
}

impl Ledger for Notes {
    fn has(&self, kind: NoteKind, key: &str, by: UserId) -> Result<bool, Refusal> {
        Ok(self.rows.borrow().iter().any(|row| (row.0, row.1.as_str(), row.2) == (kind, key, by)))
    }

    fn newest(&self, kind: NoteKind, key: &str, most: usize) -> Result<Vec<UserId>, Refusal> {
        let rows = self.rows.borrow();
        let of_key = rows.iter().rev().filter(|row| (row.0, row.1.as_str()) == (kind, key));
        Ok(of_key.take(most).map(|row| row.2).collect())
    }

    fn in_group(&self, _kind: NoteKind, _most: u64) -> Result<u64, Refusal> {
        Ok(self.pins)
    }

    fn on_message(&self, kind: NoteKind, most: u64) -> Result<u64, Refusal> {
        let rows = self.rows.borrow();
        Ok((rows.iter().filter(|row| row.0 == kind).count() as u64).min(most))
    }
}

struct Room {
    group: Group,
    settings: Settings,
    notes: Notes,
    message: Message,
    now: Timestamp,
}

impl Room {
    fn with(sender: UserId, single: bool) -> Self {
        let group = Group {
            id: GroupId(1),
            name: String::new(),
            avatar: String::new(),
            mode: 2,
            creator: CREATOR,
            single,
            settings: Settings::default(),
        };
        let message = Message {
            id: MessageId(7),
            group: group.id,
            seq: Seq(3),
            rev: Rev(5),
            sender,
            client_msg_id: "c".into(),
            kind: MessageKind::Text,
            content: "hello".into(),
            created_at: Timestamp(0),
            state: None,
        };
        Self { group, settings: Settings::default(), notes: Notes::default(), message, now: Timestamp(1) }
    }

    fn act(&mut self, by: UserId, act: &Act) -> Result<Option<Noted>, Refusal> {
        let role = |user: UserId| if user <= ADMIN { Role::Admin } else { Role::Common };
        let member = |user| Member { user, role: role(user) };
        // Whoever has a number above 40 has left.
        let sender = (self.message.sender.0 <= 40).then(|| member(self.message.sender));
        let windows = Windows { edit_ms: Some(2 * DAY), recall_ms: Some(DAY) };
        let scene = Scene {
            group: &self.group,
            settings: self.settings,
            caller: member(by),
            sender,
            windows,
            now: self.now,
        };
        let Some(written) = act.apply(&scene, &self.notes, &mut self.message)? else { return Ok(None) };
        let rows = self.notes.rows.get_mut();
        match written.row {
            Row::Put { kind, key, .. } => rows.push((kind, key, by)),
            Row::Remove { kind, key } => {
                rows.retain(|row| (row.0, &row.1) != (kind, &key) || !kind.is_shared() && row.2 != by);
            }
            Row::Wipe { kind } => {
                rows.retain(|row| row.0.outlives_recall());
                rows.push((kind, String::new(), by));
            }
        }
        Ok(written.what)
    }

    fn state(&self) -> MessageState {
        self.message.state.as_deref().cloned().unwrap_or_default()
    }
}

fn edit(id: &str, content: &str) -> Act {
    let (client_msg_id, content) = (id.to_owned(), content.to_owned());
    Act::Edit { client_msg_id, kind: None, content, mentions: vec![], mention_all: false }
}

fn react(emoji: &str) -> Act {
    Act::React { emoji: emoji.to_owned() }
}

#[test]
fn only_its_sender_edits_a_message_and_only_for_a_time() {
    let mut room = Room::with(ANNA, false);
    assert_eq!(room.act(CREATOR, &edit("e", "x")), Err(Refusal::OthersMessage));
    assert_eq!(room.act(ANNA, &edit("e", "x")), Ok(Some(Noted::Edited)));
    room.now = Timestamp(2 * DAY as i64 + 1);
    assert_eq!(room.act(ANNA, &edit("f", "y")), Err(Refusal::TooLateToEdit(2 * DAY)));
    assert_eq!(room.message.content, "x");
}

#[test]
fn an_edit_that_comes_again_late_does_not_undo_a_later_one() {
    let mut room = Room::with(ANNA, false);
    room.act(ANNA, &edit("1", "one")).expect("an edit");
    room.act(ANNA, &edit("2", "two")).expect("an edit");
    assert_eq!(room.act(ANNA, &edit("1", "one")), Ok(None));
    assert_eq!(room.act(ANNA, &edit("3", "two")), Ok(None), "says what it says already");
    assert_eq!(room.message.content, "two");
}

#[test]
fn texts_become_texts_and_of_media_only_the_caption_changes() {
    let mut room = Room::with(ANNA, false);
    let rich = Act::Edit {
        client_msg_id: "1".into(),
        kind: Some(MessageKind::RichText),
        content: "**x**".into(),
        mentions: vec![],
        mention_all: false,
    };
    assert_eq!(room.act(ANNA, &rich), Ok(Some(Noted::Edited)));
    (room.message.kind, room.message.content) = (MessageKind::File, r#"{"file":"a","caption":"b"}"#.into());
    assert_eq!(room.act(ANNA, &edit("2", r#"{"caption":"c","file":"a"}"#)), Ok(Some(Noted::Edited)));
    assert_eq!(room.act(ANNA, &edit("3", r#"{"caption":"c","file":"b"}"#)), Err(Refusal::NotEditable));
    (room.message.kind, room.message.content) = (MessageKind::Location, "{}".into());
    assert_eq!(room.act(ANNA, &edit("4", r#"{"caption":"c"}"#)), Err(Refusal::NotEditable));
}

#[test]
fn an_edit_says_whom_the_message_mentions_now() {
    let mut room = Room::with(ANNA, false);
    let mention = |id: &str, users: &[u64], all| Act::Edit {
        client_msg_id: id.into(),
        kind: None,
        content: "hello".into(),
        mentions: users.iter().copied().map(UserId).collect(),
        mention_all: all,
    };
    assert_eq!(room.act(ANNA, &mention("1", &[4, 3, 4], false)), Ok(Some(Noted::Edited)));
    assert_eq!(room.state().mentions, [BEN], "each once, and not oneself");
    assert_eq!(room.act(ANNA, &mention("2", &[41], false)), Err(Refusal::NoSuchMember));
    assert_eq!(room.act(ANNA, &mention("3", &[], true)), Err(Refusal::MayNotMentionAll));
    room.settings.who_mentions_all = Who::All;
    assert_eq!(room.act(ANNA, &mention("4", &[], true)), Ok(Some(Noted::Edited)));
    room.settings.who_mentions_all = Who::Admins;
    assert_eq!(room.act(ANNA, &mention("5", &[4], true)), Ok(Some(Noted::Edited)), "what was allowed stays");
}

#[test]
fn a_recalled_message_keeps_its_place_and_nothing_else() {
    let mut room = Room::with(ANNA, false);
    room.act(ANNA, &edit("1", "one")).expect("an edit");
    room.act(BEN, &react("👍")).expect("a reaction");
    room.act(ADMIN, &Act::Pin).expect("a pin");
    assert_eq!(room.act(ANNA, &Act::Recall), Ok(Some(Noted::Recalled)));
    assert_eq!(room.act(ANNA, &Act::Recall), Ok(None));
    let state = room.state();
    assert_eq!((room.message.content.as_str(), state.pinned_at, state.edited), ("", None, None));
    assert_eq!((state.reactions.len(), state.recalled.map(|recalled| recalled.by)), (0, Some(ANNA)));
    assert_eq!(room.act(BEN, &react("👍")), Err(Refusal::Recalled));
    assert_eq!(room.act(ADMIN, &Act::Pin), Err(Refusal::Recalled));
    assert_eq!(room.act(ANNA, &edit("2", "two")), Err(Refusal::Recalled));
    assert_eq!(room.act(ANNA, &edit("1", "one")), Ok(None), "it was done");
    assert_eq!(room.act(BEN, &Act::Unreact { emoji: "👍".into() }), Ok(None));
}

#[test]
fn who_recalls_goes_by_rank() {
    let recall = |sender, by, single, at| {
        let mut room = Room::with(sender, single);
        room.now = Timestamp(at);
        room.act(by, &Act::Recall).map(|done| done.is_some())
    };
    let late = DAY as i64 + 1;
    assert_eq!(recall(ANNA, ANNA, false, 1), Ok(true));
    assert_eq!(recall(ANNA, ANNA, false, late), Err(Refusal::TooLateToRecall(DAY)));
    assert_eq!(recall(ANNA, BEN, false, 1), Err(Refusal::OthersMessage));
    assert_eq!(recall(ANNA, ADMIN, false, late), Ok(true));
    assert_eq!(recall(ADMIN, ADMIN, false, late), Ok(true));
    assert_eq!(recall(CREATOR, ADMIN, false, 1), Err(Refusal::AdminsMessage));
    assert_eq!(recall(ADMIN, CREATOR, false, late), Ok(true));
    assert_eq!(recall(UserId(50), ADMIN, false, late), Ok(true), "who has left");
    assert_eq!(recall(ANNA, CREATOR, true, 1), Err(Refusal::OthersMessage));
    assert_eq!(
        recall(ADMIN, ADMIN, true, late),
        Err(Refusal::TooLateToRecall(DAY)),
        "no ranks in a single chat"
    );
}

#[test]
fn reactions_count_each_user_once_and_show_the_newest() {
    let mut room = Room::with(ANNA, false);
    for user in 1..=15 {
        assert!(room.act(UserId(user), &react("👍")).expect("a reaction").is_some());
    }
    assert_eq!(room.act(BEN, &react("👍")), Ok(None));
    let newest = |room: &Room| room.state().reactions[0].newest.iter().map(|user| user.0).collect::<Vec<_>>();
    assert_eq!((room.state().reactions[0].count, newest(&room)), (15, (6..=15).rev().collect()));
    room.act(UserId(15), &Act::Unreact { emoji: "👍".into() }).expect("taken back");
    assert_eq!((room.state().reactions[0].count, newest(&room)), (14, (5..=14).rev().collect()));
    for user in 1..=14 {
        room.act(UserId(user), &Act::Unreact { emoji: "👍".into() }).expect("taken back");
    }
    assert_eq!(room.state().reactions, []);
    assert_eq!(room.act(BEN, &Act::Unreact { emoji: "👍".into() }), Ok(None));
}

#[test]
fn a_message_has_so_many_different_reactions_and_no_more() {
    let mut room = Room::with(ANNA, false);
    for emoji in 0..MAX_REACTIONS {
        room.act(BEN, &react(&emoji.to_string())).expect("a reaction");
    }
    assert_eq!(room.act(BEN, &react("more")), Err(Refusal::TooManyReactions(MAX_REACTIONS)));
    assert!(room.act(ANNA, &react("0")).is_ok(), "one of those there are");
}

#[test]
fn who_pins_goes_by_the_setting_and_both_do_in_a_single_chat() {
    let mut room = Room::with(ANNA, false);
    assert_eq!(room.act(ANNA, &Act::Pin), Err(Refusal::MayNotPin));
    assert_eq!(room.act(ADMIN, &Act::Pin), Ok(Some(Noted::Pinned)));
    assert_eq!(room.act(ADMIN, &Act::Pin), Ok(None));
    assert_eq!(room.act(ANNA, &Act::Unpin), Err(Refusal::MayNotPin));
    assert_eq!(room.act(CREATOR, &Act::Unpin), Ok(Some(Noted::Unpinned)));
    assert_eq!(room.act(CREATOR, &Act::Unpin), Ok(None));
    room.settings.who_pins = Who::All;
    room.notes.pins = MAX_PINS;
    assert_eq!(room.act(ANNA, &Act::Pin), Err(Refusal::TooManyPins(MAX_PINS)));
    assert_eq!(Room::with(ANNA, true).act(BEN, &Act::Pin), Ok(Some(Noted::Pinned)));
}

#[test]
fn a_voice_message_is_opened_by_each_once_and_not_by_its_sender() {
    let mut room = Room::with(ANNA, false);
    assert_eq!(room.act(BEN, &Act::Open), Err(Refusal::NoVoice));
    room.message.kind = MessageKind::Audio;
    assert_eq!(room.act(ANNA, &Act::Open), Ok(None));
    assert_eq!(room.state().opened, None);
    for user in 4..=15 {
        assert_eq!(room.act(UserId(user), &Act::Open), Ok(Some(Noted::Opened)));
    }
    assert_eq!(room.act(BEN, &Act::Open), Ok(None), "they are no more among those who are named");
    let opened = room.state().opened.expect("opened");
    assert_eq!((opened.count, opened.newest), (12, (6..=15).rev().map(UserId).collect()));
    room.act(ANNA, &Act::Recall).expect("it is recalled");
    assert_eq!((room.state().opened, room.act(BEN, &Act::Open)), (None, Err(Refusal::Recalled)));
}

#[test]
fn a_message_has_the_links_of_what_it_says_and_no_more_than_a_few() {
    let link = |number: usize| Link {
        url: format!("http://{number}"),
        title: "a".into(),
        text: "b".into(),
        picture: None,
    };
    let act =
        |content: &str, count| Act::Link { content: content.into(), links: (0..count).map(link).collect() };
    let mut room = Room::with(ANNA, false);
    let says = room.message.content.clone();
    assert_eq!(room.act(BEN, &act(&says, 1)), Err(Refusal::OthersMessage));
    assert_eq!(room.act(ANNA, &act("something else", 1)), Ok(None));
    assert_eq!(room.act(ANNA, &act(&says, 0)), Ok(None));
    assert_eq!(room.act(ANNA, &act(&says, MAX_LINKS + 1)), Ok(Some(Noted::Linked)));
    assert_eq!(room.state().links.len(), MAX_LINKS);
    assert_eq!(room.act(ANNA, &act(&says, 1)), Ok(None), "they were found before");
    room.message.kind = MessageKind::Image;
    room.message.state = None;
    assert_eq!(room.act(ANNA, &act(&says, 1)), Ok(None), "no text");
}

#[test]
fn an_edit_of_a_message_that_was_edited_very_often_is_refused() {
    let mut room = Room::with(ANNA, false);
    for nth in 0..MAX_EDITS {
        room.act(ANNA, &edit(&nth.to_string(), &format!("version {nth}")))
            .expect("it is edited")
            .expect("anew");
    }
    assert_eq!(room.act(ANNA, &edit("one more", "x")), Err(Refusal::TooManyEdits(MAX_EDITS)));
    assert_eq!(room.act(ANNA, &edit("7", "version 7")), Ok(None), "what was done is known");
    assert!(room.act(ANNA, &Act::Recall).expect("it is recalled").is_some());
}
