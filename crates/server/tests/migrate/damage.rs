//! A row that is not what it was is found, and named.

use rim_server::migrate::{self, Progress};

use crate::house::{Place, begin, filled, move_all};

/// What is done to a table, how it is told, and what makes it good again.
const DAMAGES: [[&str; 3]; 5] = [
    [
        "UPDATE messages SET content = 'hullo' WHERE id = 1",
        "table messages, id 1: another content",
        "UPDATE messages SET content = 'hello' WHERE id = 1",
    ],
    [
        "UPDATE members SET read_seq = read_seq + 1, rev = rev + 1 WHERE group_id = 1 AND user_id = 2",
        "table members, group_id 1, user_id 2: another read_seq, rev",
        "UPDATE members SET read_seq = read_seq - 1, rev = rev - 1 WHERE group_id = 1 AND user_id = 2",
    ],
    [
        "UPDATE friendships SET user_id = 0 WHERE user_id = 1 AND other_id = 2",
        "table friendships, user_id 0, other_id 2: it should not be there",
        "UPDATE friendships SET user_id = 1 WHERE user_id = 0 AND other_id = 2",
    ],
    [
        "UPDATE single_chats SET low_user_id = 2, high_user_id = 3",
        "table single_chats, low_user_id 1, high_user_id 2: it is missing",
        "UPDATE single_chats SET low_user_id = 1, high_user_id = 2",
    ],
    [
        "UPDATE users SET disabled_at = 5 WHERE id = 1",
        "table users, id 1: another disabled_at",
        "UPDATE users SET disabled_at = NULL WHERE id = 1",
    ],
];

/// SQLite sees by itself that a message is not what was written.
const MESSAGE_IN_SQLITE: &str = "table messages, column checksum, row 1";

async fn every_damage_is_found(from: &Place, to: &Place) {
    {
        let (mut from, mut to) = (from.source().await, to.target().await);
        begin(&mut from, &mut to).await.expect("begun");
        migrate::copy(&mut from, &mut to, &mut Progress::silent()).await.expect("copied");
    }
    for [damage, told, repair] in DAMAGES {
        to.execute(damage).await;
        let error = verify(from, to).await.expect_err(damage);
        let told = match to {
            Place::Folder(_) if damage.contains("messages") => MESSAGE_IN_SQLITE,
            _ => told,
        };
        assert!(format!("{error:#}").contains(told), "{error:#}");
        assert!(to.is_unfinished().await, "no server takes it");
        to.execute(repair).await;
    }
    verify(from, to).await.expect("it is whole again");
}

async fn verify(from: &Place, to: &Place) -> anyhow::Result<()> {
    let (mut from, mut to) = (from.source().await, to.target().await);
    migrate::verify(&mut from, &mut to, &mut Progress::silent()).await.map(drop)
}

#[tokio::test]
async fn a_row_that_differs_in_postgresql_is_named() {
    let (folder, _) = filled().await;
    every_damage_is_found(&folder, &Place::server()).await;
}

#[tokio::test]
async fn a_row_that_differs_in_sqlite_is_named() {
    let (folder, _) = filled().await;
    let server = Place::server();
    move_all(&folder, &server).await;
    every_damage_is_found(&server, &Place::folder()).await;
}

#[tokio::test]
async fn a_picture_that_differs_is_named() {
    let (folder, _) = filled().await;
    let server = Place::server();
    {
        let (mut from, mut to) = (folder.source().await, server.target().await);
        begin(&mut from, &mut to).await.expect("begun");
        migrate::copy(&mut from, &mut to, &mut Progress::silent()).await.expect("copied");
    }
    server.execute("DELETE FROM media WHERE name LIKE '%.webp'").await;
    let error = verify(&folder, &server).await.expect_err("one is missing");
    assert!(format!("{error:#}").contains("table media, name \"0000"), "{error:#}");
}
