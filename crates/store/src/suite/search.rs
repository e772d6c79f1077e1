//! Search: whoever looks for what they may see finds it, and nothing else, whether or not the index has it already.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use rim_core::group::NewSettings;
use rim_core::message::{Message, MessageKind};
use rim_core::note::Act;
use rim_core::search::{Has, Query, Search, said};
use rim_core::{GroupId, MessageId, Refusal, Timestamp, UserId};

use super::Claim;
use super::gallery::send_kind;
use super::languages::LANGUAGES;
use super::world::{DAWN, NO_GROUP, World, edit, mention, mention_all, refusal};
use crate::consumers::{Begin, Hold, InStore, Room};
use crate::database::{Database, InPieces, Piece, THE_SERVER};
use crate::notes::KEPT_EDITS;
use crate::search::{CONSUMER, Found, STEP, next_chore};
use crate::{Result, Store};

/// What is put into the index at once.
const ROOM: Room = Room { rows: 7, bytes: 1 << 20 };

fn never() -> crate::search::Enough {
    Arc::new(|| false)
}

async fn hold(store: &Arc<dyn Store>) -> Hold {
    let held = store.hold_consumer(CONSUMER, Begin::First, 1, DAWN, DAWN).await.expect("it is asked");
    held.expect("nobody else has it").hold
}

/// Puts the next messages of each group that is behind into the index; whether there were any.
pub async fn index_some(store: &Arc<dyn Store>) -> bool {
    let hold = hold(store).await;
    let (mut is_any, mut after) = (false, Some(GroupId(0)));
    while let Some(from) = after {
        let page = store.behind(hold, from).await.expect("a page");
        after = page.next;
        if page.groups.is_empty() {
            continue;
        }
        let portions = Arc::new(store.unseen(hold, page.groups, ROOM).await.expect("they are read"));
        is_any |= portions.iter().any(|portion| portion.to != portion.from);
        let write = store.entries(Arc::clone(&portions)).await.expect("they are made");
        assert!(store.consume(hold, portions, write).await.expect("they are written"), "it is held");
    }
    is_any
}

/// The same of all, which is then noted.
pub async fn index_all(store: &Arc<dyn Store>) {
    let seen = store.moved(None).await.expect("a mark").to;
    while index_some(store).await {}
    assert!(store.note_seen(hold(store).await, &seen).await.expect("it is noted"), "it is held");
}

/// Of what is being merged something is taken out, and one who merges is killed half-way: before and behind that all that is found
/// is as it was, and of what was recalled nothing may be left, which the caller looks at.
pub async fn recall_while_segments_are_merged(db: &impl Database, w: &mut World, secret: &str) -> Result<()> {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    // More than a piece has room for.
    let words = |nth: usize| (0..2_000).map(|word| format!(" {secret}{nth}x{word}")).collect::<String>();
    let mut sent = Vec::new();
    for nth in 0..8 * ROOM.rows {
        sent.push(w.send(anna, group, &format!("plan {nth}{}", words(nth))).await?.id);
        w.send(anna, group, "a plan that stays").await?;
        if nth % ROOM.rows == ROOM.rows - 1 {
            index_some(&w.store).await;
            index_some(&w.store).await;
        }
    }
    let count = async |w: &World| ids(w, bob, asked("plan")).await.map(|ids| ids.len());
    let all = 2 * sent.len();
    let recalled = sent.split_off(sent.len() / 2);
    let mut merging = db.read_at_once(next_chore).await?.expect("there are many segments");
    let stale = merging.clone();
    let begun = db.write_many(THE_SERVER, move |tx| merging.next(tx)).await?;
    assert!(matches!(begun, Piece::More), "it is no small one");
    assert_eq!(count(w).await?, all);
    for message in &recalled {
        w.act(anna, group, *message, Act::Recall).await?;
    }
    let mut chores = 0;
    while let Some(chore) = db.read_at_once(next_chore).await? {
        db.write_in_pieces(THE_SERVER, chore).await?;
        if chores == 1 {
            db.write_in_pieces(THE_SERVER, stale.clone()).await?;
        }
        assert_eq!(count(w).await?, all - recalled.len(), "behind {chores} chores");
        chores += 1;
    }
    assert!(chores > 3, "unfinished ones, what is dead, and merging");
    db.write_in_pieces(THE_SERVER, stale).await?;
    w.store.tidy_index().await?;
    assert_eq!(count(w).await?, all - recalled.len());
    assert_eq!(ids(w, bob, asked(&format!("{secret}3x77 "))).await?, [sent[3].0]);
    for message in sent {
        w.act(anna, group, message, Act::Recall).await?;
    }
    w.store.tidy_index().await?;
    assert_eq!(count(w).await?, recalled.len() * 2);
    Ok(())
}

fn asked(q: &str) -> Search {
    Search { query: Query::parse(q).expect("it is short"), limit: 50, ..Search::default() }
}

/// All that is found, page by page.
async fn all(w: &World, user: UserId, search: Search) -> Result<Vec<Found>> {
    let (mut pages, mut below) = (Vec::new(), search.below);
    loop {
        let page = w.store.search(user, Search { below, ..search.clone() }, usize::MAX, never()).await?;
        assert!(page.hits.len() <= search.limit as usize && !page.partial, "{search:?}: {page:?}");
        assert!(page.next.is_none_or(|next| below.is_none_or(|below| next < below)), "it goes on");
        assert!(page.hits.iter().all(|hit| page.users.iter().any(|user| user.id == hit.message.sender)));
        assert!(page.hits.iter().all(|hit| page.groups.iter().any(|group| group.id == hit.message.group)));
        below = page.next;
        pages.push(page);
        if below.is_none() {
            return Ok(pages);
        }
    }
}

async fn ids(w: &World, user: UserId, search: Search) -> Result<Vec<u64>> {
    let pages = all(w, user, search).await?;
    let ids: Vec<_> = pages.iter().flat_map(|page| &page.hits).map(|hit| hit.message.id.0).collect();
    assert!(ids.is_sorted_by(|one, next| one > next), "the newest first, and each once: {ids:?}");
    Ok(ids)
}

/// What the hits say, the newest first.
async fn texts(w: &World, user: UserId, q: &str) -> Result<Vec<String>> {
    let pages = all(w, user, asked(q)).await?;
    Ok(pages.into_iter().flat_map(|page| page.hits).map(|hit| hit.message.content).collect())
}

pub async fn what_people_look_for_in_25_languages_they_find(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut groups = Vec::new();
    for language in &LANGUAGES {
        let group = w.group(anna, &[bob]).await;
        let mut places = BTreeMap::new();
        for (number, text) in language.texts.iter().enumerate() {
            places.insert(w.send(anna, group, text).await?.id.0, number);
        }
        groups.push((language, group, places));
    }
    for is_indexed in [false, true] {
        let mut wrong = Vec::new();
        for (language, group, places) in &groups {
            for (q, expected) in language.searches {
                let mut found: Vec<usize> = Vec::new();
                for id in ids(w, bob, Search { group: Some(*group), ..asked(q) }).await? {
                    found.push(places[&id]);
                }
                found.sort_unstable();
                let found: String = found.iter().map(usize::to_string).collect();
                if found != expected {
                    wrong.push(format!("{} {q:?}: {found:?} and not {expected:?}", language.name));
                }
            }
        }
        assert!(wrong.is_empty(), "indexed: {is_indexed}\n{}", wrong.join("\n"));
        index_all(&w.store).await;
        assert_eq!(w.store.index_status().await?.waiting, 0);
    }
    Ok(())
}

pub async fn a_message_is_found_the_moment_it_is_sent_and_as_it_is_now(w: &mut World) -> Claim {
    let [anna, bob, carol] = w.users(["anna", "bob", "carol"]).await;
    let group = w.group(anna, &[bob, carol]).await;
    let sent = w.send(anna, group, "the first plan").await?;
    assert_eq!(texts(w, bob, "plan").await?, ["the first plan"]);
    index_all(&w.store).await;
    w.leave(carol, group).await?;
    w.act(anna, group, sent.id, edit("e1", "the second draft")).await?;
    for _ in 0..2 {
        assert_eq!(texts(w, bob, "plan").await?, [] as [&str; 0]);
        assert_eq!(texts(w, bob, "draft").await?, ["the second draft"]);
        assert_eq!(texts(w, carol, "plan").await?, ["the first plan"], "as it was when they left");
        assert_eq!(texts(w, carol, "draft").await?, [] as [&str; 0]);
        index_all(&w.store).await;
    }
    w.act(anna, group, sent.id, edit("e2", "the plan again")).await?;
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "plan").await?, ["the plan again"]);
    w.act(anna, group, sent.id, Act::Recall).await?;
    for _ in 0..2 {
        for (user, q) in [(bob, "plan"), (carol, "plan"), (bob, "draft"), (bob, "from:anna")] {
            assert_eq!(texts(w, user, q).await?, [] as [&str; 0], "{q}");
        }
        index_all(&w.store).await;
    }
    Ok(())
}

pub async fn nobody_finds_what_is_out_of_their_sight(w: &mut World) -> Claim {
    let [anna, bob, carol, dan] = w.users(["anna", "bob", "carol", "dan"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send(anna, group, "secret one").await?;
    w.send(anna, group, "secret two").await?;
    w.add(anna, group, &[carol]).await?;
    w.send(anna, group, "secret three").await?;
    w.leave(carol, group).await?;
    w.send(anna, group, "secret four").await?;
    w.add(anna, group, &[carol]).await?;
    let last = w.send(anna, group, "secret five").await?;
    w.store.hide(bob, group, vec![last.id], w.now()).await?;
    w.store.clear(bob, group, Some(first.seq), w.now()).await?;
    for _ in 0..2 {
        assert_eq!(texts(w, anna, "secret").await?.len(), 5);
        assert_eq!(texts(w, bob, "secret").await?, ["secret four", "secret three", "secret two"]);
        assert_eq!(texts(w, carol, "secret").await?, ["secret five", "secret three"]);
        assert_eq!(texts(w, dan, "secret").await?, [] as [&str; 0]);
        let of_group = |group| Search { group: Some(group), ..asked("secret") };
        let refused = w.store.search(dan, of_group(group), usize::MAX, never()).await;
        assert_eq!(refusal(refused), Refusal::NotMember);
        let refused = w.store.search(dan, of_group(NO_GROUP), usize::MAX, never()).await;
        assert_eq!(refusal(refused), Refusal::NoSuchGroup);
        index_all(&w.store).await;
    }
    Ok(())
}

pub async fn operators_ask_for_who_where_what_and_when(w: &mut World) -> Claim {
    let [anna, bob, carol] = w.users(["anna", "bob", "carol"]).await;
    let group = w.group(anna, &[bob, carol]).await;
    w.rename(anna, group, "Lunch 午餐").await?;
    let single = w.single(anna, bob).await;
    let link = w.send(anna, group, "see https://example.org").await?;
    let file = r#"{"url":"/x","name":"plan.pdf","size":3}"#;
    let file = send_kind(w, bob, group, MessageKind::File, file).await?;
    let image = send_kind(w, bob, group, MessageKind::Image, "https://example.org/x.png").await?;
    let named = w.send_with(carol, group, "ask them", mention(&[anna])).await?;
    let everybody = w.send_with(anna, group, "all of you", mention_all()).await?;
    w.set_clock(Timestamp(DAWN.0 + 40 * 86_400_000));
    let private = w.send(bob, single, "between us").await?;
    w.act(anna, group, link.id, Act::Pin).await?;
    w.store.star(anna, group, file.id, w.now()).await?;
    w.act(anna, group, link.id, edit("e", "look at https://example.org")).await?;
    for _ in 0..2 {
        for (q, expected) in [
            ("from:bob", vec![private, image, file]),
            ("from:bob plan", vec![file]),
            ("from:@carol", vec![named]),
            ("from:me", vec![everybody, link]),
            ("is:mine", vec![everybody, link]),
            ("from:nobody", vec![]),
            ("-from:bob -from:anna", vec![named]),
            ("in:lunch from:bob", vec![image, file]),
            ("在:午餐 来自:bob", vec![image, file]),
            ("in:bob us", vec![private]),
            ("-in:lunch from:bob", vec![private]),
            ("in:elsewhere", vec![]),
            ("has:link", vec![link]),
            ("has:file", vec![file]),
            ("has:image has:file", vec![image, file]),
            ("-has:image from:bob", vec![private, file]),
            ("is:pinned", vec![link]),
            ("is:starred", vec![file]),
            ("is:starred -is:starred", vec![]),
            ("-is:starred from:bob", vec![private, image]),
            ("is:mention", vec![named]),
            ("是:提到我 them", vec![named]),
            ("is:edited look", vec![link]),
            ("is:edited", vec![link]),
            ("is:edited from:anna has:link", vec![link]),
            ("is:edited from:bob", vec![]),
            ("-is:edited from:anna", vec![everybody]),
            ("kind:image", vec![image]),
            ("-all from:anna", vec![link]),
        ] {
            let expected: Vec<_> = expected.iter().map(|sent| sent.id.0).collect();
            assert_eq!(ids(w, anna, asked(q)).await?, expected, "{q}");
        }
        assert_eq!(ids(w, bob, asked("is:mention")).await?, [everybody.id.0]);
        let later = Timestamp(DAWN.0 + 86_400_000);
        for (search, expected) in [
            (Search { since: Some(later), ..asked("from:bob") }, vec![private]),
            (Search { before: Some(later), ..asked("from:bob") }, vec![image, file]),
            (Search { kinds: vec![MessageKind::File, MessageKind::Image], ..asked("") }, vec![image, file]),
            (Search { has: vec![Has::Link], ..asked("") }, vec![link]),
            (Search { sender: Some(carol), ..asked("ask") }, vec![named]),
            (Search { sender: Some(carol), ..asked("from:bob") }, vec![]),
            (Search { group: Some(single), ..asked("from:bob") }, vec![private]),
        ] {
            let expected: Vec<_> = expected.iter().map(|sent| sent.id.0).collect();
            assert_eq!(ids(w, anna, search.clone()).await?, expected, "{search:?}");
        }
        index_all(&w.store).await;
    }
    w.leave(carol, group).await?;
    w.rename(anna, group, "Dinner").await?;
    assert_eq!(texts(w, carol, "in:lunch from:me").await?, ["ask them"], "as it was called when they left");
    assert_eq!(texts(w, carol, "in:dinner from:me").await?, [] as [&str; 0]);
    assert_eq!(texts(w, anna, "in:dinner ask").await?, ["ask them"]);
    let found = w.store.search(anna, asked("plan"), usize::MAX, never()).await?;
    assert_eq!(found.hits[0].text.as_deref(), Some("plan.pdf"));
    assert_eq!(found.hits[0].ranges, [(0, 4)]);
    Ok(())
}

pub async fn who_asks_for_what_was_edited_looks_at_nothing_else(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for number in 0..60 {
        sent.push(w.send(anna, group, &format!("number {number}")).await?.id);
    }
    let edited = [sent[41], sent[7], sent[3]];
    for number in 0..KEPT_EDITS + 2 {
        for message in edited {
            w.act(anna, group, message, edit(&format!("e{number}"), &format!("edition {number}"))).await?;
        }
        index_some(&w.store).await;
    }
    index_all(&w.store).await;
    let found = w.store.search(bob, asked("is:edited"), usize::MAX, never()).await?;
    let hits: Vec<_> = found.hits.iter().map(|hit| hit.message.id).collect();
    assert_eq!((hits, found.next), (edited.to_vec(), None));
    assert!(found.looked_at <= 6, "{} of 60 were looked at", found.looked_at);
    w.act(anna, group, edited[1], Act::Recall).await?;
    index_all(&w.store).await;
    assert_eq!(ids(w, bob, Search { limit: 1, ..asked("is:edited") }).await?, [edited[0].0, edited[2].0]);
    Ok(())
}

pub async fn what_was_said_before_a_time_is_found_where_little_is_said(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    let mut sent = Vec::new();
    for day in 1..=40 {
        let at = Timestamp(DAWN.0 + day * 86_400_000);
        w.set_clock(at);
        // What is said in one group stands between what is said in the other.
        let group = groups[usize::from(day % 3 == 0)];
        sent.push((at, w.send(anna, group, &format!("on day {day}")).await?.id.0));
    }
    index_all(&w.store).await;
    for (at, _) in &sent {
        let before = sent.iter().rev().filter(|(time, _)| time < at).map(|(_, id)| *id).collect::<Vec<_>>();
        let since = sent.iter().rev().filter(|(time, _)| time >= at).map(|(_, id)| *id).collect::<Vec<_>>();
        assert_eq!(ids(w, bob, Search { before: Some(*at), ..asked("day ") }).await?, before);
        assert_eq!(ids(w, bob, Search { since: Some(*at), ..asked("day ") }).await?, since);
    }
    Ok(())
}

pub async fn what_is_found_comes_in_pages_and_is_cut_where_it_is_enough(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await, w.single(anna, bob).await];
    let mut sent = Vec::new();
    for number in 0..300 {
        let word = if number % 3 == 0 { "needle" } else { "hay" };
        let text = format!("{word} {number}");
        sent.push((word, w.send(anna, groups[number % groups.len()], &text).await?.id.0));
    }
    index_all(&w.store).await;
    for number in 0..20 {
        sent.push(("needle", w.send(bob, groups[number % 3], "needle, not listed").await?.id.0));
    }
    let needles: Vec<_> =
        sent.iter().rev().filter(|(word, _)| *word == "needle").map(|(_, id)| *id).collect();
    for limit in [1, 7, 50] {
        assert_eq!(ids(w, bob, Search { limit, ..asked("needle") }).await?, needles);
    }
    let little = w.store.search(bob, asked("needle"), 1, never()).await?;
    assert_eq!((little.hits.len(), little.next), (1, Some(little.hits[0].message.id)));
    // Whoever has waited long enough gets what was found, and goes on from there.
    let (mut found, mut below, mut pages) = (Vec::new(), None, 0);
    loop {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let at_once = Arc::new(move || counted.fetch_add(1, Ordering::Relaxed) > 0);
        let rare = Search { below, ..asked("\"needle 0\"") };
        let page = w.store.search(bob, rare, usize::MAX, at_once).await?;
        assert_eq!(page.partial, page.next.is_some() && page.hits.len() < 50, "{page:?}");
        found.extend(page.hits.iter().map(|hit| hit.message.id.0));
        (below, pages) = (page.next, pages + 1);
        if below.is_none() {
            break;
        }
    }
    assert_eq!(found, [sent[0].1]);
    assert!(pages < 20);
    Ok(())
}

pub async fn an_index_that_is_made_anew_finds_the_same(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for number in 0..40 {
        w.send(anna, group, &format!("number {number}")).await?;
    }
    index_all(&w.store).await;
    let before = w.store.index_status().await?;
    assert!(before.bytes > 0 && before.waiting == 0 && before.messages == 40, "{before:?}");
    assert!(!w.store.rebuild_index(false).await?, "it is as it should be");
    assert!(w.store.rebuild_index(true).await?);
    let empty = w.store.index_status().await?;
    assert_eq!((empty.waiting, empty.bytes), (40, 0));
    assert_eq!(texts(w, bob, "number").await?.len(), 40, "meanwhile as well");
    assert!(index_some(&w.store).await);
    assert_eq!(texts(w, bob, "number").await?.len(), 40);
    w.reopen().await;
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "\"number 7\" ").await?, ["number 7"]);
    Ok(())
}

pub async fn many_edits_and_what_is_wiped_leave_the_index_as_it_should_be(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, "edition zero").await?;
    let other = w.send(anna, group, "another").await?;
    for number in 1..=30 {
        w.act(anna, group, sent.id, edit(&format!("e{number}"), &format!("edition {number}"))).await?;
        if number % 4 == 0 {
            index_all(&w.store).await;
        }
    }
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "edition").await?, ["edition 30"]);
    assert_eq!(texts(w, bob, "zero").await?, [] as [&str; 0]);
    for message in [sent, other] {
        w.act(anna, group, message.id, Act::Recall).await?;
    }
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "edition").await?, [] as [&str; 0]);
    assert_eq!(texts(w, bob, "from:anna").await?, [] as [&str; 0]);
    w.send(anna, group, "edition after").await?;
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "edition").await?, ["edition after"]);
    Ok(())
}

pub async fn what_has_no_entry_is_wiped_all_the_same(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, "passed over").await?;
    let hold = hold(&w.store).await;
    // As of a store that was moved without its index, and of work that failed again and again.
    let portions = Arc::new(w.store.unseen(hold, vec![group], ROOM).await?);
    assert!(w.store.consume(hold, portions, InStore::nothing()).await?);
    w.act(anna, group, sent.id, Act::Recall).await?;
    let other = w.send(anna, group, "listed").await?;
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "listed").await?, ["listed"]);
    w.act(anna, group, other.id, Act::Recall).await?;
    assert_eq!(texts(w, bob, "from:anna").await?, [] as [&str; 0]);
    Ok(())
}

pub async fn what_could_not_be_listed_is_counted_until_the_index_is_made_anew(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "poison").await?;
    let hold = hold(&w.store).await;
    let portions = Arc::new(w.store.unseen(hold, vec![group], ROOM).await?);
    assert!(w.store.consume(hold, portions, InStore::failed(hold, 1)).await?);
    let status = w.store.index_status().await?;
    assert_eq!((status.messages, status.waiting, status.passed_over), (1, 0, 1));
    assert_eq!(texts(w, bob, "poison").await?, [] as [&str; 0]);
    w.reopen().await;
    assert_eq!(w.store.index_status().await?.passed_over, 1);
    assert!(w.store.rebuild_index(true).await?);
    index_all(&w.store).await;
    assert_eq!(w.store.index_status().await?.passed_over, 0);
    assert_eq!(texts(w, bob, "poison").await?, ["poison"]);
    Ok(())
}

pub async fn what_is_wiped_while_it_is_being_listed_is_not_listed(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let (kept, recalled) = (w.send(anna, group, "kept").await?, w.send(anna, group, "recalled").await?);
    w.act(anna, group, kept.id, edit("e0", "edited")).await?;
    w.act(anna, group, recalled.id, edit("e0", "edited")).await?;
    let hold = hold(&w.store).await;
    let portions = Arc::new(w.store.unseen(hold, vec![group], ROOM).await?);
    let write = w.store.entries(Arc::clone(&portions)).await?;
    assert_eq!(write.rows, 4, "what both said, and what their edits said");
    w.act(anna, group, recalled.id, Act::Recall).await?;
    for number in 1..=KEPT_EDITS {
        w.act(anna, group, kept.id, edit(&format!("e{number}"), &format!("other {number}"))).await?;
    }
    assert!(w.store.consume(hold, portions, write).await?);
    index_all(&w.store).await;
    assert_eq!(texts(w, bob, "edited").await?, [] as [&str; 0]);
    // What it takes out it has: else the index is damaged, or keeps the entry.
    w.act(anna, group, kept.id, Act::Recall).await?;
    let status = w.store.index_status().await?;
    assert_eq!((status.waiting, texts(w, bob, "from:anna").await?.len()), (0, 0));
    Ok(())
}

pub async fn an_index_of_other_rules_is_made_anew_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "what is said").await?;
    index_all(&w.store).await;
    w.store.begin_consumer("search-0", Begin::First).await?;
    assert!(w.store.rebuild_index(false).await?);
    index_all(&w.store).await;
    assert!(!w.store.rebuild_index(false).await?, "nobody keeps the other up any more");
    assert_eq!(texts(w, bob, "said").await?, ["what is said"]);
    Ok(())
}

pub async fn who_has_waited_long_enough_gets_some_of_what_is_listed_or_not_in_the_index_yet(
    w: &mut World,
) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    for number in 0..130 {
        let sent = w.send(anna, group, &format!("number {number}")).await?;
        w.store.star(anna, group, sent.id, w.now()).await?;
    }
    let impatient = |q| w.store.search(anna, asked(q), usize::MAX, Arc::new(|| true));
    for q in ["number", "is:starred"] {
        let found = impatient(q).await?;
        assert!(found.partial && found.hits.len() == 50, "{q}: {found:?}");
        assert_eq!(found.hits[0].message.content, "number 129", "{q}: the newest first");
        assert_eq!(texts(w, anna, q).await?.len(), 130, "{q}");
    }
    let group = w.group(anna, &[]).await;
    for _ in 0..10 {
        w.send(anna, group, &format!("long {}", "x".repeat(60_000))).await?;
    }
    let found = impatient("long").await?;
    assert!(found.partial && found.hits.len() == 3, "it is asked sooner where much is said: {found:?}");
    Ok(())
}

pub async fn a_page_leads_on_however_many_groups_talk_at_the_same_time(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let mut groups = Vec::new();
    for _ in 0..40 {
        groups.push(w.group(anna, &[]).await);
    }
    for number in 0..16 {
        for group in &groups {
            w.send(anna, *group, &format!("number {number}")).await?;
        }
    }
    // All of a group together, so that what is listed of one lies between what is listed of another.
    let hold = hold(&w.store).await;
    let portions = Arc::new(w.store.unseen(hold, groups, Room { rows: 640, bytes: 1 << 20 }).await?);
    let listed = w.store.entries(Arc::clone(&portions)).await?;
    assert!(w.store.consume(hold, portions, listed).await?);
    let (mut found, mut below) = (0, None);
    loop {
        let search = Search { below, limit: 5, ..asked("number") };
        let page = w.store.search(anna, search, usize::MAX, Arc::new(|| true)).await?;
        assert!(page.next.is_none_or(|next| below.is_none_or(|below| next < below)), "{below:?}: {page:?}");
        (found, below) = (found + page.hits.len(), page.next);
        if below.is_none() {
            break;
        }
    }
    assert_eq!(found, 640);
    Ok(())
}

pub async fn where_a_search_goes_on_says_nothing_of_what_is_out_of_sight(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for number in 0..600 {
        w.send(anna, group, if number % 2 == 0 { "plan" } else { "tea" }).await?;
    }
    index_all(&w.store).await;
    w.store.clear(bob, group, None, w.now()).await?;
    let mut pages = Vec::new();
    for q in ["plan ", "tea "] {
        let (mut of_query, mut below) = (Vec::new(), None);
        loop {
            let search = Search { below, ..asked(q) };
            let page = w.store.search(bob, search, usize::MAX, Arc::new(|| true)).await?;
            assert_eq!((page.hits.len(), page.partial), (0, page.next.is_some()));
            below = page.next;
            let Some(next) = below else { break };
            assert!(next.0.is_multiple_of(STEP), "{next:?}");
            of_query.push(next);
        }
        pages.push(of_query);
    }
    assert!(!pages[0].is_empty() && pages[0] == pages[1], "whichever has been cleared: {pages:?}");
    Ok(())
}

pub async fn whichever_groups_a_part_of_the_index_is_of_all_that_is_seen_is_found(w: &mut World) -> Claim {
    let [anna, bob, carol, dan] = w.users(["anna", "bob", "carol", "dan"]).await;
    let (mut groups, mut sent) = (Vec::new(), Vec::new());
    for number in 0..9 {
        let members = [Some(bob), (number % 3 == 0).then_some(carol), (number == 4).then_some(dan)];
        groups.push(w.group(anna, &members.into_iter().flatten().collect::<Vec<_>>()).await);
    }
    // Group by group, then all in turn: so some parts are of few groups, and some of all. Merged ones are of several.
    for nth in 0..9 * 21 {
        let at = if nth < 9 * 14 { nth / 14 } else { nth % 9 };
        sent.push((w.send(anna, groups[at], &format!("a plan {at}")).await?.id.0, at));
        if nth % 7 == 6 {
            index_all(&w.store).await;
        }
    }
    let of = |is_asked: &dyn Fn(usize) -> bool| {
        let asked = sent.iter().rev().filter(|(_, at)| is_asked(*at));
        asked.map(|(id, _)| *id).collect::<Vec<_>>()
    };
    for q in ["plan", "from:anna", "-from:bob"] {
        assert_eq!(ids(w, bob, asked(q)).await?, of(&|_| true), "{q}");
        assert_eq!(ids(w, carol, asked(q)).await?, of(&|at| at % 3 == 0), "{q}");
        assert_eq!(ids(w, dan, asked(q)).await?, of(&|at| at == 4), "{q}");
        let one = Search { group: Some(groups[5]), ..asked(q) };
        assert_eq!(ids(w, bob, one).await?, of(&|at| at == 5), "{q}");
        let (middle, mut older) = (sent[100].0, of(&|at| at % 3 == 0));
        older.retain(|id| *id < middle);
        let below = Search { below: Some(MessageId(middle)), ..asked(q) };
        assert_eq!(ids(w, carol, below).await?, older, "{q}");
    }
    assert_eq!(ids(w, carol, asked("\"plan 5\"")).await?, [] as [u64; 0]);
    Ok(())
}

pub async fn how_much_is_said_elsewhere_is_no_part_of_an_answer(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "what bob heard").await?;
    w.leave(bob, group).await?;
    for number in 0..2_001 {
        w.send(anna, group, &format!("what bob did not hear {number}")).await?;
    }
    let found = w.store.search(bob, asked("heard"), usize::MAX, never()).await?;
    assert_eq!((found.hits.len(), found.next, found.partial), (1, None, false), "{found:?}");
    for (user, is_partial) in [(anna, true), (bob, false)] {
        for q in ["from:bob", "from:nobody"] {
            let found = w.store.search(user, asked(q), usize::MAX, never()).await?;
            assert_eq!(
                (found.hits.len(), found.partial),
                (0, is_partial),
                "{q}: whether or not there is one"
            );
        }
    }
    Ok(())
}

/// Words of the story.
const WORDS: [&str; 12] = [
    "会议",
    "会",
    "议室",
    "plan",
    "planning",
    "readFile",
    "Straße",
    "été",
    "x",
    "10",
    "-",
    "https://example.org/a",
];

/// People talk, edit, recall, hide, clear, come and go; whatever is in the index by then, everybody finds what a plain look at
/// all that they see finds.
pub async fn a_random_story_is_found_as_by_a_plain_look_at_all_that_is_seen(w: &mut World) -> Claim {
    let seed = match std::env::var("RIM_SEED") {
        Ok(seed) => seed.parse().expect("RIM_SEED is a number"),
        Err(_) => RandomState::new().hash_one(0) >> 32,
    };
    println!("RIM_SEED={seed}");
    let mut chance = Rng::with_seed(seed);
    let users = w.users(["anna", "bob", "carol"]).await;
    let groups = [
        w.group(users[0], &users[1..]).await,
        w.group(users[0], &users[1..2]).await,
        w.single(users[0], users[1]).await,
    ];
    let mut sent: Vec<(UserId, GroupId, MessageId)> = Vec::new();
    for step in 0..400_u64 {
        let (user, group) = (users[chance.usize(..3)], groups[chance.usize(..3)]);
        let text = made(&mut chance, 5);
        match chance.u32(..100) {
            0..60 => {
                // One who is no member may not.
                if let Ok(message) = w.send(user, group, &text).await {
                    sent.push((user, group, message.id));
                }
            }
            60..68 if !sent.is_empty() => {
                let (user, group, message) = sent[chance.usize(..sent.len())];
                let _ = w.act(user, group, message, edit(&format!("e{step}"), &text)).await;
            }
            68..73 if !sent.is_empty() => {
                let (user, group, message) = sent[chance.usize(..sent.len())];
                let _ = w.act(user, group, message, Act::Recall).await;
            }
            73..77 if !sent.is_empty() => {
                let (_, group, message) = sent[chance.usize(..sent.len())];
                let _ = w.store.hide(user, group, vec![message], w.now()).await;
            }
            77..79 => {
                let seen = w.history(user, group, super::world::ALL, None).await;
                if let Some(seen) = seen.and_then(|seen| seen.messages.first().map(|first| first.seq)) {
                    w.store.clear(user, group, Some(seen), w.now()).await?;
                }
            }
            79..82 if user != users[0] => {
                let _ = w.leave(user, group).await;
            }
            82..85 => {
                let _ = w.add(users[0], group, &[user]).await;
            }
            85..87 => {
                let seconds = if chance.bool() { 10 } else { 0 };
                let settings = NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() };
                let _ = w.store.set_group_settings(users[0], group, settings, w.now()).await;
            }
            87..89 => {
                let now = w.now().plus_ms(if chance.bool() { 11_000 } else { 0 });
                for (group, places) in w.store.due_messages(now, 100).await? {
                    w.store.expire(group, places, now).await?;
                }
            }
            89..94 => {
                index_some(&w.store).await;
            }
            94 => w.reopen().await,
            _ => look(w, &mut chance, &users, &groups).await?,
        }
    }
    index_all(&w.store).await;
    for _ in 0..20 {
        look(w, &mut chance, &users, &groups).await?;
    }
    Ok(())
}

fn made(chance: &mut Rng, most: usize) -> String {
    let count = chance.usize(1..=most);
    let glue = if chance.bool() { " " } else { "" };
    (0..count).map(|_| WORDS[chance.usize(..WORDS.len())]).collect::<Vec<_>>().join(glue)
}

/// Everybody looks for something.
async fn look(w: &World, chance: &mut Rng, users: &[UserId], groups: &[GroupId]) -> Result<()> {
    let blank = if chance.bool() { " " } else { "" };
    let not = if chance.u32(..5) == 0 { " -plan" } else { "" };
    let q = format!("{}{not}{blank}", made(chance, 2).replace('-', "_"));
    let query = Query::parse(&q).expect("it is short");
    let group = (chance.u32(..4) == 0).then(|| groups[chance.usize(..groups.len())]);
    for user in users {
        let mut expected = BTreeSet::new();
        let mut is_known = group.is_none();
        for of in groups.iter().filter(|of| group.is_none_or(|group| group == **of)) {
            let Some(seen) = w.history(*user, *of, super::world::ALL, None).await else { continue };
            is_known = true;
            expected.extend(
                seen.messages.iter().filter(|message| fits(&query, message)).map(|message| message.id.0),
            );
        }
        if !is_known {
            continue;
        }
        let search = Search { query: query.clone(), group, limit: 5, ..Search::default() };
        let found = if query.says_nothing() { continue } else { ids(w, *user, search).await? };
        assert_eq!(found, expected.into_iter().rev().collect::<Vec<_>>(), "{q:?} of user {user}");
    }
    Ok(())
}

fn fits(query: &Query, message: &Message) -> bool {
    let said = said(message.kind, &message.content);
    !message.is_recalled() && said.is_some_and(|said| query.matches(said.as_str()).is_some())
}
