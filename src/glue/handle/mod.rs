//! Handles: opaque pointers that encode kind, generation and index of a slot. They are never dereferenced.
//!
//! Looking a handle up takes no lock. The slot knows its live handle, the next one has another generation, so that a stale
//! handle finds nothing, and an object stays in memory while anybody who found it is pinned (`base::rcu`).
//!
//! Each header's file declares the kinds of its own handles with [`kind!`].

mod slots;

pub(crate) use slots::{Free, Kind, SLOTS, Slot};

/// Declares a kind of handle: `Name: opaque C type => object, number, "name for messages"`. No two kinds have the same
/// number.
macro_rules! kind {
    ($(#[$meta:meta])* $kind:ident: $opaque:ty => $object:ty, $number:literal, $name:literal) => {
        $(#[$meta])*
        pub(crate) enum $kind {}

        impl $crate::glue::handle::Kind for $kind {
            type Opaque = $opaque;
            type Object = $object;
            const NUMBER: usize = $number;
            const NAME: &'static str = $name;

            fn slots() -> &'static [$crate::glue::handle::Slot<$object>; $crate::glue::handle::SLOTS] {
                use $crate::glue::handle::{SLOTS, Slot};
                base::sync::statics! {
                    static PLACES: [Slot<$object>; SLOTS] = base::sync::static_array![Slot::empty(); SLOTS];
                }
                &PLACES
            }

            fn free() -> &'static base::sync::Mutex<$crate::glue::handle::Free> {
                use $crate::glue::handle::Free;
                base::sync::statics! {
                    static FREE: base::sync::Mutex<Free> = base::sync::Mutex::new(Free::all());
                }
                &FREE
            }
        }
    };
}
pub(crate) use kind;
