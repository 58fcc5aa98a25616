//! The segments of a playlist, which are a file when they stand one behind the other.

use std::io::Write;

use crate::copy::Copier;
use crate::decrypt::{Container, Options, Report, decrypt, start};
use crate::error::{Error, Result};
use crate::input::Input;
use crate::keys::Keys;
use crate::mp4;

/// Decrypts segments in their order. Each of them is an input of its own, in which places count from its beginning.
pub struct Segments<'a> {
    keys: &'a Keys,
    container: Option<Container>,
    /// Of MP4: what the initialization section said.
    begun: Option<mp4::Begun>,
}

impl<'a> Segments<'a> {
    /// None yet.
    pub fn new(keys: &'a Keys) -> Self {
        Self { keys, container: None, begun: None }
    }

    /// What they are, as soon as there was one.
    pub fn container(&self) -> Option<Container> {
        self.container
    }

    /// Decrypts the next segment, or the initialization section in front of the first one, and writes it to `output`.
    ///
    /// # Errors
    /// As [`decrypt`](crate::decrypt); if it is of another container than those before it.
    pub fn add(
        &mut self,
        input: &mut dyn Input,
        output: &mut dyn Write,
        options: &Options,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Report> {
        let found = Container::of(start(input, &mut [0; 1024])?);
        if let (Some(before), Some(found)) = (self.container, found)
            && before != found
        {
            return Err(Error::Unsupported(format!("this is {found}, and what is before it is {before}")));
        }
        self.container = found.or(self.container);
        match self.container {
            Some(Container::Mp4) => {
                mp4::decrypt_part(Copier::new(input, output, progress), self.keys, options, &mut self.begun)
            }
            _ => decrypt(input, output, self.keys, options, progress),
        }
    }
}
