//! Access units that say themselves how they are encrypted, or whose codec does: content encryption information (CEI) of
//! ChinaDRM, and SAMPLE-AES of HLS. In MPEG-TS and packed audio nothing outside of the elementary stream describes a sample.
//!
//! [`AccessUnit::parse`] finds everything out and changes nothing; then the caller gets the key that
//! [`AccessUnit::protection`] names, and [`AccessUnit::decrypt`] cannot fail any more. Nothing here allocates, locks or logs.
//!
//! | what | clear at the start | encrypted | clear at the end |
//! |---|---|---|---|
//! | CEI: the first long slice | 32 bytes (H.264), 65 (H.265), 1 (AVS3) | 1:9 or every block | the last block, whole or not |
//! | SAMPLE-AES H.264: NAL units 1 and 5 above 48 bytes | 32 bytes | 1:9 | the last block, whole or not |
//! | SAMPLE-AES AAC: each ADTS frame | header and 16 bytes | every whole block | what is no whole block |
//! | SAMPLE-AES AC-3, E-AC-3: each sync frame | 16 bytes | every whole block | what is no whole block |
//!
//! Every slice and frame starts at the IV. Emulation prevention that the encryptor added is taken out of encrypted slices,
//! so that a unit may get shorter.
//!
//! ```
//! use cenc::ContentKey;
//! use cenc::access_unit::{AccessUnit, AudioCodec, Codec, Stream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // An ADTS frame of 39 bytes, the last 16 of them encrypted.
//! let mut unit = vec![0; 39];
//! unit[..7].copy_from_slice(&[0xff, 0xf1, 0x50, 0x80, 0x04, 0xff, 0xfc]);
//! let stream = Stream::SampleAes { codec: Codec::Audio(AudioCodec::Aac), key_id: [1; 16], iv: [2; 16] };
//! let parsed = AccessUnit::parse(&stream, None, &unit)?;
//! if let Some(protection) = parsed.protection() {
//!     assert_eq!(protection.key_id, [1; 16]);
//!     let key = ContentKey::new(&[3; 16])?;
//!     let length = parsed.decrypt(&protection.sample()?, &key, &mut unit);
//!     unit.truncate(length);
//! }
//! # Ok(())
//! # }
//! ```

mod audio;
mod cei;
mod error;
mod nal;
mod sei;
mod zeros;

pub use audio::AudioCodec;
pub use cei::{Cei, declare_clear};
pub use error::{Error, Problem};
pub use nal::{Framing, LengthSize};

use super::kernel::ContentKey;
use super::sample::Sample;
use super::scheme::{Cipher, Pattern, Scheme};
use cei::Role;
use nal::{Mover, Nal, Nals};

/// Bytes of the largest unit that is looked at. No level of any of the codecs has pictures that large; whoever says more has
/// computed a length wrong.
pub const LARGEST_UNIT: usize = 1 << 28;

/// A video codec and how its NAL units follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264 (ISO/IEC 14496-10).
    H264(Framing),
    /// H.265 (ISO/IEC 23008-2).
    H265(Framing),
    /// AVS3 (T/AI 109.2), which always has start codes.
    Avs3,
}

/// A codec of SAMPLE-AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264.
    H264(Framing),
    /// Frames of audio, any number of them in a unit.
    Audio(AudioCodec),
}

/// How the units of an elementary stream are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// As content encryption information says.
    Cei {
        /// The codec.
        codec: VideoCodec,
        /// What the stream's descriptor in the program map says, which holds until a descriptor in the stream does.
        algorithm: Option<Algorithm>,
    },
    /// SAMPLE-AES, AES-128.
    SampleAes {
        /// The codec.
        codec: Codec,
        /// The key id of the playlist.
        key_id: [u8; 16],
        /// The IV of the playlist.
        iv: [u8; 16],
    },
}

/// An algorithm of content encryption information, by its number in descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Nothing is encrypted.
    None = 0,
    /// SM4, CBC, pattern 1:9.
    Sm4Cbcs = 1,
    /// AES-128, CBC, pattern 1:9.
    AesCbcs = 2,
    /// SM4, CBC, every block.
    Sm4Cbc1 = 3,
    /// AES-128, CBC, every block.
    AesCbc1 = 5,
}

impl Algorithm {
    /// The algorithm with that number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::None, Self::Sm4Cbcs, Self::AesCbcs, Self::Sm4Cbc1, Self::AesCbc1]
            .into_iter()
            .find(|algorithm| *algorithm as u8 == number)
    }
}

/// How the encrypted parts of a unit are encrypted, and with which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Cipher.
    pub cipher: Cipher,
    /// Scheme, `cbcs` or `cbc1`.
    pub scheme: Scheme,
    /// Pattern.
    pub pattern: Pattern,
    /// Key id.
    pub key_id: [u8; 16],
    iv: [u8; 16],
    iv_length: usize,
}

impl Protection {
    /// The IV, 8 or 16 bytes.
    pub fn iv(&self) -> &[u8] {
        &self.iv[..self.iv_length]
    }

    /// The description of one encrypted part, all of which is protected.
    ///
    /// # Errors
    /// None, as there is no such protection with anything else than 8 or 16 bytes of IV and a pattern of its scheme.
    pub fn sample(&self) -> Result<Sample<'_>, super::Error> {
        Sample::new(self.cipher, self.scheme, self.iv(), self.pattern, &[], 0)
    }

    fn new(cipher: Cipher, striped: bool, key_id: [u8; 16], iv: [u8; 16], iv_length: u8) -> Self {
        let (scheme, pattern) =
            if striped { (Scheme::Cbcs, Pattern { crypt: 1, skip: 9 }) } else { (Scheme::Cbc1, Pattern::NONE) };
        Self { cipher, scheme, pattern, key_id, iv, iv_length: usize::from(iv_length) }
    }

    /// None if the information says that nothing is encrypted.
    fn of_cei(cei: &Cei, at: usize) -> Result<Option<Self>, Error> {
        if !cei.encrypted {
            return Ok(None);
        }
        let (cipher, striped) = match cei.algorithm.ok_or(Problem::NoAlgorithm.at(at))? {
            Algorithm::None => return Ok(None),
            Algorithm::Sm4Cbcs => (Cipher::Sm4, true),
            Algorithm::AesCbcs => (Cipher::Aes128, true),
            Algorithm::Sm4Cbc1 => (Cipher::Sm4, false),
            Algorithm::AesCbc1 => (Cipher::Aes128, false),
        };
        Ok(Some(Self::new(cipher, striped, cei.key_id, cei.iv, cei.iv_length)))
    }
}

/// A NAL unit of a unit that is not larger than [`LARGEST_UNIT`].
#[derive(Clone, Copy)]
struct Kept([u32; 4]);

impl Kept {
    #[allow(clippy::cast_possible_truncation, reason = "places in a unit, which has less than 2^32 bytes")]
    fn of(nal: &Nal) -> Self {
        Self([nal.start, nal.end, nal.first_prevention, nal.last_prevention].map(|place| place as u32))
    }

    fn nal(self) -> Nal {
        let [start, end, first_prevention, last_prevention] = self.0.map(|place| place as usize);
        Nal { start, end, first_prevention, last_prevention }
    }
}

/// Slices that are remembered from the search for them. Those of units with more are searched for twice.
const KEPT: usize = 16;

/// The encrypted slices of a unit.
#[derive(Clone, Copy)]
struct Slices {
    kept: [Kept; KEPT],
    count: usize,
    /// Goes on after the last one that is kept, if there may be more.
    more: Option<Nals>,
    /// Bytes of a slice that are clear.
    clear: usize,
    /// Whether emulation prevention is taken out.
    shrink: bool,
    /// Bytes of the length before each NAL unit, 0 if there are start codes.
    length_size: usize,
}

/// What of a unit is encrypted.
#[derive(Clone, Copy)]
enum Parts {
    Nothing,
    Slices,
    Frames(AudioCodec),
}

/// An access unit that is known to be decryptable: everything that could be wrong with it was refused by
/// [`AccessUnit::parse`].
#[derive(Clone, Copy)]
pub struct AccessUnit {
    protection: Option<Protection>,
    state: Option<Cei>,
    parts: Parts,
    /// Of [`Parts::Slices`].
    slices: Slices,
}

impl Default for AccessUnit {
    fn default() -> Self {
        Self { protection: None, state: None, parts: Parts::Nothing, slices: Slices::NONE }
    }
}

impl AccessUnit {
    /// Finds out what of a unit is encrypted and how. `unit` has whole NAL units or frames, as an access unit or a PES
    /// packet has; `state` is what [`AccessUnit::state`] gave for the unit before, none at the start of a stream and after
    /// a seek.
    ///
    /// # Errors
    /// [`Error`], for a unit that is malformed where it counts.
    pub fn parse(stream: &Stream, state: Option<&Cei>, unit: &[u8]) -> Result<Self, Error> {
        let mut parsed = Self::default();
        parsed.read(stream, state, unit)?;
        Ok(parsed)
    }

    /// As [`AccessUnit::parse`], into a default one: it is large, and a copy of it takes as long as a small unit's decryption.
    ///
    /// # Errors
    /// As [`AccessUnit::parse`]; it is of no use then.
    pub fn read(&mut self, stream: &Stream, state: Option<&Cei>, unit: &[u8]) -> Result<(), Error> {
        if unit.is_empty() {
            return Err(Problem::Empty.at(0));
        }
        if unit.len() > LARGEST_UNIT {
            return Err(Problem::TooLarge.at(0));
        }
        match *stream {
            Stream::Cei { codec, algorithm } => self.with_cei(codec, algorithm, state, unit),
            Stream::SampleAes { codec: Codec::H264(framing), key_id, iv } => {
                self.with_slices(framing, key_id, iv, unit)
            }
            Stream::SampleAes { codec: Codec::Audio(codec), key_id, iv } => self.with_frames(codec, key_id, iv, unit),
        }
    }

    /// How the encrypted parts are encrypted; none if there are none.
    pub fn protection(&self) -> Option<&Protection> {
        self.protection.as_ref()
    }

    /// What the next unit of the stream needs to know.
    pub fn state(&self) -> Option<&Cei> {
        self.state.as_ref()
    }

    /// Decrypts the unit in place and returns how many bytes it has afterwards. `sample` is
    /// [`Protection::sample`]. Never fails, never panics.
    ///
    /// Should `unit` have changed meanwhile, the bytes that come out are undefined.
    pub fn decrypt(&self, sample: &Sample<'_>, key: &ContentKey, unit: &mut [u8]) -> usize {
        self.decrypt_with(unit, |part| sample.decrypt(key, part))
    }

    /// As [`AccessUnit::decrypt`]; `decrypt` is given each encrypted part, which begins at the IV.
    pub fn decrypt_with(&self, unit: &mut [u8], mut decrypt: impl FnMut(&mut [u8])) -> usize {
        match &self.parts {
            Parts::Nothing => unit.len(),
            Parts::Slices => self.slices.decrypt(unit, decrypt),
            Parts::Frames(codec) => {
                let mut at = 0;
                while let Ok(frame) = audio::frame(*codec, unit, at) {
                    decrypt(&mut unit[frame.encrypted..frame.end]);
                    at = frame.end;
                }
                unit.len()
            }
        }
    }

    fn with_cei(
        &mut self,
        codec: VideoCodec,
        algorithm: Option<Algorithm>,
        state: Option<&Cei>,
        unit: &[u8],
    ) -> Result<(), Error> {
        let framing = match codec {
            VideoCodec::H264(framing) | VideoCodec::H265(framing) => framing,
            VideoCodec::Avs3 => Framing::StartCodes,
        };
        let mut nals = Nals::new(framing, unit)?;
        self.state = state.copied();
        let mut before_slices = true;
        let clear = cei::clear_bytes(codec);
        while let Some(mut nal) = nals.next_in(unit)? {
            let role = cei::role(codec, &unit[nal.start..nal.end]);
            if let Role::Info { offset, plain } = role {
                if before_slices {
                    let known = self.state.and_then(|state| state.algorithm).or(algorithm);
                    self.state = cei::find(unit, &nal, offset, plain, known)?.or(self.state);
                }
                continue;
            }
            if before_slices && matches!(role, Role::Slice | Role::Picture) {
                before_slices = false;
                self.protection = match &self.state {
                    Some(cei) => Protection::of_cei(cei, nal.start)?,
                    None => None,
                };
                if self.protection.is_none() {
                    break;
                }
            }
            if matches!(role, Role::Slice) && nal.length() > clear + 16 {
                let shrink = self.state.is_some_and(|cei| !cei.one_prevention);
                self.slices.begin(framing, clear, shrink);
                self.slices.add(&mut nal, &nals, unit)?;
                self.parts = Parts::Slices;
                return Ok(());
            }
        }
        // Without an encrypted slice there is nothing to have a key for.
        self.protection = None;
        Ok(())
    }

    fn with_slices(&mut self, framing: Framing, key_id: [u8; 16], iv: [u8; 16], unit: &[u8]) -> Result<(), Error> {
        let mut nals = Nals::new(framing, unit)?;
        self.slices.begin(framing, SAMPLE_AES_CLEAR, true);
        while let Some(mut nal) = nals.next_in(unit)? {
            if is_sample_aes_slice(&nal, unit) {
                self.slices.add(&mut nal, &nals, unit)?;
            }
        }
        if self.slices.count > 0 {
            self.protection = Some(Protection::new(Cipher::Aes128, true, key_id, iv, 16));
            self.parts = Parts::Slices;
        }
        Ok(())
    }

    fn with_frames(&mut self, codec: AudioCodec, key_id: [u8; 16], iv: [u8; 16], unit: &[u8]) -> Result<(), Error> {
        let (mut at, mut any) = (0, false);
        while at < unit.len() {
            let frame = audio::frame(codec, unit, at)?;
            any |= frame.end - frame.encrypted >= 16;
            at = frame.end;
        }
        if any {
            self.protection = Some(Protection::new(Cipher::Aes128, false, key_id, iv, 16));
            self.parts = Parts::Frames(codec);
        }
        Ok(())
    }
}

/// Bytes of a slice that SAMPLE-AES leaves clear at its start.
const SAMPLE_AES_CLEAR: usize = 32;

/// Whether SAMPLE-AES encrypts a NAL unit of H.264: slices, not those that consist of partitions, and not short ones.
fn is_sample_aes_slice(nal: &Nal, unit: &[u8]) -> bool {
    nal.length() > SAMPLE_AES_CLEAR + 16 && unit.get(nal.start).is_some_and(|header| matches!(header & 0x1f, 1 | 5))
}

impl Slices {
    const NONE: Self =
        Self { kept: [Kept([0; 4]); KEPT], count: 0, more: None, clear: 0, shrink: false, length_size: 0 };

    fn begin(&mut self, framing: Framing, clear: usize, shrink: bool) {
        self.length_size = match framing {
            Framing::StartCodes => 0,
            Framing::Lengths(size) => size as usize,
        };
        (self.count, self.more, self.clear, self.shrink) = (0, None, clear, shrink);
    }

    /// Checks a slice and remembers it if there is room. `after` goes on after it.
    fn add(&mut self, nal: &mut Nal, after: &Nals, unit: &[u8]) -> Result<(), Error> {
        if self.shrink {
            if nal::ends_with_prevention(nal, unit) {
                return Err(Problem::PreventionAtEnd.at(nal.end - 1));
            }
            after.look_for_prevention(nal, unit);
        } else {
            nal.forget_prevention();
        }
        if let Some(place) = self.kept.get_mut(self.count) {
            *place = Kept::of(nal);
            self.count += 1;
            if self.count == KEPT {
                self.more = Some(*after);
            }
        }
        Ok(())
    }

    fn decrypt(&self, unit: &mut [u8], mut decrypt: impl FnMut(&mut [u8])) -> usize {
        let mut mover = Mover::new(unit);
        for kept in &self.kept[..self.count] {
            self.decrypt_one(&kept.nal(), &mut mover, &mut decrypt);
        }
        // Only SAMPLE-AES has units with several.
        if let Some(mut nals) = self.more {
            while let Ok(Some(mut nal)) = nals.next_in(mover.unit()) {
                if is_sample_aes_slice(&nal, mover.unit()) {
                    nals.look_for_prevention(&mut nal, mover.unit());
                    self.decrypt_one(&nal, &mut mover, &mut decrypt);
                }
            }
        }
        mover.finish()
    }

    fn decrypt_one(&self, nal: &Nal, mover: &mut Mover<'_>, decrypt: &mut impl FnMut(&mut [u8])) {
        mover.keep_until(nal.start);
        let start = mover.position();
        mover.keep_without_prevention(nal);
        let slice = mover.moved(start);
        let length = slice.len();
        // Without its last byte the last block is not whole, and stays clear.
        if let Some(part) = slice.get_mut(self.clear..length.saturating_sub(1)) {
            decrypt(part);
        }
        if self.length_size > 0 && length < nal.length() {
            mover.shorten_length(self.length_size, start, nal.length() - length);
        }
    }
}
