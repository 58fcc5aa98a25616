//! What the elements of ours do in a player, which tells a hang of theirs from one of playbin3's own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::run::{End, Tap, in_time, play_until_end};

/// What went into an element and what came out, and whether it asked for a key.
#[derive(Default)]
pub struct Watch {
    taps: Mutex<Vec<(String, Option<Tap>, Tap)>>,
    asked: AtomicBool,
}

impl Watch {
    /// The elements of ours that a player makes.
    pub fn on(playbin: &gst::Element) -> Arc<Self> {
        let watch: Arc<Self> = Arc::default();
        let into = Arc::clone(&watch);
        playbin.downcast_ref::<gst::Bin>().expect("a bin").connect_deep_element_added(move |_, _, element| {
            let name = element.factory().map(|factory| factory.name().to_string()).unwrap_or_default();
            if name.starts_with("nativedrm") {
                let tap = |pad| Tap::on(&element.static_pad(pad).expect("a pad"));
                // nativedrmmp4 gives other buffers than it gets.
                let sink = (name != "nativedrmmp4").then(|| tap("sink"));
                into.taps.lock().expect("no panic").push((name, sink, tap("src")));
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
        self.taps.lock().expect("no panic").iter().map(|(name, _, out)| (name.clone(), out.result())).collect()
    }

    /// Whether no thread is in an element of ours: nothing asked for a key, since all of them are there, and what went into one came out.
    pub fn is_innocent(&self) -> bool {
        let taps = self.taps.lock().expect("no panic");
        let gave_all = |into: &Tap, out: &Tap| into.result().1 == out.result().1;
        !self.has_asked() && taps.iter().all(|(_, into, out)| into.as_ref().is_none_or(|into| gave_all(into, out)))
    }
}

/// As [`play_until_end`] with playbin3, which may hang by itself: nothing then, if `excused` tells that it is no fault of ours. The
/// player is left as it is: it can be neither stopped nor freed. Not waited for as long as elsewhere.
pub fn play_until_end_or_hang(playbin: &gst::Element, excused: impl FnOnce(&gst::Bin) -> bool) -> Option<End> {
    let end = play_until_end(playbin, gst::ClockTime::from_seconds(30));
    if end.is_none() {
        let bin = playbin.downcast_ref::<gst::Bin>().expect("a bin");
        in_time(excused(bin).then_some(()));
        std::mem::forget(playbin.clone());
        println!("{} hangs, as it does with clear files", playbin.name());
    }
    end
}
