//! The functions of a level that are compiled for its instructions.

/// Defines `decrypt(keys, job, data)` for a level: one `#[target_feature]` function per mode, into which the generic code of
/// `modes` is inlined.
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
            use $crate::cenc::job::{BLOCK, Mode, Stripes};
            use $crate::cenc::kernel::modes;
            use $crate::cenc::kernel::ranges::Ranges;

            #[target_feature(enable = $features)]
            fn ctr(keys: &$keys, iv: [u8; BLOCK], whole_blocks: bool, ranges: Ranges<'_, '_>) {
                // SAFETY: this function is compiled for the features, so whoever calls it knows the CPU to have them.
                unsafe {
                    let cipher = $whole_encryption(keys);
                    modes::ctr::<$whole, _, $whole_batch>(&cipher, iv, whole_blocks, ranges);
                }
            }

            #[target_feature(enable = $features)]
            fn ctr_stripes(keys: &$keys, iv: [u8; BLOCK], stripes: Stripes, ranges: Ranges<'_, '_>) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $stripes_encryption(keys);
                    modes::ctr_stripes::<$stripes, _, $stripes_batch>(&cipher, iv, stripes, ranges);
                }
            }

            #[target_feature(enable = $features)]
            fn cbc(keys: &$keys, iv: [u8; BLOCK], chained: bool, ranges: Ranges<'_, '_>) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $whole_decryption(keys);
                    modes::cbc::<$whole, _, $whole_batch>(&cipher, iv, chained, ranges);
                }
            }

            #[target_feature(enable = $features)]
            fn cbc_stripes(keys: &$keys, iv: [u8; BLOCK], stripes: Stripes, ranges: Ranges<'_, '_>) {
                // SAFETY: as above.
                unsafe {
                    let cipher = $stripes_decryption(keys);
                    modes::cbc_stripes::<$stripes, _, $stripes_batch>(&cipher, iv, stripes, ranges);
                }
            }

            let ranges = Ranges::new(data, job.subsamples);
            // SAFETY: the caller knows the CPU to have the features.
            unsafe {
                match job.mode {
                    Mode::Ctr { whole_blocks } => ctr(keys, job.iv, whole_blocks, ranges),
                    Mode::CtrStripes(stripes) => ctr_stripes(keys, job.iv, stripes, ranges),
                    Mode::Cbc { chained } => cbc(keys, job.iv, chained, ranges),
                    Mode::CbcStripes(stripes) => cbc_stripes(keys, job.iv, stripes, ranges),
                }
            }
        }
    };
}

pub(super) use decrypt_functions;
