//! Copying a file group by group.

use std::io::Write;

use crate::error::{Error, Result};
use crate::input::Input;

/// Bytes that are read, worked on and written at a time: what stays in a cache of the second level.
const GROUP: usize = 256 << 10;
/// Samples of more bytes are refused: all of a sample is in memory.
pub(crate) const LARGEST_SAMPLE: u32 = 16 << 20;

/// Reads an input from its beginning to its end, and writes what comes of it.
pub(crate) struct Copier<'a> {
    pub input: &'a mut dyn Input,
    output: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    /// Where the next byte is in the file that was not written yet.
    pub position: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read.
    filled: usize,
}

impl<'a> Copier<'a> {
    pub fn new(input: &'a mut dyn Input, output: &'a mut dyn Write, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self { input, output, progress, position: 0, buffer: vec![0; GROUP], filled: 0 }
    }

    /// Writes `bytes`, which stand for as many of the input that were read already.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(Error::Write)?;
        self.position += bytes.len() as u64;
        (self.progress)(self.position);
        Ok(())
    }

    /// Reads more behind what is held; false at the end.
    pub fn fetch(&mut self) -> Result<bool> {
        if self.buffer.len() < self.filled + GROUP {
            self.buffer.resize(self.filled + GROUP, 0);
        }
        let offset = self.position + self.filled as u64;
        let read = self.input.read(&mut self.buffer[self.filled..]);
        let read = read.map_err(|fault| Error::Read { offset, fault })?;
        self.filled += read;
        Ok(read > 0)
    }

    /// What was read and not written yet, from the position on.
    pub fn held(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.filled]
    }

    /// Writes the first `bytes` of what is held.
    pub fn release(&mut self, bytes: usize) -> Result<()> {
        self.output.write_all(&self.buffer[..bytes]).map_err(Error::Write)?;
        self.position += bytes as u64;
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        (self.progress)(self.position);
        Ok(())
    }

    /// Ends.
    pub fn flush(&mut self) -> Result<()> {
        self.output.flush().map_err(Error::Write)
    }

    /// Copies up to `end`, or to the end of the file. `work` gets what was read, from the current position on, and changes
    /// it; it returns how much of that can be written, and how many bytes it must see at once to get on, if that is nothing.
    ///
    /// `what` is what the file ends in if it ends too early, and where that starts.
    pub fn copy(
        &mut self,
        end: Option<u64>,
        what: &dyn Fn() -> (String, u64),
        mut work: impl FnMut(&mut dyn Input, u64, &mut [u8]) -> Result<Step>,
    ) -> Result<()> {
        let mut wanted = GROUP;
        loop {
            let left = end.map_or(u64::MAX, |end| end - self.position);
            if left == 0 {
                return Ok(());
            }
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
            if self.buffer.len() < most {
                self.buffer.resize(most, 0);
            }
            let mut ended = false;
            while self.filled < most {
                let offset = self.position + self.filled as u64;
                let read = self.input.read(&mut self.buffer[self.filled..most]);
                match read.map_err(|fault| Error::Read { offset, fault })? {
                    0 => {
                        ended = true;
                        break;
                    }
                    read => self.filled += read,
                }
            }
            if ended && end.is_some() {
                let (what, offset) = what();
                return Err(Error::Ends { end: self.position + self.filled as u64, what, offset });
            }
            if self.filled == 0 {
                return Ok(());
            }
            match work(self.input, self.position, &mut self.buffer[..self.filled])? {
                Step::Write(bytes) => {
                    self.release(bytes)?;
                    wanted = GROUP.max(self.filled);
                }
                Step::Need { bytes, what, offset } => {
                    let reaches = end.is_some_and(|end| self.position + bytes as u64 > end);
                    if ended || reaches {
                        let end = end.unwrap_or(self.position + self.filled as u64);
                        return Err(Error::Malformed {
                            place: what,
                            offset,
                            reason: format!("it goes beyond the end of the data at byte {end}"),
                        });
                    }
                    wanted = bytes;
                }
            }
        }
    }
}

/// What to do with what was read.
pub(crate) enum Step {
    /// So many bytes are ready.
    Write(usize),
    /// So many are needed at once, for what is named.
    Need { bytes: usize, what: String, offset: u64 },
}
