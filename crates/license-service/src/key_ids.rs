//! Whether the key ids of contents are free, before anything of the contents is added.

use std::collections::HashMap;

use super::Service;
use super::admin::taken;
use super::error::Result;
use super::records::{self, Content};
use super::store::Table;
use license::protocol::Id;

/// A content as it is going to be.
#[derive(Default)]
struct Planned {
    tracks: Vec<Id>,
    groups: Vec<Id>,
    rotating: bool,
    /// Whether the key groups that the store has go.
    replaces: bool,
}

impl Service {
    /// Refuses contents of which one could not be added after those before it.
    pub(super) fn check_key_ids<'a>(&self, contents: impl Iterator<Item = &'a Content>) -> Result<()> {
        let mut planned: HashMap<&[u8], Planned> = HashMap::new();
        let mut owners: HashMap<Id, &[u8]> = HashMap::new();
        for content in contents {
            let id = &content.content_id.0[..];
            let mut plan = match planned.remove(id) {
                Some(plan) => plan,
                None => Planned { rotating: self.is_rotating(content)?, ..Planned::default() },
            };
            // What an earlier catalogue brings for this content goes again, as what the store has.
            for key_id in &plan.tracks {
                owners.remove(key_id);
            }
            if content.key_groups.is_some() {
                for key_id in &plan.groups {
                    owners.remove(key_id);
                }
                plan.groups = content.groups().iter().flat_map(|group| &group.tracks).map(|key| key.key_id).collect();
                (plan.rotating, plan.replaces) = (!plan.groups.is_empty(), true);
            }
            let whole = Content { rotating: plan.rotating, key_groups: None, ..content.clone() };
            plan.tracks = whole.all_tracks(&self.identity.root).into_iter().map(|track| track.key_id).collect();
            let new = if content.key_groups.is_some() { &plan.groups[..] } else { &[] };
            let new: Vec<Id> = plan.tracks.iter().chain(new).copied().collect();
            planned.insert(id, plan);
            for key_id in new {
                let mut other = owners.get(&key_id).map(|owner| owner.to_vec());
                if other.is_none() {
                    other = self.keeper(&key_id, &planned)?;
                }
                if let Some(other) = other {
                    return Err(taken(&key_id, if other == id { "one of its key groups" } else { "another content" }));
                }
                owners.insert(key_id, id);
            }
        }
        Ok(())
    }

    /// The content that has a key id in the store and is going to keep it.
    fn keeper(&self, key_id: &Id, planned: &HashMap<&[u8], Planned>) -> Result<Option<Vec<u8>>> {
        let Some(owner) = self.store.read(Table::KeyId, &key_id.0)? else { return Ok(None) };
        let is_free = match planned.get(&owner[..]) {
            // Its keys are new, but for groups that it keeps.
            Some(plan) => plan.replaces || self.store.read(Table::KeyGroup, &key_id.0)?.is_none(),
            None => false,
        };
        Ok((!is_free).then_some(owner))
    }

    /// Whether a content has no derived keys for key groups that the store has.
    fn is_rotating(&self, content: &Content) -> Result<bool> {
        if content.key_groups.is_some() || !content.tracks.is_empty() {
            return Ok(false);
        }
        let known = records::content(&*self.store, &self.vault, &content.content_id.0)?;
        Ok(known.is_some_and(|known| known.rotating))
    }
}
