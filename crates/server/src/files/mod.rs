//! How files come to be: from bytes on their way to a file that a message may name.
//!
//! Bytes are staged as they come. Once they are whole they are looked at ([`Filing::make`]): their blob is claimed, put in its place with its
//! previews, and then the file is added, which is the moment from which it exists. What is staged stays until then, so whoever ends
//! before that may do all of it again, and what nobody does again the sweep ([`sweep`]) finds.

mod clear;
mod coming;
mod going;
mod seen;
mod square;
mod sweep;
mod transfer;

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::StreamExt;
use parking_lot::Mutex;
use rim_core::file::{
    Blob, Claim, Facts, File, FileId, FileLimits, Hash, NewFile, SIDES, Thumbs, TransferId,
};
use rim_core::file_name::clean_name;
use rim_core::{Refusal, UserId};
use rim_media::{Format, Inspected, MAX_PICTURE_BYTES, SNIFF_BYTES};
use rim_store::{Store, StoreError};

pub use self::coming::Coming;
use self::going::Going;
pub use self::seen::Seen;
pub use self::sweep::sweep;
pub use self::transfer::{Begun, Held, RENEW_EVERY, Stopped};
use crate::config::{Bus, Config};
use crate::life::Life;
use crate::media::{Budget, Room};
use crate::metrics::FileMetrics;
use crate::pace::{Pace, throughout};
use crate::storage::{Hasher, Key, Staged, Storage};

/// Of a picture that is not read as a whole so much is looked at for where it was taken, which cameras write first.
const LOOKED_AT_BYTES: usize = 1 << 20;
/// No more room than this is left free on a disk, however large it is.
const MOST_FREE_BYTES: u64 = 2 << 30;
/// How long whoever claims bytes that are being removed waits before they ask again, and how often they do.
const ASK_AGAIN: Duration = Duration::from_millis(50);
const TIMES: usize = 100;
/// A store that is busy is asked again to add a file, after twice the time before: some six seconds in all, as its bytes have come.
const TIMES_ADDED: u32 = 7;
/// So often a file is put in its place whose claim has lapsed meanwhile.
const TIMES_KEPT: usize = 3;

/// What a file is to be, beside its bytes.
#[derive(Debug, Clone)]
pub struct About {
    pub owner: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What its owner takes it for; it counts only where nothing else can tell sound from film.
    pub claimed: String,
    /// Its bytes are to stay as they are.
    pub as_file: bool,
    pub transfer: Option<TransferId>,
}

/// Makes files.
pub struct Filing {
    store: Arc<dyn Store>,
    storage: Arc<dyn Storage>,
    budget: Budget,
    limits: FileLimits,
    min_free_percent: u8,
    metrics: FileMetrics,
    life: Life,
    /// Uploads that are going on here, by user. A plain mutex: it is held for one look-up.
    going_on: Mutex<HashMap<UserId, u64>>,
    /// Transfers that are going on here, or were a moment ago.
    going: Going,
    /// This node among those that hold transfers.
    holder: u64,
}

/// One of those uploads that a user may have going on at the same time.
pub struct Slot {
    filing: Arc<Filing>,
    user: UserId,
}

impl Filing {
    pub fn new(
        store: Arc<dyn Store>,
        storage: Arc<dyn Storage>,
        config: &Config,
        metrics: FileMetrics,
        life: Life,
    ) -> Result<Self, StoreError> {
        // A node that is alone goes on with what it held before a restart.
        let holder = if config.bus == Bus::Local { 1 } else { random_number()? };
        let mut limits = config.files;
        limits.max_bytes = storage.max_bytes().map_or(limits.max_bytes, |most| most.min(limits.max_bytes));
        Ok(Self {
            store,
            storage,
            budget: Budget::new(life.tasks.clone(), life.time.clone()),
            limits,
            min_free_percent: config.min_free_disk,
            metrics,
            life,
            going_on: Mutex::default(),
            going: Going::default(),
            holder,
        })
    }

    /// Where the bytes are.
    pub fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    pub const fn limits(&self) -> FileLimits {
        self.limits
    }

    pub const fn metrics(&self) -> &FileMetrics {
        &self.metrics
    }

    /// Whether a user may upload so much; at first, as others may be uploading, too.
    ///
    /// # Errors
    /// `FileTooLarge`, `QuotaExceeded`, `DayExceeded`, `DiskNearlyFull`.
    pub async fn may_upload(&self, user: UserId, size_bytes: u64) -> Result<(), StoreError> {
        let may = self.store.may_upload(user, size_bytes, self.limits, self.life.clock.now()).await;
        may.map_err(|error| self.metrics.refused(error))?;
        self.has_room(size_bytes).await.map_err(|error| self.metrics.refused(error))
    }

    /// # Errors
    /// `DiskNearlyFull` where so much more would leave too little of the disk.
    async fn has_room(&self, size_bytes: u64) -> Result<(), StoreError> {
        let free = self.storage.free().await.map_err(|error| self.fault(&error))?;
        let Some(free) = free else { return Ok(()) };
        let size_bytes = self.storage.room_for(size_bytes);
        let least = (free.of / 100 * u64::from(self.min_free_percent)).min(MOST_FREE_BYTES);
        if free.bytes < least.saturating_add(size_bytes) {
            return Err(Refusal::DiskNearlyFull.into());
        }
        Ok(())
    }

    /// Takes one of the slots of a user.
    ///
    /// # Errors
    /// `TooManyTransfers`.
    pub fn slot(self: &Arc<Self>, user: UserId) -> Result<Slot, StoreError> {
        let mut going_on = self.going_on.lock();
        let count = going_on.entry(user).or_default();
        if *count >= self.limits.transfers {
            return Err(self.metrics.refused(Refusal::TooManyTransfers(self.limits.transfers).into()));
        }
        *count += 1;
        self.metrics.going_on.inc();
        Ok(Slot { filing: Arc::clone(self), user })
    }

    /// Makes a file of what is staged, all of which was seen. Where it fails what is staged is still there. The request goes on
    /// meanwhile, however large it is: what the storage does has its own bounds.
    ///
    /// # Errors
    /// Those of [`Self::may_upload`], asked once more by what it has become; `PictureTooLarge`, `LocationStays`; `NoSuchFile` where the
    /// storage has lost it; `Busy` where its bytes are being removed for too long.
    pub async fn make(
        &self,
        staged: &Staged,
        seen: Seen,
        about: About,
        pace: &Pace,
    ) -> Result<File, StoreError> {
        let made = throughout(pace, &self.life.time, self.make_now(staged, seen, about)).await;
        let made = made.map_err(|error| self.metrics.refused(error))?;
        self.metrics.added.inc();
        Ok(made)
    }

    async fn make_now(&self, staged: &Staged, seen: Seen, about: About) -> Result<File, StoreError> {
        let head = self.head(staged, SNIFF_BYTES).await.map_err(|error| self.fault(&error))?;
        let name = clean_name(&about.name);
        let mime = rim_media::as_claimed(rim_media::sniff(&head, &name), &about.claimed);
        let (hash, found) = seen.finish();
        let mut new = NewFile {
            id: FileId::new(random()?),
            owner: about.owner,
            hash,
            name,
            size_bytes: staged.length,
            mime: mime.to_owned(),
            facts: Facts::default(),
            transfer: about.transfer,
        };
        // Held until what is in memory is written.
        let mut room = None;
        let mut inspected = None;
        let is_picture = mime.starts_with("image/") || rim_media::begins_tiff(&head);
        if is_picture {
            room = self.budget.room(staged.length).await;
            if room.is_none() {
                self.metrics.picture(false);
            }
        }
        let mut cleared = None;
        if let Some(room) = &room {
            let bytes = self.whole(staged).await.map_err(|error| self.fault(&error))?;
            inspected = Some(self.inspect(room, bytes, about.as_file, &mut new).await?);
        } else if is_picture {
            self.look_at_large(staged, &head, about.as_file, &mut new).await?;
        } else if about.as_file {
            new.facts.has_location = found.had_location;
        } else if found.stays {
            return Err(Refusal::LocationStays.into());
        } else if !found.blanks.is_empty() {
            let copy;
            (copy, new.hash) = self.clear(staged, &found.blanks).await?;
            cleared = Some(copy);
        }
        let from = cleared.as_ref().unwrap_or(staged);
        let made = self.keep_and_add(from, inspected.as_ref(), &new).await;
        if let Some(copy) = &cleared {
            self.discard(copy).await;
        }
        if made.is_ok() {
            self.discard(staged).await;
        }
        made
    }

    /// Puts the blob of a new file in its place, and adds it.
    async fn keep_and_add(
        &self,
        staged: &Staged,
        inspected: Option<&Inspected>,
        new: &NewFile,
    ) -> Result<File, StoreError> {
        for _ in 0..TIMES_KEPT {
            self.keep(staged, inspected, new).await?;
            if let Some(file) = self.add(new).await? {
                return Ok(file);
            }
        }
        Err(StoreError::Busy)
    }

    /// Adds a file whose blob is in its place; `None` where it took longer than a claim lasts, and the blob was removed meanwhile.
    async fn add(&self, new: &NewFile) -> Result<Option<File>, StoreError> {
        let mut pause = ASK_AGAIN;
        for _ in 1..TIMES_ADDED {
            match self.store.add_file(new.clone(), self.limits, self.life.clock.now()).await {
                // Where it was added all the same, the next time says so.
                Err(StoreError::Busy | StoreError::Unsure) => self.life.time.sleep(pause).await,
                answer => return answer,
            }
            pause *= 2;
        }
        self.store.add_file(new.clone(), self.limits, self.life.clock.now()).await
    }

    /// Looks at a picture that is too large to be read as a whole: where it stands first in a file it may say where it was taken.
    async fn look_at_large(
        &self,
        staged: &Staged,
        head: &[u8],
        as_file: bool,
        new: &mut NewFile,
    ) -> Result<(), StoreError> {
        if !as_file && Format::of(head).is_some() {
            return Err(Refusal::PictureTooLarge(MAX_PICTURE_BYTES).into());
        }
        let begin = self.head(staged, LOOKED_AT_BYTES).await.map_err(|error| self.fault(&error))?;
        new.facts.has_location = rim_media::surely_names_a_location(&begin);
        if new.facts.has_location && !as_file {
            return Err(Refusal::LocationStays.into());
        }
        Ok(())
    }

    /// Looks at a picture, and puts down what it is.
    async fn inspect(
        &self,
        room: &Room,
        bytes: Bytes,
        as_file: bool,
        new: &mut NewFile,
    ) -> Result<Inspected, StoreError> {
        let inspected = room.inspect(bytes, as_file).await.map_err(|error| self.fault(&error))?;
        self.metrics.picture(inspected.width.is_some());
        if inspected.location_stays && !as_file {
            return Err(Refusal::LocationStays.into());
        }
        new.mime = inspected.mime.to_owned();
        new.facts = Facts { has_location: as_file && inspected.had_location, ..facts(&inspected) };
        if let Some(stripped) = &inspected.stripped {
            new.size_bytes = stripped.len() as u64;
            new.hash = self.hash_of(stripped.clone()).await?;
        }
        Ok(inspected)
    }

    /// Claims the blob of a new file and puts it in its place, with its previews.
    async fn keep(
        &self,
        staged: &Staged,
        inspected: Option<&Inspected>,
        new: &NewFile,
    ) -> Result<(), StoreError> {
        self.claim(Blob { hash: new.hash, size_bytes: new.size_bytes, thumbs: new.facts.thumbs }).await?;
        let key = Key::Blob(new.hash);
        let kept = match inspected.and_then(|inspected| inspected.stripped.clone()) {
            Some(stripped) => self.storage.put(&key, stripped).await,
            None => self.storage.keep(staged, &key).await,
        };
        kept.map_err(|error| self.fault(&error))?;
        match inspected {
            Some(inspected) => self.put_previews(new.hash, &inspected.previews).await,
            None => Ok(()),
        }
    }

    /// Has a picture stand for a video from now on.
    ///
    /// # Errors
    /// `NoSuchFile` unless it is a video of that user that has no poster yet; `FileOfAnotherKind` where it is no picture.
    pub async fn set_poster(&self, user: UserId, id: FileId, picture: Bytes) -> Result<File, StoreError> {
        let room = self.budget.room(picture.len() as u64).await.ok_or(Refusal::FileOfAnotherKind)?;
        let inspected = room.inspect(picture.clone(), false).await.map_err(|error| self.fault(&error))?;
        if inspected.width.is_none() {
            return Err(Refusal::FileOfAnotherKind.into());
        }
        let picture = inspected.stripped.clone().unwrap_or(picture);
        let mut previews = inspected.previews.clone();
        if previews.is_empty() {
            // It is smaller than the smallest, and so its own preview.
            previews.push((SIDES[0], picture.clone()));
        }
        let (size_bytes, thumbs) = (picture.len() as u64, thumbs(&previews));
        let hash = self.hash_of(picture).await?;
        self.claim(Blob { hash, size_bytes, thumbs }).await?;
        self.put_previews(hash, &previews).await?;
        let facts = Facts { picture: Some(hash), thumbs, ..facts(&inspected) };
        self.store.set_poster(user, id, facts).await?.ok_or(StoreError::Busy)
    }

    async fn put_previews(&self, hash: Hash, previews: &[(u32, Bytes)]) -> Result<(), StoreError> {
        for (side, bytes) in previews {
            let put = self.storage.put(&Key::Preview(hash, *side), bytes.clone()).await;
            put.map_err(|error| self.fault(&error))?;
        }
        Ok(())
    }

    /// From now on nobody removes the blob, for long enough to put it in its place and to add its file.
    async fn claim(&self, blob: Blob) -> Result<(), StoreError> {
        for _ in 0..TIMES {
            match self.store.claim_blob(blob, self.life.clock.now()).await? {
                Claim::New | Claim::There => return Ok(()),
                Claim::Leaving => self.life.time.sleep(ASK_AGAIN).await,
            }
        }
        Err(StoreError::Busy)
    }

    /// So many of the first bytes, or all there are.
    async fn head(&self, staged: &Staged, most: usize) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        if staged.length > 0 {
            let mut pieces = self.storage.read_staged(staged).await?;
            while head.len() < most
                && let Some(piece) = pieces.next().await
            {
                let piece = piece?;
                head.extend_from_slice(&piece[..piece.len().min(most - head.len())]);
            }
        }
        Ok(head)
    }

    /// All of it, for which there is room.
    async fn whole(&self, staged: &Staged) -> io::Result<Bytes> {
        let mut whole = Vec::with_capacity(usize::try_from(staged.length).unwrap_or_default());
        let mut pieces = self.storage.read_staged(staged).await?;
        while let Some(piece) = pieces.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.into())
    }

    /// Off the runtime: it takes milliseconds.
    async fn hash_of(&self, bytes: Bytes) -> Result<Hash, StoreError> {
        let hashing = self.life.tasks.spawn_blocking(move || {
            let mut hasher = Hasher::default();
            hasher.update(&bytes);
            hasher.finish()
        });
        hashing.await.map_err(|panic| StoreError::Fault(format!("bytes cannot be hashed: {panic}")))
    }

    /// What cannot be discarded the sweep finds.
    pub async fn discard(&self, staged: &Staged) {
        if let Err(error) = self.storage.discard(staged).await {
            tracing::warn!(%error, "what was uploaded in vain stays until the next sweep");
        }
    }

    /// What a fault of the storage is to whoever uploads.
    pub fn fault(&self, error: &io::Error) -> StoreError {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Refusal::DiskNearlyFull.into(),
            ErrorKind::FileTooLarge => Refusal::FileTooLarge(self.limits.max_bytes).into(),
            // What had come of it is gone: it can only be begun anew.
            ErrorKind::NotFound => Refusal::NoSuchFile.into(),
            // It does not answer now, and may later.
            ErrorKind::ResourceBusy => {
                tracing::warn!(%error, "the storage of files does not answer");
                StoreError::Busy
            }
            _ => StoreError::Fault(format!("the storage of files: {error}")),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut going_on = self.filing.going_on.lock();
        if let Some(count) = going_on.get_mut(&self.user) {
            *count -= 1;
            self.filing.metrics.going_on.dec();
            if *count == 0 {
                going_on.remove(&self.user);
            }
        }
    }
}

fn facts(inspected: &Inspected) -> Facts {
    Facts {
        width: inspected.width,
        height: inspected.height,
        thumbhash: inspected.thumbhash.clone(),
        thumbs: thumbs(&inspected.previews),
        ..Facts::default()
    }
}

fn thumbs(previews: &[(u32, Bytes)]) -> Thumbs {
    let sides: Vec<u32> = previews.iter().map(|(side, _)| *side).collect();
    Thumbs::of(&sides)
}

/// By which nodes are told apart; SQL has room for it.
fn random_number() -> Result<u64, StoreError> {
    let [a, b, c, d, e, f, ..] = random()?;
    Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

/// What nobody guesses.
fn random() -> Result<[u8; 16], StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Fault(format!("the system's random source: {error}")))?;
    Ok(bytes)
}
