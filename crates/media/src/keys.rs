//! The keys that were given.

use std::collections::HashMap;
use std::sync::Arc;

use cenc::ContentKey;

use crate::error::Result;

/// Content keys by their key ids.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<[u8; 16], Arc<ContentKey>>);

impl Keys {
    /// Adds a key. A later one of the same id takes the place of the former.
    ///
    /// # Errors
    /// If there is no memory that core dumps leave out.
    pub fn add(&mut self, key_id: [u8; 16], key: &[u8; 16]) -> Result<()> {
        self.0.insert(key_id, Arc::new(ContentKey::new(key)?));
        Ok(())
    }

    /// The key of this id.
    pub fn get(&self, key_id: &[u8; 16]) -> Option<&Arc<ContentKey>> {
        self.0.get(key_id)
    }

    /// The only key, with its id; none if there is not exactly one.
    pub fn only(&self) -> Option<([u8; 16], &Arc<ContentKey>)> {
        let mut keys = self.0.iter();
        keys.next().filter(|_| keys.next().is_none()).map(|(id, key)| (*id, key))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
