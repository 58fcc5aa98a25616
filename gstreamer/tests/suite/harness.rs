//! The element alone, with hand-made protection metas. Known answers: NIST SP 800-38A, F.2.1 and F.5.1.

use gst::prelude::*;
use gst_check::Harness;

use crate::run::init;

/// The key of SP 800-38A under the key id 0123456789012345, as a JWK Set.
pub const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"K34VFiiu0qar9xWICc9PPA"}]}"#;
pub const KEY_ID: [u8; 16] = *b"0123456789012345";

pub const CAPS: &str = "application/x-cenc, original-media-type=(string)audio/mpeg, mpegversion=(int)4, \
     cipher-mode=(string)cenc, protection-system=(string)1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";
const INSIDE: &str = "audio/mpeg, mpegversion=(int)4";

pub fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect()
}

pub fn clear() -> Vec<u8> {
    bytes(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    )
}

pub fn ctr() -> (Vec<u8>, Vec<u8>) {
    let encrypted = bytes(
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
         5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
    );
    (encrypted, bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
}

fn cbc() -> (Vec<u8>, Vec<u8>) {
    let encrypted = bytes(
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
         73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    );
    (encrypted, bytes("000102030405060708090a0b0c0d0e0f"))
}

pub fn buffer(data: &[u8]) -> gst::Buffer {
    gst::Buffer::from_mut_slice(data.to_vec())
}

/// A meta as qtdemux makes it.
pub fn meta(iv: &[u8]) -> gst::Structure {
    gst::Structure::builder("application/x-cenc")
        .field("iv_size", iv.len() as u32)
        .field("encrypted", true)
        .field("kid", buffer(&KEY_ID))
        .field("iv", buffer(iv))
        .field("subsample_count", 0_u32)
        .field("cipher-mode", "cenc")
        .build()
}

/// An encrypted sample at a second.
pub fn sample(data: &[u8], info: gst::Structure, second: u64) -> gst::Buffer {
    let mut sample = buffer(data);
    let sample_mut = sample.get_mut().expect("ours alone");
    sample_mut.set_pts(gst::ClockTime::from_seconds(second));
    gst::ProtectionMeta::add(sample_mut, info);
    sample
}

pub struct Bench {
    pub harness: Harness,
    pub bus: gst::Bus,
    pub element: gst::Element,
}

impl Bench {
    pub fn new() -> Self {
        Self::with_caps("nativedrmdec", CAPS)
    }

    pub fn with_caps(factory: &str, caps: &str) -> Self {
        init();
        let mut harness = Harness::new(factory);
        let element = harness.element().expect("an element");
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        harness.set_src_caps_str(caps);
        Self { harness, bus, element }
    }

    pub fn with_keys() -> Self {
        let bench = Self::new();
        bench.element.set_property("keys", KEYS);
        bench
    }

    pub fn count(&self, name: &str) -> u64 {
        self.element.property::<gst::Structure>("stats").get(name).expect("a count")
    }

    pub fn error(&self) -> Option<(gst::glib::Error, String)> {
        let message = self.bus.pop_filtered(&[gst::MessageType::Error])?;
        let gst::MessageView::Error(error) = message.view() else { return None };
        Some((error.error(), error.debug().map_or_else(String::new, String::from)))
    }

    pub fn warnings(&self) -> usize {
        std::iter::from_fn(|| self.bus.pop_filtered(&[gst::MessageType::Warning])).count()
    }
}

pub fn data(buffer: &gst::Buffer) -> Vec<u8> {
    buffer.map_readable().expect("readable").to_vec()
}

#[test]
fn a_sample_is_decrypted_in_place_and_loses_its_meta() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let sample = sample(&encrypted, meta(&iv), 0);
    let at = sample.map_readable().expect("readable").as_ptr();
    let out = bench.harness.push_and_pull(sample).expect("decrypted");
    assert_eq!(data(&out), clear());
    assert_eq!(out.map_readable().expect("readable").as_ptr(), at, "the very memory");
    assert!(out.meta::<gst::ProtectionMeta>().is_none());
    assert_eq!((bench.count("decrypted"), bench.count("copied")), (1, 0));
    let caps = bench.harness.sinkpad().and_then(|pad| pad.current_caps()).expect("caps");
    assert_eq!(caps, INSIDE.parse::<gst::Caps>().expect("caps"));
}

#[test]
fn subsamples_are_decrypted_and_the_rest_stays() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let mut info = meta(&iv);
    info.set("subsample_count", 2_u32);
    info.set("subsamples", buffer(&[0, 3, 0, 0, 0, 20, 0, 2, 0, 0, 0, 44]));
    let parts = [b"abc", &encrypted[..20], b"de", &encrypted[20..]].concat();
    let out = bench.harness.push_and_pull(sample(&parts, info, 0)).expect("decrypted");
    assert_eq!(data(&out), [b"abc", &clear()[..20], b"de", &clear()[20..]].concat());
}

#[test]
fn a_constant_iv_with_iv_size_0_decrypts() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = cbc();
    let mut info = meta(&iv);
    info.set("iv_size", 0_u32);
    info.set("constant_iv_size", 16_u32);
    info.set("cipher-mode", "cbcs");
    let out = bench.harness.push_and_pull(sample(&encrypted, info, 0)).expect("decrypted");
    assert_eq!(data(&out), clear());
}

#[test]
fn memory_that_others_have_is_copied_and_theirs_stays() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let sample = sample(&encrypted, meta(&iv), 0);
    let other = sample.clone();
    let out = bench.harness.push_and_pull(sample).expect("decrypted");
    assert_eq!((data(&out), data(&other)), (clear(), encrypted));
    assert!(other.meta::<gst::ProtectionMeta>().is_some());
    assert_eq!(bench.count("copied"), 1);
}

#[test]
fn memory_in_pieces_and_read_only_memory_are_decrypted() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let mut pieces = sample(&encrypted[..10], meta(&iv), 0);
    let rest = gst::Memory::from_slice(encrypted[10..].to_vec());
    pieces.get_mut().expect("ours alone").append_memory(rest);
    let out = bench.harness.push_and_pull(pieces).expect("decrypted");
    assert_eq!(data(&out), clear());
    let mut fixed = gst::Buffer::from_slice(encrypted.clone());
    gst::ProtectionMeta::add(fixed.get_mut().expect("ours alone"), meta(&iv));
    let out = bench.harness.push_and_pull(fixed).expect("decrypted");
    assert_eq!(data(&out), clear());
}

#[test]
fn protection_that_does_not_fit_is_an_error_and_nothing_goes_on() {
    type Change = &'static dyn Fn(&mut gst::Structure);
    let cases: [(&str, Change); 9] = [
        ("no key id", &|info| info.remove_field("kid")),
        ("key id of 3", &|info| info.set("kid", buffer(&[1, 2, 3]))),
        ("no IV", &|info| info.remove_field("iv")),
        ("IV of 16 bytes and an IV size of 32", &|info| info.set("iv_size", 32_u32)),
        ("1 subsamples in 0", &|info| info.set("subsample_count", 1_u32)),
        ("1 subsamples in 5", &|info| {
            info.set("subsample_count", 1_u32);
            info.set("subsamples", buffer(&[0; 5]));
        }),
        // The library's own check: they are shorter than the sample.
        ("subsample", &|info| {
            info.set("subsample_count", 1_u32);
            info.set("subsamples", buffer(&[0, 1, 0, 0, 0, 16]));
        }),
        // And longer than 32 bits together.
        ("subsample", &|info| {
            info.set("subsample_count", 2_u32);
            info.set("subsamples", buffer(&[0, 1, 255, 255, 255, 255, 0, 1, 255, 255, 255, 255]));
        }),
        ("\"cens\"", &|info| info.set("cipher-mode", "cens")),
    ];
    for (reason, change) in cases {
        let mut bench = Bench::with_keys();
        let (encrypted, iv) = ctr();
        let mut info = meta(&iv);
        change(&mut info);
        assert_eq!(bench.harness.push(sample(&encrypted, info, 0)), Err(gst::FlowError::Error), "{reason}");
        assert!(bench.harness.try_pull().is_none(), "{reason}");
        let (error, debug) = bench.error().expect("an error");
        assert!(error.matches(gst::StreamError::Decrypt), "{reason}: {error}");
        assert!(debug.contains(reason), "{reason}: {debug}");
    }
}

#[test]
fn clear_samples_pass_and_lose_their_meta() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let mut info = meta(&iv);
    info.set("encrypted", false);
    info.remove_field("kid");
    let out = bench.harness.push_and_pull(sample(&encrypted, info, 0)).expect("passed");
    assert_eq!(data(&out), encrypted);
    assert!(out.meta::<gst::ProtectionMeta>().is_none());
    let empty = bench.harness.push_and_pull(sample(&[], meta(&iv), 0)).expect("passed");
    assert_eq!(empty.size(), 0);
}

#[test]
fn a_key_that_no_set_has_is_an_error_with_the_reason() {
    for (factory, caps) in [
        ("nativedrmdec", CAPS.to_owned()),
        ("nativedrmdec-foreign", CAPS.replace(", protection-system=(string)1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", "")),
    ] {
        let mut bench = Bench::with_caps(factory, &caps);
        bench.element.set_property("keys", KEYS);
        let (encrypted, iv) = ctr();
        let mut info = meta(&iv);
        info.set("kid", buffer(&[0xab; 16]));
        assert_eq!(bench.harness.push(sample(&encrypted, info, 0)), Err(gst::FlowError::Error));
        assert!(bench.harness.try_pull().is_none());
        let (error, debug) = bench.error().expect("an error");
        assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
        assert!(debug.contains(&"ab".repeat(16)), "the key id: {debug}");
    }
}

#[test]
fn what_came_encrypted_does_not_come_back_as_clear() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    let lead = |second| {
        let mut lead = buffer(b"lead");
        lead.get_mut().expect("ours alone").set_pts(gst::ClockTime::from_seconds(second));
        lead
    };
    assert_eq!(data(&bench.harness.push_and_pull(lead(0)).expect("passed")), b"lead");
    bench.harness.push_and_pull(sample(&encrypted, meta(&iv), 1)).expect("decrypted");
    // A seek back to the beginning, after which the demuxer says nothing about samples that it has given before.
    assert!(bench.harness.push_event(gst::event::FlushStart::new()));
    assert!(bench.harness.push_event(gst::event::FlushStop::new(true)));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    assert!(bench.harness.push_event(gst::event::Segment::new(&segment)));
    let silent = |second| {
        let mut silent = buffer(&encrypted);
        silent.get_mut().expect("ours alone").set_pts(gst::ClockTime::from_seconds(second));
        silent
    };
    assert_eq!(data(&bench.harness.push_and_pull(lead(0)).expect("passed")), b"lead");
    assert_eq!(data(&bench.harness.push_and_pull(silent(1)).expect("decrypted")), clear());
    for second in 2..4 {
        assert_eq!(bench.harness.push(silent(second)), Ok(gst::FlowSuccess::Ok));
        assert!(bench.harness.try_pull().is_none(), "nobody knows how it is encrypted");
    }
    assert_eq!((bench.count("dropped"), bench.warnings()), (2, 1));
    let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), 5)).expect("decrypted");
    assert!(out.flags().contains(gst::BufferFlags::DISCONT));
}

#[test]
fn missing_meta_does_what_it_is_set_to() {
    let (encrypted, iv) = ctr();
    for (policy, passes, result) in [
        ("pass", true, Ok(gst::FlowSuccess::Ok)),
        ("drop", false, Ok(gst::FlowSuccess::Ok)),
        ("error", false, Err(gst::FlowError::Error)),
    ] {
        let mut bench = Bench::with_keys();
        bench.element.set_property_from_str("missing-meta", policy);
        bench.harness.push_and_pull(sample(&encrypted, meta(&iv), 0)).expect("decrypted");
        assert_eq!(bench.harness.push(buffer(&encrypted)), result, "{policy}");
        assert_eq!(bench.harness.try_pull().is_some(), passes, "{policy}");
        assert_eq!(bench.error().is_some(), policy == "error");
    }
}

#[test]
fn caps_that_do_not_say_what_is_inside_are_refused() {
    for caps in [
        "application/x-cenc, protection-system=(string)1077efec-c0b2-4d02-ace3-3c1e52e2fb4b",
        &CAPS.replace("cenc, p", "cens, p"),
    ] {
        let mut bench = Bench::with_caps("nativedrmdec", caps);
        bench.element.set_property("keys", KEYS);
        let (encrypted, iv) = ctr();
        let result = bench.harness.push(sample(&encrypted, meta(&iv), 0));
        assert_eq!(result, Err(gst::FlowError::NotNegotiated), "{caps}");
        assert!(bench.harness.try_pull().is_none());
        assert!(bench.error().expect("an error").0.matches(gst::StreamError::Decrypt));
    }
}

#[test]
fn webm_headers_and_clear_frames() {
    let caps = "application/x-webm-enc, original-media-type=(string)audio/x-vorbis, encryption-algorithm=(string)AES, \
                encoding-scope=(string)frame, cipher-mode=(string)CTR";
    let mut bench = Bench::with_caps("nativedrmdec", caps);
    bench.element.set_property("keys", KEYS);
    let mut header = buffer(b"\0header");
    header.get_mut().expect("ours alone").set_flags(gst::BufferFlags::HEADER);
    assert_eq!(data(&bench.harness.push_and_pull(header).expect("passed")), b"\0header");
    let plugin = gst::Registry::get().find_plugin("matroska").expect("installed");
    let frame = data(&bench.harness.push_and_pull(buffer(b"\0frame")).expect("passed"));
    // matroskademux keeps the signal byte before 1.22.5.
    let keeps = plugin.version().starts_with("1.22.") && plugin.version().as_str() < "1.22.5";
    assert_eq!(frame, if keeps { &b"frame"[..] } else { b"\0frame" });
    let (encrypted, iv) = ctr();
    let mut info = meta(&iv);
    info.remove_field("cipher-mode");
    assert_eq!(data(&bench.harness.push_and_pull(sample(&encrypted, info, 0)).expect("decrypted")), clear());
}

#[test]
fn states_back_and_forth_and_new_caps_go_on() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    for round in 0..20 {
        let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), round)).expect("decrypted");
        assert_eq!(data(&out), clear());
        bench.element.set_state(gst::State::Ready).expect("stopped");
        bench.element.set_state(gst::State::Playing).expect("started");
        bench
            .harness
            .set_src_caps_str(&CAPS.replace("mpegversion=(int)4", &format!("mpegversion=(int)4, rate=(int){round}")));
    }
}

#[test]
fn a_stream_may_go_on_in_the_clear_and_back() {
    let mut bench = Bench::with_keys();
    let (encrypted, iv) = ctr();
    for round in 0..2 {
        bench.harness.set_src_caps_str(CAPS);
        let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), 2 * round)).expect("decrypted");
        assert_eq!(data(&out), clear());
        // As from a demuxer that was given another header: advertisements.
        bench.harness.set_src_caps_str(&format!("{INSIDE}, rate=(int)44100"));
        let out = bench.harness.push_and_pull(buffer(b"advertisement")).expect("passed");
        assert_eq!(data(&out), b"advertisement");
        let caps = bench.harness.sinkpad().and_then(|pad| pad.current_caps()).expect("caps");
        assert!(caps.structure(0).is_some_and(|inside| inside.has_field("rate")), "{caps}");
    }
    assert_eq!((bench.count("decrypted"), bench.count("clear"), bench.warnings()), (2, 2, 0));
}

#[test]
fn a_stream_that_begins_in_the_clear_is_refused() {
    init();
    let mut harness = Harness::new("nativedrmdec");
    harness.set_src_caps_str(INSIDE);
    assert_eq!(harness.push(buffer(b"clear")), Err(gst::FlowError::NotNegotiated));
}
