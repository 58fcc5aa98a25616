//! The kernels: block ciphers and block modes with the CPU instructions that a level has.
//!
//! | file | level | blocks in flight |
//! |---|---|---|
//! | `soft` | the `aes` and `sm4` crates, any CPU | as the crates do |
//! | `aesni` | AES-NI, AVX | 8 |
//! | `vaes256` | VAES, AVX2 | 16 |
//! | `vaes512` | VAES, AVX-512 | 32 |
//! | `sm4_aes` | SM4 by AES-NI and AVX; AES-NI and AVX2; VAES and AVX2 | 16; 32; 32 |
//! | `sm4_gfni` | SM4 by GFNI, AVX-512 | 64 |
//! | `armv8` | ARMv8's AES instructions | 8 |
//! | `armv8_sm4` | the same, for SM4 | 8 |
//! | `armv8_sm4e` | ARMv8.2's SM4 instructions | 8 |
//!
//! The levels but the first one are made of three layers: `modes` has the schemes' block modes, generic over a register type
//! (`vector`) and a cipher on registers (`aes_keys`, `sm4_aes`, `sm4_gfni`, `armv8_keys` …); a level's file implements the register type
//! and, by way of `entry`, compiles all of it for the level's instructions. The functions come out of it wrapped in a type
//! that only the detection of the CPU's features makes.
//!
//! Every level gives the same results; `tests/cenc_*.rs` compare each of them with independent implementations.

#![allow(unsafe_code)]
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]
#![allow(clippy::inline_always, reason = "the only way into a function that is compiled for more instructions")]
#![allow(clippy::cast_possible_truncation, reason = "counted in bits and bytes, with the range in sight")]
#![allow(clippy::wildcard_imports, reason = "dozens of intrinsics whose names cannot be mistaken")]

mod key;
mod level;
mod ranges;
mod soft;

#[cfg(target_arch = "x86_64")]
mod aes_keys;
#[cfg(target_arch = "x86_64")]
mod aesni;
#[cfg(target_arch = "aarch64")]
mod armv8;
#[cfg(target_arch = "aarch64")]
mod armv8_keys;
#[cfg(target_arch = "aarch64")]
mod armv8_sm4;
#[cfg(target_arch = "aarch64")]
mod armv8_sm4e;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod block;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod entry;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod modes;
#[cfg(target_arch = "x86_64")]
mod sm4_aes;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod sm4_affine;
#[cfg(target_arch = "x86_64")]
mod sm4_gfni;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod sm4_key_schedule;
#[cfg(target_arch = "x86_64")]
mod vaes256;
#[cfg(target_arch = "x86_64")]
mod vaes512;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod vector;

use base::sync::UNDER_MODEL_CHECKER;

/// Bytes of stack to wipe after the `aes` and `sm4` crates have worked. Their deepest user is the bitsliced AES, twice as
/// deep without optimisation.
const CIPHER_STACK: usize = match (UNDER_MODEL_CHECKER, cfg!(debug_assertions)) {
    (true, _) => 1024,
    (false, true) => 16384,
    (false, false) => 8192,
};

/// Wipes what the portable ciphers have left on the stack, in functions that the caller has called.
#[inline(never)]
pub(super) fn wipe_stack() {
    base::secret::burn_stack::<CIPHER_STACK>();
}

pub use key::ContentKey;
#[doc(hidden)]
pub use level::Level;
