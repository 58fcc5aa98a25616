//! The functions of `libnative_drm.so` that the plugin calls, and the structs that they take, by
//! `native_mediakeysystem.h`, `native_mediakeysession.h`, `native_mediadecrypt.h` and `native_drm_extension.h`.
//!
//! Handles are numbers in the shape of pointers: the library looks them up and follows none, so that a wrong or stale one is an
//! error code and no danger.

use std::ffi::{c_char, c_void};

pub const OK: i32 = 0;
pub const INVALID_VAL: i32 = 401;
pub const NO_LICENSE: i32 = 24_700_110;
pub const NO_KEY: i32 = 24_700_111;

pub const ALGORITHM_AES_CTR: i32 = 1;
pub const ALGORITHM_AES_CBC: i32 = 3;
pub const ALGORITHM_SM4_CBC: i32 = 4;

pub const SCHEME_CENC: u32 = u32::from_be_bytes(*b"cenc");
pub const SCHEME_CENS: u32 = u32::from_be_bytes(*b"cens");
pub const SCHEME_CBC1: u32 = u32::from_be_bytes(*b"cbc1");
pub const SCHEME_CBCS: u32 = u32::from_be_bytes(*b"cbcs");

pub const LEVEL_SW_CRYPTO: i32 = 1;
pub const MEDIA_KEY_TYPE_ONLINE: i32 = 1;

pub const MAX_INIT_DATA_LEN: usize = 2048;
pub const MAX_MIME_TYPE_LEN: usize = 64;
pub const MAX_OPTION_COUNT: usize = 16;
pub const MAX_OPTION_NAME_LEN: usize = 64;
pub const MAX_OPTION_DATA_LEN: usize = 128;
pub const MAX_REQUEST_LEN: usize = 8192;
pub const MAX_URL_LEN: usize = 2048;
pub const MAX_OFFLINE_KEY_ID_LEN: usize = 64;

/// `DrmSubsample`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subsample {
    pub clear: u32,
    pub protected: u32,
}

/// `DRM_SampleInfo`.
#[repr(C)]
pub struct SampleInfo {
    pub struct_size: u32,
    pub algorithm: i32,
    pub scheme: u32,
    pub iv_len: u32,
    pub key_id: [u8; 16],
    pub iv: [u8; 16],
    pub crypt_byte_block: u32,
    pub skip_byte_block: u32,
    pub subsample_count: u32,
    pub reserved: u32,
    pub subsamples: *const Subsample,
}

/// `DRM_MediaKeyRequestInfo`.
#[repr(C)]
pub struct MediaKeyRequestInfo {
    pub kind: i32,
    pub init_data_len: i32,
    pub init_data: [u8; MAX_INIT_DATA_LEN],
    pub mime_type: [u8; MAX_MIME_TYPE_LEN],
    pub options_count: u32,
    pub option_name: [[u8; MAX_OPTION_NAME_LEN]; MAX_OPTION_COUNT],
    pub option_data: [[u8; MAX_OPTION_DATA_LEN]; MAX_OPTION_COUNT],
}

/// `DRM_MediaKeyRequest`.
#[repr(C)]
pub struct MediaKeyRequest {
    pub kind: i32,
    pub data_len: i32,
    pub data: [u8; MAX_REQUEST_LEN],
    pub default_url: [u8; MAX_URL_LEN],
}

/// `OH_Drm_PsshBoxCallback`.
pub type PsshBoxCallback =
    unsafe extern "C" fn(uuid: *const u8, pssh: *const u8, pssh_len: usize, user_data: *mut c_void) -> i32;

unsafe extern "C" {
    pub fn OH_MediaKeySystem_Create(name: *const c_char, system: *mut *mut c_void) -> i32;
    pub fn OH_MediaKeySystem_Destroy(system: *mut c_void) -> i32;
    pub fn OH_MediaKeySystem_CreateMediaKeySession(
        system: *mut c_void,
        level: *const i32,
        session: *mut *mut c_void,
    ) -> i32;
    pub fn OH_MediaKeySystem_FindSessionByKeyId(
        system: *mut c_void,
        key_id: *const u8,
        timeout_ms: u32,
        session: *mut *mut c_void,
    ) -> i32;
    pub fn OH_MediaKeySession_GenerateMediaKeyRequest(
        session: *mut c_void,
        info: *mut MediaKeyRequestInfo,
        request: *mut MediaKeyRequest,
    ) -> i32;
    pub fn OH_MediaKeySession_ProcessMediaKeyResponse(
        session: *mut c_void,
        response: *mut u8,
        response_len: i32,
        offline_key_id: *mut u8,
        offline_key_id_len: *mut i32,
    ) -> i32;
    pub fn OH_MediaKeySession_DecryptSample(
        session: *mut c_void,
        info: *const SampleInfo,
        data: *mut u8,
        data_len: u32,
    ) -> i32;
    pub fn OH_Drm_GetLastErrorMessage() -> *const c_char;
    pub fn OH_Drm_ParsePsshBoxes(
        data: *const u8,
        data_len: usize,
        callback: PsshBoxCallback,
        user_data: *mut c_void,
    ) -> i32;
}
