//! WebM and Matroska (RFC 9559), encrypted as the WebM project says.

mod block;
mod decrypt;
mod ebml;
mod tracks;

pub use tracks::{Encryption, Track, parse as parse_tracks};

pub(crate) use decrypt::decrypt;
