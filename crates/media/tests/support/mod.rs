//! Writes small encrypted MP4 and WebM files of any shape. The fuzz corpus is made of them, too.
#![allow(dead_code, reason = "each user needs some of it")]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "literals of box types are references")]
#![allow(clippy::struct_excessive_bools, reason = "what a file has or has not")]

use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};

/// The key ids of the samples, and their keys, which are the same bytes.
pub const KEY_IDS: [[u8; 16]; 2] = [[0x11; 16], [0x22; 16]];

pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, content].concat()
}

pub fn full(kind: &[u8; 4], version: u8, flags: u32, content: &[u8]) -> Vec<u8> {
    let both = u32::from(version) << 24 | flags;
    boxed(kind, &[&both.to_be_bytes()[..], content].concat())
}

pub fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Where IVs and subsamples stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Senc,
    Piff,
    /// `saiz` and `saio` that point to the start of `mdat`.
    Saio,
    /// Nowhere: a constant IV.
    Constant,
}

/// The shape of a file.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub fragmented: bool,
    pub place: Place,
    pub scheme: Scheme,
    pub subsamples: bool,
    /// The second half of the samples in a group `seig` with the second key.
    pub rotation: bool,
    /// Sizes in `stz2`, offsets in `co64`.
    pub compact: bool,
    /// `moov` behind `mdat`, where it is progressive.
    pub moov_last: bool,
    pub samples: usize,
}

pub const SIMPLE: Shape = Shape {
    fragmented: true,
    place: Place::Senc,
    scheme: Scheme::Cenc,
    subsamples: true,
    rotation: false,
    compact: false,
    moov_last: false,
    samples: 6,
};

impl Shape {
    fn code(&self) -> &'static [u8; 4] {
        match (self.place, self.scheme) {
            (Place::Piff, _) => b"piff",
            (_, Scheme::Cenc) => b"cenc",
            (_, Scheme::Cens) => b"cens",
            (_, Scheme::Cbc1) => b"cbc1",
            (_, Scheme::Cbcs) => b"cbcs",
        }
    }

    fn pattern(&self) -> Pattern {
        if matches!(self.scheme, Scheme::Cens | Scheme::Cbcs) { Pattern { crypt: 1, skip: 9 } } else { Pattern::NONE }
    }

    fn iv_size(&self) -> u8 {
        if self.place == Place::Constant { 0 } else { 8 }
    }
}

/// The clear samples of every file.
pub fn clear_samples(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| (0..40 + 37 * (index % 6)).map(|at| (at * 7 + index) as u8).collect()).collect()
}

struct Encrypted {
    data: Vec<Vec<u8>>,
    /// IV and subsamples of each.
    auxiliary: Vec<Vec<u8>>,
}

/// What counter mode encrypts it decrypts. CBC has no inverse here: what is "encrypted" are the clear bytes, and the clear
/// ones what comes of them.
fn encrypt(shape: &Shape) -> (Encrypted, Vec<Vec<u8>>) {
    let mut encrypted = Encrypted { data: Vec::new(), auxiliary: Vec::new() };
    let mut clear = Vec::new();
    for (index, original) in clear_samples(shape.samples).into_iter().enumerate() {
        let second = shape.rotation && index >= shape.samples / 2;
        let key = ContentKey::new(&KEY_IDS[usize::from(second)]).unwrap();
        let iv = if shape.place == Place::Constant { [9; 8] } else { [index as u8; 8] };
        let whole = original.len() as u32;
        let subsamples = if shape.subsamples {
            vec![Subsample { clear: 5, protected: 16 }, Subsample { clear: 3, protected: whole - 24 }]
        } else {
            Vec::new()
        };
        let mut changed = original.clone();
        let sample =
            Sample::new(Cipher::Aes128, shape.scheme, &iv, shape.pattern(), &subsamples, original.len()).unwrap();
        sample.decrypt(&key, &mut changed);
        let mut auxiliary = if shape.place == Place::Constant { Vec::new() } else { iv.to_vec() };
        if shape.subsamples {
            auxiliary.extend((subsamples.len() as u16).to_be_bytes());
            for subsample in &subsamples {
                auxiliary.extend((subsample.clear as u16).to_be_bytes());
                auxiliary.extend(subsample.protected.to_be_bytes());
            }
        }
        encrypted.auxiliary.push(auxiliary);
        if matches!(shape.scheme, Scheme::Cenc | Scheme::Cens) {
            encrypted.data.push(changed);
            clear.push(original);
        } else {
            encrypted.data.push(original);
            clear.push(changed);
        }
    }
    (encrypted, clear)
}

const PIFF_TENC: [u8; 16] = 0x8974_dbce_7be7_4c51_84f9_7148_f988_2554_u128.to_be_bytes();
const PIFF_SENC: [u8; 16] = 0xa239_4f52_5a9b_4f14_a244_6c42_7c64_8df4_u128.to_be_bytes();

fn stsd(shape: &Shape) -> Vec<u8> {
    let Pattern { crypt, skip } = shape.pattern();
    let mut tenc = vec![0, (crypt << 4 | skip) as u8, 1, shape.iv_size()];
    tenc.extend(KEY_IDS[0]);
    if shape.place == Place::Constant {
        tenc.push(8);
        tenc.extend([9; 8]);
    }
    let tenc = if shape.place == Place::Piff {
        let algorithm = if matches!(shape.scheme, Scheme::Cenc) { 1 } else { 2 };
        boxed(b"uuid", &[&PIFF_TENC[..], &[0; 4], &[0, 0, algorithm, 8], &KEY_IDS[0]].concat())
    } else {
        full(b"tenc", 1, 0, &tenc)
    };
    let sinf = [
        boxed(b"frma", b"mp4a"),
        full(b"schm", 0, 0, &[&shape.code()[..], &[0, 1, 0, 0]].concat()),
        boxed(b"schi", &tenc),
    ];
    let entry = boxed(b"enca", &[&[0; 28][..], &boxed(b"sinf", &sinf.concat())].concat());
    full(b"stsd", 0, 0, &[&words(&[1])[..], &entry].concat())
}

fn seig() -> Vec<u8> {
    let entry = [&[0, 0x19, 1, 8], &KEY_IDS[1][..]].concat();
    full(b"sgpd", 1, 0, &[&b"seig"[..], &words(&[20, 1]), &entry].concat())
}

fn sbgp(shape: &Shape, group: u32) -> Vec<u8> {
    let first = (shape.samples / 2) as u32;
    full(b"sbgp", 0, 0, &[&b"seig"[..], &words(&[2, first, 0, shape.samples as u32 - first, group])].concat())
}

/// Boxes about the IVs; `saio` counts from `mdat`'s start, which is `aux_at`.
fn auxiliary(shape: &Shape, encrypted: &Encrypted, aux_at: u32) -> Vec<u8> {
    let flags = if shape.subsamples { 2 } else { 0 };
    let count = encrypted.auxiliary.len() as u32;
    match shape.place {
        Place::Senc => full(b"senc", 0, flags, &[words(&[count]), encrypted.auxiliary.concat()].concat()),
        Place::Piff => {
            let content = [&PIFF_SENC[..], &words(&[flags, count]), &encrypted.auxiliary.concat()].concat();
            boxed(b"uuid", &content)
        }
        Place::Saio => {
            let sizes: Vec<u8> = encrypted.auxiliary.iter().map(|one| one.len() as u8).collect();
            let saiz = full(b"saiz", 0, 0, &[&[0][..], &words(&[count]), &sizes].concat());
            [saiz, full(b"saio", 0, 0, &words(&[1, aux_at]))].concat()
        }
        Place::Constant if shape.subsamples => {
            full(b"senc", 0, flags, &[words(&[count]), encrypted.auxiliary.concat()].concat())
        }
        Place::Constant => Vec::new(),
    }
}

/// A file of this shape, and its clear samples.
pub fn mp4(shape: &Shape) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (encrypted, clear) = encrypt(shape);
    // Sizes do not depend on offsets: made once to learn the offset of the data.
    let at = data_offset(&assemble(shape, &encrypted, 0));
    (assemble(shape, &encrypted, at), clear)
}

fn data_offset(file: &[u8]) -> u32 {
    file.windows(4).position(|kind| kind == b"mdat").unwrap() as u32 + 4
}

fn assemble(shape: &Shape, encrypted: &Encrypted, data_at: u32) -> Vec<u8> {
    let aux = if shape.place == Place::Saio { encrypted.auxiliary.concat() } else { Vec::new() };
    let mdat = boxed(b"mdat", &[aux.clone(), encrypted.data.concat()].concat());
    let first = data_at + aux.len() as u32;
    let ftyp = boxed(b"ftyp", b"iso6\0\0\0\0iso6");
    let tkhd = full(b"tkhd", 0, 3, &[&words(&[0, 0, 1])[..], &[0; 68]].concat());
    let hdlr = full(b"hdlr", 0, 0, &[&[0; 4], &b"soun"[..], &[0; 13]].concat());
    let sizes: Vec<u32> = encrypted.data.iter().map(|data| data.len() as u32).collect();
    let count = sizes.len() as u32;
    let stbl = if shape.fragmented {
        let none = words(&[0]);
        [stsd(shape), full(b"stsc", 0, 0, &none), full(b"stco", 0, 0, &none), full(b"stsz", 0, 0, &words(&[0, 0]))]
            .concat()
    } else {
        // Two chunks: the first of two samples.
        let second = first + sizes[..2].iter().sum::<u32>();
        let stsc = full(b"stsc", 0, 0, &words(&[2, 1, 2, 1, 2, count - 2, 1]));
        let (stsz, stco) = if shape.compact {
            let narrow: Vec<u8> = sizes.iter().flat_map(|size| (*size as u16).to_be_bytes()).collect();
            (
                full(b"stz2", 0, 0, &[words(&[16, count]), narrow].concat()),
                full(b"co64", 0, 0, &words(&[2, 0, first, 0, second])),
            )
        } else {
            (
                full(b"stsz", 0, 0, &words(&[&[0, count], &sizes[..]].concat())),
                full(b"stco", 0, 0, &words(&[2, first, second])),
            )
        };
        let groups = if shape.rotation { [seig(), sbgp(shape, 1)].concat() } else { Vec::new() };
        [stsd(shape), stsc, stsz, stco, groups, auxiliary(shape, encrypted, data_at)].concat()
    };
    let mdia = boxed(b"mdia", &[hdlr, boxed(b"minf", &boxed(b"stbl", &stbl))].concat());
    let trak = boxed(b"trak", &[tkhd, mdia].concat());
    let pssh = full(b"pssh", 0, 0, &[&[3; 16], &words(&[0])[..]].concat());
    let mvex = boxed(b"mvex", &full(b"trex", 0, 0, &words(&[1, 1, 0, 0, 0])));
    let mvex = if shape.fragmented { mvex } else { Vec::new() };
    let moov = boxed(b"moov", &[trak, mvex, pssh].concat());
    if !shape.fragmented {
        return if shape.moov_last { [ftyp, mdat, moov].concat() } else { [ftyp, moov, mdat].concat() };
    }
    let moof_at = (ftyp.len() + moov.len()) as u32;
    let tfhd = full(b"tfhd", 0, 0x2_0000, &words(&[1]));
    let run = [&[count, first.wrapping_sub(moof_at)], &sizes[..]].concat();
    let trun = full(b"trun", 0, 0x201, &words(&run));
    let groups = if shape.rotation { [seig(), sbgp(shape, 0x10001)].concat() } else { Vec::new() };
    let aux = auxiliary(shape, encrypted, data_at.wrapping_sub(moof_at));
    let traf = boxed(b"traf", &[tfhd, trun, groups, aux].concat());
    let moof = boxed(b"moof", &[full(b"mfhd", 0, 0, &words(&[1])), traf].concat());
    [ftyp, moov, moof, mdat].concat()
}

/// Every shape of MP4 file, with a name.
pub fn shapes() -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for fragmented in [true, false] {
        for place in [Place::Senc, Place::Piff, Place::Saio, Place::Constant] {
            for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
                for (subsamples, rotation) in [(false, false), (true, false), (true, true)] {
                    let piff = place == Place::Piff;
                    // PIFF's boxes are for fragments, it has no patterns; the group has IVs for each sample.
                    if piff && (!fragmented || matches!(scheme, Scheme::Cens | Scheme::Cbcs) || rotation)
                        || place == Place::Constant && rotation
                        || rotation && matches!(scheme, Scheme::Cenc | Scheme::Cbc1)
                    {
                        continue;
                    }
                    for (compact, moov_last) in [(false, false), (true, true)] {
                        if compact && fragmented {
                            continue;
                        }
                        let name = format!(
                            "{}-{place:?}-{scheme:?}{}{}{}",
                            if fragmented { "fragmented" } else { "progressive" },
                            if subsamples { "-subsamples" } else { "" },
                            if rotation { "-rotation" } else { "" },
                            if compact { "-compact" } else { "" }
                        );
                        let shape =
                            Shape { fragmented, place, scheme, subsamples, rotation, compact, moov_last, samples: 6 };
                        all.push((name.to_lowercase(), shape));
                    }
                }
            }
        }
    }
    all
}

/// An element of EBML whose size takes `width` bytes; 0 for a size that is not known.
pub fn element(id: u32, width: usize, content: &[u8]) -> Vec<u8> {
    let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    let size = match width {
        0 => vec![0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        _ => (content.len() as u64 | 1 << (7 * width)).to_be_bytes()[8 - width..].to_vec(),
    };
    [id, size, content.to_vec()].concat()
}

/// A WebM file, and its clear frames. `width`: bytes of the sizes of blocks. `live`: segment and clusters of unknown size.
pub fn webm(width: usize, live: bool) -> (Vec<u8>, Vec<Vec<u8>>) {
    let frames = clear_samples(6);
    let key = ContentKey::new(&KEY_IDS[0]).unwrap();
    let blocks = frames.iter().enumerate().map(|(index, clear)| {
        let iv = [index as u8; 8];
        let mut data = clear.clone();
        let mut signal = vec![0];
        let subsamples = match index % 3 {
            1 => vec![],
            _ => vec![Subsample { clear: 3, protected: 8 }, Subsample { clear: 1, protected: data.len() as u32 - 12 }],
        };
        if index % 3 > 0 {
            let sample =
                Sample::new(Cipher::Aes128, Scheme::Cenc, &iv, Pattern::NONE, &subsamples, data.len()).unwrap();
            sample.decrypt(&key, &mut data);
            signal = [&[1][..], &iv].concat();
            if index % 3 == 2 {
                signal[0] = 3;
                signal.push(3);
                signal.extend(words(&[3, 11, 12]));
            }
        }
        let block = |flags: u8| [&[0x81, 0, 0, flags], &signal[..], &data].concat();
        if index == 4 { element(0xa0, 2, &element(0xa1, width, &block(0))) } else { element(0xa3, width, &block(0x80)) }
    });
    let blocks: Vec<_> = blocks.collect();
    let master = if live { 0 } else { 4 };
    let cluster = |blocks: &[Vec<u8>]| {
        element(0x1f43_b675, master, &[vec![0xbf, 0x84, 1, 2, 3, 4], element(0xe7, 1, &[0]), blocks.concat()].concat())
    };
    let encryption =
        [element(0x47e1, 1, &[5]), element(0x47e2, 1, &KEY_IDS[0]), element(0x47e7, 1, &element(0x47e8, 1, &[1]))];
    let encoding = [
        element(0x5031, 1, &[0]),
        element(0x5032, 1, &[1]),
        element(0x5033, 1, &[1]),
        element(0x5035, 1, &encryption.concat()),
    ];
    let entry = [
        element(0xd7, 1, &[1]),
        element(0x83, 1, &[1]),
        element(0x86, 1, b"V_VP9"),
        element(0x6d80, 1, &element(0x6240, 1, &encoding.concat())),
    ];
    let segment =
        [element(0x1654_ae6b, 2, &element(0xae, 2, &entry.concat())), cluster(&blocks[..3]), cluster(&blocks[3..])];
    let head = element(0x1a45_dfa3, 1, &element(0x4282, 1, b"webm"));
    ([head, element(0x1853_8067, master, &segment.concat())].concat(), frames)
}
