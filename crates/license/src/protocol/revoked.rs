//! The licenses of a device that its service has revoked, as answers name them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::wire::Id;

/// Licenses that one answer names at most.
pub const MAX_REVOKED: usize = 64;

/// The request option by which a device says that it understands the list. An option, since services of before refuse members that they
/// do not know; a device that does not say so gets answers without a list, as it would refuse the member in its turn.
const OPTION: (&str, &str) = ("revocations", "1");

/// Ids of revoked licenses, at most [`MAX_REVOKED`], none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Id>")]
pub struct Revoked(Vec<Id>);

impl Revoked {
    /// The first [`MAX_REVOKED`] of `ids`, of which there is none twice.
    pub fn of(ids: impl IntoIterator<Item = Id>) -> Self {
        Self(ids.into_iter().take(MAX_REVOKED).collect())
    }

    /// The ids.
    pub fn ids(&self) -> &[Id] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<Id>> for Revoked {
    type Error = &'static str;

    fn try_from(ids: Vec<Id>) -> Result<Self, Self::Error> {
        if ids.len() > MAX_REVOKED {
            return Err("more licenses than an answer may name");
        }
        if ids.iter().collect::<HashSet<_>>().len() != ids.len() {
            return Err("a license that is named twice");
        }
        Ok(Self(ids))
    }
}

impl super::Request {
    /// Says that the device understands lists of revoked licenses.
    pub(super) fn announce_revocations(&mut self) {
        self.options.insert(OPTION.0.into(), OPTION.1.into());
    }

    /// Whether the device understands lists of revoked licenses.
    pub fn takes_revocations(&self) -> bool {
        self.options.get(OPTION.0).is_some_and(|value| value == OPTION.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::wire::{Fixed, from_json, to_json};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Answer {
        #[serde(default, skip_serializing_if = "Revoked::is_empty")]
        revoked: Revoked,
    }

    fn ids(count: u8) -> Vec<Id> {
        (0..count).map(|number| Fixed([number; 16])).collect()
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_none_is_nothing() {
        for count in [0, 1, 64] {
            let answer = Answer { revoked: Revoked::of(ids(count)) };
            let text = to_json(&answer);
            assert_eq!(text == b"{}", count == 0);
            assert_eq!(from_json::<Answer>(&text).unwrap(), answer);
        }
        assert_eq!(Revoked::of(ids(65)), Revoked::of(ids(64)));
    }

    #[test]
    fn lists_of_another_shape_are_refused() {
        let id = "AAAAAAAAAAAAAAAAAAAAAA";
        let of = |ids: &[String]| format!("{{\"revoked\":[{}]}}", ids.join(","));
        let written: Vec<_> = ids(65).iter().map(|id| serde_json::to_string(id).unwrap()).collect();
        for (what, text) in [
            ("too many", of(&written)),
            ("one twice", format!("{{\"revoked\":[\"{id}\",\"{id}\"]}}")),
            ("no list", format!("{{\"revoked\":\"{id}\"}}")),
            ("null", "{\"revoked\":null}".into()),
            ("a number", "{\"revoked\":[1]}".into()),
            ("too short", "{\"revoked\":[\"AAAAAAAAAAAAAAAAAAAA\"]}".into()),
            ("too long", format!("{{\"revoked\":[\"{id}AA\"]}}")),
            ("padded", format!("{{\"revoked\":[\"{id}==\"]}}")),
            ("the list twice", "{\"revoked\":[],\"revoked\":[]}".into()),
        ] {
            assert!(from_json::<Answer>(text.as_bytes()).is_err(), "{what}");
        }
        assert_eq!(from_json::<Answer>(of(&written[..64]).as_bytes()).unwrap().revoked.ids(), ids(64));
    }
}
