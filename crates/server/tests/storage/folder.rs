//! A folder on a disk.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use rim_server::storage::{Folder, Key, Staged, Storage};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::own_process::{OWN_FOLDER, alone, on_a_small_disk};
use crate::suite::{Place, blob, bytes, content, given_up_after, stage};
use crate::uploads::Site;

struct OnDisk(TempDir, TaskTracker);

#[async_trait]
impl Place for OnDisk {
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::new(Folder::open(self.0.path(), self.1.clone()).expect("a folder").caching(CACHED_BYTES))
    }

    async fn rests(&self) {
        self.1.close();
        self.1.wait().await;
    }
}

async fn on_disk() -> OnDisk {
    OnDisk(tempfile::tempdir().expect("a folder"), TaskTracker::new())
}

claims!(on_disk);

/// So that both kinds of windows are met with few bytes.
const CACHED_BYTES: u64 = 9 << 20;

fn open(folder: &Path) -> Folder {
    Folder::open(folder, TaskTracker::new()).expect("a folder").caching(CACHED_BYTES)
}

async fn staged_bytes(storage: &dyn Storage, staged: &Staged) -> Vec<u8> {
    let pieces = storage.read_staged(staged).await.expect("opened");
    pieces.try_collect::<Vec<_>>().await.expect("read").concat()
}

fn no_room(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::FileTooLarge)
}

#[tokio::test]
async fn a_full_disk_refuses_what_has_no_room_and_keeps_what_it_has() {
    let Some(folder) = std::env::var_os(OWN_FOLDER) else {
        let folder = tempfile::tempdir().expect("a folder");
        return on_a_small_disk(
            "folder::a_full_disk_refuses_what_has_no_room_and_keeps_what_it_has",
            4096,
            folder.path(),
        );
    };
    let storage = open(Path::new(&folder));
    let small = bytes(1, 1_000_000);
    storage.put(&blob(&small), small.clone()).await.expect("there is room");

    let large = bytes(2, 8_000_000);
    let mut durable = Staged::new("large");
    let mut stage_of_it = storage.stage(&durable).await.expect("staged");
    let mut refused = None;
    for piece in 0..80 {
        let written = stage_of_it.write(large.slice(piece * 100_000..(piece + 1) * 100_000)).await;
        match if piece % 5 == 4 {
            written.and(stage_of_it.sync().await)
        } else {
            written.map(|()| durable.clone())
        } {
            Ok(staged) => durable = staged,
            Err(error) => {
                refused = Some(error.kind());
                break;
            }
        }
    }
    drop(stage_of_it);
    assert!(refused.is_some_and(no_room), "{refused:?}");
    assert!((500_000..4_000_000).contains(&durable.length), "{durable:?}");
    let there = usize::try_from(durable.length).expect("a size");
    assert!(staged_bytes(&storage, &durable).await == large[..there], "what was durable is there");

    let too_large = bytes(3, 4_000_000);
    let error = storage.put(&blob(&too_large), too_large.clone()).await.expect_err("there is no room");
    assert!(no_room(error.kind()), "{error}");
    assert_eq!(storage.size(&blob(&too_large)).await.expect("asked"), None);
    let found: Vec<_> = storage.list(None).await.expect("listed").into_iter().map(|(key, _)| key).collect();
    assert_eq!(found, [blob(&small)]);
    assert!(content(&storage, &blob(&small), None).await.expect("it is there") == small);

    // What is removed makes room, and the upload goes on to an end that fits.
    storage.remove(&[blob(&small)]).await.expect("removed");
    let whole = large.slice(..there + 50_000);
    let staged = stage(&storage, &durable, &whole).await;
    storage.keep(&staged, &blob(&whole)).await.expect("kept");
    assert!(content(&storage, &blob(&whole), None).await.expect("it is there") == whole);
}

#[tokio::test]
async fn an_upload_for_which_the_disk_had_no_room_goes_on_to_the_file_that_it_is() {
    let Some(folder) = std::env::var_os(OWN_FOLDER) else {
        let folder = tempfile::tempdir().expect("a folder");
        return on_a_small_disk(
            "folder::an_upload_for_which_the_disk_had_no_room_goes_on_to_the_file_that_it_is",
            4096,
            folder.path(),
        );
    };
    let site = Site::found(Arc::new(on_disk().await)).await;
    let storage = Arc::new(open(Path::new(&folder)));
    let filing = site.serve_on(Arc::clone(&storage) as Arc<dyn Storage>);
    let (other, all) = (bytes(1, 1_900_000), bytes(2, 1_800_000));
    let id = site.begin(&filing, all.len()).await;
    storage.put(&blob(&other), other.clone()).await.expect("there is room");
    let more = bytes(3, 1_900_000);
    storage.put(&blob(&more), more.clone()).await.expect("there is room");
    let refused = site.go_on(&filing, id, &all).await;
    if let Err(error) = &refused {
        assert!(format!("{error:?}").contains("DiskNearlyFull"), "{error:?}");
    }
    storage.remove(&[blob(&other), blob(&more)]).await.expect("removed");
    // By the same server, which knows the hash of what has come.
    let file = site.go_on(&filing, id, &all).await.expect("made");
    assert_eq!(Key::Blob(file.hash), blob(&all));
    assert!(content(&*storage, &blob(&all), None).await.expect("it is there") == all);
}

/// How many files this process may have open, from now on; returns how many that were. What is open stays open.
fn may_open(files: u64) -> u64 {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both have a place for what they write or read, and keep none.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut before), 0);
        let now = libc::rlimit { rlim_cur: files, ..before };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const now), 0);
    }
    before.rlim_cur
}

#[tokio::test]
async fn a_removal_of_which_nobody_knows_whether_it_is_on_the_disk_is_none() {
    const TEST: &str = "folder::a_removal_of_which_nobody_knows_whether_it_is_on_the_disk_is_none";
    let Some(folder) = std::env::var_os(OWN_FOLDER) else {
        let folder = tempfile::tempdir().expect("a folder");
        return alone(TEST, folder.path());
    };
    let storage = open(Path::new(&folder));
    let object = bytes(1, 1000);
    storage.put(&blob(&object), object.clone()).await.expect("put");
    // To remove a file takes none that is open; to see to it that a power cut brings nothing back its folder is opened and synced.
    let files = may_open(0);
    let removed = storage.remove(&[blob(&object)]).await.map_err(|error| error.raw_os_error());
    may_open(files);
    assert_eq!(removed, Err(Some(libc::EMFILE)));
    assert_eq!(storage.size(&blob(&object)).await.expect("asked"), None, "it went as far as it could");
    storage.remove(&[blob(&object)]).await.expect("by the next try it is on the disk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_long_upload_fills_the_disk_what_was_durable_stays_and_goes_on() {
    let Some(folder) = std::env::var_os(OWN_FOLDER) else {
        let folder = tempfile::tempdir().expect("a folder");
        return on_a_small_disk(
            "folder::where_a_long_upload_fills_the_disk_what_was_durable_stays_and_goes_on",
            28_600,
            folder.path(),
        );
    };
    let storage = open(Path::new(&folder));
    let all = bytes(4, 40_000_000);
    let mut durable = Staged::new("long");
    let mut long = storage.stage(&durable).await.expect("staged");
    let mut refused = None;
    for piece in all.chunks(65_000) {
        let done = match long.write(all.slice_ref(piece)).await {
            Ok(()) => long.sync_behind().await,
            Err(error) => Err(error),
        };
        match done {
            Ok(synced) => durable = synced.unwrap_or(durable),
            Err(error) => {
                refused = Some(error.kind());
                break;
            }
        }
    }
    drop(long);
    assert!(refused.is_some_and(no_room), "{refused:?}");
    assert!((1..29_000_000).contains(&durable.length), "{durable:?}");
    let there = usize::try_from(durable.length).expect("a size");
    assert!(staged_bytes(&storage, &durable).await == all[..there], "what was durable is there");
    // What had no room has given it back.
    let whole = all.slice(..there + 50_000);
    let staged = stage(&storage, &durable, &whole).await;
    storage.keep(&staged, &blob(&whole)).await.expect("kept");
    assert!(content(&storage, &blob(&whole), None).await.expect("it is there") == whole);
}

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_upload_goes_on_from_wherever_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = open(folder.path());
    let all = bytes(5, 12 * MIB + 1234);
    for from in [8 * MIB, 8 * MIB + 1, 8 * MIB + 4095, 8 * MIB + 4096, 9 * MIB - 1, 10 * MIB - 4096, 12 * MIB]
    {
        let id = Staged::new(format!("from-{from}"));
        let mut durable = stage(&storage, &id, &all.slice(..from)).await;
        let mut long = storage.stage(&durable).await.expect("staged");
        let mut at = from;
        while at < all.len() {
            let end = (at + fastrand::usize(1..200_000)).min(all.len());
            long.write(all.slice(at..end)).await.expect("written");
            at = end;
            if fastrand::u8(..10) == 0 {
                durable = long.sync().await.expect("durable");
                assert_eq!(durable.length, at as u64);
                assert!(staged_bytes(&storage, &durable).await == all[..at], "{at} from {from}");
            }
        }
        durable = long.end().await.expect("durable");
        storage.keep(&durable, &blob(&all)).await.expect("kept");
        assert!(content(&storage, &blob(&all), None).await.expect("it is there") == all, "{from}");
        storage.remove(&[blob(&all)]).await.expect("removed");
        storage.discard(&durable).await.expect("discarded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_long_uploads_than_have_windows_come_at_once_and_none_gets_bytes_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = open(folder.path());
    let uploads = (0..12_u64).map(async |number| {
        let all = bytes(number, 9 * MIB + 100_000 * number as usize);
        let staged = stage(&storage, &Staged::new(format!("long-{number}")), &all).await;
        assert!(staged_bytes(&storage, &staged).await == all, "{number}");
    });
    futures_util::future::join_all(uploads).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_upload_that_is_given_up_anywhere_goes_on_from_what_was_durable() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = open(folder.path());
    let (all, other) = (bytes(6, 12 * MIB), bytes(7, 12 * MIB));
    let mut came_to_its_end = false;
    for steps in 0..200 {
        let begun = stage(&storage, &Staged::new("given-up"), &all.slice(..8 * MIB + 100)).await;
        let mut durable = begun.clone();
        let going_on = async {
            let mut long = storage.stage(&begun).await.expect("staged");
            // They count only where that is said.
            long.write(all.slice(8 * MIB + 100..10 * MIB)).await.expect("written");
            if let Some(synced) = long.sync_behind().await.expect("durable") {
                durable = synced;
            }
            durable = long.sync().await.expect("durable");
            long.write(other.slice(10 * MIB..)).await.expect("written");
            let _ = long.sync_behind().await.expect("durable");
            long.write(other.slice(..MIB)).await.expect("written");
        };
        came_to_its_end = given_up_after(steps, going_on).await.is_some();
        let there = usize::try_from(durable.length).expect("a size");
        assert!(staged_bytes(&storage, &durable).await == all[..there], "{steps}");
        // Whoever goes on waits until nobody else writes.
        let staged = stage(&storage, &durable, &all).await;
        assert!(staged_bytes(&storage, &staged).await == all, "{steps}");
        storage.discard(&staged).await.expect("discarded");
        if came_to_its_end {
            break;
        }
    }
    assert!(came_to_its_end, "it was given up at every step there is");
}

/// Uploads of the process that is killed: each has a seed, and sizes that are no bound of anything. Every second one is long.
fn upload(seed: u64) -> axum::body::Bytes {
    let short = 200_000 + usize::try_from(seed).expect("small") * 37_777 % 900_000;
    bytes(seed, if seed.is_multiple_of(2) { short } else { 8 * MIB + 3 * short })
}

#[tokio::test]
async fn whatever_kills_it_objects_are_whole_and_what_was_durable_goes_on() {
    const TEST: &str = "folder::whatever_kills_it_objects_are_whole_and_what_was_durable_goes_on";
    if let Some(folder) = std::env::var_os(OWN_FOLDER) {
        let storage = open(Path::new(&folder));
        for seed in 0.. {
            let all = upload(seed);
            let mut stage = storage.stage(&Staged::new(format!("seed-{seed}"))).await.expect("staged");
            for (number, piece) in all.chunks(all.len() / 7).enumerate() {
                stage.write(all.slice_ref(piece)).await.expect("written");
                let synced = match number % 3 {
                    0 => Some(stage.sync().await.expect("durable")),
                    _ => stage.sync_behind().await.expect("durable"),
                };
                if let Some(staged) = synced {
                    println!("durable {seed} {}", staged.length);
                }
            }
            let staged = stage.end().await.expect("durable");
            storage.keep(&staged, &blob(&all)).await.expect("kept");
            println!("kept {seed}");
        }
    }
    for lines in [1, 2, 5, 9, 14, 20, 33, 57] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", TEST, "--nocapture"])
            .env(OWN_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let (mut kept, mut durable) = (Vec::new(), None);
        let said = BufReader::new(process.stdout.take().expect("it is piped"))
            .lines()
            .map(|line| line.expect("text"));
        let told = |line: &String| line.starts_with("durable ") || line.starts_with("kept ");
        for line in said.filter(told).take(lines) {
            let words: Vec<_> = line.split(' ').collect();
            let number = |at: usize| words[at].parse::<u64>().expect("a number");
            match words[0] {
                "kept" => (kept, durable) = ([kept, vec![number(1)]].concat(), None),
                _ => durable = Some((number(1), number(2))),
            }
        }
        process.kill().expect("it runs");
        process.wait().expect("it has ended");

        let storage = open(folder.path());
        for seed in kept {
            let all = upload(seed);
            assert!(content(&storage, &blob(&all), None).await.expect("it was kept") == all, "{seed}");
        }
        for (key, _) in storage.list(None).await.expect("listed") {
            let found = content(&storage, &key, None).await.expect("it is there");
            assert_eq!(blob(&found), key, "an object is whole");
        }
        if let Some((seed, length)) = durable {
            let all = upload(seed);
            // It may have come to its end before it was killed.
            if storage.size(&blob(&all)).await.expect("asked").is_none() {
                let staged = Staged { length, ..Staged::new(format!("seed-{seed}")) };
                let staged = stage(&storage, &staged, &all).await;
                storage.keep(&staged, &blob(&all)).await.expect("kept");
            }
            assert!(content(&storage, &blob(&all), None).await.expect("it is there") == all, "{seed}");
        }
    }
}
