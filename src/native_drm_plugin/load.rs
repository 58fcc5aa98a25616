//! Plugins in shared libraries: where they are looked for, who may have written them, how they are loaded.

use std::cell::Cell;
use std::env;
use std::ffi::{CStr, CString, OsString, c_void};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::host::HOST;
use super::plugin::Plugin;
use super::system_tables::NativeDrm_PluginInitFunction;
use crate::glue::boundary;
use crate::glue::error::{Error, Result};
use crate::native_drm_err::Drm_ErrCode;
use base::log;
use base::sync::{Mutex, statics};
use drm::registry;

/// Folders with plugins, separated by colons; empty = none.
const PATH_VARIABLE: &str = "NATIVE_DRM_PLUGIN_PATH";
/// Where plugins are below the folder of the library itself.
const DEFAULT_FOLDER: &str = "native_drm/plugins";
/// What a plugin exports.
const INIT: &CStr = c"NativeDrm_PluginInit";

statics! {
    /// Whether the folders have been searched. Held meanwhile: a program's other threads wait for what there is to be found.
    static SEARCHED: Mutex<bool> = Mutex::new(false);
}

thread_local! {
    /// Whether this thread is searching, in a plugin's function that calls the library again.
    static SEARCHING: Cell<bool> = const { Cell::new(false) };
}

/// Loads what there is in the folders, at the first call. Faults are in the log: nothing that has to do with a plugin keeps a program
/// from using the others.
pub(crate) fn search() {
    if SEARCHING.get() {
        return;
    }
    let mut searched = SEARCHED.lock();
    if std::mem::replace(&mut *searched, true) {
        return;
    }
    boundary::read_environment();
    SEARCHING.set(true);
    for folder in folders() {
        search_folder(&folder);
    }
    SEARCHING.set(false);
}

pub(crate) fn folders() -> Vec<PathBuf> {
    match variable() {
        Some(path) => env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).collect(),
        None => own_folder().map(|folder| folder.join(DEFAULT_FOLDER)).into_iter().collect(),
    }
}

/// The environment of a program that has more rights than its user says nothing.
fn variable() -> Option<OsString> {
    env::var_os(PATH_VARIABLE).filter(|_| !has_more_rights())
}

/// Whether this process has rights that whoever made its environment lacks.
pub(crate) fn has_more_rights() -> bool {
    // SAFETY: a plain call.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The folder of the file that this library is in: its own, or the program that it is linked into.
pub(crate) fn own_folder() -> Option<PathBuf> {
    // A static program has no loader that would know anything.
    let path = match loaded((&raw const HOST).cast()) {
        Some(own) if !is_program(&own) => {
            if own.dli_fname.is_null() {
                return None;
            }
            // SAFETY: the loader's text, which lives as long as this library, which is never unloaded.
            let name = unsafe { CStr::from_ptr(own.dli_fname) };
            fs::canonicalize(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()))).ok()?
        }
        // The loader knows the program by its first argument only, which need not lead to it from the current directory, or leads elsewhere.
        _ => env::current_exe().ok()?,
    };
    path.parent().map(Path::to_owned)
}

/// Whether a file is the program that runs.
fn is_program(file: &libc::Dl_info) -> bool {
    // SAFETY: a plain call.
    let entry = usize::try_from(unsafe { libc::getauxval(libc::AT_ENTRY) });
    let program = entry.ok().and_then(|entry| loaded(std::ptr::without_provenance(entry)));
    program.is_some_and(|program| program.dli_fbase == file.dli_fbase)
}

/// What the loader knows of the file that an address was loaded from.
fn loaded(address: *const c_void) -> Option<libc::Dl_info> {
    // SAFETY: zero is a Dl_info.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: any address, and a struct to be filled.
    let found = unsafe { libc::dladdr(address, &raw mut info) };
    (found != 0).then_some(info)
}

fn search_folder(folder: &Path) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // As a rule there is none.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return log::warn!("plugins in {}: {error}", folder.display()),
    };
    let is_library = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "so");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_library).collect();
    files.sort();
    for file in files {
        if let Err(error) = load(&file) {
            log::error!("plugin {} is left out: {error}", file.display());
        }
    }
}

/// Loads a plugin and registers its key system.
pub(crate) fn load(path: &Path) -> Result<()> {
    let path = fs::canonicalize(path).map_err(|error| refused(path, &error.to_string()))?;
    check_owners(&path)?;
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| refused(&path, "a NUL in its name"))?;
    let init = open(&name).map_err(|reason| refused(&path, &reason))?;
    let mut table = std::ptr::null();
    // SAFETY: the plugin guarantees that what it exports under this name is a function of this type.
    let code = unsafe { init(&raw const HOST, &raw mut table) };
    if code != Drm_ErrCode::DRM_ERR_OK.into() {
        return Err(refused(&path, &format!("NativeDrm_PluginInit returned {}", code.0)));
    }
    let plugin = Plugin::read("plugin", table).map_err(|error| refused(&path, &error.to_string()))?;
    register(plugin)
}

/// Registers a key system.
pub(super) fn register(plugin: Plugin) -> Result<()> {
    Ok(registry::register(Arc::new(plugin))?)
}

/// Opens a library and finds its function. It stays open: its threads may run.
fn open(
    name: &CStr,
) -> std::result::Result<
    unsafe extern "C-unwind" fn(
        *const super::tables::DRM_PluginHost,
        *mut *const super::system_tables::DRM_KeySystemPlugin,
    ) -> crate::native_drm_err::ErrCodeValue,
    String,
> {
    // SAFETY: a path. Its constructors run now: the file is one that root or the user has put there.
    let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() {
        return Err(loader_error());
    }
    // SAFETY: an open library and a name.
    let symbol = unsafe { libc::dlsym(library, INIT.as_ptr()) };
    if symbol.is_null() {
        let reason = loader_error();
        // SAFETY: opened above, and nothing of it is in use.
        unsafe { libc::dlclose(library) };
        return Err(reason);
    }
    // SAFETY: the plugin guarantees that what it exports under this name is a function of this type; it is not null.
    let function = unsafe { std::mem::transmute::<*mut c_void, NativeDrm_PluginInitFunction>(symbol) };
    function.ok_or_else(loader_error)
}

fn loader_error() -> String {
    // SAFETY: a plain call; its text is valid until this thread's next call of the loader.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "the loader gives no reason".to_owned();
    }
    // SAFETY: not null, and the loader's text.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Refused(format!("{}: {reason}", path.display()).into())
}

/// Refuses a file that others than root and the user could have written, or put there. In a folder that everybody may write to, such
/// as /tmp, nobody can replace what is not his, if it is sticky.
pub(crate) fn check_owners(path: &Path) -> Result<()> {
    // SAFETY: a plain call.
    let user = unsafe { libc::geteuid() };
    let trusted = |metadata: &Metadata| [0, user].contains(&metadata.uid());
    for (index, part) in path.ancestors().enumerate() {
        let metadata = fs::metadata(part).map_err(|error| refused(part, &error.to_string()))?;
        let is_file = index == 0;
        if is_file && !metadata.is_file() {
            return Err(refused(part, "not a regular file"));
        }
        let sticky = !is_file && metadata.mode() & libc::S_ISVTX != 0;
        if !trusted(&metadata) {
            return Err(refused(part, "it belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 && !sticky {
            return Err(refused(part, "other users can write to it"));
        }
    }
    Ok(())
}
