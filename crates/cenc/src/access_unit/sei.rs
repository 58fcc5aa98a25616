//! SEI messages (ISO/IEC 14496-10 section 7.3.2.3, ISO/IEC 23008-2 section 7.3.5): finding user data with one UUID.

use super::nal::Rbsp;

/// Payload type user_data_unregistered.
const USER_DATA_UNREGISTERED: usize = 5;

/// What was found of a message with user data.
pub(super) enum UserData<'a> {
    /// What follows the UUID: bytes, of which so many belong to the message.
    Found { content: Rbsp<'a>, length: usize },
    /// The NAL unit ends within the UUID.
    Cut,
}

/// The user data of the first message that has this UUID. `body` is the SEI NAL unit without its header.
///
/// What is wrong with other messages is no concern of this: the search ends there.
pub(super) fn user_data<'a>(body: &'a [u8], uuid: &[u8; 16]) -> Option<UserData<'a>> {
    let mut bytes = Rbsp::new(body);
    loop {
        let payload = number(&mut bytes)?;
        let length = number(&mut bytes)?;
        if payload == USER_DATA_UNREGISTERED && length >= uuid.len() {
            let mut content = bytes.clone();
            let same = uuid.iter().take_while(|byte| content.next() == Some(**byte)).count();
            if same == uuid.len() {
                return Some(UserData::Found { content, length: length - uuid.len() });
            }
            // At least a byte of it, and then nothing.
            if same > 0 && bytes.clone().nth(same).is_none() {
                return Some(UserData::Cut);
            }
        }
        if length > 0 {
            bytes.nth(length - 1)?;
        }
    }
}

/// A number as messages begin with: 255 for as often as one is added to it.
fn number(bytes: &mut Rbsp<'_>) -> Option<usize> {
    let mut sum = 0usize;
    loop {
        let byte = bytes.next()?;
        // A sum cannot be larger than 255 times the unit.
        sum = sum.saturating_add(usize::from(byte));
        if byte != u8::MAX {
            return Some(sum);
        }
    }
}
