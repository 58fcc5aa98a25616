//! Who a session belongs to, and of which type it is.

numbered! {
    /// Kinds of session, numbered as OpenHarmony does.
    SessionType: u32 {
        /// Audio.
        Audio = 0,
        /// Video.
        Video = 1,
        /// A voice call.
        VoiceCall = 2,
        /// A video call.
        VideoCall = 3,
        /// Photos.
        Photo = 4,
    }
}

impl SessionType {
    /// Whether media controls show such sessions.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Audio | Self::Video)
    }

    /// The name in OpenHarmony's ArkTS interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::VoiceCall => "voice_call",
            Self::VideoCall => "video_call",
            Self::Photo => "photo",
        }
    }
}

/// Who a session belongs to.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Kind of session.
    pub kind: SessionType,
    /// The session's name.
    pub tag: String,
    /// Name of the program.
    pub bundle: String,
    /// Name of the part of the program.
    pub ability: String,
}
