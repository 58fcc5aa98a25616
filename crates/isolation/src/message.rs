//! What a player and the host process of its key system say to each other.
//!
//! Sessions are known by a number that the host gives them. Enums of C are numbers, which whoever receives them checks.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of what is defined here. Both sides come from one release; this tells an installation that is mixed.
pub const PROTOCOL: u32 = 1;

/// Bytes of a message at most.
pub const MAX_MESSAGE: usize = 16 << 20;

/// What a host is started for: the first message, which comes with descriptors.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup<'a> {
    /// [`PROTOCOL`] of the player.
    pub protocol: u32,
    /// The version of the player's library.
    pub version: &'a str,
    /// The key system's name.
    pub name: &'a str,
    /// The limit of log messages, as a number.
    pub log_level: u8,
    /// Paths of plugins that the program has loaded by name.
    #[serde(borrow)]
    pub plugins: Vec<&'a [u8]>,
}

/// The answer to [`Setup`].
#[derive(Debug, Serialize, Deserialize)]
pub enum Ready {
    /// The instance is there.
    Created(Facts),
    /// It is not.
    Failed(Failure),
}

/// What a player has to know of its key system.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Names of MIME types that requests may have.
    pub mime_types: Vec<String>,
    /// How many instances there may be.
    pub systems: u32,
}

/// Why something was not done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The code that the C function returns.
    pub code: u32,
    /// In words.
    pub message: String,
    /// Which of several samples it is about.
    pub index: Option<u32>,
    /// How much room an answer needs.
    pub needed: Option<u32>,
}

/// What a player asks for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Sets a configuration string.
    SetString(&'a str, &'a str),
    /// Answered by [`Reply::Text`].
    GetString(&'a str),
    /// Sets a configuration byte array.
    SetBytes(&'a str, &'a [u8]),
    /// Answered by [`Reply::Bytes`].
    GetBytes(&'a str),
    /// Answered by [`Reply::Rows`].
    Statistics,
    /// Answered by [`Reply::Number`].
    MaximumLevel,
    /// Answered by [`Reply::Message`].
    KeySystemRequest,
    /// Tells listeners that the program asked to be provisioned.
    AnnounceProvisioning,
    /// A provisioning response.
    KeySystemResponse(&'a [u8]),
    /// Answered by [`Reply::Number`].
    CertificateStatus,
    /// Answered by [`Reply::Ids`].
    OfflineIds,
    /// Answered by [`Reply::Number`].
    OfflineStatus(&'a [u8]),
    /// Deletes an offline key.
    ClearOffline(&'a [u8]),
    /// A session at a level; answered by [`Reply::Session`].
    CreateSession(u32),
    /// Which session has a key now; answered by [`Reply::Session`].
    FindSession([u8; 16]),
    /// Sets a virtual clock.
    SetClock(i64),
    /// Lets time pass on it, asleep or not.
    AdvanceClock(u64, bool),
    /// Whether events of the instance are to be sent from now on.
    Listen(bool),
    /// Ends the instance.
    Close,
    /// Something about a session.
    Session(u64, #[serde(borrow)] SessionRequest<'a>),
}

/// What a player asks of a session.
#[derive(Debug, Serialize, Deserialize)]
pub enum SessionRequest<'a> {
    /// Answered by [`Reply::Message`].
    KeyRequest(#[serde(borrow)] KeyRequest<'a>),
    /// A license, and how much room there is for its id; none = the program gave a negative length. Answered by
    /// [`Reply::Bytes`].
    KeyResponse(&'a [u8], Option<u32>),
    /// Answered by [`Reply::Rows`].
    Status,
    /// Removes all keys.
    Clear,
    /// Answered by [`Reply::Bytes`].
    ReleaseRequest(&'a [u8]),
    /// An id and the acknowledgement of its release.
    ReleaseResponse(&'a [u8], &'a [u8]),
    /// Restores an offline key.
    Restore(&'a [u8]),
    /// Answered by [`Reply::Number`].
    Level,
    /// Answered by [`Reply::Flag`].
    SecureDecoder(&'a str),
    /// Answered by [`Reply::Text`], JSON.
    Explain,
    /// Whether events of the session are to be sent from now on.
    Listen(bool),
    /// Whether too many events of the session wait for a listener, in the player.
    Full(bool),
    /// Ends the session.
    Close,
    /// Decrypts a sample in shared memory.
    Decrypt(Sample),
    /// Decrypts several, or none; or only says whether that could be done.
    DecryptAll(Vec<Sample>, bool),
    /// Decrypts an access unit in shared memory; answered by [`Reply::Unit`].
    DecryptUnit(Box<Unit>),
}

/// A media key request that is to be made.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyRequest<'a> {
    /// Whether the keys are to be stored.
    pub offline: bool,
    /// Init data.
    pub init_data: &'a [u8],
    /// MIME type.
    pub mime_type: &'a str,
    /// Options: names and values.
    #[serde(borrow)]
    pub options: Vec<(&'a [u8], &'a [u8])>,
}

/// A place in shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
}

/// An id or IV of 16 bytes, which is sent in one piece; an array would be sent as 16 things. Batches have two for each sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block(pub [u8; 16]);

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::invalid_length(bytes.len(), &"16 bytes"))
    }
}

/// A sample and how it is encrypted, as `DRM_SampleInfo` has it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Where it is.
    pub place: Place,
    /// `DrmCencAlgorithm`.
    pub algorithm: u32,
    /// `DRM_CENC_SCHEME_...`.
    pub scheme: u32,
    /// Bytes of the IV.
    pub iv_length: u32,
    /// IV.
    pub iv: Block,
    /// Key id.
    pub key_id: Block,
    /// Pattern: encrypted and skipped blocks.
    pub pattern: (u32, u32),
    /// Clear and encrypted bytes.
    pub subsamples: Vec<(u32, u32)>,
}

/// An access unit, as `DRM_AccessUnitInfo` has it, and what was found in those before.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unit {
    /// Where it is.
    pub place: Place,
    /// `DRM_ACCESS_UNIT_...`.
    pub format: u32,
    /// Bytes of the length in front of NAL units.
    pub nal_length_size: u32,
    /// Algorithm.
    pub algorithm: u32,
    /// Key id.
    pub key_id: Block,
    /// IV.
    pub iv: Block,
    /// See above.
    pub state: UnitState,
}

/// As `DRM_AccessUnitState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// `DRM_ACCESS_UNIT_HAS_...`.
    pub flags: u32,
    /// Algorithm.
    pub algorithm: u32,
    /// Bytes of the IV.
    pub iv_length: u32,
    /// Key id.
    pub key_id: Block,
    /// Key id of the next units.
    pub next_key_id: Block,
    /// IV.
    pub iv: Block,
}

/// What a host answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// Done.
    Done,
    /// Not done.
    Failed(Failure),
    /// See [`Request`].
    Text(String),
    /// See [`Request`].
    Bytes(Vec<u8>),
    /// Names and values.
    Rows(Vec<(String, String)>),
    /// See [`Request`].
    Number(u32),
    /// See [`Request`].
    Flag(bool),
    /// Ids of offline keys.
    Ids(Vec<Vec<u8>>),
    /// A session's number.
    Session(u64),
    /// A message for a server: its type, the message, where to send it.
    Message(u32, Vec<u8>, String),
    /// The state after an access unit, if the format has one, and how much of the unit is left.
    Unit(Option<UnitState>, u32),
}

/// What a host says unasked.
#[derive(Debug, Serialize, Deserialize)]
pub enum Notice {
    /// An event of the instance (none) or of a session.
    Event(Option<u64>, Event),
    /// A session has got keys.
    KeysArrived,
    /// A log message and its level.
    Log(u8, String),
}

/// What listeners are told.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    /// Something happened: `DRM_EventType`, data, a number.
    Occurred(u32, Vec<u8>, i64),
    /// The status of keys: ids and statuses, and whether a key became usable.
    KeysChanged(Vec<(Vec<u8>, u8)>, bool),
}
