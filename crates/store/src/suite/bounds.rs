//! What an answer holds is bounded in bytes, and whoever asks on gets the rest.

use std::collections::BTreeSet;

use super::Claim;
use super::client::Client;
use super::sync::history_of_a_small_world;
use super::world::{ALL, MANY, NO_GROUP, World, append, new_group, query, text};
use crate::Result;
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::Role;
use rim_core::member_list::{MembersPage, MembersQuery, Named};
use rim_core::message::{Page, WantedChats, WantedMessages};
use rim_core::size::{ANSWER_BYTES, Size};
use rim_core::sync::{DELTA_BYTES, SyncPage, SyncQuery};
use rim_core::user::ProfileChange;
use rim_core::{GroupId, Rev, Seq, UserId};

pub async fn answers_of_any_number_of_bytes_lead_to_the_same_end(w: &mut World) -> Claim {
    let anna = history_of_a_small_world(w).await?;
    let expected = Client::up_to_date(w, anna).await;
    for bytes in [1, 1_000, 2_500, 10_000] {
        let mut client = Client::new(anna);
        let mut answers = 1;
        while client
            .ask_for(w, SyncQuery { limit: 1_000, bytes: Some(bytes), ..SyncQuery::default() })
            .await
            .more
        {
            answers += 1;
        }
        assert_eq!(client, expected, "in answers of {bytes} bytes");
        assert!(bytes > 2_500 || answers > 3, "the bound is kept");
    }
    Ok(())
}

pub async fn a_client_that_names_its_groups_in_slices_ends_exactly_up_to_date(w: &mut World) -> Claim {
    let anna = history_of_a_small_world(w).await?;
    let mut expected = Client::up_to_date(w, anna).await;
    for (slice, limit) in [(1, 1), (1, 100), (2, 3), (3, 7), (9, 100)] {
        let mut client = Client::new(anna);
        client.catch_up_in_slices(w, slice, limit).await;
        assert_eq!(client, expected, "in slices of {slice}");
    }
    // One that has much, and missed a little everywhere.
    let mut client = expected.clone();
    for group in expected.groups.keys().copied().collect::<Vec<_>>() {
        let others: Vec<_> = w.members(anna, group).await.into_iter().map(|(user, _)| user).collect();
        if let Some(sender) = others.last() {
            w.send(*sender, group, "news").await?;
        }
    }
    expected.catch_up(w, 1_000, None).await;
    client.catch_up_in_slices(w, 2, 2).await;
    assert_eq!(client, expected);
    Ok(())
}

pub async fn of_a_slice_nothing_else_is_answered(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let mut groups = Vec::new();
    for _ in 0..4 {
        groups.push(w.group(anna, &[]).await);
    }
    let told = async |after: Option<GroupId>, to: Option<GroupId>, limit| {
        let query = SyncQuery { limit, after, to, ..SyncQuery::default() };
        let page = w.sync(anna, query).await;
        let told: Vec<_> = page.groups.iter().map(|delta| delta.group_id).collect();
        (told, page.more, page.next)
    };
    let [one, two, three, four] = groups[..] else { panic!("four groups") };
    assert_eq!(told(Some(one), Some(three), 100).await, (vec![two, three], false, None));
    assert_eq!(told(Some(two), None, 100).await, (vec![three, four], false, None));
    assert_eq!(told(None, Some(one), 100).await, (vec![one], false, None));
    assert_eq!(told(Some(four), None, 100).await, (vec![], false, None));

    // A group takes two rows: who founded it, and that it was founded by somebody.
    let (first, more, next) = told(None, None, 3).await;
    assert!(more && first.starts_with(&[one]), "{first:?}");
    let next = next.expect("there is more");
    assert!(first.iter().all(|group| *group <= next || Some(group) == first.last()));
    let (rest, ..) = told(Some(next), None, 100).await;
    let told: BTreeSet<_> = first.into_iter().chain(rest).collect();
    assert_eq!(told, BTreeSet::from_iter(groups));
    Ok(())
}

pub async fn messages_take_the_room_that_they_take_on_the_wire(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    // Each is 64 KiB in the store, and six times as much as JSON.
    let large = "\u{1}".repeat(64 * 1024);
    for n in 0..20 {
        append(&w.store, text(anna, group, &n.to_string(), &large, w.now())).await?;
    }
    let mut client = Client::new(anna);
    let mut answers = 0;
    loop {
        let page = client.ask_for(w, SyncQuery { limit: 1_000, ..SyncQuery::default() }).await;
        answers += 1;
        let bytes = size_bytes(&page);
        assert!(bytes <= ANSWER_BYTES + 6 * large.len() + 1_000, "{bytes} bytes");
        if !page.more {
            break;
        }
    }
    assert!(answers >= 4, "{answers}");
    assert_eq!(client, Client::up_to_date(w, anna).await);
    assert_eq!(client.groups[&group].messages.len(), 20);
    Ok(())
}

pub async fn groups_and_whom_they_name_take_room(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let avatar = "x".repeat(2_000);
    let picture = ProfileChange { avatar: Some(avatar.clone()), ..ProfileChange::default() };
    w.store.update_profile(bob, picture, w.now()).await?;
    for _ in 0..12 {
        let new = rim_core::group::NewGroup { avatar: avatar.clone(), ..new_group(bob, 2, &[anna]) };
        w.store.create_group(new, MANY, w.now()).await?;
    }
    let mut client = Client::new(anna);
    let mut answers = 0;
    loop {
        let query = SyncQuery { limit: 1_000, bytes: Some(10_000), ..SyncQuery::default() };
        let page = client.ask_for(w, query).await;
        answers += 1;
        assert!(page.groups.len() <= 4 && size_bytes(&page) < 14_000, "{} bytes", size_bytes(&page));
        if !page.more {
            break;
        }
    }
    assert!(answers >= 3, "{answers}");
    assert_eq!(client, Client::up_to_date(w, anna).await);
    Ok(())
}

pub async fn changes_of_ones_own_are_cut_by_their_rev(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let mut everybody = BTreeSet::new();
    for n in 0..20 {
        let other = w.user(&format!("other {n}")).await;
        w.befriend(other, anna, FriendAction::Ask).await?;
        everybody.insert(other);
    }
    let group = w.group(anna, &[]).await;
    for (limit, bytes) in [(7, None), (1_000, Some(1_000))] {
        let (mut told, mut groups, mut at) = (BTreeSet::new(), Vec::new(), query(Rev(0), &[]));
        (at.limit, at.bytes) = (limit, bytes);
        let mut answers = 0;
        loop {
            let page = w.sync(anna, at.clone()).await;
            assert!(page.friends.len() <= 7, "{} at once", page.friends.len());
            assert!(page.rev > at.rev || page.friends.is_empty());
            told.extend(page.friends.iter().map(|friend| friend.user));
            groups.extend(page.groups.iter().map(|delta| delta.group_id));
            at.rev = page.rev;
            at.groups.extend(page.groups.iter().map(|delta| (delta.group_id, delta.rev)));
            answers += 1;
            if !page.more {
                break;
            }
        }
        assert!(answers >= 3, "{answers}");
        assert_eq!((told, groups), (everybody.clone(), vec![group]));
    }
    Ok(())
}

pub async fn a_page_of_history_is_read_in_parts(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..10 {
        w.send(if n % 3 == 0 { bob } else { anna }, group, &format!("early {n}")).await?;
    }
    w.leave(bob, group).await?;
    w.send(anna, group, "not for bob").await?;
    w.add(anna, group, &[bob]).await?;
    for n in 0..10 {
        w.send(anna, group, &format!("late {n}")).await?;
    }
    for page in [ALL, Page { number: 2, size: 7 }] {
        let whole = w.history(bob, group, page, Some(Seq(20))).await.expect("a member");
        for bytes in [1, 1_500, 100_000] {
            let (mut found, mut parts) = (Vec::new(), 0);
            let mut wanted = Some(WantedMessages::Page { page, below: Some(Seq(20)) });
            while let Some(next) = wanted {
                let part = w.store.history_part(bob, group, next, bytes).await?.expect("a member");
                let named: BTreeSet<_> = part.history.messages.iter().map(|message| message.sender).collect();
                assert_eq!(named, part.history.senders.iter().map(|sender| sender.id).collect());
                assert!(!part.history.messages.is_empty() && (bytes > 1 || part.history.messages.len() == 1));
                found.extend(part.history.messages);
                wanted = part.rest.map(WantedMessages::Rest);
                parts += 1;
            }
            assert_eq!((&found, parts == 1), (&whole.messages, bytes == 100_000), "in parts of {bytes}");
        }
    }
    Ok(())
}

pub async fn a_page_of_chats_is_read_in_parts(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    for n in 0..7 {
        let group = w.group(anna, &[bob]).await;
        w.send(bob, group, &format!("message {n}")).await?;
    }
    for page in [ALL, Page { number: 2, size: 3 }] {
        let whole = w.store.chats(anna, page).await?;
        for bytes in [1, 1_500, 100_000] {
            let (mut found, mut parts, mut wanted) = (Vec::new(), 0, Some(WantedChats::Page(page)));
            while let Some(next) = wanted {
                let part = w.store.chats_part(anna, next, bytes).await?;
                assert!(!part.rows.is_empty() && (bytes > 1 || part.rows.len() == 1));
                found.extend(part.rows);
                wanted = part.rest.map(WantedChats::Rest);
                parts += 1;
            }
            assert_eq!((&found, parts == 1), (&whole, bytes == 100_000), "in parts of {bytes}");
        }
    }
    Ok(())
}

pub async fn friends_and_groups_are_read_in_parts(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    for n in 0..5 {
        let other = w.user(&format!("other {n}")).await;
        w.befriend(anna, other, FriendAction::Ask).await?;
        w.group(anna, &[other]).await;
    }
    let states = [Friendship::Outgoing, Friendship::Incoming];
    let (mut friends, mut after) = (Vec::new(), Some(UserId(0)));
    while let Some(from) = after {
        let part = w.store.friends_part(anna, &states, from, 1).await?;
        assert!(part.rows.len() <= 1, "one that fits nowhere passes alone");
        friends.extend(part.rows);
        after = part.rest;
    }
    assert_eq!((&friends, friends.len()), (&w.store.friends(anna, &states).await?, 5));

    let (mut groups, mut after) = (Vec::new(), Some(GroupId(0)));
    while let Some(from) = after {
        let part = w.store.groups_part(anna, from, 1).await?;
        assert!(part.rows.len() <= 1, "one that fits nowhere passes alone");
        groups.extend(part.rows);
        after = part.rest;
    }
    assert_eq!((&groups, groups.len()), (&w.store.groups_of(anna).await?, 5));
    Ok(())
}

pub async fn members_are_listed_page_by_page_in_the_order_of_joining(w: &mut World) -> Claim {
    let [anna, eve] = w.users(["anna", "eve"]).await;
    let mut others = Vec::new();
    for n in 0..9 {
        others.push(w.user(&format!("other {n}")).await);
    }
    let group = w.group(anna, &others).await;
    w.leave(others[3], group).await?;
    w.leave(others[5], group).await?;
    w.add(anna, group, &others[3..4]).await?;
    let expected = w.members(anna, group).await;
    assert_eq!((expected.len(), expected.last().map(|(user, _)| *user)), (9, Some(others[3])));

    for (size, bytes) in [(1, 100_000), (4, 100_000), (9, 100_000), (50, 100_000), (50, 1), (50, 500)] {
        let (mut found, mut pages, mut after) = (Vec::new(), 0, Some(Rev(0)));
        while let Some(from) = after {
            let page = listed(w, anna, group, from, size, None, bytes).await?;
            assert_eq!(page.count, 9);
            assert!(!page.members.is_empty() && page.members.len() <= size as usize);
            found.extend(page.members.into_iter().map(|member| (member.user.id, member.role)));
            after = page.next;
            pages += 1;
        }
        assert_eq!((&found, pages == 1), (&expected, size >= 9 && bytes > 1_000), "{size} and {bytes}");
    }
    let joined = listed(w, anna, group, Rev(0), 50, None, 100_000).await?.members;
    assert!(joined.is_sorted_by_key(|member| member.joined_at) && joined[0].joined_at.0 > 0);
    for (caller, group) in [(eve, group), (others[5], group), (anna, NO_GROUP)] {
        assert_eq!(listed(w, caller, group, Rev(0), 50, None, 100_000).await?, MembersPage::default());
    }
    Ok(())
}

pub async fn members_are_found_by_a_part_of_their_name(w: &mut World) -> Claim {
    let [anna, bob, susanne, carl] = w.users(["Anna", "Bob", "Susanne", "Carl"]).await;
    let group = w.group(bob, &[susanne, carl, anna]).await;
    let found = async |text: &str, after, size| {
        let page = listed(w, carl, group, after, size, Some(text), 100_000).await.expect("read");
        assert_eq!((page.count, page.role), (4, Some(Role::Common)), "of all, and of who asks");
        (page.members.iter().map(|member| member.user.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(found("ANN", Rev(0), 50).await, (vec![susanne, anna], None));
    assert_eq!(found("nobody", Rev(0), 50).await, (vec![], None));
    let (first, next) = found("ann", Rev(0), 1).await;
    assert_eq!(first, [susanne]);
    assert_eq!(found("ann", next.expect("there is another"), 1).await, (vec![anna], None));
    Ok(())
}

pub async fn of_what_happened_the_newest_fits(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..6 {
        w.rename(anna, group, &format!("name {n}")).await?;
    }
    let read = async |bytes| w.store.group_events(bob, group, Seq(0), Seq(9), 50, bytes).await;
    let (all, users, more) = read(ANSWER_BYTES).await?;
    assert_eq!((all.len(), users.len(), more), (7, 2, false));
    let (few, users, more) = read(900).await?;
    assert!(few.len() < 6 && more && all.ends_with(&few), "{few:?}");
    assert_eq!(users.iter().map(|user| user.id).collect::<Vec<_>>(), [anna], "nobody else is named");
    assert_eq!(read(1).await?.0.len(), 1, "one that fits nowhere passes alone");
    Ok(())
}

async fn listed(
    w: &World,
    caller: UserId,
    group: GroupId,
    after: Rev,
    size: u32,
    text: Option<&str>,
    bytes: usize,
) -> Result<MembersPage> {
    let named = text.and_then(Named::new);
    w.store.members_page(caller, group, MembersQuery { after, size, named, bytes }).await
}

fn size_bytes(page: &SyncPage) -> usize {
    let of_groups = page.groups.iter().map(|delta| {
        let messages: usize = delta.messages.iter().map(Size::size_bytes).sum();
        let members: usize = delta.members.iter().map(Size::size_bytes).sum();
        let events: usize = delta.events.iter().map(Size::size_bytes).sum();
        DELTA_BYTES + delta.group.as_ref().map_or(0, Size::size_bytes) + messages + members + events
    });
    of_groups.sum::<usize>() + page.users.iter().map(Size::size_bytes).sum::<usize>()
}
