//! What was moved is what it was, and goes on from there.

use rim_store::archive::{Archive, StoreArchive, TABLES, holds_objects};
use rim_store_sqlite::SqliteArchive;

use crate::house::{House, Known, NOW, Place, answers, file, filled, move_all};

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_again_everything_answers_as_before() {
    let (folder, known) = filled().await;
    let before = answers(&folder).await;

    let server = Place::server();
    let there = move_all(&folder, &server).await;
    assert_eq!(there.len(), TABLES.len());
    assert!(there.iter().all(|table| table.rows > 0), "something of everything: {there:?}");
    assert_eq!(answers(&server).await, before);

    let back = Place::folder();
    assert_eq!(move_all(&server, &back).await, there, "the same by hash");
    assert_eq!(answers(&back).await, before);

    for place in [server, back] {
        goes_on(&place, &known).await;
    }
}

/// Nothing is taken for new that is not, and nothing new gets an id that was somebody's.
async fn goes_on(place: &Place, known: &Known) {
    let house = House::open(place).await;
    let (called, id) = known.sent;
    assert_eq!(house.send(known.group, known.anna, called, "sent again").await, id);
    assert!(house.send(known.group, known.bob, called, "another's").await > known.last_message);
    assert!(house.user("eve", "Eve", None).await > known.last_user);
    assert!(house.group(known.anna, &[], 2, "new").await > known.last_group);
    assert!(house.session(known.anna, 9, NOW).await > known.last_session, "the id of one that has ended");
    house.close().await;
}

#[tokio::test]
async fn a_store_that_was_moved_is_the_same_store() {
    let (folder, server, back) = (Place::folder(), Place::server(), Place::folder());
    let house = House::open(&folder).await;
    let identity = house.store.identity().clone();
    house.close().await;
    move_all(&folder, &server).await;
    move_all(&server, &back).await;
    for place in [folder, server, back] {
        let house = House::open(&place).await;
        assert_eq!(*house.store.identity(), identity);
        house.close().await;
    }
}

#[tokio::test]
async fn an_empty_store_moves_and_is_used() {
    let (folder, server, back) = (Place::folder(), Place::server(), Place::folder());
    House::open(&folder).await.close().await;
    move_all(&folder, &server).await;
    move_all(&server, &back).await;
    for place in [server, back] {
        let house = House::open(&place).await;
        let anna = house.user("anna", "Anna", None).await;
        let group = house.group(anna, &[], 2, "first").await;
        let message = house.send(group, anna, "1", "hello").await;
        assert_eq!((anna.0, group.0, message.0), (1, 1, 1));
        house.close().await;
    }
}

#[tokio::test]
async fn the_first_start_on_sqlite_has_no_message_to_read_again() {
    let (folder, known) = filled().await;
    let (server, back) = (Place::server(), Place::folder());
    move_all(&folder, &server).await;
    move_all(&server, &back).await;
    let Place::Folder(folder) = &back else { panic!("it is a folder") };
    let db = rusqlite::Connection::open(file(folder.path())).expect("a database");
    let number = |sql| db.query_row(sql, [], |row| row.get::<_, u64>(0)).expect("a number");
    assert_eq!(number("SELECT up_to_message_id FROM settled"), known.last_message.0);
    let messages = number("SELECT count(*) FROM messages");
    assert_eq!(number("SELECT count(*) FROM client_ids"), messages);
    assert_eq!(number("SELECT count(*) FROM places"), messages);
    assert!(!folder.path().join("rim.db-journal").exists(), "nothing is left lying about");
}

#[tokio::test]
async fn rows_come_by_key_from_wherever_one_begins() {
    let (folder, _) = filled().await;
    let server = Place::server();
    move_all(&folder, &server).await;
    for place in [folder, server] {
        let mut side = place.source().await;
        for table in TABLES.iter().filter(|table| !holds_objects(table)) {
            let all = all_rows(&mut *side.store, table, None).await;
            assert_eq!(all.len() as u64, side.store.count(table).await.expect("counted"));
            assert!(all.is_sorted_by(|one, next| one[..table.key] < next[..table.key]), "{}", table.name);
            let last = side.store.last_key(table).await.expect("found");
            assert_eq!(last.as_deref(), all.last().map(|row| &row[..table.key]));
            for (index, row) in all.iter().enumerate().take(3) {
                let rest = all_rows(&mut *side.store, table, Some(&row[..table.key])).await;
                assert_eq!(rest, all[index + 1..], "{} above {index}", table.name);
            }
        }
    }
}

async fn all_rows(
    store: &mut dyn StoreArchive,
    table: &'static rim_store::archive::Table,
    above: Option<&[rim_store::archive::Value]>,
) -> Vec<rim_store::archive::Row> {
    let mut all: Vec<rim_store::archive::Row> = Vec::new();
    loop {
        let last = all.last().map(|row| row[..table.key].to_vec());
        let rows = store.rows(table, last.as_deref().or(above)).await.expect("read");
        if rows.is_empty() {
            return all;
        }
        all.extend(rows);
    }
}

#[tokio::test]
async fn a_file_that_somebody_has_open_is_refused() {
    let (folder, _) = filled().await;
    let house = House::open(&folder).await;
    let Place::Folder(path) = &folder else { panic!("it is a folder") };
    let opened = SqliteArchive::open(&file(path.path()));
    assert!(matches!(opened, Err(rim_store_sqlite::OpenError::InUse)));
    house.close().await;
    let mut archive = SqliteArchive::open(&file(path.path())).expect("nobody has it");
    assert!(archive.count(&TABLES[0]).await.expect("counted") > 0);
}
