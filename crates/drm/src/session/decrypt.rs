//! The part of a session that samples go through.

use super::MediaKeySession;
use crate::error::{Error, Result};
use crate::events::EventKind;
use crate::key_table::Key;
use crate::sample::{CheckedSample, SampleRequest};
use crate::statistics::DecryptTotals;
use base::rcu::Pin;
use cenc::{ContentKey, Sample};
use init_data::pssh;

impl MediaKeySession {
    /// Decrypts a sample in place and counts it. If there is anything unusual about it or its key, nothing happens, and
    /// [`MediaKeySession::decrypt_sample`] has to look into it: not having to carry a reason makes small samples cheaper.
    #[inline(always)]
    pub fn decrypt_at_once(&self, pin: &Pin, id: &[u8; 16], sample: &Sample<'_>, data: &mut [u8]) -> Option<()> {
        let counters = self.counters.of_thread(pin);
        let key = self.keys.find(pin, id, counters.key_hint())?.usable()?;
        self.host.is_alive().then_some(())?;
        counters.count_sample(data.len());
        sample.decrypt(key, data);
        Some(())
    }

    /// Decrypts a sample in place and counts it, or changes nothing.
    ///
    /// # Errors
    /// As [`MediaKeySession::check_sample`].
    pub fn decrypt_sample(&self, pin: &Pin, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        self.check_sample(pin, request, data.len())?.decrypt(data);
        self.count_sample(pin, data.len());
        Ok(())
    }

    /// Checks a sample and finds its key; nothing is changed yet.
    ///
    /// # Errors
    /// [`Error::Sample`] for a description that contradicts itself; [`Error::NoKey`] if the session does not have the key,
    /// nor a sibling that shares it;
    /// those of [`Key::usable_or_reason`](crate::key_table::Key::usable_or_reason); [`Error::SessionDestroyed`].
    pub fn check_sample<'g>(
        &'g self,
        pin: &'g Pin,
        request: &SampleRequest<'g>,
        length: usize,
    ) -> Result<CheckedSample<'g>> {
        self.host.check()?;
        let Some((cipher, scheme)) = request.method else {
            return Ok(CheckedSample::clear());
        };
        let sample = Sample::new(cipher, scheme, request.iv, request.pattern, request.subsamples, length)?;
        Ok(CheckedSample::protected(sample, self.find_key(pin, request.key_id)?))
    }

    pub(super) fn find_key<'g>(&'g self, pin: &'g Pin, id: &[u8; 16]) -> Result<&'g ContentKey> {
        let hint = self.counters.of_thread(pin).key_hint();
        let own = self.keys.find(pin, id, hint).ok_or_else(|| self.missing(pin, id)).and_then(Key::usable_or_reason);
        own.or_else(|reason| self.shared_key(pin, id, reason))
    }

    #[cold]
    fn missing(&self, pin: &Pin, id: &[u8; 16]) -> Error {
        if self.keys.is_closed(pin) {
            return Error::SessionDestroyed;
        }
        Error::NoKey { key_id: hex::encode(id), reason: "the session does not have it".into() }
    }

    /// Counts a sample that was refused.
    pub fn count_error(&self, pin: &Pin) {
        self.counters.of_thread(pin).count_error();
    }

    /// Counts a sample that was decrypted.
    pub fn count_sample(&self, pin: &Pin, length: usize) {
        self.counters.of_thread(pin).count_sample(length);
    }

    /// Tells listeners, once per key id until it arrives, that a key is missing; later, if a listener lets too much wait. Not
    /// to be called while pinned.
    pub fn announce_missing_key(&self, id: &[u8; 16]) {
        if !self.keys.contains(id) && self.events.has_room() && self.announced.lock().add(id) {
            let init_data = pssh::build(self.host.descriptor().uuid(), &[*id], &[]);
            // The request that follows uses this init data and must not announce the same need again.
            self.announced.lock().add(&init_data);
            self.events.post_occurred(EventKind::KeyRequired, init_data);
        }
    }

    /// What was counted.
    pub fn totals(&self) -> DecryptTotals {
        self.counters.totals()
    }
}
