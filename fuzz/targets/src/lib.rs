//! Fuzz targets: functions of bytes that panic when something is wrong, and return otherwise.
//!
//! Every one of them has the same first rule: no input may make the library panic, not even where the panic would be
//! caught at the C boundary. The others are asserted where they apply: what is refused is refused with a message and
//! changes nothing, what is accepted comes out the same when it is written and read again, nothing outside a buffer is
//! read or written.

pub mod observe;
pub mod script;
pub mod world;

mod access_unit;
mod capi;
mod decrypt;
mod host_messages;
mod key_ids;
mod license_message;
mod license_text;
mod manifest;
mod media_file;
mod mp4;
#[path = "../../../crates/drm/tests/support/nobody.rs"]
mod nobody;
mod offline_file;
mod plugin;
mod policy;
mod pssh;
mod template;

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// The directory of its seeds in `corpus/`.
    pub corpus: &'static str,
    /// Runs it once.
    pub run: fn(&[u8]),
    /// What mutators may insert.
    pub words: &'static [&'static str],
    /// Runs that take a second or two.
    pub round: u64,
}

const fn target(name: &'static str, corpus: &'static str, run: fn(&[u8]), words: &'static [&'static str]) -> Target {
    Target { name, corpus, run, words, round: 50_000 }
}

impl Target {
    /// For targets that are slower.
    const fn slow(mut self, round: u64) -> Self {
        self.round = round;
        self
    }
}

/// All targets.
pub static TARGETS: &[Target] = &[
    target("pssh", "pssh", pssh::run, &["pssh", "uuid", "free"]),
    target("mp4", "mp4", mp4::run, mp4::WORDS),
    target("detect", "detect", mp4::detect, mp4::WORDS),
    target("key_ids", "key_ids", key_ids::run, key_ids::WORDS),
    target("dash", "dash", manifest::dash, manifest::DASH_WORDS),
    target("hls", "hls", manifest::hls, manifest::HLS_WORDS),
    target("smooth", "smooth", manifest::smooth, manifest::SMOOTH_WORDS),
    target("webm", "webm", manifest::webm, &["\u{1a}E"]),
    target("mpeg_ts", "mpeg_ts", manifest::mpeg_ts, manifest::TS_WORDS),
    target("clearplay", "clearplay", license_text::clearplay, license_text::WORDS),
    target("jwk_set", "jwk_set", license_text::jwk_set, license_text::WORDS),
    target("template_strict", "template", template::strict, template::WORDS),
    target("template_azure", "template", template::azure, template::WORDS),
    target("offline_file", "offline_file", offline_file::run, &["NDRM\u{1}", "NDRM\u{2}", "NDRR\u{1}", "NDRMDEV\u{1}"])
        .slow(30_000),
    target("policy", "policy", policy::run, &[]).slow(10_000),
    target("service_messages", "service_messages", license_message::service_side, license_message::WORDS).slow(3000),
    target("client_messages", "client_messages", license_message::client_side, license_message::WORDS).slow(3000),
    target("stored_license", "stored_license", license_message::stored_license, license_message::WORDS).slow(50_000),
    target("decrypt", "decrypt", decrypt::run, &["cenc", "cens", "cbc1", "cbcs"]),
    target("access_unit", "access_unit", access_unit::run, &["\0\0\u{1}", "\0\0\u{3}"]),
    target("media_file", "media_file", media_file::run, media_file::WORDS).slow(30_000),
    target("host_messages", "host_messages", host_messages::run, &["cenc", "video/mp4"]),
    target("capi", "capi", capi::run, &[]).slow(10_000),
    // After `capi`, which does not expect a fourth key system.
    target("plugin", "plugin", plugin::run, &[]).slow(4000),
];

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
