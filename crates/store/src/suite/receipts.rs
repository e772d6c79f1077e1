//! Receipts: how far a message has come to its readers, and what is unread.

use super::Claim;
use super::world::{NO_GROUP, NO_MESSAGE, World, refusal, write};
use rim_core::event::Change;
use rim_core::message::{Mark, Receipt, Write, Written};
use rim_core::sync::MemberState;
use rim_core::{ConnectionId, GroupId, Refusal, Rev, Seq, UserId};

pub async fn a_receipt_is_kept_and_told(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let message = w.send(anna, group, "hi").await?;
    w.changes().await;

    for (rev, receipt) in [(4, Receipt::Delivered), (5, Receipt::Read)] {
        let at = w.now();
        let mark = Mark {
            group,
            user: bob,
            message: message.id,
            receipt,
            session: None,
            now: at,
            connection: ConnectionId(5),
        };
        assert_eq!(write(&w.store, Write::Mark(mark)).await?, Written::Marked);
        let told = Change::Receipt {
            group,
            rev: Rev(rev),
            user: bob,
            receipt,
            message: message.id,
            seq: message.seq,
            at,
            connection: ConnectionId(5),
        };
        assert_eq!(w.change().await, told);
        assert_eq!(w.rev(anna, group).await, Rev(rev));
    }
    assert_eq!(receipts(w, group, anna, bob).await, (1, 1));
    Ok(())
}

pub async fn delivered_is_not_read(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let message = w.send(anna, group, "hi").await?;
    w.delivered(bob, group, message.id).await?;
    assert_eq!(receipts(w, group, anna, bob).await, (0, 1));
    assert_eq!(w.unread(bob, group).await, 1);
    Ok(())
}

pub async fn read_implies_delivered_with_one_rev(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let message = w.send(anna, group, "hi").await?;
    w.changes().await;

    w.read(bob, group, message.id).await?;
    assert_eq!(receipts(w, group, anna, bob).await, (1, 1));
    assert_eq!(receipt_change(w.change().await), (Receipt::Read, Seq(1)));
    assert_eq!(w.rev(anna, group).await, Rev(4));

    w.delivered(bob, group, message.id).await?;
    assert_eq!(w.rev(anna, group).await, Rev(4), "it was delivered already");
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_receipt_never_moves_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(w.send(anna, group, "hi").await?.id);
    }
    w.delivered(bob, group, sent[2]).await?;
    w.read(bob, group, sent[1]).await?;
    let Rev(rev) = w.rev(anna, group).await;
    assert_eq!(receipts(w, group, anna, bob).await, (2, 3));
    w.changes().await;

    w.read(bob, group, sent[0]).await?;
    w.read(bob, group, sent[1]).await?;
    w.delivered(bob, group, sent[1]).await?;
    w.delivered(bob, group, sent[2]).await?;
    assert_eq!(receipts(w, group, anna, bob).await, (2, 3));
    assert_eq!(w.rev(anna, group).await, Rev(rev));
    assert_eq!(w.changes().await, []);

    // Read up to what was delivered; then beyond.
    w.read(bob, group, sent[2]).await?;
    assert_eq!(receipts(w, group, anna, bob).await, (3, 3));
    w.read(bob, group, sent[3]).await?;
    assert_eq!(receipts(w, group, anna, bob).await, (4, 4));
    assert_eq!(w.rev(anna, group).await, Rev(rev + 2));
    Ok(())
}

pub async fn a_receipt_is_ones_own(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let message = w.send(anna, group, "hi").await?;
    w.read(bob, group, message.id).await?;
    assert_eq!(receipts(w, group, anna, carl).await, (0, 0));
    assert_eq!(w.unread(carl, group).await, 1);
    assert_eq!(w.unread(bob, group).await, 0);
    Ok(())
}

pub async fn a_message_that_is_not_of_the_group_marks_nothing(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let other = w.group(anna, &[bob]).await;
    w.send(anna, group, "hi").await?;
    let foreign = w.send(anna, other, "elsewhere").await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;

    for message in [foreign.id, NO_MESSAGE] {
        w.read(bob, group, message).await?;
        w.delivered(bob, group, message).await?;
    }

    assert_eq!(receipts(w, group, anna, bob).await, (0, 0));
    assert_eq!(receipts(w, other, anna, bob).await, (0, 0));
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn only_members_mark(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    let message = w.send(anna, group, "hi").await?.id;
    w.leave(bob, group).await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;
    for stranger in [bob, eve] {
        assert_eq!(refusal(w.read(stranger, group, message).await), Refusal::NotMember);
        assert_eq!(refusal(w.delivered(stranger, group, message).await), Refusal::NotMember);
    }
    assert_eq!(refusal(w.read_all(eve, group).await), Refusal::NotMember);
    assert_eq!(refusal(w.read(anna, NO_GROUP, message).await), Refusal::NoSuchGroup);
    assert_eq!(refusal(w.read_all(anna, NO_GROUP).await), Refusal::NoSuchGroup);
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn everything_is_marked_read_at_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    let last = w.send(anna, group, "two").await?;
    w.changes().await;
    let at = w.now();

    w.store.mark_all_read(bob, group, at).await?;

    assert_eq!(w.unread(bob, group).await, 0);
    assert_eq!(receipts(w, group, anna, bob).await, (2, 2));
    let told = Change::Receipt {
        group,
        rev: Rev(5),
        user: bob,
        receipt: Receipt::Read,
        message: last.id,
        seq: last.seq,
        at,
        connection: ConnectionId(0),
    };
    assert_eq!(w.change().await, told);
    Ok(())
}

pub async fn nothing_to_read_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    w.read_all(bob, group).await?;
    assert_eq!(w.changes().await, []);

    w.send(anna, group, "hi").await?;
    w.read_all(bob, group).await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;
    w.read_all(bob, group).await?;
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn unread_counts_what_came_after_the_last_one_read(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for n in 1..=5 {
        sent.push(w.send(anna, group, "hi").await?.id);
        assert_eq!(w.unread(bob, group).await, n);
        assert_eq!(w.unread(anna, group).await, 0, "nobody has their own to read");
    }
    w.read(bob, group, sent[2]).await?;
    assert_eq!(w.unread(bob, group).await, 2);
    w.read(bob, group, sent[4]).await?;
    assert_eq!(w.unread(bob, group).await, 0);
    Ok(())
}

pub async fn writing_in_a_chat_reads_it(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.send(bob, group, "three").await?;
    assert_eq!(w.unread(bob, group).await, 0);
    assert_eq!(w.unread(anna, group).await, 1);
    w.send(anna, group, "four").await?;
    assert_eq!(w.unread(bob, group).await, 1);
    assert_eq!(w.unread(anna, group).await, 0);
    Ok(())
}

pub async fn sending_again_reads_nothing_more(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send_as(bob, group, "b-1", "one").await?;
    w.send(anna, group, "two").await?;
    w.send_as(bob, group, "b-1", "one").await?;
    assert_eq!(w.unread(bob, group).await, 1);
    Ok(())
}

pub async fn one_who_joins_has_nothing_to_read(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.delta(bob, group).await.unread, 0);
    w.send(anna, group, "three").await?;
    assert_eq!(w.unread(bob, group).await, 1);

    w.leave(bob, group).await?;
    w.send(anna, group, "four").await?;
    w.send(anna, group, "five").await?;
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.unread(bob, group).await, 0, "what they missed while away is not unread");
    w.send(anna, group, "six").await?;
    assert_eq!(w.unread(bob, group).await, 1);
    Ok(())
}

pub async fn receipts_survive_a_restart(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let one = w.send(anna, group, "one").await?;
    let two = w.send(anna, group, "two").await?;
    w.send(bob, group, "three").await?;
    w.send(anna, group, "four").await?;
    w.read(bob, group, one.id).await?;
    w.delivered(bob, group, two.id).await?;
    let rev = w.rev(anna, group).await;

    w.reopen().await;

    assert_eq!(receipts(w, group, anna, bob).await, (1, 2));
    assert_eq!((w.unread(bob, group).await, w.unread(anna, group).await), (1, 0));
    assert_eq!(w.rev(anna, group).await, rev);
    Ok(())
}

/// How far `user` has read and received, as `viewer` is told.
async fn receipts(w: &World, group: GroupId, viewer: UserId, user: UserId) -> (u64, u64) {
    let MemberState { read_seq, delivered_seq, .. } = w.member(viewer, group, user).await;
    (read_seq.0, delivered_seq.0)
}

#[track_caller]
fn receipt_change(change: Change) -> (Receipt, Seq) {
    match change {
        Change::Receipt { receipt, seq, .. } => (receipt, seq),
        other => panic!("a receipt moved on: {other:?}"),
    }
}
