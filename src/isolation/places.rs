//! Where the host program and the plugins are, and who may have written them.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::glue::error::{Error, Result};
use crate::native_drm_plugin::{check_owners, has_more_rights, own_folder};
use base::sync::{Mutex, statics};

const VARIABLE: &str = "NATIVE_DRM_HOST";

/// Where the program is, from the folder of the library on: as installed, with libraries in `lib`, `lib64` or `lib/ARCHITECTURE`.
const FROM_LIBRARY: [&str; 3] =
    ["../libexec/native_drm/native-drm-host", "../../libexec/native_drm/native-drm-host", "native_drm/native-drm-host"];

/// The program that runs hosts.
pub(super) fn program() -> Result<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|path| !path.is_empty() && !has_more_rights());
    let path = match named {
        Some(path) => PathBuf::from(path),
        None => installed().ok_or_else(|| missing("it is not installed beside the library"))?,
    };
    let path = path.canonicalize().map_err(|error| missing(&format!("{}: {error}", path.display())))?;
    check_owners(&path).map_err(|error| missing(&error.to_string()))?;
    Ok(path)
}

fn installed() -> Option<PathBuf> {
    let folder = own_folder()?;
    FROM_LIBRARY.iter().map(|path| folder.join(path)).find(|path| path.is_file())
}

fn missing(reason: &str) -> Error {
    Error::NoHost(format!("the program native-drm-host: {reason}").into())
}

statics! {
    static LOADED: Mutex<Vec<OsString>> = Mutex::new(Vec::new());
}

statics! {
    static OWN: Mutex<Vec<String>> = Mutex::new(Vec::new());
}

/// The program itself has a key system of that name, which no other process can run.
pub(crate) fn remember_own(name: String) {
    OWN.lock().push(name);
}

/// Whether the program itself has a key system of that name.
pub(super) fn is_own(name: &str) -> bool {
    OWN.lock().iter().any(|own| own == name)
}

/// The program has loaded a plugin by name, which hosts are to know, too.
pub(crate) fn remember_plugin(path: OsString) {
    let mut loaded = LOADED.lock();
    if !loaded.contains(&path) {
        loaded.push(path);
    }
}

/// Paths of the plugins that the program has loaded by name.
pub(super) fn loaded_plugins() -> Vec<OsString> {
    LOADED.lock().clone()
}
