//! `multimedia/player_framework/native_avbuffer_info.h`: what a buffer says about the data in it.

/// Flags of a buffer, to be combined.
///
/// @since 9
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OH_AVCodecBufferFlags {
    /// Nothing special.
    AVCODEC_BUFFER_FLAGS_NONE = 0,
    /// The stream ends here.
    AVCODEC_BUFFER_FLAGS_EOS = 1 << 0,
    /// A key frame.
    AVCODEC_BUFFER_FLAGS_SYNC_FRAME = 1 << 1,
    /// Part of a frame only.
    AVCODEC_BUFFER_FLAGS_INCOMPLETE_FRAME = 1 << 2,
    /// Codec-specific data, such as parameter sets.
    AVCODEC_BUFFER_FLAGS_CODEC_DATA = 1 << 3,
    /// The decoder needs the frame, the output does not.
    ///
    /// @since 12
    AVCODEC_BUFFER_FLAGS_DISCARD = 1 << 4,
    /// No other frame refers to this one.
    ///
    /// @since 12
    AVCODEC_BUFFER_FLAGS_DISPOSABLE = 1 << 5,
}

/// What a buffer says about the data in it.
///
/// @since 9
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OH_AVCodecBufferAttr {
    /// Presentation time in microseconds.
    pub pts: i64,
    /// Bytes of data.
    pub size: i32,
    /// Bytes in front of the data.
    pub offset: i32,
    /// Flags of OH_AVCodecBufferFlags.
    pub flags: u32,
}
