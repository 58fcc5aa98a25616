//! One cipher block in the smallest register that holds it, on each processor that has kernels.

#[cfg(target_arch = "aarch64")]
use core::arch::aarch64::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

/// A register of one cipher block.
#[cfg(target_arch = "x86_64")]
pub(super) type Register = __m128i;

/// A register of one cipher block.
#[cfg(target_arch = "aarch64")]
pub(super) type Register = uint8x16_t;

/// Reads a block.
///
/// # Safety
/// 16 bytes are readable; no alignment is needed.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8) -> Register {
    // SAFETY: all CPUs of these architectures have the instruction. The memory is passed on to the caller.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        return _mm_loadu_si128(from.cast());
        #[cfg(target_arch = "aarch64")]
        return vld1q_u8(from);
    }
}

/// Reads the first half of a block; the second half is zero.
///
/// # Safety
/// 8 bytes are readable; no alignment is needed.
#[inline(always)]
pub(super) unsafe fn load_half(from: *const u8) -> Register {
    // SAFETY: as for `load`.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        return _mm_loadl_epi64(from.cast());
        #[cfg(target_arch = "aarch64")]
        return vcombine_u8(vld1_u8(from), vdup_n_u8(0));
    }
}

/// Zero in the first half, and a number in the second one.
#[inline(always)]
pub(super) fn counter(number: u64) -> Register {
    // SAFETY: all CPUs of these architectures have the instructions.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        return _mm_set_epi64x(number.cast_signed(), 0);
        #[cfg(target_arch = "aarch64")]
        return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(0), vcreate_u64(number)));
    }
}
