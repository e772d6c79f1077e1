//! Sync of those who join, leave and come back: each gets their part, and no more.

use super::Claim;
use super::client::Client;
use super::sync::after;
use super::world::{ALL, World, query, texts};
use rim_core::group::Role;
use rim_core::sync::SyncQuery;
use rim_core::{Rev, Seq};

pub async fn who_joined_and_who_left_is_synced(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = w.everything(anna).await;
    w.add(anna, group, &[carl]).await?;
    w.leave(bob, group).await?;
    let delta = w.sync(anna, after(&before)).await.groups.remove(0);
    let members: Vec<_> = delta.members.iter().map(|member| (member.user, member.left)).collect();
    assert_eq!(members, [(carl, false), (bob, true)]);
    Ok(())
}

pub async fn one_who_joins_late_never_gets_what_came_before(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "three").await?;
    for limit in [1, 2, 100] {
        let mut client = Client::new(bob);
        client.catch_up(w, limit, None).await;
        let view = &client.groups[&group];
        assert_eq!(view.messages.keys().map(|seq| seq.0).collect::<Vec<_>>(), [3]);
        assert_eq!((view.last_seq, view.unread), (Seq(3), 1));
        assert_eq!(view.members.len(), 2);
    }
    Ok(())
}

pub async fn one_who_left_gets_the_rest_of_their_part_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    let before = w.everything(bob).await;
    w.send(anna, group, "two").await?;
    w.remove(anna, group, &[bob]).await?;
    w.send(anna, group, "three").await?;
    w.rename(anna, group, "secret").await?;

    let page = w.sync(bob, after(&before)).await;
    assert_eq!(page.groups.len(), 1);
    let delta = &page.groups[0];
    assert!(!delta.member);
    assert_eq!(texts(&delta.messages), ["two"]);

    // Whatever happens there later is none of their business.
    let up_to_date = SyncQuery { groups: vec![(group, delta.rev)], ..after(&page) };
    assert_eq!(w.sync(bob, up_to_date.clone()).await.groups, []);
    w.send(anna, group, "four").await?;
    w.leave(anna, group).await?;
    assert_eq!(w.sync(bob, up_to_date).await.groups, []);
    Ok(())
}

pub async fn one_who_left_is_not_told_who_came_after_them(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = w.everything(bob).await;
    w.leave(bob, group).await?;
    w.add(anna, group, &[carl, dan]).await?;
    w.send(carl, group, "hi").await?;
    for query in [after(&before), query(Rev(0), &[])] {
        for limit in [1, 2, 3, 100] {
            let page = w.sync(bob, SyncQuery { limit, ..query.clone() }).await;
            let delta = &page.groups[0];
            assert!(delta.members.iter().all(|member| member.user == anna || member.user == bob));
            assert!(page.users.iter().all(|user| user.id == anna || user.id == bob));
            assert_eq!(delta.last_seq, Seq(0), "nor how much was said");
        }
    }
    Ok(())
}

pub async fn one_who_left_gets_their_part_in_answers_of_any_size(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 1..=5 {
        w.send(anna, group, &n.to_string()).await?;
    }
    w.leave(bob, group).await?;
    w.send(anna, group, "6").await?;
    for limit in [1, 2, 3, 100] {
        let mut client = Client::new(bob);
        client.catch_up(w, limit, None).await;
        let view = &client.groups[&group];
        assert!(!view.member);
        assert_eq!(view.messages.keys().map(|seq| seq.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
    Ok(())
}

pub async fn one_who_came_back_gets_both_parts_without_the_gap(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let fresh = Client::new(bob);
    w.send(anna, group, "one").await?;
    let mut attentive = Client::up_to_date(w, bob).await;
    let offline = attentive.clone();
    w.send(anna, group, "two").await?;
    w.leave(bob, group).await?;
    attentive.catch_up(w, 100, None).await;
    w.send(anna, group, "the gap").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "four").await?;

    for mut client in [fresh, attentive, offline] {
        for limit in [1, 2, 100] {
            client.catch_up(w, limit, None).await;
        }
        let view = &client.groups[&group];
        assert!(view.member);
        assert_eq!(view.messages.keys().map(|seq| seq.0).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(view.unread, 1);
    }
    Ok(())
}

pub async fn one_who_came_back_learns_what_changed_while_they_were_away(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let one = w.send(anna, group, "one").await?;
    w.leave(bob, group).await?;
    w.rename(anna, group, "Go").await?;
    w.read(carl, group, one.id).await?;
    w.add(anna, group, &[dan]).await?;
    // They look in the meantime; what they are told then must not make them miss the changes.
    let mut client = Client::up_to_date(w, bob).await;
    w.set_role(anna, group, carl, Role::Admin).await?;
    client.catch_up(w, 1, None).await;
    w.add(anna, group, &[bob]).await?;

    client.catch_up(w, 1, None).await;

    let mut expected = Client::up_to_date(w, bob).await;
    expected.groups.get_mut(&group).expect("they are a member").skipped.clear();
    assert_eq!(client, expected);
    assert_eq!(client.groups[&group].group.name, "Go");
    assert_eq!(client.groups[&group].members.len(), 4);
    Ok(())
}

pub async fn one_who_came_back_learns_what_changed_just_before_they_left(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let one = w.send(anna, group, "one").await?;
    let mut attentive = Client::up_to_date(w, bob).await;
    let mut offline = attentive.clone();
    w.add(anna, group, &[dan]).await?;
    w.read(carl, group, one.id).await?;
    w.leave(bob, group).await?;
    // This device hears of the leaving before the return, the other one does not.
    attentive.catch_up(w, 100, None).await;
    w.add(anna, group, &[bob]).await?;

    for client in [&mut attentive, &mut offline] {
        client.catch_up(w, 100, None).await;
        assert_eq!(*client, Client::up_to_date(w, bob).await);
    }
    Ok(())
}

pub async fn a_group_joined_and_left_while_offline_is_not_lost(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut client = Client::up_to_date(w, bob).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "for bob").await?;
    w.leave(bob, group).await?;

    client.catch_up(w, 100, None).await;

    let view = client.groups.get(&group).expect("they are told of it");
    assert!(!view.member);
    assert_eq!(
        view.messages.values().map(|message| message.content.as_str()).collect::<Vec<_>>(),
        ["for bob"]
    );
    Ok(())
}

pub async fn a_dissolved_group_is_synced_as_left(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = w.everything(bob).await;
    w.send(anna, group, "bye").await?;
    w.dissolve(anna, group).await?;
    let page = w.sync(bob, after(&before)).await;
    let delta = &page.groups[0];
    assert!(!delta.member);
    assert_eq!(texts(&delta.messages), ["bye"]);
    assert_eq!(w.sync(bob, after(&page)).await.groups, []);
    Ok(())
}

pub async fn one_who_left_is_told_of_the_group_as_it_was_then(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let joined = w.everything(bob).await;
    w.send(anna, group, "hi").await?;
    w.rename(anna, group, "while bob was here").await?;
    w.leave(bob, group).await?;
    let told = w.everything(bob).await.groups.remove(0);
    let chat = w.chat(bob, group).await;

    w.add(anna, group, &[carl]).await?;
    w.rename(anna, group, "secret").await?;
    w.set_role(anna, group, carl, Role::Admin).await?;
    w.leave(anna, group).await?;
    w.rename(carl, group, "more secret").await?;

    assert_eq!(told.group.as_ref().map(|group| group.name.as_str()), Some("while bob was here"));
    let fresh = w.everything(bob).await.groups.remove(0);
    assert_eq!(fresh.group, told.group, "also on a device that knows nothing yet");
    let late = w.sync(bob, after(&joined)).await.groups.remove(0);
    assert_eq!(late.group, told.group, "and one that has not heard of the name");
    assert_eq!(w.chat(bob, group).await, chat);
    assert_eq!((chat.group.creator, chat.other.id), (anna, anna));
    let history = w.history(bob, group, ALL, None).await.expect("bob was a member");
    assert_eq!(Some(history.group), told.group);

    // Anna left later, and knows the first secret.
    assert_eq!(w.history(anna, group, ALL, None).await.expect("anna was").group.name, "secret");
    assert_eq!(w.chat(anna, group).await.other.id, carl);

    // Who comes back sees it as it is.
    w.add(carl, group, &[bob]).await?;
    let back = w.sync(bob, SyncQuery { groups: vec![(group, told.rev)], ..after(&joined) }).await;
    assert_eq!(back.groups[0].group.as_ref().map(|group| group.name.as_str()), Some("more secret"));
    assert_eq!(w.chat(bob, group).await.group.creator, carl);
    Ok(())
}

pub async fn those_who_leave_together_are_told_of_the_same_group(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl, dan]).await;
    w.send(anna, group, "hi").await?;
    w.remove(anna, group, &[bob, carl]).await?;
    w.rename(anna, group, "between").await?;
    w.dissolve(anna, group).await?;
    for (user, name, other) in
        [(bob, "a group", anna), (carl, "a group", anna), (anna, "between", dan), (dan, "between", anna)]
    {
        let chat = w.chat(user, group).await;
        assert_eq!((chat.group.name.as_str(), chat.group.creator, chat.other.id), (name, anna, other));
    }
    Ok(())
}

pub async fn one_who_joins_is_not_told_who_had_left_before(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(bob, group, "bye").await?;
    w.leave(bob, group).await?;
    w.add(anna, group, &[carl]).await?;
    w.send(anna, group, "hi").await?;
    for limit in [1, 2, 100] {
        let mut client = Client::new(carl);
        client.catch_up(w, limit, None).await;
        assert!(client.users.keys().eq([&anna, &carl]), "{:?}", client.users);
    }
    let delta = w.everything(carl).await.groups.remove(0);
    assert_eq!(delta.members.iter().map(|member| member.user).collect::<Vec<_>>(), [anna, carl]);

    // Nor when nobody else is left: they were there together with Anna alone.
    w.leave(anna, group).await?;
    assert_eq!(w.chat(carl, group).await.other.id, anna);
    // Who leaves while Carl is there is told to have left.
    w.add(carl, group, &[dan]).await?;
    let before = w.everything(carl).await;
    w.leave(dan, group).await?;
    let delta = w.sync(carl, after(&before)).await.groups.remove(0);
    assert!(delta.members.iter().any(|member| member.user == dan && member.left));
    Ok(())
}

pub async fn one_who_came_back_learns_who_left_meanwhile_and_not_who_passed_through(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.leave(bob, group).await?;
    let mut client = Client::up_to_date(w, bob).await;
    w.add(anna, group, &[dan]).await?;
    w.leave(dan, group).await?;
    w.leave(carl, group).await?;
    w.add(anna, group, &[bob]).await?;
    client.catch_up(w, 1, None).await;
    assert!(client.groups[&group].members.keys().eq([&anna, &bob]));
    assert!(!client.users.contains_key(&dan), "Bob never was there with Dan");
    assert!(!Client::up_to_date(w, bob).await.users.contains_key(&dan));
    Ok(())
}
