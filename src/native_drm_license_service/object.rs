//! License services, their handles and their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::glue::args;
use crate::glue::handle::kind;
use base::sync::Mutex;
use license_service::{Endpoint, Sender, Service, SettableClock};

/// Bytes of a license's id.
pub const NATIVE_DRM_LICENSE_ID_LEN: usize = 16;

/// Messages between two tidyings of a service's store.
const TIDY_INTERVAL: u64 = 1024;

/// A license service. A handle: never dereferenced, safe to pass after destruction.
///
/// @since native_drm 0.1
pub struct OH_DrmLicenseService {
    _handle: (),
}

/// What the service answered.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OH_DrmLicenseService_Answer {
    /// The license's id; zeros if the answer is not about a license.
    pub licenseId: [u8; NATIVE_DRM_LICENSE_ID_LEN],
    /// The license's sequence, which rises with each renewal; 0 if the answer is not about a license.
    pub sequence: u64,
    /// HTTP status: 200, or 400 and above for a refusal.
    pub status: u32,
}

// SAFETY: a struct of integers, for which all bits zero is a valid value.
unsafe impl args::Plain for OH_DrmLicenseService_Answer {}

/// What a handle stands for.
pub(crate) struct ServiceObject {
    pub service: Service,
    pub clock: Arc<SettableClock>,
    /// Messages that were answered.
    pub answered: AtomicU64,
    /// The last answer that did not fit, with its message.
    pub waiting: Mutex<Option<(Vec<u8>, Answer)>>,
}

/// An answer to a message.
#[derive(Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub sequence: u64,
    pub license: [u8; NATIVE_DRM_LICENSE_ID_LEN],
    pub body: Vec<u8>,
}

impl ServiceObject {
    /// Answers a message, or gives the answer that did not fit before.
    pub fn answer(&self, message: &[u8]) -> Answer {
        let waiting = self.waiting.lock().take();
        if let Some((former, answer)) = waiting
            && former == message
        {
            return answer;
        }
        // There is nobody else to do it now and then. What fails is in the log, and the next message will tell.
        if self.answered.fetch_add(1, Ordering::Relaxed).is_multiple_of(TIDY_INTERVAL) {
            let _ = self.service.tidy();
        }
        match self.service.handle(message, Endpoint::Any, &Sender::Trusted) {
            Ok(reply) => Answer {
                status: 200,
                sequence: reply.summary.sequence.unwrap_or_default(),
                license: reply.summary.license.map(|id| id.0).unwrap_or_default(),
                body: reply.body,
            },
            Err(refusal) => Answer {
                status: refusal.status(),
                sequence: 0,
                license: Default::default(),
                body: serde_json::to_vec(&refusal).unwrap_or_default(),
            },
        }
    }
}

kind!(
    /// OH_DrmLicenseService handles.
    LicenseServices: OH_DrmLicenseService => ServiceObject, 12, "OH_DrmLicenseService"
);
