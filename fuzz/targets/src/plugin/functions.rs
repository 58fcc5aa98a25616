//! The functions of the key system: each writes something, of which little can be, and says how it went.

use std::ffi::{c_char, c_void};

use native_drm::native_drm_common::{
    CertificateStatusValue, ContentProtectionLevelValue, DRM_MediaKeyRequest, DRM_MediaKeyRequestInfo,
    DRM_MediaKeyStatus, DRM_OfflineMediakeyIdArray, DRM_Statistics, MAX_MEDIA_KEY_STATUS_COUNT,
    MAX_OFFLINE_MEDIA_KEY_ID_COUNT, MAX_OFFLINE_MEDIA_KEY_ID_LEN, MAX_STATISTICS_COUNT, MediaKeyRequestTypeValue,
    OfflineMediaKeyStatusValue,
};
use native_drm::native_drm_err::ErrCodeValue;
use native_drm::native_mediadecrypt::DRM_SampleInfo;

use super::puppet::{byte, length, of_session, of_system};

/// A text that may lack its NUL, or be no UTF-8.
fn text(array: &mut [c_char]) {
    let length = (length(array.len() as u32) as usize).min(array.len());
    array[..length].fill(byte() as c_char);
}

fn texts<const LENGTH: usize>(array: &mut [[c_char; LENGTH]]) {
    for one in array.iter_mut().take(usize::from(byte() % 4)) {
        text(one);
    }
}

fn fill(bytes: &mut [u8]) {
    bytes.fill(byte());
}

pub unsafe extern "C-unwind" fn set_string(system: *mut c_void, _: *const c_char, _: *const c_char) -> ErrCodeValue {
    of_system(system)
}

pub unsafe extern "C-unwind" fn get_string(
    system: *mut c_void,
    _: *const c_char,
    value: *mut c_char,
    room: u32,
) -> ErrCodeValue {
    // SAFETY: the library says that there is as much room.
    text(unsafe { std::slice::from_raw_parts_mut(value, room as usize) });
    of_system(system)
}

pub unsafe extern "C-unwind" fn set_bytes(system: *mut c_void, _: *const c_char, _: *const u8, _: u32) -> ErrCodeValue {
    of_system(system)
}

/// Writes into as much room as `size` says that there is, and how much of it that was.
fn write(bytes: *mut u8, size: *mut u32) {
    // SAFETY: the library says that there is as much room.
    unsafe {
        let room = *size;
        fill(std::slice::from_raw_parts_mut(bytes, room as usize));
        *size = length(room);
    }
}

pub unsafe extern "C-unwind" fn get_bytes(
    system: *mut c_void,
    _: *const c_char,
    value: *mut u8,
    size: *mut u32,
) -> ErrCodeValue {
    write(value, size);
    of_system(system)
}

pub unsafe extern "C-unwind" fn get_statistics(system: *mut c_void, statistics: *mut DRM_Statistics) -> ErrCodeValue {
    // SAFETY: the library's, valid during the call; so below.
    let statistics = unsafe { &mut *statistics };
    statistics.statisticsCount = length(MAX_STATISTICS_COUNT as u32);
    texts(&mut statistics.statisticsName);
    texts(&mut statistics.statisticsDescription);
    of_system(system)
}

pub unsafe extern "C-unwind" fn get_level(
    system: *mut c_void,
    level: *mut ContentProtectionLevelValue,
) -> ErrCodeValue {
    // SAFETY: as above.
    unsafe { *level = ContentProtectionLevelValue(length(3)) };
    of_system(system)
}

fn write_request(request: *mut DRM_MediaKeyRequest) {
    // SAFETY: as above.
    let request = unsafe { &mut *request };
    request.r#type = MediaKeyRequestTypeValue(length(5));
    request.dataLen = length(request.data.len() as u32) as i32;
    fill(&mut request.data);
    text(&mut request.defaultUrl);
}

pub unsafe extern "C-unwind" fn provision(system: *mut c_void, request: *mut DRM_MediaKeyRequest) -> ErrCodeValue {
    write_request(request);
    of_system(system)
}

/// For what says nothing but whether it went well.
pub unsafe extern "C-unwind" fn take(object: *mut c_void, _: *const u8, _: u32) -> ErrCodeValue {
    of_system(object)
}

pub unsafe extern "C-unwind" fn certificate(system: *mut c_void, status: *mut CertificateStatusValue) -> ErrCodeValue {
    // SAFETY: as above.
    unsafe { *status = CertificateStatusValue(length(4)) };
    of_system(system)
}

pub unsafe extern "C-unwind" fn get_ids(system: *mut c_void, ids: *mut DRM_OfflineMediakeyIdArray) -> ErrCodeValue {
    // SAFETY: as above.
    let ids = unsafe { &mut *ids };
    ids.idsCount = length(MAX_OFFLINE_MEDIA_KEY_ID_COUNT as u32);
    for size in ids.idsLen.iter_mut().take(3) {
        *size = length(MAX_OFFLINE_MEDIA_KEY_ID_LEN as u32) as i32;
    }
    fill(&mut ids.ids[0]);
    of_system(system)
}

pub unsafe extern "C-unwind" fn id_status(
    system: *mut c_void,
    _: *const u8,
    _: u32,
    status: *mut OfflineMediaKeyStatusValue,
) -> ErrCodeValue {
    // SAFETY: as above.
    unsafe { *status = OfflineMediaKeyStatusValue(length(3)) };
    of_system(system)
}

pub unsafe extern "C-unwind" fn generate(
    session: *mut c_void,
    _: *const DRM_MediaKeyRequestInfo,
    request: *mut DRM_MediaKeyRequest,
) -> ErrCodeValue {
    write_request(request);
    of_session(session)
}

pub unsafe extern "C-unwind" fn process(
    session: *mut c_void,
    _: *const u8,
    _: u32,
    id: *mut u8,
    size: *mut u32,
) -> ErrCodeValue {
    write(id, size);
    of_session(session)
}

pub unsafe extern "C-unwind" fn status(session: *mut c_void, status: *mut DRM_MediaKeyStatus) -> ErrCodeValue {
    // SAFETY: as above.
    let status = unsafe { &mut *status };
    status.statusCount = length(MAX_MEDIA_KEY_STATUS_COUNT as u32);
    texts(&mut status.statusName);
    texts(&mut status.statusValue);
    of_session(session)
}

pub unsafe extern "C-unwind" fn clear(session: *mut c_void) -> ErrCodeValue {
    of_session(session)
}

pub unsafe extern "C-unwind" fn release(
    session: *mut c_void,
    _: *const u8,
    _: u32,
    request: *mut u8,
    size: *mut u32,
) -> ErrCodeValue {
    write(request, size);
    of_session(session)
}

pub unsafe extern "C-unwind" fn released(
    session: *mut c_void,
    _: *const u8,
    _: u32,
    _: *const u8,
    _: u32,
) -> ErrCodeValue {
    of_session(session)
}

pub unsafe extern "C-unwind" fn restore(session: *mut c_void, _: *const u8, _: u32) -> ErrCodeValue {
    of_session(session)
}

pub unsafe extern "C-unwind" fn session_level(
    session: *mut c_void,
    level: *mut ContentProtectionLevelValue,
) -> ErrCodeValue {
    // SAFETY: as above.
    unsafe { *level = ContentProtectionLevelValue(length(3)) };
    of_session(session)
}

pub unsafe extern "C-unwind" fn secure(session: *mut c_void, _: *const c_char, required: *mut bool) -> ErrCodeValue {
    // SAFETY: as above. A plugin in C may write any byte.
    unsafe { required.cast::<u8>().write(byte()) };
    of_session(session)
}

pub unsafe extern "C-unwind" fn decrypt(
    session: *mut c_void,
    _: *const DRM_SampleInfo,
    data: *mut u8,
    size: u32,
) -> ErrCodeValue {
    let code = of_session(session);
    // Where it fails, the sample has to be as it was.
    if code.0 == 0 {
        // SAFETY: the library says that there are as many bytes.
        fill(unsafe { std::slice::from_raw_parts_mut(data, size as usize) });
    }
    code
}
