//! Sessions: logins, their expiry and their end.

use super::Claim;
use super::world::{World, append, ended, hash, refusal, text, write};
use rim_core::event::Ended;
use rim_core::message::{Mark, NewMessage, Receipt, Write};
use rim_core::session::{NewSession, Session};
use rim_core::{ConnectionId, GroupId, Refusal, SessionId, Timestamp, UserId};

pub async fn a_session_is_found_by_its_token(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let now = w.now();
    let login = NewSession {
        user: anna,
        password_hash: w.password_hash(anna).await,
        token_hash: hash(7),
        device: "phone".into(),
        address: "192.0.2.7".into(),
        now,
        expires_at: now.plus_ms(1000),
        most: u64::MAX,
    };
    let id = w.store.create_session(login).await?;
    let expected = Session {
        id,
        user: anna,
        device: "phone".into(),
        address: "192.0.2.7".into(),
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus_ms(1000),
    };
    assert_eq!(w.store.session_by_token(hash(7), w.now()).await?.as_ref(), Some(&expected));
    assert_eq!(w.store.session(anna, id, w.now()).await?.as_ref(), Some(&expected));
    assert_eq!(w.store.sessions(anna, w.now()).await?, [expected]);
    Ok(())
}

pub async fn a_session_is_found_by_its_user_until_it_ends(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let start = w.now();
    let phone = login(w, anna, 1, start, 100).await;
    let tablet = login(w, anna, 2, start, 100).await;
    let (before, after) = (start.plus_ms(99), start.plus_ms(100));
    for (user, session, at, is_found) in [
        (anna, phone, before, true),
        (anna, tablet, before, true),
        (bob, phone, before, false),
        (anna, SessionId(phone.0 + tablet.0), before, false),
        (anna, phone, after, false),
    ] {
        let found = w.store.session(user, session, at).await?.map(|session| session.id);
        assert_eq!(found, is_found.then_some(session));
    }
    w.store.end_session(anna, phone).await?;
    assert_eq!(w.store.session(anna, phone, before).await?, None);
    w.store.set_disabled(anna, true, before).await?;
    assert_eq!(w.store.session(anna, tablet, before).await?, None);
    Ok(())
}

pub async fn an_unknown_token_finds_nothing(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    w.login(anna, 1).await;
    assert_eq!(w.session(2).await, None);
    Ok(())
}

pub async fn a_second_login_does_not_end_the_first(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    assert_ne!(phone, tablet);
    assert_eq!((w.session(1).await, w.session(2).await), (Some(phone), Some(tablet)));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_user_sees_their_own_sessions_by_id(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut own = Vec::new();
    for token in 1..=4 {
        own.push(w.login(anna, token).await);
        w.login(bob, token + 100).await;
    }
    own.sort();
    assert_eq!(sessions(w, anna, w.now()).await, own);
    Ok(())
}

pub async fn an_expired_session_is_no_session(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let start = w.now();
    let short = login(w, anna, 1, start, 100).await;
    let long = login(w, anna, 2, start, 10_000).await;

    let before = start.plus_ms(99);
    assert_eq!(session_at(w, 1, before).await, Some(short));
    assert_eq!(sessions(w, anna, before).await, [short, long]);

    let after = start.plus_ms(101);
    assert_eq!(session_at(w, 1, after).await, None);
    assert_eq!(session_at(w, 2, after).await, Some(long));
    assert_eq!(sessions(w, anna, after).await, [long]);
    Ok(())
}

pub async fn expired_sessions_are_purged_and_counted(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let start = w.now();
    login(w, anna, 1, start, 100).await;
    login(w, bob, 2, start, 200).await;
    let long = login(w, bob, 3, start, 10_000).await;

    assert_eq!(w.store.purge_sessions(start.plus_ms(99)).await?, 0);
    assert_eq!(w.store.purge_sessions(start.plus_ms(201)).await?, 2);
    assert_eq!(w.store.purge_sessions(start.plus_ms(201)).await?, 0);
    assert_eq!(session_at(w, 3, start.plus_ms(201)).await, Some(long));
    Ok(())
}

pub async fn everything_agrees_on_the_instant_of_expiry(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let start = w.now();
    login(w, anna, 1, start, 100).await;
    let instant = start.plus_ms(100);
    let found = session_at(w, 1, instant).await.is_some();
    let listed = !sessions(w, anna, instant).await.is_empty();
    let purged = w.store.purge_sessions(instant).await? == 1;
    assert_eq!((found, listed), (!purged, !purged));
    Ok(())
}

pub async fn when_anybody_was_last_seen_is_known(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    assert_eq!(w.store.last_seen().await?, None);
    let start = w.now();
    let session = login(w, anna, 1, start, 100).await;
    login(w, bob, 2, start.plus_ms(50), 10).await;
    assert_eq!(w.store.last_seen().await?, Some(start.plus_ms(50)), "whether or not it has expired");
    w.store.touch_session(session, String::new(), start.plus_ms(80), start.plus_ms(200)).await?;
    assert_eq!(w.store.last_seen().await?, Some(start.plus_ms(80)));
    Ok(())
}

pub async fn using_a_session_is_noted_and_prolongs_it(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let start = w.now();
    let id = login(w, anna, 1, start, 100).await;

    let used = start.plus_ms(50);
    w.store.touch_session(id, "198.51.100.9".into(), used, start.plus_ms(500)).await?;

    let later = start.plus_ms(400);
    let session = w.store.session_by_token(hash(1), later).await?.expect("it was prolonged");
    assert_eq!(session.address, "198.51.100.9");
    assert_eq!(session.created_at, start);
    assert_eq!(session.last_seen_at, used);
    assert_eq!(session.expires_at, start.plus_ms(500));
    assert_eq!(session_at(w, 1, start.plus_ms(501)).await, None);
    Ok(())
}

pub async fn using_an_ended_session_does_nothing(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let id = w.login(anna, 1).await;
    w.store.end_session(anna, id).await?;

    let now = w.now();
    w.store.touch_session(id, "198.51.100.9".into(), now, now.plus_ms(500)).await?;

    assert_eq!(w.session(1).await, None);
    assert_eq!(sessions(w, anna, w.now()).await, []);
    Ok(())
}

pub async fn ending_a_session_is_told(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    w.changes().await;

    w.store.end_session(anna, phone).await?;

    assert_eq!((w.session(1).await, w.session(2).await), (None, Some(tablet)));
    assert_eq!(ended(w.change().await), (anna, vec![phone], Ended::Revoked));
    Ok(())
}

pub async fn nobody_ends_anothers_session(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    w.changes().await;

    assert_eq!(refusal(w.store.end_session(bob, phone).await), Refusal::NoSuchSession);
    assert_eq!(refusal(w.store.end_session(anna, SessionId(phone.0 + 1)).await), Refusal::NoSuchSession);

    assert_eq!(w.session(1).await, Some(phone));
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_session_ends_once(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    w.store.end_session(anna, phone).await?;
    w.changes().await;
    assert_eq!(refusal(w.store.end_session(anna, phone).await), Refusal::NoSuchSession);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn all_other_sessions_end_at_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    let own = w.login(anna, 2).await;
    let tablet = w.login(anna, 3).await;
    let bobs = w.login(bob, 4).await;
    w.changes().await;

    assert_eq!(w.store.end_other_sessions(anna, own).await?, 2);

    assert_eq!(sessions(w, anna, w.now()).await, [own]);
    assert_eq!((w.session(1).await, w.session(2).await, w.session(3).await), (None, Some(own), None));
    assert_eq!(w.session(4).await, Some(bobs));
    assert_eq!(ended(w.change().await), (anna, vec![phone, tablet], Ended::Revoked));
    Ok(())
}

pub async fn without_other_sessions_none_end(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let own = w.login(anna, 1).await;
    w.changes().await;
    assert_eq!(w.store.end_other_sessions(anna, own).await?, 0);
    assert_eq!(sessions(w, anna, w.now()).await, [own]);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn sessions_survive_a_restart(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    let tablet = w.login(anna, 2).await;
    w.store.end_session(anna, tablet).await?;
    let session = w.store.session_by_token(hash(1), w.now()).await?;

    w.reopen().await;

    assert_eq!(w.store.session_by_token(hash(1), w.now()).await?, session);
    assert_eq!((w.session(1).await, w.session(2).await), (Some(phone), None));
    Ok(())
}

pub async fn the_id_of_an_ended_session_is_not_given_out_again(w: &mut World) -> Claim {
    // Or what is told late of the old one would end the new one.
    let anna = w.user("anna").await;
    let phone = w.login(anna, 1).await;
    w.store.end_session(anna, phone).await?;
    let tablet = w.login(anna, 2).await;
    w.store.end_session(anna, tablet).await?;
    w.reopen().await;
    let laptop = w.login(anna, 3).await;
    assert!(phone != tablet && laptop != phone && laptop != tablet);
    Ok(())
}

pub async fn nothing_that_comes_from_an_ended_session_is_stored(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let (phone, tablet) = (w.login(anna, 1).await, w.login(anna, 2).await);
    let first = append(&w.store, from(w, phone, anna, group, "first")).await?;
    let second = w.send(anna, group, "second").await?;
    w.store.end_session(anna, phone).await?;
    w.changes().await;

    let refused = append(&w.store, from(w, phone, anna, group, "third")).await;
    assert_eq!(refusal(refused), Refusal::SessionEnded(Ended::Revoked));
    let again = append(&w.store, from(w, phone, anna, group, "first")).await;
    assert_eq!(refusal(again), Refusal::SessionEnded(Ended::Revoked), "nor is it told what was stored");
    for receipt in [Receipt::Delivered, Receipt::Read] {
        let (session, now) = (Some(phone), w.now());
        let mark = Mark {
            group,
            user: anna,
            message: second.id,
            receipt,
            session,
            now,
            connection: ConnectionId(0),
        };
        let refused = write(&w.store, Write::Mark(mark)).await;
        assert_eq!(refusal(refused), Refusal::SessionEnded(Ended::Revoked));
    }

    assert_eq!(w.changes().await, []);
    assert_eq!(append(&w.store, from(w, tablet, anna, group, "first")).await?, first, "others go on");
    append(&w.store, from(w, tablet, anna, group, "fourth")).await?;
    assert_eq!(w.texts(anna, group).await, ["first", "second", "fourth"]);
    Ok(())
}

pub async fn what_comes_from_the_sessions_of_a_disabled_user_is_refused_as_such(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let phone = w.login(anna, 1).await;
    w.store.set_disabled(anna, true, w.now()).await?;
    let refused = append(&w.store, from(w, phone, anna, group, "anybody?")).await;
    assert_eq!(refusal(refused), Refusal::SessionEnded(Ended::Disabled));
    Ok(())
}

/// A text that comes from a session, under an id that is the text.
fn from(w: &World, session: SessionId, sender: UserId, group: GroupId, content: &str) -> NewMessage {
    NewMessage { session: Some(session), ..text(sender, group, content, content, w.now()) }
}

async fn login(w: &World, user: UserId, token: u8, now: Timestamp, lasts_ms: i64) -> SessionId {
    let session = NewSession {
        user,
        password_hash: w.password_hash(user).await,
        token_hash: hash(token),
        device: "phone".into(),
        address: "192.0.2.1".into(),
        now,
        expires_at: now.plus_ms(lasts_ms),
        most: u64::MAX,
    };
    w.store.create_session(session).await.expect("a session is created")
}

async fn session_at(w: &World, token: u8, now: Timestamp) -> Option<SessionId> {
    let session = w.store.session_by_token(hash(token), now).await.expect("a token is looked up");
    session.map(|session| session.id)
}

async fn sessions(w: &World, user: UserId, now: Timestamp) -> Vec<SessionId> {
    let sessions = w.store.sessions(user, now).await.expect("sessions are listed");
    sessions.into_iter().map(|session| session.id).collect()
}

pub async fn one_session_too_many_ends_the_one_that_nobody_misses(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let phone = w.login(anna, 1).await;
    let script = w.login(anna, 2).await;
    let of_bob = w.login(bob, 3).await;
    let used = w.now();
    w.store.touch_session(phone, "192.0.2.1".into(), used, used.plus_ms(3_600_000)).await?;
    let login = async |token| {
        let now = w.now();
        let session = NewSession {
            user: anna,
            password_hash: w.password_hash(anna).await,
            token_hash: hash(token),
            device: String::new(),
            address: "192.0.2.1".into(),
            now,
            expires_at: now.plus_ms(3_600_000),
            most: 2,
        };
        w.store.create_session(session).await
    };
    let tablet = login(4).await?;
    assert_eq!(ended(w.change().await), (anna, vec![script], Ended::Revoked));
    assert_eq!(
        (w.session(1).await, w.session(2).await, w.session(4).await),
        (Some(phone), None, Some(tablet))
    );
    let other = login(5).await?;
    assert_eq!(ended(w.change().await), (anna, vec![tablet], Ended::Revoked), "the phone is in use");
    assert_eq!((w.session(1).await, w.session(5).await), (Some(phone), Some(other)));
    assert_eq!(w.session(3).await, Some(of_bob), "others have theirs");
    Ok(())
}
