//! Content encryption information: what a stream of ChinaDRM says about itself, in front of the first slice of a unit.
//!
//! H.264 and H.265 have it as user data in an SEI message, AVS3 in an extension of its own, without a UUID. It holds, until
//! the next one does: whether slices are encrypted, the key id, the IV, and whether there is a second layer of emulation
//! prevention, which an encryptor adds for what only came about by encryption.
//!
//! One slice of a unit is encrypted, the first that is long enough, as OpenHarmony's decoders have it; its start is clear,
//! and so is its last block, whole or not. The layout follows OpenHarmony's and a chip vendor's public sources: the standard
//! behind it, GY/T 277, is not public.

use super::error::{Error, Problem};
use super::nal::{Framing, Mover, Nal, Nals, Rbsp};
use super::sei::{UserData, user_data};
use super::{Algorithm, VideoCodec};

/// UUID of the user data.
const UUID: [u8; 16] = [0x70, 0xc1, 0xdb, 0x9f, 0x66, 0xae, 0x41, 0x27, 0xbf, 0xc0, 0xbb, 0x19, 0x81, 0x69, 0x4b, 0x66];

const ENCRYPTED: u8 = 0x80;
const NEXT_KEY_ID: u8 = 0x40;
const DESCRIPTOR: u8 = 0x20;
const ONE_PREVENTION: u8 = 0x10;

/// Content encryption information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cei {
    /// Whether slices are encrypted.
    pub encrypted: bool,
    /// Whether slices have no second layer of emulation prevention.
    pub one_prevention: bool,
    /// The key id; zeros if slices are not encrypted.
    pub key_id: [u8; 16],
    /// The key id that will be used next, if it is announced.
    pub next_key_id: Option<[u8; 16]>,
    /// The IV, with zeros after it.
    pub iv: [u8; 16],
    /// Bytes of the IV: 8 or 16 if slices are encrypted.
    pub iv_length: u8,
    /// The algorithm that the last descriptor of the stream named.
    pub algorithm: Option<Algorithm>,
}

/// What a NAL unit is to a search for content encryption information.
pub(super) enum Role {
    /// It may hold some: its bytes after the header, and whether these are the information itself.
    Info { offset: usize, plain: bool },
    /// A slice.
    Slice,
    /// Nothing of the kind comes after it, but slices may.
    Picture,
    /// Anything else.
    Other,
}

/// What a NAL unit is, by its first bytes.
pub(super) fn role(codec: VideoCodec, nal: &[u8]) -> Role {
    let Some(&first) = nal.first() else { return Role::Other };
    match codec {
        VideoCodec::H264(_) => match first & 0x1f {
            1 | 5 => Role::Slice,
            2..=4 => Role::Picture,
            6 => Role::Info { offset: 1, plain: false },
            _ => Role::Other,
        },
        VideoCodec::H265(_) => match first >> 1 & 0x3f {
            0..=31 => Role::Slice,
            39 => Role::Info { offset: 2, plain: false },
            _ => Role::Other,
        },
        VideoCodec::Avs3 => match first {
            0x00 => Role::Slice,
            0xb5 if nal.get(1).is_some_and(|byte| byte >> 4 == 0xd) => Role::Info { offset: 2, plain: true },
            0xb0 | 0xb1 | 0xb5 | 0xb8.. => Role::Other,
            _ => Role::Picture,
        },
    }
}

/// Bytes at the start of a slice that are clear.
pub(super) fn clear_bytes(codec: VideoCodec) -> usize {
    match codec {
        VideoCodec::H264(_) => 32,
        VideoCodec::H265(_) => 65,
        VideoCodec::Avs3 => 1,
    }
}

/// The information in a NAL unit, if there is any. `known` is the algorithm that holds without a descriptor.
///
/// # Errors
/// [`Problem::CeiCut`], [`Problem::CeiIvLength`], [`Problem::CeiAlgorithm`].
pub(super) fn find(
    unit: &[u8],
    nal: &Nal,
    offset: usize,
    plain: bool,
    known: Option<Algorithm>,
) -> Result<Option<Cei>, Error> {
    let problem = |problem: Problem| problem.at(nal.start);
    match content(unit, nal, offset, plain).map_err(problem)? {
        None => Ok(None),
        Some((mut content, length)) => parse(&mut content, length, known).map(Some).map_err(problem),
    }
}

/// The bytes of the information in a NAL unit and how many there are at most; none if it holds something else.
fn content<'a>(unit: &'a [u8], nal: &Nal, offset: usize, plain: bool) -> Result<Option<(Rbsp<'a>, usize)>, Problem> {
    let body = unit.get(nal.start + offset..nal.end).unwrap_or_default();
    if plain {
        return Ok(Some((Rbsp::new(body), usize::MAX)));
    }
    match user_data(body, &UUID) {
        None => Ok(None),
        Some(UserData::Cut) => Err(Problem::CeiCut),
        Some(UserData::Found { content, length }) => Ok(Some((content, length))),
    }
}

fn framing(codec: VideoCodec) -> Framing {
    match codec {
        VideoCodec::H264(framing) | VideoCodec::H265(framing) => framing,
        VideoCodec::Avs3 => Framing::StartCodes,
    }
}

impl Cei {
    /// The information that a unit holds itself, which is the last in front of its first slice. `known` is the algorithm
    /// that holds without a descriptor. What comes after the information need not be there.
    ///
    /// # Errors
    /// [`Problem::NoStartCode`], [`Problem::NalLength`], [`Problem::CeiCut`], [`Problem::CeiIvLength`],
    /// [`Problem::CeiAlgorithm`].
    pub fn of_unit(codec: VideoCodec, known: Option<Algorithm>, unit: &[u8]) -> Result<Option<Self>, Error> {
        let mut nals = Nals::new(framing(codec), unit)?;
        let mut last: Option<Self> = None;
        while let Some(nal) = nals.next_in(unit)? {
            match role(codec, &unit[nal.start..nal.end]) {
                Role::Info { offset, plain } => {
                    let known = last.and_then(|last| last.algorithm).or(known);
                    last = find(unit, &nal, offset, plain, known)?.or(last);
                }
                Role::Slice | Role::Picture => break,
                Role::Other => {}
            }
        }
        Ok(last)
    }
}

/// Makes the information of a unit that was decrypted say so: that its slices are not encrypted. The algorithm of its
/// descriptor stays, for units that come after it and are encrypted. Returns how many bytes
/// the unit has then; they may be fewer, as no emulation prevention is left in the information. Information that cannot be
/// read stays as it is.
pub fn declare_clear(codec: VideoCodec, unit: &mut [u8]) -> usize {
    let framing = framing(codec);
    let Ok(mut nals) = Nals::new(framing, unit) else { return unit.len() };
    let mut mover = Mover::new(unit);
    while let Ok(Some(nal)) = nals.next_in(mover.unit()) {
        let (offset, plain) = match role(codec, &mover.unit()[nal.start..nal.end]) {
            Role::Info { offset, plain } => (offset, plain),
            Role::Slice | Role::Picture => break,
            Role::Other => continue,
        };
        let Some((start, end, length, algorithm)) = encrypted_part(mover.unit(), &nal, offset, plain) else { continue };
        mover.keep_until(nal.start);
        let place = mover.position();
        mover.keep_until(start);
        mover.replace(end, length, |index| match (index, algorithm) {
            (0, None) => ONE_PREVENTION,
            (0, Some(_)) => ONE_PREVENTION | DESCRIPTOR,
            // An IV of 8 bytes; then the descriptor, with nothing in it that needs emulation prevention.
            (1, _) => 8,
            (10, Some(_)) => 0xc0,
            (11, Some(_)) => 1,
            (12, Some(algorithm)) => 0xf0 | algorithm as u8,
            _ => u8::MAX,
        });
        mover.keep_until(nal.end);
        if let Framing::Lengths(size) = framing {
            mover.shorten_length(size as usize, place, end - start - length);
        }
    }
    mover.finish()
}

/// Where information that says that slices are encrypted begins and ends, its bytes without emulation prevention, and the
/// algorithm of its descriptor.
fn encrypted_part(
    unit: &[u8],
    nal: &Nal,
    offset: usize,
    plain: bool,
) -> Option<(usize, usize, usize, Option<Algorithm>)> {
    let (mut content, most) = content(unit, nal, offset, plain).ok()??;
    let before = content.clone();
    let start = nal.end - content.left();
    let cei = parse(&mut content, most, None).ok()?;
    let length = before.count() - content.clone().count();
    // Emulation prevention that follows protects nothing any more.
    content.pass_prevention();
    cei.encrypted.then(|| (start, nal.end - content.left(), length, cei.algorithm))
}

fn parse(content: &mut Rbsp<'_>, length: usize, known: Option<Algorithm>) -> Result<Cei, Problem> {
    let mut bytes = content.by_ref().take(length);
    let mut byte = || bytes.next().ok_or(Problem::CeiCut);
    let flags = byte()?;
    let encrypted = flags & ENCRYPTED != 0;
    let mut id = |present: bool| -> Result<[u8; 16], Problem> {
        let mut id = [0; 16];
        if present {
            for place in &mut id {
                *place = byte()?;
            }
        }
        Ok(id)
    };
    let key_id = id(encrypted)?;
    let next_key_id = id(flags & NEXT_KEY_ID != 0)?;
    let iv_length = byte()?;
    if iv_length > 16 || encrypted && !matches!(iv_length, 8 | 16) {
        return Err(Problem::CeiIvLength(iv_length));
    }
    let mut iv = [0; 16];
    for place in &mut iv[..usize::from(iv_length)] {
        *place = byte()?;
    }
    let mut algorithm = known;
    if flags & DESCRIPTOR != 0 {
        let (_tag, length) = (byte()?, byte()?);
        if length == 0 {
            return Err(Problem::CeiCut);
        }
        let named = byte()? & 0x0f;
        for _ in 1..length {
            byte()?;
        }
        algorithm = Some(Algorithm::from_number(named).ok_or(Problem::CeiAlgorithm(named))?);
    }
    Ok(Cei {
        encrypted,
        one_prevention: flags & ONE_PREVENTION != 0,
        key_id,
        next_key_id: (flags & NEXT_KEY_ID != 0).then_some(next_key_id),
        iv,
        iv_length,
        algorithm,
    })
}
