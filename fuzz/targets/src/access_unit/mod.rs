//! `OH_MediaKeySession_DecryptAccessUnit` with any unit, or with one built from instructions.
//!
//! The model beside it, which is written without thought of speed or allocations, says for each unit whether it is refused,
//! which key it needs, what comes out and what the stream has said.

mod build;
mod model;

use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;

use base::base64::Variant;
use native_drm::native_drm_common::{ContentProtectionLevelValue, MediaKeySession, MediaKeySystem};
use native_drm::native_drm_extension::OH_Drm_GetLastErrorMessage;
use native_drm::native_mediadecrypt::{DRM_AccessUnitInfo, DRM_AccessUnitState, OH_MediaKeySession_DecryptAccessUnit};
use native_drm::native_mediakeysession::OH_MediaKeySession_ProcessMediaKeyResponse;
use native_drm::native_mediakeysystem::{OH_MediaKeySystem_Create, OH_MediaKeySystem_CreateMediaKeySession};

use crate::observe::{accepted, check_message, hash, reached};
use crate::script::Script;

const OK: u32 = 0;
const INVALID: u32 = 401;
const NO_KEY: u32 = 24_700_111;

/// Key ids and keys of tests/streams/cei.json: the seeds are its units.
pub const KEYS: [([u8; 16], [u8; 16]); 4] = [
    ([0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0], counting(0)),
    ([0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 1], counting(1)),
    ([0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 0xc2, 2], counting(2)),
    ([0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0xaa, 0], counting(0x80)),
];

const fn counting(first: u8) -> [u8; 16] {
    let mut key = [0; 16];
    let mut i = 0;
    while i < 16 {
        key[i] = first + i as u8;
        i += 1;
    }
    key
}

const GUARD: usize = 64;
const FILL: u8 = 0xa5;

fn session() -> *mut MediaKeySession {
    static SESSION: OnceLock<usize> = OnceLock::new();
    let address = *SESSION.get_or_init(|| {
        let (mut system, mut session) = (ptr::null_mut::<MediaKeySystem>(), ptr::null_mut::<MediaKeySession>());
        let mut level = ContentProtectionLevelValue(1);
        let pair = |(id, key): &([u8; 16], [u8; 16])| {
            format!("{}:{}", Variant::Standard.encode(id), Variant::Standard.encode(key))
        };
        let mut text = format!("0{}", KEYS.iter().map(pair).collect::<Vec<_>>().join(",")).into_bytes();
        let (mut id, mut length) = ([0u8; 64], 64);
        // SAFETY: a string with its NUL; variables of the right types; two buffers with their lengths.
        unsafe {
            assert_eq!(OH_MediaKeySystem_Create(c"com.clearplay.drm".as_ptr(), &raw mut system).0, OK);
            assert_eq!(OH_MediaKeySystem_CreateMediaKeySession(system, &raw mut level, &raw mut session).0, OK);
            let (bytes, size) = (text.as_mut_ptr(), text.len() as i32);
            let code =
                OH_MediaKeySession_ProcessMediaKeyResponse(session, bytes, size, id.as_mut_ptr(), &raw mut length);
            assert_eq!(code.0, OK);
        }
        session.addr()
    });
    ptr::without_provenance_mut(address)
}

pub fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let format = match script.byte() {
        0 => script.word(),
        byte => 1 + u32::from(byte - 1) % 7,
    };
    let length_size = match script.byte() {
        byte @ 0..=4 => u32::from(byte),
        5 => script.word(),
        byte if byte % 2 == 1 => 4,
        _ => 0,
    };
    let algorithm = match script.byte() {
        byte @ 0..=16 => u32::from(byte),
        _ => 0,
    };
    let info = DRM_AccessUnitInfo {
        structSize: size_of::<DRM_AccessUnitInfo>() as u32,
        format,
        nalLengthSize: length_size,
        algorithm,
        keyId: KEYS[0].0,
        iv: [0x30; 16],
    };
    let unit = match script.byte() {
        0..=127 => script.rest().to_vec(),
        _ => build::unit(&mut script, format, length_size as usize),
    };
    let mut state = blank();
    let mut known = None;
    // As it is, once more after what it has said, and without its first part, which may be what said it.
    for part in [&unit[..], &unit, &unit[unit.len() / 2..]] {
        step(&info, &mut state, &mut known, part);
    }
}

fn blank() -> DRM_AccessUnitState {
    DRM_AccessUnitState {
        flags: 0,
        algorithm: 0,
        ivLen: 0,
        reserved: 0,
        keyId: [0; 16],
        nextKeyId: [0; 16],
        iv: [0; 16],
        reservedForLater: [0; 64],
    }
}

fn step(info: &DRM_AccessUnitInfo, state: &mut DRM_AccessUnitState, known: &mut Option<model::Cei>, unit: &[u8]) {
    let mut memory = vec![FILL; GUARD + unit.len() + GUARD];
    let range = GUARD..GUARD + unit.len();
    memory[range.clone()].copy_from_slice(unit);
    let mut length = unit.len() as u32;
    let before = bytes_of(state);
    // SAFETY: structs of the right types; `data` has the length.
    let code = unsafe {
        let data = memory[range.clone()].as_mut_ptr();
        OH_MediaKeySession_DecryptAccessUnit(session(), info, state, data, &raw mut length)
    }
    .0;
    let outside = memory[..range.start].iter().chain(&memory[range.end..]);
    assert!(outside.copied().all(|byte| byte == FILL), "written outside of the unit");
    reached(hash([code as u8, info.format as u8, info.nalLengthSize as u8]));
    let expected = model::decrypt(info, known.as_ref(), unit);
    match (code, expected) {
        (OK, Some(model::Outcome { clear: Some(clear), cei, parts })) => {
            assert!(memory[range.start..range.start + length as usize] == clear, "other bytes than the model's");
            assert_eq!(bytes_of(state), bytes_of(&model::state(cei.as_ref())), "another state than the model's");
            *known = cei;
            accepted("unit", parts);
            reached(hash([u8::from(clear.len() < unit.len()), state.flags as u8, state.algorithm as u8]));
        }
        (INVALID, None) | (NO_KEY, Some(model::Outcome { clear: None, .. })) => {
            assert_eq!(memory[range], *unit, "refused, but changed");
            assert_eq!(length as usize, unit.len());
            assert_eq!(bytes_of(state), before, "refused, but the state changed");
            // SAFETY: valid until this thread's next call.
            let message = unsafe { CStr::from_ptr(OH_Drm_GetLastErrorMessage()) }.to_string_lossy();
            check_message(&message);
            reached(hash(message.bytes().filter(u8::is_ascii_alphabetic)));
        }
        (code, expected) => panic!("{code} where the model {}", if expected.is_some() { "accepts" } else { "refuses" }),
    }
}

fn bytes_of(state: &DRM_AccessUnitState) -> Vec<u8> {
    let words = [state.flags, state.algorithm, state.ivLen, state.reserved];
    let bytes = [&state.keyId[..], &state.nextKeyId, &state.iv, &state.reservedForLater].concat();
    words.iter().flat_map(|word| word.to_le_bytes()).chain(bytes).collect()
}
