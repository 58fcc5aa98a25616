//! Which instructions a key uses.
//!
//! The choice is made once per process and taken over by every key. `NATIVE_DRM_CPU` lowers it for tests: `soft`; on x86-64 `aesni`,
//! `avx2`, `vaes256` or `vaes512`; on 64-bit ARM `armv8` or `armv8-sm4`. A level that this CPU does not have is not forced; the
//! best one below it is used. A name that is none of this architecture's changes nothing.

use once_cell::sync::OnceCell;

/// Instruction-set levels of this architecture, the best one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The `aes` and `sm4` crates with what they find for themselves.
    Soft,
    /// AES-NI and AVX.
    #[cfg(target_arch = "x86_64")]
    AesNi,
    /// The same and AVX2, for SM4.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// VAES and AVX2.
    #[cfg(target_arch = "x86_64")]
    Vaes256,
    /// VAES and AVX-512; GFNI for SM4.
    #[cfg(target_arch = "x86_64")]
    Vaes512,
    /// ARMv8's AES instructions, for SM4, too.
    #[cfg(target_arch = "aarch64")]
    Armv8,
    /// The same with ARMv8.2's SM4 instructions.
    #[cfg(target_arch = "aarch64")]
    Armv8Sm4,
}

impl Level {
    /// All levels, the best one last.
    #[cfg(target_arch = "x86_64")]
    const ALL: &[Self] = &[Self::Soft, Self::AesNi, Self::Avx2, Self::Vaes256, Self::Vaes512];
    #[cfg(target_arch = "aarch64")]
    const ALL: &[Self] = &[Self::Soft, Self::Armv8, Self::Armv8Sm4];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    const ALL: &[Self] = &[Self::Soft];

    /// The name that `NATIVE_DRM_CPU` knows the level by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            #[cfg(target_arch = "x86_64")]
            Self::AesNi => "aesni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Vaes256 => "vaes256",
            #[cfg(target_arch = "x86_64")]
            Self::Vaes512 => "vaes512",
            #[cfg(target_arch = "aarch64")]
            Self::Armv8 => "armv8",
            #[cfg(target_arch = "aarch64")]
            Self::Armv8Sm4 => "armv8-sm4",
        }
    }

    /// Whether this CPU and operating system have the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Self::Soft => true,
            #[cfg(target_arch = "x86_64")]
            Self::AesNi => super::aesni::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => super::sm4_aes::ymm_halves::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Vaes256 => super::vaes256::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Vaes512 => super::vaes512::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Armv8 => super::armv8::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Armv8Sm4 => super::armv8_sm4e::detect().is_some(),
        }
    }

    /// The levels that can be used here, the best one last.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|level| level.is_available())
    }

    /// The level of new keys: the best one there is, or the one that `NATIVE_DRM_CPU` asked for at the first call. That one
    /// reads the environment, so it should not be on a thread of the library (see [`base::log`]): a first key may well
    /// arrive in a callback.
    pub fn current() -> Self {
        static CURRENT: OnceCell<Level> = OnceCell::new();
        *CURRENT.get_or_init(|| Self::choose(std::env::var("NATIVE_DRM_CPU").ok().as_deref()))
    }

    fn choose(wanted: Option<&str>) -> Self {
        let limit = Self::ALL.iter().copied().find(|level| Some(level.name()) == wanted);
        Self::available().filter(|level| limit.is_none_or(|limit| *level <= limit)).last().unwrap_or(Self::Soft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_level_is_never_exceeded() {
        for &level in Level::ALL {
            let chosen = Level::choose(Some(level.name()));
            assert!(chosen.is_available() && chosen <= level);
        }
        assert_eq!(Level::choose(None), Level::choose(Some("no such level")));
        assert_eq!(Some(Level::choose(None)), Level::available().last());
    }
}
