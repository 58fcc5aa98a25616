//! What threads meet in: atomics, locks, time, threads, statics. The crates take them from here, so that the model
//! checker [loom](https://docs.rs/loom) can have them.
//!
//! As a rule these are the standard library's, `parking_lot`'s and `once_cell`'s own, re-exported. With `--cfg loom`, which the
//! tests in `tests/model` set, they are loom's, which runs a test in every interleaving. This module is the only place with
//! that `cfg`. All threads of the library are started by `thread::spawn` and
//! `thread::spawn_caller`.
//!
//! What loom need not see stays away from here, because each operation that it sees multiplies the interleavings: counters
//! whose order nobody relies on, and locks under which nothing happens that loom sees. A lock of another kind must be one of
//! these: loom's threads are coroutines of a single thread, and that would wait for itself.

pub mod cancellation;
#[cfg(not(loom))]
mod fence;
#[cfg(not(loom))]
mod machine;
#[cfg(loom)]
pub mod model;
#[cfg(not(loom))]
mod process_byte;
#[cfg(not(loom))]
pub mod thread;

#[cfg(not(loom))]
pub use machine::*;
#[cfg(loom)]
pub use model::exports::*;

pub use crate::{const_fn, static_array, statics};

/// Statics as they are written without the macro; loom makes them anew for each interleaving.
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! statics {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$attribute])* $visibility static $name: $type = $value;)*
    };
}

/// Statics as they are written without the macro; loom makes them anew for each interleaving.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! statics {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $value:expr;)*) => {
        $(
            #[allow(non_camel_case_types, dead_code, missing_docs)]
            $visibility struct $name {
                private: (),
            }

            $(#[$attribute])*
            $visibility static $name: $name = $name { private: () };

            impl ::core::ops::Deref for $name {
                type Target = $type;

                fn deref(&self) -> &$type {
                    static VALUE: $crate::sync::model::Lazy<$type> =
                        $crate::sync::model::Lazy { init: || $value, _p: ::core::marker::PhantomData };
                    VALUE.get()
                }
            }
        )*
    };
}

/// A `const fn` as it is written without the macro; loom's types cannot be made at compile time.
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $name:ident() -> $type:ty $body:block) => {
        $(#[$attribute])*
        $visibility const fn $name() -> $type $body
    };
}

/// A `const fn` as it is written without the macro; loom's types cannot be made at compile time.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $name:ident() -> $type:ty $body:block) => {
        $(#[$attribute])*
        $visibility fn $name() -> $type $body
    };
}

/// The value of a static array, made by a [`const_fn`].
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! static_array {
    ($value:expr; $length:expr) => {
        [const { $value }; $length]
    };
}

/// The value of a static array, made by a [`const_fn`].
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! static_array {
    ($value:expr; $length:expr) => {
        ::std::array::from_fn::<_, { $length }, _>(|_| $value)
    };
}
