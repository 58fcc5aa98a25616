//! A content key, ready for use with either cipher.

use core::fmt;

use aes::cipher::{Array, KeyInit};

use super::level::Level;
use super::secret::burn_stack;
use super::slab::SlabBox;
use super::soft;
use crate::cenc::job::Job;
use crate::cenc::scheme::Cipher;
use crate::error::Result;

/// A 16-byte content key: its AES-128 and SM4 round keys, made once.
///
/// The round keys are in memory that core dumps leave out and that is not swapped where the system allows it to be
/// locked. They are wiped when the key is dropped.
pub struct ContentKey {
    schedule: SlabBox<Schedule>,
}

/// Round keys in the form that the key's level wants them in.
pub(super) struct Schedule {
    aes: aes::Aes128,
    sm4: sm4::Sm4,
}

impl ContentKey {
    /// Expands a key for the best instructions that this CPU has.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::error::Error::Internal) if there is no memory that core dumps leave out.
    pub fn new(key: &[u8; 16]) -> Result<Self> {
        Self::with_level(key, Level::current())
    }

    /// Like [`ContentKey::new`], for the given level or, where the CPU does not have it, a lower one. For tests.
    #[doc(hidden)]
    pub fn with_level(key: &[u8; 16], level: Level) -> Result<Self> {
        let _ = level;
        let schedule =
            SlabBox::new(|| Schedule { aes: aes::Aes128::new(&Array(*key)), sm4: sm4::Sm4::new(&Array(*key)) });
        // Expanding left copies there.
        burn_stack();
        Ok(Self { schedule: schedule? })
    }

    #[inline]
    pub(in crate::cenc) fn decrypt(&self, cipher: Cipher, job: &Job<'_>, data: &mut [u8]) {
        match cipher {
            Cipher::Aes128 => soft::decrypt(&self.schedule.aes, job, data),
            Cipher::Sm4 => soft::decrypt(&self.schedule.sm4, job, data),
        }
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContentKey(..)")
    }
}
