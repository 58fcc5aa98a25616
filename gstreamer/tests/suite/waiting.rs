//! Waiting for a key, and all that ends it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use gst::prelude::*;

use crate::harness::{Bench, KEY_ID, KEYS, clear, ctr, data, meta, sample};
use crate::media::{Clear, Directory, find};
use crate::run::{PATIENCE_STD, Tap, in_ms, init, key_needed, until_end};

fn pipeline(file: &Path) -> gst::Pipeline {
    init();
    let text = format!(
        "filesrc location={} ! qtdemux ! nativedrmdec name=dec ! fakesink name=sink async=false",
        file.display()
    );
    gst::parse::launch(&text).expect("a pipeline").downcast().expect("a pipeline")
}

#[test]
fn the_message_says_what_to_ask_with() {
    let directory = Directory::new("message");
    let vector = find("shaka-packager/multi-drms-audio");
    let pipeline = pipeline(&vector.file(&directory));
    // Its system ids are foreign ones.
    let (demuxer, sink) = (pipeline.by_name("dec").expect("named"), pipeline.by_name("sink").expect("named"));
    pipeline.remove(&demuxer).expect("removed");
    let foreign = crate::run::make("nativedrmdec-foreign");
    pipeline.add(&foreign).expect("added");
    foreign.link(&sink).expect("linked");
    let qtdemux =
        pipeline.iterate_elements().into_iter().flatten().find(|e| e.factory().is_some_and(|f| f.name() == "qtdemux"));
    let to = foreign.clone();
    qtdemux.expect("the demuxer").connect_pad_added(move |_, pad| {
        pad.link(&to.static_pad("sink").expect("a pad")).expect("linked");
    });
    pipeline.set_state(gst::State::Playing).expect("started");
    let needed = key_needed(&pipeline.bus().expect("a bus"));
    assert_eq!(data(&needed.get("key-id").expect("a buffer")), b"1234567890123456");
    assert_eq!(needed.get::<&str>("system-id").expect("text"), "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed");
    assert_eq!(needed.get::<&str>("mime-type").expect("text"), "cenc");
    assert_eq!(needed.get::<&str>("origin").expect("text"), "isobmff/moov");
    assert_eq!(&data(&needed.get("init-data").expect("a buffer"))[4..8], b"pssh");
    pipeline.set_state(gst::State::Null).expect("stopped");
}

#[test]
fn a_late_key_is_enough() {
    let directory = Directory::new("late");
    let vector = find("generated/av1-cenc");
    let Clear::Sha256(expected) = &vector.tracks[0].1 else { panic!("a sum") };
    let pipeline = pipeline(&vector.file(&directory));
    let tap = Tap::on(&pipeline.by_name("sink").expect("named").static_pad("sink").expect("a pad"));
    pipeline.set_state(gst::State::Playing).expect("started");
    key_needed(&pipeline.bus().expect("a bus"));
    assert_eq!(tap.result().1, 0, "nothing goes on without a key");
    pipeline.by_name("dec").expect("named").set_property("keys", &vector.keys);
    let (error, _) = until_end(&pipeline);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(tap.result().0, *expected);
}

/// Pushes a sample on a thread of its own, as a demuxer would.
fn push(bench: &Bench) -> thread::JoinHandle<Result<gst::FlowSuccess, gst::FlowError>> {
    let pad = bench.harness.srcpad().expect("a pad");
    let (encrypted, iv) = ctr();
    thread::spawn(move || pad.push(sample(&encrypted, meta(&iv), 0)))
}

#[test]
fn a_flush_ends_the_wait_and_the_next_sample_waits_again() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        let pushed = push(&bench);
        let needed = key_needed(&bench.bus);
        assert_eq!(data(&needed.get("key-id").expect("a buffer")), KEY_ID);
        assert_eq!(needed.get::<&str>("mime-type").expect("text"), "keyids");
        assert!(bench.harness.push_event(gst::event::FlushStart::new()));
        assert_eq!(pushed.join().expect("no panic"), Err(gst::FlowError::Flushing));
        assert!(bench.harness.push_event(gst::event::FlushStop::new(true)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(bench.harness.push_event(gst::event::Segment::new(&segment)));
    }
    let pushed = push(&bench);
    key_needed(&bench.bus);
    bench.element.set_property("keys", KEYS);
    assert_eq!(pushed.join().expect("no panic"), Ok(gst::FlowSuccess::Ok));
    assert_eq!(data(&bench.harness.pull().expect("a sample")), clear());
}

#[test]
fn the_end_of_the_time_is_an_error() {
    for timeout in [0, 1] {
        let mut bench = Bench::new();
        bench.element.set_property("wait-timeout", timeout);
        let (encrypted, iv) = ctr();
        assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 0)), Err(gst::FlowError::Error));
        key_needed_before_error(&bench);
    }
}

fn key_needed_before_error(bench: &Bench) {
    let types = [gst::MessageType::Element, gst::MessageType::Error];
    let first = bench.bus.pop_filtered(&types).expect("a message");
    assert!(first.structure().is_some_and(|structure| structure.name() == "drm-key-needed"), "{first:?}");
    let (error, debug) = bench.error().expect("an error");
    assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
    assert!(debug.contains("no keys were given"), "{debug}");
}

#[test]
fn a_pipeline_that_waits_can_be_stopped() {
    let rounds: u32 = std::env::var("NATIVE_DRM_TEARDOWNS").map_or(500, |text| text.parse().expect("a number"));
    let directory = Directory::new("teardown");
    let file = find("generated/av1-cenc").file(&directory);
    let (mut worst, mut sum) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let pipeline = pipeline(&file);
        pipeline.set_state(gst::State::Playing).expect("started");
        key_needed(&pipeline.bus().expect("a bus"));
        let start = Instant::now();
        pipeline.set_state(gst::State::Null).expect("stopped");
        let took = start.elapsed();
        worst = worst.max(took);
        sum += took;
    }
    println!("{rounds} teardowns while waiting: mean {:?}, worst {}", sum / rounds.max(1), in_ms(worst));
    // It would hang if it did not work; how fast it is depends on the machine.
    assert!(worst < PATIENCE_STD);
}
