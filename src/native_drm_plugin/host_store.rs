//! The store and the configuration of a plugin's instance.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::handles::{HostSystem, PluginSystems};
use super::host::tell;
use super::plugin::read_all;
use super::tables::{
    DRM_PluginListCallback, DRM_PluginStore, DRM_PluginStoreEntry, DRM_PluginSystem, PluginStoreValue,
};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::translate;
use crate::native_drm_common::OfflineMediaKeyStatusValue;
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::NATIVE_DRM_MAX_CONFIG_NAME_LEN;
use drm::storage::{MAX_ENTRIES, MAX_ID_LENGTH, MAX_PAYLOAD, OfflineStore, StoredKey, StoredStatus};

fn store(system: &HostSystem, store: PluginStoreValue) -> Result<(Arc<dyn OfflineStore>, bool)> {
    const OFFLINE_KEYS: u32 = DRM_PluginStore::DRM_PLUGIN_STORE_OFFLINE_KEYS as u32;
    const DEVICE: u32 = DRM_PluginStore::DRM_PLUGIN_STORE_DEVICE as u32;
    match store.0 {
        OFFLINE_KEYS => Ok((system.host.offline_store()?, true)),
        DEVICE => Ok((system.host.device_store()?, false)),
        other => Err(Error::invalid("store", format!("{other} is not a DRM_PluginStore"))),
    }
}

fn id<'a>(pointer: *const u8, length: u32) -> Result<&'a [u8]> {
    let length = length as usize;
    if length > MAX_ID_LENGTH {
        return Err(Error::invalid("idLen", format!("{length} is more than {MAX_ID_LENGTH}")));
    }
    args::bytes("id", "idLen", pointer, length)
}

fn not_there(id: &[u8]) -> Error {
    drm::Error::no_offline_key(id).into()
}

pub(super) unsafe extern "C" fn get(
    system: *mut DRM_PluginSystem,
    kind: PluginStoreValue,
    id_pointer: *const u8,
    id_length: u32,
    value: *mut u8,
    value_length: *mut u32,
    status: *mut OfflineMediaKeyStatusValue,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let (store, _) = store(&system, kind)?;
        let id = id(id_pointer, id_length)?;
        let length = args::in_out("valueLen", value_length)?;
        let stored = store.get(id)?.ok_or_else(|| not_there(id))?;
        args::fits("value", length, stored.payload.len())?;
        let status = if status.is_null() { None } else { Some(args::out("status", status)?) };
        if !stored.payload.is_empty() {
            args::out("value", value)?.write_slice(&stored.payload);
        }
        if let Some(status) = status {
            status.write(translate::stored_status(stored.status));
        }
        length.store(stored.payload.len())
    })
}

pub(super) unsafe extern "C" fn put(
    system: *mut DRM_PluginSystem,
    kind: PluginStoreValue,
    entries: *const DRM_PluginStoreEntry,
    count: u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let (store, has_status) = store(&system, kind)?;
        if !(1..=MAX_ENTRIES).contains(&(count as usize)) {
            return Err(Error::invalid("count", format!("{count} is not in 1..={MAX_ENTRIES}")));
        }
        let entries = read_all("entries", entries, count as usize)?;
        let entry = |entry: &DRM_PluginStoreEntry| {
            let length = entry.valueLen as usize;
            if length > MAX_PAYLOAD {
                return Err(Error::invalid("valueLen", format!("{length} is more than {MAX_PAYLOAD}")));
            }
            let value = if length == 0 { &[][..] } else { args::slice("value", entry.value, length)? };
            let status = match translate::read_stored_status(entry.status) {
                _ if !has_status => StoredStatus::Usable,
                Some(status) => status,
                None => return Err(Error::invalid("status", format!("{} cannot be stored", entry.status.0))),
            };
            Ok((id(entry.id, entry.idLen)?, StoredKey { status, payload: value.into() }))
        };
        let entries: Vec<_> = entries.iter().map(entry).collect::<Result<_>>()?;
        Ok(store.put_all(&entries)?)
    })
}

pub(super) unsafe extern "C" fn delete(
    system: *mut DRM_PluginSystem,
    kind: PluginStoreValue,
    id_pointer: *const u8,
    id_length: u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let (store, _) = store(&system, kind)?;
        let id = id(id_pointer, id_length)?;
        if store.remove(id)? { Ok(()) } else { Err(not_there(id)) }
    })
}

pub(super) unsafe extern "C" fn list(
    system: *mut DRM_PluginSystem,
    kind: PluginStoreValue,
    callback: DRM_PluginListCallback,
    user_data: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let (store, _) = store(&system, kind)?;
        let callback = callback.ok_or_else(|| Error::invalid("callback", "null"))?;
        tell(callback, user_data, &store.list()?);
        Ok(())
    })
}

fn not_set(name: String) -> Error {
    Error::NotFound { what: "configuration name", name }
}

pub(super) unsafe extern "C" fn configuration_string(
    system: *mut DRM_PluginSystem,
    name: *const c_char,
    value: *mut c_char,
    value_length: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let name = args::string("name", name, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let out = args::text_out("value", value, "valueLen", value_length)?;
        let text = system.host.configuration_string(&name);
        out.write(&text.ok_or_else(|| not_set(name))?)
    })
}

pub(super) unsafe extern "C" fn configuration_bytes(
    system: *mut DRM_PluginSystem,
    name: *const c_char,
    value: *mut u8,
    value_length: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let name = args::string("name", name, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let out = args::out("value", value)?;
        let length = args::in_out("valueLen", value_length)?;
        let bytes = system.host.configuration_bytes(&name).ok_or_else(|| not_set(name))?;
        args::needed("value", length, bytes.len())?;
        out.write_slice(&bytes);
        Ok(())
    })
}
