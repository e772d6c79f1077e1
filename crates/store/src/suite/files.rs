//! Files: who sees them, what uses them, and that what nothing uses is gone.

use rim_core::file::{
    Blob, CLAIM_MS, Claim as Claimed, Facts, File, FileId, FileLimits, Hash, Hold, KEPT_UNUSED_MS,
    LEAVING_MS, MAX_OPEN_TRANSFERS, NewFile, NewTransfer, Stock, Thumbs, TransferId,
};
use rim_core::group::{NewSettings, Role};
use rim_core::message::forward::Forward;
use rim_core::message::{Message, MessageKind, NewMessage};
use rim_core::note::Act;
use rim_core::schedule::{Planned, Scheduled, Turn};
use rim_core::user::ProfileChange;
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, Timestamp, UserId};

use super::Claim;
use super::world::{Sent, World, append, edit, refusal, text};
use crate::Result;
use crate::files::Progress;

/// More than any story uploads.
const MUCH: FileLimits =
    FileLimits { max_bytes: 1 << 40, stored_bytes: 1 << 40, day_bytes: 1 << 40, transfers: 9 };

const HOUR: i64 = CLAIM_MS as i64;
const DAY: i64 = KEPT_UNUSED_MS as i64;

fn hash(number: u64) -> Hash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Hash(hash)
}

fn id(number: u64) -> FileId {
    FileId::new(u128::from(number).to_be_bytes())
}

/// A picture that was measured.
fn picture(number: u64, owner: UserId) -> NewFile {
    let facts = Facts {
        width: Some(640),
        height: Some(480),
        thumbhash: Some(vec![1, 2, 3]),
        thumbs: Thumbs::of(&[320]),
        ..Facts::default()
    };
    NewFile {
        id: id(number),
        owner,
        hash: hash(number),
        name: format!("{number}.png"),
        size_bytes: 100,
        mime: "image/png".into(),
        facts,
        transfer: None,
    }
}

async fn claim(w: &World, number: u64, now: Timestamp) -> Claimed {
    let blob = Blob { hash: hash(number), size_bytes: 100, thumbs: Thumbs::of(&[320]) };
    w.store.claim_blob(blob, now).await.expect("claimed")
}

async fn add(w: &World, file: NewFile) -> File {
    let blob = Blob { hash: file.hash, size_bytes: file.size_bytes, thumbs: file.facts.thumbs };
    w.store.claim_blob(blob, w.now()).await.expect("claimed");
    w.store.add_file(file, MUCH, w.now()).await.expect("there is room").expect("its blob is there")
}

/// A new picture of a user.
pub(super) async fn upload(w: &World, owner: UserId) -> File {
    add(w, picture(w.fresh(), owner)).await
}

/// What a client sends to show a file.
pub(super) fn showing(file: FileId) -> String {
    format!(r#"{{"caption":"look","file":"{file}"}}"#)
}

async fn send_kind(
    w: &World,
    sender: UserId,
    group: GroupId,
    kind: MessageKind,
    content: &str,
) -> Result<Sent> {
    let plain = text(sender, group, &format!("message {}", w.fresh()), content, w.now());
    append(&w.store, NewMessage { kind, ..plain }).await
}

pub(super) async fn send(w: &World, sender: UserId, group: GroupId, file: FileId) -> Result<Sent> {
    send_kind(w, sender, group, MessageKind::Image, &showing(file)).await
}

pub(super) async fn sees(w: &World, user: UserId, file: FileId) -> bool {
    w.store.visible_file(user, file).await.expect("it is looked for").is_some()
}

async fn who_sees(w: &World, users: &[UserId], file: FileId) -> Vec<bool> {
    let mut seen = Vec::new();
    for user in users {
        seen.push(sees(w, *user, file).await);
    }
    seen
}

/// The hourly sweep, at a time: how many files went, and which blobs.
async fn sweep(w: &World, now: Timestamp) -> (u64, Vec<Hash>) {
    let files = w.store.unused_files(now, 100).await.expect("swept");
    let blobs = w.store.leaving_blobs(now, 100).await.expect("swept");
    let hashes: Vec<_> = blobs.iter().map(|blob| blob.hash).collect();
    w.store.forget_blobs(hashes.clone(), now).await.expect("forgotten");
    (files, hashes)
}

pub async fn a_file_is_its_owners_until_a_message_names_it(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let file = upload(w, anna).await;
    assert_eq!(w.store.file(file.id).await?, Some(file.clone()));
    assert_eq!(who_sees(w, &[anna, bob, carl], file.id).await, [true, false, false]);
    assert!(!sees(w, anna, id(999_999)).await);
    assert_eq!(refusal(send(w, bob, group, file.id).await), Refusal::NoSuchFile);
    assert_eq!(refusal(send(w, anna, group, id(999_999)).await), Refusal::NoSuchFile);

    let sent = send(w, anna, group, file.id).await?;

    let told = w.changes().await;
    let told = told.iter().rev().find_map(|change| match change {
        rim_core::event::Change::Message { message, .. } => Some(Message::clone(message)),
        _ => None,
    });
    let message = w.message(bob, group, sent.id).await;
    assert_eq!(told.expect("it is told"), message);
    assert_eq!(
        message.content,
        format!(
            r#"{{"file":"{}","name":"{}","size":100,"mime":"image/png","width":640,"height":480,"thumbhash":"AQID","thumbs":[320],"caption":"look"}}"#,
            file.id, file.name
        )
    );
    w.reopen().await;
    assert_eq!(who_sees(w, &[anna, bob, carl], file.id).await, [true, true, false]);
    // Who sees it may send it on.
    let other = w.group(bob, &[carl]).await;
    send(w, bob, other, file.id).await?;
    assert!(sees(w, carl, file.id).await);
    Ok(())
}

pub async fn a_file_is_shown_as_what_it_is(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let file = upload(w, anna).await;
    for kind in [MessageKind::Audio, MessageKind::Video] {
        let refused = send_kind(w, anna, group, kind, &showing(file.id)).await;
        assert_eq!(refusal(refused), Refusal::FileOfAnotherKind);
    }
    send_kind(w, anna, group, MessageKind::File, &showing(file.id)).await?;
    // What names a file in words alone uses none.
    let unsent = upload(w, anna).await;
    send_kind(w, anna, group, MessageKind::Text, &showing(unsent.id)).await?;
    send_kind(w, anna, group, MessageKind::Custom, &showing(unsent.id)).await?;
    send_kind(w, anna, group, MessageKind::Image, "/media/avatars/x.png").await?;
    assert!(!sees(w, bob, unsent.id).await);
    Ok(())
}

pub async fn many_messages_with_files_in_one_batch_are_looked_at_one_by_one(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let [ab, bc] = [w.group(anna, &[bob]).await, w.group(bob, &[carl]).await];
    let [own, strange, shown] = [upload(w, bob).await, upload(w, carl).await, upload(w, anna).await];
    send(w, anna, ab, shown.id).await?;
    let wanted = [(bc, own.id), (ab, strange.id), (bc, shown.id), (ab, own.id)];
    let sent = wanted.map(|(group, file)| send(w, bob, group, file));
    let [first, second, third, fourth] = sent;
    let sent = tokio::join!(first, second, third, fourth);
    assert!(sent.0.is_ok() && sent.2.is_ok() && sent.3.is_ok(), "{sent:?}");
    assert_eq!(refusal(sent.1), Refusal::NoSuchFile);
    assert_eq!(who_sees(w, &[anna, carl], own.id).await, [true, true]);
    assert_eq!(who_sees(w, &[anna, carl], strange.id).await, [false, true]);
    assert_eq!(who_sees(w, &[anna, carl], shown.id).await, [true, true]);
    Ok(())
}

pub async fn a_file_is_seen_as_long_as_a_message_in_sight_names_it(w: &mut World) -> Claim {
    let [anna, bob, carl, dora] = w.users(["anna", "bob", "carl", "dora"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let file = upload(w, anna).await;
    let sent = send(w, anna, group, file.id).await?;
    w.add(anna, group, &[dora]).await?;
    assert!(!sees(w, dora, file.id).await, "it was said before they came");
    w.store.hide(bob, group, vec![sent.id], w.now()).await?;
    assert!(!sees(w, bob, file.id).await, "they have hidden it");
    w.leave(carl, group).await?;
    assert!(sees(w, carl, file.id).await, "it is of their part");
    w.delete_chat(carl, group, None).await?;
    assert!(sees(w, carl, file.id).await, "deleting a chat hides nothing");
    let again = send(w, anna, group, file.id).await?;
    assert_eq!(who_sees(w, &[bob, carl, dora], file.id).await, [true, true, true]);
    w.store.clear(bob, group, None, w.now()).await?;
    assert!(!sees(w, bob, file.id).await);

    w.act(anna, group, sent.id, Act::Recall).await?;
    assert_eq!(who_sees(w, &[anna, bob, carl, dora], file.id).await, [true, false, false, true]);
    w.act(anna, group, again.id, Act::Recall).await?;
    assert_eq!(who_sees(w, &[anna, bob, carl, dora], file.id).await, [true, false, false, false]);
    Ok(())
}

pub async fn a_file_of_very_many_messages_is_found_by_ones_own_groups(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let file = upload(w, anna).await;
    let crowded = w.group(anna, &[carl]).await;
    for _ in 0..1_010 {
        send(w, anna, crowded, file.id).await?;
    }
    let group = w.group(anna, &[bob]).await;
    assert!(!sees(w, bob, file.id).await);
    send(w, anna, group, file.id).await?;
    assert!(sees(w, bob, file.id).await);
    send(w, bob, group, file.id).await?;
    Ok(())
}

pub async fn an_edit_keeps_the_file_and_what_is_known_of_it(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let [file, other] = [upload(w, anna).await, upload(w, anna).await];
    let sent = send(w, anna, group, file.id).await?;
    let before = w.message(bob, group, sent.id).await.content;
    let other = refusal(w.act(anna, group, sent.id, edit("1", &showing(other.id))).await);
    assert_eq!(other, Refusal::NotEditable);
    let wanted = format!(r#"{{"file":"{}","caption":"the sea","size":1}}"#, file.id);
    let edited = w.act(anna, group, sent.id, edit("2", &wanted)).await?;
    assert_eq!(edited.content, before.replace("look", "the sea"));
    assert_eq!(w.message(bob, group, sent.id).await.content, edited.content);
    assert!(sees(w, bob, file.id).await);
    Ok(())
}

async fn forward(
    w: &World,
    user: UserId,
    from: GroupId,
    messages: &[MessageId],
    to: GroupId,
    merged: bool,
) -> Result<Vec<Message>> {
    let forward = Forward {
        user,
        from,
        messages: messages.to_vec(),
        to: vec![to],
        merged,
        without_origin: false,
        client_msg_id: format!("f{}", w.fresh()),
        session: None,
        now: w.now(),
        connection: ConnectionId(0),
        content_bytes: 65_536,
    };
    Ok(w.store.forward(forward).await?.remove(0))
}

pub async fn what_is_forwarded_is_seen_by_those_who_get_it(w: &mut World) -> Claim {
    let [anna, bob, carl, dora] = w.users(["anna", "bob", "carl", "dora"]).await;
    let [ab, bc, cd] =
        [w.group(anna, &[bob]).await, w.group(bob, &[carl]).await, w.group(carl, &[dora]).await];
    let [one, two] = [upload(w, anna).await, upload(w, anna).await];
    let sent = [send(w, anna, ab, one.id).await?.id, send(w, anna, ab, two.id).await?.id];
    let copies = forward(w, bob, ab, &sent[..1], bc, false).await?;
    assert_eq!(copies[0].content, w.message(bob, ab, sent[0]).await.content);
    assert_eq!(who_sees(w, &[carl, dora], one.id).await, [true, false]);
    let merged = forward(w, bob, ab, &sent, bc, true).await?.remove(0);
    assert!(sees(w, carl, two.id).await);
    // All the way down.
    let again = forward(w, carl, bc, &[merged.id], cd, true).await?.remove(0);
    assert_eq!(who_sees(w, &[dora, dora], two.id).await, [true, true]);
    for message in sent {
        w.act(anna, ab, message, Act::Recall).await?;
    }
    assert_eq!(who_sees(w, &[bob, carl, dora], two.id).await, [true, true, true], "the copies live on");
    w.act(carl, cd, again.id, Act::Recall).await?;
    assert!(!sees(w, dora, two.id).await);
    Ok(())
}

fn planned(w: &World, user: UserId, group: GroupId, file: FileId) -> Scheduled {
    let kind = MessageKind::Image.code();
    let (reply_to, mentions, mention_all) = (None, Vec::new(), false);
    let what = Planned { kind, content: showing(file), reply_to, mentions, mention_all };
    let (created_at, id) = (w.now(), w.fresh());
    Scheduled { id, user, group, send_at: created_at.plus_ms(2 * DAY), created_at, what, failed: None }
}

pub async fn what_is_sent_later_holds_its_file_and_shows_it_to_nobody_before(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let [file, other, cancelled] = [upload(w, anna).await, upload(w, anna).await, upload(w, anna).await];
    let strange = planned(w, bob, group, file.id);
    assert_eq!(refusal(w.store.schedule(strange, w.now()).await), Refusal::NoSuchFile);
    let (first, second) = (planned(w, anna, group, file.id), planned(w, anna, group, cancelled.id));
    for message in [&first, &second] {
        w.store.schedule(message.clone(), w.now()).await?;
    }
    let listed = w.store.scheduled_part(anna, None, Turn::FIRST, usize::MAX).await?;
    assert!(listed.rows[0].what.content.contains(r#""width":640"#), "{listed:?}");
    let later = w.now().plus_ms(DAY + 1_000);
    assert_eq!(sweep(w, later).await.0, 1, "the other one");
    assert_eq!(w.store.file(other.id).await?, None);
    assert!(!sees(w, bob, file.id).await);

    w.store.cancel_scheduled(anna, second.id, w.now()).await?;
    w.store.send_scheduled(anna, first.id, first.send_at).await?;
    assert!(sees(w, bob, file.id).await);
    assert_eq!(sweep(w, w.now()).await.0, 1, "what was cancelled");
    assert_eq!(w.store.file(cancelled.id).await?, None);
    Ok(())
}

pub async fn another_scheduled_message_lets_go_of_the_file_of_the_one_before(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let [file, other] = [upload(w, anna).await, upload(w, anna).await];
    let message = planned(w, anna, group, file.id);
    w.store.schedule(message.clone(), w.now()).await?;
    let changed = Scheduled { what: planned(w, anna, group, other.id).what, ..message };
    w.store.reschedule(changed, w.now()).await?;
    assert_eq!(sweep(w, w.now()).await.0, 1);
    assert_eq!((w.store.file(file.id).await?, w.store.file(other.id).await?.is_some()), (None, true));
    Ok(())
}

pub async fn what_nothing_uses_goes_after_a_day_and_its_blob_after_it(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let [kept, left] = [upload(w, anna).await, upload(w, anna).await];
    send(w, anna, group, kept.id).await?;
    assert_eq!(w.store.stock().await?, Stock { blobs: 2, bytes: 200 });
    assert_eq!(sweep(w, left.created_at.plus_ms(DAY)).await, (0, vec![]), "not yet");
    assert_eq!(sweep(w, left.created_at.plus_ms(DAY + 1)).await, (1, vec![left.hash]));
    w.reopen().await;
    assert_eq!(w.store.file(left.id).await?, None);
    assert_eq!(sweep(w, left.created_at.plus_ms(9 * DAY)).await, (0, vec![]));
    assert!(sees(w, bob, kept.id).await);
    let blobs = w.store.blobs(None, 10).await?;
    assert_eq!(blobs, [Blob { hash: kept.hash, size_bytes: 100, thumbs: Thumbs::of(&[320]) }]);
    assert_eq!(w.store.blobs(Some(kept.hash), 10).await?, []);
    assert_eq!(w.store.stock().await?, Stock { blobs: 1, bytes: 100 });
    Ok(())
}

pub async fn what_was_recalled_goes_with_its_last_use(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let file = upload(w, anna).await;
    let sent = [send(w, anna, group, file.id).await?, send(w, anna, group, file.id).await?];
    w.act(anna, group, sent[0].id, Act::Recall).await?;
    assert_eq!(sweep(w, w.now()).await, (0, vec![]));
    w.act(anna, group, sent[1].id, Act::Recall).await?;
    assert_eq!(sweep(w, w.now()).await, (1, vec![file.hash]));
    assert_eq!(refusal(send(w, anna, group, file.id).await), Refusal::NoSuchFile);
    Ok(())
}

pub async fn what_has_expired_goes_with_its_last_use(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let settings = NewSettings { expire_seconds: Some(10), ..NewSettings::default() };
    w.store.set_group_settings(anna, group, settings, w.now()).await?;
    let file = upload(w, anna).await;
    send(w, anna, group, file.id).await?;
    assert!(sees(w, bob, file.id).await);
    let due = w.now().plus_ms(20_000);
    for (group, places) in w.store.due_messages(due, 10).await? {
        w.store.expire(group, places, due).await?;
    }
    assert!(!sees(w, bob, file.id).await);
    assert_eq!(sweep(w, w.now()).await, (1, vec![file.hash]));
    Ok(())
}

pub async fn bytes_that_two_have_go_with_the_last_file(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let number = w.fresh();
    let one = add(w, picture(number, anna)).await;
    let other = add(w, NewFile { id: id(w.fresh()), owner: bob, ..picture(number, bob) }).await;
    let sent = send(w, anna, group, one.id).await?;
    w.act(anna, group, sent.id, Act::Recall).await?;
    assert_eq!(sweep(w, w.now()).await, (1, vec![]));
    assert_eq!(sweep(w, other.created_at.plus_ms(DAY + 1)).await, (1, vec![one.hash]));
    Ok(())
}

pub async fn a_claim_protects_a_blob_for_an_hour(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let number = w.fresh();
    let at = w.now();
    assert_eq!(claim(w, number, at).await, Claimed::New);
    assert_eq!(claim(w, number, at).await, Claimed::There);
    assert_eq!(sweep(w, at.plus_ms(HOUR)).await, (0, vec![]));
    // While it is being removed nobody has it, and whoever wants it waits until it is gone.
    let gone = at.plus_ms(HOUR + 1);
    let leaving = w.store.leaving_blobs(gone, 10).await?;
    assert_eq!(leaving.len(), 1);
    assert_eq!(w.store.leaving_blobs(gone, 10).await?, [], "one removes it");
    assert_eq!(claim(w, number, gone).await, Claimed::Leaving);
    assert_eq!(w.store.add_file(picture(number, anna), MUCH, gone).await?, None);
    assert_eq!(w.store.blobs(None, 10).await?, []);
    // Unless that one never comes to its end: then it is another's, and the first has no say any more.
    let later = gone.plus_ms(LEAVING_MS as i64 + 1);
    assert_eq!(w.store.leaving_blobs(gone.plus_ms(LEAVING_MS as i64), 10).await?, []);
    assert_eq!(w.store.leaving_blobs(later, 10).await?, leaving);
    w.store.forget_blobs(vec![hash(number)], gone).await?;
    assert_eq!(claim(w, number, later).await, Claimed::Leaving);
    w.store.forget_blobs(vec![hash(number)], later).await?;
    assert_eq!(w.store.add_file(picture(number, anna), MUCH, gone).await?, None);
    assert_eq!(claim(w, number, gone).await, Claimed::New);
    assert!(w.store.add_file(picture(number, anna), MUCH, gone).await?.is_some());
    // Claimed again by one who never comes back.
    assert_eq!(claim(w, number, gone).await, Claimed::There);
    assert_eq!(sweep(w, gone.plus_ms(HOUR + 1)).await, (0, vec![]));
    assert_eq!(w.store.blobs(None, 10).await?.len(), 1);
    Ok(())
}

pub async fn what_no_row_knows_is_adopted_and_goes_in_an_hour_unless_somebody_names_it(
    w: &mut World,
) -> Claim {
    let anna = w.user("anna").await;
    let at = w.now();
    let kept = add(w, picture(w.fresh(), anna)).await;
    let [gone, named] = [w.fresh(), w.fresh()];
    let blob = |number| Blob { hash: hash(number), size_bytes: 100, thumbs: Thumbs::of(&[320]) };
    // Of one there are previews alone, and one is known.
    let found =
        vec![blob(gone), Blob { size_bytes: 0, ..blob(named) }, Blob { hash: kept.hash, ..blob(gone) }];
    assert_eq!(w.store.adopt_blobs(found.clone(), at).await?, 2);
    assert_eq!(w.store.adopt_blobs(found, at.plus_ms(HOUR)).await?, 0, "the first time counts");
    assert_eq!(sweep(w, at.plus_ms(HOUR)).await, (0, vec![]));
    // Somebody uploads the same meanwhile.
    let file = add(w, picture(named, anna)).await;
    assert_eq!(sweep(w, at.plus_ms(HOUR + 1)).await, (0, vec![hash(gone)]));
    let mut left: Vec<_> = w.store.blobs(None, 10).await?.iter().map(|it| (it.hash, it.size_bytes)).collect();
    left.sort_unstable();
    let mut expected = vec![(kept.hash, kept.size_bytes), (file.hash, file.size_bytes)];
    expected.sort_unstable();
    assert_eq!(left, expected);
    Ok(())
}

pub async fn what_nobody_removes_any_more_is_whose_who_claims_it(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let number = w.fresh();
    let at = w.now();
    let blob = Blob { hash: hash(number), size_bytes: 100, thumbs: Thumbs::of(&[320, 800]) };
    assert_eq!(w.store.claim_blob(blob, at).await?, Claimed::New);
    let gone = at.plus_ms(HOUR + 1);
    assert_eq!(w.store.leaving_blobs(gone, 10).await?, [blob]);
    let anew = Blob { thumbs: Thumbs::of(&[320]), ..blob };
    assert_eq!(w.store.claim_blob(anew, gone.plus_ms(LEAVING_MS as i64)).await?, Claimed::Leaving);
    let later = gone.plus_ms(LEAVING_MS as i64 + 1);
    assert_eq!(w.store.claim_blob(anew, later).await?, Claimed::There);
    // The previews that it had may be gone, and whoever comes late has no say.
    assert_eq!(w.store.blobs(None, 10).await?, [anew]);
    w.store.forget_blobs(vec![hash(number)], gone).await?;
    assert_eq!(w.store.blobs(None, 10).await?, [anew]);
    assert!(w.store.add_file(picture(number, anna), MUCH, later).await?.is_some());
    Ok(())
}

pub async fn a_file_that_is_added_again_is_the_same_and_counts_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (number, now) = (w.fresh(), w.now());
    claim(w, number, now).await;
    let limits = FileLimits { max_bytes: 100, stored_bytes: 150, day_bytes: 150, transfers: 2 };
    let new = NewFile { size_bytes: 100, ..picture(number, anna) };
    let added = w.store.add_file(new.clone(), limits, now).await?;
    assert!(added.is_some());
    assert_eq!(w.store.add_file(new.clone(), limits, now).await?, added);
    w.store.may_upload(anna, 50, limits, now).await?;
    // An id is nobody else's.
    assert!(w.store.add_file(NewFile { owner: bob, ..new }, limits, now).await.is_err());
    Ok(())
}

pub async fn a_claim_outlives_the_file_that_others_had(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let number = w.fresh();
    let file = add(w, picture(number, anna)).await;
    let later = file.created_at.plus_ms(DAY + 1);
    assert_eq!(claim(w, number, later).await, Claimed::There);
    assert_eq!(
        sweep(w, later).await,
        (1, vec![]),
        "the file goes, and the bytes stay for who has just claimed them"
    );
    let again = NewFile { id: id(w.fresh()), ..picture(number, bob) };
    assert!(w.store.add_file(again, MUCH, later).await?.is_some());
    Ok(())
}

pub async fn a_user_uploads_what_their_quota_and_their_day_allow(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let limits = FileLimits { max_bytes: 100, stored_bytes: 250, day_bytes: 300, transfers: 2 };
    let now = w.now();
    let add = async |user, size_bytes, at| {
        let number = w.fresh();
        claim(w, number, at).await;
        w.store.add_file(NewFile { size_bytes, ..picture(number, user) }, limits, at).await
    };
    assert_eq!(refusal(add(anna, 101, now).await), Refusal::FileTooLarge(100));
    add(anna, 100, now).await?;
    add(anna, 100, now).await?;
    let full = Refusal::QuotaExceeded { used: 200, allowed: 250 };
    assert_eq!(refusal(add(anna, 51, now).await), full);
    assert_eq!(refusal(w.store.may_upload(anna, 51, limits, now).await), full);
    w.store.may_upload(anna, 50, limits, now).await?;
    add(bob, 100, now).await?;
    // What is gone makes room, but not in the day.
    let later = now.plus_ms(DAY + 1);
    add(anna, 50, later).await?;
    assert_eq!(w.store.unused_files(later, 10).await?, 3, "but not that of today");
    for _ in 0..2 {
        add(anna, 100, later).await?;
    }
    assert_eq!(w.store.unused_files(later.plus_ms(DAY + 1), 10).await?, 3);
    let tired = Refusal::DayExceeded { used: 250, allowed: 300 };
    assert_eq!(refusal(add(anna, 51, later).await), tired);
    add(anna, 50, later).await?;
    Ok(())
}

pub async fn a_poster_is_set_once_and_lives_with_its_video(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let film = NewFile { mime: "video/mp4".into(), facts: Facts::default(), ..picture(w.fresh(), anna) };
    let film = add(w, film).await;
    let poster = w.fresh();
    let facts = Facts {
        width: Some(9),
        height: Some(8),
        thumbhash: Some(vec![7]),
        picture: Some(hash(poster)),
        thumbs: Thumbs::of(&[320, 800]),
        ..Facts::default()
    };
    assert_eq!(refusal(w.store.set_poster(bob, film.id, facts.clone()).await), Refusal::NoSuchFile);
    assert_eq!(w.store.set_poster(anna, film.id, facts.clone()).await?, None, "nobody has put it there");
    claim(w, poster, w.now()).await;
    let shown = w.store.set_poster(anna, film.id, facts.clone()).await?.expect("it is there");
    assert_eq!(shown.facts, facts);
    assert_eq!(w.store.file(film.id).await?, Some(shown.clone()));
    let another = Facts { width: Some(1), ..facts };
    assert_eq!(w.store.set_poster(anna, film.id, another.clone()).await?, Some(shown));
    let still = upload(w, anna).await;
    assert_eq!(refusal(w.store.set_poster(anna, still.id, another).await), Refusal::FileOfAnotherKind);
    let (files, mut blobs) = sweep(w, w.now().plus_ms(2 * DAY)).await;
    blobs.sort_unstable();
    let mut all = vec![film.hash, hash(poster), still.hash];
    all.sort_unstable();
    assert_eq!((files, blobs), (2, all));
    Ok(())
}

pub async fn the_picture_of_a_user_is_for_all_and_of_a_group_for_its_members(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let [own, groups] = [upload(w, anna).await, upload(w, anna).await];
    let address = |file: &File| format!("/media/files/{}", file.id);
    let avatar = |avatar: String| ProfileChange { avatar: Some(avatar), ..ProfileChange::default() };
    let refused = w.store.update_profile(carl, avatar(address(&own)), w.now()).await;
    assert_eq!(refusal(refused), Refusal::NoSuchFile, "not one that they do not see");
    w.store.update_profile(anna, avatar(address(&own)), w.now()).await?;
    w.store.update_group(anna, group, "group".into(), format!("{}/320", address(&groups)), w.now()).await?;
    assert_eq!(who_sees(w, &[anna, bob, carl], own.id).await, [true, true, true]);
    assert_eq!(who_sees(w, &[anna, bob, carl], groups.id).await, [true, true, false]);
    assert_eq!(sweep(w, w.now().plus_ms(2 * DAY)).await, (0, vec![]));
    // Who sees a picture may send it on.
    send(w, carl, w.group(carl, &[]).await, own.id).await?;
    w.leave(bob, group).await?;
    assert!(sees(w, bob, groups.id).await, "it is as it was when they left");
    w.set_role(anna, group, anna, Role::Admin).await.ok();
    let later = upload(w, anna).await;
    w.store.update_group(anna, group, "group".into(), address(&later), w.now()).await?;
    assert_eq!(who_sees(w, &[anna, bob, carl], groups.id).await, [true, true, false]);
    assert_eq!(who_sees(w, &[anna, bob, carl], later.id).await, [true, false, false]);
    send(w, bob, w.group(bob, &[]).await, groups.id).await?;
    assert_eq!(sweep(w, w.now()).await, (0, vec![]));
    // Nobody has left while this one was shown.
    w.store.update_group(anna, group, "group".into(), String::new(), w.now()).await?;
    w.store.update_profile(anna, avatar(String::new()), w.now()).await?;
    assert_eq!(who_sees(w, &[bob, carl], own.id).await, [false, true]);
    assert_eq!(sweep(w, w.now()).await, (1, vec![later.hash]));
    Ok(())
}

fn transfer(w: &World, user: UserId, size_bytes: u64, now: Timestamp) -> NewTransfer {
    NewTransfer {
        id: TransferId::new(u128::from(w.fresh()).to_be_bytes()),
        user,
        name: "film.mp4".into(),
        mime: "video/mp4".into(),
        as_file: true,
        size_bytes,
        notes: "none".into(),
        expires_at: now.plus_ms(DAY),
    }
}

fn progress(id: TransferId, holder: u64, received: u64, now: Timestamp) -> Progress {
    let notes = format!("so far {received}");
    Progress { id, holder, received, notes, held_until: now.plus_ms(10_000), expires_at: now.plus_ms(DAY) }
}

pub async fn one_at_a_time_goes_on_with_a_transfer(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let now = w.now();
    let new = transfer(w, anna, 500, now);
    let id = new.id;
    w.store.begin_transfer(new, MUCH, now).await?;
    assert_eq!(w.store.transfer(bob, id, now).await?, None);
    let hold = async |holder, at: Timestamp| {
        w.store.hold_transfer(anna, id, holder, at.plus_ms(10_000), 2, at).await
    };
    let Some(Hold::Yours(begun)) = hold(1, now).await? else { panic!("nobody has it") };
    assert_eq!((begun.received, &*begun.notes, begun.as_file, begun.file), (0, "none", true, None));
    assert_eq!(hold(2, now).await?, Some(Hold::Held(now.plus_ms(10_000))));
    assert!(w.store.advance_transfer(progress(id, 1, 300, now)).await?);
    assert!(!w.store.advance_transfer(progress(id, 2, 400, now)).await?);
    w.reopen().await;
    let hold = async |holder, at: Timestamp| {
        w.store.hold_transfer(anna, id, holder, at.plus_ms(10_000), 2, at).await
    };
    // Of who has died the hold lapses, and who comes late with its bytes is not heard.
    let later = now.plus_ms(10_001);
    let Some(Hold::Yours(goes_on)) = hold(2, later).await? else { panic!("its hold has lapsed") };
    assert_eq!((goes_on.received, &*goes_on.notes), (300, "so far 300"));
    assert!(!w.store.advance_transfer(progress(id, 1, 400, later)).await?);
    w.store.let_go_of_transfer(id, 2).await?;
    assert!(matches!(hold(3, later).await?, Some(Hold::Yours(_))));
    Ok(())
}

pub async fn a_transfer_makes_one_file(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let (now, number) = (w.now(), w.fresh());
    let new = transfer(w, anna, 100, now);
    let id = new.id;
    w.store.begin_transfer(new, MUCH, now).await?;
    claim(w, number, now).await;
    let file = NewFile { transfer: Some(id), ..picture(number, anna) };
    let made = w.store.add_file(file.clone(), MUCH, now).await?.expect("its blob is there");
    let another = NewFile { id: self::id(w.fresh()), ..file };
    assert_eq!(w.store.add_file(another, MUCH, now).await?, Some(made.clone()), "the one that it has made");
    let finished = w.store.transfer(anna, id, now).await?.expect("it is known until it expires");
    assert_eq!((finished.file, finished.received), (Some(made.id), 100));
    assert!(matches!(
        w.store.hold_transfer(anna, id, 5, now, 1, now).await?,
        Some(Hold::Yours(held)) if held.file == Some(made.id)
    ));
    assert!(!w.store.advance_transfer(progress(id, 5, 1, now)).await?);
    Ok(())
}

pub async fn transfers_that_rest_give_way_to_new_ones(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let now = w.now();
    let limits = FileLimits { max_bytes: 100, stored_bytes: 250, day_bytes: 1 << 40, transfers: 2 };
    let mut begun = Vec::new();
    for _ in 0..2 {
        let new = transfer(w, anna, 100, now);
        begun.push(new.id);
        w.store.begin_transfer(new, limits, w.now()).await?;
    }
    let until = now.plus_ms(10_000);
    w.store.hold_transfer(anna, begun[0], 1, until, 2, w.now()).await?;
    w.store.begin_transfer(transfer(w, anna, 100, now), limits, w.now()).await?;
    assert_eq!(w.store.transfer(anna, begun[1], w.now()).await?, None, "it gave way");
    let expired = w.store.expired_transfers(now, 10).await?;
    assert_eq!(expired.iter().map(|transfer| transfer.id).collect::<Vec<_>>(), [begun[1]]);
    assert!(w.store.has_transfer(begun[1]).await?);
    assert!(w.store.drop_transfer(anna, begun[1]).await?.is_some());
    assert!(!w.store.has_transfer(begun[1]).await?);
    assert_eq!(w.store.drop_transfer(anna, begun[1]).await?, None);
    assert!(w.store.transfer(anna, begun[0], w.now()).await?.is_some(), "it is held");
    // However small they are, there is an end to them.
    for _ in 0..MAX_OPEN_TRANSFERS {
        w.store.begin_transfer(transfer(w, anna, 0, now), limits, w.now()).await?;
    }
    assert_eq!(w.store.expired_transfers(now, 200).await?.len(), 2);
    Ok(())
}

pub async fn so_many_transfers_of_a_user_go_on_at_the_same_time(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let now = w.now();
    let mut begun = Vec::new();
    for _ in 0..3 {
        let new = transfer(w, anna, 100, now);
        begun.push(new.id);
        w.store.begin_transfer(new, MUCH, now).await?;
    }
    let hold = async |id| w.store.hold_transfer(anna, id, 1, now.plus_ms(10_000), 2, now).await;
    for id in &begun[..2] {
        assert!(matches!(hold(*id).await?, Some(Hold::Yours(_))));
    }
    assert_eq!(refusal(hold(begun[2]).await), Refusal::TooManyTransfers(2));
    assert!(hold(begun[0]).await?.is_some(), "one's own again");
    w.store.let_go_of_transfer(begun[0], 1).await?;
    assert!(hold(begun[2]).await?.is_some());
    let late = now.plus_ms(DAY + 20_000);
    assert_eq!(w.store.expired_transfers(late, 10).await?.len(), 3);
    assert_eq!(w.store.hold_transfer(anna, begun[0], 1, late, 2, late).await?, None);
    Ok(())
}

pub async fn a_secret_is_what_was_drawn_first(w: &mut World) -> Claim {
    assert_eq!(w.store.secret("links", [1; 32]).await?, [1; 32]);
    assert_eq!(w.store.secret("links", [2; 32]).await?, [1; 32]);
    assert_eq!(w.store.secret("others", [3; 32]).await?, [3; 32]);
    w.reopen().await;
    assert_eq!(w.store.secret("links", [4; 32]).await?, [1; 32]);
    Ok(())
}
