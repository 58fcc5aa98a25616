//! The store of offline media keys.
//!
//! [`FileStore`] keeps one authenticated and encrypted file per key id and a record of which writing of each is the last one,
//! [`MemoryStore`] keeps nothing beyond the process.
//! What a key's payload means is the key system's business.

mod device_key;
mod directory;
mod envelope;
mod file;
mod files;
mod memory;
mod record;
mod seal;
mod store;
mod writing;

pub use directory::default_dir;
pub use file::FileStore;
pub use files::{LOCK_WAIT, create_directory};
pub use memory::MemoryStore;
pub use store::{Change, MAX_ENTRIES, MAX_ID_LENGTH, MAX_PAYLOAD, OfflineStore, StoredKey, StoredStatus};
