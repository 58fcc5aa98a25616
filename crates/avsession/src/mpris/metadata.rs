//! Metadata and queue as dictionaries: the keys of MPRIS, and `ohos:` keys for the rest.

use std::collections::BTreeMap;
use zbus::{ObjectPath, Variant};

use super::model::{Model, text, texts};
use crate::metadata::{Metadata, QueueItem};

type Dictionary = BTreeMap<&'static str, Variant<'static>>;

/// Metadata of what is played.
pub fn current(model: &Model) -> Variant<'static> {
    let mut entries = Dictionary::new();
    if let Ok(path) = ObjectPath::try_from(model.track.clone()) {
        entries.insert("mpris:trackid", Variant::ObjectPath(path));
    }
    if let Some(metadata) = &model.snapshot.metadata {
        describe(metadata, &mut entries);
        let rating = if model.snapshot.playback.favorite { 1.0 } else { 0.0 };
        entries.insert("xesam:userRating", Variant::F64(rating));
    }
    Variant::from(entries)
}

/// Whether two models have the same metadata.
pub fn is_same(left: &Model, right: &Model) -> bool {
    left.snapshot.metadata.as_ref().map(std::sync::Arc::as_ptr)
        == right.snapshot.metadata.as_ref().map(std::sync::Arc::as_ptr)
        && left.snapshot.playback.favorite == right.snapshot.playback.favorite
}

fn describe(metadata: &Metadata, entries: &mut Dictionary) {
    let mut put = |key, value: &str| {
        if !value.is_empty() {
            entries.insert(key, text(value));
        }
    };
    put("mpris:artUrl", &metadata.media_image_uri);
    put("xesam:title", &metadata.title);
    put("xesam:album", &metadata.album);
    put("xesam:asText", metadata.lyric.text());
    put("ohos:assetId", &metadata.asset_id);
    put("ohos:author", &metadata.author);
    put("ohos:subtitle", &metadata.subtitle);
    put("ohos:previousAssetId", &metadata.previous_asset_id);
    put("ohos:nextAssetId", &metadata.next_asset_id);
    let artist = if metadata.artist.is_empty() { &metadata.author } else { &metadata.artist };
    let mut put_list = |key, value: &str| {
        if !value.is_empty() {
            entries.insert(key, texts([value]));
        }
    };
    put_list("xesam:artist", artist);
    put_list("xesam:composer", &metadata.composer);
    put_list("xesam:lyricist", &metadata.writer);
    put_list("xesam:comment", &metadata.description);
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
pub fn queue(model: &Model) -> Variant<'static> {
    Variant::from(model.snapshot.queue.iter().map(item).collect::<Vec<Dictionary>>())
}

fn item(item: &QueueItem) -> Dictionary {
    let mut entries = Dictionary::new();
    entries.insert("itemId", Variant::I32(item.item_id));
    let texts = [
        ("assetId", &item.asset_id),
        ("title", &item.title),
        ("subtitle", &item.subtitle),
        ("artist", &item.artist),
        ("mediaImageUri", &item.media_image_uri),
    ];
    for (key, value) in texts {
        if !value.is_empty() {
            entries.insert(key, text(value));
        }
    }
    if item.duration > 0 {
        entries.insert("duration", Variant::I64(item.duration));
    }
    entries
}
