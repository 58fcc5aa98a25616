//! What the elements of ours do in a player, which tells a hang of theirs from one of playbin3's own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::hang::in_time;
use crate::run::{End, Tap, play_until_end};

/// What went into an element and what came out.
struct Passed {
    element: gst::Element,
    into: Tap,
    out: Tap,
}

impl Passed {
    fn factory(&self) -> String {
        self.element.factory().map(|factory| factory.name().to_string()).unwrap_or_default()
    }

    /// Whether no thread is known to wait in it. Of a pulled nativedrmmp4 that is not known: it could only wait for a key, which it asks
    /// for; playbin, whose hangs are failures, pulls from it in the same tests.
    fn is_through(&self) -> bool {
        if self.factory() != "nativedrmmp4" {
            return self.into.result().1 == self.out.result().1;
        }
        // It gives other buffers than it gets: pushed, up to the end; none once it is stopped.
        let out = self.element.static_pad("src").expect("a pad");
        out.mode() != gst::PadMode::Push || out.sticky_event::<gst::event::Eos>(0).is_some()
    }
}

/// What passed the elements of ours in a player, and whether one asked for a key.
#[derive(Default)]
pub struct Watch {
    passed: Mutex<Vec<Passed>>,
    asked: AtomicBool,
}

impl Watch {
    /// The elements of ours that a player makes.
    pub fn on(playbin: &gst::Element) -> Arc<Self> {
        let watch: Arc<Self> = Arc::default();
        let into = Arc::clone(&watch);
        playbin.downcast_ref::<gst::Bin>().expect("a bin").connect_deep_element_added(move |_, _, element| {
            if element.factory().is_some_and(|factory| factory.name().starts_with("nativedrm")) {
                let tap = |pad| Tap::on(&element.static_pad(pad).expect("a pad"));
                let passed = Passed { element: element.clone(), into: tap("sink"), out: tap("src") };
                into.passed.lock().expect("no panic").push(passed);
            }
        });
        let bus = playbin.bus().expect("a bus");
        bus.enable_sync_message_emission();
        let into = Arc::clone(&watch);
        bus.connect_sync_message(Some("element"), move |_, message| {
            if message.structure().is_some_and(|structure| structure.name() == "drm-key-needed") {
                into.asked.store(true, Ordering::SeqCst);
            }
        });
        watch
    }

    pub fn has_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The elements' names, and what came out of them as [`Tap::result`] says it.
    pub fn outputs(&self) -> Vec<(String, (String, usize, usize))> {
        self.passed.lock().expect("no panic").iter().map(|one| (one.factory(), one.out.result())).collect()
    }

    /// Whether no thread waits in an element of ours: nothing asked for a key, since all of them are there, and what went into one came
    /// out.
    pub fn is_innocent(&self) -> bool {
        !self.has_asked() && self.passed.lock().expect("no panic").iter().all(Passed::is_through)
    }
}

/// As [`play_until_end`] with playbin3, which may hang by itself: nothing then, if `excused` tells that it is no fault of ours. The
/// player is left as it is: it can be neither stopped nor freed. Not waited for as long as elsewhere.
pub fn play_until_end_or_hang(playbin: &gst::Element, excused: impl FnOnce(&gst::Bin) -> bool) -> Option<End> {
    let end = play_until_end(playbin, gst::ClockTime::from_seconds(30));
    if end.is_none() {
        let bin = playbin.downcast_ref::<gst::Bin>().expect("a bin");
        in_time(excused(bin).then_some(()), Some(playbin));
        std::mem::forget(playbin.clone());
        println!("{} hangs, as it does with clear files", playbin.name());
    }
    end
}
