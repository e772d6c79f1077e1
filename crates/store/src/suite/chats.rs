//! The chat list: what each sees first.

use super::Claim;
use super::client::Client;
use super::sync::after;
use super::world::{NO_GROUP, World, chat_change, query, refusal, texts};
use rim_core::event::ChatChange;
use rim_core::message::{Chat, Page};
use rim_core::sync::{ChatState, SyncQuery};
use rim_core::{GroupId, Refusal, Rev, Seq, UserId};

pub async fn a_chat_appears_with_its_first_message(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    assert_eq!(w.chats(anna).await, []);
    w.send(anna, group, "hi").await?;

    let expected = Chat {
        group: w.group_of(bob, group).await,
        last: w.messages(bob, group).await.remove(0),
        other: w.store.user(anna).await?.expect("anna"),
        unread: 1,
        unread_mentions: 0,
        left: false,
    };
    assert_eq!(w.chats(bob).await, [expected]);
    assert_eq!(w.chats(anna).await.len(), 1);
    Ok(())
}

pub async fn a_chat_appears_to_one_who_joined_late_with_the_first_message_they_see(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "before").await?;
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.chats(bob).await, []);
    w.send(anna, group, "after").await?;
    assert_eq!(w.chat(bob, group).await.last.content, "after");
    Ok(())
}

pub async fn only_ones_own_groups_are_chats(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "hi").await?;
    assert_eq!(w.chats(eve).await, []);
    assert_eq!((w.chats(bob).await.len(), w.chats(anna).await.len()), (1, 1));
    Ok(())
}

pub async fn a_group_one_has_left_stays_a_chat_with_ones_own_part(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let other = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.send(anna, other, "elsewhere").await?;
    assert!(!w.chat(bob, group).await.left);
    w.remove(anna, group, &[bob]).await?;
    w.send(anna, group, "without bob").await?;

    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread, chat.left), ("two", 2, true));
    assert_eq!((chat.group.id, chat.other.id), (group, anna));
    // What is said without them is no activity of theirs.
    assert_eq!(chats(w, bob, 1, 1).await, ["elsewhere"]);
    assert_eq!(chats(w, bob, 2, 1).await, ["two"]);
    assert!(!w.chat(carl, group).await.left);
    w.reopen().await;
    assert_eq!(w.chat(bob, group).await, chat);

    w.add(anna, group, &[bob]).await?;
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread, chat.left), ("two", 0, false));
    Ok(())
}

pub async fn a_group_that_was_dissolved_stays_a_chat(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(bob, group, "bye").await?;
    w.dissolve(anna, group).await?;
    for (user, unread) in [(anna, 1), (bob, 0)] {
        let chat = w.chat(user, group).await;
        assert_eq!((chat.last.content.as_str(), chat.unread, chat.left), ("bye", unread, true));
    }
    Ok(())
}

pub async fn a_group_left_before_its_first_message_is_no_chat(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.leave(bob, group).await?;
    w.send(anna, group, "hi").await?;
    assert_eq!(w.chats(bob).await, []);
    w.add(anna, group, &[bob]).await?;
    w.leave(bob, group).await?;
    assert_eq!(w.chats(bob).await, [], "nor before the first that they would have seen");
    Ok(())
}

pub async fn who_left_twice_sees_the_last_of_what_they_saw(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "seen").await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "the gap").await?;
    w.add(anna, group, &[bob]).await?;
    w.leave(bob, group).await?;
    assert_eq!(w.chat(bob, group).await.last.content, "seen", "nothing was said while they were back");
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "seen, too").await?;
    w.leave(bob, group).await?;
    assert_eq!(w.chat(bob, group).await.last.content, "seen, too");
    Ok(())
}

pub async fn who_left_reads_their_own_part(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.remove(anna, group, &[bob]).await?;
    w.send(anna, group, "three").await?;
    let (rev, own) = (w.rev(anna, group).await, w.own_rev(bob).await);
    w.changes().await;

    w.read_all(bob, group).await?;
    assert_eq!(w.unread(bob, group).await, 0);
    let what = ChatChange::ReadAfterLeaving { seq: Seq(2) };
    assert_eq!(chat_change(w.change().await), (bob, Rev(own.0 + 1), group, what));
    assert_eq!(w.rev(anna, group).await, rev, "those who are there are not told");
    let page = w.sync(bob, query(own, &[])).await;
    assert_eq!(page.chats, [ChatState { group, deleted: None, read: Seq(2) }]);

    w.read_all(bob, group).await?;
    assert_eq!(w.changes().await, [], "there is nothing left to read");
    assert_eq!(refusal(w.read_all(eve, group).await), Refusal::NotMember);

    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "four").await?;
    assert_eq!(w.unread(bob, group).await, 1);
    assert_eq!(w.member(anna, group, bob).await.read_seq, Seq(2));
    Ok(())
}

pub async fn a_deleted_chat_is_out_of_ones_own_list_until_the_next_message(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "one").await?;
    let own = w.own_rev(bob).await;
    w.changes().await;

    w.delete_chat(bob, chat, None).await?;
    assert_eq!(w.chats(bob).await, []);
    assert_eq!(w.chats(anna).await.len(), 1, "anna has hers");
    let what = ChatChange::Deleted { seq: Seq(1) };
    assert_eq!(chat_change(w.change().await), (bob, Rev(own.0 + 1), chat, what));
    assert_eq!(w.members(bob, chat).await.len(), 2, "they are a member as before");
    assert_eq!(w.texts(bob, chat).await, ["one"], "and has what was said");
    w.reopen().await;
    assert_eq!(w.chats(bob).await, []);

    w.send(anna, chat, "two").await?;
    let back = w.chat(bob, chat).await;
    assert_eq!((back.last.content.as_str(), back.unread), ("two", 2), "they have never read the first");
    w.delete_chat(bob, chat, None).await?;
    w.send(bob, chat, "three").await?;
    assert_eq!(w.chat(bob, chat).await.last.content, "three", "their own brings it back, too");
    Ok(())
}

pub async fn what_came_unseen_is_not_deleted(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "seen").await?;
    w.send(anna, chat, "on its way").await?;
    w.delete_chat(bob, chat, Some(Seq(1))).await?;
    assert_eq!(w.chat(bob, chat).await.last.content, "on its way");
    w.delete_chat(bob, chat, Some(Seq(2))).await?;
    assert_eq!(w.chats(bob).await, []);
    Ok(())
}

pub async fn deleting_a_deleted_chat_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "hi").await?;
    w.delete_chat(bob, chat, None).await?;
    let own = w.own_rev(bob).await;
    w.changes().await;
    w.delete_chat(bob, chat, None).await?;
    w.delete_chat(bob, chat, Some(Seq(0))).await?;
    assert_eq!(w.changes().await, []);
    assert_eq!(w.own_rev(bob).await, own);
    assert_eq!(w.chats(bob).await, []);
    Ok(())
}

pub async fn a_chat_one_has_left_is_deleted_until_one_joins_anew(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.leave(bob, group).await?;
    w.delete_chat(bob, group, None).await?;
    assert_eq!(w.chats(bob).await, []);
    w.send(anna, group, "two").await?;
    assert_eq!(w.chats(bob).await, [], "it is none of theirs");
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.chat(bob, group).await.last.content, "one");
    Ok(())
}

pub async fn a_chat_deleted_before_leaving_stays_deleted(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let [quiet, loud] = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    for group in [quiet, loud] {
        w.send(anna, group, "one").await?;
        w.delete_chat(bob, group, None).await?;
    }
    w.send(anna, loud, "two").await?;
    for group in [quiet, loud] {
        w.leave(bob, group).await?;
    }
    assert_eq!(chats(w, bob, 1, 10).await, ["two"]);
    Ok(())
}

pub async fn only_ones_own_chats_are_deleted(w: &mut World) -> Claim {
    let [anna, eve] = w.users(["anna", "eve"]).await;
    let group = w.group(anna, &[]).await;
    w.changes().await;
    assert_eq!(refusal(w.delete_chat(eve, group, None).await), Refusal::NotMember);
    assert_eq!(refusal(w.delete_chat(eve, NO_GROUP, None).await), Refusal::NoSuchGroup);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn deleted_chats_leave_no_hole_in_the_pages(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let groups = groups(w, anna, 9).await?;
    for group in groups.iter().step_by(2) {
        w.delete_chat(anna, *group, None).await?;
    }
    assert_eq!(chats(w, anna, 1, 3).await, ["3", "5", "7"]);
    assert_eq!(chats(w, anna, 2, 3).await, ["1"]);
    Ok(())
}

pub async fn a_deleted_chat_is_synced(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "hi").await?;
    let before = w.everything(bob).await;
    let known = [(chat, before.groups[0].rev)];
    assert_eq!((before.chats.len(), before.groups[0].deleted), (0, None));
    w.delete_chat(bob, chat, None).await?;

    let page = w.sync(bob, query(before.rev, &known)).await;
    assert_eq!((page.groups.len(), page.rev), (0, Rev(before.rev.0 + 1)));
    assert_eq!(page.chats, [ChatState { group: chat, deleted: Some(Seq(1)), read: Seq(0) }]);
    assert_eq!(w.sync(bob, query(page.rev, &known)).await.chats, [], "once");
    let fresh = w.everything(bob).await;
    assert_eq!((fresh.chats, fresh.groups[0].deleted), (page.chats, Some(Seq(1))));
    assert_eq!(w.everything(anna).await.chats, [], "it is bob's own");

    // Joining anew is a change of the group, and tells it by that.
    w.leave(bob, chat).await?;
    w.single(anna, bob).await;
    let page = w.sync(bob, query(page.rev, &known)).await;
    assert_eq!((page.chats.len(), page.groups[0].deleted, page.groups[0].member), (0, None, true));
    Ok(())
}

pub async fn one_who_came_back_sees_their_earlier_part_last(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let other = w.group(anna, &[bob]).await;
    w.send(anna, group, "before").await?;
    w.send(anna, other, "elsewhere").await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "the gap").await?;
    w.add(anna, group, &[bob]).await?;

    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread), ("before", 0));
    // The gap is no activity of theirs, either.
    assert_eq!(chats(w, bob, 1, 1).await, ["elsewhere"]);
    assert_eq!(chats(w, anna, 1, 1).await, ["the gap"]);

    w.send(anna, group, "after").await?;
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread), ("after", 1));
    Ok(())
}

pub async fn the_gap_of_one_who_came_back_moves_no_chat(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut expected = Vec::new();
    let mut back = Vec::new();
    for n in 0..40 {
        let group = w.group(anna, &[bob]).await;
        w.send(anna, group, &n.to_string()).await?;
        let (leaves, comes_back) = (n % 3 == 0, n % 6 == 0);
        if leaves {
            w.leave(bob, group).await?;
            w.send(anna, group, "the gap").await?;
        }
        if comes_back {
            w.add(anna, group, &[bob]).await?;
            back.push(group);
        }
        // Who has left keeps what they saw.
        expected.push(n.to_string());
    }
    // Where somebody says something again, the chat is the newest.
    for (n, group) in back.into_iter().enumerate().filter(|(n, _)| n % 2 == 0) {
        w.send(anna, group, &format!("after {n}")).await?;
        expected.retain(|said| *said != (n * 6).to_string());
        expected.push(format!("after {n}"));
    }
    // Nothing was said here since they joined.
    let late = w.group(anna, &[]).await;
    w.send(anna, late, "before").await?;
    w.add(anna, late, &[bob]).await?;

    for _ in 0..2 {
        let mut met = Vec::new();
        for number in 1..=6 {
            let mut page = chats(w, bob, number, 7).await;
            page.extend(met);
            met = page;
        }
        assert_eq!(met, expected);
        w.reopen().await;
    }
    Ok(())
}

pub async fn pages_are_cut_newest_activity_first_and_ascend(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let groups = groups(w, anna, 5).await?;
    // The second is written in again.
    w.send(anna, groups[1], "again").await?;
    assert_eq!(chats(w, anna, 1, 2).await, ["4", "again"]);
    assert_eq!(chats(w, anna, 2, 2).await, ["2", "3"]);
    assert_eq!(chats(w, anna, 3, 2).await, ["0"]);
    assert_eq!(chats(w, anna, 4, 2).await.len(), 0);
    assert_eq!(chats(w, anna, 1, 100).await, ["0", "2", "3", "4", "again"]);
    Ok(())
}

pub async fn walking_the_pages_meets_every_chat_once(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    groups(w, anna, 12).await?;
    let expected: Vec<_> = (0..12).map(|n| n.to_string()).collect();
    for size in [1, 2, 5, 11, 12, 13] {
        let mut met = Vec::new();
        for number in 1..=13 {
            let mut page = chats(w, anna, number, size).await;
            page.extend(met);
            met = page;
        }
        assert_eq!(met, expected, "in pages of {size}");
    }
    Ok(())
}

pub async fn a_page_of_no_size_or_beyond_the_end_is_empty(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    groups(w, anna, 2).await?;
    assert_eq!(chats(w, anna, 1, 0).await.len(), 0);
    assert_eq!(chats(w, anna, u64::MAX, u32::MAX).await.len(), 0);
    assert_eq!(chats(w, anna, 1, u32::MAX).await.len(), 2);
    Ok(())
}

pub async fn the_peer_is_the_first_other_member_whoever_wrote(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(carl, &[anna, bob]).await;
    w.send(bob, group, "hi").await?;
    assert_eq!(other(w, anna, group).await, carl);
    assert_eq!(other(w, bob, group).await, carl);
    assert_eq!(other(w, carl, group).await, anna);

    let chat = w.single(bob, anna).await;
    w.send(anna, chat, "hi").await?;
    assert_eq!(other(w, anna, chat).await, bob);
    assert_eq!(other(w, bob, chat).await, anna);
    let described = w.chat(bob, chat).await.other;
    assert_eq!(Some(described), w.store.user(anna).await?);
    Ok(())
}

pub async fn one_who_comes_back_is_the_last_of_the_peers(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(carl, &[bob, anna]).await;
    w.send(anna, group, "hi").await?;
    assert_eq!(other(w, anna, group).await, carl);
    w.leave(carl, group).await?;
    assert_eq!(other(w, anna, group).await, bob);
    w.add(anna, group, &[carl]).await?;
    assert_eq!(other(w, anna, group).await, bob);
    Ok(())
}

pub async fn a_current_member_is_a_peer_before_a_former_one(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(bob, &[anna, carl]).await;
    w.send(anna, group, "hi").await?;
    w.leave(bob, group).await?;
    assert_eq!(other(w, anna, group).await, carl);
    w.leave(carl, group).await?;
    assert_eq!(other(w, anna, group).await, bob, "nobody else is there: the first who was");

    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "hi").await?;
    w.leave(bob, chat).await?;
    assert_eq!(other(w, anna, chat).await, bob);
    Ok(())
}

pub async fn one_who_was_always_alone_is_the_other_of_their_own_chat(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "note").await?;
    assert_eq!(other(w, anna, group).await, anna);
    Ok(())
}

pub async fn chats_survive_a_restart(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    for group in groups(w, anna, 3).await? {
        w.add(anna, group, &[bob]).await?;
        w.send(anna, group, "hi").await?;
    }
    let chats = (w.chats(anna).await, w.chats(bob).await);
    w.reopen().await;
    assert_eq!((w.chats(anna).await, w.chats(bob).await), chats);
    Ok(())
}

/// So many groups of the user alone, each with a message that says its number.
async fn groups(w: &World, user: UserId, count: usize) -> Result<Vec<GroupId>, super::Broken> {
    let mut groups = Vec::new();
    for n in 0..count {
        let group = w.group(user, &[]).await;
        w.send(user, group, &n.to_string()).await?;
        groups.push(group);
    }
    Ok(groups)
}

/// What is said last in the chats of a page.
async fn chats(w: &World, user: UserId, number: u64, size: u32) -> Vec<String> {
    let chats = w.store.chats(user, Page { number, size }).await.expect("chats are listed");
    texts(&chats.into_iter().map(|chat| chat.last).collect::<Vec<_>>())
}

async fn other(w: &World, user: UserId, group: GroupId) -> UserId {
    w.chat(user, group).await.other.id
}

// ---- forgetting

pub async fn a_group_that_was_left_and_deleted_is_forgotten(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    let [told, late] = [w.everything(bob).await, w.everything(bob).await];
    w.remove(anna, group, &[bob]).await?;
    let left = w.sync(bob, after(&told)).await;
    assert!(!left.groups[0].member);
    w.delete_chat(bob, group, None).await?;

    let fresh = w.everything(bob).await;
    assert_eq!((fresh.groups, fresh.chats), (vec![], vec![]), "nothing has to be looked at for them");
    // A device that knows the group hears that it is deleted; one that does not know of the leaving hears of both.
    let known = SyncQuery { groups: vec![(group, left.groups[0].rev)], ..after(&left) };
    let page = w.sync(bob, known).await;
    let deleted = [ChatState { group, deleted: Some(Seq(1)), read: Seq(0) }];
    assert_eq!((page.groups.len(), page.chats.as_slice()), (0, deleted.as_slice()));
    let page = w.sync(bob, after(&late)).await;
    assert_eq!((page.groups[0].member, page.groups[0].deleted), (false, Some(Seq(1))));
    assert_eq!(page.chats, deleted);

    // Their part stays theirs, and a second time changes nothing.
    assert_eq!(w.texts(bob, group).await, ["one"]);
    let rev = w.own_rev(bob).await;
    w.changes().await;
    w.delete_chat(bob, group, None).await?;
    w.read_all(bob, group).await?;
    assert_eq!((w.changes().await, w.own_rev(bob).await), (vec![], rev));

    // Others who were away hear that they have left.
    let mut anna_s = Client::new(anna);
    anna_s.catch_up(w, 1, None).await;
    assert!(anna_s.groups[&group].members.keys().eq([&anna]));
    Ok(())
}

pub async fn who_was_away_hears_of_a_leaving_that_was_forgotten(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let mut client = Client::up_to_date(w, carl).await;
    w.leave(bob, group).await?;
    w.delete_chat(bob, group, None).await?;
    client.catch_up(w, 1, None).await;
    assert!(client.groups[&group].members.keys().eq([&anna, &carl]));
    // Alone, one still has whom one was there with.
    w.send(carl, group, "hi").await?;
    w.leave(anna, group).await?;
    w.delete_chat(anna, group, None).await?;
    assert_eq!(w.chat(carl, group).await.other.id, anna);
    Ok(())
}

pub async fn one_who_comes_back_to_what_they_forgot_has_their_earlier_part(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.leave(bob, group).await?;
    w.delete_chat(bob, group, None).await?;
    w.reopen().await;
    w.send(anna, group, "the gap").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "three").await?;
    assert_eq!(w.texts(bob, group).await, ["one", "three"]);
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread, chat.left), ("three", 1, false));
    let delta = w.everything(bob).await.groups.remove(0);
    assert_eq!((delta.member, delta.deleted, delta.messages.len()), (true, None, 2));
    Ok(())
}

pub async fn what_came_unseen_or_may_come_back_is_not_forgotten(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (group, chat) = (w.group(anna, &[bob]).await, w.single(anna, bob).await);
    for of in [group, chat] {
        w.send(anna, of, "one").await?;
        w.send(anna, of, "two").await?;
        w.leave(bob, of).await?;
    }
    w.delete_chat(bob, group, Some(Seq(1))).await?;
    w.delete_chat(bob, chat, None).await?;
    assert_eq!(chats(w, bob, 1, 10).await, ["two"], "the second of the group came unseen");
    assert_eq!(w.everything(bob).await.groups.len(), 2);
    w.send(anna, chat, "three").await?;
    assert_eq!(chats(w, bob, 1, 10).await, ["two", "three"], "the single chat is back");
    Ok(())
}

pub async fn whoever_was_put_into_many_groups_gets_rid_of_them_all(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut groups = Vec::new();
    for n in 0..50 {
        let group = w.group(anna, &[bob]).await;
        if n % 2 == 0 {
            w.send(anna, group, "spam").await?;
        }
        groups.push(group);
    }
    for (n, group) in groups.iter().enumerate() {
        // In any order.
        if n % 3 == 0 {
            w.delete_chat(bob, *group, None).await?;
        }
        w.leave(bob, *group).await?;
        w.delete_chat(bob, *group, None).await?;
    }
    let fresh = w.everything(bob).await;
    assert_eq!((fresh.groups, fresh.chats, fresh.users.len()), (vec![], vec![], 0));
    assert_eq!(w.store.group_ids_of(bob).await?, []);
    assert_eq!(w.chats(bob).await, []);
    Ok(())
}
