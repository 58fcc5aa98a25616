//! Who watches what when, under which policies.

use crate::random::Random;
use license::template::Policy;

/// Seconds in an hour and in a day.
const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A match: two and a half hours, kick-off after half an hour.
    Live,
    /// Films for two days: streams, rentals, films on the device; a new season comes out at eight in the evening of the first day.
    Catalogue,
}

/// One visit of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When it begins.
    pub from: u32,
    /// When it ends.
    pub until: u32,
}

/// What a device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Index of its policy in [`Scenario::policies`].
    pub policy: usize,
    /// Whether it keeps its license between visits.
    pub persistent: bool,
    /// Whether it has no certificate yet.
    pub is_new: bool,
}

impl Scenario {
    /// When the match begins, or the season comes out.
    pub const fn peak(self) -> u32 {
        match self {
            Self::Live => HOUR / 2,
            Self::Catalogue => 20 * HOUR,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Catalogue => "catalogue",
        }
    }

    /// Seconds that are simulated.
    pub const fn length(self) -> u32 {
        match self {
            Self::Live => 5 * HOUR / 2,
            Self::Catalogue => 2 * DAY,
        }
    }

    /// When the servers or the database go away: as the renewals of those come back who all came in the same second.
    pub fn outage(self) -> u32 {
        let delay = self.policies()[0].renewal_delay_seconds as u32;
        self.peak() + 2 * delay - 10
    }

    /// The policies.
    pub fn policies(self) -> Vec<Policy> {
        let hour = i64::from(HOUR);
        let base = Policy { can_play: true, ..Policy::default() };
        match self {
            // Short, so that whoever has no right any more is out soon.
            Self::Live => vec![Policy {
                can_renew: true,
                license_duration_seconds: 1200,
                renewal_delay_seconds: 600,
                renewal_retry_interval_seconds: 30,
                renewal_recovery_duration_seconds: 300,
                ..base
            }],
            Self::Catalogue => vec![
                // A stream of a subscription.
                Policy {
                    can_renew: true,
                    license_duration_seconds: 4 * hour,
                    renewal_delay_seconds: hour,
                    renewal_retry_interval_seconds: 60,
                    renewal_recovery_duration_seconds: hour / 2,
                    ..base.clone()
                },
                // A rental: thirty days to begin, two to watch.
                Policy {
                    rental_duration_seconds: 30 * 24 * hour,
                    playback_duration_seconds: 48 * hour,
                    ..base.clone()
                },
                // On the device.
                Policy {
                    can_persist: true,
                    can_renew: true,
                    license_duration_seconds: 7 * 24 * hour,
                    renewal_delay_seconds: 12 * hour,
                    renewal_retry_interval_seconds: hour,
                    ..base
                },
            ],
        }
    }

    /// What the next device is like.
    pub fn profile(self, random: &mut Random) -> Profile {
        let is_new = random.below(100) < 5;
        match self {
            Self::Live => Profile { policy: 0, persistent: false, is_new },
            Self::Catalogue => {
                let policy = match random.below(100) {
                    0..70 => 0,
                    70..85 => 1,
                    _ => 2,
                };
                Profile { policy, persistent: policy == 2, is_new }
            }
        }
    }

    /// Its first visit.
    pub fn first_visit(self, random: &mut Random) -> Visit {
        match self {
            Self::Live => {
                let end = self.length();
                let from = match random.below(100) {
                    // More and more of them until kick-off.
                    0..60 => (f64::from(self.peak()) * random.unit().max(random.unit())) as u32,
                    // They have watched a countdown.
                    60..85 => self.peak() + random.below(3),
                    _ => self.peak() + random.below(45 * 60),
                };
                // One in five does not stay till the end.
                let until = if random.below(5) == 0 { from + random.below(end - from) } else { end };
                Visit { from, until: until.max(from + 1) }
            }
            Self::Catalogue => {
                // One in ten is there when the season comes out.
                let from = if random.below(10) == 0 { self.peak() + random.below(20) } else { evening(0, random) };
                film(from, random)
            }
        }
    }

    /// The next one, if any.
    pub fn next_visit(self, last: Visit, random: &mut Random) -> Option<Visit> {
        match self {
            Self::Live => None,
            Self::Catalogue => {
                let day = (last.from.saturating_sub(4 * HOUR)) / DAY + 1;
                (day * DAY < self.length()).then(|| film(evening(day, random).max(last.until + 1), random))
            }
        }
    }
}

/// A time of the day at which people watch: around nine in the evening, some by day.
fn evening(day: u32, random: &mut Random) -> u32 {
    let hour = if random.below(4) == 0 { 8.0 + 14.0 * random.unit() } else { 21.0 + 1.3 * random.normal() };
    // Some begin after midnight.
    day * DAY + (hour.max(0.0) * f64::from(HOUR)) as u32
}

/// From 40 minutes to two and a half hours.
fn film(from: u32, random: &mut Random) -> Visit {
    Visit { from, until: from + 2400 + random.below(6600) }
}
