//! Writes the seed corpora: what the tests' data give, and what the library itself writes.

use std::fs;
use std::path::{Path, PathBuf};

use drm::storage::{FileStore, OfflineStore, StoredKey, StoredStatus};
use init_data::{find_pssh, pssh};
use license::template::Profile;
use serde_json::Value;

use crate::random::Random;

/// A seed larger than this is not worth its time.
const LARGEST: usize = 6200;

/// Writes all seeds into the directories of a corpus.
pub fn write(corpus: &Path) -> Result<(), String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let seeds = Seeds { corpus: corpus.to_owned(), tests };
    seeds.init_data()?;
    seeds.licenses()?;
    seeds.templates()?;
    seeds.offline_files()?;
    seeds.messages()?;
    seeds.instructions("policy", 12, 120)?;
    seeds.instructions("capi", 24, 900)?;
    seeds.instructions("decrypt", 12, 300)
}

struct Seeds {
    corpus: PathBuf,
    tests: PathBuf,
}

fn text(fault: impl std::fmt::Display) -> String {
    fault.to_string()
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

    /// The store that the target knows, and its files as seeds. A store that is there stays.
    fn offline_files(&self) -> Result<(), String> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets/data/store");
        let device_key = fs::read(data.join("device.key")).unwrap_or_default();
        if device_key.is_empty() {
            let root = fuzz_targets::world::directory("seeds");
            let store = FileStore::open(&root, "fuzz").map_err(text)?;
            let key =
                |payload: &str| StoredKey { status: StoredStatus::Usable, payload: payload.as_bytes().to_vec().into() };
            let entries = [(&[1][..], key("payload of entry 1")), (&[2], key("payload of entry 2"))];
            store.put_all(&entries).map_err(text)?;
            fs::create_dir_all(&data).map_err(text)?;
            for (from, to) in [("device.key", "device.key"), ("fuzz/01.key", "01.key"), ("fuzz/02.key", "02.key")] {
                fs::copy(root.join(from), data.join(to)).map_err(text)?;
            }
        }
        for (mode, name) in [(0, "01.key"), (2, "02.key"), (6, "01.key"), (1, "device.key"), (5, "device.key")] {
            let content = fs::read(data.join(name)).map_err(text)?;
            self.put("offline_file", &format!("{name}.{mode}"), &[&[mode], &content[..]].concat())?;
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
        let released = r#"{"license_id":"@l","request_hash":"@h","signer":"@g","time":1767225600000}"#;
        for (name, mode, body) in [
            ("license", 0x27, license(false, 9)),
            ("license-of-another-session", 7, license(false, 9)),
            ("stored-license", 0x0e, license(true, 9)),
            ("renewal", 0x16, license(true, 9)),
            ("stale-renewal", 0x16, license(true, 1)),
            ("sealed-for-nobody", 4, body),
            ("certificates", 3, certificates.to_owned()),
            ("released", 0x1d, released.to_owned()),
            ("unsigned", 0, format!("NDLP\u{1}\u{5}{released}{}", "s".repeat(64))),
        ] {
            self.put("client_messages", name, &[&[mode], body.as_bytes()].concat())?;
        }
        let state = r#"{"issued_at":1767225600,"first_issued_at":1767225600,"first_decryption":1767225610,"first_attempt":null,"renewed":false,"sequence":3,"expired":false,"last_seen":1767225660}"#;
        self.put("stored_license", "license", format!(r#"{{"sealed":"TkRMUAEE","state":{state}}}"#).as_bytes())?;
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
