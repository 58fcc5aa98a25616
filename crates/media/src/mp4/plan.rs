//! What is decrypted of a movie.

use super::fragment::Fragment;
use super::movie::Movie;
use super::samples::Samples;
use crate::decryptor::Decryptor;
use crate::error::Result;

/// A movie whose tracks become clear, as far as the schemes are known here.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// It says that those tracks are clear.
    pub movie: Movie,
    /// Ids of the tracks that become clear.
    clear: Vec<u32>,
    /// No track stays encrypted.
    pub all: bool,
}

impl Plan {
    /// For the movie box `bytes`, which stands at `offset`.
    pub fn new(bytes: Vec<u8>, offset: u64, decryptor: &mut dyn Decryptor) -> Result<Self> {
        let mut movie = Movie::parse(bytes, offset)?;
        let encrypted = || movie.tracks.iter().filter(|track| track.is_encrypted());
        let is_known = |track: &super::Track| {
            let mut protections = track.entries.iter().filter_map(|entry| entry.protection.as_ref());
            protections.all(|protection| protection.method.is_some() || !protection.is_protected)
        };
        let clear: Vec<u32> = encrypted().filter(|track| is_known(track)).map(|track| track.id).collect();
        let all = encrypted().count() == clear.len();
        let init_data = movie.init_data();
        if !clear.is_empty() && !init_data.is_empty() {
            decryptor.init_data(&init_data, true, offset);
        }
        movie.clear(&clear);
        Ok(Self { movie, clear, all })
    }

    /// The samples of the tracks to be decrypted that the movie box places.
    pub fn samples(&self) -> Result<Vec<Samples>> {
        let tracks = self.movie.tracks.iter().filter(|track| self.clear.contains(&track.id));
        tracks.filter_map(|track| self.movie.samples(track).transpose()).collect()
    }

    /// The movie fragment box `bytes`, which stands at `offset`, with the samples of the tracks to be decrypted.
    pub fn fragment(
        &self,
        bytes: Vec<u8>,
        offset: u64,
        decryptor: &mut dyn Decryptor,
    ) -> Result<(Fragment, Vec<Samples>)> {
        let mut fragment = Fragment::parse(bytes, offset, &self.movie)?;
        let init_data = fragment.init_data();
        if !self.clear.is_empty() && !init_data.is_empty() {
            decryptor.init_data(&init_data, false, offset);
        }
        fragment.clear(&self.clear, self.all);
        let parts = fragment.tracks.iter().filter(|part| self.clear.contains(&part.track.id));
        let samples = parts.map(|part| fragment.samples(part)).collect::<Result<_>>()?;
        Ok((fragment, samples))
    }
}
