//! What an instance offers to its key system: configuration, stores, time, output.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::configuration::Configuration;
use super::key_system::Descriptor;
use super::offline::OfflineKeys;
use super::time::TimeSource;
use crate::storage::OfflineStore;
use base::clock::VirtualClock;
use base::error::{Error, Result};
use base::log;
use license::policy::{Hdcp, Reading};

/// The configuration string that names the directory of the offline store.
pub const STORAGE_PATH: &str = "storagePath";
/// The configuration string that says how the output is protected.
pub const OUTPUT_HDCP: &str = "outputHdcp";
/// The configuration byte array with the certificate of the authority to trust, X.509 in DER.
pub const LICENSE_AUTHORITY: &str = "licenseAuthority";

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
    offline: OfflineKeys,
    device: OfflineKeys,
    time: Mutex<TimeSource>,
    output: Mutex<Hdcp>,
}

impl Platform {
    /// The environment of a new instance.
    pub fn new(descriptor: &Descriptor) -> Self {
        Self {
            strings: Configuration::default(),
            byte_arrays: Configuration::default(),
            offline: OfflineKeys::new(descriptor.name.to_owned()),
            device: OfflineKeys::new(format!("{}.device", descriptor.name)),
            time: Mutex::default(),
            output: Mutex::new(emulated_output()),
        }
    }

    /// The store of offline keys.
    pub fn offline_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.offline.store()
    }

    /// The store of what belongs to the device and not to a key, in the same directory.
    pub fn device_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.device.store()
    }

    /// Both stores in a directory.
    pub fn stores_in(&self, directory: &Path) -> Result<Stores> {
        Ok(Stores { offline: self.offline.open(directory)?, device: self.device.open(directory)? })
    }

    /// Uses these stores from now on.
    pub fn use_stores(&self, stores: Stores) {
        self.offline.set_store(stores.offline);
        self.device.set_store(stores.device);
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

/// The protection of an output by its word in license templates.
pub fn output_by_word(word: &str) -> Result<Hdcp> {
    let all = [Hdcp::None, Hdcp::V1, Hdcp::V2];
    all.into_iter()
        .find(|hdcp| hdcp.word() == word)
        .ok_or_else(|| Error::Refused(format!("{OUTPUT_HDCP} is HDCP_NONE, HDCP_V1 or HDCP_V2, not {word:?}").into()))
}

/// What `NATIVE_DRM_EMULATE_HDCP` says. Nothing gets more secure by that.
fn emulated_output() -> Hdcp {
    let output = match std::env::var("NATIVE_DRM_EMULATE_HDCP").as_deref() {
        Ok("V1") => Hdcp::V1,
        Ok("V2") => Hdcp::V2,
        _ => return Hdcp::None,
    };
    log::warn!("output protection {} is emulated: nothing gets more secure by it", output.word());
    output
}
