//! What is read as a whole: manifests, `pssh` boxes, lists of key ids.

use base::base64::Variant;
use init_data::outline::{self, ContentProtection, HlsKey};
use init_data::{Kind, describe::BoxText, key_ids, pssh};

use super::report::{Container, ManifestText, Pssh, Report};

/// Bytes of such a file at most.
pub const LARGEST: usize = 64 << 20;

/// Reads a manifest or boxes of this kind; of no kind, what else there may be in it. None if that is nothing.
pub fn read(bytes: &[u8], kind: Option<Kind>, name: String) -> Option<Report> {
    let new = |container| Report::new(name.clone(), Some(bytes.len() as u64), container);
    let mut report;
    match kind {
        Some(Kind::Dash) => {
            report = new(Container::Dash);
            let (mpd, faults) = outline::dash(bytes);
            report.init_data_faults(0, &faults);
            collect(&mut report, init_data::dash::parse(bytes));
            let periods = mpd.periods.iter();
            let sets = periods.clone().flat_map(|period| &period.adaptation_sets);
            let representations = sets.clone().flat_map(|set| &set.representations);
            let protections = mpd.protections.iter();
            let protections = protections.chain(periods.flat_map(|period| &period.protections));
            let protections = protections.chain(sets.flat_map(|set| &set.protections));
            let all = protections.chain(representations.flat_map(|one| &one.protections));
            let ids: Vec<_> = all.clone().flat_map(of_protection).cloned().collect();
            report.encrypted = all.count() > 0;
            ids.iter().for_each(|id| report.add_key_id(id));
            report.manifest = Some(ManifestText::Dash(mpd));
        }
        Some(Kind::Hls) => {
            report = new(Container::Hls);
            let (playlist, faults) = outline::hls(bytes);
            report.init_data_faults(0, &faults);
            collect(&mut report, init_data::hls::parse(bytes));
            report.encrypted = playlist.keys.iter().any(|key| key.method.as_deref() != Some("NONE"));
            let ids: Vec<_> = playlist.keys.iter().flat_map(of_key).cloned().collect();
            ids.iter().for_each(|id| report.add_key_id(id));
            report.manifest = Some(ManifestText::Hls(playlist));
        }
        Some(Kind::Smooth) => {
            report = new(Container::Smooth);
            let (manifest, faults) = outline::smooth(bytes);
            report.init_data_faults(0, &faults);
            report.encrypted = !manifest.protections.is_empty();
            let boxes = manifest.protections.iter().flat_map(|one| &one.pssh);
            let ids: Vec<_> = boxes.flat_map(BoxText::all_key_ids).cloned().collect();
            ids.iter().for_each(|id| report.add_key_id(id));
            report.manifest = Some(ManifestText::Smooth(manifest));
        }
        _ => {
            if let Some(ids) = list_of_key_ids(bytes) {
                report = new(Container::KeyIds);
                ids.iter().for_each(|id| report.add_key_id(id));
            } else {
                report = new(Container::Pssh);
                raw(&mut report, bytes, kind)?;
            }
        }
    }
    report.finish();
    Some(report)
}

/// What the library's own reader finds: key ids of the manifest, in the order of the text.
fn collect(report: &mut Report, found: init_data::Result<init_data::Protection>) {
    for id in found.iter().flat_map(|found| &found.key_ids) {
        report.add_key_id(&hex::encode(id));
    }
}

fn of_protection(found: &ContentProtection) -> impl Iterator<Item = &String> {
    let boxes = found.pssh.iter().flat_map(BoxText::all_key_ids);
    found.default_key_ids.iter().chain(boxes).chain(found.playready.iter().flat_map(|one| &one.key_ids))
}

fn of_key(key: &HlsKey) -> impl Iterator<Item = &String> {
    let boxes = key.pssh.iter().flat_map(BoxText::all_key_ids);
    key.key_id.iter().chain(boxes).chain(key.playready.iter().flat_map(|one| &one.key_ids))
}

/// W3C's `keyids`: ids in hexadecimal digits.
fn list_of_key_ids(bytes: &[u8]) -> Option<Vec<String>> {
    let ids = key_ids::parse_keyids_init_data(bytes).ok()?;
    Some(ids.iter().map(hex::encode).collect())
}

/// Boxes, as they are, in base64 or in hexadecimal digits. What is around them is passed over.
fn raw(report: &mut Report, bytes: &[u8], kind: Option<Kind>) -> Option<()> {
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_box = |data: &Vec<u8>| data.get(4..8) == Some(b"pssh");
    let decoded = (kind.is_none())
        .then(|| hex::decode(&text).or_else(|_| Variant::Lenient.decode("pssh box", &text)).ok())
        .flatten()
        .filter(is_box);
    let (data, is_text) = match &decoded {
        Some(decoded) => (&decoded[..], true),
        None => (bytes, false),
    };
    let found = init_data::mp4::parse(data).ok().filter(|found| !found.pssh.is_empty());
    let complete = match found {
        Some(found) => {
            report.init_data_faults(0, &found.faults);
            found.pssh
        }
        None => match pssh::parse_all(data) {
            Ok(boxes) => boxes.iter().map(|one| one.raw.to_vec()).collect(),
            // It is none of these, or one that cannot be read.
            Err(fault) => {
                kind?;
                report.init_data_faults(0, &[fault]);
                return Some(());
            }
        },
    };
    let mut from = 0;
    for complete in &complete {
        let Ok(parsed) = pssh::parse(complete) else { continue };
        let at = memchr::memmem::find(&data[from..], complete).map(|at| from + at);
        from = at.map_or(from, |at| at + complete.len());
        let offset = at.filter(|_| !is_text).map(|at| at as u64);
        report.pssh.push(Pssh { place: "file", offset, text: BoxText::of(&parsed) });
    }
    Some(())
}
