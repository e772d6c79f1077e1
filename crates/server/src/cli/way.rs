//! The way of a command to the store: by the server that has it, where one runs.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use rim_store::Store;

use crate::admin::{self, Answer, Request, socket};
use crate::cli::target;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::data::{DataError, DataFolder};
use crate::store::{self, Opened, Unobserved};

/// The way to the store: our own, or the server's that has it.
pub(super) enum Way {
    Store {
        store: Arc<dyn Store>,
        _folder: DataFolder,
    },
    Server {
        /// Its data folder.
        folder: PathBuf,
    },
}

impl Way {
    /// `create` makes a database where there is none.
    pub(super) async fn find(config: &Config, create: bool) -> Result<Self> {
        // Without one no server has it, and it is not for a command to make it.
        let data = Some(&*config.data).filter(|data| create || data.exists());
        let folder = match DataFolder::lock_with(data, &config.database) {
            Ok(folder) => folder,
            Err(DataError::InUse { owner, .. } | DataError::DatabaseInUse { owner, .. }) => {
                target::must_be_meant(config, &owner)?;
                let folder = owner.data.unwrap_or_else(|| config.data.clone());
                return Ok(Self::Server { folder });
            }
            Err(error) => return Err(error.into()),
        };
        let opened = if create {
            store::open_of(&config.data, &config.database, 1, Arc::new(Unobserved)).await?
        } else {
            store::open_existing(&config.database).await?
        };
        let Opened { store, mut feed, .. } = opened;
        // Nobody is connected who should hear of changes, but a full feed would stop the store. The task
        // ends with the store.
        tokio::task::spawn(async move { while feed.recv().await.is_some() {} });
        Ok(Self::Store { store, _folder: folder })
    }

    pub(super) async fn request(&self, request: Request) -> Result<Answer> {
        match self {
            Self::Store { store, .. } => Ok(admin::apply(&**store, &SystemClock, request).await),
            Self::Server { folder } => socket::send(folder, &request).await,
        }
    }
}
