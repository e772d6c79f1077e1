//! Users: accounts, passwords, profiles.

use std::sync::Arc;

use tokio::join;

use super::Claim;
use super::world::{self, NO_USER, World, ended, new_user, refusal};
use rim_core::event::{Change, Ended};
use rim_core::friend::FriendAction;
use rim_core::session::Proof;
use rim_core::user::{NewUser, ProfileChange, User};
use rim_core::{Refusal, Rev, UserId};

pub async fn a_user_is_found_as_they_were_created(w: &mut World) -> Claim {
    let now = w.now();
    let anna = w.store.create_user(new_user("Anna"), now).await?;
    let expected = User {
        id: anna,
        account: "Anna".into(),
        name: "Anna".into(),
        avatar: "Anna.png".into(),
        email: "Anna@example.org".into(),
    };
    assert_eq!(w.store.user(anna).await?.as_ref(), Some(&expected));
    assert_eq!(w.store.user_by_account("Anna").await?.as_ref(), Some(&expected));

    let listed = w.store.list_users(UserId(0), 10).await?;
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].user, listed[0].created_at, listed[0].disabled), (&expected, now, false));
    Ok(())
}

pub async fn ids_are_numbers_that_javascript_can_hold(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let message = w.send(anna, group, "hi").await?.id;
    let session = w.login(anna, 1).await;
    for id in [anna.0, bob.0, group.0, message.0, session.0] {
        assert!((1..1 << 53).contains(&id), "{id}");
    }
    Ok(())
}

pub async fn an_unknown_user_is_none(w: &mut World) -> Claim {
    assert_eq!(w.store.user(NO_USER).await?, None);
    assert_eq!(w.store.user_by_account("nobody").await?, None);
    assert_eq!(w.store.credentials("nobody").await?, None);
    assert_eq!(w.store.credentials_of(NO_USER).await?, None);
    Ok(())
}

pub async fn an_account_is_taken_whatever_its_case_and_blanks(w: &mut World) -> Claim {
    w.user("Änna").await;
    for account in ["Änna", "änna", "ÄNNA", "  Änna", "änna\u{3000}", "\tÄnNa "] {
        let again = w.store.create_user(new_user(account), w.now()).await;
        assert_eq!(refusal(again), Refusal::AccountTaken, "{account:?}");
    }
    w.user("Än na").await;
    w.user("Anna").await;
    assert_eq!(w.store.list_users(UserId(0), 10).await?.len(), 3);
    Ok(())
}

pub async fn an_account_is_taken_in_every_form_of_its_text(w: &mut World) -> Claim {
    for (account, forms) in [
        ("Zoë", &["zoe\u{308}", "ZOË", "Zo\u{200B}ë"][..]),
        ("strasse", &["straße", "ＳＴＲＡＳＳＥ"][..]),
        ("ﬁnn", &["FINN", "finn"][..]),
    ] {
        let id = w.store.create_user(named(account), w.now()).await?;
        for form in forms {
            assert_eq!(
                refusal(w.store.create_user(named(form), w.now()).await),
                Refusal::AccountTaken,
                "{form}"
            );
            assert_eq!(w.store.credentials(form).await?.map(|found| found.user), Some(id), "{form}");
            assert_eq!(w.store.user_by_account(form).await?.map(|found| found.id), Some(id), "{form}");
        }
    }
    Ok(())
}

pub async fn an_account_that_looks_like_another_is_refused(w: &mut World) -> Claim {
    w.store.create_user(named("anna"), w.now()).await?;
    for alike in ["аnnа", "ａnnа", "anոa"] {
        let refused = refusal(w.store.create_user(named(alike), w.now()).await);
        assert_eq!(refused, Refusal::AccountConfusable, "{alike}");
        assert_eq!(w.store.user_by_account(alike).await?, None, "{alike}");
    }
    w.store.create_user(named("анна"), w.now()).await?;
    for ascii in ["modern", "modem", "bill", "bi11"] {
        w.store.create_user(named(ascii), w.now()).await?;
    }
    Ok(())
}

pub async fn an_account_is_kept_composed(w: &mut World) -> Claim {
    let id = w.store.create_user(named("Zoe\u{308}"), w.now()).await?;
    assert_eq!(w.store.user(id).await?.expect("found").account, "Zoë");
    Ok(())
}

fn named(account: &str) -> NewUser {
    let text = |text: &str| text.to_owned();
    NewUser {
        account: text(account),
        name: text("Somebody"),
        avatar: text(""),
        email: text(""),
        password_hash: Some(text("hash")),
    }
}

pub async fn an_account_is_kept_as_given_but_trimmed(w: &mut World) -> Claim {
    let anna = w.user("  ANNA Blüm ").await;
    let found = w.store.user_by_account("anna blüm").await?.expect("anna");
    assert_eq!((found.id, found.account.as_str()), (anna, "ANNA Blüm"));
    Ok(())
}

pub async fn an_account_is_found_whatever_its_case_and_blanks(w: &mut World) -> Claim {
    let anna = w.user("Änna").await;
    for account in ["Änna", " änna ", "ÄNNA"] {
        let user = w.store.user_by_account(account).await?.expect("found");
        let credentials = w.store.credentials(account).await?.expect("found");
        assert_eq!((user.id, credentials.user), (anna, anna), "{account:?}");
    }
    assert_eq!(w.store.user_by_account("Anna").await?, None);
    Ok(())
}

pub async fn a_login_is_checked_against_what_was_stored(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let credentials = w.store.credentials("anna").await?.expect("anna");
    assert_eq!(credentials.user, anna);
    assert_eq!(credentials.password_hash.as_deref(), Some("hash of anna"));
    assert!(!credentials.disabled);
    assert_eq!(w.store.credentials_of(anna).await?, Some(credentials));
    Ok(())
}

pub async fn a_user_without_a_password_has_none(w: &mut World) -> Claim {
    let guest = NewUser { password_hash: None, ..new_user("guest") };
    let guest = w.store.create_user(guest, w.now()).await?;
    let credentials = w.store.credentials("guest").await?.expect("guest");
    assert_eq!((credentials.user, credentials.password_hash), (guest, None));
    Ok(())
}

pub async fn a_new_password_replaces_the_old_one(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.store.set_password(anna, "new".into(), None).await?;
    assert_eq!(password(w, anna).await, "new");
    assert_eq!(password(w, bob).await, "hash of bob");
    Ok(())
}

pub async fn a_new_password_ends_every_session_but_the_kept_one(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    let laptop = w.login(anna, 3).await;
    let other = w.login(bob, 4).await;
    w.changes().await;

    w.store.set_password(anna, "new".into(), Some(w.proof(anna, tablet).await)).await?;

    assert_eq!(w.session(1).await, None);
    assert_eq!(w.session(2).await, Some(tablet));
    assert_eq!(w.session(3).await, None);
    assert_eq!(w.session(4).await, Some(other));
    assert_eq!(ended(w.change().await), (anna, vec![phone, laptop], Ended::Revoked));
    Ok(())
}

pub async fn a_new_password_that_keeps_none_ends_every_session(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    w.changes().await;

    w.store.set_password(anna, "new".into(), None).await?;

    assert_eq!((w.session(1).await, w.session(2).await), (None, None));
    assert_eq!(ended(w.change().await), (anna, vec![phone, tablet], Ended::Revoked));
    Ok(())
}

pub async fn a_stronger_hash_replaces_only_the_one_it_was_made_from(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    w.changes().await;

    w.store.rehash_password(anna, "another", "wrong".into()).await?;
    assert_eq!(password(w, anna).await, "hash of anna");

    w.store.rehash_password(anna, "hash of anna", "stronger".into()).await?;
    assert_eq!(password(w, anna).await, "stronger");

    assert_eq!(w.session(1).await, Some(phone));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn disabling_a_user_ends_their_sessions(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    let other = w.login(bob, 3).await;
    w.changes().await;

    w.store.set_disabled(anna, true, w.now()).await?;

    assert_eq!((w.session(1).await, w.session(2).await), (None, None));
    assert_eq!(w.session(3).await, Some(other));
    assert_eq!(w.store.sessions(anna, w.now()).await?, []);
    assert_eq!(ended(w.change().await), (anna, vec![phone, tablet], Ended::Disabled));
    assert!(w.store.credentials("anna").await?.expect("anna").disabled);
    let listed = w.store.list_users(UserId(0), 10).await?;
    assert_eq!(listed.iter().map(|user| user.disabled).collect::<Vec<_>>(), [true, false]);
    Ok(())
}

pub async fn a_disabled_user_keeps_their_memberships(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let members = w.members(anna, group).await;
    w.store.set_disabled(bob, true, w.now()).await?;
    assert_eq!(w.members(anna, group).await, members);
    assert_eq!(w.store.group_ids_of(bob).await?, [group]);
    Ok(())
}

pub async fn a_login_that_was_checked_before_its_user_was_disabled_opens_nothing(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let checked = w.password_hash(anna).await;
    w.store.set_disabled(anna, true, w.now()).await?;
    assert_eq!(refusal(w.login_by(anna, 1, checked).await), Refusal::Disabled);
    // Nothing is left that would be valid once they are enabled.
    w.store.set_disabled(anna, false, w.now()).await?;
    assert_eq!(w.session(1).await, None);
    assert_eq!(w.store.sessions(anna, w.now()).await?, []);
    Ok(())
}

pub async fn a_login_that_was_checked_against_an_earlier_password_opens_nothing(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let checked = w.password_hash(anna).await;
    w.store.set_password(anna, "new".into(), None).await?;
    assert_eq!(refusal(w.login_by(anna, 1, checked).await), Refusal::PasswordChanged);
    assert_eq!(refusal(w.login_by(anna, 2, None).await), Refusal::PasswordChanged);
    assert_eq!(refusal(w.login_by(NO_USER, 3, None).await), Refusal::NoSuchUser);
    assert_eq!(w.store.sessions(anna, w.now()).await?, []);
    w.login_by(anna, 4, Some("new".into())).await?;
    Ok(())
}

pub async fn logins_beside_a_new_password_are_ended_by_it_or_refused(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    for round in 0..20_u8 {
        let old = w.password_hash(anna).await;
        let (one, changed, other) = join!(
            w.login_by(anna, 2 * round, old.clone()),
            w.store.set_password(anna, format!("password {round}"), None),
            w.login_by(anna, 2 * round + 1, old.clone()),
        );
        changed?;
        for refused in [one, other].into_iter().filter_map(Result::err) {
            assert_eq!(refusal::<()>(Err(refused)), Refusal::PasswordChanged);
        }
        assert_eq!(w.store.sessions(anna, w.now()).await?, [], "round {round}");
    }
    Ok(())
}

pub async fn of_two_who_change_a_password_at_once_one_does(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let (phone, tablet) = (w.login(anna, 1).await, w.login(anna, 2).await);
    let (by_phone, by_tablet) = (w.proof(anna, phone).await, w.proof(anna, tablet).await);
    let (one, other) = join!(
        w.store.set_password(anna, "of the phone".into(), Some(by_phone)),
        w.store.set_password(anna, "of the tablet".into(), Some(by_tablet)),
    );
    let (kept, new, late) = match (one, other) {
        (Ok(()), late) => (phone, "of the phone", late),
        (late, Ok(())) => (tablet, "of the tablet", late),
        neither => panic!("{neither:?}"),
    };
    // The one that comes late has lost its session by then.
    assert_eq!(refusal(late), Refusal::SessionEnded(Ended::Revoked));
    assert_eq!(password(w, anna).await, new);
    let left: Vec<_> = w.store.sessions(anna, w.now()).await?.into_iter().map(|left| left.id).collect();
    assert_eq!(left, [kept]);
    Ok(())
}

pub async fn a_password_is_changed_by_whoever_knows_it_in_a_session_that_goes_on(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    let guess = Proof { session: phone, password_hash: "guess".into() };
    let refused = w.store.set_password(anna, "new".into(), Some(guess)).await;
    assert_eq!(refusal(refused), Refusal::PasswordChanged);
    let of_another = Proof { session: w.login(bob, 2).await, ..w.proof(anna, phone).await };
    let refused = w.store.set_password(anna, "new".into(), Some(of_another)).await;
    assert_eq!(refusal(refused), Refusal::SessionEnded(Ended::Revoked));
    let proof = w.proof(anna, phone).await;
    w.store.set_disabled(anna, true, w.now()).await?;
    let refused = w.store.set_password(anna, "new".into(), Some(proof)).await;
    assert_eq!(refusal(refused), Refusal::SessionEnded(Ended::Disabled));
    assert_eq!(password(w, anna).await, "hash of anna");
    Ok(())
}

pub async fn an_enabled_user_must_log_in_anew(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    w.login(anna, 1).await;
    w.store.set_disabled(anna, true, w.now()).await?;
    w.store.set_disabled(anna, false, w.now()).await?;

    assert!(!w.store.credentials("anna").await?.expect("anna").disabled);
    assert_eq!(w.session(1).await, None);
    let again = w.login(anna, 2).await;
    assert_eq!(w.session(2).await, Some(again));
    Ok(())
}

pub async fn users_are_listed_by_id_page_by_page(w: &mut World) -> Claim {
    let mut created = Vec::new();
    for name in ["eve", "dan", "carl", "bob", "anna"] {
        created.push(w.user(name).await);
    }
    created.sort();
    let mut listed = Vec::new();
    loop {
        let after = listed.last().copied().unwrap_or_default();
        let page = w.store.list_users(after, 2).await?;
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|record| record.user.id));
    }
    assert_eq!(listed, created);
    Ok(())
}

pub async fn a_profile_changes_where_it_was_told_to(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let before = w.store.user(anna).await?.expect("anna");

    let name = ProfileChange { name: Some("Anna B".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, name, w.now()).await?;
    let renamed = User { name: "Anna B".into(), ..before };
    assert_eq!(w.store.user(anna).await?.as_ref(), Some(&renamed));

    let rest = ProfileChange { name: None, avatar: Some("b.png".into()), email: Some(String::new()) };
    w.store.update_profile(anna, rest, w.now()).await?;
    let changed = User { avatar: "b.png".into(), email: String::new(), ..renamed };
    assert_eq!(w.store.user(anna).await?, Some(changed));
    Ok(())
}

pub async fn a_changed_profile_is_told_to_oneself(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    w.changes().await;
    let Rev(rev) = w.own_rev(anna).await;
    let at = w.now();
    w.store.update_profile(anna, email("new"), at).await?;

    let user = Arc::new(w.store.user(anna).await?.expect("anna"));
    assert_eq!(user.email, "new");
    assert_eq!(w.change().await, Change::Profile { to: anna, rev: Rev(rev + 1), user: user.clone(), at });
    let page = w.sync(anna, world::query(Rev(rev), &[])).await;
    assert_eq!((page.rev, page.me), (Rev(rev + 1), Some(Arc::unwrap_or_clone(user))));
    Ok(())
}

pub async fn a_profile_that_stays_as_it_was_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.changes().await;
    let places = (w.own_rev(anna).await, w.own_rev(bob).await, w.rev(bob, group).await);
    let User { name, avatar, email, .. } = w.store.user(anna).await?.expect("anna");
    let same = ProfileChange { name: Some(name), avatar: Some(avatar), email: Some(email) };
    for change in [ProfileChange::default(), same] {
        w.store.update_profile(anna, change, w.now()).await?;
    }
    assert_eq!(w.changes().await, []);
    assert_eq!((w.own_rev(anna).await, w.own_rev(bob).await, w.rev(bob, group).await), places);
    Ok(())
}

pub async fn a_new_name_is_told_to_friends_and_in_groups(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let (group, single) = (w.group(bob, &[anna, dan]).await, w.single(anna, bob).await);
    let left = w.group(dan, &[anna]).await;
    w.leave(anna, left).await?;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    w.befriend(anna, dan, FriendAction::Ask).await?;
    w.befriend(dan, anna, FriendAction::Decline).await?;
    w.befriend(carl, anna, FriendAction::Ask).await?;
    let (of_group, of_single) = (w.rev(bob, group).await, w.rev(bob, single).await);
    let own = [w.own_rev(anna).await, w.own_rev(bob).await, w.own_rev(carl).await];
    w.changes().await;

    let at = w.now();
    w.store.update_profile(anna, name("Anna B"), at).await?;

    let anna_b = w.store.user(anna).await?.expect("anna");
    let seen = Arc::new(anna_b.for_others());
    let next = |rev: Rev| Rev(rev.0 + 1);
    let to = |to, rev, user| Change::Profile { to, rev: next(rev), user, at };
    let in_group = |group, rev| Change::MemberProfile { group, rev: next(rev), user: Arc::clone(&seen), at };
    let told = [
        to(anna, own[0], Arc::new(anna_b)),
        to(bob, own[1], Arc::clone(&seen)),
        to(carl, own[2], Arc::clone(&seen)),
        in_group(group, of_group),
        in_group(single, of_single),
    ];
    assert_eq!(w.changes().await, told);
    Ok(())
}

pub async fn a_new_email_concerns_oneself_alone(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.befriend(anna, bob, FriendAction::Ask).await?;
    let (of_bob, of_group) = (w.own_rev(bob).await, w.rev(bob, group).await);
    w.changes().await;
    w.store.update_profile(anna, email("new"), w.now()).await?;
    assert!(matches!(w.change().await, Change::Profile { to, .. } if to == anna));
    assert_eq!((w.own_rev(bob).await, w.rev(bob, group).await), (of_bob, of_group));
    Ok(())
}

fn name(name: &str) -> ProfileChange {
    ProfileChange { name: Some(name.into()), ..ProfileChange::default() }
}

fn email(email: &str) -> ProfileChange {
    ProfileChange { email: Some(email.into()), ..ProfileChange::default() }
}

pub async fn what_is_done_to_an_unknown_user_is_refused(w: &mut World) -> Claim {
    let refused = [
        w.store.set_password(NO_USER, "new".into(), None).await,
        w.store.set_disabled(NO_USER, true, w.now()).await,
        w.store.update_profile(NO_USER, ProfileChange::default(), w.now()).await,
    ];
    for result in refused {
        assert_eq!(refusal(result), Refusal::NoSuchUser);
    }
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn users_survive_a_restart(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.store.set_password(anna, "new".into(), None).await?;
    w.store.set_disabled(bob, true, w.now()).await?;
    let name = ProfileChange { name: Some("Anna B".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, name, w.now()).await?;
    let users = w.store.list_users(UserId(0), 10).await?;
    let rev = w.own_rev(anna).await;

    w.reopen().await;

    assert_eq!(w.store.list_users(UserId(0), 10).await?, users);
    assert_eq!(password(w, anna).await, "new");
    assert_eq!(w.own_rev(anna).await, rev);
    let again = w.store.create_user(new_user("ANNA"), w.now()).await;
    assert_eq!(refusal(again), Refusal::AccountTaken);
    let carl = w.user("carl").await;
    assert!(carl > bob, "ids are not given out twice");
    Ok(())
}

async fn password(w: &World, user: UserId) -> String {
    let credentials = w.store.credentials_of(user).await.expect("credentials are read");
    credentials.expect("they exist").password_hash.expect("they have a password")
}
