//! Sessions that do not show what they play.

use crate::native_avsession::{OH_AVSession, registry};
use crate::native_avsession_errors::SessionErrValue;

/// Sets whether what is played is nobody's business, as in a private window of a browser.
///
/// While it is, media controls show how it is played (state, position, speed, volume, what is loaded) and take commands, and
/// get nothing about what is played: no metadata but the skip intervals, and so no duration; no lyric, favourite, queue,
/// active item and extras. What they showed of these is taken back at once, and shown again when the session is private no
/// longer. The program's own names (session tag, bundle and ability) are shown in any case. Functions of this library tell
/// the program everything as before. Set it before the metadata that must not be seen.
///
/// Any thread.
///
/// @param avsession the session
/// @param isPrivate whether it is; false holds until then
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetPrivate(avsession: *mut OH_AVSession, isPrivate: bool) -> SessionErrValue {
    registry::set(avsession, |session| session.set_private(isPrivate))
}
