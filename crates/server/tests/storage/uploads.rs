//! Uploads that end at any step on the way from their first byte to a file, on each storage: whoever goes on makes the file, once, and
//! nothing else is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Bytes;
use rim_core::file::{Blob, File, FileLimits, TransferId};
use rim_core::user::NewUser;
use rim_core::{Clock, Timestamp, UserId};
use rim_server::config;
use rim_server::files::{About, Begun, Coming, Filing, Stopped, sweep};
use rim_server::life::Life;
use rim_server::metrics::Metrics;
use rim_server::pace::Pace;
use rim_server::storage::{Key, Storage, check};
use rim_server::store::Unobserved;
use rim_server::time::Time;
use rim_store::Store;
use rim_store::Users;
use rim_store::check::{KnownBlob, Report};
use rim_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::suite::{Place, blob, bytes, content, given_up_after};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What time it is for all servers of one test.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A store with one user, and a storage.
pub struct Site<P> {
    pub place: Arc<P>,
    data: TempDir,
    store: Arc<dyn Store>,
    hands: Arc<Hands>,
    pub anna: UserId,
}

impl<P: Place> Site<P> {
    pub async fn found(place: Arc<P>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let options =
            Options { path: data.path().join("rim.db"), readers: 1, observer: Arc::new(Unobserved) };
        let (store, _) = SqliteStore::open(options).expect("a new database");
        // Long after what a storage writes by the machine's clock.
        let hands = Arc::new(Hands(AtomicI64::new(4_000_000_000_000)));
        let user = NewUser {
            account: "anna".into(),
            name: "Anna".into(),
            avatar: String::new(),
            email: String::new(),
            password_hash: None,
        };
        let anna = store.create_user(user, hands.now()).await.expect("a user");
        Self { place, data, store: Arc::new(store), hands, anna }
    }

    /// A server that has just begun.
    async fn serve(&self) -> Arc<Filing> {
        self.serve_on(self.place.open().await)
    }

    pub fn serve_on(&self, storage: Arc<dyn Storage>) -> Arc<Filing> {
        self.serve_by(storage, Time::default())
    }

    /// The same with a time that may be the test's.
    pub fn serve_by(&self, storage: Arc<dyn Storage>, time: Time) -> Arc<Filing> {
        let folder = self.data.path().to_str().expect("a path in UTF-8");
        let config =
            config::load(["rim", "--data", folder, "--min-free-disk", "0"]).expect("good settings").config;
        let clock: Arc<dyn Clock> = Arc::clone(&self.hands) as _;
        let life = Life::new(clock, time, &CancellationToken::new(), Arc::new(()));
        let metrics = Metrics::new().files;
        Arc::new(Filing::new(Arc::clone(&self.store), storage, &config, metrics, life).expect("chance"))
    }

    /// Goes on with an upload, as a client does, from where it is.
    pub async fn go_on(&self, filing: &Arc<Filing>, id: TransferId, all: &Bytes) -> Result<File, Stopped> {
        let mut held = filing.hold(self.anna, id).await?;
        let mut hasher = None;
        if !held.is_whole() {
            let mut coming = held.coming(filing).await?;
            let mut written = Ok(());
            let mut rest = all.slice(usize::try_from(held.transfer.received).expect("a size")..);
            while !rest.is_empty() && written.is_ok() {
                written = coming.write(rest.split_to(rest.len().min(1_000_000))).await;
            }
            let (staged, known) = coming.end().await?;
            held.advance(&staged).await?;
            if let Err(error) = written {
                held.rests(known);
                held.let_go().await;
                return Err(error.into());
            }
            hasher = known;
        }
        let file = held.make(&Pace::default(), hasher).await?;
        held.let_go().await;
        Ok(file)
    }

    pub async fn begin(&self, filing: &Filing, size: usize) -> TransferId {
        let begun =
            Begun { name: "a.bin".into(), mime: String::new(), as_file: false, size_bytes: size as u64 };
        filing.begin_transfer(self.anna, begun).await.expect("begun")
    }

    /// What she says of a file that comes in one request.
    pub fn about(&self) -> About {
        About {
            owner: self.anna,
            name: "a.bin".into(),
            claimed: String::new(),
            as_file: false,
            transfer: None,
        }
    }

    /// Long enough for all that nothing uses to go.
    pub async fn days_pass(&self, filing: &Arc<Filing>) {
        for _ in 0..4 {
            self.day_passes(filing).await;
        }
    }

    pub async fn day_passes(&self, filing: &Arc<Filing>) {
        self.hands.0.fetch_add(2 * DAY_MS, Ordering::SeqCst);
        sweep(Arc::clone(filing)).await;
    }

    pub async fn is_empty(&self, storage: &dyn Storage) {
        assert_eq!(storage.list(None).await.expect("listed"), []);
        assert_eq!(storage.stale(Timestamp(i64::MAX / 2)).await.expect("listed"), []);
        assert_eq!(self.store.blobs(None, 10).await.expect("listed"), []);
    }
}

/// Does the same again and again, which is given up after so many steps, until it says that it came to its end.
async fn at_every_step(each: impl AsyncFn(usize) -> bool) {
    for steps in 0..300 {
        if each(steps).await {
            return;
        }
    }
    panic!("it never comes to its end");
}

pub async fn an_upload_that_ends_at_any_step_goes_on_to_its_file(place: Arc<impl Place>) {
    let size = place.size();
    let site = Site::found(place).await;
    at_every_step(async |steps| {
        let all = bytes(steps as u64, size);
        let filing = site.serve().await;
        let id = site.begin(&filing, size).await;
        let came_to_its_end = given_up_after(steps, site.go_on(&filing, id, &all)).await.is_some();
        drop(filing);
        site.place.rests().await;

        let next = site.serve().await;
        let file = site.go_on(&next, id, &all).await.unwrap_or_else(|why| panic!("step {steps}: {why:?}"));
        let key = Key::Blob(file.hash);
        assert!(content(next.storage(), &key, None).await.expect("it is there") == all, "step {steps}");
        let again = site.go_on(&next, id, &all).await.expect("it is made");
        assert_eq!(again, file, "there is one");
        let limits = FileLimits {
            max_bytes: u64::MAX >> 1,
            stored_bytes: u64::MAX >> 1,
            day_bytes: 2 * size as u64,
            transfers: 9,
        };
        let now = site.hands.now();
        site.store.may_upload(site.anna, size as u64, limits, now).await.expect("it counts once");
        site.days_pass(&next).await;
        site.is_empty(next.storage()).await;
        came_to_its_end
    })
    .await;
}

pub async fn an_upload_in_one_request_that_ends_at_any_step_leaves_nothing(place: Arc<impl Place>) {
    let size = place.size();
    let site = Site::found(place).await;
    at_every_step(async |steps| {
        let all = bytes(steps as u64, size);
        let filing = site.serve().await;
        let upload = async {
            let mut coming = Coming::begin(&filing).await.expect("begun");
            coming.write(all.clone()).await.expect("written");
            let (staged, seen) = coming.end().await.expect("durable");
            let seen = seen.expect("it is known");
            filing.make(&staged, seen, site.about(), &Pace::default()).await.expect("made")
        };
        let came_to_its_end = given_up_after(steps, upload).await.is_some();
        site.place.rests().await;
        let next = site.serve().await;
        site.days_pass(&next).await;
        site.is_empty(next.storage()).await;
        came_to_its_end
    })
    .await;
}

pub async fn objects_that_no_row_knows_go_unless_somebody_uploads_the_same(place: Arc<impl Place>) {
    let site = Site::found(place).await;
    let filing = site.serve().await;
    let storage = filing.storage();
    // As by servers whose rows a restored backup does not have.
    let (gone, kept) = (bytes(1, 1_000), bytes(2, 2_000));
    for bytes in [&gone, &kept] {
        let Key::Blob(hash) = blob(bytes) else { unreachable!("it is a blob") };
        storage.put(&Key::Blob(hash), bytes.clone()).await.expect("put");
        storage.put(&Key::Preview(hash, 320), Bytes::from_static(b"a preview")).await.expect("put");
    }
    let unknown = async || -> Vec<Blob> {
        let known = async || -> std::io::Result<Vec<KnownBlob>> {
            let blobs = site.store.blobs(None, 10).await.expect("listed").into_iter();
            let known = |Blob { hash, size_bytes, thumbs }| KnownBlob {
                hash,
                size_bytes,
                thumbs,
                named: false,
                has_bytes: true,
            };
            Ok(blobs.map(known).collect())
        };
        check(storage, known, false, &mut Report::default()).await.expect("looked at")
    };
    let found = unknown().await;
    assert_eq!(found.iter().map(|blob| blob.size_bytes).sum::<u64>(), 3_000, "{found:?}");
    assert_eq!(site.store.adopt_blobs(found, site.hands.now()).await.expect("known"), 2);
    assert_eq!(unknown().await, []);
    sweep(Arc::clone(&filing)).await;
    assert_eq!(storage.list(None).await.expect("listed").len(), 4, "for an hour they stay");
    let id = site.begin(&filing, kept.len()).await;
    site.go_on(&filing, id, &kept).await.expect("made");

    site.hands.0.fetch_add(60 * 60 * 1000 + 1, Ordering::SeqCst);
    sweep(Arc::clone(&filing)).await;
    assert!(content(storage, &blob(&kept), None).await.expect("it is there") == kept);
    assert!(storage.size(&blob(&gone)).await.expect("asked").is_none());
    // The preview of what was taken is not its own, and goes with it.
    site.days_pass(&filing).await;
    site.is_empty(storage).await;
}

pub async fn bytes_whose_removal_ended_in_its_midst_are_there_for_who_uploads_them(place: Arc<impl Place>) {
    let size = place.size();
    let site = Site::found(place).await;
    let all = bytes(1, size);
    at_every_step(async |steps| {
        let filing = site.serve().await;
        let id = site.begin(&filing, size).await;
        let file = site.go_on(&filing, id, &all).await.expect("made");
        site.hands.0.fetch_add(2 * DAY_MS, Ordering::SeqCst);
        // One that ends, as nobody uses the file.
        let came_to_its_end = given_up_after(steps, sweep(Arc::clone(&filing))).await.is_some();
        drop(filing);
        site.place.rests().await;

        // Two minutes later, long before the next sweep.
        site.hands.0.fetch_add(2 * 60 * 1000 + 1, Ordering::SeqCst);
        let next = site.serve().await;
        let id = site.begin(&next, size).await;
        let again = site.go_on(&next, id, &all).await.unwrap_or_else(|why| panic!("step {steps}: {why:?}"));
        assert_eq!(again.hash, file.hash);
        let key = Key::Blob(file.hash);
        assert!(content(next.storage(), &key, None).await.expect("it is there") == all, "step {steps}");
        // What the sweep had begun takes nothing away later.
        sweep(Arc::clone(&next)).await;
        assert!(content(next.storage(), &key, None).await.expect("it is there") == all, "step {steps}");
        site.days_pass(&next).await;
        site.is_empty(next.storage()).await;
        came_to_its_end
    })
    .await;
}
