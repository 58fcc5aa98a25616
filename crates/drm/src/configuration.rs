//! Configuration strings and byte arrays that callers set.

use parking_lot::Mutex;
use std::collections::HashMap;

use base::error::{Error, Result};

/// Names of one kind that may be set on one instance.
const MAX_NAMES: usize = 256;

/// Values by name.
pub struct Configuration<V>(Mutex<HashMap<String, V>>);

impl<V> Default for Configuration<V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<V: Clone> Configuration<V> {
    /// Sets a value.
    pub fn set(&self, name: String, value: V) -> Result<()> {
        let mut values = self.0.lock();
        if values.len() >= MAX_NAMES && !values.contains_key(&name) {
            return Err(Error::Refused(format!("{MAX_NAMES} configuration names are set already").into()));
        }
        values.insert(name, value);
        Ok(())
    }

    /// Gets a value.
    pub fn get(&self, name: &str) -> Result<V> {
        self.0
            .lock()
            .get(name)
            .cloned()
            .ok_or_else(|| Error::NotFound { what: "configuration name", name: name.to_owned() })
    }
}
