//! Where a file comes from: storage, which can be read anywhere, or a pipe.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;

/// Bytes that a pipe is read ahead for what stands behind the data that it describes, at most.
const MOST_AHEAD: usize = 4 << 20;

/// A file that is read once from its beginning to its end.
pub trait Input {
    /// Reads the next bytes; 0 at the end only.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Passes over the next `bytes`. Fewer are there if the file ends.
    ///
    /// # Errors
    /// What the system says.
    fn skip(&mut self, bytes: u64) -> io::Result<()>;

    /// Reads bytes at any place, from `offset`, without changing what [`read`](Self::read) reads next.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where this input cannot; [`ErrorKind::UnexpectedEof`] past its end; what the system says.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// Reads the first bytes of the file without passing them; fewer only if it has fewer. To be called before anything is read.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::Unsupported`] for inputs that are no whole file.
    fn start(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Bytes of the whole file; none if that is not known.
    fn length(&self) -> Option<u64>;
}

/// A file in storage, or a part of one.
#[derive(Debug)]
pub struct FileInput {
    file: File,
    /// Where the part starts in the file.
    start: u64,
    position: u64,
    length: u64,
}

impl FileInput {
    /// Reads `file` from its beginning.
    ///
    /// # Errors
    /// If its length cannot be told.
    pub fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, start: 0, position: 0, length })
    }

    /// Reads `length` bytes of `file` from `start` on; places count from there.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] if the file is shorter; if its length cannot be told.
    pub fn part(file: File, start: u64, length: u64) -> io::Result<Self> {
        if start.checked_add(length).is_none_or(|end| end > i64::MAX as u64) || start + length > file.metadata()?.len()
        {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Self { file, start, position: 0, length })
    }

    /// Bytes that are left of `wanted` at `position`: a part ends where it ends, a file where it ends now.
    fn most(&self, wanted: usize) -> usize {
        let left = self.length.saturating_sub(self.position);
        wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
    }
}

impl Input for FileInput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.most(into.len());
        loop {
            match self.file.read_at(&mut into[..most], self.start + self.position) {
                Ok(bytes) => {
                    self.position += bytes as u64;
                    return Ok(bytes);
                }
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.position = self.position.saturating_add(bytes);
        Ok(())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(into.len() as u64).is_none_or(|end| end > self.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(into, self.start + offset)
    }

    fn start(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = into.len().min(usize::try_from(self.length).unwrap_or(usize::MAX));
        self.file.read_exact_at(&mut into[..bytes], self.start)?;
        Ok(bytes)
    }

    fn length(&self) -> Option<u64> {
        Some(self.length)
    }
}

/// A pipe, or anything else that can be read once.
#[derive(Debug)]
pub struct StreamInput<R> {
    reader: R,
    position: u64,
    /// Bytes from `position` that were read already.
    ahead: Vec<u8>,
}

impl<R: Read> StreamInput<R> {
    /// Reads what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self { reader, position: 0, ahead: Vec::new() }
    }
}

impl<R: Read> Input for StreamInput<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = if self.ahead.is_empty() {
            loop {
                match self.reader.read(into) {
                    Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                    other => break other?,
                }
            }
        } else {
            let bytes = into.len().min(self.ahead.len());
            into[..bytes].copy_from_slice(&self.ahead[..bytes]);
            self.ahead.drain(..bytes);
            bytes
        };
        self.position += bytes as u64;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let mut left = bytes;
        let mut waste = [0; 4096];
        while left > 0 {
            let most = waste.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match self.read(&mut waste[..most])? {
                0 => break,
                read => left -= read as u64,
            }
        }
        Ok(())
    }

    /// Reads ahead, up to 4 MiB.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let from = offset.checked_sub(self.position).and_then(|from| usize::try_from(from).ok());
        let end = from.and_then(|from| from.checked_add(into.len())).filter(|&end| end <= MOST_AHEAD);
        let (Some(from), Some(end)) = (from, end) else { return Err(ErrorKind::Unsupported.into()) };
        if self.ahead.len() < end {
            let missing = (end - self.ahead.len()) as u64;
            if self.reader.by_ref().take(missing).read_to_end(&mut self.ahead)? as u64 != missing {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        into.copy_from_slice(&self.ahead[from..end]);
        Ok(())
    }

    fn start(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let missing = into.len().saturating_sub(self.ahead.len()) as u64;
        self.reader.by_ref().take(missing).read_to_end(&mut self.ahead)?;
        let bytes = into.len().min(self.ahead.len());
        into[..bytes].copy_from_slice(&self.ahead[..bytes]);
        Ok(bytes)
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

/// Reads ahead of where an input is.
pub(crate) struct Ahead<'a> {
    input: &'a mut dyn Input,
    at: u64,
    tells_length: bool,
}

impl<'a> Ahead<'a> {
    /// From `at`. A box that goes beyond the end of the file is an error.
    pub fn exact(input: &'a mut dyn Input, at: u64) -> Self {
        Self { input, at, tells_length: true }
    }

    /// From `at`, in a file that may be cut.
    pub fn new(input: &'a mut dyn Input, at: u64) -> Self {
        Self { input, at, tells_length: false }
    }
}

impl Input for Ahead<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.input.length().unwrap_or(u64::MAX).saturating_sub(self.at);
        let bytes = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.input.read_at(self.at, &mut into[..bytes])?;
        self.at += bytes as u64;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.at = self.at.saturating_add(bytes);
        Ok(())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.input.read_at(offset, into)
    }

    fn length(&self) -> Option<u64> {
        self.input.length().filter(|_| self.tells_length)
    }
}
