//! Which machine this is.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::error::{Error, Result};

/// Where the machine's id is, machine-id(5).
const PATH: &str = "/etc/machine-id";
/// What machine-id(5) calls an application id: nobody else derives the same from a machine's id.
const APPLICATION: [u8; 16] = *b"\x1d\x1f\x0c\x9e\x5a\x7b\x4c\x83\x92\x6f\x4f\x0e\x6a\xd8\x3b\x57";

/// A machine, by an id that is derived from its own, as machine-id(5) demands: the machine's id itself is not kept anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine([u8; 16]);

impl Machine {
    /// This machine; none where `/etc/machine-id` is missing, no file that this process may read, empty, or not initialised yet.
    ///
    /// # Errors
    /// [`Error::Storage`] for anything else that keeps it from being read: that may pass, and then there is an id.
    pub fn this() -> Result<Option<Self>> {
        let text = read(Path::new(PATH));
        let text = text.map_err(|source| Error::Storage { action: "read", path: PATH.into(), source })?;
        Ok(text.and_then(|text| Self::by_id(&text)))
    }

    /// The machine with an id, 32 hexadecimal digits as in `/etc/machine-id`; none if it is no id.
    pub fn by_id(text: &str) -> Option<Self> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let id: [u8; 16] = hex::decode(text).ok()?.try_into().ok()?;
        if id == [0; 16] {
            return None;
        }
        // HMAC-SHA256 of the application's id under the machine's: the first step of HKDF.
        let (derived, _) = Hkdf::<Sha256>::extract(Some(&id), &APPLICATION);
        let mut derived: [u8; 16] = derived.first_chunk().copied()?;
        // A UUID of version 4, as sd_id128_get_machine_app_specific(3) makes it.
        derived[6] = derived[6] & 0x0f | 0x40;
        derived[8] = derived[8] & 0x3f | 0x80;
        Some(Self(derived))
    }

    /// The derived id.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The text of a machine's id; none where there never is one.
fn read(path: &Path) -> io::Result<Option<String>> {
    // Whatever stands there instead of a file, nothing is waited for.
    let file = match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(if file.metadata()?.is_file() { Some(text_of(file)?) } else { None })
}

/// What is more than this is no id, nor is what is no text.
fn text_of(file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_no_file_is_no_id_and_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("id"), "0123456789abcdef0123456789abcdef\n").unwrap();
        fs::write(path("bytes"), [0xff; 100]).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        assert_eq!(read(&path("id")).unwrap().as_deref(), Some("0123456789abcdef0123456789abcdef\n"));
        for name in ["missing", "fifo", "."] {
            assert_eq!(read(&path(name)).unwrap(), None, "{name}");
        }
        assert_eq!(read(&path("bytes")).unwrap().as_deref(), Some(""));
        // Not there, but it might be: a loop of links stands for whatever may pass.
        std::os::unix::fs::symlink("loop", path("loop")).unwrap();
        assert!(read(&path("loop")).is_err());
    }

    /// From `systemd-id128 machine-id --app-specific=1d1f0c9e5a7b4c83926f4f0e6ad83b57`, systemd 252.
    #[test]
    fn it_is_derived_as_systemd_does_it() {
        let machine = Machine::by_id("0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(hex::encode(machine.bytes()), "af8df94fe68e4029a23ca2d5a6550333");
        assert_eq!(Machine::by_id("0123456789abcdef0123456789abcdef"), Some(machine));
        assert_ne!(Machine::by_id("0123456789abcdef0123456789abcdee"), Some(machine));
    }

    #[test]
    fn what_is_no_id_is_no_machine() {
        let zeros = "0".repeat(32);
        for text in
            ["", "\n", "uninitialized\n", "0123", "0123456789abcdef0123456789abcdef0", &zeros, "g".repeat(32).as_str()]
        {
            assert_eq!(Machine::by_id(text), None, "{text:?}");
        }
    }
}
