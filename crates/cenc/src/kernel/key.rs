//! A content key, ready for use with either cipher.

use core::fmt;

use aes::cipher::{Array, KeyInit};

use super::CIPHER_STACK;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::entry::Key;
use super::level::Level;
use super::soft;
#[cfg(target_arch = "x86_64")]
use super::{aes_keys, aesni, sm4_aes, sm4_gfni, vaes256, vaes512};
#[cfg(target_arch = "aarch64")]
use super::{armv8, armv8_keys, armv8_sm4, armv8_sm4e};
use crate::error::Error;
use crate::job::Job;
use crate::scheme::Cipher;
use base::secret::{AllocationError, SlabBox, burn_stack};

/// A 16-byte content key: its AES-128 and SM4 round keys, made once.
///
/// The round keys are in memory that core dumps leave out and that is not swapped where the system allows it to be
/// locked. They are wiped when the key is dropped.
pub struct ContentKey {
    schedule: SlabBox<Schedule>,
}

/// In this order, because the AES keys should not be at the start of a page, where a slot may be: a store to a sample that
/// runs over the end of its page holds up loads from the first bytes of any page (up to a tenth of the throughput).
#[repr(C)]
struct Schedule {
    sm4: Sm4Key,
    aes: AesKey,
}

const _: () = assert!(core::mem::offset_of!(Schedule, aes) >= 64);

/// AES round keys in the form that the key's level wants them in.
enum AesKey {
    Soft(aes::Aes128),
    #[cfg(target_arch = "x86_64")]
    Hardware(Key<aes_keys::RoundKeys>),
    #[cfg(target_arch = "aarch64")]
    Hardware(Key<armv8_keys::RoundKeys>),
}

/// SM4 round keys in the form that the key's level wants them in.
enum Sm4Key {
    Soft(sm4::Sm4),
    #[cfg(target_arch = "x86_64")]
    AesSBox(Key<sm4_aes::RoundKeys>),
    #[cfg(target_arch = "x86_64")]
    Gfni(Key<sm4_gfni::RoundKeys>),
    #[cfg(target_arch = "aarch64")]
    Aes(Key<armv8_sm4::RoundKeys>),
    #[cfg(target_arch = "aarch64")]
    Sm4e(Key<armv8_sm4e::RoundKeys>),
}

impl ContentKey {
    /// Expands a key for the best instructions that this CPU has.
    ///
    /// # Errors
    /// [`Error::Memory`] if there is no memory that core dumps leave out.
    pub fn new(key: &[u8; 16]) -> Result<Self, Error> {
        Self::with_level(key, Level::current())
    }

    /// Like [`ContentKey::new`], for the given level or, where the CPU does not have it, the portable one. For tests.
    #[doc(hidden)]
    pub fn with_level(key: &[u8; 16], level: Level) -> Result<Self, Error> {
        let schedule = Schedule::expand(key, level);
        // Expanding left copies there.
        burn_stack::<CIPHER_STACK>();
        Ok(Self { schedule: schedule? })
    }

    #[inline(always)]
    pub(crate) fn decrypt(&self, cipher: Cipher, job: &Job<'_>, data: &mut [u8]) {
        match cipher {
            Cipher::Aes128 => self.schedule.aes.decrypt(job, data),
            Cipher::Sm4 => self.schedule.sm4.decrypt(job, data),
        }
    }

    /// As [`ContentKey::decrypt`]; whether [`super::wipe_stack`] is still to be called.
    #[inline(always)]
    pub(crate) fn decrypt_unwiped(&self, cipher: Cipher, job: &Job<'_>, data: &mut [u8]) -> bool {
        match (cipher, &self.schedule.aes, &self.schedule.sm4) {
            (Cipher::Aes128, AesKey::Soft(cipher), _) => soft::decrypt_unwiped(cipher, job, data),
            (Cipher::Sm4, _, Sm4Key::Soft(cipher)) => soft::decrypt_unwiped(cipher, job, data),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            _ => {
                self.decrypt(cipher, job, data);
                return false;
            }
        }
        true
    }
}

impl Schedule {
    // Its frame must be gone when the stack is burnt.
    #[inline(never)]
    fn expand(key: &[u8; 16], level: Level) -> Result<SlabBox<Self>, AllocationError> {
        SlabBox::new(|| Self { sm4: Sm4Key::new(key, level), aes: AesKey::new(key, level) })
    }
}

impl AesKey {
    fn new(key: &[u8; 16], level: Level) -> Self {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        {
            let functions = match level {
                Level::Soft => None,
                #[cfg(target_arch = "x86_64")]
                Level::AesNi | Level::Avx2 => aesni::detect(),
                #[cfg(target_arch = "x86_64")]
                Level::Vaes256 => vaes256::detect(),
                #[cfg(target_arch = "x86_64")]
                Level::Vaes512 => vaes512::detect(),
                #[cfg(target_arch = "aarch64")]
                Level::Armv8 | Level::Armv8Sm4 => armv8::detect(),
            };
            if let Some(functions) = functions {
                return Self::Hardware(Key::new(functions, key));
            }
        }
        let _ = level;
        Self::Soft(aes::Aes128::new(&Array(*key)))
    }

    #[inline(always)]
    fn decrypt(&self, job: &Job<'_>, data: &mut [u8]) {
        match self {
            Self::Soft(cipher) => soft::decrypt(cipher, job, data),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Hardware(key) => key.decrypt(job, data),
        }
    }
}

impl Sm4Key {
    fn new(key: &[u8; 16], level: Level) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if level == Level::Vaes512
                && let Some(functions) = sm4_gfni::detect()
            {
                return Self::Gfni(Key::new(functions, key));
            }
            let functions = match level {
                Level::Soft => None,
                Level::AesNi => sm4_aes::xmm::detect(),
                Level::Avx2 => sm4_aes::ymm_halves::detect(),
                Level::Vaes256 | Level::Vaes512 => sm4_aes::ymm::detect(),
            };
            if let Some(functions) = functions {
                return Self::AesSBox(Key::new(functions, key));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if level == Level::Armv8Sm4
            && let Some(functions) = armv8_sm4e::detect()
        {
            return Self::Sm4e(Key::new(functions, key));
        }
        #[cfg(target_arch = "aarch64")]
        if level != Level::Soft
            && let Some(functions) = armv8_sm4::detect()
        {
            return Self::Aes(Key::new(functions, key));
        }
        let _ = level;
        Self::Soft(sm4::Sm4::new(&Array(*key)))
    }

    #[inline(always)]
    fn decrypt(&self, job: &Job<'_>, data: &mut [u8]) {
        match self {
            Self::Soft(cipher) => soft::decrypt(cipher, job, data),
            #[cfg(target_arch = "x86_64")]
            Self::AesSBox(key) => key.decrypt(job, data),
            #[cfg(target_arch = "x86_64")]
            Self::Gfni(key) => key.decrypt(job, data),
            #[cfg(target_arch = "aarch64")]
            Self::Aes(key) => key.decrypt(job, data),
            #[cfg(target_arch = "aarch64")]
            Self::Sm4e(key) => key.decrypt(job, data),
        }
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContentKey(..)")
    }
}
