//! Wiping round keys from registers.

/// Overwrites the vector registers, where decryption left round keys. What is there can get into memory once the library has
/// returned: the dynamic linker saves all registers on the stack when a program calls a function for the first time. Does nothing
/// on other processors than those of x86-64 and 64-bit ARM.
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
    #[cfg(target_arch = "aarch64")]
    arm64::wipe();
}

#[cfg(target_arch = "aarch64")]
mod arm64 {
    use core::arch::asm;

    /// Not v8 to v15: their lower halves are the caller's (AAPCS64, section 6.1.2), so whoever used one of them has put back what was
    /// there. That is done by loading 64 bits, and such a load zeroes the upper half.
    // Not inlined: across a call, nobody expects anything in the other registers.
    #[inline(never)]
    pub(super) fn wipe() {
        // SAFETY: zeroes registers that belong to the callee; all these CPUs have them.
        unsafe {
            asm!(
                "movi v0.2d, #0", "movi v1.2d, #0", "movi v2.2d, #0", "movi v3.2d, #0",
                "movi v4.2d, #0", "movi v5.2d, #0", "movi v6.2d, #0", "movi v7.2d, #0",
                "movi v16.2d, #0", "movi v17.2d, #0", "movi v18.2d, #0", "movi v19.2d, #0",
                "movi v20.2d, #0", "movi v21.2d, #0", "movi v22.2d, #0", "movi v23.2d, #0",
                "movi v24.2d, #0", "movi v25.2d, #0", "movi v26.2d, #0", "movi v27.2d, #0",
                "movi v28.2d, #0", "movi v29.2d, #0", "movi v30.2d, #0", "movi v31.2d, #0",
                out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _, out("v21") _, out("v22") _,
                out("v23") _, out("v24") _, out("v25") _, out("v26") _, out("v27") _, out("v28") _, out("v29") _,
                out("v30") _, out("v31") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// All vector registers as they are, `v0` first.
        #[inline(always)]
        fn registers(into: &mut [[u8; 16]; 32]) {
            // SAFETY: writes the array.
            unsafe {
                asm!(
                    "stp q0, q1, [x9]", "stp q2, q3, [x9, #32]", "stp q4, q5, [x9, #64]", "stp q6, q7, [x9, #96]",
                    "stp q8, q9, [x9, #128]", "stp q10, q11, [x9, #160]", "stp q12, q13, [x9, #192]",
                    "stp q14, q15, [x9, #224]", "stp q16, q17, [x9, #256]", "stp q18, q19, [x9, #288]",
                    "stp q20, q21, [x9, #320]", "stp q22, q23, [x9, #352]", "stp q24, q25, [x9, #384]",
                    "stp q26, q27, [x9, #416]", "stp q28, q29, [x9, #448]", "stp q30, q31, [x9, #480]",
                    in("x9") into.as_mut_ptr(), options(nostack, preserves_flags),
                );
            }
        }

        /// Uses all vector registers, as a kernel may.
        #[inline(never)]
        fn fill() {
            // SAFETY: all registers are clobbers.
            unsafe {
                asm!(
                    "movi v0.16b, #255", "movi v1.16b, #255", "movi v2.16b, #255", "movi v3.16b, #255", "movi v4.16b, #255",
                    "movi v5.16b, #255", "movi v6.16b, #255", "movi v7.16b, #255", "movi v8.16b, #255", "movi v9.16b, #255",
                    "movi v10.16b, #255", "movi v11.16b, #255", "movi v12.16b, #255", "movi v13.16b, #255", "movi v14.16b, #255",
                    "movi v15.16b, #255", "movi v16.16b, #255", "movi v17.16b, #255", "movi v18.16b, #255", "movi v19.16b, #255",
                    "movi v20.16b, #255", "movi v21.16b, #255", "movi v22.16b, #255", "movi v23.16b, #255", "movi v24.16b, #255",
                    "movi v25.16b, #255", "movi v26.16b, #255", "movi v27.16b, #255", "movi v28.16b, #255", "movi v29.16b, #255",
                    "movi v30.16b, #255", "movi v31.16b, #255",
                    out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                    out("v8") _, out("v9") _, out("v10") _, out("v11") _, out("v12") _, out("v13") _, out("v14") _,
                    out("v15") _, out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _, out("v21") _,
                    out("v22") _, out("v23") _, out("v24") _, out("v25") _, out("v26") _, out("v27") _, out("v28") _,
                    out("v29") _, out("v30") _, out("v31") _, options(nomem, nostack, preserves_flags),
                );
            }
        }

        #[test]
        fn nothing_is_left_in_any_register() {
            let mut after = [[0xff; 16]; 32];
            fill();
            wipe();
            registers(&mut after);
            for (number, register) in after.iter().enumerate() {
                let wiped = if (8..16).contains(&number) { &register[8..] } else { &register[..] };
                assert!(wiped.iter().all(|&byte| byte == 0), "v{number}: {register:02x?}");
            }
        }
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
