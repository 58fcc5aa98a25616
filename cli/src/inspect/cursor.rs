//! Reading a file piece by piece.

use media::{Error, Input};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// An input with some bytes read ahead.
pub struct Cursor<'a> {
    input: &'a mut dyn Input,
    /// Read, but not passed yet.
    ahead: Vec<u8>,
    /// Where `ahead` starts to count in itself.
    from: usize,
    position: u64,
    ended: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(input: &'a mut dyn Input) -> Self {
        Self { input, ahead: Vec::new(), from: 0, position: 0, ended: false }
    }

    /// Where it stands in the file.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next `bytes`, or what there is before the end.
    pub fn peek(&mut self, bytes: usize) -> Result<&[u8], Error> {
        while self.ahead.len() - self.from < bytes && !self.ended {
            self.ahead.drain(..self.from);
            self.from = 0;
            let held = self.ahead.len();
            self.ahead.resize(held + PIECE, 0);
            let read = self.input.read(&mut self.ahead[held..]);
            let read = read.map_err(|fault| Error::Read { offset: self.position + held as u64, fault });
            self.ahead.truncate(held + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
        let held = &self.ahead[self.from..];
        Ok(&held[..bytes.min(held.len())])
    }

    /// Passes over so many bytes; how many there were.
    pub fn skip(&mut self, bytes: u64) -> Result<u64, Error> {
        let held = (self.ahead.len() - self.from) as u64;
        if bytes <= held {
            self.from += bytes as usize;
            self.position += bytes;
            return Ok(bytes);
        }
        self.ahead.clear();
        self.from = 0;
        self.position += held;
        let mut passed = held;
        if let Some(length) = self.input.length() {
            let there = (bytes - held).min(length.saturating_sub(self.position));
            let skipped = self.input.skip(there);
            skipped.map_err(|fault| Error::Read { offset: self.position, fault })?;
            self.position += there;
            return Ok(passed + there);
        }
        while passed < bytes {
            let there = self.peek(1)?.len();
            if there == 0 {
                break;
            }
            let step = ((self.ahead.len() - self.from) as u64).min(bytes - passed);
            self.from += step as usize;
            self.position += step;
            passed += step;
        }
        Ok(passed)
    }

    /// Reads the next `bytes`, or what there is before the end.
    pub fn take(&mut self, bytes: usize) -> Result<Vec<u8>, Error> {
        let taken = self.peek(bytes)?.to_vec();
        self.from += taken.len();
        self.position += taken.len() as u64;
        Ok(taken)
    }

    /// All that is held, at least `bytes` unless the file ends before; and whether it does.
    pub fn held(&mut self, bytes: usize) -> Result<(&[u8], bool), Error> {
        self.peek(bytes)?;
        Ok((&self.ahead[self.from..], self.ended))
    }
}
