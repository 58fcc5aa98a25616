//! Looking for a movie box that stands behind the data, where upstream pushes and can seek.

use media::Error;

/// More than any movie box has.
const MOST: u64 = 1 << 30;

/// A search, from the end of the data on.
pub struct Search {
    /// Where `held` starts in the file.
    at: u64,
    held: Vec<u8>,
    /// Bytes of boxes that are passed over.
    skip: u64,
    /// Where the data starts.
    back: u64,
    /// Upstream is on its way there: its flushes are this element's own affair.
    pub is_going: bool,
    /// The movie box was found, and upstream has gone back: what is left is its segment.
    pub is_over: bool,
    /// A segment of ours is to come.
    expects_segment: bool,
}

impl Search {
    /// From `at` on, for data that starts at `back`.
    pub fn new(at: u64, back: u64) -> Self {
        Self { at, held: Vec::new(), skip: 0, back, is_going: true, is_over: false, expects_segment: true }
    }

    /// Where it begins.
    pub fn from(&self) -> u64 {
        self.at
    }

    /// More bytes. The movie box when it is whole, where it stands, and where the data starts.
    pub fn add(&mut self, bytes: &[u8]) -> Result<Option<(Vec<u8>, u64, u64)>, Error> {
        self.held.extend_from_slice(bytes);
        loop {
            let passed = self.held.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.held.drain(..passed);
            self.at += passed as u64;
            self.skip -= passed as u64;
            let Some(header) = self.held.first_chunk::<8>().filter(|_| self.skip == 0) else { return Ok(None) };
            let size = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
                1 => match self.held.get(8..).and_then(<[u8]>::first_chunk) {
                    Some(large) => u64::from_be_bytes(*large),
                    None => return Ok(None),
                },
                small => u64::from(small),
            };
            let is_movie = &header[4..] == b"moov";
            if size < 8 || is_movie && size > MOST || self.at.checked_add(size).is_none() {
                return Err(Error::Malformed {
                    place: header[4..].escape_ascii().to_string(),
                    offset: self.at,
                    reason: format!("it states {size} bytes"),
                });
            }
            if !is_movie {
                self.skip = size;
                continue;
            }
            if (self.held.len() as u64) < size {
                return Ok(None);
            }
            self.held.truncate(size as usize);
            self.expects_segment = true;
            return Ok(Some((std::mem::take(&mut self.held), self.at, self.back)));
        }
    }

    /// Whether an event of upstream is about the search. The last one ends it.
    pub fn takes(search: &mut Option<Self>, event: &gst::Event) -> bool {
        let Some(going) = search else { return false };
        match event.type_() {
            gst::EventType::FlushStart if going.is_going => true,
            gst::EventType::FlushStop if going.is_going => true,
            // Somebody else goes elsewhere.
            gst::EventType::FlushStop => {
                *search = None;
                false
            }
            gst::EventType::Segment if going.expects_segment => {
                going.expects_segment = false;
                if going.is_over {
                    *search = None;
                }
                true
            }
            _ => false,
        }
    }
}
