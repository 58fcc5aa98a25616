//! A plugin's tables: checked, copied, and as a key system of the domain.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::system::PluginSystem;
use super::system_tables::{
    DRM_KeySystemPlugin, DRM_PluginMimeType, DRM_PluginSessionFunctions, DRM_PluginSystemFunctions,
};
use super::tables::{
    DRM_PluginHost, DRM_PluginKey, DRM_PluginStoreEntry, DRM_PluginSystem, NATIVE_DRM_PLUGIN_API_VERSION,
};
use crate::glue::args;
use crate::glue::callback::UserData;
use crate::glue::error::{Error, Result};
use crate::glue::translate;
use crate::native_drm_common::{
    ContentProtectionLevelValue, DRM_UUID_LEN, MAX_MEDIA_KEY_SYSTEM_NAME_LEN, MAX_MIMETYPE_LEN,
    MAX_OFFLINE_MEDIA_KEY_ID_LEN,
};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::NATIVE_DRM_MAX_CONFIG_VALUE_LEN;
use drm::key_system::{Descriptor, KeySystem, Limits, MimeType, ProtectionLevel, SystemHost, SystemModule};

/// System ids of one key system at most.
const MAX_SYSTEM_IDS: usize = 16;
/// MIME types of one key system at most.
const MAX_MIME_TYPES: usize = 256;

/// A struct that says at its beginning how large it is for whoever wrote it.
///
/// # Safety
/// Zero is a value of it, and a u32 with its size comes first.
pub(super) unsafe trait Sized32: Copy {
    /// The size that it had in the first version.
    const FIRST: usize;
}

/// A table of functions, with the version of the interface behind its size.
///
/// # Safety
/// As [`Sized32`], and a u32 with the version comes second.
pub(super) unsafe trait Table: Sized32 {}

// SAFETY: integers, pointers and nullable functions, the size first.
unsafe impl Sized32 for DRM_KeySystemPlugin {
    const FIRST: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Sized32 for DRM_PluginSystemFunctions {
    const FIRST: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Sized32 for DRM_PluginSessionFunctions {
    const FIRST: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Sized32 for DRM_PluginKey {
    const FIRST: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Sized32 for DRM_PluginStoreEntry {
    const FIRST: usize = size_of::<Self>();
}
// SAFETY: the version is its second member.
unsafe impl Table for DRM_KeySystemPlugin {}
// SAFETY: the version is its second member.
unsafe impl Table for DRM_PluginSystemFunctions {}
// SAFETY: the version is its second member.
unsafe impl Table for DRM_PluginSessionFunctions {}

/// A copy of a struct, as far as this version knows it; what an older one lacks is zero.
pub(super) fn read_sized<T: Sized32>(argument: &'static str, pointer: *const T) -> Result<T> {
    args::reference(argument, pointer.cast::<usize>())?;
    let size = args::read(argument, pointer.cast::<u32>())? as usize;
    if size < T::FIRST {
        return Err(Error::invalid(argument, format!("structSize is {size}, less than {}", T::FIRST)));
    }
    // SAFETY: `Sized32` guarantees that zero is a T.
    let mut value: T = unsafe { std::mem::zeroed() };
    let known = size.min(size_of::<T>());
    // SAFETY: not null, and the plugin guarantees as many bytes as its struct says; `value` has room for those.
    unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut value).cast::<u8>(), known) };
    Ok(value)
}

/// A copy of a table that this library can work with.
pub(super) fn read_table<T: Table>(argument: &'static str, pointer: *const T) -> Result<T> {
    let table = read_sized(argument, pointer)?;
    let version = args::slice(argument, pointer.cast::<u32>(), 2)?[1];
    if !(1..=NATIVE_DRM_PLUGIN_API_VERSION).contains(&version) {
        return Err(Error::invalid(argument, format!("apiVersion {version} is not known")));
    }
    Ok(table)
}

/// All structs of an array, which has as much between one and the next as the first one's size says.
pub(super) fn read_all<T: Sized32>(argument: &'static str, first: *const T, count: usize) -> Result<Vec<T>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let size = args::read(argument, first.cast::<u32>())? as usize;
    // Grows with what has been read: the count is not to be trusted with an allocation.
    let mut all = Vec::new();
    for index in 0..count {
        let offset = index.checked_mul(size).ok_or_else(|| Error::invalid(argument, "longer than memory"))?;
        let pointer = first.wrapping_byte_add(offset);
        let one = read_sized(argument, pointer)?;
        if args::read(argument, pointer.cast::<u32>())? as usize != size {
            return Err(Error::invalid(argument, format!("structSize of number {index} is not that of the first")));
        }
        all.push(one);
    }
    Ok(all)
}

type CreateSystem = unsafe extern "C-unwind" fn(
    *mut c_void,
    *const DRM_PluginHost,
    *mut DRM_PluginSystem,
    *mut *const DRM_PluginSystemFunctions,
    *mut *mut c_void,
) -> ErrCodeValue;

/// A plugin whose facts have been checked.
pub(super) struct Plugin {
    descriptor: Arc<Descriptor>,
    longest_media_key_id: usize,
    context: UserData,
    create: CreateSystem,
}

impl Plugin {
    /// Reads a plugin's table.
    pub(super) fn read(argument: &'static str, table: *const DRM_KeySystemPlugin) -> Result<Self> {
        let table = read_table(argument, table)?;
        let create = table.createSystem.ok_or_else(|| Error::invalid("createSystem", "null"))?;
        let longest = table.maxMediaKeyIdLen as usize;
        if longest > MAX_OFFLINE_MEDIA_KEY_ID_LEN {
            return Err(Error::invalid("maxMediaKeyIdLen", format!("{longest} is too many")));
        }
        let descriptor = Descriptor {
            name: args::string("name", table.name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?,
            system_ids: system_ids(&table)?,
            vendor: fact("vendor", table.vendor)?,
            version: fact("version", table.version)?,
            description: fact("description", table.description)?,
            algorithms: fact("algorithms", table.algorithms)?,
            mime_types: mime_types(&table)?,
            maximum_level: level("maxLevel", table.maxLevel)?,
            limits: Limits {
                systems: limit("maxSystems", table.maxSystems, Limits::MAX.systems)?,
                sessions: limit("maxSessions", table.maxSessions, Limits::MAX.sessions)?,
            },
            ..Descriptor::default()
        };
        Ok(Self {
            descriptor: Arc::new(descriptor),
            longest_media_key_id: longest,
            context: UserData(table.context),
            create,
        })
    }
}

impl Plugin {
    pub(super) fn name(&self) -> &str {
        &self.descriptor.name
    }
}

impl KeySystem for Plugin {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(&self.descriptor)
    }

    fn open(&self, host: Arc<dyn SystemHost>) -> drm::Result<Box<dyn SystemModule>> {
        let descriptor = Arc::clone(&self.descriptor);
        let longest = self.longest_media_key_id;
        let create = |host, handle, functions, system| {
            // SAFETY: the plugin guarantees that this is a function of its type, which is given what its header says.
            unsafe { (self.create)(self.context.pointer(), host, handle, functions, system) }
        };
        PluginSystem::create(descriptor, longest, host, create)
    }
}

fn system_ids(table: &DRM_KeySystemPlugin) -> Result<Vec<[u8; DRM_UUID_LEN]>> {
    let count = table.systemIdCount as usize;
    if !(1..=MAX_SYSTEM_IDS).contains(&count) {
        return Err(Error::invalid("systemIdCount", format!("{count} is not in 1..={MAX_SYSTEM_IDS}")));
    }
    Ok(args::slice("systemIds", table.systemIds.cast::<[u8; DRM_UUID_LEN]>(), count)?.to_vec())
}

fn mime_types(table: &DRM_KeySystemPlugin) -> Result<Vec<MimeType>> {
    let count = table.mimeTypeCount as usize;
    if !(1..=MAX_MIME_TYPES).contains(&count) {
        return Err(Error::invalid("mimeTypeCount", format!("{count} is not in 1..={MAX_MIME_TYPES}")));
    }
    let read = |mime_type: &DRM_PluginMimeType| {
        let name = args::string("mimeTypes", mime_type.name, MAX_MIMETYPE_LEN)?;
        Ok(MimeType { maximum_level: level("mimeTypes", mime_type.maxLevel)?, ..MimeType::from(name.as_str()) })
    };
    args::slice("mimeTypes", table.mimeTypes, count)?.iter().map(read).collect()
}

/// A text that may be null.
fn fact(argument: &'static str, text: *const c_char) -> Result<String> {
    if text.is_null() {
        return Ok(String::new());
    }
    args::string_or_empty(argument, text, NATIVE_DRM_MAX_CONFIG_VALUE_LEN)
}

/// A level; none if it is not said.
fn level(argument: &'static str, value: ContentProtectionLevelValue) -> Result<Option<ProtectionLevel>> {
    if value.0 == 0 { Ok(None) } else { translate::level(argument, value).map(Some) }
}

fn limit(argument: &'static str, value: u32, most: usize) -> Result<usize> {
    match value as usize {
        0 => Ok(most),
        some if some <= most => Ok(some),
        more => Err(Error::invalid(argument, format!("{more} is more than {most}"))),
    }
}
