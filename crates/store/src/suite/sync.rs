//! Sync: what one missed, exactly, in answers of any size.

use super::Claim;
use super::client::Client;
use super::world::{NO_GROUP, NO_USER, World, append, friend, query, refusal, seqs, text, texts};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::Role;
use rim_core::sync::{Kept, MemberState, SyncPage, SyncQuery};
use rim_core::user::ProfileChange;
use rim_core::{GroupId, Rev, Seq, UserId};

pub async fn from_nothing_one_gets_everything(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let one = w.send(anna, group, "one").await?;
    let two = w.send(bob, group, "two").await?;
    w.send(carl, group, "three").await?;
    w.read(bob, group, one.id).await?;
    w.delivered(carl, group, two.id).await?;
    w.set_role(anna, group, carl, Role::Admin).await?;
    w.befriend(bob, anna, FriendAction::Ask).await?;

    let page = w.everything(bob).await;

    assert_eq!(page.friends, [friend(anna, Friendship::Outgoing)]);
    assert_eq!(page.groups.len(), 1);
    let delta = &page.groups[0];
    assert_eq!((delta.group_id, delta.rev), (group, Rev(9)));
    assert!(delta.member);
    assert_eq!(delta.group, Some(w.group_of(bob, group).await));
    assert_eq!((delta.last_seq, delta.unread), (Seq(3), 1));
    assert_eq!(delta.messages, w.messages(bob, group).await);
    assert_eq!(delta.skipped_to, None);
    assert!(!delta.members_omitted);
    let state = |user, role, read_seq, delivered_seq| MemberState {
        user,
        role,
        left: false,
        read_seq: Seq(read_seq),
        delivered_seq: Seq(delivered_seq),
    };
    let members =
        [state(anna, Role::Admin, 0, 0), state(bob, Role::Common, 1, 1), state(carl, Role::Admin, 0, 2)];
    assert_eq!(delta.members, members, "by the rev of their latest change");
    let mut users = page.users.clone();
    users.sort_by_key(|user| user.id);
    for (named, user) in users.into_iter().zip([anna, bob, carl]) {
        assert_eq!(Some(named), w.store.user(user).await?);
    }
    Ok(())
}

pub async fn one_who_is_up_to_date_gets_nothing(w: &mut World) -> Claim {
    let anna = history_of_a_small_world(w).await?;
    let page = w.everything(anna).await;
    let again = w.sync(anna, after(&page)).await;
    let nothing = SyncPage {
        rev: page.rev,
        me: None,
        friends: vec![],
        groups: vec![],
        chats: vec![],
        kept: Kept::default(),
        users: vec![],
        more: false,
        next: None,
    };
    assert_eq!(again, nothing);
    Ok(())
}

pub async fn one_who_is_alone_gets_nothing(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let page = w.everything(anna).await;
    assert_eq!((page.friends, page.groups, page.more), (vec![], vec![], false));
    Ok(())
}

pub async fn answers_of_any_size_lead_to_the_same_end(w: &mut World) -> Claim {
    let anna = history_of_a_small_world(w).await?;
    let expected = Client::up_to_date(w, anna).await;
    for limit in [1, 2, 3, 7, 20] {
        let mut client = Client::new(anna);
        let asked = client.catch_up(w, limit, None).await;
        assert_eq!(client, expected, "in answers of {limit}");
        assert!(limit > 3 || asked > 3, "the limit is kept");
    }
    Ok(())
}

pub async fn a_limit_of_one_is_enough_for_whatever_happens_in_between(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut client = Client::new(bob);
    for n in 0..10 {
        let message = w.send(anna, group, &n.to_string()).await?;
        w.read(bob, group, message.id).await?;
        client.ask(w, 1, None).await;
    }
    client.catch_up(w, 1, None).await;
    assert_eq!(client, Client::up_to_date(w, bob).await);
    Ok(())
}

pub async fn only_what_changed_is_told(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.group(anna, &[bob]).await;
    let one = w.send(anna, group, "one").await?;
    let before = after(&w.everything(bob).await);

    w.send(anna, group, "two").await?;
    w.read(carl, group, one.id).await?;

    let page = w.sync(bob, before).await;
    assert_eq!((page.me, page.friends), (None, vec![]));
    assert_eq!(page.groups.len(), 1);
    let delta = &page.groups[0];
    assert_eq!((delta.group_id, delta.group.as_ref()), (group, None));
    assert_eq!(texts(&delta.messages), ["two"]);
    assert_eq!(delta.members.iter().map(|member| member.user).collect::<Vec<_>>(), [carl]);
    assert_eq!((delta.last_seq, delta.unread), (Seq(2), 2));
    Ok(())
}

pub async fn a_group_is_described_when_it_changed(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = after(&w.everything(bob).await);
    w.rename(anna, group, "Go").await?;
    let renamed = w.sync(bob, before).await;
    let described = renamed.groups[0].group.clone();
    assert_eq!(described, Some(w.group_of(bob, group).await));

    w.hand_over(anna, group, bob).await?;
    let delta = w.sync(bob, after(&renamed)).await.groups.remove(0);
    assert_eq!(delta.group.map(|group| group.creator), Some(bob));
    assert_eq!(
        delta.members.iter().map(|member| (member.user, member.role)).collect::<Vec<_>>(),
        [(bob, Role::Admin)]
    );
    Ok(())
}

pub async fn an_inherited_group_is_described(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let before = after(&w.everything(carl).await);
    w.leave(anna, group).await?;
    let delta = w.sync(carl, before).await.groups.remove(0);
    assert_eq!(delta.group.map(|group| group.creator), Some(bob));
    let members: Vec<_> =
        delta.members.iter().map(|member| (member.user, member.role, member.left)).collect();
    assert_eq!(members.len(), 2);
    assert!(members.contains(&(bob, Role::Admin, false)));
    assert!(members.iter().any(|(user, _, left)| *user == anna && *left));
    Ok(())
}

pub async fn ones_own_profile_is_synced_when_it_changed(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let rev = w.own_rev(anna).await;
    assert_eq!(w.sync(anna, query(rev, &[])).await.me, None);
    let name = ProfileChange { name: Some("Anna B".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, name, w.now()).await?;
    let page = w.sync(anna, query(rev, &[])).await;
    assert_eq!(page.me, w.store.user(anna).await?);
    assert_eq!(w.everything(anna).await.me, page.me);
    assert_eq!(w.sync(anna, query(page.rev, &[])).await.me, None);
    Ok(())
}

pub async fn a_new_name_is_synced_to_friends_and_members(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    w.group(bob, &[anna]).await;
    w.befriend(carl, anna, FriendAction::Ask).await?;
    let (of_bob, of_carl) = (w.everything(bob).await, w.everything(carl).await);
    let name = ProfileChange { name: Some("Anna B".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, name, w.now()).await?;

    let anna_b = w.store.user(anna).await?.expect("anna");
    let page = w.sync(bob, after(&of_bob)).await;
    assert_eq!(page.groups[0].members.iter().map(|member| member.user).collect::<Vec<_>>(), [anna]);
    assert_eq!((page.friends, page.users), (vec![], vec![anna_b.clone()]));
    let page = w.sync(carl, after(&of_carl)).await;
    assert_eq!((page.friends, page.users), (vec![friend(anna, Friendship::Outgoing)], vec![anna_b]));
    Ok(())
}

pub async fn receipts_are_synced(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let one = w.send(anna, group, "one").await?;
    let two = w.send(anna, group, "two").await?;
    let before = w.everything(anna).await;
    w.delivered(bob, group, two.id).await?;
    w.read(bob, group, one.id).await?;
    let delta = w.sync(anna, after(&before)).await.groups.remove(0);
    let state =
        MemberState { user: bob, role: Role::Common, left: false, read_seq: Seq(1), delivered_seq: Seq(2) };
    assert_eq!((delta.messages, delta.members), (vec![], vec![state]));
    assert_eq!(delta.rev, Rev(before.groups[0].rev.0 + 2));
    Ok(())
}

pub async fn what_one_read_on_another_device_is_synced(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    let before = w.everything(bob).await;
    assert_eq!(before.groups[0].unread, 1);
    w.read_all(bob, group).await?;
    let delta = w.sync(bob, after(&before)).await.groups.remove(0);
    assert_eq!((delta.unread, delta.messages), (0, vec![]));
    assert_eq!(delta.members[0].read_seq, Seq(1));
    Ok(())
}

pub async fn a_group_one_was_never_in_is_passed_over(w: &mut World) -> Claim {
    let [anna, eve] = w.users(["anna", "eve"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "secret").await?;
    for rev in [Rev(0), Rev(1), Rev(1000)] {
        let page = w.sync(eve, query(Rev(0), &[(group, rev), (NO_GROUP, rev)])).await;
        assert_eq!((page.groups, page.users, page.more), (vec![], vec![], false));
    }
    Ok(())
}

pub async fn a_group_that_is_not_named_is_new(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let known = w.group(anna, &[bob]).await;
    let unknown = w.group(anna, &[bob]).await;
    w.send(anna, unknown, "hi").await?;
    let rev = w.rev(bob, known).await;
    let page = w.sync(bob, query(Rev(0), &[(known, rev)])).await;
    assert_eq!(page.groups.len(), 1);
    assert_eq!(page.groups[0], w.delta(bob, unknown).await);
    Ok(())
}

pub async fn of_a_group_named_twice_the_first_counts(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "hi").await?;
    let rev = w.rev(bob, group).await;
    assert_eq!(w.sync(bob, query(Rev(0), &[(group, rev), (group, Rev(0))])).await.groups, []);
    assert_eq!(w.sync(bob, query(Rev(0), &[(group, Rev(0)), (group, rev)])).await.groups.len(), 1);
    Ok(())
}

pub async fn a_window_leaves_out_older_messages_and_says_so(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 1..=10 {
        w.send(anna, group, &n.to_string()).await?;
    }
    let delta = |window| {
        let query = SyncQuery { window: Some(window), ..query(Rev(0), &[]) };
        let page = w.sync(bob, query);
        async { page.await.groups.remove(0) }
    };
    let cut = delta(3).await;
    assert_eq!((seqs(&cut.messages), cut.skipped_to), (vec![8, 9, 10], Some(Seq(8))));
    assert_eq!((cut.last_seq, cut.unread, cut.members.len()), (Seq(10), 10, 2));
    assert_eq!(cut.rev, w.rev(anna, group).await, "what is skipped is done with");
    let whole = delta(10).await;
    assert_eq!((whole.messages.len(), whole.skipped_to), (10, None));
    Ok(())
}

pub async fn a_window_counts_what_the_client_lacks(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 1..=5 {
        w.send(anna, group, &n.to_string()).await?;
    }
    let before = w.everything(bob).await;
    for n in 6..=8 {
        w.send(anna, group, &n.to_string()).await?;
    }
    let window = |window| SyncQuery { window: Some(window), ..after(&before) };
    let all = w.sync(bob, window(3)).await.groups.remove(0);
    assert_eq!((seqs(&all.messages), all.skipped_to), (vec![6, 7, 8], None));
    let cut = w.sync(bob, window(2)).await.groups.remove(0);
    assert_eq!((seqs(&cut.messages), cut.skipped_to), (vec![7, 8], Some(Seq(7))));
    Ok(())
}

pub async fn a_window_holds_in_answers_of_any_size(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    for n in 1..=10 {
        for group in groups {
            let message = w.send(anna, group, &n.to_string()).await?;
            if n % 3 == 0 {
                w.read(bob, group, message.id).await?;
            }
        }
    }
    for limit in [1, 2, 3, 5, 100] {
        let mut client = Client::new(bob);
        client.catch_up(w, limit, Some(4)).await;
        for group in groups {
            let view = &client.groups[&group];
            let seqs: Vec<_> = view.messages.keys().map(|seq| seq.0).collect();
            assert_eq!(seqs, [7, 8, 9, 10], "in answers of {limit}");
            // Said again as long as no message has come.
            assert!(view.skipped.iter().all(|skipped| *skipped == (Seq(0), Seq(7))), "{:?}", view.skipped);
            assert_eq!(view.members.len(), 2);
        }
    }
    Ok(())
}

pub async fn a_window_never_shows_what_is_not_to_be_seen(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "before").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "mine").await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "the gap").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "mine, too").await?;
    let query = SyncQuery { window: Some(3), ..query(Rev(0), &[]) };
    let delta = w.sync(bob, query).await.groups.remove(0);
    assert_eq!(texts(&delta.messages).last().map(String::as_str), Some("mine, too"));
    assert!(texts(&delta.messages).iter().all(|text| text.starts_with("mine")));
    Ok(())
}

pub async fn each_change_of_a_group_takes_exactly_the_next_rev(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut revs = vec![w.rev(anna, group).await.0];
    let one = w.send(bob, group, "one").await?;
    revs.push(w.rev(anna, group).await.0);
    w.delivered(anna, group, one.id).await?;
    revs.push(w.rev(anna, group).await.0);
    w.read(anna, group, one.id).await?;
    revs.push(w.rev(anna, group).await.0);
    w.add(bob, group, &[carl]).await?;
    revs.push(w.rev(anna, group).await.0);
    w.set_role(anna, group, carl, Role::Admin).await?;
    revs.push(w.rev(anna, group).await.0);
    w.rename(carl, group, "Go").await?;
    revs.push(w.rev(anna, group).await.0);
    w.hand_over(anna, group, bob).await?;
    revs.push(w.rev(anna, group).await.0);
    w.remove(bob, group, &[carl]).await?;
    revs.push(w.rev(anna, group).await.0);
    w.read_all(bob, group).await?;
    revs.push(w.rev(anna, group).await.0);
    assert_eq!(revs, Vec::from_iter(2..=11));
    Ok(())
}

pub async fn every_kind_of_change_is_synced_at_once(w: &mut World) -> Claim {
    for restarted in [false, true] {
        let names = ["anna", "bob", "carl", "dan"].map(|name| format!("{name} {restarted}"));
        let [anna, bob, carl, dan] = w.users(names.each_ref().map(String::as_str)).await;
        let mut client = Client::up_to_date(w, bob).await;
        let group = w.group(anna, &[bob, carl]).await;
        news(w, &mut client, restarted).await;
        let one = w.send(anna, group, "one").await?;
        news(w, &mut client, restarted).await;
        w.delivered(carl, group, one.id).await?;
        news(w, &mut client, restarted).await;
        w.read(carl, group, one.id).await?;
        news(w, &mut client, restarted).await;
        w.read_all(bob, group).await?;
        news(w, &mut client, restarted).await;
        w.rename(anna, group, "Go").await?;
        news(w, &mut client, restarted).await;
        w.add(anna, group, &[dan]).await?;
        news(w, &mut client, restarted).await;
        w.set_role(anna, group, dan, Role::Admin).await?;
        news(w, &mut client, restarted).await;
        w.hand_over(anna, group, carl).await?;
        news(w, &mut client, restarted).await;
        w.remove(carl, group, &[dan]).await?;
        news(w, &mut client, restarted).await;
        w.leave(carl, group).await?;
        news(w, &mut client, restarted).await;
        w.leave(bob, group).await?;
        news(w, &mut client, restarted).await;
        w.add(anna, group, &[bob]).await?;
        news(w, &mut client, restarted).await;
        w.dissolve(anna, group).await?;
        news(w, &mut client, restarted).await;

        let chat = w.single(anna, bob).await;
        news(w, &mut client, restarted).await;
        w.leave(bob, chat).await?;
        news(w, &mut client, restarted).await;
        w.single(anna, bob).await;
        news(w, &mut client, restarted).await;
    }
    Ok(())
}

pub async fn among_many_groups_those_that_changed_are_told(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut groups = Vec::new();
    for n in 0..40 {
        let group = w.group(anna, &[bob]).await;
        w.send(anna, group, &n.to_string()).await?;
        if n % 3 == 0 {
            w.leave(bob, group).await?;
        }
        groups.push(group);
    }
    let page = w.everything(bob).await;
    // Clients name groups in any order, and some that are none of theirs.
    let mut before = after(&page);
    before.groups.reverse();
    before.groups.insert(7, (NO_GROUP, Rev(1)));

    for n in [4, 5, 6, 38] {
        w.send(anna, groups[n], "again").await?;
    }
    let unnamed = before.groups.iter().position(|(group, _)| *group == groups[20]).expect("named");
    before.groups.remove(unnamed);

    let mut told: Vec<_> = w.sync(bob, before).await.groups.into_iter().map(|delta| delta.group_id).collect();
    told.sort();
    assert_eq!(told, [4, 5, 20, 38].map(|n| groups[n]), "not that which they have left");
    Ok(())
}

pub async fn what_was_refused_is_not_synced(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = after(&w.everything(bob).await);
    refusal(w.send(eve, group, "hi").await);
    refusal(w.rename(bob, group, "Go").await);
    refusal(w.add(anna, group, &[eve, NO_USER]).await);
    refusal(w.remove(bob, group, &[anna]).await);
    refusal(w.dissolve(bob, group).await);
    assert_eq!(w.sync(bob, before.clone()).await.groups, []);

    w.send(anna, group, "hi").await?;
    let delta = w.sync(bob, before.clone()).await.groups.remove(0);
    assert_eq!(delta.rev.0, before.groups[0].1.0 + 1);
    Ok(())
}

pub async fn sync_survives_a_restart(w: &mut World) -> Claim {
    let anna = history_of_a_small_world(w).await?;
    let before = Client::up_to_date(w, anna).await;
    let mut client = before.clone();

    w.reopen().await;

    assert!(!client.ask(w, 100, None).await);
    assert_eq!(client, before);
    assert_eq!(Client::up_to_date(w, anna).await, before);
    Ok(())
}

pub async fn a_large_group_is_synced_without_its_members(w: &mut World) -> Claim {
    let (anna, group, others, last) = nearly_large_group(w).await;
    w.send(anna, group, "hi").await?;
    let delta = w.delta(anna, group).await;
    assert_eq!((delta.members.len(), delta.members_omitted), (others.len() + 1, false));

    w.add(anna, group, &[last]).await?;

    let mut client = Client::new(anna);
    client.catch_up(w, 100, None).await;
    assert_eq!(client.groups[&group].members.len(), 0);
    let delta = w.delta(anna, group).await;
    assert_eq!((delta.members.len(), delta.members_omitted), (0, true));
    assert_eq!(texts(&delta.messages), ["hi"]);
    assert_eq!(w.members(anna, group).await.len(), others.len() + 2);
    Ok(())
}

pub async fn in_a_large_group_a_new_name_is_synced(w: &mut World) -> Claim {
    let (anna, group, others, last) = nearly_large_group(w).await;
    w.add(anna, group, &[last]).await?;
    let sent = w.send(anna, group, "hi").await?;
    let mut client = Client::new(anna);
    client.catch_up(w, 100, None).await;
    let before = w.everything(anna).await;
    // Rows of members move for other reasons, too, and are not told.
    for reader in &others[..5] {
        w.read(*reader, group, sent.id).await?;
    }
    let [one, two, three] = [others[0], others[7], others[8]];
    for (user, name) in [(two, "Two"), (one, "One"), (three, "Three"), (two, "Zwei")] {
        let name = ProfileChange { name: Some(name.into()), ..ProfileChange::default() };
        w.store.update_profile(user, name, w.now()).await?;
    }

    let page = w.sync(anna, after(&before)).await;
    assert_eq!(page.groups[0].renamed, [one, three, two]);
    let told: Vec<_> = page.users.iter().map(|user| (user.id, user.name.as_str())).collect();
    assert_eq!(told, [(one, "One"), (two, "Zwei"), (three, "Three")]);

    // In answers of any size, and nobody to one who knew nobody.
    assert_eq!(client.catch_up(w, 1, None).await, 3);
    assert_eq!(client.users[&two].name, "Zwei");
    assert_eq!(w.delta(anna, group).await.renamed, []);
    Ok(())
}

/// A group with as many members as are synced, who they are beside the creator, and one more user.
async fn nearly_large_group(w: &World) -> (UserId, GroupId, Vec<UserId>, UserId) {
    let anna = w.user("anna").await;
    let mut others = Vec::new();
    for n in 1..rim_core::sync::MAX_SYNCED_MEMBERS {
        others.push(w.user(&format!("user {n}")).await);
    }
    let group = w.group(anna, &others).await;
    (anna, group, others, w.user("last").await)
}

/// Has the client ask for what there must be, perhaps after a restart.
async fn news(w: &mut World, client: &mut Client, restarted: bool) {
    if restarted {
        w.reopen().await;
    }
    let before = client.clone();
    client.catch_up(w, 100, None).await;
    assert_ne!(*client, before);
    assert_eq!(*client, Client::up_to_date(w, client.user).await);
}

/// Friends, groups and messages around the one it returns: members come and go, and so does she.
pub(super) async fn history_of_a_small_world(w: &World) -> Result<UserId, super::Broken> {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    for friend in [bob, carl] {
        w.befriend(anna, friend, FriendAction::Ask).await?;
    }
    w.befriend(bob, anna, FriendAction::Accept).await?;
    let name = ProfileChange { name: Some("Anna B".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, name, w.now()).await?;

    let busy = w.group(anna, &[bob, carl, dan]).await;
    let left = w.group(bob, &[anna, carl]).await;
    let twice = w.group(bob, &[anna]).await;
    let late = w.group(bob, &[carl]).await;
    let single = w.single(carl, anna).await;
    for group in [busy, left, twice, late, single] {
        let sender = if group == late { bob } else { anna };
        chatter(w, group, sender, 5).await?;
    }
    w.leave(anna, left).await?;
    w.leave(anna, twice).await?;
    w.leave(dan, busy).await?;
    w.set_role(anna, busy, carl, Role::Admin).await?;
    for group in [left, twice, late] {
        chatter(w, group, bob, 3).await?;
    }
    w.add(bob, twice, &[anna]).await?;
    w.add(bob, late, &[anna]).await?;
    for group in [busy, left, twice, late] {
        chatter(w, group, bob, 4).await?;
    }
    w.read_all(anna, late).await?;
    w.read_all(carl, busy).await?;
    Ok(anna)
}

async fn chatter(w: &World, group: GroupId, sender: UserId, messages: usize) -> Claim {
    for n in 0..messages {
        let id = format!("chatter {}", w.fresh());
        append(&w.store, text(sender, group, &id, &n.to_string(), w.now())).await?;
    }
    Ok(())
}

/// The query that follows this answer.
pub(super) fn after(page: &SyncPage) -> SyncQuery {
    let groups: Vec<_> = page.groups.iter().map(|delta| (delta.group_id, delta.rev)).collect();
    query(page.rev, &groups)
}
