//! A report for people.

use std::fmt::Write as _;

use init_data::describe::{BoxText, Details, PlayReady};
use init_data::outline::{ContentProtection, HlsKey, Manifest, Mpd, Playlist};

use super::report::{Container, Encryption, ManifestText, Program, Report, Run, Track};
use crate::paint::Paint;

/// Runs, key ids and boxes that are shown of a list.
const SHOWN: usize = 20;

/// Writes a report.
pub fn write(report: &Report, paint: Paint) -> String {
    let mut text = Text { out: String::new(), paint };
    text.summary(report);
    for track in &report.tracks {
        text.track(track);
    }
    for program in &report.programs {
        text.program(program);
    }
    if let Some(audio) = &report.packed_audio {
        text.heading("Audio");
        text.optional("  ", "codec", audio.codec);
        let frames = match audio.encrypted_frames {
            0 => audio.frames.to_string(),
            encrypted => format!("{}, {encrypted} encrypted with SAMPLE-AES", audio.frames),
        };
        text.field("  ", "frames", &frames);
    }
    match &report.manifest {
        Some(ManifestText::Dash(mpd)) => text.dash(mpd),
        Some(ManifestText::Hls(playlist)) => text.hls(playlist),
        Some(ManifestText::Smooth(manifest)) => text.smooth(manifest),
        None => {}
    }
    text.list(report.pssh.len(), "pssh boxes", |text, index| {
        let found = &report.pssh[index];
        let place =
            found.offset.map_or_else(|| found.place.to_owned(), |offset| format!("{}, byte {offset}", found.place));
        let _ = writeln!(text.out, "pssh in {place}");
        text.pssh("  ", &found.text);
    });
    if !report.key_ids.is_empty() {
        text.heading("Key ids");
        text.list(report.key_ids.len(), "key ids", |text, index| {
            let key = text.paint.key(&report.key_ids[index]);
            let _ = writeln!(text.out, "  {key}");
        });
    }
    if !report.passed_over.is_empty() {
        text.heading("Passed over");
        text.list(report.passed_over.len(), "faults", |text, index| {
            let reason = text.paint.wrong(&report.passed_over[index].reason);
            let _ = writeln!(text.out, "  {reason}");
        });
    }
    text.out
}

struct Text {
    out: String,
    paint: Paint,
}

impl Text {
    fn heading(&mut self, text: &str) {
        let heading = self.paint.heading(text);
        let _ = writeln!(self.out, "{heading}");
    }

    /// A name and what it is, in columns.
    fn field(&mut self, indent: &str, name: &str, value: &str) {
        let width = if value.is_empty() { 0 } else { 24_usize.saturating_sub(indent.len()) };
        let name = self.paint.aside(&format!("{name:<width$}"));
        let _ = writeln!(self.out, "{indent}{name}{value}");
    }

    fn optional(&mut self, indent: &str, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(indent, name, value);
        }
    }

    fn list(&mut self, count: usize, what: &str, mut each: impl FnMut(&mut Self, usize)) {
        (0..count.min(SHOWN)).for_each(|index| each(self, index));
        if count > SHOWN {
            let more = self.paint.aside(&format!("  and {} more {what} (--json shows all)", count - SHOWN));
            let _ = writeln!(self.out, "{more}");
        }
    }

    fn summary(&mut self, report: &Report) {
        self.heading(&report.file);
        let container = match report.container {
            Container::Mp4 => "MP4",
            Container::WebM => "WebM",
            Container::MpegTs => "MPEG transport stream",
            Container::PackedAudio => "packed audio",
            Container::Dash => "DASH manifest",
            Container::Hls => "HLS playlist",
            Container::Smooth => "Smooth Streaming manifest",
            Container::Pssh => "pssh boxes",
            Container::KeyIds => "W3C list of key ids",
        };
        let mut container = container.to_owned();
        if let Some(mp4) = &report.mp4 {
            if let Some(brand) = &mp4.brand {
                let _ = write!(container, ", brand {brand}");
            }
            if mp4.is_fragmented || mp4.fragments > 0 {
                let _ = write!(container, ", {}", counted(mp4.fragments, "fragment"));
            }
        }
        if let Some(bytes) = report.bytes {
            let _ = write!(container, ", {}", counted(bytes, "byte"));
        }
        self.field("", "container", &container);
        let encrypted = if report.encrypted { self.paint.encrypted("yes") } else { self.paint.clear("no") };
        self.field("", "encrypted", &encrypted);
    }

    fn track(&mut self, track: &Track) {
        let kind = track.kind.as_deref().unwrap_or("unknown kind");
        self.heading(&format!("Track {}, {kind}", track.id));
        for (index, entry) in track.entries.iter().enumerate() {
            let name = if track.entries.len() > 1 { format!("sample entry {}", index + 1) } else { "codec".to_owned() };
            let codec = match entry.name {
                Some(known) => format!("{known} ({})", entry.codec),
                None => entry.codec.clone(),
            };
            self.field("  ", &name, &codec);
            match &entry.encryption {
                Some(encryption) => self.encryption("    ", encryption, !track.groups.is_empty()),
                None if track.entries.iter().any(|entry| entry.encryption.is_some()) => {
                    let clear = self.paint.clear("no");
                    self.field("    ", "encrypted", &clear);
                }
                None => {}
            }
        }
        for group in &track.groups {
            self.field("  ", "sample group (seig)", "");
            self.encryption("    ", group, false);
        }
        if track.samples > 0 {
            let samples = if track.runs.is_empty() {
                format!("{}; no moov here says which are encrypted", track.samples)
            } else {
                format!("{}, {} encrypted", track.samples, track.encrypted_samples)
            };
            self.field("  ", "samples", &samples);
        }
        if track.runs.len() > 1 {
            self.list(track.runs.len(), "changes of the key", |text, index| text.run(&track.runs[index]));
        }
    }

    fn run(&mut self, run: &Run) {
        let last = run.first_sample + run.samples - 1;
        let samples = if run.samples == 1 { last.to_string() } else { format!("{} to {last}", run.first_sample) };
        let what = match &run.key_id {
            Some(id) => format!("key {}", self.paint.key(id)),
            None => self.paint.clear("clear"),
        };
        self.field("    ", &samples, &what);
    }

    /// `has_groups`: zeros stand for the key ids of sample groups.
    fn encryption(&mut self, indent: &str, encryption: &Encryption, has_groups: bool) {
        if !encryption.is_protected {
            let clear = self.paint.clear("no");
            return self.field(indent, "encrypted", &clear);
        }
        let mut scheme = self.paint.encrypted(encryption.scheme.as_deref().unwrap_or("not told here"));
        if let Some(cipher) = encryption.cipher {
            let _ = write!(scheme, ", {cipher}");
        }
        if let Some(pattern) = &encryption.pattern {
            let _ = write!(scheme, ", pattern {}:{}", pattern.encrypted, pattern.clear);
        }
        self.field(indent, "scheme", &scheme);
        let iv = match &encryption.constant_iv {
            Some(iv) => format!("constant, {iv}"),
            None => format!("{} bytes for each sample", encryption.iv_bytes),
        };
        self.field(indent, "IV", &iv);
        let id = match &encryption.key_id {
            zeros if has_groups && zeros.bytes().all(|digit| digit == b'0') => "in sample groups".to_owned(),
            id => self.paint.key(id),
        };
        self.field(indent, "key id", &id);
    }

    fn program(&mut self, program: &Program) {
        self.heading(&format!("Program {}", program.number));
        for found in &program.drm {
            let text = format!("video {}, audio {}, {} bytes", found.video, found.audio, found.data_bytes);
            self.field("  ", "descriptor 0xC0", &text);
        }
        for stream in &program.streams {
            let name = format!("PID {}", stream.pid);
            let mut codec = stream.codec.unwrap_or("unknown").to_owned();
            let _ = write!(codec, " (stream type 0x{:02x})", stream.stream_type);
            self.field("  ", &name, &codec);
            if stream.is_sample_aes {
                let text = self.paint.encrypted("SAMPLE-AES");
                self.field("    ", "encrypted", &text);
            }
            if stream.scrambled_packets > 0 {
                self.field("    ", "scrambled packets", &stream.scrambled_packets.to_string());
            }
            for found in &stream.drm {
                let text = format!("video {}, audio {}, {} bytes", found.video, found.audio, found.data_bytes);
                self.field("    ", "descriptor 0xC0", &text);
            }
            if let Some(cei) = &stream.cei {
                let mut text = format!("{}, {} encrypted", counted(cei.units, "unit"), cei.encrypted_units);
                if let Some(algorithm) = cei.algorithm {
                    let _ = write!(text, ", {algorithm}");
                }
                self.field("    ", "CEI", &text);
                self.keys("      ", "key id", &cei.key_ids);
                self.keys("      ", "next key id", &cei.next_key_ids);
            }
        }
    }

    fn keys(&mut self, indent: &str, name: &str, ids: &[String]) {
        self.list(ids.len(), "key ids", |text, index| {
            let key = text.paint.key(&ids[index]);
            text.field(indent, name, &key);
        });
    }

    fn pssh(&mut self, indent: &str, found: &BoxText) {
        let system = format!("{} ({})", found.system.unwrap_or("unknown"), found.system_id);
        self.field(indent, "system", &system);
        let version = format!("{}, {} of data", found.version, counted(found.data_bytes as u64, "byte"));
        self.field(indent, "version", &version);
        self.keys(indent, "key id", &found.key_ids);
        match &found.details {
            None => {}
            Some(Details::Widevine(data)) => {
                self.keys(indent, "key id (data)", &data.key_ids);
                self.optional(indent, "provider", data.provider.as_deref());
                let content = data.content_id_text.as_ref().map(|text| format!("\"{text}\""));
                self.optional(indent, "content id", content.or_else(|| data.content_id.clone()).as_deref());
                self.optional(indent, "policy", data.policy.as_deref());
                self.optional(indent, "algorithm", data.algorithm.as_deref());
                self.optional(indent, "scheme", data.protection_scheme.as_deref());
                self.optional(indent, "type", data.kind.as_deref());
                let number = |number: Option<u64>| number.map(|number| number.to_string());
                self.optional(indent, "crypto period", number(data.crypto_period_index).as_deref());
                self.optional(indent, "period in seconds", number(data.crypto_period_seconds).as_deref());
                self.complete(indent, data.complete);
            }
            Some(Details::PlayReady(data)) => self.playready(indent, data),
            Some(Details::Json(data)) => {
                self.keys(indent, "key id (data)", &data.key_ids);
                self.optional(indent, "content id", data.content_id.as_deref());
                self.optional(indent, "scheme", data.enschema.as_deref());
                self.optional(indent, "data version", data.version.as_deref());
            }
        }
    }

    fn playready(&mut self, indent: &str, data: &PlayReady) {
        self.keys(indent, "key id (data)", &data.key_ids);
        self.optional(indent, "header version", data.header_version.as_deref());
        self.optional(indent, "algorithm", data.algorithm.as_deref());
        self.optional(indent, "LA_URL", data.la_url.as_deref());
        self.optional(indent, "LUI_URL", data.lui_url.as_deref());
        self.optional(indent, "DS_ID", data.ds_id.as_deref());
        self.optional(indent, "DECRYPTORSETUP", data.decryptor_setup.as_deref());
        if data.license_stores > 0 {
            self.field(indent, "license stores", &data.license_stores.to_string());
        }
        self.complete(indent, data.complete);
    }

    fn complete(&mut self, indent: &str, complete: bool) {
        if !complete {
            let text = self.paint.wrong("cannot be read to its end");
            self.field(indent, "data", &text);
        }
    }

    fn dash(&mut self, mpd: &Mpd) {
        self.protections("  ", &mpd.protections);
        for (index, period) in mpd.periods.iter().enumerate() {
            let id = period.id.as_ref().map_or_else(String::new, |id| format!(", id {id}"));
            self.heading(&format!("Period {}{id}", index + 1));
            self.protections("  ", &period.protections);
            for (index, set) in period.adaptation_sets.iter().enumerate() {
                let mut name = set.content_type.clone().unwrap_or_else(|| "unknown".to_owned());
                for (what, value) in [("id", &set.id), ("language", &set.lang), ("codecs", &set.codecs)] {
                    if let Some(value) = value {
                        let _ = write!(name, ", {what} {value}");
                    }
                }
                self.field("  ", &format!("adaptation set {}", index + 1), &name);
                self.protections("    ", &set.protections);
                for one in &set.representations {
                    let mut name = one.id.clone().unwrap_or_else(|| "without id".to_owned());
                    for (what, value) in [("codecs", &one.codecs), ("bandwidth", &one.bandwidth)] {
                        if let Some(value) = value {
                            let _ = write!(name, ", {what} {value}");
                        }
                    }
                    self.field("    ", "representation", &name);
                    self.protections("      ", &one.protections);
                }
            }
        }
    }

    fn protections(&mut self, indent: &str, all: &[ContentProtection]) {
        for found in all {
            let scheme = found.scheme_id_uri.as_deref().unwrap_or("without schemeIdUri");
            let mut name = found.system.map_or_else(|| scheme.to_owned(), |system| format!("{system} ({scheme})"));
            if let Some(value) = &found.value {
                let _ = write!(name, ", {value}");
            }
            let name = self.paint.encrypted(&name);
            self.field(indent, "protection", &name);
            let deeper = format!("{indent}  ");
            self.keys(&deeper, "default_KID", &found.default_key_ids);
            for url in &found.license_urls {
                self.field(&deeper, "licenses", url);
            }
            found.pssh.iter().for_each(|one| self.pssh(&deeper, one));
            for one in &found.playready {
                self.field(&deeper, "mspr:pro", "");
                self.playready(&format!("{deeper}  "), one);
            }
        }
    }

    fn hls(&mut self, playlist: &Playlist) {
        let text = if playlist.is_multivariant {
            format!("multivariant, {}", counted(playlist.variants as u64, "variant"))
        } else {
            counted(playlist.segments as u64, "segment")
        };
        self.field("", "playlist", &text);
        self.list(playlist.keys.len(), "keys", |text, index| text.hls_key(&playlist.keys[index]));
    }

    fn hls_key(&mut self, key: &HlsKey) {
        let tag = if key.is_session_key { "EXT-X-SESSION-KEY" } else { "EXT-X-KEY" };
        self.heading(&format!("Line {}, {tag}", key.line));
        self.optional("  ", "method", key.method.as_deref());
        let format = match (key.system, key.key_format.as_deref()) {
            (Some(system), Some(format)) => Some(format!("{system} ({format})")),
            (_, format) => format.map(str::to_owned),
        };
        self.optional("  ", "key format", format.as_deref());
        if let Some(first) = key.first_segment.filter(|_| key.segments > 0) {
            let last = first + key.segments - 1;
            self.field("  ", "segments", &format!("{first} to {last}"));
        }
        self.optional("  ", "URI", key.uri.as_deref());
        self.optional("  ", "IV", key.iv.as_deref());
        if let Some(id) = &key.key_id {
            let id = self.paint.key(id);
            self.field("  ", "KEYID", &id);
        }
        key.pssh.iter().for_each(|one| self.pssh("  ", one));
        key.playready.iter().for_each(|one| self.playready("  ", one));
    }

    fn smooth(&mut self, manifest: &Manifest) {
        for stream in &manifest.streams {
            let codecs = stream.codecs.join(", ");
            let levels = counted(stream.quality_levels as u64, "quality level");
            let kind = stream.kind.as_deref().unwrap_or("unknown");
            self.field("  ", "stream", &format!("{kind}, {levels}, {codecs}"));
        }
        for found in &manifest.protections {
            self.heading("ProtectionHeader");
            found.pssh.iter().for_each(|one| self.pssh("  ", one));
        }
    }
}

/// A number with what is counted.
fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
