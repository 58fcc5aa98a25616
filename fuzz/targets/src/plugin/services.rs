//! What the key system asks of the library while one of its functions runs.

use std::ffi::c_void;
use std::ptr;

use native_drm::native_drm_common::{EventTypeValue, OfflineMediaKeyStatusValue};
use native_drm::native_drm_err::ErrCodeValue;
use native_drm::native_drm_extension::LogLevelValue;
use native_drm::native_drm_plugin::{
    DRM_PluginHost, DRM_PluginKey, DRM_PluginSession, DRM_PluginStoreEntry, DRM_PluginSystem, PluginKeyStatusValue,
    PluginStoreValue,
};

use super::puppet::{byte, length, word};
use crate::capi::context::DRM_CODES;

const KEY_ID: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// More than any key or id may have.
const ROOM: usize = 300;

unsafe extern "C" fn listed(data: *const u8, length: u32, _: *mut c_void) -> i32 {
    assert!(!data.is_null() && (1..=64).contains(&length), "an id of {length} bytes");
    i32::from(byte() >= 128)
}

/// The length of an id: right, at an edge or beyond it, but not beyond what there is.
fn of_id() -> u32 {
    [16, 16, 16, 16, 1, 64, 65, 0][usize::from(byte() % 8)]
}

fn expiry() -> i64 {
    match byte() {
        0..=159 => 0,
        160..=207 => i64::from(word()) * 1000,
        208..=223 => -1,
        224..=239 => i64::MAX,
        _ => 1_893_456_000_000,
    }
}

/// A few calls, mostly none, for an instance and a session, or none of these.
pub fn call(host: &DRM_PluginHost, system: usize, session: usize) {
    for _ in 0..byte() % 3 {
        let code = one(host, ptr::without_provenance_mut(system), ptr::without_provenance_mut(session));
        assert!(DRM_CODES.contains(&code.0), "a plugin was told {}", code.0);
    }
}

fn one(host: &DRM_PluginHost, system: *mut DRM_PluginSystem, session: *mut DRM_PluginSession) -> ErrCodeValue {
    let mut id = [byte() % 4; ROOM];
    if id[0] != 0 {
        id[..16].copy_from_slice(&KEY_ID);
    }
    let mut bytes = [byte(); ROOM];
    let store = PluginStoreValue(u32::from(byte() % 3));
    let mut size = u32::from(byte());
    let kind = EventTypeValue(200 + u32::from(byte() % 8));
    // SAFETY: all that is passed lives until the call returns, with at least as many bytes as are said; a key or value whose length
    // the library refuses is not read.
    unsafe {
        match byte() % 16 {
            0..=3 => {
                let kept = byte() >= 192;
                let length = if kept { 0 } else { [16, 16, 16, 16, 0, 1, 256, 257][usize::from(byte() % 8)] };
                let key = |id_length| DRM_PluginKey {
                    structSize: size_of::<DRM_PluginKey>() as u32,
                    keyIdLen: id_length,
                    keyId: id.as_ptr(),
                    keyLen: length,
                    status: PluginKeyStatusValue(u32::from(byte() % 7)),
                    key: if kept { ptr::null() } else { bytes.as_ptr() },
                };
                let keys = [key(of_id()), key(of_id())];
                (host.installKeys.expect("there"))(session, keys.as_ptr(), u32::from(byte() % 3), expiry())
            }
            4 => (host.removeKey.expect("there"))(session, id.as_ptr(), of_id()),
            5 => {
                let status = PluginKeyStatusValue(u32::from(byte() % 7));
                (host.setKeyStatus.expect("there"))(session, id.as_ptr(), of_id(), status)
            }
            6 => (host.keysChanged.expect("there"))(session, byte() % 2 == 1),
            7 => (host.postSystemEvent.expect("there"))(system, kind, bytes.as_ptr(), size, i64::from(word())),
            8 => (host.postSessionEvent.expect("there"))(session, kind, bytes.as_ptr(), size, i64::from(word())),
            9 | 10 => {
                let entry = DRM_PluginStoreEntry {
                    structSize: size_of::<DRM_PluginStoreEntry>() as u32,
                    idLen: of_id(),
                    id: id.as_ptr(),
                    valueLen: size,
                    status: OfflineMediaKeyStatusValue(u32::from(byte() % 4)),
                    value: bytes.as_ptr(),
                };
                (host.storePut.expect("there"))(system, store, &raw const entry, 1)
            }
            11 => {
                let room = size;
                let code = (host.storeGet.expect("there"))(
                    system,
                    store,
                    id.as_ptr(),
                    of_id(),
                    bytes.as_mut_ptr(),
                    &raw mut size,
                    ptr::null_mut(),
                );
                assert!(code.0 != 0 || size <= room, "{size} bytes were written, for which there were {room}");
                code
            }
            12 => (host.storeDelete.expect("there"))(system, store, id.as_ptr(), of_id()),
            13 => (host.storeList.expect("there"))(system, store, Some(listed), ptr::null_mut()),
            14 => {
                let (mut wall, mut monotonic) = (0, 0);
                (host.getTime.expect("there"))(system, &raw mut wall, &raw mut monotonic)
            }
            _ => (host.log.expect("there"))(system, LogLevelValue(length(4)), c"a line".as_ptr()),
        }
    }
}
