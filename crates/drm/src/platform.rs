//! What an instance offers to its key system: configuration, stores, level, time, output.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::descriptor::DEVICE_STORE;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::recorder;
use crate::storage::{self, FileStore, OfflineStore, StoredKey};
use crate::time::TimeSource;
use base::clock::VirtualClock;
use base::log;
use base::sync::Mutex;
use license::policy::{DeviceLevel, Hdcp, Reading};

/// The configuration string that names the directory of the offline store.
pub const STORAGE_PATH: &str = "storagePath";
/// The configuration string that says how the output is protected.
pub const OUTPUT_HDCP: &str = "outputHdcp";
/// The configuration string that says, with the value `enable`, that an instance's sessions share their keys.
pub const SESSION_SHARING: &str = "sessionSharing";

/// Names of one kind that may be set on one instance.
const MAX_NAMES: usize = 256;

/// Configuration values of one kind that a program has set, by name.
pub struct Configuration<V>(Mutex<HashMap<String, V>>);

impl<V> Default for Configuration<V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<V: Clone> Configuration<V> {
    /// Sets a value.
    ///
    /// # Errors
    /// [`Error::Refused`] for one name more than there may be.
    pub fn set(&self, name: String, value: V) -> Result<()> {
        let mut values = self.0.lock();
        if values.len() >= MAX_NAMES && !values.contains_key(&name) {
            return Err(Error::Refused(format!("{MAX_NAMES} configuration names are set already").into()));
        }
        values.insert(name, value);
        Ok(())
    }

    /// Gets a value.
    ///
    /// # Errors
    /// [`Error::NotFound`] if none was set under that name.
    pub fn get(&self, name: &str) -> Result<V> {
        let value = self.0.lock().get(name).cloned();
        value.ok_or_else(|| Error::NotFound { what: "configuration name", name: name.to_owned() })
    }
}

/// One store of an instance, opened at its first use.
struct LazyStore {
    namespace: String,
    store: Mutex<Option<Arc<dyn OfflineStore>>>,
}

impl LazyStore {
    fn new(namespace: String) -> Self {
        Self { namespace, store: Mutex::new(None) }
    }

    fn get(&self, default_directory: Option<&Path>) -> Result<Arc<dyn OfflineStore>> {
        let mut store = self.store.lock();
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        let directory = default_directory.ok_or_else(no_directory)?;
        let opened = self.open(directory)?;
        *store = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn open(&self, directory: &Path) -> Result<Arc<dyn OfflineStore>> {
        Ok(Arc::new(FileStore::open(directory, &self.namespace)?))
    }
}

fn no_directory() -> Error {
    Error::Storage {
        action: "choose",
        path: "~/.local/share/native_drm".into(),
        source: io::Error::new(io::ErrorKind::NotFound, "the user has no home directory"),
    }
}

/// The stores of an instance, in one directory.
pub struct Stores {
    offline: Arc<dyn OfflineStore>,
    device: Arc<dyn OfflineStore>,
}

/// Environment of an instance of a key system.
pub struct Platform {
    /// Configuration strings that were set.
    pub strings: Configuration<String>,
    /// Configuration byte arrays that were set.
    pub byte_arrays: Configuration<Vec<u8>>,
    default_directory: Option<PathBuf>,
    offline: LazyStore,
    device: LazyStore,
    maximum_level: DeviceLevel,
    machine: Result<Option<Machine>>,
    time: Mutex<TimeSource>,
    output: Mutex<Hdcp>,
}

impl Platform {
    /// The environment of a new instance of the key system of that name.
    ///
    /// All environment variables that concern the instance are read here, in a call of the program: reading them later, on
    /// a thread of the library's own, could meet a program that is changing its environment, which is undefined.
    pub fn new(key_system: &str) -> Self {
        Self { machine: this_machine(), ..Self::on(None, key_system) }
    }

    /// As [`Platform::new`] on a machine, or on one that nobody can tell from others.
    pub fn on(machine: Option<Machine>, key_system: &str) -> Self {
        Self {
            strings: Configuration::default(),
            byte_arrays: Configuration::default(),
            default_directory: storage::default_dir(),
            offline: LazyStore::new(key_system.to_owned()),
            device: LazyStore::new(format!("{key_system}{DEVICE_STORE}")),
            maximum_level: maximum_level(),
            machine: Ok(machine),
            time: Mutex::default(),
            output: Mutex::new(emulated_output()),
        }
    }

    /// The store of offline keys.
    ///
    /// # Errors
    /// [`Error::Storage`] if no directory was named and the user has none; those of [`FileStore::open`].
    pub fn offline_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.offline.get(self.default_directory.as_deref())
    }

    /// An offline key, if there is one: as this process knows it, which the store may not have heard yet.
    ///
    /// # Errors
    /// Those of [`Platform::offline_store`] and [`OfflineStore::get`]; [`Error::Internal`] if the store does not take the news.
    pub fn find_stored_key(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        let store = self.offline_store()?;
        recorder::settle(&*store, id)?;
        store.get(id)
    }

    /// As [`Platform::find_stored_key`], if there has to be one.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none with that id; those of [`Platform::find_stored_key`].
    pub fn stored_key(&self, id: &[u8]) -> Result<StoredKey> {
        self.find_stored_key(id)?.ok_or_else(|| Error::no_offline_key(id))
    }

    /// Has stored licenses marked, those that there are, so that nobody restores them. Waits for nothing.
    pub fn mark_revoked(&self, ids: &[Vec<u8>]) {
        let now = self.reading().wall_millis.div_euclid(1000);
        match self.offline_store() {
            Ok(store) => ids.iter().for_each(|id| recorder::revoke(&store, id, now)),
            Err(error) => log::error!("revoked licenses are not marked in the store: {error}"),
        }
    }

    /// Gives the offline store a moment to take what was recorded.
    pub fn linger_at_store(&self) {
        if let Ok(store) = self.offline_store() {
            recorder::linger(&*store);
        }
    }

    /// The store of what belongs to the device and not to a key, in the same directory.
    ///
    /// # Errors
    /// As [`Platform::offline_store`].
    pub fn device_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.device.get(self.default_directory.as_deref())
    }

    /// Both stores in a directory.
    ///
    /// # Errors
    /// Those of [`FileStore::open`].
    pub fn stores_in(&self, directory: &Path) -> Result<Stores> {
        Ok(Stores { offline: self.offline.open(directory)?, device: self.device.open(directory)? })
    }

    /// Uses these stores from now on.
    pub fn use_stores(&self, stores: Stores) {
        *self.offline.store.lock() = Some(stores.offline);
        *self.device.store.lock() = Some(stores.device);
    }

    /// The highest protection level.
    pub fn maximum_level(&self) -> DeviceLevel {
        self.maximum_level
    }

    /// The machine; none if it cannot be told from others.
    ///
    /// # Errors
    /// As [`Machine::this`].
    pub fn machine(&self) -> Result<Option<Machine>> {
        // What was in the way when the instance was made may have gone.
        self.machine.as_ref().map_or_else(|_| Machine::this(), |machine| Ok(*machine))
    }

    /// Reads the clock.
    pub fn reading(&self) -> Reading {
        self.time.lock().reading()
    }

    /// Whether this instance goes by the machine's clock and not by one that its program moves.
    pub fn is_on_machine_clock(&self) -> bool {
        matches!(&*self.time.lock(), TimeSource::Machine)
    }

    /// The clock that this instance's program moves; none if it goes by the machine's.
    pub fn virtual_clock(&self) -> Option<Arc<VirtualClock>> {
        match &*self.time.lock() {
            TimeSource::Machine => None,
            TimeSource::Virtual(clock) => Some(Arc::clone(clock)),
        }
    }

    /// Goes by a virtual clock from now on.
    pub fn use_virtual_clock(&self, unix_millis: i64) {
        *self.time.lock() = TimeSource::Virtual(Arc::new(VirtualClock::new(unix_millis)));
    }

    /// How the output is protected.
    pub fn output(&self) -> Hdcp {
        *self.output.lock()
    }

    /// Says how the output is protected.
    pub fn set_output(&self, output: Hdcp) {
        *self.output.lock() = output;
    }
}

/// Fills memory with random bytes that are fit for keys.
///
/// # Errors
/// [`Error::Internal`] if there are none.
pub fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(Error::no_random_numbers)
}

/// The protection of an output by its word in license templates.
///
/// # Errors
/// [`Error::Refused`] for any other word.
pub fn output_by_word(word: &str) -> Result<Hdcp> {
    Hdcp::by_word(word)
        .ok_or_else(|| Error::Refused(format!("{OUTPUT_HDCP} is HDCP_NONE, HDCP_V1 or HDCP_V2, not {word:?}").into()))
}

/// The highest protection level, unless `NATIVE_DRM_EMULATE_LEVEL` asks for a higher one, in a build that listens to it. Nothing
/// gets more secure by that.
pub fn maximum_level() -> DeviceLevel {
    static SAID: AtomicBool = AtomicBool::new(false);
    let level = DeviceLevel::by_word(&emulated("NATIVE_DRM_EMULATE_LEVEL")).unwrap_or_default();
    if level != DeviceLevel::SwCrypto && !SAID.swap(true, Ordering::Relaxed) {
        log::warn!("protection level {level:?} is emulated: nothing gets more secure by it");
    }
    level
}

/// What `NATIVE_DRM_EMULATE_HDCP` says, in a build that listens to it: NONE, V1 or V2. Nothing gets more secure by that.
fn emulated_output() -> Hdcp {
    let output = Hdcp::by_word(&format!("HDCP_{}", emulated("NATIVE_DRM_EMULATE_HDCP"))).unwrap_or_default();
    if output != Hdcp::None {
        log::warn!("output protection {} is emulated: nothing gets more secure by it", output.word());
    }
    output
}

/// This machine, or the one that `NATIVE_DRM_EMULATE_MACHINE_ID` pretends (an id as in `/etc/machine-id`, or `none`), in a build
/// that listens to it.
fn this_machine() -> Result<Option<Machine>> {
    match emulated("NATIVE_DRM_EMULATE_MACHINE_ID").as_str() {
        "" => Machine::this(),
        id => Ok(Machine::by_id(id)),
    }
}

/// What the environment wants to be pretended; nothing in builds for users, whose licenses it would lift.
fn emulated(variable: &str) -> String {
    if cfg!(feature = "emulation") { std::env::var(variable).unwrap_or_default() } else { String::new() }
}
