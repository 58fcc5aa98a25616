//! Samples whose key the key system keeps: it decrypts them. Outside of the way that samples take otherwise.

use super::MediaKeySession;
use crate::error::Result;
use crate::sample::SampleRequest;
use base::rcu::pin;

impl MediaKeySession {
    /// Has the key system decrypt a sample in place, as [`KeyKept`](crate::error::Error::KeyKept) demands, which
    /// [`MediaKeySession::decrypt_sample`] gives for samples that were checked and whose key may be used. Not to be called while
    /// pinned: this takes as long as the key system does.
    ///
    /// # Errors
    /// Those of [`SessionModule::decrypt`](crate::key_system::SessionModule::decrypt);
    /// [`KeySystemFailed`](crate::error::Error::KeySystemFailed).
    #[cold]
    pub fn decrypt_kept(&self, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        let id = request.key_id;
        let sibling = if self.keys.has_usable(id) { None } else { self.sharing_session(id) };
        let module = sibling.as_ref().map_or(&self.module, |sibling| &sibling.module);
        let result = self.host.run(|| module.decrypt(request, data));
        let pin = pin();
        match &result {
            Ok(()) => self.count_sample(&pin, data.len()),
            Err(_) => self.count_error(&pin),
        }
        result
    }
}
