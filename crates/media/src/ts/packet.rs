//! Packets (ISO/IEC 13818-1 section 2.4.3).

use super::PACKET;

pub(super) const SYNC: u8 = 0x47;

pub(super) fn pid(packet: &[u8; PACKET]) -> u16 {
    u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff
}

/// Whether a PES packet or a section begins in the payload.
pub(super) fn begins(packet: &[u8; PACKET]) -> bool {
    packet[1] & 0x40 != 0
}

/// Whether the receiver found errors in it.
pub(super) fn is_damaged(packet: &[u8; PACKET]) -> bool {
    packet[1] & 0x80 != 0
}

pub(super) fn is_scrambled(packet: &[u8; PACKET]) -> bool {
    packet[3] & 0xc0 != 0
}

pub(super) fn counter(packet: &[u8; PACKET]) -> u8 {
    packet[3] & 0x0f
}

/// Where the payload starts; none if there is none, or the adaptation field leaves no room for it.
pub(super) fn payload(packet: &[u8; PACKET]) -> Option<usize> {
    let start = match packet[3] & 0x30 {
        0x10 => 4,
        0x30 => 5 + usize::from(packet[4]),
        _ => return None,
    };
    (start < PACKET).then_some(start)
}

/// Makes the payload that starts at `start` begin `bytes` later, which the adaptation field gets as stuffing.
pub(super) fn stuff(packet: &mut [u8; PACKET], start: usize, bytes: usize) {
    let mut from = start;
    if bytes == 0 {
        return;
    }
    if packet[3] & 0x20 == 0 {
        packet[3] |= 0x20;
        from += 1;
    }
    // The first byte of a field that has any is its flags.
    let had_none = from > start || packet[4] == 0;
    packet[4] = (start + bytes - 5) as u8;
    packet[from..start + bytes].fill(0xff);
    if had_none && start + bytes > from {
        packet[from] = 0;
    }
}

/// The clock reference, which alone may differ between a packet and its duplicate.
fn clock(packet: &[u8; PACKET]) -> std::ops::Range<usize> {
    let has_clock = packet[3] & 0x20 != 0 && packet[4] >= 7 && packet[5] & 0x10 != 0;
    if has_clock { 6..12 } else { 6..6 }
}

/// Whether `other` is `packet` once more.
pub(super) fn is_duplicate(packet: &[u8; PACKET], other: &[u8; PACKET]) -> bool {
    let clock = clock(packet);
    packet[..clock.start] == other[..clock.start] && packet[clock.end..] == other[clock.end..]
}

/// Makes `duplicate` the duplicate of `packet`, with its own clock reference. It was the duplicate of what `packet` was.
pub(super) fn duplicate(packet: &[u8; PACKET], duplicate: &mut [u8; PACKET]) {
    let clock = clock(packet);
    duplicate[..clock.start].copy_from_slice(&packet[..clock.start]);
    duplicate[clock.end..].copy_from_slice(&packet[clock.end..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet with an adaptation field of so many bytes, its length included; the payload counts up.
    fn packet(adaptation: usize) -> [u8; PACKET] {
        let mut packet = [0; PACKET];
        packet[3] = 0x10;
        if adaptation > 0 {
            packet[3] = 0x30;
            packet[4] = (adaptation - 1) as u8;
            packet[5..4 + adaptation].fill(0xff);
            if adaptation > 1 {
                packet[5] = 0x02;
            }
        }
        packet
    }

    #[test]
    fn stuffing_is_a_field_that_can_be_read() {
        for before in 0..183 {
            for bytes in 0..184 - before {
                let mut packet = packet(before);
                let start = payload(&packet).unwrap();
                assert_eq!(start, 4 + before);
                stuff(&mut packet, start, bytes);
                assert_eq!(payload(&packet), Some(start + bytes), "{before} {bytes}");
                if start + bytes > 5 {
                    let flags = if before > 1 { 0x02 } else { 0 };
                    assert_eq!(packet[5], flags, "{before} {bytes}");
                    assert!(packet[6..start + bytes].iter().all(|&byte| byte == 0xff));
                }
                assert!(packet[start + bytes..].iter().all(|&byte| byte == 0));
            }
        }
    }
}
