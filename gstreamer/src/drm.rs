//! The library's objects as the elements use them.

use std::ffi::{CStr, c_void};
use std::ptr;

use crate::ffi;

/// A key id of ISO/IEC 23001-7.
pub type KeyId = [u8; 16];

/// What a function of the library answered instead of `DRM_ERR_OK`.
#[derive(Clone, Debug)]
pub struct DrmError {
    /// One of `Drm_ErrCode`.
    pub code: i32,
    /// `OH_Drm_GetLastErrorMessage`.
    pub reason: String,
}

impl std::fmt::Display for DrmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

fn check(code: i32) -> Result<(), DrmError> {
    if code == ffi::OK {
        return Ok(());
    }
    // SAFETY: the function takes nothing; its string is NUL-terminated and stays until this thread's next failing call.
    let reason = unsafe { CStr::from_ptr(ffi::OH_Drm_GetLastErrorMessage()) };
    Err(DrmError { code, reason: reason.to_string_lossy().into_owned() })
}

/// The handle of a `MediaKeySystem`, whoever made it. A number to the library, which never follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct System(usize);

/// The handle of a `MediaKeySession`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session(usize);

impl System {
    /// The handle that a program passed; `None` if it is null.
    pub fn from_handle(handle: *mut c_void) -> Option<Self> {
        (!handle.is_null()).then_some(Self(handle as usize))
    }

    /// The handle for the program.
    pub fn handle(self) -> *mut c_void {
        self.0 as *mut c_void
    }

    /// Finds a session with a usable key, at once or within `timeout_ms`.
    ///
    /// # Errors
    ///
    /// `NO_KEY`; `INVALID_VAL` if the program has destroyed the system.
    pub fn session_with_key(self, key_id: &KeyId, timeout_ms: u32) -> Result<Session, DrmError> {
        let mut session = ptr::null_mut();
        // SAFETY: the key id has 16 bytes, `session` is written during the call, and any handle is allowed.
        let code = unsafe {
            ffi::OH_MediaKeySystem_FindSessionByKeyId(self.handle(), key_id.as_ptr(), timeout_ms, &raw mut session)
        };
        check(code).map(|()| Session(session as usize))
    }
}

impl Session {
    fn handle(self) -> *mut c_void {
        self.0 as *mut c_void
    }

    /// Decrypts a sample in place; it is as it was if that fails.
    ///
    /// # Errors
    ///
    /// Those of `OH_MediaKeySession_DecryptSample`.
    pub fn decrypt(self, info: &SampleInfo<'_>, data: &mut [u8]) -> Result<(), DrmError> {
        let too_long = |what: &str| DrmError { code: ffi::INVALID_VAL, reason: format!("{what} is too long") };
        let info = ffi::SampleInfo {
            struct_size: size_of::<ffi::SampleInfo>() as u32,
            algorithm: match info.scheme {
                Scheme::Cenc | Scheme::Cens => ffi::ALGORITHM_AES_CTR,
                Scheme::Cbc1 | Scheme::Cbcs => ffi::ALGORITHM_AES_CBC,
                Scheme::Sm4Cbc1 | Scheme::Sm4Cbcs => ffi::ALGORITHM_SM4_CBC,
            },
            scheme: match info.scheme {
                Scheme::Cenc => ffi::SCHEME_CENC,
                Scheme::Cens => ffi::SCHEME_CENS,
                Scheme::Cbc1 | Scheme::Sm4Cbc1 => ffi::SCHEME_CBC1,
                Scheme::Cbcs | Scheme::Sm4Cbcs => ffi::SCHEME_CBCS,
            },
            iv_len: u32::from(info.iv_len),
            key_id: info.key_id,
            iv: info.iv,
            crypt_byte_block: info.pattern.0,
            skip_byte_block: info.pattern.1,
            subsample_count: u32::try_from(info.subsamples.len()).map_err(|_| too_long("the list of subsamples"))?,
            reserved: 0,
            subsamples: info.subsamples.as_ptr(),
        };
        let len = u32::try_from(data.len()).map_err(|_| too_long("the sample"))?;
        // SAFETY: `info` and its subsamples live during the call, `data` is ours alone and has `len` bytes.
        check(unsafe { ffi::OH_MediaKeySession_DecryptSample(self.handle(), &raw const info, data.as_mut_ptr(), len) })
    }
}

/// The schemes: GStreamer's demuxers describe `cenc` and `cbcs`, files have the others, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Cenc,
    Cens,
    Cbc1,
    Cbcs,
    Sm4Cbc1,
    Sm4Cbcs,
}

/// How one sample is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct SampleInfo<'a> {
    pub scheme: Scheme,
    pub key_id: KeyId,
    pub iv: [u8; 16],
    /// Bytes used in `iv`.
    pub iv_len: u8,
    /// Encrypted and clear blocks.
    pub pattern: (u32, u32),
    /// Empty: the whole sample is protected.
    pub subsamples: &'a [ffi::Subsample],
}

/// A Clear Key instance of the plugin's own with one session, which takes JWK Sets.
#[derive(Debug)]
pub struct ClearKey {
    system: System,
    session: Session,
}

impl ClearKey {
    /// Makes the instance and its session.
    ///
    /// # Errors
    ///
    /// The library's; a process has 64 instances of a key system at most.
    pub fn new() -> Result<Self, DrmError> {
        let (mut system, mut session) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the name is NUL-terminated, `system` is written during the call.
        check(unsafe { ffi::OH_MediaKeySystem_Create(c"org.w3.clearkey".as_ptr(), &raw mut system) })?;
        // SAFETY: level and session are read and written during the call.
        let made = check(unsafe {
            ffi::OH_MediaKeySystem_CreateMediaKeySession(system, &ffi::LEVEL_SW_CRYPTO, &raw mut session)
        });
        let this = Self { system: System(system as usize), session: Session(session as usize) };
        made.map(|()| this)
    }

    pub fn system(&self) -> System {
        self.system
    }

    /// Generates the message for a license server. `mime_type` says what the init data is: `cenc`, `webm` or `keyids`.
    ///
    /// # Errors
    ///
    /// The library's, with the reason: init data that is malformed or names no key.
    pub fn request(&self, mime_type: &str, init_data: &[u8]) -> Result<Vec<u8>, DrmError> {
        let too_long = || DrmError {
            code: ffi::INVALID_VAL,
            reason: format!("init data of {} bytes is longer than {}", init_data.len(), ffi::MAX_INIT_DATA_LEN),
        };
        let mut info = Box::new(ffi::MediaKeyRequestInfo {
            kind: ffi::MEDIA_KEY_TYPE_ONLINE,
            init_data_len: i32::try_from(init_data.len()).map_err(|_| too_long())?,
            init_data: [0; ffi::MAX_INIT_DATA_LEN],
            mime_type: [0; ffi::MAX_MIME_TYPE_LEN],
            options_count: 0,
            option_name: [[0; ffi::MAX_OPTION_NAME_LEN]; ffi::MAX_OPTION_COUNT],
            option_data: [[0; ffi::MAX_OPTION_DATA_LEN]; ffi::MAX_OPTION_COUNT],
        });
        info.init_data.get_mut(..init_data.len()).ok_or_else(too_long)?.copy_from_slice(init_data);
        info.mime_type[..mime_type.len()].copy_from_slice(mime_type.as_bytes());
        let mut request = Box::new(ffi::MediaKeyRequest {
            kind: 0,
            data_len: 0,
            data: [0; ffi::MAX_REQUEST_LEN],
            default_url: [0; ffi::MAX_URL_LEN],
        });
        // SAFETY: both structs have the library's layout and live during the call.
        check(unsafe {
            ffi::OH_MediaKeySession_GenerateMediaKeyRequest(self.session.handle(), &raw mut *info, &raw mut *request)
        })?;
        let len = usize::try_from(request.data_len).unwrap_or(0).min(request.data.len());
        Ok(request.data[..len].to_vec())
    }

    /// Takes the keys of a JWK Set, all or none.
    ///
    /// # Errors
    ///
    /// The library's, with what is wrong with the set.
    pub fn add_keys(&self, jwk_set: &[u8]) -> Result<(), DrmError> {
        let mut response = jwk_set.to_vec();
        let len = i32::try_from(response.len())
            .map_err(|_| DrmError { code: ffi::INVALID_VAL, reason: "the JWK Set is too long".into() })?;
        let mut id = [0; ffi::MAX_OFFLINE_KEY_ID_LEN];
        let mut id_len = id.len() as i32;
        // SAFETY: the response has `len` bytes, the id has room for `id_len`, both live during the call.
        let code = unsafe {
            ffi::OH_MediaKeySession_ProcessMediaKeyResponse(
                self.session.handle(),
                response.as_mut_ptr(),
                len,
                id.as_mut_ptr(),
                &raw mut id_len,
            )
        };
        response.fill(0);
        check(code)
    }
}

impl Drop for ClearKey {
    fn drop(&mut self) {
        // SAFETY: any handle is allowed. The session goes with its system.
        unsafe { ffi::OH_MediaKeySystem_Destroy(self.system.handle()) };
    }
}

/// Finds the pssh boxes in boxes, a file's beginning or a manifest: system id and box.
pub fn pssh_boxes(data: &[u8]) -> Vec<([u8; 16], Vec<u8>)> {
    unsafe extern "C" fn collect(uuid: *const u8, pssh: *const u8, len: usize, found: *mut c_void) -> i32 {
        // SAFETY: what was passed below, on the same thread, before the call returns.
        let found = unsafe { &mut *found.cast::<Vec<([u8; 16], Vec<u8>)>>() };
        // SAFETY: the library promises 16 and `len` bytes during the call.
        let (uuid, pssh) = unsafe { (&*uuid.cast::<[u8; 16]>(), std::slice::from_raw_parts(pssh, len)) };
        found.push((*uuid, pssh.to_vec()));
        0
    }
    let mut found = Vec::new();
    if !data.is_empty() {
        // SAFETY: the data live during the call, and so does the list that `collect` gets.
        unsafe { ffi::OH_Drm_ParsePsshBoxes(data.as_ptr(), data.len(), collect, (&raw mut found).cast()) };
    }
    found
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `c_tests/abi` has the facts: sizes and offsets on 64-bit machines.
    #[test]
    fn structs_have_the_sizes_of_the_c_headers() {
        assert_eq!(size_of::<ffi::SampleInfo>(), 72);
        assert_eq!(std::mem::offset_of!(ffi::SampleInfo, subsamples), 64);
        assert_eq!(size_of::<ffi::MediaKeyRequestInfo>(), 4 + 4 + 2048 + 64 + 4 + 16 * 64 + 16 * 128);
        assert_eq!(size_of::<ffi::MediaKeyRequest>(), 4 + 4 + 8192 + 2048);
    }

    #[test]
    fn a_handle_that_is_none_is_an_error() {
        let system = System::from_handle(0x1234 as *mut c_void).expect("not null");
        let error = system.session_with_key(&[0; 16], 0).expect_err("no such system");
        assert_eq!(error.code, ffi::INVALID_VAL);
        assert!(!error.reason.is_empty());
    }
}
