//! The functions of a level that are compiled for its instructions.

/// Defines `decrypt(keys, job, data)` for a level: one `#[target_feature]` function per mode, into which the generic code of
/// `modes` is inlined.
///
/// They get the IV as a number of its own: it travels in registers, where reading it from `job` as a vector would wait for
/// the two halves that were just written there.
///
/// `whole` and `stripes` each name a register type, the number of registers in a batch, and how the cipher is set up from
/// the keys in either direction.
macro_rules! decrypt_functions {
    (
        features: $features:literal,
        keys: $keys:ty,
        whole: $whole:ty, $whole_batch:literal, $whole_encryption:expr, $whole_decryption:expr;
        stripes: $stripes:ty, $stripes_batch:literal, $stripes_encryption:expr, $stripes_decryption:expr;
    ) => {
        /// Decrypts a sample.
        ///
        /// # Safety
        /// The CPU has this level's features.
        #[inline]
        unsafe fn decrypt(keys: &$keys, job: &$crate::cenc::job::Job<'_>, data: &mut [u8]) {
            use $crate::cenc::job::{Job, Mode};
            use $crate::cenc::kernel::modes;

            #[target_feature(enable = $features)]
            fn ctr(keys: &$keys, iv: u128, job: &Job<'_>, data: &mut [u8]) {
                // SAFETY: this function is compiled for the features, so whoever calls it knows the CPU to have them.
                unsafe {
                    let cipher = $whole_encryption(keys);
                    modes::ctr::<$whole, _, $whole_batch>(&cipher, iv, job, data);
                }
            }

            #[target_feature(enable = $features)]
            fn ctr_stripes(keys: &$keys, iv: u128, job: &Job<'_>, data: &mut [u8]) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $stripes_encryption(keys);
                    modes::ctr_stripes::<$stripes, _, $stripes_batch>(&cipher, iv, job, data);
                }
            }

            #[target_feature(enable = $features)]
            fn cbc(keys: &$keys, iv: u128, job: &Job<'_>, data: &mut [u8]) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $whole_decryption(keys);
                    modes::cbc::<$whole, _, $whole_batch>(&cipher, iv, job, data);
                }
            }

            #[target_feature(enable = $features)]
            fn cbc_stripes(keys: &$keys, iv: u128, job: &Job<'_>, data: &mut [u8]) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $stripes_decryption(keys);
                    modes::cbc_stripes::<$stripes, _, $stripes_batch>(&cipher, iv, job, data);
                }
            }

            // SAFETY: the caller knows the CPU to have the features.
            unsafe {
                match job.mode {
                    Mode::Ctr | Mode::CtrBlocks => ctr(keys, job.iv, job, data),
                    Mode::CtrStripes => ctr_stripes(keys, job.iv, job, data),
                    Mode::CbcChained | Mode::Cbc => cbc(keys, job.iv, job, data),
                    Mode::CbcStripes => cbc_stripes(keys, job.iv, job, data),
                }
            }
        }
    };
}

pub(super) use decrypt_functions;
