//! Playback state: what a player reports, and the progress that follows from it.

use std::sync::Arc;

use crate::error::{Error, Property, Result};
use crate::metadata::Metadata;
use base::clock::Clock;

numbered! {
    /// States, numbered as OpenHarmony does.
    State: u32 {
        /// Nothing was loaded yet.
        Initial = 0,
        /// Getting ready.
        Preparing = 1,
        /// Playing.
        Playing = 2,
        /// Paused.
        Paused = 3,
        /// Fast-forwarding.
        FastForwarding = 4,
        /// Rewinding.
        Rewinding = 5,
        /// Stopped.
        Stopped = 6,
        /// Played to the end.
        Completed = 7,
        /// The player is gone.
        Released = 8,
        /// Failed.
        Error = 9,
        /// Nothing to do.
        Idle = 10,
        /// Waiting for data.
        Buffering = 11,
    }
}

numbered! {
    /// Loop modes, numbered as OpenHarmony does.
    LoopMode: u32 {
        /// Through the list, once.
        Sequence = 0,
        /// The same again.
        Single = 1,
        /// Through the list, again and again.
        List = 2,
        /// In random order.
        Shuffle = 3,
        /// The player's own mode.
        Custom = 4,
    }
}

impl State {
    /// Whether the position moves.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Playing | Self::FastForwarding | Self::Rewinding)
    }
}

/// A position as the player reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Milliseconds from the start.
    pub elapsed: i64,
    /// When that was true: milliseconds since 1970; 0 = when it was reported.
    pub update: i64,
}

/// A point from which the progress is calculated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Anchor {
    /// Milliseconds from the start.
    elapsed: f64,
    /// The clock's milliseconds awake at that point.
    at: i64,
}

/// Shorter sleeps of the machine are not noticed: its clocks cannot be read at the same moment.
const SHORTEST_SLEEP: i64 = 500;

/// What a player reports. Every setter changes its own field only.
#[derive(Clone, Debug)]
pub struct Playback {
    state: State,
    /// The last state but buffering.
    settled: State,
    position: Position,
    anchor: Anchor,
    speed: f64,
    reports: u64,
    /// Milliseconds that the clock knew the machine to have slept, when it was last looked at.
    slept: i64,
    /// How the list is gone through.
    pub loop_mode: LoopMode,
    /// Whether the listener likes it.
    pub favorite: bool,
    /// Volume, 0 to 100.
    pub volume: u8,
    /// Milliseconds that were loaded.
    pub buffered_time: i64,
    /// The entry of the queue that is played.
    pub active_item_id: i32,
    /// The player's own data, a JSON object.
    pub extras: Arc<str>,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            state: State::Initial,
            settled: State::Initial,
            position: Position::default(),
            anchor: Anchor::default(),
            speed: 1.0,
            reports: 0,
            slept: 0,
            loop_mode: LoopMode::Sequence,
            favorite: false,
            volume: 100,
            buffered_time: 0,
            active_item_id: 0,
            extras: Arc::from(""),
        }
    }
}

impl Playback {
    /// Nothing was reported yet.
    pub fn new(clock: &dyn Clock) -> Self {
        Self { slept: slept(clock), ..Self::default() }
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The state, or the one before while buffering.
    pub fn settled_state(&self) -> State {
        self.settled
    }

    /// The position that was reported last.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Playback speed; 1 is normal.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// How many positions were reported.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// Sets the state. From now on the progress moves or stands still accordingly.
    pub fn set_state(&mut self, state: State, clock: &dyn Clock) {
        self.settle(clock);
        self.state = state;
        if state != State::Buffering {
            self.settled = state;
        }
    }

    /// Sets the speed. Fails with [`Error::InvalidValue`] if it is 0 or not finite.
    pub fn set_speed(&mut self, speed: f64, clock: &dyn Clock) -> Result<()> {
        if !speed.is_finite() || speed == 0.0 {
            return Err(Error::invalid(Property::Speed, format!("{speed} is not a speed")));
        }
        self.settle(clock);
        self.speed = speed;
        Ok(())
    }

    /// Takes a report of the position: from its time on, as far as the machine was awake since. Fails with
    /// [`Error::ImpossibleTime`] if one of its times is negative.
    pub fn set_position(&mut self, position: Position, clock: &dyn Clock) -> Result<()> {
        if position.elapsed < 0 || position.update < 0 {
            return Err(Error::ImpossibleTime(
                format!("the position {} of time {} is negative", position.elapsed, position.update).into(),
            ));
        }
        let age = if position.update == 0 { 0 } else { clock.unix_millis().saturating_sub(position.update).max(0) };
        let asleep = self.look_for_sleep(clock);
        // A report that is as old as a sleep is long was made before it: nobody reports while the machine sleeps.
        let age = if asleep <= age { age - asleep } else { age };
        self.position = position;
        self.anchor = Anchor { elapsed: to_float(position.elapsed), at: awake(clock).saturating_sub(age) };
        self.reports += 1;
        Ok(())
    }

    /// Milliseconds from the start that are reached by now: elapsed + (now - update) x speed while playing.
    pub fn progress(&self, metadata: Option<&Metadata>, clock: &dyn Clock) -> i64 {
        let end = metadata.and_then(Metadata::shown_duration).unwrap_or(i64::MAX);
        to_millis(self.elapsed(clock)).clamp(0, end)
    }

    fn elapsed(&self, clock: &dyn Clock) -> f64 {
        if !self.state.is_running() {
            return self.anchor.elapsed;
        }
        let passed = awake(clock).saturating_sub(self.anchor.at);
        (self.anchor.elapsed + to_float(passed) * self.speed).max(0.0)
    }

    /// Makes the progress until now the new starting point.
    fn settle(&mut self, clock: &dyn Clock) {
        self.anchor = Anchor { elapsed: self.elapsed(clock), at: awake(clock) };
        self.look_for_sleep(clock);
    }

    /// Milliseconds that the machine slept since the last look.
    fn look_for_sleep(&mut self, clock: &dyn Clock) -> i64 {
        let slept = slept(clock);
        let asleep = slept.saturating_sub(self.slept);
        self.slept = slept;
        if asleep < SHORTEST_SLEEP { 0 } else { asleep }
    }
}

fn awake(clock: &dyn Clock) -> i64 {
    i64::try_from(clock.awake_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds that the machine has slept, plus a constant.
fn slept(clock: &dyn Clock) -> i64 {
    let awake = awake(clock);
    i64::try_from(clock.monotonic_millis()).unwrap_or(i64::MAX).saturating_sub(awake)
}

#[allow(clippy::cast_precision_loss)] // exact for 285,000 years
fn to_float(millis: i64) -> f64 {
    millis as f64
}

#[allow(clippy::cast_possible_truncation)] // saturates
fn to_millis(millis: f64) -> i64 {
    millis.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::VirtualClock;

    const NOW: i64 = 1_700_000_000_000;

    fn playing(elapsed: i64) -> (VirtualClock, Playback) {
        let clock = VirtualClock::new(NOW);
        let mut playback = Playback::default();
        playback.set_state(State::Playing, &clock);
        playback.set_position(Position { elapsed, update: NOW }, &clock).unwrap();
        (clock, playback)
    }

    #[test]
    fn progress_moves_with_the_speed_while_playing() {
        let (clock, mut playback) = playing(1_000);
        clock.advance(2_000);
        assert_eq!(playback.progress(None, &clock), 3_000);
        playback.set_speed(1.5, &clock).unwrap();
        assert_eq!(playback.progress(None, &clock), 3_000, "a new speed counts from now");
        clock.advance(1_000);
        assert_eq!(playback.progress(None, &clock), 4_500);
        assert_eq!(playback.position(), Position { elapsed: 1_000, update: NOW }, "the report stays as it was");
    }

    #[test]
    fn progress_is_frozen_otherwise() {
        for state in [State::Paused, State::Stopped, State::Buffering, State::Completed, State::Idle] {
            let (clock, mut playback) = playing(1_000);
            clock.advance(500);
            playback.set_state(state, &clock);
            clock.advance(60_000);
            assert_eq!(playback.progress(None, &clock), 1_500, "{state:?}");
            playback.set_state(State::Playing, &clock);
            clock.advance(100);
            assert_eq!(playback.progress(None, &clock), 1_600, "{state:?}");
        }
    }

    #[test]
    fn the_update_time_counts() {
        let (clock, mut playback) = playing(0);
        playback.set_position(Position { elapsed: 5_000, update: NOW - 700 }, &clock).unwrap();
        assert_eq!(playback.progress(None, &clock), 5_700);
        playback.set_position(Position { elapsed: 5_000, update: NOW + 700 }, &clock).unwrap();
        assert_eq!(playback.progress(None, &clock), 5_000, "the future counts as now");
        playback.set_position(Position { elapsed: 5_000, update: 0 }, &clock).unwrap();
        assert_eq!(playback.progress(None, &clock), 5_000, "no time counts as now");
        clock.set_unix_millis(0);
        clock.advance(10);
        assert_eq!(playback.progress(None, &clock), 5_010, "the wall clock may be set meanwhile");
        assert_eq!(playback.reports(), 4);
    }

    #[test]
    fn progress_stands_still_while_the_machine_sleeps() {
        for state in [State::Playing, State::FastForwarding, State::Rewinding, State::Paused] {
            for speed in [1.0, 2.0, 0.5] {
                for asleep in [1, SHORTEST_SLEEP, 30_000, 86_400_000] {
                    let (clock, mut playback) = playing(1_000);
                    playback.set_state(state, &clock);
                    playback.set_speed(speed, &clock).unwrap();
                    clock.advance(2_000);
                    let before = playback.progress(None, &clock);
                    clock.sleep(asleep.unsigned_abs());
                    let what = format!("{state:?} {speed} {asleep}");
                    assert_eq!(playback.progress(None, &clock), before, "{what}");
                    playback.set_state(State::Playing, &clock);
                    playback.set_speed(1.0, &clock).unwrap();
                    assert_eq!(playback.progress(None, &clock), before, "{what}: settled after the sleep");
                    clock.advance(100);
                    assert_eq!(playback.progress(None, &clock), before + 100, "{what}");
                }
            }
        }
    }

    #[test]
    fn a_report_counts_for_the_time_awake_since_it_was_true() {
        // Milliseconds awake before the sleep, asleep, and awake after it, and how long ago the report was true.
        for (before, asleep, after) in
            [(300_i64, 60_000_i64, 0_i64), (300, 60_000, 200), (0, 3_600_000, 50), (5_000, 600, 100)]
        {
            for (age, expected) in [
                (0, 0),
                (after, after),
                (after + asleep, after),
                (after + asleep + before / 2, after + before / 2),
                (after + asleep + before, after + before),
            ] {
                let (clock, mut playback) = playing(0);
                clock.advance(before.unsigned_abs());
                clock.sleep(asleep.unsigned_abs());
                clock.advance(after.unsigned_abs());
                let update = clock.unix_millis() - age;
                playback.set_position(Position { elapsed: 5_000, update }, &clock).unwrap();
                let what = format!("{before} {asleep} {after}: {age}");
                assert_eq!(playback.progress(None, &clock), 5_000 + expected, "{what}");
                // The sleep is over: the next report has nothing to do with it.
                let update = clock.unix_millis() - 70;
                playback.set_position(Position { elapsed: 9_000, update }, &clock).unwrap();
                assert_eq!(playback.progress(None, &clock), 9_070, "{what}: the next report");
            }
        }
        // What the machine slept before the session was made, is no sleep of the session.
        let clock = VirtualClock::new(NOW);
        clock.sleep(400_000);
        let mut playback = Playback::new(&clock);
        playback.set_state(State::Playing, &clock);
        playback.set_position(Position { elapsed: 0, update: clock.unix_millis() - 500_000 }, &clock).unwrap();
        assert_eq!(playback.progress(None, &clock), 500_000);
    }

    #[test]
    fn progress_stays_within_the_media() {
        let (clock, mut playback) = playing(1_000);
        let mut metadata = Metadata { duration: 2_000, ..Metadata::default() };
        clock.advance(5_000);
        assert_eq!(playback.progress(Some(&metadata), &clock), 2_000);
        metadata.duration = crate::metadata::NO_DURATION;
        assert_eq!(playback.progress(Some(&metadata), &clock), 6_000);
        playback.set_state(State::Rewinding, &clock);
        playback.set_speed(-4.0, &clock).unwrap();
        clock.advance(1_000);
        assert_eq!(playback.progress(Some(&metadata), &clock), 2_000);
        clock.advance(1_000);
        assert_eq!(playback.progress(Some(&metadata), &clock), 0);
        clock.advance(u64::MAX);
        assert_eq!(playback.progress(None, &clock), 0);
    }

    #[test]
    fn bad_reports_change_nothing() {
        let (clock, mut playback) = playing(1_000);
        for (elapsed, update) in [(-1, NOW), (0, -1), (i64::MIN, i64::MIN)] {
            assert!(playback.set_position(Position { elapsed, update }, &clock).is_err());
        }
        for speed in [0.0, -0.0, f64::NAN, f64::INFINITY] {
            assert!(playback.set_speed(speed, &clock).is_err());
        }
        assert_eq!((playback.progress(None, &clock), playback.speed(), playback.reports()), (1_000, 1.0, 1));
        playback.set_position(Position { elapsed: i64::MAX, update: i64::MAX }, &clock).unwrap();
        clock.advance(1);
        assert_eq!(playback.progress(None, &clock), i64::MAX);
    }

    #[test]
    fn numbers_of_enums() {
        assert_eq!(State::from_number(11), Some(State::Buffering));
        assert_eq!(State::from_number(12), None);
        assert_eq!(LoopMode::from_number(4), Some(LoopMode::Custom));
        assert_eq!(LoopMode::from_number(u32::MAX), None);
    }
}
