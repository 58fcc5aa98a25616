//! What a `GstProtectionMeta` says about a buffer.

use std::sync::LazyLock;

use gst::StructureRef;
use gst::glib::{Quark, gstr};
use smallvec::SmallVec;

use crate::drm::{KeyId, SampleInfo, Scheme};
use crate::ffi::Subsample;

/// The fields' names. Looking for a quark is comparing numbers; a name would be looked up in GLib's table each time.
pub struct Fields {
    encrypted: Quark,
    cipher_mode: Quark,
    piff_algorithm_id: Quark,
    key_id: Quark,
    iv: Quark,
    iv_size: Quark,
    crypt_byte_block: Quark,
    skip_byte_block: Quark,
    subsamples: Quark,
    pub subsample_count: Quark,
    pub constant_iv_size: Quark,
}

pub static FIELDS: LazyLock<Fields> = LazyLock::new(|| Fields {
    encrypted: Quark::from_static_str(gstr!("encrypted")),
    cipher_mode: Quark::from_static_str(gstr!("cipher-mode")),
    piff_algorithm_id: Quark::from_static_str(gstr!("piff_algorithm_id")),
    key_id: Quark::from_static_str(gstr!("kid")),
    iv: Quark::from_static_str(gstr!("iv")),
    iv_size: Quark::from_static_str(gstr!("iv_size")),
    crypt_byte_block: Quark::from_static_str(gstr!("crypt_byte_block")),
    skip_byte_block: Quark::from_static_str(gstr!("skip_byte_block")),
    subsamples: Quark::from_static_str(gstr!("subsamples")),
    subsample_count: Quark::from_static_str(gstr!("subsample_count")),
    constant_iv_size: Quark::from_static_str(gstr!("constant_iv_size")),
});

/// How a sample is encrypted: [`SampleInfo`] with subsamples of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub scheme: Scheme,
    pub key_id: KeyId,
    pub iv: [u8; 16],
    pub iv_len: u8,
    pub pattern: (u32, u32),
    pub subsamples: SmallVec<[Subsample; 8]>,
}

impl Description {
    pub fn sample_info(&self) -> SampleInfo<'_> {
        SampleInfo {
            scheme: self.scheme,
            key_id: self.key_id,
            iv: self.iv,
            iv_len: self.iv_len,
            pattern: self.pattern,
            subsamples: &self.subsamples,
        }
    }

    /// Bytes that it takes, its own size included.
    pub fn size(&self) -> usize {
        let spilled = if self.subsamples.spilled() { self.subsamples.capacity() * size_of::<Subsample>() } else { 0 };
        size_of::<Self>() + spilled
    }
}

/// What a meta says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    Clear,
    Encrypted(Description),
}

/// A scheme by its name in caps and metas.
///
/// # Errors
///
/// In words, for those that demuxers do not describe.
pub fn scheme(name: &str) -> Result<Scheme, String> {
    match name {
        "cenc" => Ok(Scheme::Cenc),
        "cbcs" => Ok(Scheme::Cbcs),
        other => Err(format!("protection data has the cipher mode {other:?}, which is neither cenc nor cbcs")),
    }
}

/// Reads a meta of a stream whose caps say `scheme`. Nothing in it is believed that contradicts itself.
///
/// # Errors
///
/// In words: what is missing or does not fit.
pub fn read(info: &StructureRef, stream_scheme: Scheme) -> Result<Protection, String> {
    let fields = &*FIELDS;
    // Whoever attaches a meta without the field means an encrypted sample; clear ones say so.
    if !info.get_by_quark::<bool>(fields.encrypted).unwrap_or(true) {
        return Ok(Protection::Clear);
    }
    let scheme = match info.get_by_quark::<&str>(fields.cipher_mode) {
        Ok(name) => scheme(name)?,
        Err(_) => stream_scheme,
    };
    let scheme = match info.get_by_quark::<u32>(fields.piff_algorithm_id) {
        Ok(0) => return Ok(Protection::Clear),
        Ok(1) | Err(_) => scheme,
        Ok(other) => return Err(format!("protection data has the PIFF algorithm {other}, which is not AES-CTR")),
    };
    let number = |name| info.get_by_quark::<u32>(name).unwrap_or(0);

    let mut key_id = [0; 16];
    let read = bytes(info, fields.key_id, &mut key_id)?.ok_or("protection data has no key id")?;
    if read != key_id.len() {
        return Err(format!("protection data has a key id of {read} bytes"));
    }

    let mut iv = [0; 16];
    let available = bytes(info, fields.iv, &mut iv)?.ok_or("protection data has no IV")?;
    // A constant IV comes with size 0 where the demuxer has read no sizes of samples.
    let iv_len = match number(fields.iv_size) as usize {
        0 => available,
        size => size,
    };
    if iv_len > available || !matches!(iv_len, 8 | 16) {
        return Err(format!("protection data has an IV of {available} bytes and an IV size of {iv_len}"));
    }
    iv[iv_len..].fill(0);

    Ok(Protection::Encrypted(Description {
        scheme,
        key_id,
        iv,
        iv_len: iv_len as u8,
        pattern: (number(fields.crypt_byte_block), number(fields.skip_byte_block)),
        subsamples: subsamples(info, number(fields.subsample_count))?,
    }))
}

/// Copies the bytes of a field to the beginning of `to`; gives how many they are, or nothing if there is no such field.
fn bytes(info: &StructureRef, name: Quark, to: &mut [u8]) -> Result<Option<usize>, String> {
    let Ok(buffer) = info.get_by_quark::<gst::Buffer>(name) else { return Ok(None) };
    let len = buffer.size();
    let room = to.get_mut(..len).ok_or_else(|| format!("protection data has {len} bytes of {}", name.as_str()))?;
    buffer.copy_to_slice(0, room).map_err(|_| format!("{} of the protection data cannot be read", name.as_str()))?;
    Ok(Some(len))
}

/// Pairs of 16 bits of clear and 32 bits of protected bytes, big-endian.
fn subsamples(info: &StructureRef, count: u32) -> Result<SmallVec<[Subsample; 8]>, String> {
    let buffer = info.get_by_quark::<gst::Buffer>(FIELDS.subsamples).ok();
    let len = buffer.as_ref().map_or(0, |buffer| buffer.size());
    if (count as usize).checked_mul(6) != Some(len) {
        return Err(format!("protection data has {count} subsamples in {len} bytes"));
    }
    let Some(buffer) = buffer else { return Ok(SmallVec::new()) };
    let map = buffer.map_readable().map_err(|_| "subsamples of the protection data cannot be read")?;
    let pairs = map.as_slice().chunks_exact(6);
    Ok(pairs
        .map(|pair| Subsample {
            clear: u32::from(u16::from_be_bytes([pair[0], pair[1]])),
            protected: u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: KeyId = [7; 16];

    fn buffer(bytes: &[u8]) -> gst::Buffer {
        gst::Buffer::from_slice(bytes.to_vec())
    }

    fn meta() -> gst::Structure {
        gst::init().expect("GStreamer");
        gst::Structure::builder("application/x-cenc")
            .field("iv_size", 8_u32)
            .field("encrypted", true)
            .field("kid", buffer(&KEY_ID))
            .field("iv", buffer(&[1, 2, 3, 4, 5, 6, 7, 8]))
            .field("subsample_count", 2_u32)
            .field("subsamples", buffer(&[0, 5, 0, 0, 1, 0, 1, 0, 0, 0, 0, 16]))
            .build()
    }

    fn encrypted(info: &gst::Structure) -> Description {
        match read(info, Scheme::Cenc) {
            Ok(Protection::Encrypted(description)) => description,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_fields_are_read() {
        let description = encrypted(&meta());
        assert_eq!(description.key_id, KEY_ID);
        assert_eq!((description.iv_len, description.iv[..9].to_vec()), (8, vec![1, 2, 3, 4, 5, 6, 7, 8, 0]));
        let expected = [Subsample { clear: 5, protected: 256 }, Subsample { clear: 256, protected: 16 }];
        assert_eq!(description.subsamples[..], expected);
        assert_eq!((description.scheme, description.pattern), (Scheme::Cenc, (0, 0)));
    }

    #[test]
    fn a_constant_iv_comes_with_size_0() {
        let mut info = meta();
        info.set("iv_size", 0_u32);
        info.set("iv", buffer(&[9; 16]));
        info.set("cipher-mode", "cbcs");
        info.set("crypt_byte_block", 1_u32);
        info.set("skip_byte_block", 9_u32);
        let description = encrypted(&info);
        assert_eq!((description.iv_len, description.iv), (16, [9; 16]));
        assert_eq!((description.scheme, description.pattern), (Scheme::Cbcs, (1, 9)));
    }

    #[test]
    fn clear_samples_say_so() {
        let mut info = meta();
        info.set("encrypted", false);
        assert_eq!(read(&info, Scheme::Cenc), Ok(Protection::Clear));
        info.remove_field("encrypted");
        assert!(matches!(read(&info, Scheme::Cenc), Ok(Protection::Encrypted(_))));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        type Change = &'static dyn Fn(&mut gst::Structure);
        let cases: [(&str, Change); 12] = [
            ("no key id", &|info| info.remove_field("kid")),
            ("key id of 15", &|info| info.set("kid", buffer(&[1; 15]))),
            ("17 bytes of kid", &|info| info.set("kid", buffer(&[1; 17]))),
            ("no IV", &|info| info.remove_field("iv")),
            ("IV size of 16", &|info| info.set("iv_size", 16_u32)),
            ("IV size of 4294967295", &|info| info.set("iv_size", u32::MAX)),
            ("IV of 0 bytes", &|info| {
                info.set("iv", buffer(&[]));
                info.set("iv_size", 0_u32);
            }),
            ("3 subsamples in 12 bytes", &|info| info.set("subsample_count", 3_u32)),
            ("4294967295 subsamples in 12", &|info| info.set("subsample_count", u32::MAX)),
            ("2 subsamples in 0", &|info| info.remove_field("subsamples")),
            ("0 subsamples in 12", &|info| info.remove_field("subsample_count")),
            ("\"cens\"", &|info| info.set("cipher-mode", "cens")),
        ];
        for (expected, change) in cases {
            let mut info = meta();
            change(&mut info);
            let error = read(&info, Scheme::Cenc).expect_err(expected);
            assert!(error.contains(expected), "{expected:?}: {error}");
        }
    }
}
