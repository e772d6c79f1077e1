//! The claims that every storage must keep. [`claims!`] makes a test of each.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rim_core::Timestamp;
use rim_core::file::Hash;
use rim_server::media::{AvatarName, Format};
use rim_server::storage::{Hasher, Key, PAGE, Staged, Storage};
use tokio::runtime::Builder;

/// Where a storage keeps its objects during one test.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens a storage on it. Those that were opened before may still be used, as by other nodes.
    async fn open(&self) -> Arc<dyn Storage>;

    /// Waits until nothing goes on of what those did that were given up, as of a process that is no more.
    async fn rests(&self);

    /// Bytes that are several of what an upload is made of here.
    fn size(&self) -> usize {
        600_000
    }
}

pub fn run<P: Place, F: Future<Output = ()>>(
    place: impl AsyncFnOnce() -> P,
    claim: impl FnOnce(Arc<P>) -> F,
) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async { claim(Arc::new(place().await)).await });
}

/// A test of each claim, for a storage on the place that this makes.
macro_rules! claims {
    ($place:path) => {
        claims! { $place; crate::uploads:
            an_upload_that_ends_at_any_step_goes_on_to_its_file
            an_upload_in_one_request_that_ends_at_any_step_leaves_nothing
            bytes_whose_removal_ended_in_its_midst_are_there_for_who_uploads_them
            objects_that_no_row_knows_go_unless_somebody_uploads_the_same
        }
        claims! { $place; crate::suite:
            an_object_is_read_whole_and_in_parts
            what_is_not_there_is_none
            an_object_that_is_there_is_left_as_it_is
            an_upload_is_read_and_kept_as_it_came
            an_upload_goes_on_from_what_is_durable_wherever_it_is_opened
            what_becomes_durable_while_more_is_written_is_there_for_who_goes_on
            whoever_goes_on_does_not_meet_what_another_still_writes
            staged_bytes_that_are_gone_are_missed
            what_is_discarded_is_gone_however_much_there_is
            uploads_of_the_same_bytes_make_one_object
            many_upload_at_once_and_none_gets_bytes_of_another
            objects_are_listed_in_order_page_by_page
            what_nobody_goes_on_with_is_found_by_its_age
            an_id_that_is_a_path_is_refused
            an_upload_whose_keeping_is_broken_off_anywhere_is_whole_or_kept_by_the_next_try
            what_was_kept_stays_as_it_is_whatever_comes_of_the_upload
        }
    };
    ($place:path; crate::$suite:ident: $($claim:ident)*) => {
        $(
            #[test]
            fn $claim() {
                crate::suite::run($place, crate::$suite::$claim);
            }
        )*
    };
}

/// Bytes that are all alike only by chance.
pub fn bytes(seed: u64, length: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes.into()
}

pub fn blob(bytes: &[u8]) -> Key {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    Key::Blob(hasher.finish())
}

pub async fn content(storage: &dyn Storage, key: &Key, range: Option<Range<u64>>) -> Option<Vec<u8>> {
    let object = storage.open(key, range).await.expect("opened")?;
    Some(object.pieces.try_collect::<Vec<Bytes>>().await.expect("read").concat())
}

async fn staged_content(storage: &dyn Storage, staged: &Staged) -> Vec<u8> {
    let pieces = storage.read_staged(staged).await.expect("opened");
    pieces.try_collect::<Vec<Bytes>>().await.expect("read").concat()
}

/// Stages bytes to their end, in pieces as a network might bring them.
pub async fn stage(storage: &dyn Storage, staged: &Staged, bytes: &Bytes) -> Staged {
    let mut stage = storage.stage(staged).await.expect("staged");
    let mut at = usize::try_from(staged.length).expect("a size");
    while at < bytes.len() {
        let end = (at + fastrand::usize(1..100_000)).min(bytes.len());
        stage.write(bytes.slice(at..end)).await.expect("written");
        at = end;
    }
    let staged = stage.end().await.expect("durable");
    assert_eq!(staged.length, bytes.len() as u64);
    staged
}

pub async fn an_object_is_read_whole_and_in_parts(place: Arc<impl Place>) {
    let storage = place.open().await;
    for size in [0, 1, 65_536, 65_537, 262_144, 1_000_000] {
        let bytes = bytes(size as u64, size);
        let key = blob(&bytes);
        storage.put(&key, bytes.clone()).await.expect("put");
        let other = place.open().await;
        assert_eq!(other.size(&key).await.expect("asked"), Some(size as u64));
        assert_eq!(content(&*other, &key, None).await.as_deref(), Some(&bytes[..]), "{size}");
        let size = size as u64;
        for range in
            [0..1, 0..size, size / 3..size / 2, size.saturating_sub(1)..size, size..size, 5..size + 9]
        {
            let within = range.start.min(size) as usize..range.end.min(size) as usize;
            let found = content(&*storage, &key, Some(range.clone())).await.expect("it is there");
            assert_eq!(found, bytes[within.start.min(within.end)..within.end], "{range:?} of {size}");
            let object = storage.open(&key, Some(range)).await.expect("opened").expect("it is there");
            assert_eq!(object.size_bytes, size, "of the whole, whatever was asked for");
        }
    }
}

pub async fn what_is_not_there_is_none(place: Arc<impl Place>) {
    let storage = place.open().await;
    let key = blob(b"nothing");
    assert_eq!(storage.size(&key).await.expect("asked"), None);
    assert!(storage.open(&key, Some(0..1)).await.expect("asked").is_none());
    storage.remove(&[key.clone(), Key::Preview(hash(&key), 320)]).await.expect("no fault");
    storage.put(&key, Bytes::from_static(b"nothing")).await.expect("put");
    storage.remove(std::slice::from_ref(&key)).await.expect("removed");
    assert_eq!(content(&*storage, &key, None).await, None);
    assert_eq!(storage.list(None).await.expect("listed"), []);
}

fn hash(key: &Key) -> Hash {
    let Key::Blob(hash) = key else { panic!("{key} is a blob") };
    *hash
}

pub async fn an_object_that_is_there_is_left_as_it_is(place: Arc<impl Place>) {
    let storage = place.open().await;
    let bytes = bytes(7, 100_000);
    let key = blob(&bytes);
    for _ in 0..2 {
        storage.put(&key, bytes.clone()).await.expect("put");
    }
    let staged = stage(&*storage, &Staged::new("again"), &bytes).await;
    keep(&*storage, &staged, &key).await;
    assert_eq!(content(&*storage, &key, None).await.as_deref(), Some(&bytes[..]));
    assert_eq!(storage.list(None).await.expect("listed"), [(key, 100_000)]);
    assert_eq!(all_staged(&*storage).await, []);
}

/// As one does whose file has been added.
async fn keep(storage: &dyn Storage, staged: &Staged, key: &Key) {
    storage.keep(staged, key).await.expect("kept");
    storage.discard(staged).await.expect("discarded");
}

/// What is staged, however new it is.
async fn all_staged(storage: &dyn Storage) -> Vec<Staged> {
    storage.stale(Timestamp(i64::MAX / 2)).await.expect("listed")
}

pub async fn an_upload_is_read_and_kept_as_it_came(place: Arc<impl Place>) {
    let storage = place.open().await;
    // Some are larger than any piece or part that a storage has.
    for (number, size) in [0, 1, 300_000, 6_000_000, 11_000_001].into_iter().enumerate() {
        let bytes = bytes(number as u64, size);
        let staged = stage(&*storage, &Staged::new(format!("upload-{number}")), &bytes).await;
        let key = blob(&bytes);
        assert_eq!(storage.size(&key).await.expect("asked"), None, "it is no object yet");
        let other = place.open().await;
        assert!(staged_content(&*other, &staged).await == bytes, "{size} bytes, on another node");
        other.keep(&staged, &key).await.expect("kept");
        assert!(content(&*storage, &key, None).await.expect("it is there") == bytes, "{size}");
        assert!(staged_content(&*other, &staged).await == bytes, "{size} bytes, until they are discarded");
        other.discard(&staged).await.expect("discarded");
        assert_eq!(all_staged(&*storage).await, []);
    }
}

pub async fn an_upload_goes_on_from_what_is_durable_wherever_it_is_opened(place: Arc<impl Place>) {
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let bytes = bytes(seed, 7_000_000 + random.usize(0..6_000_000));
        let mut staged = Staged::new(format!("torn-{seed}"));
        loop {
            let storage = place.open().await;
            let begun = staged.length;
            let mut stage = storage.stage(&staged).await.expect("staged");
            let mut at = usize::try_from(staged.length).expect("a size");
            for _ in 0..random.usize(1..60) {
                let end = (at + random.usize(1..100_000)).min(bytes.len());
                stage.write(bytes.slice(at..end)).await.expect("written");
                at = end;
                if random.u8(..) < 20 {
                    staged = stage.sync().await.expect("durable");
                    assert!(staged.length <= at as u64, "no more than there was");
                }
            }
            assert!(staged.length >= begun, "what is durable stays so");
            if at == bytes.len() || random.bool() {
                staged = stage.end().await.expect("durable");
                assert_eq!(staged.length, at as u64);
            } else {
                // It is torn off, and what came behind the durable length is lost.
                drop(stage);
            }
            let there = usize::try_from(staged.length).expect("a size");
            assert!(staged_content(&*place.open().await, &staged).await == bytes[..there], "seed {seed}");
            if there == bytes.len() {
                break;
            }
        }
        let storage = place.open().await;
        storage.keep(&staged, &blob(&bytes)).await.expect("kept");
        assert!(content(&*storage, &blob(&bytes), None).await.expect("it is there") == bytes, "seed {seed}");
    }
}

pub async fn what_becomes_durable_while_more_is_written_is_there_for_who_goes_on(place: Arc<impl Place>) {
    let storage = place.open().await;
    let size = storage.max_bytes().map_or(11_000_000, |most| most.min(11_000_000));
    let all = bytes(19, usize::try_from(size).expect("a size"));
    let mut durable = Staged::new("behind");
    let mut behind = storage.stage(&durable).await.expect("staged");
    for (number, piece) in all.chunks(300_001).enumerate() {
        behind.write(all.slice_ref(piece)).await.expect("written");
        let mut synced = behind.sync_behind().await.expect("durable");
        // It is not always waited for.
        while synced.is_none() && number % 3 == 0 {
            tokio::task::yield_now().await;
            synced = behind.sync_behind().await.expect("durable");
        }
        if let Some(staged) = synced {
            assert!(staged.length >= durable.length, "it grows");
            durable = staged;
        }
    }
    // As of a process that is no more: what else was written counts no more.
    drop(behind);
    let next = place.open().await;
    let there = usize::try_from(durable.length).expect("a size");
    assert!(there > 0);
    assert!(staged_content(&*next, &durable).await == all[..there]);
    let staged = stage(&*next, &durable, &all).await;
    assert!(staged_content(&*next, &staged).await == all);
}

pub async fn whoever_goes_on_does_not_meet_what_another_still_writes(place: Arc<impl Place>) {
    let storage = place.open().await;
    let [right, wrong] = [bytes(1, 2_000_000), bytes(2, 2_000_000)];
    for number in 0..20 {
        let staged = stage(&*storage, &Staged::new(format!("two-{number}")), &right.slice(..1_000)).await;
        let mut stalled = storage.stage(&staged).await.expect("staged");
        // Given up in the middle of a write, which may still go on.
        let writing = async {
            loop {
                stalled.write(wrong.slice(..150_000)).await.expect("written");
            }
        };
        let given_up = tokio::select! {
            () = writing => unreachable!("it never ends"),
            () = yields(number) => true,
        };
        assert!(given_up);
        drop(stalled);
        let staged = stage(&*storage, &staged, &right).await;
        assert!(staged_content(&*storage, &staged).await == right, "only what the second wrote");
        storage.discard(&staged).await.expect("discarded");
    }
}

async fn yields(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

pub async fn staged_bytes_that_are_gone_are_missed(place: Arc<impl Place>) {
    let storage = place.open().await;
    let bytes = bytes(3, 6_000_000);
    let staged = stage(&*storage, &Staged::new("gone"), &bytes).await;
    storage.discard(&staged).await.expect("discarded");
    let gone = std::io::ErrorKind::NotFound;
    assert_eq!(storage.stage(&staged).await.err().map(|error| error.kind()), Some(gone));
    let read = match storage.read_staged(&staged).await {
        Ok(pieces) => pieces.try_collect::<Vec<Bytes>>().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert_eq!(read.expect_err("there is nothing").kind(), gone);
    let kept = storage.keep(&staged, &blob(&bytes)).await;
    assert_eq!(kept.expect_err("there is nothing").kind(), gone);
    assert_eq!(storage.size(&blob(&bytes)).await.expect("asked"), None);
}

pub async fn what_is_discarded_is_gone_however_much_there_is(place: Arc<impl Place>) {
    let storage = place.open().await;
    for size in [0, 1_000, 6_000_000] {
        let staged = stage(&*storage, &Staged::new("much"), &bytes(4, size)).await;
        // By its id alone, as one who has found it has no more.
        for _ in 0..2 {
            place.open().await.discard(&Staged::new(staged.id.clone())).await.expect("discarded");
        }
        assert_eq!(all_staged(&*storage).await, [], "{size}");
    }
}

pub async fn uploads_of_the_same_bytes_make_one_object(place: Arc<impl Place>) {
    let storage = place.open().await;
    let bytes = bytes(5, 6_000_000);
    let key = blob(&bytes);
    let uploads = (0..4).map(async |number| {
        let storage = place.open().await;
        let staged = stage(&*storage, &Staged::new(format!("same-{number}")), &bytes).await;
        keep(&*storage, &staged, &key).await;
    });
    futures_util::future::join_all(uploads).await;
    assert!(content(&*storage, &key, None).await.expect("it is there") == bytes);
    assert_eq!(storage.list(None).await.expect("listed"), [(key, 6_000_000)]);
    assert_eq!(all_staged(&*storage).await, []);
}

pub async fn many_upload_at_once_and_none_gets_bytes_of_another(place: Arc<impl Place>) {
    let storage = place.open().await;
    let uploads = (0..50_u64).map(|number| {
        let storage = Arc::clone(&storage);
        async move {
            let bytes = bytes(number, 20_000 * number as usize);
            let staged = stage(&*storage, &Staged::new(format!("many-{number}")), &bytes).await;
            storage.keep(&staged, &blob(&bytes)).await.expect("kept");
            assert!(content(&*storage, &blob(&bytes), None).await.expect("it is there") == bytes, "{number}");
        }
    });
    futures_util::future::join_all(uploads).await;
}

pub async fn objects_are_listed_in_order_page_by_page(place: Arc<impl Place>) {
    let storage = place.open().await;
    let mut keys = Vec::new();
    for number in 0..PAGE as u32 / 2 {
        let content = number.to_le_bytes();
        let hash = hash(&blob(&content));
        keys.push(Key::Blob(hash));
        keys.push(if number % 2 == 0 {
            Key::Preview(hash, 320 * (1 + number % 3))
        } else {
            Key::Avatar(AvatarName::of(Format::Png, &content))
        });
    }
    keys.push(blob(b"one more"));
    let put = keys.iter().map(|key| storage.put(key, Bytes::from_static(b"four")));
    stream::iter(put).buffer_unordered(16).try_collect::<Vec<()>>().await.expect("put");
    // Of what is staged nothing is listed.
    stage(&*storage, &Staged::new("not-whole"), &bytes(6, 6_000_000)).await;
    keys.sort_by_key(Key::name);
    let expected: Vec<_> = keys.into_iter().map(|key| (key, 4)).collect();
    let mut found: Vec<(Key, u64)> = Vec::new();
    loop {
        let page = storage.list(found.last().map(|(key, _)| key)).await.expect("listed");
        assert!(page.len() <= PAGE);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert!(found == expected);
}

pub async fn what_nobody_goes_on_with_is_found_by_its_age(place: Arc<impl Place>) {
    let storage = place.open().await;
    for (id, size) in [("small", 10), ("large", 6_000_000)] {
        stage(&*storage, &Staged::new(id), &bytes(8, size)).await;
    }
    // Long before this test was written.
    assert_eq!(storage.stale(Timestamp(1_700_000_000_000)).await.expect("listed"), []);
    let mut found: Vec<_> = all_staged(&*storage).await.into_iter().map(|staged| staged.id).collect();
    found.sort_unstable();
    assert_eq!(found, ["large", "small"]);
}

pub async fn an_id_that_is_a_path_is_refused(place: Arc<impl Place>) {
    let storage = place.open().await;
    for id in ["", ".", "..", "../x", "a/b", "a.b", "é", &"x".repeat(65)] {
        let refused = storage.stage(&Staged::new(id)).await.err().expect("refused");
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{id}");
    }
}

/// Lets a future go on so many times, and gives it up then.
pub async fn given_up_after<T>(steps: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (std::pin::pin!(future), steps);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

pub async fn an_upload_whose_keeping_is_broken_off_anywhere_is_whole_or_kept_by_the_next_try(
    place: Arc<impl Place>,
) {
    let storage = place.open().await;
    let mut came_to_its_end = false;
    for steps in 0..60 {
        let bytes = bytes(1_000 + steps as u64, 5_300_000);
        let key = blob(&bytes);
        let staged = stage(&*storage, &Staged::new(format!("broken-{steps}")), &bytes).await;
        came_to_its_end = given_up_after(steps, storage.keep(&staged, &key)).await.is_some();
        let next = place.open().await;
        if let Some(found) = content(&*next, &key, None).await {
            assert!(found == bytes, "an object is whole or not there, {steps}");
        }
        keep(&*next, &staged, &key).await;
        assert!(content(&*next, &key, None).await.expect("it is there") == bytes, "{steps}");
        assert_eq!(all_staged(&*next).await, [], "{steps}");
        next.remove(&[key]).await.expect("removed");
        if came_to_its_end {
            break;
        }
    }
    assert!(came_to_its_end, "it was broken off at every step there is");
}

pub async fn what_was_kept_stays_as_it_is_whatever_comes_of_the_upload(place: Arc<impl Place>) {
    for size in [0, 1_000, 5_300_000] {
        let storage = place.open().await;
        let kept = bytes(20 + size as u64, size);
        let (staged, key) = (stage(&*storage, &Staged::new("kept"), &kept).await, blob(&kept));
        storage.keep(&staged, &key).await.expect("kept");
        // As by one who takes it for shorter than it is, and then by one for whom it begins anew.
        let mut shorter = staged.clone();
        if size == 1_000 {
            shorter.length = 10;
        }
        match storage.stage(&shorter).await {
            Ok(mut more) => {
                more.write(bytes(1, 300_000)).await.expect("written");
                more.end().await.expect("durable");
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        }
        assert!(content(&*storage, &key, None).await.expect("it is there") == kept, "{size}");
        let anew = Staged::new("kept");
        stage(&*storage, &anew, &bytes(2, 200_000)).await;
        assert!(content(&*storage, &key, None).await.expect("it is there") == kept, "{size}");
        storage.discard(&anew).await.expect("discarded");
        assert!(content(&*storage, &key, None).await.expect("it is there") == kept, "{size}");
        assert_eq!(all_staged(&*storage).await, []);
    }
}
