//! `OH_MediaKeySession_DecryptSample` with any description of a sample, on live, stale and foreign handles; and
//! `OH_MediaKeySession_DecryptSamples` with it three times.
//!
//! The model beside it says which calls are to be refused; what an accepted one writes is compared with the plain
//! implementation, at every instruction-set level that this CPU has.

use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;

use base::base64::Variant;
use cenc::kernel::Level;
use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
use native_drm::native_cencinfo::{CencAlgorithmValue, DrmSubsample};
use native_drm::native_drm_common::{ContentProtectionLevelValue, MediaKeySession, MediaKeySystem};
use native_drm::native_drm_extension::OH_Drm_GetLastErrorMessage;
use native_drm::native_mediadecrypt::{
    DRM_Sample, DRM_SampleInfo, OH_MediaKeySession_DecryptSample, OH_MediaKeySession_DecryptSamples,
};
use native_drm::native_mediakeysession::{OH_MediaKeySession_Destroy, OH_MediaKeySession_ProcessMediaKeyResponse};
use native_drm::native_mediakeysystem::{OH_MediaKeySystem_Create, OH_MediaKeySystem_CreateMediaKeySession};

use crate::observe::{accepted, check_message, hash, reached};
use crate::script::Script;

const KEYS: [([u8; 16], [u8; 16]); 2] = [([0x11; 16], [0x2b; 16]), ([0x22; 16], *b"0123456789abcdef")];
/// In the session, but of no length that decrypts.
const SHORT_KEY_ID: [u8; 16] = [0x33; 16];
const UNKNOWN_KEY_ID: [u8; 16] = [0x44; 16];
const GUARD: usize = 64;
const FILL: u8 = 0xa5;
const MAX_DATA: usize = 6000;

/// Handles, as numbers so that threads may share them.
struct World {
    live: usize,
    stale: usize,
    system: usize,
}

impl World {
    fn new() -> Self {
        let mut system = ptr::null_mut::<MediaKeySystem>();
        // SAFETY: a string with its NUL; a variable for the result.
        let code = unsafe { OH_MediaKeySystem_Create(c"com.clearplay.drm".as_ptr(), &raw mut system) };
        assert_eq!(code.0, 0);
        let session = || {
            let (mut level, mut session) = (ContentProtectionLevelValue(1), ptr::null_mut::<MediaKeySession>());
            // SAFETY: variables of the right types.
            let code = unsafe { OH_MediaKeySystem_CreateMediaKeySession(system, &raw mut level, &raw mut session) };
            assert_eq!(code.0, 0);
            let pair =
                |id: &[u8], key: &[u8]| format!("{}:{}", Variant::Standard.encode(id), Variant::Standard.encode(key));
            let mut pairs: Vec<_> = KEYS.iter().map(|(id, key)| pair(id, key)).collect();
            pairs.push(pair(&SHORT_KEY_ID, b"short"));
            let mut text = format!("0{}", pairs.join(",")).into_bytes();
            let (mut id, mut length) = ([0u8; 64], 64);
            let (bytes, size) = (text.as_mut_ptr(), text.len() as i32);
            // SAFETY: two buffers with their lengths.
            let code = unsafe {
                OH_MediaKeySession_ProcessMediaKeyResponse(session, bytes, size, id.as_mut_ptr(), &raw mut length)
            };
            assert_eq!(code.0, 0);
            session
        };
        let (live, stale) = (session(), session());
        assert_eq!(OH_MediaKeySession_Destroy(stale).0, 0);
        Self { live: live.addr(), stale: stale.addr(), system: system.addr() }
    }
}

pub fn run(input: &[u8]) {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(World::new);
    let mut script = Script::new(input);

    let handle = match script.byte() {
        0 => world.stale,
        1 => world.system,
        2 => 0,
        3 => script.long() as usize,
        4 => world.live ^ 1 << (script.byte() % 64),
        _ => world.live,
    };
    let (mut info, table) = description(&mut script);
    let sum: u64 = table.iter().map(|entry| u64::from(entry.clearHeaderLen) + u64::from(entry.payLoadLen)).sum();
    let length = match script.byte() {
        0..=15 => script.below(MAX_DATA),
        16..=31 if sum > 0 => (sum - 1).min(MAX_DATA as u64) as usize,
        _ if info.subsampleCount > 0 => sum.min(MAX_DATA as u64) as usize,
        _ => usize::from(script.half()) % 700,
    };
    info.subsamples = table.as_ptr();
    let lies = match script.byte() {
        0 => {
            info.subsamples = ptr::null();
            true
        }
        1 => {
            info.structSize = script.word();
            true
        }
        2 => {
            info.reserved = script.word();
            true
        }
        _ => false,
    };
    let offset = usize::from(script.byte() % 64);

    let mut memory = vec![FILL; GUARD + offset + length + GUARD];
    let range = GUARD + offset..GUARD + offset + length;
    let content = script.rest();
    for (at, byte) in memory[range.clone()].iter_mut().enumerate() {
        *byte = content.get(at % content.len().max(1)).copied().unwrap_or(0).wrapping_add((at / 7) as u8);
    }
    let before = memory[range.clone()].to_vec();
    let session = ptr::without_provenance_mut::<MediaKeySession>(handle);
    let data = if length == 0 && script.byte() == 0 { ptr::null_mut() } else { memory[range.clone()].as_mut_ptr() };
    // SAFETY: `info.subsamples` is null or the table with its length, whatever else is wrong with `info`; `data` has the
    // length, or is null.
    let code = unsafe { OH_MediaKeySession_DecryptSample(session, &raw const info, data, length as u32) }.0;

    let outside = memory[..range.start].iter().chain(&memory[range.end..]);
    assert!(outside.copied().all(|byte| byte == FILL), "written outside of the sample");
    reached(hash([code as u8, (code >> 8) as u8]) ^ u64::from(info.algorithm.0 % 8));
    if handle == world.live {
        check_batch(session, &info, &before, code, &memory[range.clone()]);
    }
    let expected = model(&info, &table, length);
    match code {
        0 => {
            let lied = lies && (info.structSize as usize != size_of::<DRM_SampleInfo>() || info.reserved != 0);
            assert!(!lied && handle == world.live, "accepted on another handle, or with a wrong struct");
            let expected = expected.expect("accepted against the model");
            accepted("sample", length);
            check(&expected, &info, &table, &before, &memory[range]);
        }
        401 | 24_700_101 | 24_700_111 => {
            assert_eq!(memory[range], before, "refused, but changed");
            // SAFETY: valid until this thread's next call.
            check_message(&unsafe { CStr::from_ptr(OH_Drm_GetLastErrorMessage()) }.to_string_lossy());
            let known = KEYS.iter().any(|(id, _)| *id == info.keyId);
            assert!(
                handle != world.live || lies || expected.is_none() || !known,
                "refused with {code} against the model"
            );
        }
        other => panic!("code {other}"),
    }
}

/// Panics if a batch of such samples is not treated as one of them.
fn check_batch(session: *mut MediaKeySession, info: &DRM_SampleInfo, before: &[u8], code: u32, after: &[u8]) {
    let mut memory = [before.to_vec(), before.to_vec(), before.to_vec()];
    let samples = memory.each_mut().map(|bytes| DRM_Sample {
        info: ptr::from_ref(info),
        data: bytes.as_mut_ptr(),
        dataLen: bytes.len() as u32,
        reserved: 0,
    });
    let mut failed = u32::MAX;
    // SAFETY: as for the call with one of them; each has bytes of its own.
    let batch = unsafe { OH_MediaKeySession_DecryptSamples(session, samples.as_ptr(), 3, &raw mut failed) }.0;
    assert_eq!((batch, failed), (code, if code == 0 { u32::MAX } else { 0 }), "code and index of a batch");
    let expected = if code == 0 { after } else { before };
    assert!(memory.iter().all(|bytes| bytes == expected), "a batch makes something else of it");
}

fn description(script: &mut Script<'_>) -> (DRM_SampleInfo, Vec<DrmSubsample>) {
    const SCHEMES: [u32; 6] = [0, 0x6365_6e63, 0x6365_6e73, 0x6362_6331, 0x6362_6373, 0];
    let algorithm = match script.byte() {
        0 => script.word(),
        byte => u32::from(byte % 6),
    };
    let scheme = match script.byte() {
        0 => script.word(),
        byte => SCHEMES[usize::from(byte) % SCHEMES.len()],
    };
    let iv_length = match script.byte() {
        0 => script.number() as u32,
        byte if byte % 2 == 0 => 8,
        _ => 16,
    };
    let key_id = match script.byte() {
        0 => script.array(),
        1 => SHORT_KEY_ID,
        2 => UNKNOWN_KEY_ID,
        byte => KEYS[usize::from(byte % 2)].0,
    };
    let iv = script.array();
    let pattern = match script.byte() {
        0 => (script.number() as u32, script.number() as u32),
        1..=100 => (0, 0),
        101..=160 => (1, 9),
        byte => (u32::from(byte % 8), u32::from(byte / 8 % 4)),
    };
    let count = match script.byte() {
        0 => script.below(300),
        byte => usize::from(byte % 12),
    };
    let mut table = Vec::new();
    for _ in 0..count {
        let (clear, payload) = match script.byte() {
            0 => (script.number() as u32, script.number() as u32),
            1..=20 => (0, 0),
            byte => (u32::from(byte % 24), u32::from(script.half() % 512)),
        };
        table.push(DrmSubsample { clearHeaderLen: clear, payLoadLen: payload });
    }
    let info = DRM_SampleInfo {
        structSize: size_of::<DRM_SampleInfo>() as u32,
        algorithm: CencAlgorithmValue(algorithm),
        scheme,
        ivLen: iv_length,
        keyId: key_id,
        iv,
        cryptByteBlock: pattern.0,
        skipByteBlock: pattern.1,
        subsampleCount: table.len() as u32,
        reserved: 0,
        subsamples: ptr::null(),
    };
    (info, table)
}

/// What an accepted call does.
#[derive(Clone, Copy)]
enum Expected {
    Nothing,
    Decrypt(Cipher, Scheme, Pattern),
}

/// The header's rules, written down once more.
fn model(info: &DRM_SampleInfo, table: &[DrmSubsample], length: usize) -> Option<Expected> {
    let (crypt, skip) = (info.cryptByteBlock, info.skipByteBlock);
    let striped = (crypt, skip) != (0, 0);
    let (cipher, counter) = match info.algorithm.0 {
        0 => (None, false),
        1 => (Some(Cipher::Aes128), true),
        3 => (Some(Cipher::Aes128), false),
        4 => (Some(Cipher::Sm4), false),
        5 => (Some(Cipher::Sm4), true),
        _ => return None,
    };
    if info.ivLen > 16 {
        return None;
    }
    let sum: u64 = table.iter().map(|entry| u64::from(entry.clearHeaderLen) + u64::from(entry.payLoadLen)).sum();
    let Some(cipher) = cipher else { return Some(Expected::Nothing) };
    if !matches!(info.ivLen, 8 | 16) || (!table.is_empty() && sum != length as u64) {
        return None;
    }
    let scheme = match (&info.scheme.to_be_bytes(), counter, striped) {
        (b"cenc", true, _) | (b"\0\0\0\0", true, false) => Scheme::Cenc,
        (b"cens", true, _) | (b"\0\0\0\0", true, true) => Scheme::Cens,
        (b"cbc1", false, _) | (b"\0\0\0\0", false, false) => Scheme::Cbc1,
        (b"cbcs", false, _) | (b"\0\0\0\0", false, true) => Scheme::Cbcs,
        _ => return None,
    };
    if striped && (crypt == 0 || matches!(scheme, Scheme::Cenc | Scheme::Cbc1)) {
        return None;
    }
    Some(Expected::Decrypt(cipher, scheme, Pattern { crypt, skip }))
}

/// Panics if the sample is not what the other levels make of it.
fn check(expected: &Expected, info: &DRM_SampleInfo, table: &[DrmSubsample], before: &[u8], after: &[u8]) {
    let Expected::Decrypt(cipher, scheme, pattern) = *expected else {
        assert_eq!(before, after, "a clear sample was changed");
        return;
    };
    reached(hash([cipher as u8, scheme as u8]));
    let key = KEYS.iter().find(|(id, _)| *id == info.keyId).expect("decrypted with a key that is there").1;
    let table: Vec<_> =
        table.iter().map(|entry| Subsample { clear: entry.clearHeaderLen, protected: entry.payLoadLen }).collect();
    let iv = &info.iv[..info.ivLen as usize];
    for level in Level::available() {
        let key = ContentKey::with_level(&key, level).expect("memory for a key");
        let mut data = before.to_vec();
        let sample = Sample::new(cipher, scheme, iv, pattern, &table, data.len()).expect("a sample like the one above");
        sample.decrypt(&key, &mut data);
        assert!(data == after, "level {} makes something else of it", level.name());
    }
    let mut at = 0;
    for entry in &table {
        let clear = at..at + entry.clear as usize;
        assert_eq!(before[clear.clone()], after[clear.clone()], "clear bytes were changed");
        at = clear.end + entry.protected as usize;
    }
}
