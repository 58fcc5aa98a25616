//! `org.mpris.MediaPlayer2`: who plays.

use zbus::Variant;

use super::interface::{Answer, Interface, Method, Property};
use super::model::{text, texts};

/// The interface.
pub static ROOT: Interface = Interface {
    name: "org.mpris.MediaPlayer2",
    methods: &[
        // Without effect where CanRaise and CanQuit are false, as the specification says.
        Method::new("Raise", &[], |_, _| Ok(Answer::Done)),
        Method::new("Quit", &[], |_, _| Ok(Answer::Done)),
    ],
    properties: &[
        Property::new("CanQuit", "b", |_| Variant::Bool(false)).constant(),
        Property::new("CanRaise", "b", |_| Variant::Bool(false)).constant(),
        Property::new("HasTrackList", "b", |_| Variant::Bool(false)).constant(),
        Property::new("Identity", "s", |model| text(&model.session.identity().tag)).constant(),
        Property::new("DesktopEntry", "s", |model| text(&model.session.identity().bundle)).constant(),
        Property::new("SupportedUriSchemes", "as", |_| texts([])).constant(),
        Property::new("SupportedMimeTypes", "as", |_| texts([])).constant(),
    ],
    signals: &[],
};
