//! Buffers of an encrypted stream without protection data. They are clear samples, or the demuxer has lost what it knew:
//! nothing is passed on as clear that was encrypted when it came the first time.

use std::collections::{HashMap, VecDeque};

use gst::glib;

use crate::decryptor::protection::Description;

/// Property `missing-meta`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "NativeDrmMissingMeta")]
#[repr(i32)]
pub enum Policy {
    #[default]
    #[enum_value(
        name = "By what the stream has shown: decrypt what is known, drop what must be encrypted, pass the rest",
        nick = "auto"
    )]
    Auto,
    #[enum_value(name = "Pass it on: it is clear", nick = "pass")]
    Pass,
    #[enum_value(name = "Drop it", nick = "drop")]
    Drop,
    #[enum_value(name = "Stop with an error", nick = "error")]
    Error,
}

/// What to do with a buffer without protection data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// It came before, and was encrypted like this.
    Decrypt(Description),
    Drop,
    Error,
}

/// What the program is to be told, once for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No sample had protection data, for so long that it may be the demuxer.
    NoneHad,
    /// A sample among encrypted ones had none, and was passed on.
    PassedAmongEncrypted,
    /// Samples were dropped.
    Dropped,
}

/// What a sample is recognised by when it comes again. PTS and DTS in nanoseconds, and the size.
pub type SampleKey = (Option<u64>, Option<u64>, usize);

/// Without protection data for so long, a stream is not one with a clear lead any more: 5 seconds.
const LONG_LEAD: u64 = 5_000_000_000;
/// The most that is remembered, in bytes.
const MAX_MEMORY: usize = 64 << 20;
/// A sample that was clear.
const CLEAR_SIZE: usize = 2 * size_of::<SampleKey>();

/// The samples since the last move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    #[default]
    Empty,
    /// None of them had protection data, and all were passed.
    Lead,
    Other,
}

/// What a stream has shown so far.
#[derive(Debug, Default)]
pub struct History {
    /// The demuxer may lose protection data.
    lossy: bool,
    samples: HashMap<SampleKey, Option<Description>>,
    order: VecDeque<SampleKey>,
    memory: usize,
    /// The end of the clear lead, as far as it was seen: the earliest encrypted sample that samples without protection data led up to.
    /// What is before an encrypted sample without having been seen may be encrypted, too.
    lead_end: Option<u64>,
    any_encrypted: bool,
    run: Run,
    /// The earliest and the latest time, and whether there was a sample.
    span: Option<(u64, u64)>,
    any: bool,
    /// There was a seek since the beginning.
    moved: bool,
    warned: Vec<Warning>,
}

impl History {
    pub fn new(lossy: bool) -> Self {
        Self { lossy, ..Self::default() }
    }

    /// The samples after this may be ones that came before.
    pub fn moved(&mut self) {
        self.moved = self.moved || self.any;
        self.run = Run::Empty;
    }

    /// A sample with protection data.
    pub fn saw_encrypted(&mut self, key: SampleKey, description: &Description) {
        self.any = true;
        self.any_encrypted = true;
        if self.run == Run::Lead
            && let Some(time) = time(key)
        {
            self.lead_end = Some(self.lead_end.map_or(time, |end| end.min(time)));
        }
        self.run = Run::Other;
        if self.lossy {
            self.remember(key, Some(description.clone()));
        }
    }

    /// A sample whose protection data say that it is clear.
    pub fn saw_clear(&mut self, key: SampleKey) {
        self.any = true;
        if self.lossy {
            self.remember(key, None);
        }
    }

    /// A sample without protection data, and what is to be said about it.
    pub fn judge(&mut self, policy: Policy, key: SampleKey) -> (Verdict, Option<Warning>) {
        let judged = self.judgement(policy, key);
        self.run = match (self.run, &judged.0) {
            (Run::Empty | Run::Lead, Verdict::Pass) => Run::Lead,
            _ => Run::Other,
        };
        judged
    }

    fn judgement(&mut self, policy: Policy, key: SampleKey) -> (Verdict, Option<Warning>) {
        self.any = true;
        match policy {
            Policy::Pass => return (Verdict::Pass, None),
            Policy::Drop => return (Verdict::Drop, self.warn(Warning::Dropped)),
            Policy::Error => return (Verdict::Error, None),
            Policy::Auto => (),
        }
        if self.lossy
            && let Some(known) = self.samples.get(&key)
        {
            return (known.clone().map_or(Verdict::Pass, Verdict::Decrypt), None);
        }
        if !self.any_encrypted {
            if self.lossy {
                self.remember(key, None);
            }
            return (Verdict::Pass, self.lead(key));
        }
        if time(key).zip(self.lead_end).is_some_and(|(time, end)| time < end) {
            return (Verdict::Pass, None);
        }
        if self.lossy && self.moved {
            return (Verdict::Drop, self.warn(Warning::Dropped));
        }
        (Verdict::Pass, self.warn(Warning::PassedAmongEncrypted))
    }

    /// The stream has ended.
    pub fn ended(&mut self) -> Option<Warning> {
        (self.any && !self.any_encrypted).then(|| self.warn(Warning::NoneHad))?
    }

    fn lead(&mut self, key: SampleKey) -> Option<Warning> {
        let time = time(key)?;
        let (first, last) = self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time)));
        self.span = Some((first, last));
        (last - first >= LONG_LEAD).then(|| self.warn(Warning::NoneHad))?
    }

    fn warn(&mut self, warning: Warning) -> Option<Warning> {
        let new = !self.warned.contains(&warning);
        if new {
            self.warned.push(warning);
        }
        new.then_some(warning)
    }

    fn remember(&mut self, key: SampleKey, description: Option<Description>) {
        let size = |known: &Option<Description>| CLEAR_SIZE + known.as_ref().map_or(0, Description::size);
        self.memory += size(&description);
        match self.samples.insert(key, description) {
            Some(replaced) => self.memory -= size(&replaced),
            None => self.order.push_back(key),
        }
        while self.memory > MAX_MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.memory -= self.samples.remove(&oldest).map_or(0, |known| size(&known));
        }
    }
}

fn time((pts, dts, _): SampleKey) -> Option<u64> {
    dts.or(pts)
}

#[cfg(test)]
mod tests {
    use smallvec::SmallVec;

    use super::*;
    use crate::drm::Scheme;

    const SECOND: u64 = 1_000_000_000;

    fn key(second: u64) -> SampleKey {
        (Some(second * SECOND), Some(second * SECOND), 100)
    }

    fn description(second: u64) -> Description {
        let iv = u128::from(second).to_be_bytes();
        Description {
            scheme: Scheme::Cenc,
            key_id: [1; 16],
            iv,
            iv_len: 8,
            pattern: (0, 0),
            subsamples: SmallVec::new(),
        }
    }

    #[test]
    fn a_clear_lead_passes_and_comes_back_clear() {
        let mut history = History::new(true);
        assert_eq!(history.judge(Policy::Auto, key(0)), (Verdict::Pass, None));
        history.saw_encrypted(key(1), &description(1));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(0)), (Verdict::Pass, None));
    }

    #[test]
    fn what_was_encrypted_is_decrypted_when_it_comes_again() {
        let mut history = History::new(true);
        history.saw_encrypted(key(1), &description(1));
        history.saw_encrypted(key(2), &description(2));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(2)), (Verdict::Decrypt(description(2)), None));
        assert_eq!(history.judge(Policy::Auto, key(1)), (Verdict::Decrypt(description(1)), None));
    }

    #[test]
    fn what_nobody_knows_is_dropped_after_a_seek() {
        let mut history = History::new(true);
        history.saw_encrypted(key(1), &description(1));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(9)), (Verdict::Drop, Some(Warning::Dropped)));
        assert_eq!(history.judge(Policy::Auto, key(10)), (Verdict::Drop, None));
    }

    #[test]
    fn what_is_before_the_first_sample_that_was_seen_is_not_taken_for_clear() {
        // Flushed on the way to the element: the demuxer has given their protection data to nobody.
        let mut history = History::new(true);
        history.saw_encrypted(key(60), &description(60));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(0)), (Verdict::Drop, Some(Warning::Dropped)));
        // And the next one with protection data does not make a clear lead of them.
        history.saw_encrypted(key(1), &description(1));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(0)), (Verdict::Drop, None));
        // Nor does one that was passed among encrypted ones.
        let mut history = History::new(true);
        history.saw_encrypted(key(5), &description(5));
        assert_eq!(history.judge(Policy::Auto, key(6)).0, Verdict::Pass);
        history.saw_encrypted(key(7), &description(7));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(0)).0, Verdict::Drop);
    }

    #[test]
    fn a_lead_that_was_seen_in_part_is_clear_before_it_too() {
        let mut history = History::new(true);
        assert_eq!(history.judge(Policy::Auto, key(3)).0, Verdict::Pass);
        history.saw_encrypted(key(4), &description(4));
        history.moved();
        assert_eq!(history.judge(Policy::Auto, key(0)), (Verdict::Pass, None));
    }

    #[test]
    fn a_demuxer_that_loses_nothing_is_believed() {
        let mut history = History::new(false);
        history.saw_encrypted(key(1), &description(1));
        history.moved();
        let warning = Some(Warning::PassedAmongEncrypted);
        assert_eq!(history.judge(Policy::Auto, key(9)), (Verdict::Pass, warning));
        assert_eq!(history.memory, 0);
    }

    #[test]
    fn a_stream_without_any_protection_data_is_told() {
        let mut history = History::new(true);
        for second in 0..5 {
            assert_eq!(history.judge(Policy::Auto, key(second)), (Verdict::Pass, None));
        }
        assert_eq!(history.judge(Policy::Auto, key(5)), (Verdict::Pass, Some(Warning::NoneHad)));
        assert_eq!(history.ended(), None);
        let mut history = History::new(true);
        assert_eq!(history.ended(), None);
        history.judge(Policy::Auto, key(0));
        assert_eq!(history.ended(), Some(Warning::NoneHad));
    }

    #[test]
    fn policies_do_what_they_say() {
        let mut history = History::new(true);
        history.saw_encrypted(key(1), &description(1));
        assert_eq!(history.judge(Policy::Pass, key(1)).0, Verdict::Pass);
        assert_eq!(history.judge(Policy::Drop, key(1)).0, Verdict::Drop);
        assert_eq!(history.judge(Policy::Error, key(1)).0, Verdict::Error);
    }

    #[test]
    fn memory_has_a_limit_and_the_oldest_goes() {
        let mut history = History::new(true);
        let many = MAX_MEMORY / CLEAR_SIZE + 10;
        for second in 0..many as u64 {
            history.saw_clear((Some(second), None, 1));
        }
        assert!(history.memory <= MAX_MEMORY);
        assert!(!history.samples.contains_key(&(Some(0), None, 1)));
        assert_eq!(history.samples.len(), history.order.len());
    }
}
