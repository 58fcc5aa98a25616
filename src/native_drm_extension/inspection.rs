//! The last error, virtual clocks, explanations of licenses, init data in streams, the version; limits of arguments.

use std::ffi::{c_char, c_void};

use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::Error;
use crate::glue::translate;
use crate::isolation::handles;
use crate::native_drm_common::{DRM_MediaKeySystemInfo, MediaKeySession, MediaKeySystem};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_plugin;
use base::call;

/// Major version of the API that this header describes.
pub const NATIVE_DRM_VERSION_MAJOR: u32 = 0;
/// Minor version of the API that this header describes.
pub const NATIVE_DRM_VERSION_MINOR: u32 = 1;
/// Patch version of the API that this header describes.
pub const NATIVE_DRM_VERSION_PATCH: u32 = 0;

/// Bytes of a configuration name or MIME type argument, including its NUL.
pub const NATIVE_DRM_MAX_CONFIG_NAME_LEN: usize = 256;
/// Bytes of a configuration value, for strings including the NUL.
pub const NATIVE_DRM_MAX_CONFIG_VALUE_LEN: usize = 4096;
/// Bytes of a response from a server.
pub const NATIVE_DRM_MAX_RESPONSE_LEN: usize = 1_048_576;

/// Gets the reason of this thread's last failing call in words: which argument, which byte offset, which key id. Never
/// contains key material. Successful calls leave it alone.
///
/// Any thread; each has its own message.
///
/// @return the message, NUL-terminated UTF-8 of at most 4096 bytes with the NUL, empty if no call failed yet; never null;
///     valid until this thread's next failing call or its end
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_Drm_GetLastErrorMessage() -> *const c_char {
    boundary::last_error()
}

/// Puts a MediaKeySystem on a virtual clock: one that stands still until it is moved, for tests of licenses. Sessions of
/// com.policyplay.drm then see a rental of 30 days pass in milliseconds. If it is on one already, sets its wall clock, as a
/// user may set a device's; the monotonic clock that licenses use stays.
///
/// Any thread.
///
/// @param mediaKeySystem the instance; it must not have sessions when it leaves the machine's clock
/// @param unixMillis what the wall clock shows, milliseconds since 1970
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem; DRM_ERR_UNKNOWN if it has sessions that
///     go by the machine's clock; DRM_ERR_SERVICE_DIED if the key system failed
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_MediaKeySystem_SetVirtualClock(
    mediaKeySystem: *mut MediaKeySystem,
    unixMillis: i64,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| handles::system(mediaKeySystem)?.set_virtual_clock(unixMillis))
}

/// Lets time pass on a virtual clock, wall clock and monotonic clock alike.
///
/// Whatever falls due in that time (renewal attempts, expiry) happens at its own time and in order before this returns.
/// Callbacks hear of it in the same order, on threads of the library as always: perhaps after this has returned.
///
/// Any thread; one at a time for an instance.
///
/// @param mediaKeySystem an instance on a virtual clock
/// @param millis milliseconds that pass
/// @param asleep true to simulate suspend: whatever falls due happens at the end
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem; DRM_ERR_UNKNOWN if it is on the
///     machine's clock; DRM_ERR_SERVICE_DIED if the key system failed
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_MediaKeySystem_AdvanceVirtualClock(
    mediaKeySystem: *mut MediaKeySystem,
    millis: u64,
    asleep: bool,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| handles::system(mediaKeySystem)?.advance_virtual_clock(millis, asleep))
}

/// Explains the licenses with a policy that a session holds: which window binds, when the next change comes, why a key is
/// refused.
///
/// The text is a JSON array with one object per license, the newest first: `license_id` (hexadecimal), `text` (in words),
/// `now`, `state` (READY PLAYING RENEWING EXPIRED BLOCKED CLOCK_LOCKED), `usable`, `expiry`, `binding_window`, `windows`,
/// `next_change`, `renewal`, `keys`. Times are seconds since 1970, null = never. A session without such licenses gives `[]`.
/// `session_token` and `client_token` are the provider's, in base64, as the license brought them (a restored license too);
/// null = none. The library does not log them; what they say is between provider and program.
///
/// Any thread.
///
/// @param mediaKeySession the session
/// @param json receives the text, NUL-terminated
/// @param jsonLen in: bytes that json has room for, at least 1; out: bytes written including the NUL, or bytes needed if
///     there is too little room
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null or there is too
///     little room; DRM_ERR_SERVICE_DIED if the key system failed
/// @since native_drm 0.1
///
/// # Safety
/// `json` is writable for as many bytes as `jsonLen` says; `jsonLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_ExplainLicenses(
    mediaKeySession: *mut MediaKeySession,
    json: *mut c_char,
    jsonLen: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let session = handles::session(mediaKeySession)?;
        let out = args::text_out("json", json, "jsonLen", jsonLen)?;
        out.write(&session.explain()?)
    })
}

/// Receives a pssh box that OH_Drm_ParsePsshBoxes found. Called on the thread that called that function, before it returns;
/// it may call any function of this library.
///
/// native_drm_common.h says what it must not do.
///
/// @param uuid the system id, 16 bytes, valid during the call
/// @param pssh the complete box, valid during the call
/// @param psshLen bytes of pssh, at least 32
/// @param userData what was passed
/// @return 0 to go on, anything else to stop
/// @since native_drm 0.1
pub type OH_Drm_PsshBoxCallback =
    Option<unsafe extern "C-unwind" fn(uuid: *const u8, pssh: *const u8, psshLen: usize, userData: *mut c_void) -> i32>;

/// Finds all pssh boxes of a stream, any number and of any length.
///
/// As OH_Drm_ParseMediaKeySystemInfo, which says what is found, without the limits of DRM_MediaKeySystemInfo: nothing is
/// left out. Equal boxes are reported once, in the order of their appearance; boxes made for key ids that stand outside of
/// the boxes come last. All of the data is read before the first call of the callback.
///
/// Any thread.
///
/// @param data the bytes
/// @param dataLen number of bytes, at least 1
/// @param callback is called for each box
/// @param userData is passed to callback
/// @return DRM_ERR_OK if there is at least one box, also if the callback stopped; DRM_ERR_INVALID_VAL if data or callback
///     is null or dataLen is 0; DRM_ERR_UNKNOWN if nothing in the data can be read or it has no pssh box; the callback is
///     not called then
/// @since native_drm 0.1
///
/// # Safety
/// `data` is readable for `dataLen` bytes; `callback` may be called with `userData`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_ParsePsshBoxes(
    data: *const u8,
    dataLen: usize,
    callback: OH_Drm_PsshBoxCallback,
    userData: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let data = args::bytes("data", "dataLen", data, dataLen)?;
        let callback = callback.ok_or_else(|| Error::invalid("callback", "null"))?;
        for found in init_data::find_pssh(data)? {
            let uuid = translate::system_id(&found);
            let call = move || {
                // SAFETY: both pointers are to what lives until the call returns; that the function may be called with the
                // user data is this function's own contract with its caller.
                unsafe { callback(uuid.as_ptr(), found.as_ptr(), found.len(), userData) == 0 }
            };
            if !call::make_here(call) {
                break;
            }
        }
        Ok(())
    })
}

/// Finds the pssh boxes of a stream that fit into a DRM_MediaKeySystemInfo; OH_Drm_ParsePsshBoxes gives all of them.
///
/// Accepts concatenated pssh boxes, an MP4 file or segment, a WebM file, an MPEG transport stream (descriptor 0xC0 of the
/// program map table), a DASH MPD, an HLS playlist and a Smooth Streaming manifest; files may be cut anywhere. What cannot
/// be read (a box, a line, an element, one key id) is passed over and said in the log. Key ids that stand outside of the
/// boxes, where no box of a key system of this library lists them, get a box with the common system id of W3C.
///
/// Equal boxes are reported once, in the order of their appearance. Boxes larger than MAX_PSSH_DATA_LEN are left out; if
/// there are more than MAX_PSSH_INFO_COUNT, those that a key system of this library understands come first and the rest is
/// left out.
///
/// Any thread.
///
/// @param data the bytes
/// @param dataLen number of bytes, at least 1
/// @param info receives the boxes
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if a pointer is null or dataLen is 0; DRM_ERR_UNKNOWN if nothing in the
///     data can be read or it has no pssh box that fits
/// @since native_drm 0.1
///
/// # Safety
/// `data` is readable for `dataLen` bytes; `info` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_ParseMediaKeySystemInfo(
    data: *const u8,
    dataLen: usize,
    info: *mut DRM_MediaKeySystemInfo,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let data = args::bytes("data", "dataLen", data, dataLen)?;
        let out = args::out("info", info)?;
        // Which boxes come first depends on the key systems that there are.
        native_drm_plugin::search();
        let boxes = translate::fitting_pssh_boxes(data)?;
        out.write_with(|target| translate::pssh_boxes(&boxes, target));
        Ok(())
    })
}

/// Gets the version of the library that is running.
///
/// Any thread.
///
/// @return major × 65536 + minor × 256 + patch
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_Drm_GetVersion() -> u32 {
    NATIVE_DRM_VERSION_MAJOR << 16 | NATIVE_DRM_VERSION_MINOR << 8 | NATIVE_DRM_VERSION_PATCH
}
