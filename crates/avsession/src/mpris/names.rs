//! Names and object paths at the bus.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::identity::Identity;

/// The object that the interfaces are on.
pub const OBJECT: &str = "/org/mpris/MediaPlayer2";
/// What the id of media is put behind to make an object path.
const TRACK_PREFIX: &str = "/org/ohos/avsession/track/";
/// The object path of media without an id.
const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";
/// The object path of media that is not shown; no id gives it.
pub const PRIVATE_TRACK: &str = "/org/ohos/avsession/track/private";
/// Characters of a bus name.
const MAX_NAME: usize = 255;

static SESSIONS: AtomicU32 = AtomicU32::new(0);

/// A bus name: the bundle, made legal, behind the prefix that the type of session asks for. In this PID namespace no other
/// session has it; with the unique name of its connection it is the only one at the bus, too.
pub fn bus_name(identity: &Identity, number: u32, connection: Option<&str>) -> String {
    let prefix = if identity.kind.is_shown() { "org.mpris.MediaPlayer2" } else { "org.ohos.AVSession1" };
    compose(prefix, &identity.bundle, std::process::id(), number, connection)
}

/// The number of one more session of this process.
pub fn next_number() -> u32 {
    SESSIONS.fetch_add(1, Ordering::Relaxed) + 1
}

fn compose(prefix: &str, bundle: &str, process: u32, number: u32, connection: Option<&str>) -> String {
    let connection = connection.map(|unique| unique.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    let suffix = format!(".instance{process}_{number}{}", connection.unwrap_or_default());
    let mut name = format!("{prefix}.{}", legal(bundle));
    // All characters are ASCII.
    name.truncate(MAX_NAME - suffix.len());
    name.truncate(name.trim_end_matches('.').len());
    name + &suffix
}

/// The elements of a bus name: ASCII letters, digits, `_` and `-`, no digit first, none empty.
fn legal(bundle: &str) -> String {
    let element = |element: &str| {
        let mut legal = String::new();
        if element.is_empty() || element.starts_with(|first: char| first.is_ascii_digit()) {
            legal.push('_');
        }
        let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        legal.extend(element.chars().map(|character| if allowed(character) { character } else { '_' }));
        legal
    };
    bundle.split('.').map(element).collect::<Vec<_>>().join(".")
}

/// The object path that stands for an id of media.
pub fn track_path(asset_id: &str) -> String {
    if asset_id.is_empty() { NO_TRACK.to_owned() } else { format!("{TRACK_PREFIX}{}", hex::encode(asset_id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_names_are_legal() {
        for (bundle, legal) in [
            ("org.example.player", "org.example.player"),
            ("com.example.my-app_2", "com.example.my-app_2"),
            ("7zip player", "_7zip_player"),
            ("a..b.", "a._.b._"),
            ("", "_"),
            ("音乐", "__"),
            ("x/y:z", "x_y_z"),
        ] {
            let name = compose("org.mpris.MediaPlayer2", bundle, 12, 3, None);
            assert_eq!(name, format!("org.mpris.MediaPlayer2.{legal}.instance12_3"));
            zbus::names::WellKnownName::try_from(name).unwrap();
            let name = compose("org.mpris.MediaPlayer2", bundle, 12, 3, Some(":1.42"));
            assert_eq!(name, format!("org.mpris.MediaPlayer2.{legal}.instance12_3_1_42"));
            zbus::names::WellKnownName::try_from(name).unwrap();
        }
        for bundle in ["x".repeat(4000), "x.".repeat(2000), "é".repeat(3000)] {
            let name = compose("org.mpris.MediaPlayer2", &bundle, u32::MAX, u32::MAX, None);
            assert!(name.len() <= MAX_NAME && name.ends_with(".instance4294967295_4294967295"));
            zbus::names::WellKnownName::try_from(name).unwrap();
        }
    }

    #[test]
    fn track_paths_are_legal() {
        for id in ["0", "a/b", "音乐", " ", "http://example.org/1?x=y"] {
            zbus::ObjectPath::try_from(track_path(id)).unwrap();
        }
        assert_eq!(track_path("asset-1"), "/org/ohos/avsession/track/61737365742d31");
        assert_eq!(track_path(""), NO_TRACK);
        zbus::ObjectPath::try_from(PRIVATE_TRACK).unwrap();
    }
}
