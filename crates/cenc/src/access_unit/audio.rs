//! Frames of audio, and which bytes of them SAMPLE-AES encrypts: all whole blocks after the header and 16 more bytes.

use super::error::{Error, Problem};

/// An audio format of SAMPLE-AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioCodec {
    /// AAC in ADTS frames (ISO/IEC 13818-7 section 6.2).
    Aac,
    /// AC-3 and Enhanced AC-3 sync frames (ETSI TS 102 366 sections 4.4.1 and E.1.3.1).
    Ac3,
}

impl AudioCodec {
    /// Bytes of the frame that starts so, as its header says; none if no frame does, or it is not certain from less than
    /// [`AudioCodec::HEADER`] bytes.
    pub fn frame_length(self, start: &[u8]) -> Option<usize> {
        match self {
            Self::Aac => adts(start).filter(|(header, length)| length >= header).map(|(_, length)| length),
            Self::Ac3 => ac3(start),
        }
    }

    /// Bytes of a header that tell the frame's length.
    pub const HEADER: usize = 7;
}

/// Bytes that are clear after the header.
const LEADER: usize = 16;

/// Where a frame is.
pub(super) struct Frame {
    /// Where encrypted blocks begin; the frame's end if it is too short for them.
    pub(super) encrypted: usize,
    /// The frame's end.
    pub(super) end: usize,
}

/// The frame that begins at `at`.
///
/// # Errors
/// [`Problem::NoFrame`], [`Problem::FrameLength`].
pub(super) fn frame(codec: AudioCodec, unit: &[u8], at: usize) -> Result<Frame, Error> {
    let rest = unit.get(at..).unwrap_or_default();
    let (header, length) = match codec {
        AudioCodec::Aac => adts(rest),
        AudioCodec::Ac3 => ac3(rest).map(|length| (0, length)),
    }
    .ok_or(Problem::NoFrame.at(at))?;
    if length < header.max(1) || length > rest.len() {
        return Err(Problem::FrameLength.at(at));
    }
    Ok(Frame { encrypted: at + length.min(header + LEADER), end: at + length })
}

/// Bytes of the header and of the frame with it.
fn adts(frame: &[u8]) -> Option<(usize, usize)> {
    let header: &[u8; 7] = frame.first_chunk()?;
    // The sync word, and the layer, which is always 0.
    if header[0] != 0xff || header[1] & 0xf6 != 0xf0 {
        return None;
    }
    let without_checksum = header[1] & 1 != 0;
    let length = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5] >> 5);
    Some((if without_checksum { 7 } else { 9 }, length))
}

/// Bit rates of AC-3 in kbit/s.
const RATES: [u16; 19] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/// Bytes of the frame.
fn ac3(frame: &[u8]) -> Option<usize> {
    let header: &[u8; 6] = frame.first_chunk()?;
    if header[..2] != [0x0b, 0x77] {
        return None;
    }
    match header[5] >> 3 {
        0..=10 => {
            let (rate, code) = (header[4] >> 6, header[4] & 0x3f);
            let kbits = usize::from(*RATES.get(usize::from(code >> 1))?);
            // 1536 samples, in words of 16 bits.
            let words = match rate {
                0 => kbits * 2,
                1 => kbits * 320 / 147 + usize::from(code & 1),
                2 => kbits * 3,
                _ => return None,
            };
            Some(words * 2)
        }
        11..=16 => Some((usize::from(header[2] & 7) << 8 | usize::from(header[3])) * 2 + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_lengths_of_the_standards() {
        // ETSI TS 102 366 table 4.13: frmsizecod, words at 32, 44.1 and 48 kHz.
        for (code, at_32, at_44, at_48) in
            [(0, 96, 69, 64), (1, 96, 70, 64), (8, 192, 139, 128), (20, 576, 417, 384), (37, 1920, 1394, 1280)]
        {
            for (rate, words) in [(0, at_48), (1, at_44), (2, at_32)] {
                assert_eq!(ac3(&[0x0b, 0x77, 0, 0, rate << 6 | code, 8 << 3]), Some(words * 2), "{code} {rate}");
            }
        }
        assert_eq!(ac3(&[0x0b, 0x77, 0, 0, 38, 8 << 3]), None);
        assert_eq!(ac3(&[0x0b, 0x77, 0, 0, 3 << 6, 8 << 3]), None);
        assert_eq!(ac3(&[0x0b, 0x77, 0x07, 0xff, 0, 16 << 3]), Some(4096));
        assert_eq!(ac3(&[0x0b, 0x77, 0, 0, 0, 17 << 3]), None);
        assert_eq!(adts(&[0xff, 0xf1, 0, 0x02, 0x01, 0x20, 0]), Some((7, 4096 + 8 + 1)));
        assert_eq!(adts(&[0xff, 0xf8, 0, 0, 1, 0, 0]), Some((9, 8)));
        for wrong in [[0xfe, 0xf1], [0xff, 0xe1], [0xff, 0xf3]] {
            assert_eq!(adts(&[wrong[0], wrong[1], 0, 0, 1, 0, 0]), None);
        }
    }
}
