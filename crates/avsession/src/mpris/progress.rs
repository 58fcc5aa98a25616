//! The position as controllers calculate it, and when the signal `Seeked` has to correct it.

use super::model::{Model, Status};

/// Milliseconds that controllers may be wrong.
const TOLERANCE: f64 = 500.0;

/// What a controller knows: it goes on from the last position that it was told, with the rate, while the status is Playing
/// and the machine is awake.
/// Media that starts is at 0.
#[derive(Default)]
pub struct Progress {
    known: Option<Known>,
    /// Reports that had been made when a controller asked for a position.
    asked: Option<u64>,
}

struct Known {
    millis: f64,
    at: u64,
    rate: f64,
    status: Status,
    track: String,
}

impl Known {
    #[allow(clippy::cast_precision_loss)] // exact for 285,000 years
    fn at(&self, now: u64) -> f64 {
        let passed = if self.status == Status::Playing { now.saturating_sub(self.at) } else { 0 };
        self.millis + passed as f64 * self.rate
    }
}

impl Progress {
    /// A controller asks for a position: the next report answers.
    pub fn ask(&mut self, model: &Model) {
        self.asked = Some(model.snapshot.playback.reports());
    }

    /// Controllers know nothing: the session is not shown.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Milliseconds that controllers have to be told now, if they have to.
    #[allow(clippy::cast_precision_loss)] // as above
    pub fn update(&mut self, model: &Model) -> Option<i64> {
        let clock = model.session.clock();
        let now = clock.awake_millis();
        let playback = &model.snapshot.playback;
        let millis = playback.progress(model.metadata.as_deref(), clock);
        let answered = self.asked.is_some_and(|reports| playback.reports() > reports);
        let expected = self.known.as_ref().map(|known| {
            let starts = known.status == Status::Stopped && model.status == Status::Playing;
            let expected = if starts || known.track != model.track { 0.0 } else { known.at(now) };
            // Nobody shows more than there is.
            expected.clamp(0.0, model.duration().map_or(f64::INFINITY, |end| end as f64))
        });
        let told = match expected {
            // Whoever meets the session for the first time asks for its position.
            None => false,
            Some(expected) => answered || (millis as f64 - expected).abs() > TOLERANCE,
        };
        if answered {
            self.asked = None;
        }
        let known = match expected {
            Some(expected) if !told => expected,
            _ => millis as f64,
        };
        self.known = Some(Known {
            millis: known,
            at: now,
            rate: playback.speed(),
            status: model.status,
            track: model.track.clone(),
        });
        told.then_some(millis)
    }
}
