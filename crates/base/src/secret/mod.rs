//! Containers for key material: erased when dropped, silent in `Debug`. And wiping of what is left elsewhere.

mod registers;
mod slab;

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::sync::UNDER_MODEL_CHECKER;
pub use registers::wipe_registers;
pub use slab::{AllocationError, SlabBox};
/// Overwrites `N` bytes of stack below the caller's frame, where functions that have returned left secrets. Those must not
/// have been inlined into the caller.
pub use zeroize::zeroize_stack as burn_stack;

/// Secret bytes of any length. They grow by [`io::Write`] alone, which wipes the buffer that it replaces.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Shortens to `length` bytes; the rest of the buffer is erased at once.
    pub fn truncate(&mut self, length: usize) {
        if let Some(tail) = self.0.get_mut(length..) {
            tail.zeroize();
            self.0.truncate(length);
        }
    }

    /// The bytes as text; `None` if they are not UTF-8. They are not copied.
    pub fn into_string(mut self) -> Option<SecretString> {
        match String::from_utf8(std::mem::take(&mut self.0)) {
            Ok(text) => Some(SecretString(text)),
            Err(fault) => {
                fault.into_bytes().zeroize();
                None
            }
        }
    }
}

impl io::Write for SecretBytes {
    /// Appends. Where the buffer has no room, a larger one takes its place.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let needed = self.0.len() + bytes.len();
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()).max(256));
            larger.extend_from_slice(&self.0);
            std::mem::replace(&mut self.0, larger).zeroize();
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<Vec<u8>> for SecretBytes {
    /// Takes the bytes over without copying them.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for SecretBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

/// Secret text of any length, which does not change.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct SecretString(String);

impl From<String> for SecretString {
    /// Takes the text over without copying it.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for SecretString {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(..)")
    }
}

/// A secret of a fixed length, such as a 16-byte content key.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct SecretArray<const N: usize>([u8; N]);

impl<const N: usize> SecretArray<N> {
    /// All zeros, to be filled in place.
    pub const fn zeroed() -> Self {
        Self([0; N])
    }

    /// Copies `bytes`; `None` if their number is not `N`.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self::zeroed();
        if bytes.len() != N {
            return None;
        }
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }
}

impl<const N: usize> Deref for SecretArray<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for SecretArray<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> fmt::Debug for SecretArray<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretArray(..)")
    }
}

/// Bytes of stack that [`on_clean_stack`] wipes: more than signing and unsealing take, which use the most (35 KiB), and so few
/// that threads with 64 KiB can do it (`c_tests/stack/stack.c`).
const BURNT: usize = match (UNDER_MODEL_CHECKER, cfg!(debug_assertions)) {
    (true, _) => 1024,
    (false, true) => 256 * 1024,
    (false, false) => 40 * 1024,
};

/// Bytes of stack that [`on_clean_stack_of_ciphers`] wipes, which a thread with 32 KiB has.
const BURNT_BY_CIPHERS: usize = match (UNDER_MODEL_CHECKER, cfg!(debug_assertions)) {
    (true, _) => 1024,
    (false, true) => 128 * 1024,
    (false, false) => 20 * 1024,
};

/// Does something with secrets, then overwrites the stack that it has used, and the vector registers. Values that are moved
/// leave copies there, and ciphers leave round keys, which `zeroize` cannot know of; from a register they get into any value
/// with a part that is not initialised.
pub fn on_clean_stack<T>(action: impl FnOnce() -> T) -> T {
    let result = apart(action);
    burn_stack::<BURNT>();
    wipe_registers();
    result
}

/// As [`on_clean_stack`], for what uses ciphers and hashes and no public keys, and needs less stack.
pub fn on_clean_stack_of_ciphers<T>(action: impl FnOnce() -> T) -> T {
    let result = apart(action);
    burn_stack::<BURNT_BY_CIPHERS>();
    wipe_registers();
    result
}

// A frame of its own, which is gone when the stack is burnt.
#[inline(never)]
fn apart<T>(action: impl FnOnce() -> T) -> T {
    action()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", SecretBytes::from(vec![0x41; 4])), "SecretBytes(..)");
        assert_eq!(format!("{:?}", SecretString::from("AAAA".to_owned())), "SecretString(..)");
        assert_eq!(format!("{:?}", SecretArray::from_slice(&[0x41; 4]).unwrap() as SecretArray<4>), "SecretArray(..)");
    }

    #[test]
    fn bytes_shrink_and_pass_on() {
        let mut secret = SecretBytes::from(&b"secret"[..]);
        secret.truncate(9);
        assert_eq!(&*secret, b"secret");
        secret.truncate(3);
        assert_eq!(&*secret.clone().into_string().unwrap(), "sec");
        assert_eq!(SecretBytes::from(vec![0xff]).into_string(), None);
    }

    #[test]
    fn bytes_grow_by_writing() {
        let mut secret = SecretBytes::default();
        let mut expected = Vec::new();
        for length in [0, 1, 255, 1, 300, 5000] {
            secret.write_all(&vec![0x41; length]).unwrap();
            expected.resize(expected.len() + length, 0x41);
            assert_eq!(*secret, expected[..]);
        }
    }

    #[test]
    fn arrays_take_their_own_length_only() {
        assert!(SecretArray::<4>::from_slice(b"123").is_none());
        assert_eq!(*SecretArray::<3>::from_slice(b"123").unwrap(), *b"123");
    }
}
