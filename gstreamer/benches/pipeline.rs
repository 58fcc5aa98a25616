//! What decryption costs in a pipeline, against the C call: samples of 16 KiB, cenc and cbcs 1:9, through appsrc and fakesink, with
//! and without the element. Prints; asserts nothing about time.

#[path = "../tests/suite/capi.rs"]
#[allow(dead_code)]
mod capi;

use std::ffi::c_void;
use std::time::{Duration, Instant};

use gst::prelude::*;

const SIZE: usize = 16 << 10;
const SAMPLES: usize = 20_000;
const ROUNDS: usize = 7;
const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"K34VFiiu0qar9xWICc9PPA"}]}"#;
const KEY_ID: [u8; 16] = *b"0123456789012345";

#[repr(C)]
struct Info {
    size: u32,
    algorithm: i32,
    scheme: u32,
    iv_len: u32,
    key_id: [u8; 16],
    iv: [u8; 16],
    crypt: u32,
    skip: u32,
    count: u32,
    reserved: u32,
    subsamples: *const c_void,
}

unsafe extern "C" {
    fn OH_MediaKeySystem_FindSessionByKeyId(
        s: *mut c_void,
        id: *const u8,
        timeout: u32,
        session: *mut *mut c_void,
    ) -> i32;
    fn OH_MediaKeySession_DecryptSample(session: *mut c_void, info: *const Info, data: *mut u8, len: u32) -> i32;
}

fn c_call(program: &capi::Program, cbcs: bool) -> Duration {
    let mut session = std::ptr::null_mut();
    // SAFETY: the key id has 16 bytes, and `session` is written during the call.
    let code = unsafe { OH_MediaKeySystem_FindSessionByKeyId(program.system, KEY_ID.as_ptr(), 0, &raw mut session) };
    assert_eq!(code, 0);
    let (algorithm, crypt, skip) = if cbcs { (3, 1, 9) } else { (1, 0, 0) };
    let info = Info {
        size: size_of::<Info>() as u32,
        algorithm,
        scheme: 0,
        iv_len: 16,
        key_id: KEY_ID,
        iv: [7; 16],
        crypt,
        skip,
        count: 0,
        reserved: 0,
        subsamples: std::ptr::null(),
    };
    // Memory that was not touched lately, as in a pipeline.
    let mut samples = vec![vec![1_u8; SIZE]; SAMPLES];
    let start = Instant::now();
    for sample in &mut samples {
        // SAFETY: the sample has SIZE bytes, and `info` lives during the call.
        let code =
            unsafe { OH_MediaKeySession_DecryptSample(session, &raw const info, sample.as_mut_ptr(), SIZE as u32) };
        assert_eq!(code, 0);
    }
    start.elapsed() / SAMPLES as u32
}

/// The time for each of the samples in a pipeline, from the first to the end.
fn pipeline(program: &capi::Program, cbcs: bool, element: &str) -> Duration {
    let mode = if cbcs { "cbcs" } else { "cenc" };
    let caps: gst::Caps = format!(
        "application/x-cenc, original-media-type=(string)video/x-h264, cipher-mode=(string){mode}, \
         protection-system=(string)1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"
    )
    .parse()
    .expect("caps");
    let text = format!("appsrc name=source max-bytes=0 format=time {element} ! fakesink sync=false async=false");
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    pipeline.set_context(&program.context());
    let source = pipeline.by_name("source").expect("named").downcast::<gst_app::AppSrc>().expect("an appsrc");
    source.set_caps(Some(&caps));
    let buffer = |data: &[u8]| gst::Buffer::from_mut_slice(data.to_vec());
    let (key_id, iv) = (buffer(&KEY_ID), buffer(&[7; 16]));
    for index in 0..SAMPLES {
        let mut sample = buffer(&[1; SIZE]);
        let sample_mut = sample.get_mut().expect("ours alone");
        sample_mut.set_pts(gst::ClockTime::from_mseconds(index as u64));
        let mut info = gst::Structure::builder("application/x-cenc")
            .field("iv_size", 16_u32)
            .field("encrypted", true)
            .field("kid", &key_id)
            .field("iv", &iv)
            .field("subsample_count", 0_u32)
            .field("cipher-mode", mode)
            .build();
        if cbcs {
            info.set("crypt_byte_block", 1_u32);
            info.set("skip_byte_block", 9_u32);
        }
        gst::ProtectionMeta::add(sample_mut, info);
        source.push_buffer(sample).expect("queued");
    }
    source.end_of_stream().expect("queued");
    let start = Instant::now();
    pipeline.set_state(gst::State::Playing).expect("started");
    let bus = pipeline.bus().expect("a bus");
    let types = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::NONE, &types).expect("an end");
    let time = start.elapsed();
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
    pipeline.set_state(gst::State::Null).expect("stopped");
    time / SAMPLES as u32
}

fn main() {
    gst::init().expect("GStreamer");
    gstnativedrm::plugin_register_static().expect("the plugin");
    let program = capi::Program::new(c"org.w3.clearkey");
    program.add_keys(KEYS);
    println!("samples of 16 KiB, the fastest of {ROUNDS} rounds of {SAMPLES}");
    for cbcs in [false, true] {
        // In turn, so that all see the same machine.
        let (mut call, mut with, mut identity, mut without) =
            (Duration::MAX, Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            call = call.min(c_call(&program, cbcs));
            with = with.min(pipeline(&program, cbcs, "! nativedrmdec"));
            identity = identity.min(pipeline(&program, cbcs, "! identity"));
            without = without.min(pipeline(&program, cbcs, ""));
        }
        let element = with.saturating_sub(without);
        println!(
            "{}: C call {call:?}, pipeline {without:?}, with identity {identity:?}, with the element {with:?}: \
             the element {element:?}, {:.2} of the call, {:?} over identity and call",
            if cbcs { "cbcs 1:9" } else { "cenc    " },
            element.as_secs_f64() / call.as_secs_f64(),
            with.saturating_sub(identity).saturating_sub(call)
        );
    }
}
