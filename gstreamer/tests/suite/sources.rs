//! Keys of the program's own instance.

use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::capi::Program;
use crate::media::{Clear, Directory, find};
use crate::run::{Tap, init, key_needed, until_end};

fn pipeline(name: &str, directory: &Directory) -> (gst::Pipeline, Tap, String, String) {
    init();
    let vector = find(name);
    let text = format!(
        "filesrc location={} ! qtdemux ! nativedrmdec name=dec ! fakesink name=sink async=false",
        vector.file(directory).display()
    );
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    let tap = Tap::on(&pipeline.by_name("sink").expect("named").static_pad("sink").expect("a pad"));
    let Clear::Sha256(sha256) = vector.tracks[0].1.clone() else { panic!("a sum") };
    (pipeline, tap, vector.keys, sha256)
}

#[test]
fn a_context_of_the_pipeline_is_enough() {
    let directory = Directory::new("context");
    let (pipeline, tap, keys, sha256) = pipeline("generated/av1-cenc", &directory);
    let program = Program::new(c"org.w3.clearkey");
    program.add_keys(&keys);
    pipeline.set_context(&program.context());
    let (error, _) = until_end(&pipeline);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(tap.result().0, sha256);
}

#[test]
fn the_bus_is_asked_for_the_context() {
    let directory = Directory::new("need-context");
    let (pipeline, tap, keys, sha256) = pipeline("generated/av1-cenc", &directory);
    let program = Arc::new(Program::new(c"com.clearplay.drm"));
    program.add_keys(&keys);
    let answer = Arc::clone(&program);
    pipeline.bus().expect("a bus").set_sync_handler(move |_, message| {
        if let gst::MessageView::NeedContext(need) = message.view()
            && need.context_type() == "native-drm"
            && let Some(element) = message.src().and_then(|source| source.downcast_ref::<gst::Element>())
        {
            element.set_context(&answer.context());
        }
        gst::BusSyncReply::Pass
    });
    let (error, _) = until_end(&pipeline);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(tap.result().0, sha256);
}

#[test]
fn keys_that_a_session_of_the_program_gets_later_are_found() {
    let directory = Directory::new("program-later");
    let (pipeline, tap, keys, sha256) = pipeline("generated/av1-cenc", &directory);
    let program = Program::new(c"org.w3.clearkey");
    pipeline.by_name("dec").expect("named").set_property("media-key-system", program.system);
    pipeline.set_state(gst::State::Playing).expect("started");
    key_needed(&pipeline.bus().expect("a bus"));
    program.add_keys(&keys);
    let (error, _) = until_end(&pipeline);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(tap.result().0, sha256);
}

#[test]
fn an_instance_that_the_program_destroys_is_an_error() {
    let directory = Directory::new("destroyed");
    let (pipeline, tap, _, _) = pipeline("generated/av1-cenc", &directory);
    let program = Program::new(c"org.w3.clearkey");
    pipeline.set_context(&program.context());
    pipeline.set_state(gst::State::Playing).expect("started");
    key_needed(&pipeline.bus().expect("a bus"));
    drop(program);
    let (error, _) = until_end(&pipeline);
    let (error, _) = error.expect("an error");
    assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
    assert_eq!(tap.result().1, 0);
}

#[test]
fn keys_that_are_cleared_are_missed() {
    use crate::harness::{Bench, KEYS, clear, ctr, data, meta, sample};
    let mut bench = Bench::new();
    let program = Program::new(c"org.w3.clearkey");
    program.add_keys(KEYS);
    bench.element.set_property("media-key-system", program.system);
    bench.element.set_property("wait-timeout", 0);
    let (encrypted, iv) = ctr();
    let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), 0)).expect("decrypted");
    assert_eq!(data(&out), clear());
    program.clear_keys();
    assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 1)), Err(gst::FlowError::Error));
    assert!(bench.error().expect("an error").0.matches(gst::StreamError::DecryptNokey));
}

#[test]
fn keys_that_are_none_keep_the_element_in_null() {
    init();
    for factory in ["nativedrmdec", "nativedrmdec-foreign", "nativedrmmp4"] {
        for keys in ["{\"keys\":[{\"kty\":\"oct\"", "/nonexistent/keys.json", "{}"] {
            let element = crate::run::make(factory);
            let bus = gst::Bus::new();
            element.set_bus(Some(&bus));
            element.set_property("keys", keys);
            assert!(element.set_state(gst::State::Ready).is_err(), "{factory}: {keys}");
            let error = bus.pop_filtered(&[gst::MessageType::Error]).expect("an error");
            let gst::MessageView::Error(error) = error.view() else { unreachable!() };
            assert!(error.error().matches(gst::ResourceError::Settings), "{factory}: {error:?}");
            element.set_state(gst::State::Null).expect("stopped");
        }
    }
}

#[test]
fn a_context_that_does_not_persist_is_asked_for_again() {
    use crate::harness::{Bench, CAPS, KEYS, clear, ctr, data, meta, sample};
    let mut bench = Bench::new();
    bench.element.set_property("wait-timeout", 0);
    let current: Arc<Mutex<Option<Program>>> = Arc::default();
    let answer = Arc::clone(&current);
    bench.bus.set_sync_handler(move |_, message| {
        if let gst::MessageView::NeedContext(need) = message.view()
            && need.context_type() == "native-drm"
            && let Some(element) = message.src().and_then(|source| source.downcast_ref::<gst::Element>())
            && let Some(program) = &*answer.lock().expect("no panic")
        {
            element.set_context(&program.context_that(false));
        }
        gst::BusSyncReply::Pass
    });
    let (encrypted, iv) = ctr();
    for round in 0..2 {
        bench.element.set_state(gst::State::Null).expect("stopped");
        let program = Program::new(c"org.w3.clearkey");
        program.add_keys(KEYS);
        // The instance of the last round goes.
        *current.lock().expect("no panic") = Some(program);
        bench.element.set_state(gst::State::Playing).expect("started");
        bench.harness.set_src_caps_str(CAPS);
        let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), round));
        assert_eq!(data(&out.unwrap_or_else(|_| panic!("round {round}: {:?}", bench.error()))), clear());
    }
}

/// The library takes such keys, which no sample can be decrypted with.
#[test]
fn keys_of_a_wrong_length_are_an_error() {
    use crate::harness::{Bench, ctr, meta, sample};
    let mut bench = Bench::new();
    let keys =
        r#"{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"K34VFiiu0qar9xWICc9PPCt-FRYortKmq_cViAnPTzw"}]}"#;
    bench.element.set_property("keys", keys);
    let (encrypted, iv) = ctr();
    assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 0)), Err(gst::FlowError::Error));
    assert!(bench.harness.try_pull().is_none());
    let (error, debug) = bench.error().expect("an error");
    assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
    assert!(debug.contains("30313233343536373839303132333435"), "the key id: {debug}");
}
