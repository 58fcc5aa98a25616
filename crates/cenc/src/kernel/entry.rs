//! The functions of a level that are compiled for its instructions, and keys that are bound to them.

use crate::job::{Job, Mode};

/// Decrypts a sample: keys, job, and address and length of the data.
///
/// With C's convention, because such a function does not unwind, and its callers need not be prepared for that.
///
/// # Safety
/// The CPU has the level's features. The data are readable and writable, and nobody else uses them.
type Function<K> = unsafe extern "C" fn(&K, &Job<'_>, *mut u8, usize);

/// A level's functions, by mode.
pub(super) struct Functions<K: 'static>(pub(super) [Function<K>; Mode::COUNT]);

/// The functions of a level that this CPU has. Only the levels' `detect` makes it.
pub(super) struct Usable<K: 'static>(&'static Functions<K>);

impl<K> Usable<K> {
    /// # Safety
    /// The CPU has the level's features.
    pub(super) unsafe fn new(functions: &'static Functions<K>) -> Self {
        Self(functions)
    }

    /// Decrypts a sample.
    #[inline(always)]
    pub(super) fn decrypt(&self, keys: &K, job: &Job<'_>, data: &mut [u8]) {
        // SAFETY: the CPU has the features (`new`). Address and length come from a mutable slice.
        unsafe { self.0.0[job.mode as usize](keys, job, data.as_mut_ptr(), data.len()) }
    }
}

/// The round keys of a cipher.
pub(super) trait Expand {
    /// Expands a key.
    ///
    /// # Safety
    /// The CPU has the features that all levels with these round keys need.
    unsafe fn expand(key: &[u8; 16]) -> Self;
}

/// A key with the functions of its level.
pub(super) struct Key<K: 'static> {
    functions: Usable<K>,
    keys: K,
}

impl<K: Expand> Key<K> {
    pub(super) fn new(functions: Usable<K>, key: &[u8; 16]) -> Self {
        // SAFETY: `functions` shows that the CPU has the features of one of these levels.
        Self { functions, keys: unsafe { K::expand(key) } }
    }

    #[inline(always)]
    pub(super) fn decrypt(&self, job: &Job<'_>, data: &mut [u8]) {
        self.functions.decrypt(&self.keys, job, data);
    }
}

/// Defines `detect` for a level, which gives the level's functions where the CPU has its features: one `#[target_feature]`
/// function per mode, into which the generic code of `modes` is inlined.
///
/// `whole` and `stripes` each name a register type, the number of registers in a batch, and how the cipher is set up from
/// the keys in either direction.
macro_rules! decrypt_functions {
    (
        features: [$($feature:tt)+],
        keys: $keys:ty,
        whole: $whole:ty, $whole_batch:literal, $whole_encryption:expr, $whole_decryption:expr;
        stripes: $stripes:ty, $stripes_batch:literal, $stripes_encryption:expr, $stripes_decryption:expr;
    ) => {
        /// This level's functions.
        const FUNCTIONS: Functions<$keys> = {
            use $crate::job::Job;
            use $crate::kernel::modes;

            $(#[target_feature(enable = $feature)])+
            unsafe extern "C" fn ctr(keys: &$keys, job: &Job<'_>, data: *mut u8, length: usize) {
                // SAFETY: this function is compiled for the features, so whoever calls it knows the CPU to have them, and
                // passes data that are its own.
                unsafe {
                    let data = core::slice::from_raw_parts_mut(data, length);
                    modes::ctr::<$whole, _, $whole_batch>(&$whole_encryption(keys), job, data);
                }
            }

            $(#[target_feature(enable = $feature)])+
            unsafe extern "C" fn ctr_stripes(keys: &$keys, job: &Job<'_>, data: *mut u8, length: usize) {
                // SAFETY: as above.
                unsafe {
                    let data = core::slice::from_raw_parts_mut(data, length);
                    modes::ctr_stripes::<$stripes, _, $stripes_batch>(&$stripes_encryption(keys), job, data);
                }
            }

            $(#[target_feature(enable = $feature)])+
            unsafe extern "C" fn cbc(keys: &$keys, job: &Job<'_>, data: *mut u8, length: usize) {
                // SAFETY: as above.
                unsafe {
                    let data = core::slice::from_raw_parts_mut(data, length);
                    modes::cbc::<$whole, _, $whole_batch>(&$whole_decryption(keys), job, data);
                }
            }

            $(#[target_feature(enable = $feature)])+
            unsafe extern "C" fn cbc_stripes(keys: &$keys, job: &Job<'_>, data: *mut u8, length: usize) {
                // SAFETY: as above.
                unsafe {
                    let data = core::slice::from_raw_parts_mut(data, length);
                    modes::cbc_stripes::<$stripes, _, $stripes_batch>(&$stripes_decryption(keys), job, data);
                }
            }

            // In the order of `Mode`.
            Functions([ctr, ctr, ctr_stripes, cbc, cbc, cbc_stripes])
        };

        /// This level's functions, if this CPU has its features.
        pub(in $crate::kernel) fn detect() -> Option<Usable<$keys>> {
            let found = $($crate::kernel::entry::detected!($feature))&&+;
            // SAFETY: the functions are compiled for the features that were found.
            found.then(|| unsafe { Usable::new(&FUNCTIONS) })
        }
    };
}

/// Whether this CPU has a feature.
#[cfg(target_arch = "x86_64")]
macro_rules! detected {
    ($feature:tt) => {
        is_x86_feature_detected!($feature)
    };
}

/// Whether this CPU has a feature: what the kernel tells every process (`getauxval`), read once.
#[cfg(target_arch = "aarch64")]
macro_rules! detected {
    ($feature:tt) => {
        std::arch::is_aarch64_feature_detected!($feature)
    };
}

pub(super) use {decrypt_functions, detected};
