//! Metadata and queue as dictionaries: the keys of MPRIS, and `ohos:` keys for the rest.

use zbus::{ObjectPath, Variant};

use super::interface::{Dictionary, text};
use super::model::Model;
use crate::metadata::{Metadata, QueueItem};

/// Metadata of what is played.
pub fn current(model: &Model) -> Dictionary {
    let mut entries = Dictionary::new();
    if let Ok(path) = ObjectPath::try_from(model.track.clone()) {
        entries.insert("mpris:trackid", Variant::ObjectPath(path));
    }
    if let Some(metadata) = &model.snapshot.metadata {
        describe(metadata, &mut entries);
        if !model.snapshot.private {
            let rating = if model.snapshot.playback.favorite { 1.0 } else { 0.0 };
            entries.insert("xesam:userRating", Variant::F64(rating));
        }
    }
    entries
}

/// Whether two models have the same metadata.
pub fn is_same(left: &Model, right: &Model) -> bool {
    left.snapshot.metadata == right.snapshot.metadata
        && left.snapshot.private == right.snapshot.private
        && left.snapshot.playback.favorite == right.snapshot.playback.favorite
}

fn describe(metadata: &Metadata, entries: &mut Dictionary) {
    let artist = if metadata.artist.is_empty() { &metadata.author } else { &metadata.artist };
    put_texts(
        entries,
        [
            ("mpris:artUrl", metadata.media_image_uri.as_str()),
            ("xesam:title", &metadata.title),
            ("xesam:album", &metadata.album),
            ("xesam:asText", metadata.lyric.text()),
            ("ohos:assetId", &metadata.asset_id),
            ("ohos:author", &metadata.author),
            ("ohos:subtitle", &metadata.subtitle),
            ("ohos:previousAssetId", &metadata.previous_asset_id),
            ("ohos:nextAssetId", &metadata.next_asset_id),
        ],
    );
    for (key, value) in [
        ("xesam:artist", artist),
        ("xesam:composer", &metadata.composer),
        ("xesam:lyricist", &metadata.writer),
        ("xesam:comment", &metadata.description),
    ] {
        if !value.is_empty() {
            entries.insert(key, Variant::from(vec![value.clone()]));
        }
    }
    if let Some(millis) = metadata.shown_duration() {
        entries.insert("mpris:length", Variant::I64(millis.saturating_mul(1000)));
    }
    if metadata.display_tags != 0 {
        entries.insert("ohos:displayTags", Variant::I32(metadata.display_tags));
    }
    entries.insert("ohos:skipIntervals", Variant::I32(metadata.skip_intervals as i32));
    entries.insert("ohos:filter", Variant::U32(metadata.filter));
}

/// What is to be played.
pub fn queue(model: &Model) -> Vec<Dictionary> {
    model.snapshot.queue.iter().map(item).collect()
}

fn item(item: &QueueItem) -> Dictionary {
    let mut entries = Dictionary::new();
    entries.insert("itemId", Variant::I32(item.item_id));
    put_texts(
        &mut entries,
        [
            ("assetId", item.asset_id.as_str()),
            ("title", &item.title),
            ("subtitle", &item.subtitle),
            ("artist", &item.artist),
            ("mediaImageUri", &item.media_image_uri),
        ],
    );
    if item.duration > 0 {
        entries.insert("duration", Variant::I64(item.duration));
    }
    entries
}

/// Puts in those texts that are not empty.
fn put_texts<const N: usize>(entries: &mut Dictionary, texts: [(&'static str, &str); N]) {
    for (key, value) in texts {
        if !value.is_empty() {
            entries.insert(key, text(value));
        }
    }
}
