//! MP4 files, and data of any kind as `OH_Drm_ParseMediaKeySystemInfo` takes it.

use std::ffi::CStr;
use std::mem::MaybeUninit;

use init_data::{find_pssh, mp4, pssh};
use native_drm::native_drm_common::{DRM_MediaKeySystemInfo, MAX_PSSH_DATA_LEN, MAX_PSSH_INFO_COUNT};
use native_drm::native_drm_extension::{OH_Drm_GetLastErrorMessage, OH_Drm_ParseMediaKeySystemInfo};

use crate::observe::{accepted, check_message, refused};

pub const WORDS: &[&str] = &[
    "pssh",
    "moov",
    "moof",
    "ftyp",
    "styp",
    "uuid",
    "mdat",
    "free",
    "skip",
    "sidx",
    "emsg",
    "meta",
    "trak",
    "mdia",
    "minf",
    "stbl",
    "stsd",
    "encv",
    "enca",
    "sinf",
    "schi",
    "tenc",
    "traf",
    "sgpd",
    "seig",
    "#EXTM3U",
    "<MPD>",
    "</MPD>",
    "<ContentProtection>",
    "\u{feff}",
];

pub fn run(input: &[u8]) {
    super::manifest::look_at("MP4 file", mp4::parse(input));
}

/// What cannot be there by chance.
const UNTOUCHED: u8 = 0xa5;

/// The C function and the function behind it must agree.
pub fn detect(input: &[u8]) {
    let found = find_pssh(input);
    let mut info = Box::new(MaybeUninit::<DRM_MediaKeySystemInfo>::uninit());
    // SAFETY: the box has room for one.
    unsafe { info.as_mut_ptr().write_bytes(UNTOUCHED, 1) };
    // SAFETY: bytes with their length; the box has room for the result.
    let code = unsafe { OH_Drm_ParseMediaKeySystemInfo(input.as_ptr(), input.len(), info.as_mut_ptr()) }.0;
    // SAFETY: every byte was written above, and the struct is made of integers.
    let info = unsafe { info.assume_init_ref() };
    if code == 0 {
        let boxes = found.expect("the C function found boxes");
        let count = info.psshCount as usize;
        assert!((1..=MAX_PSSH_INFO_COUNT).contains(&count) && count <= boxes.len());
        for listed in &info.psshInfo[..count] {
            let data = &listed.data[..usize::try_from(listed.dataLen).expect("a length")];
            assert!(data.len() <= MAX_PSSH_DATA_LEN);
            assert!(boxes.iter().any(|found| found[..] == *data), "a box that is not in the data");
            let parsed = pssh::parse(data).expect("a well-formed box");
            assert_eq!(parsed.system_id, listed.uuid);
        }
        accepted("media key system info", count);
    } else {
        // SAFETY: as above.
        let bytes = unsafe {
            std::slice::from_raw_parts(std::ptr::from_ref(info).cast::<u8>(), size_of::<DRM_MediaKeySystemInfo>())
        };
        assert!(bytes.iter().all(|byte| *byte == UNTOUCHED), "refused, but written");
        // SAFETY: valid until this thread's next call.
        let message = unsafe { CStr::from_ptr(OH_Drm_GetLastErrorMessage()) };
        check_message(&message.to_string_lossy());
        match found {
            Err(error) => refused(&error),
            Ok(boxes) => {
                let fits = boxes.iter().any(|found| found.len() <= MAX_PSSH_DATA_LEN);
                assert!(!fits || input.is_empty() || code == 401 || code == 24_700_101, "code {code}");
                accepted("boxes that do not fit", boxes.len());
            }
        }
    }
}
