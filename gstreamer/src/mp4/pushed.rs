//! Bytes that are pushed: through the reader, and to a movie box behind the data and back.

use gst::prelude::*;
use gst::subclass::prelude::*;
use media::Error;
use media::mp4::Stream;

use super::decryption::Decryption;
use super::imp::{NativeDrmMp4, Reading};
use super::search::Search;

impl NativeDrmMp4 {
    pub(super) fn chain(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.lock_search().is_some() {
            return self.go_on_searching(&buffer).map(|()| gst::FlowSuccess::Ok);
        }
        let mut first = Some(&buffer);
        {
            let map = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
            let mut reading = self.lock();
            let Reading::Pushed(stream) = &mut *reading else { return Err(gst::FlowError::Flushing) };
            if buffer.flags().contains(gst::BufferFlags::DISCONT) && self.is_by_time() {
                // Fragments of an adaptive stream: what was not complete will not become it.
                let position = stream.position();
                stream.seek(position).map_err(|fault| self.report(&fault, None))?;
            }
            stream.push(&map);
        }
        loop {
            let mut is_behind = false;
            let next = self.next(|stream, decryptor| match stream.pull(decryptor) {
                Err(Error::NeedsFile(_)) if stream.behind_data().is_some() && self.is_seekable() => {
                    is_behind = true;
                    Ok(None)
                }
                next => next,
            });
            match next? {
                Some(clear) => self.push(clear, first.take())?,
                None if is_behind => return self.look_behind_data(),
                None => return Ok(gst::FlowSuccess::Ok),
            }
        }
    }

    fn next(
        &self,
        pull: impl FnOnce(&mut Stream, &mut dyn media::Decryptor) -> media::Result<Option<Vec<u8>>>,
    ) -> Result<Option<gst::Buffer>, gst::FlowError> {
        let mut reading = self.lock();
        let Reading::Pushed(stream) = &mut *reading else { return Err(gst::FlowError::Flushing) };
        let element = self.obj();
        let mut decryption = Decryption::new(element.upcast_ref(), &self.keys);
        let offset = stream.position();
        let clear = pull(stream, &mut decryption).map_err(|fault| self.report(&fault, decryption.failure))?;
        Ok(clear.map(|clear| {
            let end = offset + clear.len() as u64;
            let mut buffer = gst::Buffer::from_mut_slice(clear);
            if let Some(buffer) = buffer.get_mut() {
                buffer.set_offset(offset);
                buffer.set_offset_end(end);
            }
            buffer
        }))
    }

    /// Pushes clear bytes, the first of those that came of `from`.
    pub(super) fn push(&self, mut clear: gst::Buffer, from: Option<&gst::Buffer>) -> Result<(), gst::FlowError> {
        if let (Some(from), Some(clear)) = (from, clear.get_mut()) {
            clear.set_pts(from.pts());
            clear.set_dts(from.dts());
            clear.set_flags(from.flags() & (gst::BufferFlags::DISCONT | gst::BufferFlags::HEADER));
        }
        self.src.push(clear).map(drop)
    }

    /// Whether upstream counts in time: the parts of an adaptive stream, not the bytes of a file.
    fn is_by_time(&self) -> bool {
        let segment = self.sink.sticky_event::<gst::event::Segment>(0);
        segment.is_some_and(|segment| segment.segment().format() == gst::Format::Time)
    }

    /// What is left at the end; or a warning if that was not complete, or nothing if it was an error and reported.
    pub(super) fn rest(&self) -> Result<Option<gst::Buffer>, Option<String>> {
        let mut warning = None;
        let left = self.next(|stream, decryptor| match stream.finish(decryptor) {
            Err(fault @ Error::Ends { .. }) => {
                warning = Some(fault.to_string());
                Ok(None)
            }
            done => done,
        });
        match (left, warning) {
            (_, Some(warning)) => Err(Some(warning)),
            (Ok(left), None) => Ok(left),
            (Err(_), None) => Err(None),
        }
    }

    /// Has upstream go on at `offset`, for this element alone. Only the streaming thread calls this, with nothing locked.
    fn go_to(&self, offset: u64) -> bool {
        let start = gst::format::Bytes::from_u64(offset);
        let end = gst::format::Bytes::NONE;
        let seek =
            gst::event::Seek::new(1.0, gst::SeekFlags::FLUSH, gst::SeekType::Set, start, gst::SeekType::None, end);
        self.sink.push_event(seek)
    }

    /// Whether upstream, which pushes, can go on anywhere.
    fn is_seekable(&self) -> bool {
        let mut seeking = gst::query::Seeking::new(gst::Format::Bytes);
        self.sink.peer_query(&mut seeking) && seeking.result().0
    }

    /// Data stands before the movie box: goes there.
    fn look_behind_data(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        let search = match &*self.lock() {
            Reading::Pushed(stream) => stream.behind_data().map(|from| Search::new(from, stream.position())),
            _ => None,
        };
        let Some(search) = search else { return Err(gst::FlowError::Flushing) };
        let from = search.from();
        *self.lock_search() = Some(search);
        let gone = self.go_to(from);
        if let Some(search) = &mut *self.lock_search() {
            search.is_going = false;
        }
        gone.then_some(gst::FlowSuccess::Ok).ok_or(gst::FlowError::Error)
    }

    /// More bytes of the search; goes back when the movie box is whole.
    fn go_on_searching(&self, buffer: &gst::Buffer) -> Result<(), gst::FlowError> {
        let bytes = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
        let Some((movie, offset, back)) = (match &mut *self.lock_search() {
            Some(search) => search.add(&bytes).map_err(|fault| self.report(&fault, None))?,
            None => None,
        }) else {
            return Ok(());
        };
        if let Reading::Pushed(stream) = &mut *self.lock() {
            let element = self.obj();
            let mut decryption = Decryption::new(element.upcast_ref(), &self.keys);
            let read = stream.movie(movie, offset, &mut decryption).and_then(|()| stream.seek(back));
            read.map_err(|fault| self.report(&fault, None))?;
        }
        if let Some(search) = &mut *self.lock_search() {
            search.is_going = true;
        }
        let gone = self.go_to(back);
        if let Some(search) = &mut *self.lock_search() {
            search.is_going = false;
            search.is_over = true;
        }
        gone.then_some(()).ok_or(gst::FlowError::Error)
    }
}
