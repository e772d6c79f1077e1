//! Friends: the table of [`rim_core::friend::act`], kept for both sides.

use std::sync::Arc;

use super::world::{self, NO_USER, World, friend, refusal};
use super::{Claim, client::Client};
use rim_core::contact::AskBounds;
use rim_core::event::Change;
use rim_core::friend::{Friend, FriendAction, Friendship, act};
use rim_core::{Refusal, Rev, UserId};

const STATES: [Friendship; 4] =
    [Friendship::None, Friendship::Incoming, Friendship::Outgoing, Friendship::Friends];
const ACTIONS: [FriendAction; 3] = [FriendAction::Ask, FriendAction::Accept, FriendAction::Decline];

pub async fn every_action_in_every_state_does_what_the_rules_say(w: &mut World) -> Claim {
    for state in STATES {
        for action in ACTIONS {
            let case = format!("{action:?} while {state:?}");
            let (anna, bob) = pair(w, state).await?;
            let revs = (w.own_rev(anna).await, w.own_rev(bob).await);
            w.changes().await;
            let at = w.now();

            let applied = w.store.befriend(anna, bob, action, AskBounds::NONE, at).await?;

            let expected = act(state, action);
            assert_eq!(applied, expected.is_some(), "{case}");
            let after = expected.map_or(state, |(after, _)| after);
            assert_eq!(relation(w, anna, bob).await, after, "{case}, seen by the actor");
            assert_eq!(relation(w, bob, anna).await, after.mirrored(), "{case}, seen by the other");

            let steps = u64::from(applied);
            let (actor_rev, other_rev) = (Rev(revs.0.0 + steps), Rev(revs.1.0 + steps));
            assert_eq!(w.own_rev(anna).await, actor_rev, "{case}");
            assert_eq!(w.own_rev(bob).await, other_rev, "{case}");
            let told = expected.map(|(_, what)| Change::Friend {
                actor: anna,
                actor_rev,
                other: bob,
                other_rev,
                what,
                at,
            });
            assert_eq!(w.changes().await, Vec::from_iter(told), "{case}");
        }
    }
    Ok(())
}

pub async fn a_remark_is_for_oneself_and_on_a_friend(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    assert!(!w.store.set_remark(anna, bob, "Robert".into(), w.now()).await?, "they have not answered");
    w.befriend(bob, anna, FriendAction::Accept).await?;
    let rev = w.own_rev(anna).await;
    w.changes().await;
    let at = w.now();

    assert!(w.store.set_remark(anna, bob, "Robert".into(), at).await?);
    assert!(w.store.set_remark(anna, bob, "Robert".into(), w.now()).await?, "as it was");
    assert!(!w.store.set_remark(anna, eve, "Eva".into(), w.now()).await?, "a stranger");

    assert_eq!(w.store.remarks(anna, UserId(0), eve).await?, [(bob, "Robert".to_owned())]);
    assert_eq!(w.store.remarks(bob, UserId(0), eve).await?, []);
    let user = Arc::new(w.store.user(bob).await?.expect("they are there").for_others());
    assert_eq!(w.changes().await, [Change::Profile { to: anna, rev: Rev(rev.0 + 1), user, at }]);

    let named = Friend { remark: "Robert".into(), ..friend(bob, Friendship::Friends) };
    assert_eq!(w.sync(anna, world::query(rev, &[])).await.friends, [named], "her other devices learn it");
    assert_eq!(w.everything(bob).await.friends, [friend(anna, Friendship::Friends)], "the other does not");
    Ok(())
}

pub async fn a_remark_ends_when_it_is_emptied_and_with_the_friendship(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    for end in [true, false] {
        w.befriend(anna, bob, FriendAction::Ask).await?;
        w.befriend(bob, anna, FriendAction::Accept).await?;
        assert_eq!(w.store.remarks(anna, bob, bob).await?, []);
        assert!(w.store.set_remark(anna, bob, "Robert".into(), w.now()).await?);
        if end {
            w.befriend(bob, anna, FriendAction::Decline).await?;
        } else {
            assert!(w.store.set_remark(anna, bob, String::new(), w.now()).await?);
        }
        assert_eq!(w.store.remarks(anna, bob, bob).await?, []);
        let state = if end { Friendship::None } else { Friendship::Friends };
        let rev = Rev(w.own_rev(anna).await.0 - 1);
        assert_eq!(w.sync(anna, world::query(rev, &[])).await.friends, [friend(bob, state)]);
    }
    Ok(())
}

pub async fn two_who_ask_each_other_are_friends(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    assert!(w.befriend(anna, bob, FriendAction::Ask).await?);
    assert!(w.befriend(bob, anna, FriendAction::Ask).await?);
    assert_eq!(relation(w, anna, bob).await, Friendship::Friends);
    assert_eq!(relation(w, bob, anna).await, Friendship::Friends);
    Ok(())
}

pub async fn asking_again_is_no_second_request(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    assert!(w.befriend(anna, bob, FriendAction::Ask).await?);
    w.changes().await;
    assert!(!w.befriend(anna, bob, FriendAction::Ask).await?);
    assert_eq!(w.changes().await, []);
    assert_eq!(friends(w, bob, &[Friendship::Incoming]).await, [anna]);
    Ok(())
}

pub async fn the_requester_cannot_accept_their_own_request(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    assert!(!w.befriend(anna, bob, FriendAction::Accept).await?);
    assert_eq!(relation(w, anna, bob).await, Friendship::Outgoing);
    Ok(())
}

pub async fn one_who_was_declined_may_ask_again(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.befriend(bob, anna, FriendAction::Decline).await?;
    assert!(w.befriend(anna, bob, FriendAction::Ask).await?);
    assert!(w.befriend(bob, anna, FriendAction::Accept).await?);
    assert_eq!(relation(w, anna, bob).await, Friendship::Friends);
    Ok(())
}

pub async fn nobody_asks_themselves(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let asked = w.befriend(anna, anna, FriendAction::Ask).await;
    assert_eq!(refusal(asked), Refusal::SelfFriend);
    assert!(!w.befriend(anna, anna, FriendAction::Accept).await?);
    assert!(!w.befriend(anna, anna, FriendAction::Decline).await?);
    assert_eq!(friends(w, anna, &STATES).await, []);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn nobody_asks_an_unknown_user(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let asked = w.befriend(anna, NO_USER, FriendAction::Ask).await;
    assert_eq!(refusal(asked), Refusal::UnknownUser(NO_USER));
    assert!(!w.befriend(anna, NO_USER, FriendAction::Accept).await?);
    assert!(!w.befriend(anna, NO_USER, FriendAction::Decline).await?);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn friends_are_listed_by_state_and_id(w: &mut World) -> Claim {
    let [anna, bob, carl, dan, eve] = w.users(["anna", "bob", "carl", "dan", "eve"]).await;
    for friend in [eve, bob] {
        w.befriend(friend, carl, FriendAction::Ask).await?;
        w.befriend(carl, friend, FriendAction::Accept).await?;
    }
    w.befriend(dan, carl, FriendAction::Ask).await?;
    w.befriend(carl, anna, FriendAction::Ask).await?;

    assert_eq!(friends(w, carl, &[Friendship::Friends]).await, [bob, eve]);
    assert_eq!(friends(w, carl, &[Friendship::Incoming]).await, [dan]);
    assert_eq!(friends(w, carl, &[Friendship::Outgoing]).await, [anna]);
    assert_eq!(friends(w, carl, &[Friendship::Outgoing, Friendship::Incoming]).await, [anna, dan]);
    assert_eq!(friends(w, carl, &[]).await, []);
    assert_eq!(friends(w, bob, &[Friendship::Friends]).await, [carl]);

    let listed = w.store.friends(carl, &[Friendship::Incoming]).await?;
    assert_eq!(Some(&listed[0]), w.store.user(dan).await?.as_ref());
    Ok(())
}

pub async fn friends_are_acquainted(w: &mut World) -> Claim {
    for state in STATES {
        let (anna, bob) = pair(w, state).await?;
        let friends = state == Friendship::Friends;
        for (user, other) in [(anna, bob), (bob, anna)] {
            let expected = Vec::from_iter(friends.then_some(other));
            assert_eq!(w.store.acquaintances(user, vec![other]).await?, expected, "{state:?}");
        }
    }
    Ok(())
}

pub async fn whoever_writes_to_somebody_is_acquainted_with_them(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let chat = w.single(bob, anna).await;
    let group = w.group(anna, &[bob, carl]).await;
    w.send(bob, group, "to all").await?;
    assert_eq!(
        w.store.acquaintances(anna, vec![bob, carl]).await?,
        [],
        "of their own will they told the other nothing"
    );
    w.send(bob, chat, "to her").await?;
    assert_eq!(w.store.acquaintances(anna, vec![bob, carl]).await?, [bob]);
    assert_eq!(w.store.acquaintances(bob, vec![anna, carl]).await?, [], "she has not answered");
    w.send(anna, chat, "to them").await?;
    assert_eq!(w.store.acquaintances(bob, vec![anna, carl]).await?, [anna]);
    Ok(())
}

pub async fn whoever_leaves_a_single_chat_is_a_stranger_until_they_write_again(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(bob, anna).await;
    for sender in [anna, bob] {
        w.send(sender, chat, "hello").await?;
    }
    w.leave(bob, chat).await?;
    assert_eq!(w.store.acquaintances(anna, vec![bob]).await?, []);
    assert_eq!(w.store.acquaintances(bob, vec![anna]).await?, [anna], "she has not left");
    assert_eq!(w.single(anna, bob).await, chat);
    assert_eq!(
        w.store.acquaintances(anna, vec![bob]).await?,
        [],
        "that Anna brought Bob back is not Bob's doing"
    );
    w.send(bob, chat, "again").await?;
    assert_eq!(w.store.acquaintances(anna, vec![bob]).await?, [bob]);
    Ok(())
}

pub async fn acquaintances_are_those_asked_about_each_once_by_id(w: &mut World) -> Claim {
    let [anna, bob, carl, dan, eve] = w.users(["anna", "bob", "carl", "dan", "eve"]).await;
    for friend in [dan, bob, eve] {
        w.befriend(carl, friend, FriendAction::Ask).await?;
        w.befriend(friend, carl, FriendAction::Accept).await?;
    }
    for other in [dan, anna] {
        let chat = w.single(carl, other).await;
        w.send(other, chat, "hello").await?;
    }

    let asked = vec![dan, NO_USER, carl, anna, dan, bob];
    assert_eq!(w.store.acquaintances(carl, asked).await?, [anna, bob, dan]);
    assert_eq!(w.store.acquaintances(carl, vec![]).await?, []);
    assert_eq!(w.store.acquaintances(NO_USER, vec![carl]).await?, []);
    Ok(())
}

pub async fn an_ended_friendship_is_synced_as_ended(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.befriend(bob, anna, FriendAction::Accept).await?;
    let revs = [w.own_rev(anna).await, w.own_rev(bob).await];

    w.befriend(bob, anna, FriendAction::Decline).await?;

    for (user, other, rev) in [(anna, bob, revs[0]), (bob, anna, revs[1])] {
        let page = w.sync(user, world::query(rev, &[])).await;
        assert_eq!(page.friends, [friend(other, Friendship::None)]);
        assert_eq!(page.rev, Rev(rev.0 + 1));
        assert!(page.users.iter().any(|named| named.id == other));
        let later = w.sync(user, world::query(page.rev, &[])).await;
        assert_eq!((later.rev, later.friends), (page.rev, vec![]));
    }
    Ok(())
}

pub async fn friendships_survive_a_restart(w: &mut World) -> Claim {
    for state in STATES {
        let (anna, bob) = pair(w, state).await?;
        let rev = w.own_rev(anna).await;
        w.reopen().await;
        assert_eq!(relation(w, anna, bob).await, state);
        assert_eq!(relation(w, bob, anna).await, state.mirrored());
        assert_eq!(w.own_rev(anna).await, rev);
    }
    Ok(())
}

/// Two users in that relation, seen from the first. One who is to be a stranger was a friend before:
/// that has to be forgotten, too.
async fn pair(w: &World, state: Friendship) -> Result<(UserId, UserId), super::Broken> {
    let anna = w.user(&format!("anna {}", w.fresh())).await;
    let bob = w.user(&format!("bob {}", w.fresh())).await;
    match state {
        Friendship::None => {
            w.befriend(anna, bob, FriendAction::Ask).await?;
            w.befriend(bob, anna, FriendAction::Accept).await?;
            w.befriend(anna, bob, FriendAction::Decline).await?;
        }
        Friendship::Incoming => {
            w.befriend(bob, anna, FriendAction::Ask).await?;
        }
        Friendship::Outgoing => {
            w.befriend(anna, bob, FriendAction::Ask).await?;
        }
        Friendship::Friends => {
            w.befriend(anna, bob, FriendAction::Ask).await?;
            w.befriend(bob, anna, FriendAction::Accept).await?;
        }
    }
    Ok((anna, bob))
}

/// What `other` is to `user`, as list and sync agree.
async fn relation(w: &World, user: UserId, other: UserId) -> Friendship {
    let mut found = Friendship::None;
    for state in [Friendship::Incoming, Friendship::Outgoing, Friendship::Friends] {
        if friends(w, user, &[state]).await.contains(&other) {
            assert_eq!(found, Friendship::None, "one relation at a time");
            found = state;
        }
    }
    let synced = Client::up_to_date(w, user).await.friends.get(&other).copied();
    assert_eq!(synced.unwrap_or(Friendship::None), found);
    found
}

async fn friends(w: &World, user: UserId, states: &[Friendship]) -> Vec<UserId> {
    let friends = w.store.friends(user, states).await.expect("friends are listed");
    friends.into_iter().map(|user| user.id).collect()
}
