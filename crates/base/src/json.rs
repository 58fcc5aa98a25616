//! Reading JSON text.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The offset in `text` at which reading it failed: serde_json tells the line (from 1) and the column (bytes, from 1; 0 =
/// before the line's first byte).
pub fn byte_offset(text: &[u8], fault: &serde_json::Error) -> usize {
    let lines_before = text.split_inclusive(|&byte| byte == b'\n').take(fault.line().saturating_sub(1));
    let line_start: usize = lines_before.map(<[u8]>::len).sum();
    (line_start + fault.column().saturating_sub(1)).min(text.len())
}

/// A struct that is read from an object only. By itself, serde takes an array of the members, too.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}
