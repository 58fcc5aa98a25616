//! Which instructions a key uses.
//!
//! The choice is made once per process and taken over by every key. `NATIVE_DRM_CPU` lowers it for tests:
//! `soft`, `aesni`, `vaes256` or `vaes512`. A level that this CPU does not have is not forced; the best one below it
//! is used.

use once_cell::sync::OnceCell;

/// Instruction-set levels, the best one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The `aes` and `sm4` crates with what they find for themselves.
    Soft,
    /// AES-NI and AVX.
    AesNi,
    /// VAES and AVX2.
    Vaes256,
    /// VAES and AVX-512; GFNI for SM4.
    Vaes512,
}

impl Level {
    /// All levels, the best one last.
    const ALL: [Self; 4] = [Self::Soft, Self::AesNi, Self::Vaes256, Self::Vaes512];

    /// The name that `NATIVE_DRM_CPU` knows the level by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::AesNi => "aesni",
            Self::Vaes256 => "vaes256",
            Self::Vaes512 => "vaes512",
        }
    }

    /// Whether this CPU and operating system have the instructions.
    #[cfg(target_arch = "x86_64")]
    pub fn is_available(self) -> bool {
        match self {
            Self::Soft => true,
            Self::AesNi => super::aesni::detect().is_some(),
            Self::Vaes256 => super::vaes256::detect().is_some(),
            Self::Vaes512 => super::vaes512::detect().is_some(),
        }
    }

    /// Whether this CPU and operating system have the instructions.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn is_available(self) -> bool {
        self == Self::Soft
    }

    /// The levels that can be used here, the best one last.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// The level of new keys: the best one there is, or the one that `NATIVE_DRM_CPU` asked for at the first call. That one
    /// reads the environment, so it should not be on a thread of the library (see [`base::log`]): a first key may well
    /// arrive in a callback.
    pub fn current() -> Self {
        static CURRENT: OnceCell<Level> = OnceCell::new();
        *CURRENT.get_or_init(|| Self::choose(std::env::var("NATIVE_DRM_CPU").ok().as_deref()))
    }

    fn choose(wanted: Option<&str>) -> Self {
        let limit = Self::ALL.into_iter().find(|level| Some(level.name()) == wanted);
        Self::available().filter(|level| limit.is_none_or(|limit| *level <= limit)).last().unwrap_or(Self::Soft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_level_is_never_exceeded() {
        for level in Level::ALL {
            let chosen = Level::choose(Some(level.name()));
            assert!(chosen.is_available() && chosen <= level);
        }
        assert_eq!(Level::choose(None), Level::choose(Some("no such level")));
        assert_eq!(Some(Level::choose(None)), Level::available().last());
    }
}
