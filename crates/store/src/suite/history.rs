//! History: what each may read of a group, page by page.

use super::Claim;
use super::world::{NO_GROUP, World, seqs, texts};
use rim_core::message::Page;
use rim_core::{GroupId, Seq, UserId};

pub async fn pages_are_cut_newest_first_and_ascend(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 7).await?;
    assert_eq!(page(w, anna, group, 1, 3).await, [5, 6, 7]);
    assert_eq!(page(w, anna, group, 2, 3).await, [2, 3, 4]);
    assert_eq!(page(w, anna, group, 3, 3).await, [1]);
    assert!(page(w, anna, group, 4, 3).await.is_empty());
    assert_eq!(page(w, anna, group, 1, 100).await, [1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

pub async fn walking_the_pages_meets_every_message_once(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 20).await?;
    for size in [1, 2, 3, 7, 19, 20, 21] {
        let mut met = Vec::new();
        for number in 1.. {
            let mut page = page(w, anna, group, number, size).await;
            if page.is_empty() {
                break;
            }
            page.extend(met);
            met = page;
        }
        assert_eq!(met, Vec::from_iter(1..=20), "in pages of {size}");
    }
    Ok(())
}

pub async fn a_page_of_no_size_is_empty(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 3).await?;
    assert!(page(w, anna, group, 1, 0).await.is_empty());
    assert!(page(w, anna, group, 2, 0).await.is_empty());
    Ok(())
}

pub async fn a_page_far_beyond_the_end_is_empty(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 3).await?;
    assert!(page(w, anna, group, u64::MAX, u32::MAX).await.is_empty());
    assert_eq!(page(w, anna, group, 1, u32::MAX).await, [1, 2, 3]);
    Ok(())
}

pub async fn a_group_without_messages_has_an_empty_history(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 0).await?;
    let history = w.history(anna, group, Page { number: 1, size: 10 }, None).await.expect("a member");
    assert_eq!((history.messages, history.senders), (vec![], vec![]));
    Ok(())
}

pub async fn below_holds_the_pages_still(w: &mut World) -> Claim {
    let (anna, group) = talk(w, 9).await?;
    let w = &*w;
    let below = |number, size, below| async move {
        let history = w.history(anna, group, Page { number, size }, Some(Seq(below))).await;
        seqs(&history.expect("a member").messages)
    };
    assert_eq!(below(1, 3, 6).await, [3, 4, 5]);
    assert_eq!(below(2, 3, 6).await, [1, 2]);
    assert!(below(1, 3, 1).await.is_empty());
    assert!(below(1, 3, 0).await.is_empty());
    assert_eq!(below(1, 2, 10).await, [8, 9]);
    assert_eq!(below(1, 2, 1000).await, [8, 9]);
    Ok(())
}

pub async fn a_page_names_its_group_and_each_sender_once(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    for sender in [carl, anna, bob, anna, bob] {
        w.send(sender, group, "hi").await?;
    }
    let history = w.history(carl, group, Page { number: 1, size: 4 }, None).await.expect("a member");
    assert_eq!(history.group, w.group_of(carl, group).await);
    let mut senders = history.senders;
    senders.sort_by_key(|user| user.id);
    let expected = [w.store.user(anna).await?, w.store.user(bob).await?];
    assert_eq!(senders.into_iter().map(Some).collect::<Vec<_>>(), expected);
    Ok(())
}

pub async fn a_sender_who_left_is_still_named(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(bob, group, "bye").await?;
    w.leave(bob, group).await?;
    let history = w.history(anna, group, Page { number: 1, size: 4 }, None).await.expect("a member");
    assert_eq!(history.senders.iter().map(|user| user.id).collect::<Vec<_>>(), [bob]);
    Ok(())
}

pub async fn nothing_is_seen_from_before_joining(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "before").await?;
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.texts(bob, group).await.len(), 0);
    w.send(anna, group, "after").await?;
    assert_eq!(w.texts(bob, group).await, ["after"]);
    assert_eq!(w.texts(anna, group).await, ["before", "after"]);
    Ok(())
}

pub async fn one_who_left_reads_their_part(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "before").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "during").await?;
    w.remove(anna, group, &[bob]).await?;
    w.send(anna, group, "after").await?;
    assert_eq!(w.texts(bob, group).await, ["during"]);
    Ok(())
}

pub async fn one_who_left_at_once_reads_nothing(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "before").await?;
    w.add(anna, group, &[bob]).await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "after").await?;
    assert_eq!(w.texts(bob, group).await.len(), 0);
    Ok(())
}

pub async fn one_who_came_back_sees_both_parts_without_the_gap(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut expected = Vec::new();
    for stay in 0..3 {
        for n in 0..3 {
            let content = format!("stay {stay}, {n}");
            w.send(anna, group, &content).await?;
            expected.push(content);
        }
        w.leave(bob, group).await?;
        assert_eq!(w.texts(bob, group).await, expected);
        w.send(anna, group, "the gap").await?;
        w.send(anna, group, "the gap").await?;
        w.add(anna, group, &[bob]).await?;
        assert_eq!(w.texts(bob, group).await, expected);
    }
    for size in [1, 2, 4, 5] {
        let mut met = Vec::new();
        for number in 1..=10 {
            let page = w.history(bob, group, Page { number, size }, None).await.expect("a member");
            let mut page = texts(&page.messages);
            page.extend(met);
            met = page;
        }
        assert_eq!(met, expected, "in pages of {size}");
    }
    Ok(())
}

pub async fn strangers_read_nothing(w: &mut World) -> Claim {
    let [anna, eve] = w.users(["anna", "eve"]).await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "secret").await?;
    let page = Page { number: 1, size: 10 };
    assert_eq!(w.history(eve, group, page, None).await, None);
    assert_eq!(w.history(anna, NO_GROUP, page, None).await, None);
    Ok(())
}

pub async fn history_survives_a_restart(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "two").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "three").await?;
    w.reopen().await;
    assert_eq!(w.texts(bob, group).await, ["one", "three"]);
    assert_eq!(w.texts(anna, group).await, ["one", "two", "three"]);
    Ok(())
}

/// A group in which two have sent so many messages.
async fn talk(w: &World, messages: usize) -> Result<(UserId, GroupId), super::Broken> {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..messages {
        w.send(if n % 2 == 0 { anna } else { bob }, group, &format!("message {n}")).await?;
    }
    Ok((anna, group))
}

async fn page(w: &World, user: UserId, group: GroupId, number: u64, size: u32) -> Vec<u64> {
    let history = w.history(user, group, Page { number, size }, None).await;
    seqs(&history.expect("they are or were a member").messages)
}
