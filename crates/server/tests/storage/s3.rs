//! A bucket of an S3 server.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rim_core::Refusal;
use rim_server::config::{S3Keys, S3Settings};
use rim_server::files::Coming;
use rim_server::pace::{Pace, while_it_goes_on};
use rim_server::storage::{Key, S3, Staged, Storage};
use rim_server::time::Hands;
use rim_store::StoreError;
use rim_testbed::{Fault, Proxy, S3 as Server};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::own_process::{OWN_FOLDER, on_a_small_disk};
use crate::suite::{Place, blob, bytes, content, given_up_after, stage};
use crate::uploads::Site;

struct InBucket {
    server: Server,
    data: TempDir,
    prefix: &'static str,
}

impl InBucket {
    fn new(prefix: &'static str) -> Self {
        Self { server: Server::start(), data: tempfile::tempdir().expect("a folder"), prefix }
    }

    fn settings(&self, address: SocketAddr) -> S3Settings {
        S3Settings {
            endpoint: Some(format!("http://{address}")),
            bucket: Server::BUCKET.to_owned(),
            region: None,
            prefix: self.prefix.to_owned(),
            keys: Some(S3Keys {
                access: Server::ACCESS_KEY.to_owned(),
                secret: Server::SECRET_KEY.to_owned(),
            }),
            path_style: true,
            ca: None,
        }
    }

    fn open_by(&self, address: SocketAddr) -> S3 {
        let settings = self.settings(address);
        S3::open(&settings, self.data.path(), TaskTracker::new()).expect("good settings")
    }
}

#[async_trait]
impl Place for InBucket {
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::new(self.open_by(self.server.address()))
    }

    async fn rests(&self) {
        self.server.rests().await;
    }

    fn size(&self) -> usize {
        5_300_000
    }
}

mod in_a_bucket_of_its_own {
    async fn place() -> super::InBucket {
        super::InBucket::new("")
    }

    claims!(place);
}

mod below_a_prefix {
    async fn place() -> super::InBucket {
        super::InBucket::new("chat/files")
    }

    claims!(place);
}

#[tokio::test]
async fn a_bucket_that_is_away_is_busy_and_what_was_durable_goes_on_when_it_is_back() {
    let place = InBucket::new("");
    let proxy = Proxy::to(place.server.address()).await;
    let storage = place.open_by(proxy.address());
    let all = bytes(1, 12_000_000);
    let mut stage_of_it = storage.stage(&Staged::new("away")).await.expect("staged");
    stage_of_it.write(all.slice(..6_000_000)).await.expect("written");
    let durable = stage_of_it.sync().await.expect("durable");
    assert_eq!(durable.length, 5 << 20, "a part");

    proxy.set(Fault::Reset).await;
    let busy = ErrorKind::ResourceBusy;
    let kind = |error: std::io::Error| error.kind();
    assert_eq!(stage_of_it.write(all.slice(6_000_000..)).await.map_err(kind), Err(busy));
    assert_eq!(storage.size(&blob(&all)).await.map_err(kind), Err(busy), "it is not taken for gone");
    drop(stage_of_it);

    proxy.set(Fault::Pass).await;
    let staged = stage(&storage, &durable, &all).await;
    storage.keep(&staged, &blob(&all)).await.expect("kept");
    storage.discard(&staged).await.expect("discarded");
    assert!(content(&storage, &blob(&all), None).await.expect("it is there") == all);
    let names = place.server.names();
    assert!(!names.iter().any(|name| name.starts_with("staged/")), "nothing is left: {names:?}");
}

#[tokio::test]
async fn an_upload_goes_on_to_its_file_and_a_sweep_to_its_end_when_the_bucket_is_back() {
    let site = Site::found(Arc::new(InBucket::new(""))).await;
    let proxy = Proxy::to(site.place.server.address()).await;
    let storage: Arc<dyn Storage> = Arc::new(site.place.open_by(proxy.address()));
    let filing = site.serve_on(Arc::clone(&storage));
    let all = bytes(1, 12_000_000);
    let id = site.begin(&filing, all.len()).await;
    // It goes away in the midst of the second part, and while a file is made.
    let mut held = filing.hold(site.anna, id).await.expect("held");
    let mut coming = held.coming(&filing).await.expect("begun");
    coming.write(all.slice(..9_000_000)).await.expect("written");
    proxy.set(Fault::Reset).await;
    let away = coming.write(all.slice(9_000_000..)).await;
    assert!(matches!(away, Err(StoreError::Busy)), "{away:?}");
    let (staged, hasher) = coming.end().await.expect("what is durable is known");
    assert!(staged.length <= 9_000_000 && hasher.is_none(), "{staged:?}");
    held.advance(&staged).await.expect("noted");
    held.let_go().await;
    proxy.set(Fault::Pass).await;
    let file = site.go_on(&filing, id, &all).await.expect("made");
    assert_eq!(Key::Blob(file.hash), blob(&all));
    assert!(content(&*storage, &blob(&all), None).await.expect("it is there") == all);

    proxy.set(Fault::Reset).await;
    let fetched = storage.open(&blob(&all), None).await.map(|found| found.is_some());
    assert_eq!(
        fetched.map_err(|error| error.kind()),
        Err(ErrorKind::ResourceBusy),
        "it is not taken for gone"
    );
    site.day_passes(&filing).await;
    proxy.set(Fault::Pass).await;
    site.days_pass(&filing).await;
    site.is_empty(&*storage).await;
}

#[tokio::test]
async fn an_object_takes_as_long_to_be_put_together_as_the_bucket_takes() {
    let site = Site::found(Arc::new(InBucket::new(""))).await;
    let proxy = Proxy::to(site.place.server.address()).await;
    let hands = Hands::default();
    let filing = site.serve_by(Arc::new(site.place.open_by(proxy.address())), hands.time());
    let all = bytes(1, 12_000_000);
    let mut coming = Coming::begin(&filing).await.expect("begun");
    coming.write(all.clone()).await.expect("written");
    let (staged, seen) = coming.end().await.expect("durable");
    let seen = seen.expect("it is known");

    // It does not answer for ten minutes, of which a request may stand still for one.
    proxy.set(Fault::BlackHole).await;
    let pace = Pace::default();
    let allowed = Duration::from_secs(30);
    let making = filing.make(&staged, seen, site.about(), &pace);
    let time = hands.time();
    let made = while_it_goes_on(&pace, &time, allowed, making);
    let mut made = std::pin::pin!(made);
    let minutes = async {
        for _ in 0..20 {
            hands.move_on(allowed).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        made = &mut made => panic!("it is given up, or made of nothing: {made:?}"),
        () = minutes => {}
    }
    proxy.set(Fault::Pass).await;
    let file = made.await.expect("it goes on").expect("made");
    assert_eq!(Key::Blob(file.hash), blob(&all));
}

#[tokio::test]
async fn what_waits_for_a_bucket_on_the_disk_of_a_node_leaves_room_there() {
    const TEST: &str = "s3::what_waits_for_a_bucket_on_the_disk_of_a_node_leaves_room_there";
    let Some(data) = std::env::var_os(OWN_FOLDER) else {
        let data = tempfile::tempdir().expect("a folder");
        return on_a_small_disk(TEST, 4096, data.path());
    };
    let site = Site::found(Arc::new(InBucket::new(""))).await;
    let settings = site.place.settings(site.place.server.address());
    let storage = S3::open(&settings, Path::new(&data), TaskTracker::new()).expect("good settings");
    let free = storage.free().await.expect("asked").expect("it is the disk of the node");
    // However large an upload is, no more of it waits there than a part.
    assert_eq!([1000, 1 << 40].map(|size| storage.room_for(size)), [1000, 5 << 20]);
    let filing = site.serve_on(Arc::new(storage));
    let refused = filing.may_upload(site.anna, 6_000_000).await;
    let is_full = matches!(refused, Err(StoreError::Refused(Refusal::DiskNearlyFull)));
    // Where nobody may have a small disk it is a large one.
    assert_eq!(is_full, free.of <= 4 << 20, "{free:?}: {refused:?}");
    filing.may_upload(site.anna, 1_000_000).await.expect("there is room");
}

#[tokio::test]
async fn a_wrong_key_is_a_fault_and_not_an_absence() {
    let place = InBucket::new("");
    let mut settings = place.settings(place.server.address());
    settings.keys = Some(S3Keys { access: Server::ACCESS_KEY.to_owned(), secret: "another".to_owned() });
    let storage = S3::open(&settings, place.data.path(), TaskTracker::new()).expect("good settings");
    let error = storage.size(&blob(b"")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_of_an_object_that_was_being_put_together_goes_with_its_upload() {
    let place = InBucket::new("");
    let all = bytes(1, 11_000_000);
    let mut left = 0;
    for steps in 0..200 {
        let storage = place.open_by(place.server.address());
        let staged = stage(&storage, &Staged::new(format!("torn-{steps}")), &all).await;
        let key = blob(&all);
        let kept = given_up_after(steps, storage.keep(&staged, &key)).await;
        place.server.rests().await;
        left += usize::from(!place.server.parts().is_empty());
        // By its id alone, as by the sweep.
        storage.discard(&Staged::new(staged.id.clone())).await.expect("discarded");
        assert_eq!(place.server.parts(), Vec::<String>::new(), "step {steps}");
        storage.remove(&[key]).await.expect("removed");
        if kept.is_some() {
            assert!(left > 0, "it was broken off while there were some");
            return;
        }
    }
    panic!("it never comes to its end");
}

/// The bucket behind TLS, with a certificate that only its file makes trusted.
struct BehindTls {
    place: InBucket,
    ca: PathBuf,
}

impl BehindTls {
    fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key.into())
            .expect("a pair");
        let server = Server::start_behind(Arc::new(config).into());
        let place = InBucket { server, data: tempfile::tempdir().expect("a folder"), prefix: "" };
        let ca = place.data.path().join("ca.pem");
        std::fs::write(&ca, pair.cert.pem()).expect("written");
        Self { place, ca }
    }

    fn open(&self, ca: Option<PathBuf>) -> std::io::Result<S3> {
        let address = self.place.server.address();
        let endpoint = Some(format!("https://{address}"));
        let settings = S3Settings { endpoint, ca, ..self.place.settings(address) };
        S3::open(&settings, self.place.data.path(), TaskTracker::new())
    }
}

#[tokio::test]
async fn an_s3_with_a_certificate_of_ones_own_authority_is_trusted_where_a_file_says_so() {
    let behind = BehindTls::new();
    let trusting = behind.open(Some(behind.ca.clone())).expect("good settings");
    let all = bytes(1, 11_000_000);
    // In parts, which are copied by a request of our own.
    let staged = stage(&trusting, &Staged::new("tls"), &all).await;
    trusting.keep(&staged, &blob(&all)).await.expect("kept");
    assert!(content(&trusting, &blob(&all), None).await.expect("it is there") == all);
    assert!(behind.open(None).expect("good settings").size(&blob(&all)).await.is_err(), "not by others");
}

#[test]
fn a_file_of_authorities_that_has_none_is_told_at_the_start() {
    let behind = BehindTls::new();
    for (name, content) in [
        ("none.pem", Some("hello")),
        ("broken.pem", Some("-----BEGIN CERTIFICATE-----")),
        ("absent.pem", None),
    ] {
        let file = behind.place.data.path().join(name);
        content.inspect(|content| std::fs::write(&file, content).expect("written"));
        let error = behind.open(Some(file)).err().expect("refused").to_string();
        assert!(error.contains("s3-ca") && error.contains(name), "{error}");
    }
}
