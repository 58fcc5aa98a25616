//! Access units, which say themselves how they are encrypted.

use super::MediaKeySession;
use crate::error::Result;
use crate::sample::SampleRequest;
use base::rcu::Pin;
use cenc::Pattern;
use cenc::access_unit::AccessUnit;

impl MediaKeySession {
    /// As [`MediaKeySession::decrypt_access_unit`] for what is usual. If there is anything unusual about the unit's key, nothing
    /// happens.
    #[inline(always)]
    pub fn decrypt_unit_at_once(&self, pin: &Pin, unit: &AccessUnit, data: &mut [u8]) -> Option<usize> {
        let counters = self.counters.of_thread(pin);
        let Some(protection) = unit.protection() else {
            self.host.is_alive().then_some(())?;
            counters.count_sample(data.len());
            return Some(data.len());
        };
        let key = self.keys.find(pin, &protection.key_id, counters.key_hint())?.usable()?;
        self.host.is_alive().then_some(())?;
        let sample = protection.sample().ok()?;
        counters.count_sample(data.len());
        Some(unit.decrypt(&sample, key, data))
    }

    /// Decrypts an access unit in place and counts it as a sample, or changes nothing. Returns how many bytes it has
    /// afterwards. A unit without encrypted parts needs no key.
    ///
    /// # Errors
    /// As [`MediaKeySession::check_sample`].
    pub fn decrypt_access_unit(&self, pin: &Pin, unit: &AccessUnit, data: &mut [u8]) -> Result<usize> {
        let length = data.len();
        let request = match unit.protection() {
            None => SampleRequest { method: None, key_id: &[0; 16], iv: &[], pattern: Pattern::NONE, subsamples: &[] },
            Some(protection) => SampleRequest {
                method: Some((protection.cipher, protection.scheme)),
                key_id: &protection.key_id,
                iv: protection.iv(),
                pattern: protection.pattern,
                subsamples: &[],
            },
        };
        // Without subsamples it describes any length, and so every part of the unit.
        let part = self.check_sample(pin, &request, length)?;
        let decrypted = unit.decrypt_with(data, |bytes| part.decrypt(bytes));
        self.count_sample(pin, length);
        Ok(decrypted)
    }
}
