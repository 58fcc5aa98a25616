//! Properties that may change all the time, such as what was loaded: told at once when they change after a while, and once in
//! a while as long as they go on. The last value is always told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use zbus::Variant;

/// The shortest time between two signals with the same property.
const INTERVAL: Duration = Duration::from_secs(1);

/// What was told of such properties, and what is still to be told.
#[derive(Default)]
pub struct Pace(BTreeMap<&'static str, Entry>);

#[derive(Default)]
struct Entry {
    /// When the property was told; none if it does not matter.
    told: Option<Instant>,
    /// The value that the bus knows, if there is another one to be told.
    known: Option<Variant<'static>>,
}

impl Entry {
    /// When it may be told again.
    fn due(&self, now: Instant) -> Instant {
        self.told.map_or(now, |told| told + INTERVAL)
    }
}

impl Pace {
    /// The value of a property that is to be told now, if one is. `former` is the value before the change.
    pub fn admit(
        &mut self,
        name: &'static str,
        has_changed: bool,
        former: impl FnOnce() -> Variant<'static>,
        present: impl FnOnce() -> Variant<'static>,
        now: Instant,
    ) -> Option<Variant<'static>> {
        let entry = self.0.entry(name).or_default();
        if has_changed && entry.known.is_none() {
            entry.known = Some(former());
        }
        if now < entry.due(now) {
            return None;
        }
        let known = entry.known.take()?;
        // It may have become again what it was.
        let value = Some(present()).filter(|present| *present != known)?;
        entry.told = Some(now);
        Some(value)
    }

    /// What is held back is to be told with the next changes, however early that is.
    pub fn hurry(&mut self) {
        self.0.values_mut().for_each(|entry| entry.told = None);
    }

    /// When the next value that is held back is to be told.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.0.values().filter(|entry| entry.known.is_some()).map(|entry| entry.due(now)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A property that is told at a pace, and who listens.
    struct Scene {
        pace: Pace,
        now: Instant,
        value: i64,
        told: Vec<i64>,
    }

    impl Scene {
        fn new() -> Self {
            Self { pace: Pace::default(), now: Instant::now(), value: 0, told: Vec::new() }
        }

        fn set(&mut self, value: i64) {
            let former = std::mem::replace(&mut self.value, value);
            let number = |value| move || Variant::I64(value);
            let told = self.pace.admit("p", former != value, number(former), number(value), self.now);
            if let Some(Variant::I64(told)) = told {
                assert_eq!(told, value, "never an old one");
                self.told.push(told);
            }
        }

        fn pass(&mut self, millis: u64) {
            self.now += Duration::from_millis(millis);
        }
    }

    #[test]
    fn changes_after_a_while_are_told_at_once() {
        let mut scene = Scene::new();
        for value in 1..5 {
            scene.set(value);
            assert_eq!(scene.told.last(), Some(&value));
            assert_eq!(scene.pace.due(scene.now), None);
            scene.pass(1_000);
        }
    }

    #[test]
    fn a_flood_is_told_once_in_a_while_and_its_end_always() {
        for gap in [0, 1, 7, 100, 999] {
            let mut scene = Scene::new();
            let start = scene.now;
            for value in 1..=3_000 {
                scene.set(value);
                scene.pass(gap);
            }
            let lasted = scene.now - start;
            let most = 1 + lasted.as_secs();
            assert!(scene.told.len() as u64 <= most, "{gap}: {} signals in {lasted:?}", scene.told.len());
            while let Some(due) = scene.pace.due(scene.now) {
                scene.now = scene.now.max(due);
                scene.set(3_000);
            }
            assert_eq!(scene.told.last(), Some(&3_000), "{gap}");
            let count = scene.told.len();
            scene.pass(10_000);
            scene.set(3_000);
            assert_eq!(scene.told.len(), count, "{gap}: told twice");
        }
    }

    #[test]
    fn what_became_again_what_it_was_is_no_change() {
        let mut scene = Scene::new();
        for value in [1, 2, 3, 1] {
            scene.set(value);
        }
        scene.pass(1_000);
        scene.set(1);
        assert_eq!((scene.told.as_slice(), scene.pace.due(scene.now)), (&[1][..], None));
        scene.set(2);
        assert_eq!(scene.told, [1, 2], "and costs no time");
    }

    #[test]
    fn what_is_held_back_can_be_told_early() {
        let mut scene = Scene::new();
        for value in [1, 2] {
            scene.set(value);
        }
        assert_eq!(scene.pace.due(scene.now), Some(scene.now + INTERVAL));
        scene.pace.hurry();
        scene.set(2);
        assert_eq!(scene.told, [1, 2]);
    }
}
