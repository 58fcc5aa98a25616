//! `nativedrmmp4`: every MP4 vector through it, seeking, waiting, and files that are none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use gst::prelude::*;

use crate::hang::in_time;
use crate::media::{Clear, Directory, Vector, find, tests_directory, vectors};
use crate::run::{Mode, PATIENCE_STD, in_ms, init, key_needed, make, run, run_behind, until_end, until_shown};

fn decryptor(keys: &str) -> gst::Element {
    init();
    let element = make("nativedrmmp4");
    element.set_property("keys", keys);
    element
}

fn mp4_vectors() -> impl Iterator<Item = Vector> {
    let is_webm = |vector: &Vector| vector.files[0].extension().is_some_and(|extension| extension == "webm");
    vectors().into_iter().filter(move |vector| !is_webm(vector))
}

/// Runs all vectors in one mode: there is no table of exceptions.
fn check(mode: Mode) {
    let directory = Directory::new(&format!("mp4-{mode:?}"));
    let (mut all, mut wrong) = (0, Vec::new());
    for vector in mp4_vectors() {
        let outcome = run_behind(&vector.file(&directory), mode, "", Some(&decryptor(&vector.keys)));
        if let Some((error, debug)) = &outcome.error {
            wrong.push(format!("{}: {error}; {debug}", vector.id));
        }
        for (kind, clear) in &vector.tracks {
            all += 1;
            let clear_sha256 = match clear {
                Clear::Sha256(sha256) => sha256.clone(),
                Clear::Twin(file) => {
                    let twin = run(file, mode, crate::harness::KEYS);
                    twin.tracks.iter().find(|track| track.kind == *kind).expect("the clear track").sha256.clone()
                }
            };
            match outcome.tracks.iter().find(|track| track.kind == *kind) {
                None => wrong.push(format!("{} {kind}: not there", vector.id)),
                Some(track) if track.encrypted => wrong.push(format!("{} {kind}: still encrypted", vector.id)),
                Some(track) if track.sha256 != clear_sha256 => wrong.push(format!("{} {kind}: differs", vector.id)),
                Some(_) => {}
            }
        }
    }
    println!("nativedrmmp4, {mode:?}: {} of {all} tracks equal the clear file", all - wrong.len());
    assert!(wrong.is_empty(), "{mode:?}:\n{}", wrong.join("\n"));
    assert!(all >= 35, "{all}");
}

#[test]
fn every_track_of_mp4_in_pull_mode_equals_the_clear_file() {
    check(Mode::Pull);
}

#[test]
fn every_track_of_mp4_in_push_mode_equals_the_clear_file() {
    check(Mode::Push);
}

/// What a demuxer reads of the decrypted file, and what it makes of that.
#[derive(Debug, Default)]
struct Seen {
    reads: usize,
    /// Where it got other bytes than the clear file's.
    wrong: Vec<u64>,
    /// Buffers on each pad since the last flush, and whether it came to its end.
    pads: BTreeMap<String, (usize, bool)>,
    has_all_pads: bool,
}

/// A pipeline that is paused, and what its demuxer sees. The reads are compared rather than what it gives: qtdemux (1.22 and 1.26) that is
/// stopped by a seek while it looks for the next fragment may take the samples of that from another place from then on, though all that
/// it has read is right, in clear files as well (`docs/gstreamer.md`).
struct Paused {
    pipeline: gst::Pipeline,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Paused {
    fn new(file: &Path, keys: &str, clear: Vec<u8>) -> Self {
        let pipeline = gst::Pipeline::new();
        let (source, element, demuxer) = (make("filesrc"), decryptor(keys), make("qtdemux"));
        source.set_property("location", file.to_str().expect("UTF-8"));
        pipeline.add_many([&source, &element, &demuxer]).expect("added");
        gst::Element::link_many([&source, &element, &demuxer]).expect("linked");
        let paused = Self { pipeline, seen: Arc::default() };
        let into = Arc::clone(&paused.seen);
        let pull = gst::PadProbeType::PULL | gst::PadProbeType::BUFFER;
        element.static_pad("src").expect("a pad").add_probe(pull, move |_, info| {
            let at = info.offset;
            if let Some(buffer) = info.buffer() {
                let map = buffer.map_readable().expect("readable");
                let expected = usize::try_from(at).ok().and_then(|at| clear.get(at..at + map.len()));
                let mut seen = into.0.lock().expect("no panic");
                seen.reads += 1;
                if expected != Some(&map[..]) {
                    seen.wrong.push(at);
                }
            }
            gst::PadProbeReturn::Ok
        });
        let (weak, into) = (paused.pipeline.downgrade(), Arc::clone(&paused.seen));
        demuxer.connect_pad_added(move |_, pad| {
            let Some(pipeline) = weak.upgrade() else { return };
            // As behind every demuxer, so that each sink gets something.
            let (queue, sink) = (make("queue"), make("fakesink"));
            sink.set_property("async", false);
            pipeline.add_many([&queue, &sink]).expect("added");
            queue.link(&sink).expect("linked");
            watch(pad, &into);
            for element in [&queue, &sink] {
                element.sync_state_with_parent().expect("started");
            }
            pad.link(&queue.static_pad("sink").expect("a pad")).expect("linked");
        });
        let into = Arc::clone(&paused.seen);
        demuxer.connect_no_more_pads(move |_| {
            into.0.lock().expect("no panic").has_all_pads = true;
            into.1.notify_all();
        });
        paused.pipeline.set_state(gst::State::Paused).expect("started");
        paused.until_shown();
        paused
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("no panic")
    }

    /// Waits until each pad has given something, or is at its end. The pipeline's own message may fail to come after many seeks.
    fn until_shown(&self) {
        let shows_nothing =
            |seen: &mut Seen| !seen.has_all_pads || seen.pads.values().any(|(buffers, ended)| *buffers == 0 && !ended);
        let bus = self.pipeline.bus().expect("a bus");
        let shown = (0..PATIENCE_STD.as_secs()).find_map(|_| {
            let second = Duration::from_secs(1);
            let waited = self.seen.1.wait_timeout_while(self.seen(), second, shows_nothing).expect("no panic");
            let error = bus.pop_filtered(&[gst::MessageType::Error]);
            assert!(error.is_none(), "{error:?}");
            (!waited.1.timed_out()).then_some(())
        });
        in_time(shown, Some(self.pipeline.upcast_ref()));
    }

    fn seek(&self, flags: gst::SeekFlags, to: gst::ClockTime) {
        self.pipeline.seek_simple(gst::SeekFlags::FLUSH | flags, to).expect("sought");
        self.until_shown();
    }
}

/// Counts what a demuxer's pad gives.
fn watch(pad: &gst::Pad, seen: &Arc<(Mutex<Seen>, Condvar)>) {
    let (name, into) = (pad.name().to_string(), Arc::clone(seen));
    into.0.lock().expect("no panic").pads.insert(name.clone(), (0, false));
    let both = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
    pad.add_probe(gst::PadProbeType::BUFFER | both, move |_, info| {
        let mut seen = into.0.lock().expect("no panic");
        let pad = seen.pads.entry(name.clone()).or_default();
        match info.event().map(|event| event.type_()) {
            // The demuxer's thread stands still.
            Some(gst::EventType::FlushStop) => *pad = (0, false),
            Some(gst::EventType::Eos) => pad.1 = true,
            Some(_) => {}
            None => pad.0 += 1,
        }
        into.1.notify_all();
        gst::PadProbeReturn::Ok
    });
}

/// The whole file as it comes out of the element when it is pushed, which is compared track by track above.
fn clear_file(file: &Path, keys: &str, directory: &Directory) -> Vec<u8> {
    init();
    let out = directory.0.join("clear.mp4");
    let text =
        format!("filesrc location={} ! nativedrmmp4 name=dec ! filesink location={}", file.display(), out.display());
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    pipeline.by_name("dec").expect("named").set_property("keys", keys);
    let (error, _) = until_end(&pipeline);
    assert!(error.is_none(), "{file:?}: {error:?}");
    fs::read(out).expect("written")
}

#[test]
fn after_20_seeks_everything_comes_as_at_first() {
    let directory = Directory::new("mp4-seeks");
    let mut sought = 0;
    for vector in mp4_vectors() {
        let (id, file) = (&vector.id, vector.file(&directory));
        let clear = clear_file(&file, &vector.keys, &directory);
        let once = Paused::new(&file, &vector.keys, clear.clone());
        let (error, _) = until_end(&once.pipeline);
        assert!(error.is_none(), "{id}: {error:?}");
        let first = once.seen();
        assert!(first.reads > 0 && !first.pads.is_empty(), "{id}: {first:?}");
        assert!(first.wrong.is_empty(), "{id}: wrong at bytes {:?}", first.wrong);
        // Again if qtdemux has lost its place: the bytes have to be right each time.
        let comes_again = (0..10).any(|again| {
            if again > 0 {
                println!("{id}: qtdemux has lost its place");
            }
            let often = Paused::new(&file, &vector.keys, clear.clone());
            let duration = often.pipeline.query_duration::<gst::ClockTime>().expect("a duration");
            for round in 0..20_u64 {
                // Back and forth.
                let to = duration.mul_div_floor(round * 7 % 20, 20).expect("no overflow");
                often.seek(gst::SeekFlags::KEY_UNIT, to);
                sought += 1;
            }
            often.seek(gst::SeekFlags::empty(), gst::ClockTime::ZERO);
            let (error, _) = until_end(&often.pipeline);
            assert!(error.is_none(), "{id}: {error:?}");
            let last = often.seen();
            assert!(last.wrong.is_empty(), "{id}: wrong at bytes {:?} of {} reads", last.wrong, last.reads);
            last.pads == first.pads
        });
        assert!(comes_again, "{id}");
    }
    println!("{sought} seeks");
}

#[test]
fn reads_between_seeks_are_those_of_the_clear_file() {
    let directory = Directory::new("mp4-between");
    let media = tests_directory().join("media");
    let keys = fs::read_to_string(media.join("keys.json")).expect("keys");
    for name in ["cenc", "cens", "cbc1", "cbcs"] {
        let file = media.join(format!("{name}.mp4"));
        let clear = clear_file(&file, &keys, &directory);
        let paused = Paused::new(&file, &keys, clear);
        for second in [2, 0, 1, 2, 1, 0, 2, 2, 0, 1, 1, 0, 2, 1, 0, 1, 2, 0, 2, 0] {
            let before = paused.seen().reads;
            paused.seek(gst::SeekFlags::KEY_UNIT, gst::ClockTime::from_seconds(second));
            assert!(paused.seen().reads > before, "{name}: nothing was read after the seek");
        }
        let (error, _) = until_end(&paused.pipeline);
        assert!(error.is_none(), "{name}: {error:?}");
        let seen = paused.seen();
        assert!(seen.wrong.is_empty(), "{name}: wrong at bytes {:?} of {} reads", seen.wrong, seen.reads);
    }
}

fn waiting(mode: Mode) -> gst::Pipeline {
    init();
    let file = tests_directory().join("media/cens.mp4");
    let text = format!(
        "{} location={} ! nativedrmmp4 name=dec ! qtdemux name=d d.video_0 ! queue ! fakesink async=false \
         d.audio_0 ! queue ! fakesink async=false",
        mode.source(),
        file.display()
    );
    gst::parse::launch(&text).expect("a pipeline").downcast().expect("a pipeline")
}

#[test]
fn a_late_key_is_enough_for_both_modes() {
    let keys = fs::read_to_string(tests_directory().join("media/keys.json")).expect("keys");
    for mode in [Mode::Pull, Mode::Push] {
        let pipeline = waiting(mode);
        pipeline.set_state(gst::State::Playing).expect("started");
        let needed = key_needed(&pipeline.bus().expect("a bus"));
        assert_eq!(needed.get::<&str>("system-id").expect("text"), "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");
        assert_eq!(needed.get::<&str>("mime-type").expect("text"), "cenc");
        pipeline.by_name("dec").expect("named").set_property("keys", &keys);
        let (error, _) = until_end(&pipeline);
        assert!(error.is_none(), "{mode:?}: {error:?}");
    }
}

#[test]
fn a_file_that_waits_can_be_stopped() {
    let rounds: u32 = std::env::var("NATIVE_DRM_TEARDOWNS").map_or(500, |text| text.parse().expect("a number")) / 2;
    for mode in [Mode::Pull, Mode::Push] {
        let mut worst = Duration::ZERO;
        for _ in 0..rounds {
            let pipeline = waiting(mode);
            pipeline.set_state(gst::State::Playing).expect("started");
            key_needed(&pipeline.bus().expect("a bus"));
            let start = Instant::now();
            pipeline.set_state(gst::State::Null).expect("stopped");
            worst = worst.max(start.elapsed());
        }
        println!("nativedrmmp4 ({mode:?}): {rounds} teardowns while waiting, worst {}", in_ms(worst));
        assert!(worst < PATIENCE_STD);
    }
}

#[test]
fn a_key_that_no_set_has_is_an_error() {
    for mode in [Mode::Pull, Mode::Push] {
        let pipeline = waiting(mode);
        pipeline.by_name("dec").expect("named").set_property("keys", crate::harness::KEYS);
        let (error, _) = until_end(&pipeline);
        let (error, debug) = error.expect("an error");
        assert!(error.matches(gst::StreamError::DecryptNokey), "{error}; {debug}");
        assert!(debug.contains("track"), "{debug}");
    }
}

#[test]
fn files_that_are_none_are_errors() {
    let directory = Directory::new("mp4-none");
    let whole = fs::read(tests_directory().join("media/cens.mp4")).expect("the file");
    let moof = whole.windows(4).position(|kind| kind == b"moof").expect("fragments") - 4;
    let mut mangled = whole.clone();
    let senc = mangled.windows(4).position(|kind| kind == b"senc").expect("IVs");
    mangled[senc + 4..senc + 20].fill(0xff);
    let cases: [(&str, &[u8]); 4] = [
        ("text", b"This is no file of any kind that is known here, and long enough to be looked at."),
        ("no-moov", &whole[moof..]),
        ("mangled", &mangled),
        ("moov", &whole[..100]),
    ];
    for (name, bytes) in cases {
        let file = directory.0.join(name);
        fs::write(&file, bytes).expect("written");
        for mode in [Mode::Pull, Mode::Push] {
            let outcome = run_behind(&file, mode, "", Some(&decryptor(crate::harness::KEYS)));
            assert!(outcome.error.is_some(), "{name}, {mode:?}");
        }
    }
}

#[test]
fn only_encrypted_files_are_found() {
    init();
    let tests = tests_directory();
    for name in ["cenc", "cens", "cbc1", "cbcs"] {
        assert!(found(&tests.join(format!("media/{name}.mp4"))).contains("protected"), "{name}");
    }
    assert!(!found(&tests.join("media/clear.mp4")).contains("protected"));
    assert!(!found(&tests.join("vectors/player/vorbis.webm")).contains("protected"));
    // Content for others, as long as they have no decryptor here.
    let directory = Directory::new("mp4-found");
    let foreign = found(&find("shaka-packager/multi-drms-audio").file(&directory));
    assert!(foreign.contains("protected"), "{foreign}");
}

/// The caps that GStreamer finds for a file.
pub fn found(file: &Path) -> String {
    let text = format!("filesrc location={} ! typefind name=t ! fakesink", file.display());
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    pipeline.set_state(gst::State::Paused).expect("started");
    until_shown(&pipeline).expect("no error");
    let caps: gst::Caps = pipeline.by_name("t").expect("named").property("caps");
    pipeline.set_state(gst::State::Null).expect("stopped");
    caps.to_string()
}
