//! What is kept in the device store and belongs to the machine.
//!
//! Before what is kept stands a line that says which machine's it is. What has none was kept before there were such lines: the
//! first machine that uses it makes it its own.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::storage::{OfflineStore, StoredKey, StoredStatus};
use base::log;
use base::secret::SecretBytes;

const BOUND: &[u8] = b"native_drm machine ";
/// In the place of a machine's id, where there is none.
const NOBODY: &[u8; 32] = b"--------------------------------";

/// A name for what belongs to somebody beside what has the name itself.
pub(super) fn under(name: &[u8], somebody: &[u8]) -> Vec<u8> {
    [name, b" ", &Sha256::digest(somebody)[..16]].concat()
}

/// What [`find`] finds.
pub(super) struct Found<T> {
    /// What is kept and wanted, and where.
    pub kept: Option<(Vec<u8>, T)>,
    /// The first place with nothing in it; the last one if there is none.
    pub vacant: Vec<u8>,
    /// Whether there is something in every place.
    pub is_full: bool,
    /// The first place with something that cannot be read.
    pub damaged: Option<Vec<u8>>,
    /// What is wrong there.
    pub damage: Option<Error>,
}

/// Looks for what this machine has kept in the first one of some places (at least one) where `read` understands it and wants it.
pub(super) fn find<T>(
    store: &dyn OfflineStore,
    places: Vec<Vec<u8>>,
    machine: Option<Machine>,
    read: impl Fn(&[u8]) -> Result<Option<T>>,
) -> Result<Found<T>> {
    let vacant = places.last().cloned().unwrap_or_default();
    let mut found = Found { kept: None, vacant, is_full: true, damaged: None, damage: None };
    for place in places {
        let stored = match store.get(&place) {
            Ok(None) => {
                if std::mem::take(&mut found.is_full) {
                    found.vacant = place;
                }
                continue;
            }
            stored => stored,
        };
        let kept = stored.and_then(|stored| {
            let payload = stored.as_ref().map_or(&[][..], |stored| &stored.payload);
            let (owner, content) = split(payload);
            match owner {
                Owner::Machine(owner) if machine.as_ref().map(id_of).as_ref() != Some(owner) => Ok(None),
                owner => Ok(read(content)?.map(|content| (content, matches!(owner, Owner::Nobody)))),
            }
        });
        match kept {
            Ok(Some((content, is_nobodys))) => {
                if let Some(machine) = machine.filter(|_| is_nobodys)
                    && let Err(error) = take_over(store, &place, machine)
                {
                    log::warn!("what belongs to the device is not bound to this machine yet: {error}");
                }
                found.kept = Some((place, content));
                return Ok(found);
            }
            Err(error @ (Error::StorageDamaged { .. } | Error::Malformed { .. })) if found.damage.is_none() => {
                (found.damaged, found.damage) = (Some(place), Some(error));
            }
            // Somebody else's, or damaged, too.
            Ok(None) | Err(Error::StorageDamaged { .. } | Error::Malformed { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Keeps something for this machine.
pub(super) fn keep(store: &dyn OfflineStore, place: &[u8], machine: Option<Machine>, content: &[u8]) -> Result<()> {
    store.put_all(&[(place, StoredKey { status: StoredStatus::Usable, payload: bound(machine, content) })])
}

/// Makes what is nobody's this machine's.
fn take_over(store: &dyn OfflineStore, place: &[u8], machine: Machine) -> Result<()> {
    store.update(place, &mut |stored| {
        let (owner, content) = split(&stored.payload);
        let is_nobodys = matches!(owner, Owner::Nobody);
        Ok(is_nobodys.then(|| StoredKey { status: stored.status, payload: bound(Some(machine), content) }))
    })?;
    Ok(())
}

enum Owner<'a> {
    Nobody,
    Machine(&'a [u8; 32]),
}

fn id_of(machine: &Machine) -> [u8; 32] {
    let mut id = *NOBODY;
    // 16 bytes give 32 digits.
    let _ = hex::encode_to_slice(machine.bytes(), &mut id);
    id
}

fn bound(machine: Option<Machine>, content: &[u8]) -> SecretBytes {
    let owner = machine.as_ref().map_or(*NOBODY, id_of);
    SecretBytes::from([BOUND, &owner, b"\n", content].concat())
}

/// Whose it is, and what is kept.
fn split(payload: &[u8]) -> (Owner<'_>, &[u8]) {
    let line = payload.strip_prefix(BOUND).and_then(|rest| rest.split_first_chunk());
    match line.and_then(|(owner, rest)| Some((owner, rest.strip_prefix(b"\n")?))) {
        Some((NOBODY, content)) => (Owner::Nobody, content),
        Some((owner, content)) => (Owner::Machine(owner), content),
        None => (Owner::Nobody, payload),
    }
}
