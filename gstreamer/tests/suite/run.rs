//! Running a file through demuxer and decryptor, and seeing what comes out before the sink.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use gst::glib;
use gst::prelude::*;

use crate::hang::in_time;

/// Longer than anything takes on a slow machine: a test that comes here hangs.
pub const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(120);
pub const PATIENCE_STD: Duration = Duration::from_secs(120);

/// As scripts/test-gstreamer.sh reads times.
pub fn in_ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().expect("GStreamer");
        gstnativedrm::plugin_register_static().expect("the plugin");
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The demuxer reads the file.
    Pull,
    /// It is fed, as behind dashdemux and hlsdemux.
    Push,
}

impl Mode {
    /// The element that reads a file. Not filesrc and a queue to push: where the demuxer says that it has all it wants, a query may wait
    /// for ever in GStreamer's queue (1.22).
    pub fn source(self) -> &'static str {
        match self {
            Self::Pull => "filesrc",
            Self::Push => "pushfilesrc",
        }
    }
}

/// What came out of one pad.
pub struct Track {
    pub kind: String,
    pub encrypted: bool,
    pub sha256: String,
    pub metas: usize,
    pub stats: Option<gst::Structure>,
}

impl Track {
    pub fn count(&self, name: &str) -> u64 {
        self.stats.as_ref().map_or(0, |stats| stats.get(name).expect("a count"))
    }
}

pub struct Outcome {
    pub tracks: Vec<Track>,
    /// The first error.
    pub error: Option<(glib::Error, String)>,
    pub warnings: Vec<glib::Error>,
}

/// SHA-256 of the buffers that pass a pad, their number, and how many of them had a protection meta.
pub struct Tap(Arc<Mutex<(glib::Checksum, usize, usize)>>);

impl Tap {
    pub fn on(pad: &gst::Pad) -> Self {
        let checksum = glib::Checksum::new(glib::ChecksumType::Sha256).expect("SHA-256");
        let seen = Arc::new(Mutex::new((checksum, 0, 0)));
        let see = Arc::clone(&seen);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            // Headers of codecs are not samples.
            if let Some(buffer) = info.buffer().filter(|buffer| !buffer.flags().contains(gst::BufferFlags::HEADER)) {
                let mut seen = see.lock().expect("no panic");
                seen.0.update(&buffer.map_readable().expect("readable"));
                seen.1 += 1;
                seen.2 += usize::from(buffer.meta::<gst::ProtectionMeta>().is_some());
            }
            gst::PadProbeReturn::Ok
        });
        Self(seen)
    }

    /// SHA-256 in hexadecimal, buffers, metas.
    pub fn result(&self) -> (String, usize, usize) {
        let seen = self.0.lock().expect("no panic");
        (seen.0.clone().string().unwrap_or_default(), seen.1, seen.2)
    }
}

pub fn make(factory: &str) -> gst::Element {
    gst::ElementFactory::make(factory).build().unwrap_or_else(|_| panic!("{factory}: is the plugin installed?"))
}

/// The decryptor for caps, as autoplugging chooses it.
pub fn decryptor(caps: &gst::Caps, keys: &str) -> gst::Element {
    let own = gst::ElementFactory::find("nativedrmdec").expect("registered");
    let name = if own.can_sink_all_caps(caps) { "nativedrmdec" } else { "nativedrmdec-foreign" };
    let element = make(name);
    element.set_property("keys", keys);
    element
}

type Taps = Arc<Mutex<Vec<(String, Tap, Option<gst::Element>)>>>;

/// Posts a message when all streams are at their end. The pipeline's own end would be missed if a sink that was added reached it
/// while the pipeline is on its way to PLAYING. Demuxers add all pads before they end one.
fn announce_end(pipeline: &gst::Pipeline, pad: &gst::Pad, taps: &Taps, ends: &Arc<AtomicUsize>) {
    let (bus, taps, ends) = (pipeline.bus().expect("a bus"), Arc::downgrade(taps), Arc::clone(ends));
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let ended = info.event().is_some_and(|event| event.type_() == gst::EventType::Eos);
        if ended && let Some(taps) = taps.upgrade() {
            let taps = taps.lock().expect("no panic");
            if ends.fetch_add(1, Ordering::SeqCst) + 1 >= taps.len() {
                drop(bus.post(gst::message::Application::new(gst::Structure::new_empty("end"))));
            }
        }
        gst::PadProbeReturn::Ok
    });
}

/// Runs a file to its end or first error.
pub fn run(file: &Path, mode: Mode, keys: &str) -> Outcome {
    run_behind(file, mode, keys, None)
}

/// As [`run`], with an element before the demuxer.
pub fn run_behind(file: &Path, mode: Mode, keys: &str, before: Option<&gst::Element>) -> Outcome {
    init();
    let pipeline = gst::Pipeline::new();
    let source = make(mode.source());
    source.set_property("location", file.to_str().expect("UTF-8"));
    let webm = file.extension().is_some_and(|extension| extension == "webm");
    let demuxer = make(if webm { "matroskademux" } else { "qtdemux" });
    let chain: Vec<_> = [Some(&source), before, Some(&demuxer)].into_iter().flatten().collect();
    pipeline.add_many(&chain).expect("added");
    gst::Element::link_many(&chain).expect("linked");
    let taps: Taps = Arc::default();
    let ends: Arc<AtomicUsize> = Arc::default();
    let (weak, into, keys) = (pipeline.downgrade(), Arc::clone(&taps), keys.to_owned());
    demuxer.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let structure = caps.structure(0).expect("caps");
        let kind = structure.get::<&str>("original-media-type").unwrap_or(structure.name().as_str());
        let kind = kind.split('/').next().unwrap_or("").to_owned();
        let sink = make("fakesink");
        sink.set_property("async", false);
        pipeline.add(&sink).expect("added");
        let decryptor = caps.structure(0).is_some_and(|s| s.has_field("original-media-type")).then(|| {
            let decryptor = decryptor(&caps, &keys);
            pipeline.add(&decryptor).expect("added");
            decryptor.link(&sink).expect("linked");
            decryptor
        });
        let first = decryptor.as_ref().unwrap_or(&sink);
        let sink_pad = sink.static_pad("sink").expect("a pad");
        into.lock().expect("no panic").push((kind, Tap::on(&sink_pad), decryptor.clone()));
        announce_end(&pipeline, &sink_pad, &into, &ends);
        for element in [Some(&sink), decryptor.as_ref()].into_iter().flatten() {
            element.sync_state_with_parent().expect("started");
        }
        pad.link(&first.static_pad("sink").expect("a pad")).expect("linked");
    });
    let (error, warnings) = until_end(&pipeline);
    let track = |(kind, tap, decryptor): &(String, Tap, Option<gst::Element>)| {
        let (sha256, _, metas) = tap.result();
        let stats = decryptor.as_ref().map(|decryptor| decryptor.property("stats"));
        Track { kind: kind.clone(), encrypted: decryptor.is_some(), sha256, metas, stats }
    };
    let tracks = taps.lock().expect("no panic").iter().map(track).collect();
    Outcome { tracks, error, warnings }
}

/// The first error with its debug text, and the warnings.
pub type End = (Option<(glib::Error, String)>, Vec<glib::Error>);

/// Plays to the end or the first error, then stops.
pub fn until_end(pipeline: &impl IsA<gst::Element>) -> End {
    let end = in_time(play_until_end(pipeline.as_ref(), PATIENCE), Some(pipeline.as_ref()));
    stop(pipeline.as_ref());
    end
}

/// Stops a pipeline, not before the bins in it have plugged what typefind has found. GStreamer stops for ever otherwise, if it comes
/// between, which an error of what has just been plugged may bring about: the thread that plugs wants the demuxer's state lock, and
/// whoever stops the demuxer has that and waits for the thread.
fn stop(pipeline: &gst::Element) {
    for element in
        pipeline.downcast_ref::<gst::Bin>().into_iter().flat_map(|bin| bin.iterate_recurse().into_iter().flatten())
    {
        let is_typefind = element.factory().is_some_and(|factory| factory.name() == "typefind");
        if is_typefind && let Some(pad) = element.static_pad("sink").filter(|pad| pad.mode() == gst::PadMode::Pull) {
            // Its thread has it while it plugs, and then ends: it does not push.
            drop(pad.stream_lock());
        }
    }
    pipeline.set_state(gst::State::Null).expect("stopped");
}

/// Plays to the end or the first error; nothing if it does not come in time.
pub fn play_until_end(pipeline: &gst::Element, patience: gst::ClockTime) -> Option<End> {
    let bus = pipeline.bus().expect("a bus");
    let mut warnings = Vec::new();
    // If it fails, the reason is on the bus.
    let _started = pipeline.set_state(gst::State::Playing);
    use gst::MessageType as Type;
    let types = [Type::Eos, Type::Application, Type::Error, Type::Warning];
    let error = loop {
        let message = bus.timed_pop_filtered(patience, &types)?;
        match message.view() {
            gst::MessageView::Eos(_) | gst::MessageView::Application(_) => break None,
            gst::MessageView::Error(error) => {
                break Some((error.error(), error.debug().map_or_else(String::new, String::from)));
            }
            gst::MessageView::Warning(warning) => warnings.push(warning.error()),
            _ => (),
        }
    };
    Some((error, warnings))
}

/// Waits until all sinks have something to show, or for the first error. The message that says so may fail to come after a seek on a
/// busy machine.
pub fn until_shown(pipeline: &impl IsA<gst::Element>) -> Result<(), glib::Error> {
    let bus = pipeline.bus().expect("a bus");
    let types = [gst::MessageType::AsyncDone, gst::MessageType::Error];
    let shown = (0..PATIENCE.seconds()).find_map(|_| {
        let message = bus.timed_pop_filtered(gst::ClockTime::SECOND, &types);
        if let Some(gst::MessageView::Error(error)) = message.as_ref().map(|message| message.view()) {
            return Some(Err(error.error()));
        }
        let (settled, _, _) = pipeline.state(gst::ClockTime::ZERO);
        (message.is_some() || settled == Ok(gst::StateChangeSuccess::Success)).then_some(Ok(()))
    });
    in_time(shown, Some(pipeline.as_ref()))
}

/// Waits for `drm-key-needed`.
pub fn key_needed(bus: &gst::Bus) -> gst::Structure {
    loop {
        let types = [gst::MessageType::Element, gst::MessageType::Error];
        let message = in_time(bus.timed_pop_filtered(PATIENCE, &types), None);
        if let gst::MessageView::Error(error) = message.view() {
            panic!("{error:?}");
        }
        if let Some(structure) = message.structure().filter(|structure| structure.name() == "drm-key-needed") {
            return structure.to_owned();
        }
    }
}
