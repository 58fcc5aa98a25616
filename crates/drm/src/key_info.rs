//! What is said about a key without the key itself: its id, its status, what decrypts may do with it.

pub use license::policy::KeyStatus;

/// A key and its status as a key change reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Key id.
    pub id: Vec<u8>,
    /// Status.
    pub status: KeyStatus,
}

/// What decrypts may do with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// What its status says.
    Settled(KeyStatus),
    /// Use it once the first use of its license has been recorded; the status is [`KeyStatus::Usable`].
    Unused,
    /// Use it once its license has been looked at: this process is a child after fork(), and who looked before is not in it.
    Unknown,
}

impl KeyState {
    /// As the status that is told to programs.
    pub fn status(self) -> KeyStatus {
        match self {
            Self::Settled(status) => status,
            Self::Unused => KeyStatus::Usable,
            Self::Unknown => KeyStatus::Pending,
        }
    }

    /// The state as a number; 0 is the one that fork() makes of every other.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Settled(status) => status as u8 + 1,
            Self::Unused => u8::MAX,
        }
    }

    /// The state that has that number.
    pub(crate) fn by_number(number: u8) -> Self {
        let Some(status) = usize::from(number).checked_sub(1) else { return Self::Unknown };
        KeyStatus::ALL.get(status).map_or(Self::Unused, |status| Self::Settled(*status))
    }
}

/// A key id as events carry it: 16 bytes, padded with zeros or cut.
pub fn fixed_id(id: &[u8]) -> [u8; 16] {
    let mut fixed = [0; 16];
    let length = id.len().min(fixed.len());
    fixed[..length].copy_from_slice(&id[..length]);
    fixed
}
