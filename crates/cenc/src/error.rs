//! Why a sample cannot be decrypted.

use std::fmt;

use base::secret::AllocationError;

/// What this crate fails with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A sample's description contradicts the standard, or itself.
    #[error("{property}: {reason}")]
    Sample {
        /// What is wrong.
        property: Property,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no memory for keys that core dumps leave out.
    #[error(transparent)]
    Memory(#[from] AllocationError),
}

/// A part of a sample's description that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// The initialisation vector: its length.
    Iv,
    /// The pattern: the scheme has none, or it encrypts nothing.
    Pattern,
    /// The subsamples: they do not add up to the sample.
    Subsamples,
}

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Iv => "IV",
            Self::Pattern => "pattern",
            Self::Subsamples => "subsamples",
        })
    }
}
