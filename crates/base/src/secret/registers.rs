//! Wiping round keys from registers.

/// Overwrites the vector registers, where decryption left round keys. What is there can get into memory once the library has
/// returned: the dynamic linker saves all registers on the stack when a program calls a function for the first time. Does nothing
/// on other processors than x86-64's.
#[inline]
pub fn wipe_registers() {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512vl") {
        // SAFETY: the CPU has AVX-512 VL.
        unsafe { x86::wipe_32() }
    } else if is_x86_feature_detected!("avx") {
        // SAFETY: the CPU has AVX.
        unsafe { x86::wipe_16() }
    } else {
        x86::wipe_sse();
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::asm;

    /// `$instruction` with three operands, each time the same register.
    macro_rules! zero {
        ($instruction:literal: $($register:literal)+) => {
            concat!($($instruction, " xmm", $register, ",xmm", $register, ",xmm", $register, "\n"),+)
        };
    }

    /// # Safety
    /// The CPU has AVX.
    // Not inlined: across a call, nobody expects anything in a vector register.
    #[inline(never)]
    pub(super) unsafe fn wipe_16() {
        // SAFETY: zeroes registers that belong to the callee, the upper halves included; the caller knows the CPU to have
        // the instructions.
        unsafe {
            asm!(
                zero!("vpxor": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                options(nomem, nostack, preserves_flags),
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            );
        }
    }

    /// For CPUs with AES-NI, which the portable level finds by itself, and without AVX.
    #[inline(never)]
    pub(super) fn wipe_sse() {
        // SAFETY: zeroes registers that belong to the callee; all x86-64 CPUs have SSE2.
        unsafe {
            asm!(
                "pxor xmm0,xmm0",
                "pxor xmm1,xmm1",
                "pxor xmm2,xmm2",
                "pxor xmm3,xmm3",
                "pxor xmm4,xmm4",
                "pxor xmm5,xmm5",
                "pxor xmm6,xmm6",
                "pxor xmm7,xmm7",
                "pxor xmm8,xmm8",
                "pxor xmm9,xmm9",
                "pxor xmm10,xmm10",
                "pxor xmm11,xmm11",
                "pxor xmm12,xmm12",
                "pxor xmm13,xmm13",
                "pxor xmm14,xmm14",
                "pxor xmm15,xmm15",
                options(nomem, nostack, preserves_flags),
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            );
        }
    }

    /// # Safety
    /// The CPU has AVX-512 VL.
    #[inline(never)]
    pub(super) unsafe fn wipe_32() {
        // SAFETY: as above. Nothing in this function uses the registers from 16 on.
        unsafe {
            asm!(
                zero!("vpxord": 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31),
                options(nomem, nostack, preserves_flags),
            );
            wipe_16();
        }
    }
}
