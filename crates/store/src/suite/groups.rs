//! Groups: who joins, leaves and leads them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Claim;
use super::world::{MANY, NO_GROUP, NO_USER, World, group_change, new_group, new_user, refusal};
use crate::StoreError;
use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::group::{PIECE, Role};
use rim_core::{Refusal, Rev, Seq, UserId};

use Role::{Admin, Common};

// ---- joining

pub async fn whoever_is_no_member_moves_nobody_not_even_none(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    let removed = w.store.remove_members(bob, group, vec![], w.now()).await;
    assert_eq!(refusal(removed), Refusal::NotMember);
    let added = w.store.add_members(bob, group, vec![], MANY, w.now()).await;
    assert_eq!(refusal(added), Refusal::NotMember);
    Ok(())
}

pub async fn any_member_adds_and_each_joins_at_the_end(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[dan]).await;
    w.changes().await;
    let at = w.now();

    w.store.add_members(dan, group, vec![bob], MANY, at).await?;
    let added = Change::Group {
        group,
        rev: Rev(3),
        seq: Some(Seq(0)),
        actor: dan,
        what: GroupChange::Added { users: vec![bob] },
        at,
    };
    assert_eq!(w.change().await, added);

    w.add(bob, group, &[carl]).await?;
    assert_eq!(group_change(w.change().await).1, Rev(4));
    assert_eq!(w.rev(carl, group).await, Rev(4));
    let members = [(anna, Admin), (dan, Common), (bob, Common), (carl, Common)];
    assert_eq!(w.members(carl, group).await, members);
    Ok(())
}

pub async fn several_join_at_once_each_with_a_rev(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;

    w.add(anna, group, &[dan, bob, carl, dan]).await?;

    let added = (group, Rev(4), anna, GroupChange::Added { users: vec![dan, carl] });
    assert_eq!(group_change(w.change().await), added);
    assert_eq!(w.rev(anna, group).await, Rev(4));
    let members = [(anna, Admin), (bob, Common), (dan, Common), (carl, Common)];
    assert_eq!(w.members(anna, group).await, members);
    Ok(())
}

pub async fn adding_a_member_again_changes_nothing(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    let (members, rev) = (w.members(anna, group).await, w.rev(anna, group).await);
    w.changes().await;

    w.add(carl, group, &[bob, anna]).await?;
    w.add(carl, group, &[]).await?;

    assert_eq!(w.members(anna, group).await, members);
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn who_comes_back_joins_anew_as_a_common_member(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    w.leave(bob, group).await?;
    w.add(carl, group, &[bob]).await?;
    assert_eq!(w.members(anna, group).await, [(anna, Admin), (carl, Common), (bob, Common)]);
    Ok(())
}

pub async fn strangers_add_nobody(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.leave(bob, group).await?;
    w.changes().await;
    // Not even themselves.
    assert_eq!(refusal(w.add(eve, group, &[eve]).await), Refusal::NotMember);
    assert_eq!(refusal(w.add(bob, group, &[bob]).await), Refusal::NotMember);
    assert_eq!(refusal(w.add(anna, NO_GROUP, &[bob]).await), Refusal::NoSuchGroup);
    assert_eq!(w.members(anna, group).await, [(anna, Admin)]);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn an_unknown_user_among_those_added_refuses_all(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.changes().await;
    let refused = w.add(anna, group, &[bob, NO_USER]).await;
    assert_eq!(refusal(refused), Refusal::UnknownUser(NO_USER));
    assert_eq!(w.members(anna, group).await, [(anna, Admin)]);
    assert_eq!(w.rev(anna, group).await, Rev(1));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_full_group_takes_nobody_else(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;

    let refused = w.store.add_members(anna, group, vec![carl, dan], Bounds::of_members(3), w.now()).await;
    assert_eq!(refusal(refused), Refusal::TooManyMembers(3));
    assert_eq!(w.members(anna, group).await.len(), 2);
    assert_eq!(w.changes().await, []);

    w.store.add_members(anna, group, vec![carl, bob, carl], Bounds::of_members(3), w.now()).await?;
    // It is full now; whoever is in it already takes no room, and one who leaves makes some.
    w.store.add_members(anna, group, vec![carl, bob], Bounds::of_members(3), w.now()).await?;
    w.leave(bob, group).await?;
    w.store.add_members(anna, group, vec![dan], Bounds::of_members(3), w.now()).await?;
    assert_eq!(w.members(anna, group).await, [(anna, Admin), (carl, Common), (dan, Common)]);
    Ok(())
}

// ---- leaving

pub async fn anybody_leaves(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.changes().await;
    let at = w.now();

    w.store.remove_members(bob, group, vec![bob], at).await?;

    let what = GroupChange::Removed { users: vec![bob] };
    assert_eq!(
        w.change().await,
        Change::Group { group, rev: Rev(4), seq: Some(Seq(0)), actor: bob, what, at }
    );
    assert_eq!(w.rev(anna, group).await, Rev(4));
    assert_eq!(w.members(anna, group).await, [(anna, Admin), (carl, Common)]);
    assert_eq!(w.store.group_ids_of(bob).await?, []);
    assert_eq!(w.store.groups_of(bob).await?, []);
    Ok(())
}

pub async fn an_admin_removes_others(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl, dan]).await;
    w.set_role(anna, group, bob, Admin).await?;
    let Rev(before) = w.rev(anna, group).await;
    w.changes().await;

    w.remove(bob, group, &[dan, carl]).await?;

    let (_, rev, actor, what) = group_change(w.change().await);
    assert_eq!((rev, actor), (Rev(before + 2), bob));
    assert_eq!(what, GroupChange::Removed { users: vec![dan, carl] });
    assert_eq!(w.members(anna, group).await, [(anna, Admin), (bob, Admin)]);
    Ok(())
}

pub async fn a_refused_removal_removes_nobody(w: &mut World) -> Claim {
    let [anna, bob, carl, eve] = w.users(["anna", "bob", "carl", "eve"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    let (members, rev) = (w.members(anna, group).await, w.rev(anna, group).await);
    w.changes().await;

    // A common member may go, but not take others with them; nobody removes the creator.
    assert_eq!(refusal(w.remove(carl, group, &[carl, bob]).await), Refusal::NotAdmin);
    assert_eq!(refusal(w.remove(bob, group, &[carl, anna]).await), Refusal::CreatorStays);
    assert_eq!(refusal(w.remove(bob, group, &[bob, anna]).await), Refusal::CreatorStays);
    assert_eq!(refusal(w.remove(eve, group, &[carl]).await), Refusal::NotMember);
    assert_eq!(refusal(w.remove(eve, group, &[eve]).await), Refusal::NotMember);
    assert_eq!(refusal(w.remove(anna, NO_GROUP, &[carl]).await), Refusal::NoSuchGroup);

    assert_eq!(w.members(anna, group).await, members);
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn who_is_no_member_is_passed_over_in_a_removal(w: &mut World) -> Claim {
    let [anna, bob, carl, eve] = w.users(["anna", "bob", "carl", "eve"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.leave(bob, group).await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;

    w.remove(anna, group, &[bob, eve, NO_USER]).await?;
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);

    w.remove(anna, group, &[eve, carl, bob, carl]).await?;
    assert_eq!(group_change(w.change().await).3, GroupChange::Removed { users: vec![carl] });
    Ok(())
}

pub async fn the_longest_standing_admin_inherits(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl, dan]).await;
    w.set_role(anna, group, dan, Admin).await?;
    w.set_role(anna, group, carl, Admin).await?;
    let Rev(before) = w.rev(bob, group).await;
    w.changes().await;

    w.leave(anna, group).await?;

    let told: Vec<_> = w.changes().await.into_iter().map(group_change).collect();
    let removed = (group, Rev(before + 1), anna, GroupChange::Removed { users: vec![anna] });
    let inherited = (group, Rev(before + 2), anna, GroupChange::Creator { user: carl });
    assert_eq!(told, [removed, inherited]);
    assert_eq!(w.group_of(bob, group).await.creator, carl);
    assert_eq!(w.members(bob, group).await, [(bob, Common), (carl, Admin), (dan, Admin)]);
    Ok(())
}

pub async fn without_an_admin_the_longest_standing_member_inherits(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    // Standing counts from when one joined last.
    w.leave(bob, group).await?;
    w.add(anna, group, &[bob]).await?;
    w.leave(anna, group).await?;
    assert_eq!(w.group_of(bob, group).await.creator, carl);
    assert_eq!(w.members(bob, group).await, [(carl, Admin), (bob, Common)]);
    // The heir leads in every way.
    w.rename(carl, group, "Carl's").await?;
    w.set_role(carl, group, bob, Admin).await?;
    w.dissolve(carl, group).await?;
    Ok(())
}

pub async fn an_heir_is_not_among_those_who_leave(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    w.remove(anna, group, &[bob, anna]).await?;
    assert_eq!(w.group_of(carl, group).await.creator, carl);
    assert_eq!(w.members(carl, group).await, [(carl, Admin)]);
    Ok(())
}

pub async fn a_former_creator_who_comes_back_is_a_common_member(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.leave(anna, group).await?;
    w.add(bob, group, &[anna]).await?;
    assert_eq!(w.members(bob, group).await, [(bob, Admin), (anna, Common)]);
    assert_eq!(w.group_of(anna, group).await.creator, bob);
    assert_eq!(refusal(w.dissolve(anna, group).await), Refusal::NotCreator);
    Ok(())
}

pub async fn the_last_one_may_leave(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "bye").await?;
    w.leave(bob, group).await?;
    w.changes().await;

    w.leave(anna, group).await?;

    assert_eq!(group_change(w.change().await).3, GroupChange::Removed { users: vec![anna] });
    assert_eq!(w.store.groups_of(anna).await?, []);
    assert_eq!(w.texts(anna, group).await, ["bye"]);
    assert_eq!(refusal(w.add(anna, group, &[anna]).await), Refusal::NotMember);
    Ok(())
}

// ---- leading

pub async fn admins_change_name_and_avatar(w: &mut World) -> Claim {
    let [anna, bob, carl, eve] = w.users(["anna", "bob", "carl", "eve"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    let Rev(before) = w.rev(anna, group).await;
    w.changes().await;
    let at = w.now();

    w.store.update_group(bob, group, "Go".into(), "go.png".into(), at).await?;

    let found = w.group_of(carl, group).await;
    assert_eq!((found.name.as_str(), found.avatar.as_str()), ("Go", "go.png"));
    let rev = Rev(before + 1);
    assert_eq!(
        w.change().await,
        Change::Group {
            group,
            rev,
            seq: Some(Seq(0)),
            actor: bob,
            what: GroupChange::Updated { name: Some("Go".into()) },
            at
        }
    );
    assert_eq!(w.rev(carl, group).await, rev);

    assert_eq!(refusal(w.rename(carl, group, "no").await), Refusal::NotAdmin);
    assert_eq!(refusal(w.rename(eve, group, "no").await), Refusal::NotMember);
    assert_eq!(refusal(w.rename(anna, NO_GROUP, "no").await), Refusal::NoSuchGroup);
    assert_eq!(w.group_of(carl, group).await, found);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn the_creator_gives_roles(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.changes().await;

    for (rev, role) in [(4, Admin), (5, Common)] {
        let at = w.now();
        w.store.set_role(anna, group, bob, role, at).await?;
        let what = GroupChange::Role { user: bob, role };
        assert_eq!(
            w.change().await,
            Change::Group { group, rev: Rev(rev), seq: Some(Seq(0)), actor: anna, what, at }
        );
        assert_eq!(w.members(carl, group).await, [(anna, Admin), (bob, role), (carl, Common)]);
        assert_eq!(w.rev(carl, group).await, Rev(rev));
    }
    Ok(())
}

pub async fn the_role_one_has_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    w.set_role(anna, group, bob, Common).await?;
    assert_eq!(w.rev(anna, group).await, Rev(2));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_refused_role_changes_nothing(w: &mut World) -> Claim {
    let [anna, bob, carl, eve] = w.users(["anna", "bob", "carl", "eve"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.set_role(anna, group, bob, Admin).await?;
    let (members, rev) = (w.members(anna, group).await, w.rev(anna, group).await);
    w.changes().await;

    assert_eq!(refusal(w.set_role(bob, group, carl, Admin).await), Refusal::NotCreator);
    assert_eq!(refusal(w.set_role(anna, group, anna, Common).await), Refusal::CreatorStays);
    assert_eq!(refusal(w.set_role(anna, group, eve, Admin).await), Refusal::NoSuchMember);
    assert_eq!(refusal(w.set_role(eve, group, carl, Admin).await), Refusal::NotMember);
    assert_eq!(refusal(w.set_role(anna, NO_GROUP, bob, Admin).await), Refusal::NoSuchGroup);

    assert_eq!(w.members(anna, group).await, members);
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_group_is_handed_over_in_one_change(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.changes().await;
    let at = w.now();

    w.store.hand_over_group(anna, group, carl, at).await?;

    let what = GroupChange::Creator { user: carl };
    assert_eq!(
        w.change().await,
        Change::Group { group, rev: Rev(4), seq: Some(Seq(0)), actor: anna, what, at }
    );
    assert_eq!(w.rev(bob, group).await, Rev(4));
    assert_eq!(w.group_of(bob, group).await.creator, carl);
    assert_eq!(w.members(bob, group).await, [(anna, Admin), (bob, Common), (carl, Admin)]);
    // Who handed it over is an admin like any other.
    assert_eq!(refusal(w.dissolve(anna, group).await), Refusal::NotCreator);
    w.set_role(carl, group, anna, Common).await?;
    Ok(())
}

pub async fn handing_over_to_oneself_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    w.hand_over(anna, group, anna).await?;
    assert_eq!(w.rev(bob, group).await, Rev(2));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_refused_handing_over_changes_nothing(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    assert_eq!(refusal(w.hand_over(bob, group, bob).await), Refusal::NotCreator);
    assert_eq!(refusal(w.hand_over(anna, group, eve).await), Refusal::NoSuchMember);
    assert_eq!(refusal(w.hand_over(eve, group, eve).await), Refusal::NotMember);
    assert_eq!(refusal(w.hand_over(anna, NO_GROUP, bob).await), Refusal::NoSuchGroup);
    assert_eq!(w.group_of(bob, group).await.creator, anna);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_dissolved_group_has_no_members_but_readers(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.send(bob, group, "hi").await?;
    w.changes().await;
    let at = w.now();

    w.store.dissolve_group(anna, group, at).await?;

    let what = GroupChange::Dissolved { members: vec![anna, bob, carl] };
    assert_eq!(
        w.change().await,
        Change::Group { group, rev: Rev(7), seq: Some(Seq(1)), actor: anna, what, at }
    );
    for user in [anna, bob, carl] {
        assert_eq!(w.store.groups_of(user).await?, []);
        assert_eq!(w.members(user, group).await, []);
        assert!(w.chat(user, group).await.left);
        assert_eq!(w.texts(user, group).await, ["hi"]);
        assert_eq!(refusal(w.send(user, group, "no").await), Refusal::NotMember);
    }
    // For good: nobody is left to bring anybody back.
    assert_eq!(refusal(w.add(anna, group, &[anna, bob]).await), Refusal::NotMember);
    assert_eq!(refusal(w.dissolve(anna, group).await), Refusal::NotMember);
    Ok(())
}

pub async fn only_the_creator_dissolves(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.set_role(anna, group, bob, Admin).await?;
    w.changes().await;
    assert_eq!(refusal(w.dissolve(bob, group).await), Refusal::NotCreator);
    assert_eq!(refusal(w.dissolve(eve, group).await), Refusal::NotMember);
    assert_eq!(refusal(w.dissolve(anna, NO_GROUP).await), Refusal::NoSuchGroup);
    assert_eq!(w.members(anna, group).await.len(), 2);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn groups_survive_a_restart(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[bob, carl, dan]).await;
    let chat = w.single(anna, bob).await;
    w.set_role(anna, group, bob, Admin).await?;
    w.rename(anna, group, "Go").await?;
    w.leave(carl, group).await?;
    w.hand_over(anna, group, dan).await?;
    let seen = (w.group_of(bob, group).await, w.members(bob, group).await, w.rev(bob, group).await);
    w.changes().await;

    w.reopen().await;

    let again = (w.group_of(bob, group).await, w.members(bob, group).await, w.rev(bob, group).await);
    assert_eq!(again, seen);
    assert_eq!(w.changes().await, [], "what was told before is not told again");
    assert_eq!(w.single(bob, anna).await, chat);
    assert!(w.group(anna, &[]).await > chat, "ids are not given out twice");
    Ok(())
}

// ---- many at once

pub async fn many_join_in_pieces_each_told_by_itself(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let others = many(w, 2 * PIECE).await;
    w.changes().await;
    let mut new = new_group(anna, 2, &others[..PIECE + 1]);
    new.members[PIECE].1 = Role::Admin;

    let group = w.store.create_group(new, MANY, w.now()).await?;
    w.add(anna, group, &others).await?;

    let told = told(w).await;
    let first: Vec<_> = [anna].into_iter().chain(others[..PIECE - 1].iter().copied()).collect();
    let added = |users: &[UserId], rev| (Rev(rev as u64), GroupChange::Added { users: users.to_vec() });
    assert_eq!(
        told,
        [
            (Rev(PIECE as u64), GroupChange::Created { members: first }),
            added(&others[PIECE - 1..=PIECE], PIECE + 2),
            added(&others[PIECE + 1..], 2 * PIECE + 1),
        ]
    );
    let members = w.members(anna, group).await;
    let admins: Vec<_> = members.iter().filter(|(_, role)| *role == Role::Admin).collect();
    assert_eq!((members.len(), admins.len()), (2 * PIECE + 1, 2), "{admins:?}");
    assert!(members.iter().map(|(user, _)| user).eq([anna].iter().chain(&others)), "in their order");
    assert_eq!(w.rev(anna, group).await, Rev(2 * PIECE as u64 + 1));
    Ok(())
}

pub async fn many_leave_in_pieces_and_the_creator_with_the_last(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let others = many(w, PIECE + 1).await;
    let group = w.group(anna, &others).await;
    let (heir, leavers) = others.split_last().expect("many");
    w.changes().await;

    w.remove(anna, group, &[&[anna], leavers].concat()).await?;

    let told = told(w).await;
    let removed: Vec<_> = told
        .iter()
        .filter_map(|(_, what)| match what {
            GroupChange::Removed { users } => Some(users.len()),
            _ => None,
        })
        .collect();
    assert_eq!(removed, [PIECE, 1]);
    assert!(matches!(&told[1].1, GroupChange::Removed { users } if *users == [anna]), "{told:?}");
    assert_eq!(told[2].1, GroupChange::Creator { user: *heir });
    assert_eq!((told.len(), w.members(*heir, group).await), (3, vec![(*heir, Role::Admin)]));
    Ok(())
}

pub async fn of_a_list_of_many_that_is_refused_nothing_is_carried_out(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let others = many(w, PIECE + 1).await;
    let group = w.group(anna, &others[..1]).await;
    let with_nobody = [&others[..], &[NO_USER]].concat();
    w.changes().await;

    assert_eq!(refusal(w.add(anna, group, &with_nobody).await), Refusal::UnknownUser(NO_USER));
    let new = new_group(anna, 2, &with_nobody);
    assert_eq!(refusal(w.store.create_group(new, MANY, w.now()).await), Refusal::UnknownUser(NO_USER));
    let most = PIECE as u64 + 1;
    let added = w.store.add_members(anna, group, others.clone(), Bounds::of_members(most), w.now()).await;
    assert_eq!(refusal(added), Refusal::TooManyMembers(most));
    let new = new_group(anna, 2, &others);
    assert_eq!(
        refusal(w.store.create_group(new, Bounds::of_members(most), w.now()).await),
        Refusal::TooManyMembers(most)
    );
    assert_eq!(refusal(w.remove(others[0], group, &others).await), Refusal::NotAdmin);

    assert_eq!(w.changes().await, []);
    assert_eq!(w.store.group_ids_of(others[PIECE]).await?, []);
    assert_eq!(w.store.group_ids_of(anna).await?, [group]);
    Ok(())
}

pub async fn who_is_removed_in_the_midst_of_adding_or_removing_many_does_no_more(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let others = many(w, 4 * PIECE).await;
    let group = w.group(anna, &[bob]).await;
    for adds in [true, false] {
        w.add(anna, group, &[bob]).await?;
        w.set_role(anna, group, bob, Admin).await?;
        w.changes().await;
        let (store, users, now) = (Arc::clone(&w.store), others.clone(), w.now());
        let many = tokio::spawn(async move {
            if adds {
                store.add_members(bob, group, users, MANY, now).await
            } else {
                store.remove_members(bob, group, users, now).await
            }
        });
        while w.store.group_ids_of(others[0]).await?.contains(&group) != adds {}
        w.remove(anna, group, &[bob]).await?;

        let (answer, told) = (many.await.expect("no panic"), told(w).await);
        let is_of_bob = |what: &GroupChange| *what == GroupChange::Removed { users: vec![bob] };
        let at = told.iter().position(|(_, what)| is_of_bob(what)).expect("it is told");
        assert_eq!(told.len(), at + 1, "nothing comes after it");
        let is_whole = w.store.group_ids_of(others[4 * PIECE - 1]).await?.contains(&group) == adds;
        assert!(
            if is_whole { answer.is_ok() } else { matches!(answer, Err(StoreError::Unsure)) },
            "{answer:?}"
        );
        if adds {
            w.add(anna, group, &others).await?;
        }
    }
    Ok(())
}

pub async fn who_becomes_the_creator_in_the_midst_of_removing_many_stays(w: &mut World) -> Claim {
    let [anna, carl, bob] = w.users(["anna", "carl", "bob"]).await;
    let others = many(w, 3 * PIECE).await;
    let group = w.group(anna, &[carl, bob]).await;
    for admin in [carl, bob] {
        w.set_role(anna, group, admin, Admin).await?;
    }
    w.add(anna, group, &others).await?;
    w.changes().await;
    let (store, users, now) = (Arc::clone(&w.store), [&others[..], &[carl]].concat(), w.now());
    let many = tokio::spawn(async move { store.remove_members(bob, group, users, now).await });
    while w.store.group_ids_of(others[0]).await?.contains(&group) {}
    w.leave(anna, group).await?;

    let (answer, told) = (many.await.expect("no panic"), told(w).await);
    let mut creator = anna;
    for (_, what) in told {
        match what {
            GroupChange::Creator { user } => creator = user,
            GroupChange::Removed { users } if users != [anna] => assert!(!users.contains(&creator)),
            _ => {}
        }
    }
    assert!(w.members(bob, group).await.contains(&(creator, Admin)));
    assert!(if creator == bob { answer.is_ok() } else { matches!(answer, Err(StoreError::Unsure)) });
    Ok(())
}

/// So many users.
async fn many(w: &World, count: usize) -> Vec<UserId> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (store, now) = (Arc::clone(&w.store), w.now());
        tasks.spawn(async move { store.create_user(new_user(&format!("user {number}")), now).await });
    }
    let mut users: Vec<_> =
        tasks.join_all().await.into_iter().map(|user| user.expect("a free account")).collect();
    users.sort_unstable();
    users
}

/// What the feed brought of groups since it was last asked.
async fn told(w: &World) -> Vec<(Rev, GroupChange)> {
    let told = w.changes().await.into_iter().map(group_change);
    told.map(|(_, rev, _, what)| (rev, what)).collect()
}
