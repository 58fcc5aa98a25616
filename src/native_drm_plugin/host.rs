//! What the library does for plugins: keys, events, time, log. The store is in `host_store`.

use std::ffi::{c_char, c_void};

use super::handles::{EventTarget, PluginSessions, PluginSystems};
use super::host_store;
use super::plugin::read_all;
use super::stage::{self, Batch};
use super::tables::{
    DRM_PLUGIN_MAX_KEY_ID_LEN, DRM_PluginHost, DRM_PluginKey, DRM_PluginListCallback, DRM_PluginSession,
    DRM_PluginSystem, NATIVE_DRM_PLUGIN_API_VERSION, PluginKeyStatusValue,
};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::glue::translate;
use crate::native_drm_common::{EventTypeValue, MAX_INIT_DATA_LEN};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::{
    LogLevelValue, NATIVE_DRM_MAX_CONFIG_NAME_LEN, NATIVE_DRM_MAX_CONFIG_VALUE_LEN, OH_Drm_ParsePsshBoxes,
};
use base::log;
use drm::key_info::KeyStatus;
use drm::key_system::{LicenseKey, MediaKeyRequestInfo, MediaKeyType};

/// Keys of one call at most.
const MAX_KEYS: usize = 4096;
/// Bytes of a key at most; only those of 16 decrypt.
const MAX_KEY: usize = 256;
/// Bytes that an event carries at most.
const MAX_EVENT: usize = 1 << 20;

/// The table that plugins get.
pub(super) static HOST: DRM_PluginHost = DRM_PluginHost {
    #[allow(clippy::cast_possible_truncation, reason = "some hundred bytes")]
    structSize: size_of::<DRM_PluginHost>() as u32,
    apiVersion: NATIVE_DRM_PLUGIN_API_VERSION,
    installKeys: Some(install_keys),
    removeKey: Some(remove_key),
    setKeyStatus: Some(set_key_status),
    keysChanged: Some(keys_changed),
    postSystemEvent: Some(post_event::<PluginSystems>),
    postSessionEvent: Some(post_event::<PluginSessions>),
    storeGet: Some(host_store::get),
    storePut: Some(host_store::put),
    storeDelete: Some(host_store::delete),
    storeList: Some(host_store::list),
    getTime: Some(get_time),
    getRandom: Some(get_random),
    getConfigurationString: Some(host_store::configuration_string),
    getConfigurationByteArray: Some(host_store::configuration_bytes),
    getKeyIds: Some(get_key_ids),
    parsePsshBoxes: Some(OH_Drm_ParsePsshBoxes),
    log: Some(write_log),
};

fn key_id<'a>(pointer: *const u8, length: u32) -> Result<&'a [u8]> {
    let length = length as usize;
    if length > DRM_PLUGIN_MAX_KEY_ID_LEN {
        return Err(Error::invalid("keyIdLen", format!("{length} is more than {DRM_PLUGIN_MAX_KEY_ID_LEN}")));
    }
    args::bytes("keyId", "keyIdLen", pointer, length)
}

fn status(value: PluginKeyStatusValue) -> Result<KeyStatus> {
    let found = KeyStatus::ALL.get(value.0 as usize).copied();
    found.ok_or_else(|| Error::invalid("status", format!("{} is not a DRM_PluginKeyStatus", value.0)))
}

fn key(key: &DRM_PluginKey) -> Result<LicenseKey> {
    let id = key_id(key.keyId, key.keyIdLen)?.to_vec();
    if key.keyLen as usize > MAX_KEY {
        return Err(Error::invalid("keyLen", format!("{} is more than {MAX_KEY}", key.keyLen)));
    }
    let content = match key.keyLen {
        0 if key.key.is_null() => None,
        length => Some(args::bytes("key", "keyLen", key.key, length as usize)?.into()),
    };
    Ok(LicenseKey { id, key: content, persistent: false, status: status(key.status)? })
}

unsafe extern "C" fn install_keys(
    session: *mut DRM_PluginSession,
    keys: *const DRM_PluginKey,
    count: u32,
    expiry_millis: i64,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let found = PluginSessions::find("session", session)?;
        if !(1..=MAX_KEYS).contains(&(count as usize)) {
            return Err(Error::invalid("count", format!("{count} is not in 1..={MAX_KEYS}")));
        }
        if expiry_millis < 0 {
            return Err(Error::invalid("expiryMillis", "negative"));
        }
        let keys = read_all("keys", keys, count as usize)?.iter().map(key).collect::<Result<_>>()?;
        let batch = Batch { keys, expiry: (expiry_millis != 0).then_some(expiry_millis) };
        match stage::keep(session.addr(), batch) {
            Some(batch) => Ok(batch.install(&found)?),
            None => Ok(()),
        }
    })
}

unsafe extern "C" fn remove_key(session: *mut DRM_PluginSession, id: *const u8, length: u32) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let session = PluginSessions::find("session", session)?;
        Ok(session.host.remove_keys(&[key_id(id, length)?.to_vec()])?)
    })
}

unsafe extern "C" fn set_key_status(
    session: *mut DRM_PluginSession,
    id: *const u8,
    length: u32,
    value: PluginKeyStatusValue,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let session = PluginSessions::find("session", session)?;
        Ok(session.host.set_key_status(key_id(id, length)?, status(value)?)?)
    })
}

unsafe extern "C" fn keys_changed(session: *mut DRM_PluginSession, new_keys_available: bool) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| Ok(PluginSessions::find("session", session)?.host.keys_changed(new_keys_available)?))
}

unsafe extern "C" fn post_event<K: Kind<Object: EventTarget>>(
    handle: *mut K::Opaque,
    kind: EventTypeValue,
    info: *const u8,
    length: u32,
    extra: i64,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let target = K::find(K::Object::NAME, handle)?;
        let kind = translate::event_kind("eventType", kind)?;
        let length = length as usize;
        if length > MAX_EVENT {
            return Err(Error::invalid("infoLen", format!("{length} is more than {MAX_EVENT}")));
        }
        let info = if length == 0 { Vec::new() } else { args::slice("info", info, length)?.to_vec() };
        Ok(target.post(kind, info, extra)?)
    })
}

unsafe extern "C" fn get_time(
    system: *mut DRM_PluginSystem,
    unix_millis: *mut i64,
    monotonic_millis: *mut u64,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let reading = system.host.reading();
        if !unix_millis.is_null() {
            args::out("unixMillis", unix_millis)?.write(reading.wall_millis);
        }
        if !monotonic_millis.is_null() {
            args::out("monotonicMillis", monotonic_millis)?.write(reading.monotonic_millis);
        }
        Ok(())
    })
}

unsafe extern "C" fn get_random(bytes: *mut u8, count: u32) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| Ok(drm::platform::fill_random(args::sample("bytes", bytes, count)?)?))
}

unsafe extern "C" fn get_key_ids(
    system: *mut DRM_PluginSystem,
    mime_type: *const c_char,
    init_data: *const u8,
    length: u32,
    callback: DRM_PluginListCallback,
    user_data: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let mime_type = args::string("mimeType", mime_type, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        if length as usize > MAX_INIT_DATA_LEN {
            return Err(Error::invalid("initDataLen", "greater than MAX_INIT_DATA_LEN"));
        }
        let init_data = args::bytes("initData", "initDataLen", init_data, length as usize)?.to_vec();
        let callback = callback.ok_or_else(|| Error::invalid("callback", "null"))?;
        let info = MediaKeyRequestInfo { key_type: MediaKeyType::Online, init_data, mime_type, options: Vec::new() };
        let own = &system.descriptor.system_ids;
        let ids = info.key_ids(&system.descriptor, |boxes| init_data::key_ids_for(own, boxes, false))?;
        tell(callback, user_data, &ids);
        Ok(())
    })
}

/// Calls a function for each element of a list, until it wants no more.
pub(super) fn tell(
    callback: unsafe extern "C" fn(*const u8, u32, *mut c_void) -> i32,
    user_data: *mut c_void,
    list: &[Vec<u8>],
) {
    for one in list {
        let length = u32::try_from(one.len()).unwrap_or(u32::MAX);
        // SAFETY: the bytes live until the call returns; that the function may be called with the user data is the contract
        // with the plugin.
        if unsafe { callback(one.as_ptr(), length, user_data) } != 0 {
            break;
        }
    }
}

unsafe extern "C" fn write_log(
    system: *mut DRM_PluginSystem,
    level: LogLevelValue,
    message: *const c_char,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = PluginSystems::find("system", system)?;
        let message = args::string_or_empty("message", message, NATIVE_DRM_MAX_CONFIG_VALUE_LEN)?;
        let name = &system.descriptor.name;
        match level.0 {
            1 => log::error!("{name}: {message}"),
            2 => log::warn!("{name}: {message}"),
            3 => log::info!("{name}: {message}"),
            4 => log::debug!("{name}: {message}"),
            other => return Err(Error::invalid("level", format!("{other} is not a level of lines"))),
        }
        Ok(())
    })
}
