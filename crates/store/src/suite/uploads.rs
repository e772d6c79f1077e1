//! Files that users upload: what they may keep, and what is removed.

use super::Claim;
use super::world::{World, refusal};
use crate::StoreError;
use rim_core::contact::Bounds;
use rim_core::file::LEAVING_MS;
use rim_core::group::{NewGroup, Role};
use rim_core::upload::NewUpload;
use rim_core::user::ProfileChange;
use rim_core::{Refusal, Timestamp, UserId};

const QUOTA: u64 = 1000;

fn name(letter: char) -> String {
    format!("{}.png", letter.to_string().repeat(64))
}

fn address(letter: char) -> String {
    format!("/media/avatars/{}", name(letter))
}

/// Returns when it was.
async fn upload(w: &World, user: UserId, letter: char, size_bytes: u64) -> crate::Result<Timestamp> {
    let (upload, now) = (NewUpload { user, name: name(letter), size_bytes, was_there: false }, w.now());
    w.store.keep_upload(upload, QUOTA, now).await.map(|()| now)
}

/// What is removed after a pause, in which nobody uploads or names anything.
async fn removed(w: &World, before: Timestamp) -> crate::Result<Vec<String>> {
    let mut unused = w.store.leave_uploads(before, 100, w.now()).await?;
    unused.sort();
    let mut forgotten = w.store.forget_uploads(unused.clone(), before).await?;
    forgotten.sort();
    assert_eq!(forgotten, unused);
    w.store.uploads_left(unused).await?;
    Ok(forgotten)
}

pub async fn a_user_keeps_as_much_as_the_quota_allows(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    upload(w, anna, 'a', 600).await?;
    let refused = Refusal::QuotaExceeded { used: 600, allowed: QUOTA };
    assert_eq!(refusal(upload(w, anna, 'b', 401).await), refused);
    // The same again takes no more room, and another has their own.
    upload(w, anna, 'a', 600).await?;
    upload(w, anna, 'c', 400).await?;
    upload(w, bob, 'b', 401).await?;
    upload(w, bob, 'a', 599).await?;
    Ok(())
}

pub async fn what_nothing_names_is_forgotten_and_makes_room(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let at = upload(w, anna, 'a', QUOTA).await?;
    assert_eq!(removed(w, at).await?, Vec::<String>::new(), "it was uploaded just then");
    assert_eq!(removed(w, at.plus_ms(1)).await?, [name('a')]);
    upload(w, anna, 'b', QUOTA).await?;
    Ok(())
}

pub async fn what_people_and_groups_show_stays_until_they_show_another(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    for letter in ['a', 'b', 'c'] {
        upload(w, anna, letter, 10).await?;
    }
    let avatar = |letter| ProfileChange { avatar: Some(address(letter)), ..ProfileChange::default() };
    w.store.update_profile(anna, avatar('a'), w.now()).await?;
    let group = NewGroup {
        creator: anna,
        name: "group".into(),
        avatar: format!("https://im.example.org{}", address('b')),
        mode: 2,
        members: vec![(bob, Role::Common)],
    };
    let group = w.store.create_group(group, Bounds::of_members(10), w.now()).await?;
    let later = w.now();
    assert_eq!(removed(w, later).await?, [name('c')]);
    w.store.update_profile(anna, avatar('d'), w.now()).await?;
    w.store.update_group(anna, group, "group".into(), String::new(), w.now()).await?;
    // Who has just seen one of them still finds it, as long as what was just uploaded.
    assert_eq!(removed(w, later).await?, Vec::<String>::new());
    assert_eq!(removed(w, w.now()).await?, [name('a'), name('b')]);
    Ok(())
}

pub async fn what_somebody_who_left_sees_of_a_group_stays(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    upload(w, anna, 'a', 10).await?;
    let group = NewGroup {
        creator: anna,
        name: "group".into(),
        avatar: address('a'),
        mode: 2,
        members: vec![(bob, Role::Common), (carl, Role::Common)],
    };
    let group = w.store.create_group(group, Bounds::of_members(10), w.now()).await?;
    w.store.remove_members(bob, group, vec![bob], w.now()).await?;
    w.store.update_group(anna, group, "group".into(), String::new(), w.now()).await?;
    assert_eq!(removed(w, w.now()).await?, Vec::<String>::new());
    Ok(())
}

pub async fn what_a_message_names_stays_for_ever(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for letter in ['a', 'b'] {
        upload(w, anna, letter, 10).await?;
    }
    let content = format!(r#"{{"url":"\/media\/avatars\/{}"}}"#, name('a'));
    w.send(anna, group, &content).await?;
    assert_eq!(removed(w, w.now()).await?, [name('b')]);
    Ok(())
}

pub async fn what_is_named_while_it_is_looked_for_stays(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for letter in ['a', 'b', 'c', 'd'] {
        upload(w, anna, letter, 10).await?;
    }
    let before = w.now();
    let mut unused = w.store.leave_uploads(before, 100, before).await?;
    unused.sort();
    assert_eq!(unused.len(), 4);
    let avatar = ProfileChange { avatar: Some(address('a')), ..ProfileChange::default() };
    w.store.update_profile(anna, avatar, before).await?;
    w.send(anna, group, &address('b')).await?;
    // Somebody else has the same picture. They have to ask again until it is known whether it goes.
    let upload = || NewUpload { user: bob, name: name('c'), size_bytes: 10, was_there: false };
    let busy = w.store.keep_upload(upload(), QUOTA, before).await;
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    assert_eq!(w.store.forget_uploads(unused.clone(), before).await?, [name('d')]);
    w.store.uploads_left(unused).await?;
    w.store.keep_upload(upload(), QUOTA, before).await?;
    Ok(())
}

pub async fn what_is_leaving_is_removed_by_one_and_by_another_only_if_that_one_does_not(
    w: &mut World,
) -> Claim {
    let anna = w.user("anna").await;
    upload(w, anna, 'a', 10).await?;
    let (before, marked) = (w.now(), LEAVING_MS as i64);
    assert_eq!(w.store.leave_uploads(before, 100, before).await?, [name('a')]);
    assert_eq!(w.store.leave_uploads(before, 100, before.plus_ms(marked)).await?, Vec::<String>::new());
    // It was forgotten, and then its node died.
    assert_eq!(w.store.forget_uploads(vec![name('a')], before).await?, [name('a')]);
    let later = before.plus_ms(marked + 1);
    assert_eq!(w.store.leave_uploads(before, 100, later).await?, [name('a')]);
    assert_eq!(w.store.forget_uploads(vec![name('a')], before).await?, [name('a')]);
    // Whoever uploads it meanwhile finds the file still there, and it is no file from before.
    let again = NewUpload { user: anna, name: name('a'), size_bytes: 10, was_there: true };
    let busy = w.store.keep_upload(again.clone(), QUOTA, w.now()).await;
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    w.store.uploads_left(vec![name('a')]).await?;
    assert_eq!(removed(w, w.now()).await?, [name('a')]);
    // Nobody else comes either: then it is whose who uploads it.
    upload(w, anna, 'a', 10).await?;
    let at = w.now();
    assert_eq!(w.store.leave_uploads(at, 100, at).await?, [name('a')]);
    let busy = w.store.keep_upload(again.clone(), QUOTA, at.plus_ms(marked)).await;
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    w.store.keep_upload(again, QUOTA, at.plus_ms(marked + 1)).await?;
    assert_eq!(w.store.leave_uploads(at, 100, at.plus_ms(10 * marked)).await?, Vec::<String>::new());
    Ok(())
}

pub async fn what_is_from_before_uploads_were_counted_stays(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let upload = NewUpload { user: anna, name: name('a'), size_bytes: 10, was_there: true };
    w.store.keep_upload(upload, QUOTA, w.now()).await?;
    assert_eq!(removed(w, w.now()).await?, Vec::<String>::new());
    Ok(())
}
