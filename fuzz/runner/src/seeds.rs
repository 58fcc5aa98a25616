//! Writes the seed corpora: what the tests' data give, and what the library itself writes.

use std::fs;
use std::path::{Path, PathBuf};

use drm::storage::{FileStore, OfflineStore, StoredKey, StoredStatus};
use init_data::{find_pssh, pssh};
use license::template::Profile;
use serde_json::Value;

use crate::media_files;
use crate::random::Random;
use crate::transport;

/// A seed larger than this is not worth its time.
const LARGEST: usize = 6200;

/// Writes all seeds into the directories of a corpus.
pub fn write(corpus: &Path) -> Result<(), String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let seeds = Seeds { corpus: corpus.to_owned(), tests };
    seeds.init_data()?;
    seeds.media_files()?;
    seeds.licenses()?;
    seeds.templates()?;
    seeds.offline_files()?;
    seeds.messages()?;
    seeds.units()?;
    seeds.host_messages()?;
    seeds.instructions("policy", 12, 120)?;
    seeds.instructions("capi", 24, 900)?;
    seeds.instructions("plugin", 24, 900)?;
    seeds.instructions("access_unit", 12, 400)?;
    seeds.instructions("decrypt", 12, 300)
}

struct Seeds {
    corpus: PathBuf,
    tests: PathBuf,
}

fn text(fault: impl std::fmt::Display) -> String {
    fault.to_string()
}

fn encoded(message: &impl serde::Serialize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    isolation::channel::encode(message, &mut bytes).map_err(text)?;
    Ok(bytes)
}

impl Seeds {
    fn put(&self, target: &str, name: &str, content: &[u8]) -> Result<(), String> {
        if content.len() > LARGEST {
            return Ok(());
        }
        let directory = self.corpus.join(target);
        fs::create_dir_all(&directory).map_err(text)?;
        fs::write(directory.join(name), content).map_err(text)
    }

    fn json(&self, path: &str) -> Result<Value, String> {
        let content = fs::read(self.tests.join(path)).map_err(|fault| format!("{path}: {fault}"))?;
        serde_json::from_slice(&content).map_err(|fault| format!("{path}: {fault}"))
    }

    fn init_data(&self) -> Result<(), String> {
        let mut all = Vec::new();
        for directory in ["vectors/init_data", "vectors/reports/media", "media"] {
            for item in fs::read_dir(self.tests.join(directory)).map_err(text)? {
                all.push(item.map_err(text)?.path());
            }
        }
        all.sort();
        for path in all {
            let content = fs::read(&path).map_err(text)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension != "json" && extension != "md") {
                self.put("detect", &name, up_to_moov(&content))?;
            }
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("mp4") => self.put("mp4", &name, up_to_moov(&content))?,
                Some("mpd") => self.put("dash", &name, &content)?,
                Some("m3u8") => self.put("hls", &name, &content)?,
                Some("webm") => self.put("webm", &name, &content[..content.len().min(LARGEST)])?,
                Some("ts") => self.put("mpeg_ts", &name, &content)?,
                Some("ism") => self.put("smooth", &name, &content)?,
                Some("bin") => self.put("pssh", &name, &content)?,
                _ => continue,
            }
            let boxes = find_pssh(&content).unwrap_or_default();
            self.put("pssh", &format!("{name}.all"), &boxes.concat())?;
            for (index, found) in boxes.iter().enumerate() {
                self.put("pssh", &format!("{name}.{index}"), found)?;
                self.put("key_ids", &format!("{name}.{index}"), pssh::parse(found).map_err(text)?.data)?;
            }
        }
        for case in self.json("vectors/crypto/initdata.json")?.as_array().into_iter().flatten() {
            let name = file_name(&case["name"]);
            let Some(bytes) = case["init_data_hex"].as_str().and_then(unhex) else { continue };
            let target = if case["type"] == "cenc" { "pssh" } else { "key_ids" };
            self.put(target, &name, &bytes)?;
        }
        let large_size =
            [&[0, 0, 0, 1][..], b"pssh", &52_u64.to_be_bytes(), &[0; 4], &[7; 16], &[0, 0, 0, 12], &[9; 12]];
        self.put("pssh", "64-bit-size", &large_size.concat())?;
        self.put("detect", "64-bit-size", &large_size.concat())
    }

    /// Access units, behind the four bytes that say what they are.
    fn units(&self) -> Result<(), String> {
        let streams = self.tests.join("streams");
        let read = |name: &str| fs::read(streams.join(name)).map_err(|fault| format!("{name}: {fault}"));
        let (facts, units) = (self.json("streams/cei.json")?, read("cei.bin")?);
        let mut rest = units.as_slice();
        for (index, stream) in facts["streams"].as_array().into_iter().flatten().enumerate() {
            let number = |name: &str| stream[name].as_u64().unwrap_or(0) as u8;
            let format =
                ["h264", "h265", "avs3"].iter().position(|codec| stream["codec"] == **codec).unwrap_or(0) as u8;
            let mut all = Vec::new();
            for (unit, sizes) in stream["units"].as_array().into_iter().flatten().enumerate() {
                let (bytes, others) = rest.split_at(sizes[0].as_u64().unwrap_or(0) as usize);
                rest = others;
                all.push(bytes);
                // The streams with all lengths differ in nothing else.
                if unit < 5 {
                    let header = [format + 1, number("nal_length_size"), number("algorithm"), 0];
                    self.put("access_unit", &format!("cei-{index}-{unit}"), &[&header, bytes].concat())?;
                    if format == 0 {
                        let header = [4, header[1], 0, 0];
                        self.put("access_unit", &format!("sample-aes-{index}-{unit}"), &[&header, bytes].concat())?;
                    }
                }
            }
            if number("nal_length_size") == 0 {
                all.truncate(3);
                let file = transport::stream([0x1b, 0x24, 0xd4][usize::from(format)], number("algorithm"), &all);
                self.put("media_file", &format!("cei-{index}.ts"), &file)?;
            }
        }
        for name in ["aac.ts", "ac3.ts", "slices.ts", "prevention.ts", "aac.aac", "ec3.ec3"] {
            self.put("media_file", name, &read(&format!("sample-aes/encrypted/{name}"))?)?;
        }
        for (format, name) in [(5, "aac.aac"), (6, "ac3.ac3"), (7, "ec3.ec3")] {
            let file = read(&format!("sample-aes/encrypted/{name}"))?;
            // Behind the ID3 tag, whose length is 7 bits a byte.
            let tag = file.get(6..10).unwrap_or_default().iter().fold(0, |size, byte| size << 7 | usize::from(*byte));
            let frames = file.get(10 + tag..).unwrap_or_default();
            self.put("access_unit", name, &[&[format, 0, 0, 0], frames].concat())?;
        }
        Ok(())
    }

    /// Encrypted files: small ones of every shape, and those of the player's tests that are small enough.
    fn media_files(&self) -> Result<(), String> {
        for (name, shape) in media_files::shapes() {
            self.put("media_file", &name, &media_files::mp4(&shape).0)?;
        }
        for (width, live) in [(2, false), (7, true), (8, false)] {
            self.put("media_file", &format!("webm-{width}"), &media_files::webm(width, live).0)?;
        }
        for name in ["av1.mp4", "opus.mp4", "vp9.webm", "vorbis.webm"] {
            let content = fs::read(self.tests.join("vectors/player").join(name)).map_err(text)?;
            self.put("media_file", name, &content)?;
        }
        Ok(())
    }

    /// One of each kind of message, with as much in it as there can be.
    fn host_messages(&self) -> Result<(), String> {
        use isolation::message::{
            Event, Facts, Failure, KeyRequest, Notice, Ready, Reply, Request, SessionRequest, Setup,
        };
        let put = |name: &str, kind: u8, encoded: Result<Vec<u8>, String>| {
            let mut bytes = encoded?;
            // In place of the length.
            bytes.splice(..4, [kind]);
            self.put("host_messages", name, &bytes)
        };
        let options = vec![(&b"name"[..], &b"value"[..])];
        let request = KeyRequest { offline: true, init_data: &[1; 40], mime_type: "video/mp4", options };
        let failure = || Failure { code: 401, message: "why".into(), index: Some(3), needed: Some(70) };
        let keys = vec![(vec![1; 16], 0), (vec![2; 8], 5)];
        let facts = Facts { mime_types: vec!["video/mp4".into()], systems: 64 };
        let setup = Setup { protocol: 1, version: "0.1.0", name: "name", log_level: 4, plugins: vec![b"/plugin.so"] };
        put("set-string", 0, encoded(&(1_u32, Request::SetString("name", "value"))))?;
        put("key-request", 0, encoded(&(2_u32, Request::Session(7, SessionRequest::KeyRequest(request)))))?;
        put(
            "response",
            0,
            encoded(&(300_u32, Request::Session(7, SessionRequest::KeyResponse(b"response", Some(64))))),
        )?;
        put("rows", 1, encoded(&(1_u32, Reply::Rows(vec![("name".into(), "value".into())]))))?;
        put("ids", 1, encoded(&(1_u32, Reply::Ids(vec![vec![1; 16], vec![2; 64]]))))?;
        put("failed", 1, encoded(&(1_u32, Reply::Failed(failure()))))?;
        put("event", 2, encoded(&Notice::Event(Some(7), Event::KeysChanged(keys, true))))?;
        put("log", 2, encoded(&Notice::Log(2, "line".into())))?;
        put("setup", 3, encoded(&setup))?;
        put("created", 4, encoded(&Ready::Created(facts)))?;
        put("not-created", 4, encoded(&Ready::Failed(failure())))
    }

    fn licenses(&self) -> Result<(), String> {
        for case in self.json("vectors/crypto/clearkey_jwk.json")?.as_array().into_iter().flatten() {
            let Some(license) = case["json"].as_str() else { continue };
            self.put("jwk_set", &file_name(&case["name"]), license.as_bytes())?;
        }
        let acknowledgement = br#"{"kids":["BwcHBwcHBwcHBwcHBwcHBw"]}"#;
        self.put("jwk_set", "acknowledgement", acknowledgement)?;
        let offline = br#"{"keys":[{"kty":"oct","kid":"AQ","k":"Ag"},{"kty":"oct","kid":"AAECAwQFBgcICQoLDA0ODw","k":"EBESExQVFhcYGRobHB0eHw","alg":"A128KW"}],"type":"persistent-license"}"#;
        self.put("jwk_set", "offline", offline)?;
        self.put("clearplay", "offline", b"1AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==,aWQ=:a2V5")?;
        self.put("clearplay", "mixed", b"0AAECAwQFBgcICQoLDA0ODw:EBESExQVFhcYGRobHB0eHw\n,1aWQ=:a2V5\r\n")?;
        self.put("clearplay", "online", b"0AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==")?;
        self.put("clearplay", "jwk-set", offline)
    }

    fn templates(&self) -> Result<(), String> {
        for file in ["messages", "refusals", "worked"] {
            for case in self.json(&format!("policy/{file}.json"))?["cases"].as_array().into_iter().flatten() {
                let name = file_name(&case["name"]);
                let message = case["text"].as_str().map(str::to_owned);
                let message = message.unwrap_or_else(|| case["template"].to_string());
                self.put("template", &name, message.as_bytes())?;
                if !case["stored"].is_null() {
                    self.put("template", &format!("{name}.stored"), case["stored"].to_string().as_bytes())?;
                }
            }
        }
        // As a check that they are what they seem to be.
        let first = fs::read(self.corpus.join("template/empty")).map_err(text)?;
        license::template::parse(&first, Profile::Strict).map(drop).map_err(text)
    }

    /// The store that the target knows, and its files as seeds. A store that is there stays; that of before there were records cannot be
    /// made any more.
    fn offline_files(&self) -> Result<(), String> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets/data/store");
        if !data.join("record").exists() {
            let root = fuzz_targets::world::directory("seeds");
            // The device key of the store of before.
            fs::copy(data.join("device.key"), root.join("device.key")).map_err(text)?;
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(root.join("device.key"), private).map_err(text)?;
            let store = FileStore::open(&root, "fuzz").map_err(text)?;
            let key =
                |payload: &str| StoredKey { status: StoredStatus::Usable, payload: payload.as_bytes().to_vec().into() };
            let entries = [(&[1][..], key("payload of entry 1")), (&[2], key("payload of entry 2"))];
            store.put_all(&entries).map_err(text)?;
            for name in ["record", "01.key", "02.key"] {
                fs::copy(root.join("fuzz").join(name), data.join(name)).map_err(text)?;
            }
        }
        let files = [
            (0, "01.key"),
            (2, "02.key"),
            (6, "01.key"),
            (1, "device.key"),
            (5, "device.key"),
            (32, "record"),
            (34, "record"),
            (38, "record"),
            (64, "before/01.key"),
            (66, "before/01.key"),
            (70, "before/01.key"),
        ];
        for (mode, name) in files {
            let content = fs::read(data.join(name)).map_err(text)?;
            let seed = format!("{}.{mode}", name.replace('/', "-"));
            self.put("offline_file", &seed, &[&[mode], &content[..]].concat())?;
        }
        Ok(())
    }

    /// Bodies of messages with tokens in them, see the target.
    fn messages(&self) -> Result<(), String> {
        let request = |kind: &str, rest: &str| {
            format!(
                r#"{{"type":"{kind}","nonce":"@n","session":"@s","certificate":"@c","device_level":"SW_CRYPTO","hdcp":"HDCP_NONE","ephemeral_key":"@e",{rest}}}"#
            )
        };
        let key_ids = r#""key_ids":["oKCgoKCgoKCgoKCgoKCgoA"],"persistent":false,"sequence":0"#;
        let renewal = r#""key_ids":[],"persistent":true,"license_id":"@l","sequence":1"#;
        let template = r#"{"payload":"@p","content_id":"bW92aWU=","policy_overrides":{"can_play":true,"can_persist":true,"can_renew":true},"session_init":{"provider_session_token":"AAEC","provider_client_token":"AwQF"}}"#;
        for (name, mode, body) in [
            ("license", 4, request("LICENSE", key_ids)),
            (
                "license-with-options",
                4,
                request("LICENSE", &format!(r#"{key_ids},"client_token":"AAEC","options":{{"a":"b"}}"#)),
            ),
            (
                "license-with-revocations",
                4,
                request("LICENSE", &format!(r#"{key_ids},"options":{{"revocations":"1"}}"#)),
            ),
            ("renewal", 4, request("RENEWAL", renewal)),
            ("release", 4, request("RELEASE", renewal)),
            ("provisioning", 3, r#"{"nonce":"@n","signing_key":"@k","seal_key":"@K"}"#.to_owned()),
            ("template", 0, template.to_owned()),
            ("parse-only", 0, template.replace("\"session_init\"", "\"parse_only\":true,\"session_init\"")),
            ("unsigned", 1, format!("NDLP\u{1}\u{3}{}{}", request("LICENSE", key_ids), "s".repeat(64))),
        ] {
            self.put("service_messages", name, &[&[mode], body.as_bytes()].concat())?;
        }
        let head = |persistent: bool, sequence: u32| {
            format!(
                r#"{{"license_id":"@l","sequence":{sequence},"request_hash":"@h","key_ids":["oKCgoKCgoKCgoKCgoKCgoA"],"signer":"@g","persistent":{persistent}}}"#
            )
        };
        let license = |persistent: bool, sequence: u32| {
            let policy = r#"{"can_play":true,"can_persist":true,"can_renew":true,"rental_duration_seconds":0,"playback_duration_seconds":0,"license_duration_seconds":100,"renewal_recovery_duration_seconds":0,"renewal_server_url":"","renewal_delay_seconds":50,"renewal_retry_interval_seconds":0,"renew_with_usage":false}"#;
            format!(
                r#"{}\0{{"license_id":"@l","sequence":{sequence},"persistent":{persistent},"policy":{policy},"issued":1767225600000,"first_issued":1767225600000,"content_id":"bW92aWU","provider":"acme","keys":[{{"key_id":"oKCgoKCgoKCgoKCgoKCgoA","key":"KysrKysrKysrKysrKysrKw","track_type":"SD","security_level":1,"hdcp":"HDCP_NONE"}}],"client_token":"AAEC"}}"#,
                head(persistent, sequence)
            )
            .replace("\\0", "\0")
        };
        let body = format!(r#"{{"head":{},"encapsulated":"@e","sealed":"AAEC"}}"#, head(false, 9));
        let certificates =
            r#"{"request_hash":"@h","time":1767225600000,"device":"@d","service":"@v","authority":"@a"}"#;
        let with_revoked = |body: &str| {
            let body = body.strip_suffix('}').unwrap_or(body);
            format!(r#"{body},"revoked":["AAAAAAAAAAAAAAAAAAAAAA","AQEBAQEBAQEBAQEBAQEBAQ"]}}"#)
        };
        let released = r#"{"license_id":"@l","request_hash":"@h","signer":"@g","time":1767225600000}"#;
        for (name, mode, body) in [
            ("license", 0x27, license(false, 9)),
            ("license-with-revoked", 0x27, with_revoked(&license(false, 9))),
            ("license-of-another-session", 7, license(false, 9)),
            ("stored-license", 0x0e, license(true, 9)),
            ("renewal", 0x16, license(true, 9)),
            ("stale-renewal", 0x16, license(true, 1)),
            ("sealed-for-nobody", 4, body),
            ("certificates", 3, certificates.to_owned()),
            ("released", 0x1d, released.to_owned()),
            ("released-with-revoked", 0x1d, with_revoked(released)),
            ("unsigned", 0, format!("NDLP\u{1}\u{5}{released}{}", "s".repeat(64))),
        ] {
            self.put("client_messages", name, &[&[mode], body.as_bytes()].concat())?;
        }
        let state = r#"{"issued_at":1767225600,"first_issued_at":1767225600,"first_decryption":1767225610,"first_attempt":null,"renewed":false,"sequence":3,"expired":false,"last_seen":1767225660}"#;
        self.put("stored_license", "license", format!(r#"{{"sealed":"TkRMUAEE","state":{state}}}"#).as_bytes())?;
        let revoked = state.replace(r#""expired":false"#, r#""revoked":1767225650,"expired":true"#);
        let revoked = format!(r#"{{"sealed":"TkRMUAEE","state":{revoked}}}"#);
        self.put("stored_license", "license-revoked", revoked.as_bytes())?;
        let identity = r#"{"version":1,"signing_key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","seal_key":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"}"#;
        self.put("stored_license", "identity", identity.as_bytes())?;
        let certificates = identity.replace('}', r#","certificates":{"device":"@d","service":"@v","authority":"@a"}}"#);
        self.put("stored_license", "identity-with-certificates", certificates.as_bytes())
    }

    /// Random instructions.
    fn instructions(&self, target: &str, count: usize, length: usize) -> Result<(), String> {
        let mut random = Random::new(7);
        for index in 0..count {
            let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
            self.put(target, &format!("random-{index:02}"), &bytes)?;
        }
        Ok(())
    }
}

/// The beginning of an MP4 file with its `moov`, where it is not too far away.
fn up_to_moov(file: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(header) = file.get(at..at + 8) {
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        at += size.max(8);
        if &header[4..] == b"moov" {
            return file.get(..at).unwrap_or(file);
        }
    }
    file
}

fn file_name(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    let short = name.split(['(', ':']).next().unwrap_or_default().trim();
    short.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(60).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}
