//! Why an access unit cannot be decrypted.

/// What is wrong with an access unit, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}")]
pub struct Error {
    /// Where in the unit, in bytes from its start.
    pub offset: usize,
    /// What.
    pub problem: Problem,
}

/// What can be wrong with an access unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No bytes at all.
    #[error("the unit is empty")]
    Empty,
    /// More than [`LARGEST_UNIT`](super::LARGEST_UNIT) bytes.
    #[error("the unit is larger than 256 MiB")]
    TooLarge,
    /// The unit does not begin with a start code (ISO/IEC 14496-10 annex B).
    #[error("no start code")]
    NoStartCode,
    /// The length before a NAL unit is 0 or goes beyond the unit.
    #[error("a NAL unit whose length is 0 or goes beyond the unit")]
    NalLength,
    /// A slice that ends with 00 00 03.
    #[error("a slice that ends with emulation prevention")]
    PreventionAtEnd,
    /// The content encryption information ends before its SEI message says, or before it is complete.
    #[error("content encryption information that is cut off")]
    CeiCut,
    /// The IV of the content encryption information has more than 16 bytes, or encrypts with another number than 8 or 16.
    #[error("content encryption information with an IV of {0} bytes")]
    CeiIvLength(u8),
    /// The descriptor of the content encryption information names an algorithm that there is not.
    #[error("content encryption information with the unknown algorithm {0}")]
    CeiAlgorithm(u8),
    /// Slices are encrypted, but nothing has said how.
    #[error("content encryption information without an algorithm, and none is known from before")]
    NoAlgorithm,
    /// No frame header where one must be.
    #[error("no frame of the audio format")]
    NoFrame,
    /// A frame that is shorter than its header, or goes beyond the unit.
    #[error("an audio frame whose length is too short or goes beyond the unit")]
    FrameLength,
}

impl Problem {
    pub(super) fn at(self, offset: usize) -> Error {
        Error { offset, problem: self }
    }
}
