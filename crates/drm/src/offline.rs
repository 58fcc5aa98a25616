//! Where an instance keeps its offline keys.

use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;

use crate::storage::{self, FileStore, OfflineStore};
use base::error::Result;

/// The offline store of one instance, opened at its first use.
pub struct OfflineKeys {
    namespace: String,
    store: Mutex<Option<Arc<dyn OfflineStore>>>,
}

impl OfflineKeys {
    /// A store in the default directory.
    pub fn new(namespace: String) -> Self {
        Self { namespace, store: Mutex::new(None) }
    }

    /// Uses a store from now on.
    pub fn set_store(&self, store: Arc<dyn OfflineStore>) {
        *self.store.lock() = Some(store);
    }

    /// The store.
    pub fn store(&self) -> Result<Arc<dyn OfflineStore>> {
        let mut store = self.store.lock();
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        let opened = self.open(&storage::default_dir()?)?;
        *store = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// The store that these keys have in a directory.
    pub fn open(&self, directory: &Path) -> Result<Arc<dyn OfflineStore>> {
        Ok(Arc::new(FileStore::open(directory, &self.namespace)?))
    }
}
