//! Arguments for C functions, and the checks after a call.

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::ptr;

use native_drm::native_drm_extension::OH_Drm_GetLastErrorMessage;

use super::handles::{self, Kind};
use crate::observe::{check_message, hash, reached};
use crate::script::Script;

const GUARD: usize = 32;
const FILL: u8 = 0xa5;

/// What a family of functions may return.
pub const DRM_CODES: &[u32] = &[
    0, 401, 24_700_101, 24_700_103, 24_700_104, 24_700_105, 24_700_106, 24_700_107, 24_700_108, 24_700_109, 24_700_110,
    24_700_111, 24_700_201,
];
const AV_CODES: &[u32] = &[0, 3];
const SESSION_CODES: &[u32] = &[0, 401, 6_600_101, 6_600_102, 6_600_105, 6_600_106, 6_600_107];
const METADATA_CODES: &[u32] = &[0, 1, 2];

struct Output {
    memory: Vec<u8>,
    length: usize,
    before: Vec<u8>,
    /// Written also by refused calls: a needed length, the index of what was refused.
    is_length: bool,
}

/// One thread's state.
pub struct Context<'a> {
    pub script: Script<'a>,
    outputs: Vec<Output>,
    inputs: Vec<Box<[u8]>>,
    structs: Vec<Box<dyn Any>>,
    code: Option<(u32, &'static [u32])>,
    /// What functions gave: it is given to others.
    earlier: [Vec<u8>; 2],
}

impl<'a> Context<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self {
            script: Script::new(input),
            outputs: Vec::new(),
            inputs: Vec::new(),
            structs: Vec::new(),
            code: None,
            earlier: [const { Vec::new() }; 2],
        }
    }

    pub fn handle<T>(&mut self, kind: Kind) -> *mut T {
        ptr::without_provenance_mut(handles::any(kind, &mut self.script))
    }

    pub fn doomed<T>(&mut self, kind: Kind) -> *mut T {
        ptr::without_provenance_mut(handles::doomed(kind, &mut self.script))
    }

    /// Room for a handle; `keep` takes it from there.
    pub fn new_handle<T>(&mut self) -> *mut *mut T {
        self.room(size_of::<usize>(), false).cast()
    }

    /// Keeps the handle that a successful call wrote.
    pub fn keep(&mut self, kind: Kind) {
        if self.code.is_some_and(|(code, _)| code == 0) {
            let output = self.outputs.iter().find(|output| output.length == size_of::<usize>());
            if let Some(bytes) = output.and_then(|output| output.memory[GUARD..].first_chunk()) {
                handles::keep(kind, usize::from_ne_bytes(*bytes), &mut self.script);
            }
        }
    }

    pub fn keep_pointer<T>(&mut self, kind: Kind, handle: *mut T) {
        handles::keep(kind, handle.addr(), &mut self.script);
    }

    /// Memory that a function may write.
    fn room(&mut self, length: usize, is_length: bool) -> *mut u8 {
        let mut memory = vec![FILL; GUARD + length + GUARD + 16];
        // The guards need not be aligned, what is between them has to be.
        let pointer = memory[GUARD..].as_mut_ptr();
        let before = memory[GUARD..GUARD + length].to_vec();
        self.outputs.push(Output { memory, length, before, is_length });
        pointer
    }

    /// A pointer to something that a function writes; seldom null.
    pub fn out<T>(&mut self) -> *mut T {
        if self.script.byte() == 0 { ptr::null_mut() } else { self.room(size_of::<T>(), false).cast() }
    }

    /// As `out`, for what is written on refusal as well.
    pub fn note<T>(&mut self) -> *mut T {
        if self.script.byte() == 0 { ptr::null_mut() } else { self.room(size_of::<T>(), true).cast() }
    }

    /// Something that a function reads and writes.
    pub fn in_out<T: Copy>(&mut self, value: T) -> *mut T {
        if self.script.byte() == 0 {
            return ptr::null_mut();
        }
        let pointer = self.room(size_of::<T>(), true);
        // SAFETY: there is room for a T, whatever its alignment.
        unsafe { pointer.cast::<T>().write_unaligned(value) };
        pointer.cast()
    }

    /// A buffer with the length that goes with it, which seldom is negative or too small.
    pub fn buffer(&mut self) -> (*mut u8, i32) {
        let length = match self.script.byte() {
            0 => return (self.room(16, false), -(self.script.number() as i32).saturating_abs()),
            1 => return (ptr::null_mut(), self.script.number() as i32 & 0xffff),
            2..=20 => self.script.below(64),
            21..=60 => self.script.below(2048),
            _ => 8192,
        };
        (self.room(length, false), length as i32)
    }

    /// Bytes that a function reads, exactly as many as it is told.
    pub fn bytes(&mut self) -> (*mut u8, i32) {
        match self.script.byte() {
            0 => return (ptr::null_mut(), self.script.number() as i32 & 0xffff),
            1 => return (self.input(&[1; 16]), -(self.script.number() as i32).saturating_abs()),
            _ => {}
        }
        let content = self.content();
        (self.input(&content), content.len() as i32)
    }

    fn input(&mut self, content: &[u8]) -> *mut u8 {
        let mut memory: Box<[u8]> = content.into();
        let pointer = memory.as_mut_ptr();
        self.inputs.push(memory);
        pointer
    }

    fn content(&mut self) -> Vec<u8> {
        const KNOWN: &[&[u8]] = &[
            b"0AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==",
            b"1AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==,aWQ=:a2V5",
            br#"{"keys":[{"kty":"oct","kid":"AAECAwQFBgcICQoLDA0ODw","k":"EBESExQVFhcYGRobHB0eHw"}],"type":"persistent-license"}"#,
            br#"{"kids":["AAECAwQFBgcICQoLDA0ODw"]}"#,
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
            br#"{"content_id":"bW92aWU","provider":"acme","tracks":[]}"#,
            br#"{"can_play":true,"can_persist":true,"can_renew":true,"license_duration_seconds":9}"#,
            br#"{"content_id":"AAECAw==","policy_overrides":{"can_play":true}}"#,
            br#"{"policies":{},"providers":[],"contents":[]}"#,
            b"ok",
            b"",
            b"id",
        ];
        match self.script.byte() {
            byte @ 0..=119 => KNOWN[usize::from(byte) % KNOWN.len()].to_vec(),
            byte @ 120..=219 => self.earlier[usize::from(byte) % 2].clone(),
            220..=235 => {
                let mut bytes = self.earlier[0].clone();
                let at = self.script.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (self.script.byte() % 8);
                }
                bytes
            }
            _ => {
                let length = usize::from(self.script.byte());
                self.script.take(length).to_vec()
            }
        }
    }

    /// A NUL-terminated string.
    pub fn text(&mut self) -> *const c_char {
        const KNOWN: &[&str] = &[
            "com.clearplay.drm",
            "org.w3.clearkey",
            "com.policyplay.drm",
            "video/mp4",
            "cenc",
            "webm",
            "keyids",
            "vendor",
            "version",
            "maxSessionNum",
            "outputHdcp",
            "HDCP_V1",
            "licenseAuthority",
            "deviceUniqueId",
            "name",
            "value",
            "",
            "a",
            "AUDIO",
            "SD",
            "default",
            "acme",
            "a token of acme's",
            "/policy_overrides/can_play",
            "/policy_overrides/license_duration_seconds",
            "/content_id",
            "/provider",
            "/content_key_specs/0/track_type",
            "/",
            "bW92aWU=",
            "[00:01.00]one\n[00:02.50]two",
            "https://example.com/",
            "{\"can_play\":true}",
        ];
        let mut bytes = match self.script.byte() {
            0 => return ptr::null(),
            1 => vec![b'x'; self.script.below(5000)],
            2..=9 => {
                let length = usize::from(self.script.byte() % 64);
                self.script.take(length).to_vec()
            }
            byte => KNOWN[usize::from(byte) % KNOWN.len()].into(),
        };
        bytes.retain(|byte| *byte != 0);
        bytes.push(0);
        self.input(&bytes).cast_const().cast()
    }

    /// A key system's name.
    pub fn name(&mut self) -> *const c_char {
        const NAMES: [&CStr; 3] = [c"com.clearplay.drm", c"org.w3.clearkey", c"com.policyplay.drm"];
        if self.script.byte() < 16 { self.text() } else { self.script.one_of(&NAMES).as_ptr() }
    }

    /// A struct that a function reads, as long as the call lasts.
    pub fn given<T: 'static>(&mut self, value: T) -> *mut T {
        let mut value = Box::new(value);
        let pointer = &raw mut *value;
        self.structs.push(value);
        pointer
    }

    /// As `bytes`, where the length has no sign.
    pub fn sized(&mut self) -> (*mut u8, u32) {
        let (pointer, length) = self.bytes();
        (pointer, u32::try_from(length).unwrap_or(0))
    }

    /// As `buffer`, where the length has no sign.
    pub fn sized_buffer(&mut self) -> (*mut u8, u32) {
        let (pointer, length) = self.buffer();
        (pointer, u32::try_from(length).unwrap_or(0))
    }

    /// Sixteen bytes.
    pub fn sixteen(&mut self) -> *mut u8 {
        match self.script.byte() {
            0 => ptr::null_mut(),
            1..=100 => self.input(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
            _ => {
                let id: [u8; 16] = self.script.array();
                self.input(&id)
            }
        }
    }

    pub fn maybe<T>(&mut self, value: Option<T>) -> Option<T> {
        if self.script.byte() < 8 { None } else { value }
    }

    pub fn number<T: TryFrom<i64> + Default>(&mut self) -> T {
        T::try_from(self.script.number() as i64).unwrap_or_default()
    }

    pub fn small(&mut self) -> u32 {
        u32::from(self.script.byte() % 8)
    }

    pub fn flag(&mut self) -> bool {
        self.script.byte() % 2 == 1
    }

    pub fn plain<T>(&mut self, _: T) {
        self.code = None;
    }

    pub fn drm(&mut self, code: native_drm::native_drm_err::ErrCodeValue) {
        self.code = Some((code.0, DRM_CODES));
    }

    pub fn av(&mut self, code: native_drm::native_averrors::AVErrCodeValue) {
        self.code = Some((code.0, AV_CODES));
    }

    pub fn session(&mut self, code: native_drm::native_avsession_errors::SessionErrValue) {
        self.code = Some((code.0, SESSION_CODES));
    }

    pub fn metadata(&mut self, code: native_drm::native_avsession_errors::MetadataResultValue) {
        self.code = Some((code.0, METADATA_CODES));
    }

    /// The checks after a call.
    pub fn end(&mut self, name: &'static str) {
        let code = self.code.take();
        if let Some((code, allowed)) = code {
            assert!(allowed.contains(&code), "{name}: code {code}");
            reached(hash(name.bytes()) ^ u64::from(code));
            if code != 0 {
                // SAFETY: valid until this thread's next call.
                let message = unsafe { CStr::from_ptr(OH_Drm_GetLastErrorMessage()) };
                assert!(message.to_bytes_with_nul().len() <= 4096, "{name}: {message:?}");
                check_message(&message.to_string_lossy());
            }
        }
        for output in self.outputs.drain(..) {
            let (guard, rest) = output.memory.split_at(GUARD);
            let (content, after) = rest.split_at(output.length);
            assert!(guard.iter().chain(after).all(|byte| *byte == FILL), "{name} wrote outside of a buffer");
            let refused = code.is_some_and(|(code, _)| code != 0);
            assert!(!refused || output.is_length || content == output.before, "{name} was refused and wrote something");
            if !refused && output.length > 64 && content != output.before {
                // As many bytes as were written, roughly: up to the fill.
                let used = content.iter().rposition(|byte| *byte != FILL).map_or(0, |last| last + 1);
                self.earlier.swap(0, 1);
                self.earlier[0] = content[..used].to_vec();
            }
        }
        self.inputs.clear();
        self.structs.clear();
    }
}
