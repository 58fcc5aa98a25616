//! From a sample that was checked back to its description in C, for key systems that decrypt themselves.

use super::description::{
    DRM_CENC_SCHEME_CBC1, DRM_CENC_SCHEME_CBCS, DRM_CENC_SCHEME_CENC, DRM_CENC_SCHEME_CENS, DRM_SampleInfo,
};
use crate::native_cencinfo::{DRM_KEY_IV_SIZE, DrmCencAlgorithm, DrmSubsample};
use cenc::{Cipher, Scheme};
use drm::error::{Error, Result};
use drm::sample::SampleRequest;

/// The description. It names the request's subsamples, and must not outlive them.
pub(crate) fn describe_request(request: &SampleRequest<'_>) -> Result<DRM_SampleInfo> {
    let too_long = |_| Error::Refused("more than 4 GiB of subsamples".into());
    let mut iv = [0; DRM_KEY_IV_SIZE];
    for (target, byte) in iv.iter_mut().zip(request.iv) {
        *target = *byte;
    }
    let (algorithm, scheme) = match request.method {
        None => (DrmCencAlgorithm::DRM_ALG_CENC_UNENCRYPTED, DRM_CENC_SCHEME_CENC),
        Some((cipher, scheme)) => {
            let (ctr, number) = match scheme {
                Scheme::Cenc => (true, DRM_CENC_SCHEME_CENC),
                Scheme::Cens => (true, DRM_CENC_SCHEME_CENS),
                Scheme::Cbc1 => (false, DRM_CENC_SCHEME_CBC1),
                Scheme::Cbcs => (false, DRM_CENC_SCHEME_CBCS),
            };
            let algorithm = match (cipher, ctr) {
                (Cipher::Aes128, true) => DrmCencAlgorithm::DRM_ALG_CENC_AES_CTR,
                (Cipher::Aes128, false) => DrmCencAlgorithm::DRM_ALG_CENC_AES_CBC,
                (Cipher::Sm4, true) => DrmCencAlgorithm::DRM_ALG_CENC_SM4_CTR,
                (Cipher::Sm4, false) => DrmCencAlgorithm::DRM_ALG_CENC_SM4_CBC,
            };
            (algorithm, number)
        }
    };
    Ok(DRM_SampleInfo {
        structSize: u32::try_from(size_of::<DRM_SampleInfo>()).unwrap_or(u32::MAX),
        algorithm: algorithm.into(),
        scheme,
        ivLen: u32::try_from(request.iv.len()).unwrap_or(u32::MAX),
        keyId: *request.key_id,
        iv,
        cryptByteBlock: request.pattern.crypt,
        skipByteBlock: request.pattern.skip,
        subsampleCount: u32::try_from(request.subsamples.len()).map_err(too_long)?,
        reserved: 0,
        // The same layout: `sample` asserts it.
        subsamples: request.subsamples.as_ptr().cast::<DrmSubsample>(),
    })
}
