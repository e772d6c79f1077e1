//! What strangers may do to somebody: who is put into how many groups, and whom one may name.

use super::Claim;
use super::world::{NO_USER, World, new_group, refusal};
use crate::Result;
use rim_core::contact::{AskBounds, Bounds, Contact, Directory};
use rim_core::friend::FriendAction;
use rim_core::group::SINGLE_MODE;
use rim_core::{GroupId, Refusal, UserId};

/// Small, so that stories are.
const BOUNDS: Bounds =
    Bounds { members: 100, groups: 6, groups_by_others: 5, unasked: 2, directory: Directory::Everybody };

async fn found(w: &World, creator: UserId, others: &[UserId]) -> Result<GroupId> {
    w.store.create_group(new_group(creator, 2, others), BOUNDS, w.now()).await
}

async fn add(w: &World, caller: UserId, group: GroupId, user: UserId) -> Result<()> {
    w.store.add_members(caller, group, vec![user], BOUNDS, w.now()).await
}

pub async fn strangers_put_somebody_into_so_many_groups_only(w: &mut World) -> Claim {
    let [eve, mallory, bob] = w.users(["eve", "mallory", "bob"]).await;
    let own = found(w, eve, &[]).await?;
    found(w, eve, &[bob]).await?;
    found(w, mallory, &[bob]).await?;
    assert_eq!(refusal(found(w, eve, &[bob]).await), Refusal::Unasked(bob));
    assert_eq!(refusal(add(w, eve, own, bob).await), Refusal::Unasked(bob));
    assert_eq!(w.store.group_ids_of(bob).await?.len(), 2);
    // To share a group is not to be known.
    let shared = w.store.group_ids_of(bob).await?[0];
    w.send(eve, shared, "hi").await?;
    assert_eq!(refusal(add(w, eve, own, bob).await), Refusal::Unasked(bob));
    // It is about Bob's room and nobody else's.
    found(w, bob, &[eve]).await?;
    Ok(())
}

pub async fn a_group_that_was_looked_into_is_ones_own(w: &mut World) -> Claim {
    let [eve, bob] = w.users(["eve", "bob"]).await;
    let read = found(w, eve, &[bob]).await?;
    let written = found(w, eve, &[bob]).await?;
    let own = found(w, eve, &[]).await?;
    let sent = w.send(eve, read, "hi").await?;
    w.delivered(bob, read, sent.id).await?;
    assert_eq!(refusal(add(w, eve, own, bob).await), Refusal::Unasked(bob), "delivered is not read");
    w.read(bob, read, sent.id).await?;
    add(w, eve, own, bob).await?;
    assert_eq!(refusal(found(w, eve, &[bob]).await), Refusal::Unasked(bob));
    w.send(bob, written, "who are you?").await?;
    found(w, eve, &[bob]).await?;
    assert_eq!(refusal(found(w, eve, &[bob]).await), Refusal::Unasked(bob));
    // So is one that they leave.
    w.leave(bob, own).await?;
    found(w, eve, &[bob]).await?;
    Ok(())
}

pub async fn being_removed_makes_no_room_for_strangers(w: &mut World) -> Claim {
    let [eve, bob] = w.users(["eve", "bob"]).await;
    let [one, two] = [found(w, eve, &[bob]).await?, found(w, eve, &[bob]).await?];
    w.remove(eve, one, &[bob]).await?;
    w.dissolve(eve, two).await?;
    assert_eq!(refusal(found(w, eve, &[bob]).await), Refusal::Unasked(bob), "both are in Bob's list");
    w.delete_chat(bob, two, None).await?;
    found(w, eve, &[bob]).await?;
    assert_eq!(refusal(found(w, eve, &[bob]).await), Refusal::Unasked(bob));
    Ok(())
}

pub async fn contacts_may_go_on_where_strangers_may_not(w: &mut World) -> Claim {
    let [eve, anna, carl, bob] = w.users(["eve", "anna", "carl", "bob"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.befriend(bob, anna, FriendAction::Accept).await?;
    let chat = w.single(carl, bob).await;
    w.send(carl, chat, "hi").await?;
    for _ in 0..2 {
        found(w, eve, &[bob]).await?;
    }
    found(w, anna, &[bob]).await?;
    assert_eq!(refusal(found(w, carl, &[bob]).await), Refusal::Unasked(bob), "Bob has not answered");
    w.send(bob, chat, "hello").await?;
    found(w, carl, &[bob]).await?;
    assert_eq!(w.store.group_ids_of(bob).await?.len(), 5);
    Ok(())
}

pub async fn others_leave_room_for_ones_own_groups(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.befriend(bob, anna, FriendAction::Accept).await?;
    let own = found(w, bob, &[]).await?;
    for _ in 0..4 {
        found(w, anna, &[bob]).await?;
    }
    assert_eq!(refusal(found(w, anna, &[bob]).await), Refusal::TheirGroups(bob));
    found(w, bob, &[anna]).await?;
    assert_eq!(refusal(found(w, bob, &[]).await), Refusal::TooManyGroups(6));
    w.leave(bob, own).await?;
    found(w, bob, &[]).await?;
    Ok(())
}

pub async fn single_chats_take_no_room(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let w = &*w;
    let single = |one, other| {
        let new = new_group(one, SINGLE_MODE, &[other]);
        async move { w.store.create_group(new, BOUNDS, w.now()).await }
    };
    for _ in 0..6 {
        found(w, bob, &[]).await?;
    }
    // Bob is in as many groups as can be: people still reach them, and they people.
    single(anna, bob).await?;
    single(bob, carl).await?;
    for other in [anna, carl] {
        assert_eq!(refusal(found(w, bob, &[other]).await), Refusal::TooManyGroups(6));
    }
    // And chats with others leave room for groups.
    for other in [anna, bob, carl] {
        single(dan, other).await?;
    }
    for _ in 0..6 {
        found(w, dan, &[]).await?;
    }
    assert_eq!(refusal(found(w, dan, &[]).await), Refusal::TooManyGroups(6));
    Ok(())
}

pub async fn a_refused_list_adds_nobody(w: &mut World) -> Claim {
    let [eve, bob, carl] = w.users(["eve", "bob", "carl"]).await;
    for _ in 0..2 {
        found(w, eve, &[bob]).await?;
    }
    let own = found(w, eve, &[]).await?;
    w.changes().await;
    let refused = w.store.add_members(eve, own, vec![carl, bob], BOUNDS, w.now()).await;
    assert_eq!(refusal(refused), Refusal::Unasked(bob));
    assert_eq!(refusal(found(w, eve, &[carl, bob]).await), Refusal::Unasked(bob));
    assert_eq!((w.changes().await, w.store.group_ids_of(carl).await?), (vec![], vec![]));
    // Nor was anything counted.
    found(w, eve, &[carl]).await?;
    found(w, eve, &[carl]).await?;
    Ok(())
}

pub async fn who_may_not_be_looked_up_is_as_good_as_nobody(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let w = &*w;
    let bounds = Bounds { directory: Directory::Contacts, ..Bounds::of_members(100) };
    let create = |creator, mode, other| {
        let new = new_group(creator, mode, &[other]);
        async move { w.store.create_group(new, bounds, w.now()).await }
    };
    for mode in [SINGLE_MODE, 2] {
        assert_eq!(refusal(create(anna, mode, bob).await), Refusal::UnknownUser(bob));
    }
    // Who has asked may be answered, and friends are no strangers.
    w.befriend(bob, anna, FriendAction::Ask).await?;
    assert_eq!(refusal(create(bob, 2, anna).await), Refusal::UnknownUser(anna), "to ask is not enough");
    let group = create(anna, 2, bob).await?;
    w.befriend(anna, bob, FriendAction::Accept).await?;
    create(bob, SINGLE_MODE, anna).await?;
    // Nor may one who is in a group bring strangers into it, but those who share another with them.
    let add = |user| async move { w.store.add_members(bob, group, vec![user], bounds, w.now()).await };
    assert_eq!(refusal(add(carl).await), Refusal::UnknownUser(carl));
    w.group(carl, &[bob]).await;
    add(carl).await?;
    // A single chat is still theirs when one has left it.
    let chat = w.single(dan, bob).await;
    w.leave(bob, chat).await?;
    w.leave(dan, chat).await?;
    assert_eq!(create(bob, SINGLE_MODE, dan).await?, chat);
    Ok(())
}

pub async fn who_waits_for_many_answers_asks_nobody_else(w: &mut World) -> Claim {
    let [eve, anna, bob, carl, dan] = w.users(["eve", "anna", "bob", "carl", "dan"]).await;
    let bounds = AskBounds { pending: 2, directory: Directory::Everybody };
    let w = &*w;
    let ask = |user, other| w.store.befriend(user, other, FriendAction::Ask, bounds, w.now());
    assert!(ask(eve, anna).await? && ask(eve, bob).await?);
    w.changes().await;
    assert_eq!(refusal(ask(eve, carl).await), Refusal::TooManyAsked(2));
    assert!(!ask(eve, bob).await?, "once more is no other");
    assert_eq!(w.changes().await, []);
    // To be asked, and to answer, takes no room.
    assert!(ask(dan, eve).await? && ask(eve, dan).await?);
    assert_eq!(refusal(ask(eve, carl).await), Refusal::TooManyAsked(2));
    w.befriend(anna, eve, FriendAction::Accept).await?;
    assert!(ask(eve, carl).await?);
    w.befriend(eve, carl, FriendAction::Decline).await?;
    assert!(ask(eve, carl).await?);
    Ok(())
}

pub async fn only_those_are_asked_who_may_be_looked_up(w: &mut World) -> Claim {
    let [eve, anna] = w.users(["eve", "anna"]).await;
    let bounds = AskBounds { pending: 2, directory: Directory::Contacts };
    let w = &*w;
    let ask = |user, other| w.store.befriend(user, other, FriendAction::Ask, bounds, w.now());
    assert_eq!(refusal(ask(eve, anna).await), Refusal::UnknownUser(anna));
    w.group(anna, &[eve]).await;
    assert!(ask(eve, anna).await?);
    Ok(())
}

pub async fn people_are_to_each_other_what_they_have_to_do_with_each_other(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let w = &*w;
    let contact = async |user, other| {
        let (found, contact) = w.store.look_up(user, other).await.expect("looked up").expect("they exist");
        assert_eq!(found.id, other);
        contact
    };
    assert_eq!(w.store.look_up(anna, NO_USER).await?, None);
    assert_eq!(contact(anna, bob).await, Contact::default());
    w.befriend(anna, bob, FriendAction::Ask).await?;
    assert_eq!(contact(bob, anna).await, Contact { asks: true, ..Contact::default() });
    assert_eq!(contact(anna, bob).await, Contact::default(), "whom one asks one does not know for that");
    w.befriend(bob, anna, FriendAction::Accept).await?;
    assert_eq!(contact(anna, bob).await, Contact { friends: true, ..Contact::default() });
    w.befriend(bob, anna, FriendAction::Decline).await?;
    let group = w.group(anna, &[bob]).await;
    let sharing = Contact { shares_group: true, ..Contact::default() };
    assert_eq!((contact(anna, bob).await, contact(bob, anna).await), (sharing, sharing));
    w.leave(bob, group).await?;
    assert_eq!((contact(anna, bob).await, contact(bob, anna).await), Default::default());
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    assert_eq!(
        (contact(anna, bob).await, contact(bob, anna).await),
        (sharing, sharing),
        "the chat stays theirs"
    );
    Ok(())
}
