//! Keys and counts of samples that are decrypted together.

use smallvec::SmallVec;

use super::MediaKeySession;
use crate::key_index::same_id;
use crate::key_table::{Key, KeysNow};
use base::rcu::Pin;
use cenc::ContentKey;

/// Keys of siblings that are kept without an allocation.
const INLINE_SHARED: usize = 16;

/// The keys for samples that are decrypted together or not at all.
///
/// Samples are gone through twice. When they are checked, [`BatchKeys::usable`] finds their keys; when they are decrypted,
/// [`BatchKeys::found`] finds the same ones again, whatever has happened to table and licenses meanwhile. So nothing has to be
/// kept for each sample.
pub struct BatchKeys<'g> {
    session: &'g MediaKeySession,
    pin: &'g Pin,
    keys: KeysNow<'g>,
    /// The last one that was found: neighbours have the same key as a rule.
    last: Option<([u8; 16], &'g ContentKey)>,
    /// Those of siblings.
    shared: SmallVec<[([u8; 16], &'g ContentKey); INLINE_SHARED]>,
}

impl MediaKeySession {
    /// The keys for several samples; none once the key system has panicked.
    #[inline(always)]
    pub fn batch_keys<'g>(&'g self, pin: &'g Pin) -> Option<BatchKeys<'g>> {
        self.host.is_alive().then(|| BatchKeys {
            session: self,
            pin,
            keys: self.keys.now(pin),
            last: None,
            shared: SmallVec::new(),
        })
    }

    /// Counts samples that were decrypted together.
    #[inline(always)]
    pub fn count_samples(&self, pin: &Pin, samples: usize, bytes: u64) {
        self.counters.of_thread(pin).count_samples(samples as u64, bytes);
    }
}

impl<'g> BatchKeys<'g> {
    /// The key for a sample that is checked; none if there is anything unusual about it, which
    /// [`MediaKeySession::check_sample`] then tells.
    #[inline(always)]
    pub fn usable(&mut self, id: &[u8; 16]) -> Option<&'g ContentKey> {
        self.find(id, |batch| batch.own(id).and_then(Key::usable).or_else(|| batch.share(id)))
    }

    /// The key that [`BatchKeys::usable`] has found for this id.
    #[inline(always)]
    pub fn found(&mut self, id: &[u8; 16]) -> Option<&'g ContentKey> {
        self.find(id, |batch| {
            let shared = batch.shared.iter().find(|(known, _)| known == id).map(|(_, key)| *key);
            shared.or_else(|| batch.own(id)?.content())
        })
    }

    #[inline(always)]
    fn find(
        &mut self,
        id: &[u8; 16],
        otherwise: impl FnOnce(&mut Self) -> Option<&'g ContentKey>,
    ) -> Option<&'g ContentKey> {
        if let Some((last, key)) = &self.last
            && same_id(last, id)
        {
            return Some(key);
        }
        let key = otherwise(self)?;
        self.last = Some((*id, key));
        Some(key)
    }

    fn own(&self, id: &[u8; 16]) -> Option<&'g Key> {
        self.keys.find(id, self.session.counters.of_thread(self.pin).key_hint())
    }

    /// The key of a sibling, which is kept: it may be another one, or none, when its session is asked once more.
    #[cold]
    #[inline(never)]
    fn share(&mut self, id: &[u8; 16]) -> Option<&'g ContentKey> {
        if let Some((_, key)) = self.shared.iter().find(|(known, _)| known == id) {
            return Some(key);
        }
        let key = self.session.find_key(self.pin, id).ok()?;
        self.shared.push((*id, key));
        Some(key)
    }
}
