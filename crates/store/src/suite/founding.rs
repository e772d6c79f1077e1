//! How groups and single chats begin.

use super::Claim;
use super::world::{MANY, NO_GROUP, NO_USER, World, group_change, new_group, refusal};
use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::group::{Group, NewGroup, Role, Settings};
use rim_core::{Refusal, Rev, Seq};

use Role::{Admin, Common};

// ---- founding

pub async fn a_group_begins_with_its_founders_in_order(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    w.changes().await;
    let at = w.now();
    let new = NewGroup {
        creator: anna,
        name: "Chess".into(),
        avatar: "chess.png".into(),
        mode: 2,
        members: vec![(dan, Common), (bob, Admin), (dan, Admin), (carl, Common), (anna, Common)],
    };

    let group = w.store.create_group(new, MANY, at).await?;

    let members = w.members(bob, group).await;
    assert_eq!(members, [(anna, Admin), (dan, Common), (bob, Admin), (carl, Common)]);
    let expected = Group {
        id: group,
        name: "Chess".into(),
        avatar: "chess.png".into(),
        mode: 2,
        creator: anna,
        single: false,
        settings: Settings::default(),
    };
    for member in [anna, bob, carl, dan] {
        assert_eq!(w.store.groups_of(member).await?.as_slice(), std::slice::from_ref(&expected));
        assert_eq!(w.store.group_ids_of(member).await?, [group]);
    }
    let created = Change::Group {
        group,
        rev: Rev(4),
        seq: Some(Seq(0)),
        actor: anna,
        what: GroupChange::Created { members: vec![anna, dan, bob, carl] },
        at,
    };
    assert_eq!(w.change().await, created);
    assert_eq!(w.rev(anna, group).await, Rev(4));
    Ok(())
}

pub async fn a_member_is_described_as_a_user(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let members = w.store.members(anna, group).await?;
    assert_eq!(Some(&members[1].0), w.store.user(bob).await?.as_ref());
    Ok(())
}

pub async fn a_group_of_one_is_a_group(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    assert_eq!(w.members(anna, group).await, [(anna, Admin)]);
    Ok(())
}

pub async fn a_group_keeps_the_mode_it_was_given(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    for (mode, others, single) in [
        (0, vec![bob], false),
        (1, vec![bob], true),
        (1, vec![bob, carl], false),
        (1, vec![], false),
        (1, vec![anna], false),
        (255, vec![bob], false),
    ] {
        let group = w.store.create_group(new_group(anna, mode, &others), MANY, w.now()).await?;
        let group = w.group_of(anna, group).await;
        assert_eq!((group.mode, group.single), (mode, single), "{others:?}");
    }
    Ok(())
}

pub async fn a_group_with_an_unknown_user_is_not_founded(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.changes().await;
    for mode in [1, 2] {
        let new = new_group(anna, mode, &[NO_USER]);
        let refused = w.store.create_group(new, MANY, w.now()).await;
        assert_eq!(refusal(refused), Refusal::UnknownUser(NO_USER));
    }
    let new = new_group(anna, 2, &[bob, NO_USER]);
    let refused = w.store.create_group(new, MANY, w.now()).await;
    assert_eq!(refusal(refused), Refusal::UnknownUser(NO_USER));

    assert_eq!(w.store.groups_of(anna).await?, []);
    assert_eq!(w.store.groups_of(bob).await?, []);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_group_has_no_more_founders_than_members(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    w.changes().await;
    let refused =
        w.store.create_group(new_group(anna, 2, &[bob, carl]), Bounds::of_members(2), w.now()).await;
    assert_eq!(refusal(refused), Refusal::TooManyMembers(2));
    assert_eq!(w.store.groups_of(anna).await?, []);
    assert_eq!(w.changes().await, []);

    // Nobody is counted twice.
    let new = new_group(anna, 2, &[bob, carl, bob, anna]);
    let group = w.store.create_group(new, Bounds::of_members(3), w.now()).await?;
    assert_eq!(w.members(anna, group).await.len(), 3);
    Ok(())
}

pub async fn groups_are_listed_by_id(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut groups = Vec::new();
    for _ in 0..5 {
        groups.push(w.group(bob, &[anna]).await);
        w.group(bob, &[]).await;
    }
    groups.push(w.single(anna, bob).await);
    groups.sort();
    assert_eq!(w.store.group_ids_of(anna).await?, groups);
    let listed = w.store.groups_of(anna).await?;
    assert_eq!(listed.iter().map(|group| group.id).collect::<Vec<_>>(), groups);
    Ok(())
}

pub async fn members_are_told_to_members_only(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    assert_eq!(w.members(eve, group).await, []);
    assert_eq!(w.members(anna, NO_GROUP).await, []);
    w.leave(bob, group).await?;
    assert_eq!(w.members(bob, group).await, []);
    assert_eq!(w.members(anna, group).await, [(anna, Admin)]);
    Ok(())
}

// ---- single chats

pub async fn a_single_chat_is_found_again_by_either(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    let before = w.rev(anna, chat).await;
    w.changes().await;

    assert_eq!(w.single(anna, bob).await, chat);
    assert_eq!(w.single(bob, anna).await, chat);

    assert_eq!(w.rev(anna, chat).await, before);
    assert_eq!(w.changes().await, []);
    assert_eq!(w.group_of(bob, chat).await.creator, anna);
    Ok(())
}

pub async fn a_single_chat_is_one_for_each_pair(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let chats = [w.single(anna, bob).await, w.single(bob, carl).await, w.single(carl, anna).await];
    assert!(chats[0] != chats[1] && chats[1] != chats[2] && chats[2] != chats[0]);
    // A group chat of the same two is another thing.
    assert_ne!(w.group(anna, &[bob]).await, chats[0]);
    assert_eq!(w.single(bob, anna).await, chats[0]);
    Ok(())
}

pub async fn opening_a_single_chat_brings_back_who_left(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    let Rev(before) = w.rev(anna, chat).await;
    w.changes().await;

    assert_eq!(w.single(anna, bob).await, chat);

    assert_eq!(w.members(bob, chat).await, [(anna, Admin), (bob, Common)]);
    let added = (chat, Rev(before + 1), anna, GroupChange::Added { users: vec![bob] });
    assert_eq!(group_change(w.change().await), added);

    // Also if the one who opens it is the one who left, and if both have left.
    w.leave(bob, chat).await?;
    assert_eq!(w.single(bob, anna).await, chat);
    assert_eq!(w.members(anna, chat).await.len(), 2);
    w.leave(bob, chat).await?;
    w.leave(anna, chat).await?;
    assert_eq!(w.single(bob, anna).await, chat);
    assert_eq!(w.members(anna, chat).await.len(), 2);
    Ok(())
}

pub async fn a_single_chat_takes_no_third(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    w.changes().await;

    assert_eq!(refusal(w.add(anna, chat, &[carl]).await), Refusal::SingleChat);
    assert_eq!(refusal(w.add(anna, chat, &[bob, carl]).await), Refusal::SingleChat);
    assert_eq!(w.members(anna, chat).await, [(anna, Admin)]);
    assert_eq!(w.changes().await, []);

    w.add(anna, chat, &[bob]).await?;
    assert_eq!(w.members(anna, chat).await.len(), 2);
    Ok(())
}

pub async fn a_single_chat_has_no_leader(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.changes().await;
    for refused in [
        w.remove(anna, chat, &[bob]).await,
        w.set_role(anna, chat, bob, Admin).await,
        w.hand_over(anna, chat, bob).await,
        w.dissolve(anna, chat).await,
    ] {
        assert_eq!(refusal(refused), Refusal::SingleChat);
    }
    assert_eq!(w.changes().await, []);

    // Nobody takes it over, either.
    w.leave(anna, chat).await?;
    assert_eq!(group_change(w.change().await).3, GroupChange::Removed { users: vec![anna] });
    assert_eq!(w.group_of(bob, chat).await.creator, anna);
    assert_eq!(w.members(bob, chat).await, [(bob, Common)]);
    Ok(())
}
