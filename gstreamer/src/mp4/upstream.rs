//! The element upstream as a file that is read at any place.

use std::io::{Error, ErrorKind, Result};

use gst::prelude::*;
use media::Input;

/// Reads through a sink pad in pull mode.
pub struct Upstream<'a> {
    pad: &'a gst::Pad,
    length: u64,
    /// Why reading failed.
    pub fault: Option<gst::FlowError>,
}

impl<'a> Upstream<'a> {
    /// A file of `length` bytes.
    pub fn new(pad: &'a gst::Pad, length: u64) -> Self {
        Self { pad, length, fault: None }
    }
}

impl Input for Upstream<'_> {
    fn read(&mut self, _: &mut [u8]) -> Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn skip(&mut self, _: u64) -> Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<()> {
        let mut filled = 0;
        while filled < into.len() {
            let wanted = u32::try_from(into.len() - filled).unwrap_or(u32::MAX);
            let buffer = self.pad.pull_range(offset + filled as u64, wanted).map_err(|fault| {
                self.fault = Some(fault);
                Error::from(ErrorKind::Interrupted)
            })?;
            let map = buffer.map_readable().map_err(Error::other)?;
            let bytes = map.len().min(into.len() - filled);
            if bytes == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            into[filled..filled + bytes].copy_from_slice(&map[..bytes]);
            filled += bytes;
        }
        Ok(())
    }

    fn length(&self) -> Option<u64> {
        Some(self.length)
    }
}
