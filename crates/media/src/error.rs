//! Why a file cannot be read or decrypted.

use std::io;

/// What this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What this crate fails with. Each is one sentence that names the place in the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file contradicts its format, or itself.
    #[error("{place} at byte {offset}: {reason}")]
    Malformed {
        /// The box with those around it, such as `moov/trak/mdia`, or the element.
        place: String,
        /// Where that starts in the file.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The file ends too early.
    #[error("the file ends at byte {end}, inside of {what} at byte {offset}")]
    Ends {
        /// Where it ends.
        end: u64,
        /// What is not complete.
        what: String,
        /// Where that starts.
        offset: u64,
    },
    /// No key was given for a sample.
    #[error("track {track}, sample {sample} at byte {offset}: the key for key id {key_id} was not given")]
    MissingKey {
        /// The key id in hexadecimal digits.
        key_id: String,
        /// The track's number in the file.
        track: u64,
        /// The sample's number in the track, or in the track's part of a fragment, from 1.
        sample: u64,
        /// Where the sample starts in the file.
        offset: u64,
    },
    /// What has the keys refused to decrypt, or was interrupted. The sentence is its own.
    #[error("track {track}, sample {sample} at byte {offset}: {reason}")]
    Refused {
        /// The track's number in the file.
        track: u64,
        /// The sample's number in the track, or in the track's part of a fragment, from 1.
        sample: u64,
        /// Where the sample starts in the file.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// The file is encrypted in a way that is not known here, or is of a kind that is not.
    #[error("{0}")]
    Unsupported(String),
    /// A stream is encrypted with SAMPLE-AES, whose IV it does not name. Says where that was found.
    #[error(
        "{0}: it is encrypted with SAMPLE-AES, and the IV was not given: attribute IV of EXT-X-KEY in the playlist"
    )]
    NoIv(String),
    /// The data is not where a pipe can give it.
    #[error("{0}: this needs a file, not a pipe")]
    NeedsFile(String),
    /// Reading failed.
    #[error("reading at byte {offset} failed: {fault}")]
    Read {
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        fault: io::Error,
    },
    /// Writing failed.
    #[error("writing failed: {0}")]
    Write(#[source] io::Error),
    /// There is no memory for keys that core dumps leave out.
    #[error(transparent)]
    Memory(#[from] cenc::Error),
}
