//! Consumers: what reads along behind the commits misses nothing, whatever ends it in between.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use rim_core::group::NewSettings;
use rim_core::message::{Message, Span};
use rim_core::note::Act;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp};

use super::Claim;
use super::world::{DAWN, World, edit, react, seqs, unreact};
use crate::consumers::{Begin, Hold, InStore, Mark, Portion, Position, Room};
use crate::{Failure, Result, Store, StoreError, params};

const NAME: &str = "reader";
const LARGE: Room = Room { rows: 10_000, bytes: 1 << 20 };
/// Times of leases: of no story, as they go by a clock that all nodes have.
const NOW: Timestamp = DAWN;
const LATER: Timestamp = DAWN.plus_ms(10_000);

async fn hold(w: &World, begin: Begin) -> Hold {
    held_by(&w.store, begin, 1, NOW).await.expect("nobody else has it")
}

async fn held_by(store: &Arc<dyn Store>, begin: Begin, holder: u64, now: Timestamp) -> Option<Hold> {
    let held = store.hold_consumer(NAME, begin, holder, now, now.plus_ms(10_000)).await;
    held.expect("it is asked").map(|held| held.hold)
}

/// Every group that the consumer has not seen all of.
async fn behind(store: &Arc<dyn Store>, hold: Hold) -> Vec<GroupId> {
    let (mut groups, mut after) = (Vec::new(), Some(GroupId(0)));
    while let Some(from) = after {
        let page = store.behind(hold, from).await.expect("a page");
        groups.extend(page.groups);
        after = page.next;
    }
    groups
}

async fn unseen(w: &World, hold: Hold, group: GroupId) -> Option<Portion> {
    w.store.unseen(hold, vec![group], LARGE).await.expect("it is read").pop()
}

async fn pass(w: &World, hold: Hold, portion: Portion) -> bool {
    w.store.consume(hold, Arc::new(vec![portion]), InStore::nothing()).await.expect("it is consumed")
}

/// What a consumer makes of it: the messages of each group as it has seen them last.
#[derive(Default)]
struct Made {
    messages: BTreeMap<(GroupId, Seq), Message>,
    /// How often each was given.
    given: BTreeMap<(GroupId, Seq), usize>,
}

impl Made {
    fn take(&mut self, portion: &Portion) {
        let keys = portion
            .messages
            .iter()
            .map(|message| if message.seq > portion.from.seq { message.rev } else { message.latest_rev() });
        let keys: Vec<_> = keys.collect();
        assert!(keys.is_sorted(), "in the order of what is new: {keys:?}");
        assert!(keys.iter().all(|rev| portion.from.rev < *rev && *rev <= portion.to.rev), "{portion:?}");
        let new: Vec<_> = portion
            .messages
            .iter()
            .map(|message| message.seq)
            .filter(|seq| *seq > portion.from.seq)
            .collect();
        assert!(new.is_sorted(), "new messages come by their places: {new:?}");
        for message in &portion.messages {
            assert_eq!(message.group, portion.group);
            self.messages.insert((message.group, message.seq), message.clone());
            *self.given.entry((message.group, message.seq)).or_default() += 1;
        }
        for span in &portion.expired {
            self.messages
                .retain(|(group, seq), _| *group != portion.group || *seq <= span.after || *seq > span.to);
        }
    }

    fn texts(&self, group: GroupId) -> Vec<&str> {
        let of_group = self.messages.iter().filter(|((of, _), _)| *of == group);
        of_group.map(|(_, message)| message.content.as_str()).collect()
    }
}

/// Reads everything, in rooms of this size.
async fn read_all(w: &World, hold: Hold, room: Room, made: &mut Made) {
    loop {
        let groups = behind(&w.store, hold).await;
        if groups.is_empty() {
            return;
        }
        let portions = w.store.unseen(hold, groups, room).await.expect("they are read");
        let portions: Vec<_> = portions.into_iter().filter(|portion| portion.to != portion.from).collect();
        assert!(!portions.is_empty(), "it comes on");
        portions.iter().for_each(|portion| made.take(portion));
        assert!(w.store.consume(hold, Arc::new(portions), InStore::nothing()).await.expect("consumed"));
    }
}

pub async fn a_consumer_sees_every_message_once_and_in_order(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(bob, &[anna]).await, w.single(anna, bob).await];
    for n in 0..30 {
        w.send(anna, groups[n % 3], &format!("message {n}")).await?;
    }
    w.reopen().await;
    for room in [Room { rows: 4, bytes: 1 << 20 }, Room { rows: 1000, bytes: 1 }, LARGE] {
        let (hold, mut made) = (hold(w, Begin::First).await, Made::default());
        read_all(w, hold, room, &mut made).await;
        for group in groups {
            assert_eq!(made.texts(group), w.texts(bob, group).await);
            assert_eq!(unseen(w, hold, group).await, None, "there is nothing more");
        }
        assert_eq!(made.given.values().max(), Some(&1), "each once");
        w.store.restart_consumer(NAME, Begin::First).await?;
    }
    Ok(())
}

pub async fn a_consumer_that_begins_now_sees_what_is_sent_from_then_on(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (old, quiet) = (w.group(anna, &[bob]).await, w.single(anna, bob).await);
    for n in 0..5 {
        w.send(anna, old, &format!("before {n}")).await?;
    }
    w.send(bob, quiet, "never mind").await?;
    w.store.begin_consumer(NAME, Begin::Now).await?;
    w.store.begin_consumer(NAME, Begin::First).await?;
    let hold = hold(w, Begin::First).await;
    assert_eq!(behind(&w.store, hold).await, []);
    assert_eq!(unseen(w, hold, old).await, None);

    w.send(bob, old, "after").await?;
    let new = w.group(bob, &[anna]).await;
    w.send(anna, new, "in a new group").await?;
    w.reopen().await;

    assert_eq!(behind(&w.store, hold).await, [old, new]);
    let mut made = Made::default();
    read_all(w, hold, LARGE, &mut made).await;
    assert_eq!((made.texts(old), made.texts(new)), (vec!["after"], vec!["in a new group"]));
    let known = w.store.consumed(NAME, vec![old, quiet, new]).await?;
    assert_eq!(known.iter().map(|position| position.seq.0).collect::<Vec<_>>(), [6, 1, 1]);
    Ok(())
}

pub async fn what_has_changed_is_seen_as_it_is_now(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for text in ["one", "two", "three", "four"] {
        sent.push(w.send(anna, group, text).await?);
    }
    w.act(bob, group, sent[1].id, react("👍")).await?;
    let hold = hold(w, Begin::First).await;
    let first = unseen(w, hold, group).await.expect("all of it");
    assert_eq!(seqs(&first.messages), [1, 2, 3, 4], "one that has changed before it was seen is told once");
    assert!(first.messages[1].state.is_some());
    assert!(pass(w, hold, first).await);

    w.act(anna, group, sent[2].id, edit("e1", "3")).await?;
    w.act(anna, group, sent[0].id, Act::Recall).await?;
    w.act(anna, group, sent[2].id, edit("e2", "III")).await?;
    w.send(bob, group, "five").await?;
    w.act(bob, group, sent[1].id, unreact("👍")).await?;
    w.read(bob, group, sent[3].id).await?;

    let next = unseen(w, hold, group).await.expect("what has changed");
    let told: Vec<_> =
        next.messages.iter().map(|message| (message.seq.0, message.content.as_str())).collect();
    assert_eq!(told, [(1, ""), (3, "III"), (5, "five"), (2, "two")], "by when it changed last");
    assert_eq!(next.reworded, [Seq(1), Seq(3)]);
    assert_eq!((next.to.seq, next.more, next.left), (Seq(5), false, 0));
    assert_eq!(next.to.rev, w.rev(bob, group).await);
    assert!(pass(w, hold, next).await);
    assert_eq!(unseen(w, hold, group).await, None);

    w.act(bob, group, sent[2].id, react("👍")).await?;
    let liked = unseen(w, hold, group).await.expect("a reaction");
    assert_eq!((seqs(&liked.messages), &liked.reworded[..]), (vec![3], &[][..]), "it says what it said");
    assert!(pass(w, hold, liked).await);
    w.read(anna, group, w.send(bob, group, "six").await?.id).await?;
    w.rename(anna, group, "Go").await?;
    assert!(pass(w, hold, unseen(w, hold, group).await.expect("six")).await);
    w.rename(anna, group, "Went").await?;
    w.read_all(anna, group).await?;
    assert_eq!(
        (unseen(w, hold, group).await, behind(&w.store, hold).await),
        (None, vec![]),
        "no news of messages"
    );
    Ok(())
}

pub async fn what_has_expired_is_told_and_not_given(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let hold = hold(w, Begin::First).await;
    w.send(anna, group, "stays").await?;
    let settings = NewSettings { expire_seconds: Some(10), ..NewSettings::default() };
    w.store.set_group_settings(anna, group, settings, w.now()).await?;
    w.send(anna, group, "seen before").await?;
    assert!(pass(w, hold, unseen(w, hold, group).await.expect("both")).await);
    w.send(anna, group, "never seen").await?;
    let due = w.now().plus_ms(10_000);
    for (group, places) in w.store.due_messages(due, 100).await? {
        w.store.expire(group, places, due).await?;
    }
    assert_eq!(behind(&w.store, hold).await, [group]);

    let next = unseen(w, hold, group).await.expect("what has expired");
    assert_eq!((&next.messages[..], &next.expired[..]), (&[][..], &[Span { after: Seq(1), to: Seq(3) }][..]));
    assert_eq!(next.to.seq, Seq(3));
    assert!(pass(w, hold, next).await);
    assert_eq!((unseen(w, hold, group).await, behind(&w.store, hold).await), (None, vec![]));
    Ok(())
}

/// Counts the messages that were given, in the store.
fn counting(portions: &[Portion], fails: Option<fn() -> Failure>) -> InStore {
    let counts: Vec<_> =
        portions.iter().map(|portion| (portion.group.0, portion.messages.len() as u64)).collect();
    let work = move |tx: &mut dyn crate::Tx| {
        for (group, count) in counts {
            let sql = "INSERT INTO file_days (user_id, day, bytes) VALUES ($1, 0, $2)
                       ON CONFLICT (user_id) DO UPDATE SET bytes = file_days.bytes + $2";
            tx.execute(sql, &params![group, count])?;
        }
        fails.map_or(Ok(()), |fails| Err(fails()))
    };
    InStore { rows: portions.len(), work: Box::new(work) }
}

/// What was counted in the group.
async fn counted(w: &World, hold: Hold, group: GroupId) -> u64 {
    let counted = Arc::new(Mutex::new(0));
    let found = Arc::clone(&counted);
    let work = move |tx: &mut dyn crate::Tx| {
        let sql = "SELECT bytes AS count FROM file_days WHERE user_id = $1";
        *found.lock().expect("no holder panics") = tx.reader().count(sql, &params![group])?;
        Ok(())
    };
    let look = InStore { rows: 1, work: Box::new(work) };
    assert!(w.store.consume(hold, Arc::default(), look).await.expect("it is read"));
    *counted.lock().expect("no holder panics")
}

pub async fn a_position_moves_with_what_was_made_of_it_or_not_at_all(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for text in ["one", "two", "three"] {
        w.send(anna, group, text).await?;
    }
    let hold = hold(w, Begin::First).await;
    let room = Room { rows: 2, bytes: 1 << 20 };
    let portions = Arc::new(w.store.unseen(hold, vec![group], room).await?);
    let corrupt: fn() -> Failure = || Failure::Corrupt {
        table: "none".into(),
        column: "none".into(),
        row: "1".into(),
        value: "a story".into(),
    };
    let failed = w.store.consume(hold, Arc::clone(&portions), counting(&portions, Some(corrupt))).await;
    assert!(matches!(failed, Err(StoreError::Fault(_))), "{failed:?}");
    let panics: fn() -> Failure = || panic!("as a fault in a consumer does");
    let failed = w.store.consume(hold, Arc::clone(&portions), counting(&portions, Some(panics))).await;
    assert!(matches!(failed, Err(StoreError::Fault(_))), "{failed:?}");
    assert_eq!(
        (counted(w, hold, group).await, w.store.unseen(hold, vec![group], room).await?),
        (0, portions.to_vec())
    );

    assert!(w.store.consume(hold, Arc::clone(&portions), counting(&portions, None)).await?);
    assert!(!w.store.consume(hold, Arc::clone(&portions), counting(&portions, None)).await?, "a second time");
    w.reopen().await;
    assert!(!w.store.consume(hold, Arc::clone(&portions), counting(&portions, None)).await?);
    assert_eq!(counted(w, hold, group).await, 2);
    let rest = Arc::new(w.store.unseen(hold, vec![group], room).await?);
    assert_eq!(seqs(&rest[0].messages), [3]);
    assert!(w.store.consume(hold, Arc::clone(&rest), counting(&rest, None)).await?);
    assert!(!w.store.consume(hold, portions, InStore::nothing()).await?, "it does not go back");
    assert_eq!(counted(w, hold, group).await, 3);
    Ok(())
}

pub async fn who_does_not_hold_it_any_more_changes_nothing(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "hi").await?;
    let asleep = hold(w, Begin::First).await;
    let portions = Arc::new(w.store.unseen(asleep, vec![group], LARGE).await?);
    assert_eq!(held_by(&w.store, Begin::First, 2, NOW).await, None, "it is held");
    assert_eq!(held_by(&w.store, Begin::First, 1, NOW).await, Some(asleep), "whoever holds it goes on");
    let awake = held_by(&w.store, Begin::First, 2, LATER).await.expect("its time is over");

    assert!(!w.store.consume(asleep, Arc::clone(&portions), counting(&portions, None)).await?);
    assert_eq!(counted(w, awake, group).await, 0);
    w.store.let_go_consumer(asleep).await?;
    assert_eq!(held_by(&w.store, Begin::First, 1, LATER).await, None, "it was not theirs to let go");
    assert!(w.store.consume(awake, Arc::clone(&portions), counting(&portions, None)).await?);
    assert_eq!(counted(w, awake, group).await, 1);
    w.store.let_go_consumer(awake).await?;
    assert!(!w.store.consume(awake, portions, InStore::nothing()).await?);
    assert_eq!(held_by(&w.store, Begin::First, 1, NOW).await, Some(asleep), "it was left to others");
    Ok(())
}

pub async fn one_that_begins_anew_sees_everything_again(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "hi").await?;
    assert_eq!(w.store.consumed(NAME, vec![group]).await?, [Position::default()], "nobody knows it");
    let old = hold(w, Begin::First).await;
    let portion = unseen(w, old, group).await.expect("a message");
    assert!(pass(w, old, portion.clone()).await);
    assert_eq!(w.store.consumed(NAME, vec![group]).await?, [portion.to]);

    w.store.restart_consumer(NAME, Begin::First).await?;
    assert_eq!(w.store.consumed(NAME, vec![group]).await?, [Position::default()]);
    assert!(!pass(w, old, portion.clone()).await, "it is another now");
    let new = hold(w, Begin::First).await;
    assert_eq!(behind(&w.store, new).await, [group]);
    assert_eq!(unseen(w, new, group).await.as_ref(), Some(&portion));
    assert!(pass(w, new, portion.clone()).await);
    while w.store.forget_positions().await? {}
    assert_eq!(w.store.consumed(NAME, vec![group]).await?, [portion.to], "what is not gone stays");
    assert_eq!(behind(&w.store, old).await, []);

    w.store.restart_consumer(NAME, Begin::Now).await?;
    let now = hold(w, Begin::First).await;
    assert_eq!(unseen(w, now, group).await, None);
    w.store.forget_consumer(NAME).await?;
    w.store.restart_consumer(NAME, Begin::Now).await?;
    let again = hold(w, Begin::First).await;
    assert_eq!(unseen(w, again, group).await, Some(portion), "one that is not there does not begin anew");
    Ok(())
}

pub async fn it_is_told_where_something_was_said_or_done(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(bob, &[anna]).await, w.single(anna, bob).await];
    let mut sent = Vec::new();
    for group in groups {
        sent.push(w.send(anna, group, "hi").await?);
    }
    let begun = w.store.moved(None).await?;
    assert_eq!(begun.groups, None, "of nobody knows which");
    let since = async |mark: &Mark| {
        let moved = w.store.moved(Some(mark.clone())).await.expect("it is told");
        let groups: BTreeSet<_> = moved.groups.expect("it is known").into_iter().collect();
        (moved.to, groups)
    };
    assert_eq!(since(&begun.to).await.1, BTreeSet::new());
    w.read(bob, groups[0], sent[0].id).await?;
    w.rename(anna, groups[0], "Go").await?;
    let (mark, quiet) = since(&begun.to).await;
    assert_eq!(quiet, BTreeSet::new(), "no news of messages");

    w.send(bob, groups[1], "yes").await?;
    w.act(bob, groups[2], sent[2].id, react("👍")).await?;
    w.store.until_moved(&mark).await;
    let (next, told) = since(&mark).await;
    assert_eq!(told, BTreeSet::from([groups[1], groups[2]]));
    assert_eq!(since(&begun.to).await.1, told, "whoever asks later misses nothing");
    assert_eq!(since(&next).await.1, BTreeSet::new());
    w.act(bob, groups[2], sent[2].id, unreact("❤")).await?;
    assert_eq!(since(&next).await.1, BTreeSet::new(), "nothing was done");
    let copies = w.send(anna, groups[0], "again").await?;
    assert_eq!((since(&next).await.1, copies.seq), (BTreeSet::from([groups[0]]), Seq(2)));
    Ok(())
}

pub async fn a_large_group_leaves_room_for_others(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (large, small) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(w.send(anna, large, &format!("message {n}")).await?.id);
    }
    w.send(anna, small, "hi").await?;
    let hold = hold(w, Begin::First).await;
    let room = Room { rows: 10, bytes: 1 << 20 };
    let portions = w.store.unseen(hold, vec![small, large, small], room).await?;
    let rows: Vec<_> = portions.iter().map(|portion| (portion.group, portion.messages.len())).collect();
    assert_eq!(rows, [(large, 5), (small, 1)]);
    assert_eq!((portions[0].more, portions[0].left), (true, 35));
    let tight = Room { rows: 10, bytes: 1 };
    let cut = w.store.unseen(hold, vec![large, small], tight).await?;
    assert_eq!(
        (cut[0].messages.len(), cut[1].messages.len()),
        (1, 0),
        "what there is no room for comes next"
    );
    assert!(cut[1].more && cut[1].to == cut[1].from);
    assert!(w.store.consume(hold, Arc::new(portions), InStore::nothing()).await?);

    // All of it changes, and comes in portions, too.
    let mut made = Made::default();
    read_all(w, hold, room, &mut made).await;
    for id in ids {
        w.act(bob, large, id, react("👍")).await?;
    }
    for room in [room, tight] {
        let portion = w.store.unseen(hold, vec![large], room).await?.remove(0);
        assert!(
            portion.more && portion.to.rev > portion.from.rev && portion.messages.len() <= 20,
            "{portion:?}"
        );
    }
    let mut made = Made::default();
    read_all(w, hold, tight, &mut made).await;
    assert_eq!((made.given.len(), made.given.values().max()), (40, Some(&1)));
    Ok(())
}

pub async fn of_many_groups_those_that_have_moved_are_found(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut groups = Vec::new();
    for n in 0..50 {
        let group = w.group(anna, &[bob]).await;
        w.send(anna, group, &format!("{n}")).await?;
        groups.push(group);
    }
    let hold = hold(w, Begin::First).await;
    let mut made = Made::default();
    read_all(w, hold, LARGE, &mut made).await;
    assert_eq!(made.messages.len(), 50);
    for group in &groups {
        w.read_all(bob, *group).await?;
    }
    let moved = [groups[7], groups[30]];
    w.send(bob, moved[0], "yes").await?;
    let newest = w.messages(bob, moved[1]).await.remove(0);
    w.act(bob, moved[1], newest.id, react("👍")).await?;
    w.reopen().await;
    assert_eq!(behind(&w.store, hold).await, moved);
    Ok(())
}

pub async fn known_stories_are_read_to_their_end(w: &mut World) -> Claim {
    for seed in [1, 2, 3] {
        read_a_story(w, seed).await?;
    }
    Ok(())
}

pub async fn a_new_story_is_read_to_its_end(w: &mut World) -> Claim {
    let given = std::env::var("RIM_SEED").ok().map(|seed| seed.parse().expect("RIM_SEED is a number"));
    read_a_story(w, given.unwrap_or_else(|| RandomState::new().hash_one(0))).await
}

/// People write, edit, recall and let expire, while a consumer reads that is ended between any two of its steps.
async fn read_a_story(w: &mut World, seed: u64) -> Claim {
    println!("RIM_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    w.store.forget_consumer(NAME).await?;
    let (anna, bob) = (w.user(&format!("anna {seed}")).await, w.user(&format!("bob {seed}")).await);
    let mut groups = Vec::new();
    for _ in 0..4 {
        groups.push(w.group(anna, &[bob]).await);
    }
    let settings = NewSettings { expire_seconds: Some(10), ..NewSettings::default() };
    w.store.set_group_settings(anna, groups[0], settings, w.now()).await?;
    let (mut made, mut sent): (Made, Vec<(GroupId, MessageId)>) = (Made::default(), Vec::new());
    let mut reader: Option<(Hold, Mark, BTreeSet<GroupId>)> = None;
    let mut holder = 1;
    for step in 0..300 {
        let (who, group) = (if rng.bool() { anna } else { bob }, groups[rng.usize(..groups.len())]);
        match rng.u32(..20) {
            0..6 => sent.push((group, w.send(who, group, &format!("message {step}")).await?.id)),
            6..9 => {
                let Some((group, message)) = choice(&mut rng, &sent) else { continue };
                // Whatever of this is refused changes nothing.
                let act = match rng.u32(..4) {
                    0 => edit(&format!("edit {step}"), &format!("edited {step}")),
                    1 => Act::Recall,
                    2 => react("👍"),
                    _ => unreact("👍"),
                };
                let _ = w.act(who, group, message, act).await;
            }
            9 => w.read_all(who, group).await?,
            10 => {
                let due = w.now().plus_ms(10_000);
                for (group, places) in w.store.due_messages(due, rng.u32(1..4)).await? {
                    w.store.expire(group, places, due).await?;
                }
            }
            11 => {
                w.reopen().await;
                reader = None;
            }
            // Whoever reads is ended, and another goes on.
            12 => (reader, holder) = (None, holder + 1),
            _ => read_on(w, &mut rng, &mut reader, &mut made, holder).await?,
        }
    }
    let now = LATER.plus_ms(1_000_000);
    let hold = held_by(&w.store, Begin::First, 7, now).await.expect("its time is over");
    read_all(w, hold, Room { rows: 7, bytes: 1000 }, &mut made).await;
    for group in groups {
        let there = w.messages(anna, group).await;
        let seen = made.messages.range((group, Seq(0))..=(group, Seq(u64::MAX))).map(|(_, message)| message);
        fn said(message: &Message) -> (Seq, (Rev, String)) {
            (message.seq, (message.latest_rev(), message.content.clone()))
        }
        let there: BTreeMap<_, _> = there.iter().map(said).collect();
        let seen: BTreeMap<_, _> = seen.map(said).collect();
        assert_eq!(seen, there, "group {group}");
    }
    w.store.let_go_consumer(hold).await?;
    Ok(())
}

fn choice(rng: &mut Rng, sent: &[(GroupId, MessageId)]) -> Option<(GroupId, MessageId)> {
    (!sent.is_empty()).then(|| sent[rng.usize(..sent.len())])
}

/// One step of a consumer, which remembers between them which groups have moved.
async fn read_on(
    w: &World,
    rng: &mut Rng,
    reader: &mut Option<(Hold, Mark, BTreeSet<GroupId>)>,
    made: &mut Made,
    holder: u64,
) -> Result<()> {
    let Some((hold, mark, waiting)) = reader else {
        let now = DAWN.plus_ms(20_000 * holder as i64);
        let held = w.store.hold_consumer(NAME, Begin::First, holder, now, now.plus_ms(10_000)).await?;
        let held = held.expect("the time of the others is over");
        let moved = w.store.moved(held.seen).await?;
        let waiting = match moved.groups {
            Some(groups) => groups.into_iter().collect(),
            None => behind(&w.store, held.hold).await.into_iter().collect(),
        };
        *reader = Some((held.hold, moved.to, waiting));
        return Ok(());
    };
    let moved = w.store.moved(Some(mark.clone())).await?;
    waiting.extend(moved.groups.expect("it has asked a moment ago"));
    *mark = moved.to;
    let room = Room { rows: rng.usize(1..8), bytes: rng.usize(1..2000) };
    let portions = w.store.unseen(*hold, waiting.iter().copied().collect(), room).await?;
    let given: BTreeSet<_> = portions.iter().map(|portion| portion.group).collect();
    waiting.retain(|group| given.contains(group));
    let portions: Vec<_> = portions.into_iter().filter(|portion| portion.to != portion.from).collect();
    if rng.u32(..4) == 0 {
        // It is ended before it has written anything.
        return Ok(());
    }
    portions.iter().for_each(|portion| made.take(portion));
    let ends: Vec<_> = portions.iter().filter(|portion| !portion.more).map(|portion| portion.group).collect();
    assert!(w.store.consume(*hold, Arc::new(portions), InStore::nothing()).await?);
    waiting.retain(|group| !ends.contains(group));
    if waiting.is_empty() {
        assert!(w.store.note_seen(*hold, mark).await?);
    }
    Ok(())
}
