//! Where packets start in a file.

use super::PACKET;
use super::packet::SYNC;

/// How packets follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Where the first one starts.
    pub first: usize,
    /// Bytes from one to the next: 188; 192 with the time codes of Blu-ray, 204 with the checksums of DVB.
    pub stride: usize,
}

/// Packets in a row that tell a transport stream, if so many are there.
const ENOUGH: usize = 4;

/// The layout of a file that starts so; none if that is no transport stream. It need not start with a packet.
pub(crate) fn layout(start: &[u8]) -> Option<Layout> {
    for first in 0..start.len().min(PACKET + 16) {
        for stride in [188, 192, 204] {
            let syncs: Vec<_> = (first..start.len()).step_by(stride).take(ENOUGH).map(|at| start[at] == SYNC).collect();
            let complete = first + PACKET <= start.len();
            let certain = syncs.len() > 1 || first == 0 && start.len() == PACKET;
            // In front of a first packet that is not at the start, there must be enough behind it.
            let enough = matches!(first, 0 | 4) || syncs.len() == ENOUGH;
            if complete && certain && enough && syncs.iter().all(|sync| *sync) {
                return Some(Layout { first, stride });
            }
        }
    }
    None
}

/// Where packets go on in `bytes` when there is none at the start: with one that another one follows. `is_end` if no more
/// bytes come.
///
/// # Errors
/// Where to look once more when more bytes have come, or the end.
pub(super) fn resume(bytes: &[u8], stride: usize, is_end: bool) -> Result<usize, usize> {
    for at in 0..bytes.len() {
        if bytes[at] != SYNC {
            continue;
        }
        match bytes.get(at + stride) {
            Some(&SYNC) => return Ok(at),
            None if !is_end => return Err(at),
            None if at + PACKET == bytes.len() => return Ok(at),
            _ => {}
        }
    }
    Err(bytes.len())
}
