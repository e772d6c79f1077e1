//! Where the bytes of files are, as the settings say.

use std::fmt;
use std::path::PathBuf;

use super::setting::SettingError;
use super::settings::Settings;
use super::value::{Database, FileStorage, Switch};

/// `file-storage`, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// `media` of the data folder.
    Folder,
    /// The store that nodes share, and how large a file may be there.
    Postgres {
        max_bytes: u64,
    },
    S3(S3Settings),
}

/// The settings `s3-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// Without the bucket; `None` for that of AWS.
    pub endpoint: Option<String>,
    pub bucket: String,
    /// `None` where the environment says it, or nothing does.
    pub region: Option<String>,
    /// What the names of all objects begin with, without a slash at its ends; may be empty.
    pub prefix: String,
    /// `None` where they come from the environment, or from the machine.
    pub keys: Option<S3Keys>,
    pub path_style: bool,
    /// A file of certificates in PEM that are trusted besides those of the system.
    pub ca: Option<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    pub access: String,
    pub secret: String,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys").field("access", &self.access).finish_non_exhaustive()
    }
}

impl S3Settings {
    /// Where requests go: where the bucket is not in the path, it is a part of the host.
    pub fn endpoint(&self) -> Option<String> {
        let endpoint = self.endpoint.as_ref()?;
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => Some(format!("{scheme}://{}.{host}", self.bucket)),
            _ => Some(endpoint.clone()),
        }
    }

    /// Whether what is sent may be read on the way.
    pub fn is_open(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }
}

/// Where files may be, by what the settings say of each place.
#[derive(Debug, Clone)]
pub struct FilePlaces {
    is_shared: bool,
    max_in_postgres: u64,
    s3: Option<S3Settings>,
}

impl FilePlaces {
    pub(super) fn of(settings: &Settings, database: &Database) -> Result<Self, SettingError> {
        let is_shared = matches!(database, Database::Postgres(_));
        Ok(Self { is_shared, max_in_postgres: settings.postgres_max_file, s3: s3(settings)? })
    }

    /// The place that a word names.
    ///
    /// # Errors
    /// It is not to be had with the database, or the settings do not say where it is.
    pub fn resolve(&self, storage: FileStorage) -> Result<FilePlace, SettingError> {
        match storage {
            FileStorage::Folder => Ok(FilePlace::Folder),
            FileStorage::Auto if !self.is_shared => Ok(FilePlace::Folder),
            FileStorage::Auto | FileStorage::Postgres if self.is_shared => {
                Ok(FilePlace::Postgres { max_bytes: self.max_in_postgres })
            }
            FileStorage::Auto | FileStorage::Postgres => {
                let problem = "must be folder or s3 on SQLite; postgres needs database = postgres://…";
                Err(SettingError::new("file-storage", problem))
            }
            FileStorage::S3 => self
                .s3
                .clone()
                .map(FilePlace::S3)
                .ok_or_else(|| SettingError::new("s3-bucket", "must be set where files are in s3")),
        }
    }
}

/// The bucket that is named, if one is.
fn s3(settings: &Settings) -> Result<Option<S3Settings>, SettingError> {
    let keys = match (settings.s3_access_key.clone(), settings.s3_secret_key.clone()) {
        (Some(access), Some(secret)) => Some(S3Keys { access, secret }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(SettingError::new("s3-secret-key", "must be set where s3-access-key is"));
        }
        (None, Some(_)) => {
            return Err(SettingError::new("s3-access-key", "must be set where s3-secret-key is"));
        }
    };
    Ok(settings.s3_bucket.clone().map(|bucket| S3Settings {
        endpoint: settings.s3_endpoint.clone(),
        bucket,
        region: settings.s3_region.clone(),
        prefix: settings.s3_prefix.clone().unwrap_or_default(),
        keys,
        path_style: settings.s3_path_style == Switch::On,
        ca: settings.s3_ca.clone(),
    }))
}
