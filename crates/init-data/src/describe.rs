//! What a `pssh` box says, for people: the name of its system, and the fields of its data.

use serde::{Deserialize, Serialize};

use super::pssh::PsshBox;
use super::system_data::{PLAYREADY_SYSTEM_ID, WIDEVINE_SYSTEM_ID, playready_headers, widevine_fields};
use super::xml::{self, Item};
use super::{key_ids, system_data};

/// Systems by their ids, from DASH-IF's list of content protection systems and this library's own.
const NAMES: [(u128, &str); 20] = [
    (0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b, "W3C common (Clear Key)"),
    (0xe271_9d58_a985_b3c9_781a_b030_af78_d30e, "DASH-IF Clear Key"),
    (0x47a1_0ff0_ca3c_49c6_9c12_a764_ffde_091f, "ClearPlay"),
    (0x3e0f_1006_ed99_4bfb_9e0a_d4f5_b998_3054, "PolicyPlay"),
    (0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed, "Widevine"),
    (0x9a04_f079_9840_4286_ab92_e65b_e088_5f95, "PlayReady"),
    (0x94ce_86fb_07ff_4f43_adb8_93d2_fa96_8ca2, "FairPlay"),
    (0x3d5e_6d35_9b9a_41e8_b843_dd3c_6e72_c42c, "WisePlay (ChinaDRM)"),
    (0x5e62_9af5_38da_4063_8977_97ff_bd99_02d4, "Marlin"),
    (0xf239_e769_efa3_4850_9c16_a903_c693_2efb, "Adobe Primetime"),
    (0xadb4_1c24_2dbf_4a6d_958b_4457_c0d2_7b95, "Nagra"),
    (0x9a27_dd82_fde2_4725_8cbc_4234_aa06_ec09, "Verimatrix"),
    (0x80a6_be7e_1448_4c37_9e70_d5ae_be04_c8d2, "Irdeto"),
    (0x35bf_197b_530e_42d7_8b65_1b4b_f415_070f, "DivX"),
    (0x279f_e473_512c_48fe_ade8_d176_fee6_b40f, "Arris Titanium"),
    (0x616c_7469_6361_7374_2d50_726f_7465_6374, "Alticast"),
    (0x6dd8_b3c3_45f4_4a68_bf3a_6416_8d01_a4a6, "ABV"),
    (0xb441_3586_c58c_ffb0_94a5_d489_6c1a_f6c3, "Viaccess-Orca"),
    (0x793b_7956_9f94_4946_a942_23e7_ef7e_44b4, "VisionCrypt"),
    (0x1f83_e1e8_6ee9_4f0d_ba2f_5ec4_e3ed_1a66, "SecureMedia"),
];

/// The name of a system; none if it is not known here.
pub fn system_name(system_id: &[u8; 16]) -> Option<&'static str> {
    let id = u128::from_be_bytes(*system_id);
    NAMES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// A UUID with its hyphens.
pub fn uuid_text(id: &[u8; 16]) -> String {
    let digits = hex::encode(id);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// A `pssh` box in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoxText {
    /// Its version.
    pub version: u8,
    /// The system's id, with hyphens.
    pub system_id: String,
    /// The system's name, if it is known here.
    pub system: Option<&'static str>,
    /// The box's list of key ids, in hexadecimal digits; those in the data are in `details`.
    pub key_ids: Vec<String>,
    /// Bytes of the data.
    pub data_bytes: usize,
    /// The fields of the data.
    pub details: Option<Details>,
    /// The complete box in base64.
    #[serde(rename = "box")]
    pub complete: String,
}

impl BoxText {
    /// Of a box.
    pub fn of(found: &PsshBox) -> Self {
        Self {
            version: found.version,
            system_id: uuid_text(&found.system_id),
            system: system_name(&found.system_id),
            key_ids: found.key_ids.iter().map(hex::encode).collect(),
            data_bytes: found.data.len(),
            details: details(found),
            complete: base::base64::Variant::Standard.encode(found.raw),
        }
    }

    /// All key ids: those of the list, then those in the data.
    pub fn all_key_ids(&self) -> impl Iterator<Item = &String> {
        let of_data = match &self.details {
            Some(Details::Widevine(found)) => &found.key_ids[..],
            Some(Details::PlayReady(found)) => &found.key_ids,
            Some(Details::Json(found)) => &found.key_ids,
            None => &[],
        };
        self.key_ids.iter().chain(of_data)
    }
}

/// The fields in the data of a box. Key ids and other bytes are in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub enum Details {
    /// Widevine's protocol buffer.
    Widevine(Widevine),
    /// A PlayReady Object.
    PlayReady(PlayReady),
    /// JSON, as ClearPlay has it.
    Json(Json),
}

/// Fields of Widevine's `WidevinePsshData`; those that are absent in the data are none or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Widevine {
    /// Field 1: `UNENCRYPTED`, `AESCTR`, or a number.
    pub algorithm: Option<String>,
    /// Field 2.
    pub key_ids: Vec<String>,
    /// Field 3.
    pub provider: Option<String>,
    /// Field 4.
    pub content_id: Option<String>,
    /// Field 4 once more, if it is printable text.
    pub content_id_text: Option<String>,
    /// Field 6.
    pub policy: Option<String>,
    /// Field 7.
    pub crypto_period_index: Option<u64>,
    /// Field 9: a four-character code such as `cbcs`, or a number.
    pub protection_scheme: Option<String>,
    /// Field 10.
    pub crypto_period_seconds: Option<u64>,
    /// Field 11: `SINGLE`, `ENTITLEMENT`, `ENTITLED_KEY`, or a number.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether all of the data could be read.
    pub complete: bool,
}

/// What is in a PlayReady Object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlayReady {
    /// The header's version, 4.0.0.0 to 4.3.0.0.
    pub header_version: Option<String>,
    /// Its key ids.
    pub key_ids: Vec<String>,
    /// The algorithm: `AESCTR`, `AESCBC`, `COCKTAIL`.
    pub algorithm: Option<String>,
    /// `LA_URL`: where licenses are had.
    pub la_url: Option<String>,
    /// `LUI_URL`: where users are sent.
    pub lui_url: Option<String>,
    /// `DS_ID`: the domain service.
    pub ds_id: Option<String>,
    /// `DECRYPTORSETUP`: `ONDEMAND`.
    pub decryptor_setup: Option<String>,
    /// Embedded license stores.
    pub license_stores: u32,
    /// Whether all of the data could be read.
    pub complete: bool,
}

/// JSON in the box of a system, as ClearPlay has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Json {
    /// `version`.
    #[serde(default, deserialize_with = "text")]
    pub version: Option<String>,
    /// `contentID`.
    #[serde(default, alias = "contentID", deserialize_with = "text")]
    pub content_id: Option<String>,
    /// `enschema`: the scheme.
    #[serde(default, deserialize_with = "text")]
    pub enschema: Option<String>,
    /// `kids`.
    #[serde(skip_deserializing)]
    pub key_ids: Vec<String>,
}

/// Whatever stands there, as text.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}

/// The fields in a box's data; none if there is no data, or nothing is known about how it is to be read.
pub fn details(of: &PsshBox) -> Option<Details> {
    if of.data.is_empty() {
        return None;
    }
    match of.system_id {
        WIDEVINE_SYSTEM_ID => Some(Details::Widevine(widevine(of))),
        PLAYREADY_SYSTEM_ID => Some(Details::PlayReady(playready(of.data))),
        // ClearPlay's, which others have taken over.
        _ => {
            let end = of.data.iter().rposition(|&byte| byte != 0)?;
            let ids = key_ids::parse_clearplay_pssh_data(of.data).ok();
            let json = serde_json::from_slice::<Json>(&of.data[..=end]).ok();
            (ids.is_some() || json.is_some())
                .then(|| Details::Json(Json { key_ids: hex_all(&ids.unwrap_or_default()), ..json.unwrap_or_default() }))
        }
    }
}

fn hex_all(ids: &[[u8; 16]]) -> Vec<String> {
    ids.iter().map(hex::encode).collect()
}

fn widevine(of: &PsshBox) -> Widevine {
    let mut found = Widevine { key_ids: hex_all(&system_data::key_ids(of)), ..Widevine::default() };
    let word = |words: &[&str], number: u64| {
        let word = usize::try_from(number).ok().and_then(|number| words.get(number));
        Some(word.map_or_else(|| number.to_string(), |word| (*word).to_owned()))
    };
    found.complete = widevine_fields(of.data, |field, number, bytes| {
        let text = || Some(String::from_utf8_lossy(bytes).into_owned());
        match (field, number) {
            (1, Some(number)) => found.algorithm = word(&["UNENCRYPTED", "AESCTR"], number),
            (3, None) => found.provider = text(),
            (4, None) => {
                found.content_id = Some(hex::encode(bytes));
                let printable = !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
                found.content_id_text = printable.then(text).flatten();
            }
            (6, None) => found.policy = text(),
            (7, Some(number)) => found.crypto_period_index = Some(number),
            (9, Some(number)) => {
                let code = u32::try_from(number).map(u32::to_be_bytes).unwrap_or_default();
                let printable = code.iter().all(u8::is_ascii_alphanumeric);
                found.protection_scheme =
                    Some(if printable { code.escape_ascii().to_string() } else { number.to_string() });
            }
            (10, Some(number)) => found.crypto_period_seconds = Some(number),
            (11, Some(number)) => found.kind = word(&["SINGLE", "ENTITLEMENT", "ENTITLED_KEY"], number),
            _ => {}
        }
    });
    found
}

/// Reads a PlayReady Object: its headers.
pub(super) fn playready(object: &[u8]) -> PlayReady {
    let mut found = PlayReady::default();
    let mut ids = Vec::new();
    found.complete = playready_headers(object, |kind, content| {
        if kind == 3 {
            found.license_stores += 1;
        }
        if kind != 1 {
            return;
        }
        let header = xml::utf16(content, u16::from_le_bytes);
        system_data::header_key_ids(&header, &mut ids);
        let with_text = ["LA_URL", "LUI_URL", "DS_ID", "ALGID", "DECRYPTORSETUP"];
        xml::read(&header, &with_text, |_, item| match item {
            Item::Start { element, depth: 0 } => found.header_version = xml::attribute(element, "version"),
            // Versions from 4.1 on.
            Item::Start { element, .. } if element.local_name().as_ref() == "KID" => {
                if let Some(algorithm) = xml::attribute(element, "ALGID") {
                    found.algorithm = Some(algorithm);
                }
            }
            Item::Text { name, text } => {
                let field = match name {
                    "LA_URL" => &mut found.la_url,
                    "LUI_URL" => &mut found.lui_url,
                    "DS_ID" => &mut found.ds_id,
                    "ALGID" => &mut found.algorithm,
                    _ => &mut found.decryptor_setup,
                };
                *field = Some(text.to_owned());
            }
            _ => {}
        });
    });
    found.key_ids = hex_all(&ids);
    found
}
