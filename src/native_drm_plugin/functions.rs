//! The functions that programs add key systems with.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::load;
use super::plugin::Plugin;
use super::system_tables::DRM_KeySystemPlugin;
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::isolation::{remember_own, remember_plugin};
use crate::native_drm_err::ErrCodeValue;

/// Bytes of a plugin's path with its NUL.
pub const NATIVE_DRM_MAX_PLUGIN_PATH_LEN: usize = 4096;

/// Adds a key system that the program itself has, for as long as the process lives. From now on
/// OH_MediaKeySystem_IsSupported(), OH_MediaKeySystem_GetMediaKeySystems() and OH_MediaKeySystem_Create() know it.
///
/// Any thread.
///
/// @param plugin the key system; copied with everything that it points to, except its functions
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if plugin is null, or a size, version, text, count, level or limit in it is wrong;
///     DRM_ERR_UNKNOWN if there is a key system with that name, the name is not one that DRM_KeySystemPlugin
///     allows, or there are 64 key systems
/// @since native_drm 0.1
///
/// # Safety
/// `plugin` is readable, as is what it points to; its functions are of their types, do what the header says, and stay loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_RegisterKeySystem(plugin: *const DRM_KeySystemPlugin) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let plugin = Plugin::read("plugin", plugin)?;
        boundary::read_environment();
        // Those in the folders come first, whoever asks.
        load::search();
        let name = plugin.name().to_owned();
        load::register(plugin)?;
        remember_own(name);
        Ok(())
    })
}

/// Loads a shared library and adds the key system that its function NativeDrm_PluginInit() names (NativeDrm_PluginInitFunction). It
/// is never unloaded.
///
/// A program need not call this for plugins in the folders that the environment variable NATIVE_DRM_PLUGIN_PATH lists, separated by
/// colons, or, if it is not set, in native_drm/plugins in the folder of libnative_drm.so: all files there whose name ends in ".so"
/// are loaded, in alphabetical order, by the first function that asks for key systems or creates one. What is wrong with one of them
/// is in the log, and the others are loaded. A program with set-user-ID rights does not look at the variable.
///
/// The file and all folders above it must belong to root or the user, and nobody else may be able to write to them; links are
/// followed first. A folder with the sticky bit, such as /tmp, may be above.
///
/// Any thread.
///
/// @param path the file, NUL-terminated, less than NATIVE_DRM_MAX_PLUGIN_PATH_LEN bytes
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if path is null, empty or too long; DRM_ERR_UNKNOWN if there is no such file, others can
///     write to it or to a folder above it, it cannot be loaded or has no NativeDrm_PluginInit(), that fails or names a key system
///     that OH_Drm_RegisterKeySystem() refuses. OH_Drm_GetLastErrorMessage() has the reason
/// @since native_drm 0.1
///
/// # Safety
/// `path` is a string; the library's constructors and functions do what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_LoadPlugin(path: *const c_char) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let path = args::string("path", path, NATIVE_DRM_MAX_PLUGIN_PATH_LEN)?;
        boundary::read_environment();
        load::search();
        let path = Path::new(OsStr::from_bytes(path.as_bytes()));
        load::load(path)?;
        // Hosts have another working directory in mind, perhaps.
        remember_plugin(path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string());
        Ok(())
    })
}
