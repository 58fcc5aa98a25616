//! What becomes of each sample.

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

use super::imp::{Input, NativeDrmDec, lock};
use super::missing_meta::{SampleKey, Verdict, Warning};
use super::protection::{self, Description, FIELDS, Protection};
use super::repairs;
use crate::CATEGORY;
use crate::drm::hex;
use crate::keys::Failure;
use crate::keys::init_data::only_key_id;

/// What is to happen to a buffer.
#[derive(Debug)]
pub(super) enum Action {
    Decrypt(Description),
    Pass,
    /// Without its first byte.
    PassRest,
    Drop,
}

impl NativeDrmDec {
    /// A protection event.
    pub(super) fn protection(&self, system_id: &str, data: &gst::BufferRef, origin: &str) {
        let Ok(data) = data.map_readable() else { return };
        gst::info!(CATEGORY, imp = self, "{} bytes of init data for {system_id:?} from {origin:?}", data.size());
        let new = self.keys.add_init_data(system_id, &data, origin);
        gst::debug!(CATEGORY, imp = self, "{} of it new", new.len());
        if origin != "isobmff/moof" {
            return;
        }
        let mut stream = lock(&self.stream);
        if let Some(input) = stream.input.filter(|input| input.demuxer.faults.no_sample_groups)
            && let Some(key_id) = only_key_id(&data)
        {
            stream.rotation.fragment(key_id, input.demuxer.reads_itself);
        }
    }

    /// Says what is to happen to a buffer.
    pub(super) fn action(&self, buffer: &gst::BufferRef) -> Result<Action, gst::FlowError> {
        let mut stream = lock(&self.stream);
        let Some(input) = stream.input else { return Err(gst::FlowError::NotNegotiated) };
        let key = sample_key(buffer);
        let Some(meta) = buffer.meta::<gst::ProtectionMeta>() else {
            // Codec headers in WebM: they stand in front of the frames, not in one.
            if input.clear || buffer.flags().contains(gst::BufferFlags::HEADER) {
                return Ok(Action::Pass);
            }
            stream.rotation.sample();
            let policy = *lock(&self.missing_meta);
            let (verdict, warning) = stream.history.judge(policy, key);
            drop(stream);
            self.warn(warning);
            return match verdict {
                Verdict::Pass => Ok(self.pass(input, buffer)),
                Verdict::Decrypt(description) => Ok(Action::Decrypt(description)),
                Verdict::Drop => Ok(Action::Drop),
                Verdict::Error => {
                    gst::element_imp_error!(
                        self,
                        gst::StreamError::Decrypt,
                        ("A sample has no protection data"),
                        ["sample at {} of {} bytes; missing-meta is error", time(buffer), buffer.size()]
                    );
                    Err(gst::FlowError::Error)
                }
            };
        };
        let fragment = stream.rotation.sample();
        match protection::read(meta.info(), input.scheme) {
            Ok(Protection::Clear) => {
                stream.history.saw_clear(key);
                Ok(self.pass(input, buffer))
            }
            Ok(Protection::Encrypted(_)) if is_clear_lead(input, meta.info()) => {
                stream.history.saw_clear(key);
                Ok(Action::Pass)
            }
            Ok(Protection::Encrypted(mut description)) => {
                repairs::repair(&mut description, fragment);
                stream.history.saw_encrypted(key, &description);
                gst::trace!(
                    CATEGORY,
                    imp = self,
                    "sample at {} has the key id {}",
                    time(buffer),
                    hex(&description.key_id)
                );
                Ok(Action::Decrypt(description))
            }
            Err(reason) => {
                gst::element_imp_error!(
                    self,
                    gst::StreamError::Decrypt,
                    ("The sample cannot be decrypted"),
                    ["{}; sample at {}: {:?}", reason, time(buffer), meta.info()]
                );
                Err(gst::FlowError::Error)
            }
        }
    }

    /// A clear sample, as the demuxer gives it.
    fn pass(&self, input: Input, buffer: &gst::BufferRef) -> Action {
        let mut first = [0xff];
        if input.webm
            && input.demuxer.faults.signal_byte_kept
            && buffer.copy_to_slice(0, &mut first).is_ok()
            && first == [0]
        {
            return Action::PassRest;
        }
        Action::Pass
    }

    pub(super) fn decrypt(&self, buffer: &mut gst::BufferRef, description: &Description) -> Result<(), gst::FlowError> {
        // Mapping makes one copy of memory that others have, too, or that is in pieces.
        let copied = buffer.size() > 0 && !(buffer.n_memory() == 1 && buffer.is_all_memory_writable());
        let mut map = buffer.map_writable().map_err(|_| self.unreadable())?;
        let result = self.keys.decrypt(self.obj().upcast_ref(), &description.sample_info(), map.as_mut_slice());
        drop(map);
        let (error, reason) = match result {
            Ok(()) => {
                let mut counts = lock(&self.counts);
                counts.decrypted += 1;
                counts.copied += u64::from(copied);
                return Ok(());
            }
            Err(Failure::Flushing) => return Err(gst::FlowError::Flushing),
            Err(Failure::NoKey(reason)) => (gst::StreamError::DecryptNokey, reason),
            Err(Failure::Sample(reason)) => (gst::StreamError::Decrypt, reason),
        };
        let text = match error {
            gst::StreamError::DecryptNokey => "There is no key for the stream",
            _ => "The sample cannot be decrypted",
        };
        gst::element_imp_error!(
            self,
            error,
            ("{}", text),
            ["{}; sample at {} of {} bytes", reason, time(buffer), buffer.size()]
        );
        Err(gst::FlowError::Error)
    }

    pub(super) fn unreadable(&self) -> gst::FlowError {
        gst::element_imp_error!(self, gst::ResourceError::Failed, ("The buffer's memory cannot be mapped"));
        gst::FlowError::Error
    }

    pub(super) fn warn(&self, warning: Option<Warning>) {
        let Some(warning) = warning else { return };
        let text = match warning {
            Warning::NoneHad => {
                "no sample of the encrypted stream has protection data, and all were passed on: it begins with a long clear part, \
                 or the demuxer does not support this file"
            }
            Warning::PassedAmongEncrypted => {
                "a sample among encrypted ones has no protection data, and was passed on as clear (property missing-meta)"
            }
            Warning::Dropped => {
                "encrypted samples without protection data were dropped: the demuxer does not give them again after a seek"
            }
        };
        gst::element_imp_warning!(self, gst::StreamError::Decrypt, ("Samples lack protection data"), ["{}", text]);
    }
}

/// qtdemux before 1.22.6 gives the clear samples at the beginning of a cbcs track what the track's header says, for want of anything
/// else. Audio has no subsamples anyway, so that it cannot be told.
fn is_clear_lead(input: Input, info: &gst::StructureRef) -> bool {
    input.demuxer.faults.clear_lead_encrypted
        && input.video
        && info.has_field_by_quark(FIELDS.constant_iv_size)
        && !info.has_field_by_quark(FIELDS.subsample_count)
}

fn sample_key(buffer: &gst::BufferRef) -> SampleKey {
    (buffer.pts().map(gst::ClockTime::nseconds), buffer.dts().map(gst::ClockTime::nseconds), buffer.size())
}

fn time(buffer: &gst::BufferRef) -> String {
    buffer.pts().map_or_else(|| "no time".into(), |time| time.to_string())
}

pub(super) fn remove_first_byte(buffer: &mut gst::BufferRef) -> Result<(), glib::BoolError> {
    let len = buffer.size();
    buffer.map_writable()?.as_mut_slice().copy_within(1.., 0);
    buffer.set_size(len - 1);
    Ok(())
}
