//! Objects as rows, from one storage to another.

use std::sync::Arc;

use rim_server::storage::{Folder, Key, ObjectArchive, Storage};
use rim_store::archive::{Archive, CHUNKS, Row};
use tokio_util::task::TaskTracker;

use crate::suite::{blob, bytes, content};

async fn rows(archive: &mut ObjectArchive, above: Option<&Row>) -> Vec<Row> {
    archive.rows(&CHUNKS, above.map(|row| &row[..2])).await.expect("read")
}

#[tokio::test]
async fn an_object_of_many_rows_comes_whole_also_after_it_was_broken_off() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let open = |place: &tempfile::TempDir| -> Arc<dyn Storage> {
        Arc::new(Folder::open(place.path(), TaskTracker::new()).expect("a folder"))
    };
    // The last chunk of one is as long as the others.
    let sizes = [0, 262_144 * 10, 5_000_000, 262_144];
    let mut objects: Vec<(Key, _)> = sizes
        .into_iter()
        .enumerate()
        .map(|(seed, size)| {
            let bytes = bytes(seed as u64, size);
            (blob(&bytes), bytes)
        })
        .collect();
    objects.sort_by_key(|(key, _)| key.name());
    let mut source = ObjectArchive::new(open(&from));
    for (key, bytes) in &objects {
        open(&from).put(key, bytes.clone()).await.expect("put");
    }
    assert_eq!(source.count(&CHUNKS).await.expect("counted"), 1 + 10 + 20 + 1);
    // Broken off after each number of calls, and the last time not.
    for calls in [1, 2, 3, 100] {
        let mut target = ObjectArchive::new(open(&to));
        let mut above = target.last_key(&CHUNKS).await.expect("found");
        for _ in 0..calls {
            let rows = rows(&mut source, above.as_ref()).await;
            let Some(last) = rows.last() else { break };
            above = Some(last[..2].to_vec());
            target.add(&CHUNKS, rows).await.expect("added");
        }
        if calls == 100 {
            target.settle().await.expect("whole");
        }
    }
    for (key, bytes) in &objects {
        assert!(content(&*open(&to), key, None).await.expect("it is there") == *bytes, "{key}");
    }
    let last = source.last_key(&CHUNKS).await.expect("found");
    assert_eq!(ObjectArchive::new(open(&to)).last_key(&CHUNKS).await.expect("found"), last);
    assert!(last.is_some());
}
