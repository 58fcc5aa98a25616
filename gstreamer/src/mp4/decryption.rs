//! The reader's samples decrypted by the library.

use media::{Decryptor, Encrypted, Error, Result};
use smallvec::SmallVec;

use crate::drm::{SampleInfo, Scheme};
use crate::ffi;
use crate::keys::{Failure, Keys};

/// Decrypts through the C functions, so that sessions and policies are the program's. Waits for keys.
pub struct Decryption<'a> {
    element: &'a gst::Element,
    keys: &'a Keys,
    /// Why the last sample was not decrypted.
    pub failure: Option<Failure>,
}

impl<'a> Decryption<'a> {
    /// For an element, with its keys.
    pub fn new(element: &'a gst::Element, keys: &'a Keys) -> Self {
        Self { element, keys, failure: None }
    }
}

impl Decryptor for Decryption<'_> {
    fn init_data(&mut self, boxes: &[u8], is_movie: bool, _: u64) {
        self.keys.add_init_data("", boxes, if is_movie { "isobmff/moov" } else { "isobmff/moof" });
    }

    fn decrypt(&mut self, sample: &Encrypted<'_>, data: &mut [u8]) -> Result<()> {
        let protection = sample.protection;
        let Some(scheme) = protection.method.and_then(scheme) else {
            return Err(sample.error(format!("the scheme '{}' is not known", protection.scheme_type.code)));
        };
        let subsamples: SmallVec<[ffi::Subsample; 32]> = sample
            .subsamples
            .iter()
            .map(|range| ffi::Subsample { clear: range.clear, protected: range.protected })
            .collect();
        let mut iv = [0; 16];
        iv[..sample.iv.len()].copy_from_slice(sample.iv);
        let info = SampleInfo {
            scheme,
            key_id: protection.key_id,
            iv,
            iv_len: sample.iv.len() as u8,
            pattern: (protection.pattern.crypt, protection.pattern.skip),
            subsamples: &subsamples,
        };
        self.keys.decrypt(self.element, &info, data).map_err(|failure| {
            let reason = match &failure {
                Failure::Flushing => "flushing".to_owned(),
                Failure::NoKey(reason) | Failure::Sample(reason) => reason.clone(),
            };
            self.failure = Some(failure);
            Error::Refused { track: sample.track, sample: sample.number, offset: sample.offset, reason }
        })
    }
}

fn scheme((cipher, scheme): (cenc::Cipher, cenc::Scheme)) -> Option<Scheme> {
    Some(match (cipher, scheme) {
        (cenc::Cipher::Aes128, cenc::Scheme::Cenc) => Scheme::Cenc,
        (cenc::Cipher::Aes128, cenc::Scheme::Cens) => Scheme::Cens,
        (cenc::Cipher::Aes128, cenc::Scheme::Cbc1) => Scheme::Cbc1,
        (cenc::Cipher::Aes128, cenc::Scheme::Cbcs) => Scheme::Cbcs,
        (cenc::Cipher::Sm4, cenc::Scheme::Cbc1) => Scheme::Sm4Cbc1,
        (cenc::Cipher::Sm4, cenc::Scheme::Cbcs) => Scheme::Sm4Cbcs,
        (cenc::Cipher::Sm4, _) => return None,
    })
}
