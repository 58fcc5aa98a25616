//! The element.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::BaseTransformMode;
use gst_base::subclass::prelude::*;

use crate::CATEGORY;
use crate::decryptor::caps;
use crate::decryptor::demuxer::Demuxer;
use crate::decryptor::missing_meta::{History, Policy};
use crate::decryptor::protection;
use crate::decryptor::repairs::Rotation;
use crate::decryptor::samples::{Action, remove_first_byte};
use crate::drm::Scheme;
use crate::keys::Keys;

/// What the caps say, and who sends them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    /// The caps are not those of an encrypted stream any more.
    pub(super) clear: bool,
    pub(super) webm: bool,
    pub(super) video: bool,
    pub(super) scheme: Scheme,
    pub(super) demuxer: Demuxer,
}

/// The stream that comes in.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) input: Option<Input>,
    pub(super) rotation: Rotation,
    pub(super) history: History,
    /// A sample was dropped since the last one that went on.
    gap: bool,
}

/// Samples, for the property `stats`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) decrypted: u64,
    clear: u64,
    dropped: u64,
    pub(super) copied: u64,
}

#[derive(Default)]
pub struct NativeDrmDec {
    pub(super) keys: Keys,
    pub(super) missing_meta: Mutex<Policy>,
    pub(super) stream: Mutex<Stream>,
    pub(super) counts: Mutex<Counts>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[glib::object_subclass]
impl ObjectSubclass for NativeDrmDec {
    const NAME: &'static str = "NativeDrmDec";
    type Type = super::NativeDrmDec;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for NativeDrmDec {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut properties = Keys::properties();
            properties.push(
                glib::ParamSpecEnum::builder_with_default("missing-meta", Policy::Auto)
                    .nick("Missing protection data")
                    .blurb(
                        "What to do with a buffer without protection data: clear samples have none, and encrypted ones that the \
                         demuxer knows nothing about",
                    )
                    .mutable_playing()
                    .build(),
            );
            properties.push(
                glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
                    .nick("Statistics")
                    .blurb(
                        "Samples since READY, as uint64: decrypted, clear, dropped, and copied (of those decrypted: others had \
                         their memory, too)",
                    )
                    .read_only()
                    .build(),
            );
            properties
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        if pspec.name() == "missing-meta" {
            *lock(&self.missing_meta) = value.get().unwrap_or_default();
        } else {
            self.keys.set_property(self.obj().upcast_ref(), pspec.name(), value);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "missing-meta" => lock(&self.missing_meta).to_value(),
            "stats" => {
                let counts = *lock(&self.counts);
                gst::Structure::builder("application/x-native-drm-stats")
                    .field("decrypted", counts.decrypted)
                    .field("clear", counts.clear)
                    .field("dropped", counts.dropped)
                    .field("copied", counts.copied)
                    .build()
                    .to_value()
            }
            name => self.keys.property(name).unwrap_or_else(|| pspec.default_value().clone()),
        }
    }
}

impl GstObjectImpl for NativeDrmDec {}

impl ElementImpl for NativeDrmDec {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "native_drm decryptor",
                "Decryptor",
                "Decrypts CENC and WebM streams made for the key systems of native_drm. Posts the element message \
                 \"drm-key-needed\" about a missing key, with the fields key-id (buffer, 16 bytes), system-id (string), mime-type \
                 (string: cenc, webm or keyids), init-data (buffer), origin (string). Reads the context \"native-drm\" (field \
                 media-key-system, pointer)",
                "native_drm",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| templates(&caps::own_template()));
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        match transition {
            gst::StateChange::NullToReady => {
                if let Err(reason) = self.keys.prepare(self.obj().upcast_ref()) {
                    gst::element_imp_error!(self, gst::ResourceError::Settings, ("No keys"), ["{}", reason]);
                    return Err(gst::StateChangeError);
                }
            }
            gst::StateChange::ReadyToPaused => self.keys.set_stopped(false),
            // Before the pads are stopped, which waits for the thread that may wait for a key.
            gst::StateChange::PausedToReady => self.keys.set_stopped(true),
            _ => (),
        }
        let result = self.parent_change_state(transition);
        if transition == gst::StateChange::ReadyToNull {
            self.keys.release();
        }
        result
    }

    fn set_context(&self, context: &gst::Context) {
        self.keys.set_context(self.obj().upcast_ref(), context);
        self.parent_set_context(context);
    }
}

impl BaseTransformImpl for NativeDrmDec {
    const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.stream) = Stream::default();
        *lock(&self.counts) = Counts::default();
        self.keys.clear_init_data();
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.stream) = Stream::default();
        Ok(())
    }

    fn transform_caps(
        &self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> Option<gst::Caps> {
        let other = if direction == gst::PadDirection::Src {
            let template = self.obj().sink_pad().pad_template_caps();
            caps::encrypted(caps, &template)
        } else if caps::are_clear(caps) {
            caps.clone()
        } else if caps.iter().any(|structure| !structure.has_field("original-media-type")) {
            // Those of a template or a query: anything may be inside.
            gst::Caps::new_any()
        } else {
            caps::decrypted(caps)
        };
        Some(
            filter.map_or_else(
                || other.clone(),
                |filter| filter.intersect_with_mode(&other, gst::CapsIntersectMode::First),
            ),
        )
    }

    fn accept_caps(&self, direction: gst::PadDirection, caps: &gst::Caps) -> bool {
        // An adaptive stream may go on in the clear, advertisements for example. Templates do not say so: a stream that begins in the
        // clear needs no decryptor.
        if direction == gst::PadDirection::Sink && caps::are_clear(caps) {
            return lock(&self.stream).input.is_some() && self.obj().src_pad().peer_query_accept_caps(caps);
        }
        self.parent_accept_caps(direction, caps)
    }

    fn fixate_caps(&self, direction: gst::PadDirection, caps: &gst::Caps, othercaps: gst::Caps) -> gst::Caps {
        if !othercaps.is_any() {
            return self.parent_fixate_caps(direction, caps, othercaps);
        }
        gst::element_imp_error!(
            self,
            gst::StreamError::Decrypt,
            ("The stream cannot be decrypted"),
            ["its caps do not say what is inside (original-media-type): {}", caps]
        );
        gst::Caps::new_empty()
    }

    fn set_caps(&self, incaps: &gst::Caps, outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let structure = incaps.structure(0).ok_or_else(|| gst::loggable_error!(CATEGORY, "no caps"))?;
        let webm = structure.name() == caps::WEBM;
        let scheme = match structure.get::<&str>("cipher-mode") {
            Ok(name) if !webm => protection::scheme(name),
            _ => Ok(Scheme::Cenc),
        };
        let scheme = scheme.map_err(|reason| {
            gst::element_imp_error!(
                self,
                gst::StreamError::Decrypt,
                ("The stream cannot be decrypted"),
                ["{}", reason]
            );
            gst::loggable_error!(CATEGORY, "{}", reason)
        })?;
        let inside = structure.get::<&str>("original-media-type").unwrap_or("");
        let video = inside.starts_with("video/");
        let demuxer = Demuxer::before(&self.obj().sink_pad().clone(), webm);
        gst::debug!(CATEGORY, imp = self, "{incaps} to {outcaps}, {demuxer:?}");
        let mut stream = lock(&self.stream);
        if stream.input.is_none_or(|input| input.demuxer != demuxer) {
            stream.history = History::new(demuxer.loses_protection);
        }
        stream.input = Some(Input { clear: caps::are_clear(incaps), webm, video, scheme, demuxer });
        Ok(())
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::Protection(protection) => {
                let (system_id, data, origin) = protection.get();
                self.protection(system_id, data, origin.unwrap_or(""));
                // Decrypted streams have no protection.
                return true;
            }
            gst::EventView::StreamStart(_) => {
                let mut stream = lock(&self.stream);
                *stream = Stream { input: stream.input, ..Stream::default() };
                stream.history = History::new(stream.input.is_none_or(|input| input.demuxer.loses_protection));
                drop(stream);
                self.keys.clear_init_data();
            }
            gst::EventView::FlushStart(_) => self.keys.set_flushing(true),
            gst::EventView::FlushStop(_) => {
                self.keys.set_flushing(false);
                let mut stream = lock(&self.stream);
                stream.rotation.flush();
                stream.history.moved();
            }
            gst::EventView::Segment(_) => lock(&self.stream).history.moved(),
            gst::EventView::Eos(_) => {
                let warning = lock(&self.stream).history.ended();
                self.warn(warning);
            }
            _ => (),
        }
        self.parent_sink_event(event)
    }

    fn transform_ip(&self, buffer: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
        let action = self.action(buffer)?;
        if matches!(action, Action::Drop) {
            lock(&self.stream).gap = true;
            lock(&self.counts).dropped += 1;
            return Ok(gst_base::BASE_TRANSFORM_FLOW_DROPPED);
        }
        if let Action::Decrypt(description) = &action {
            self.decrypt(buffer, description)?;
        } else {
            if matches!(action, Action::PassRest) {
                remove_first_byte(buffer).map_err(|_| self.unreadable())?;
            }
            lock(&self.counts).clear += 1;
        }
        while let Some(meta) = buffer.meta_mut::<gst::ProtectionMeta>() {
            if meta.remove().is_err() {
                break;
            }
        }
        if std::mem::take(&mut lock(&self.stream).gap) {
            buffer.set_flags(gst::BufferFlags::DISCONT);
        }
        Ok(gst::FlowSuccess::Ok)
    }
}

pub(super) fn templates(sink: &gst::Caps) -> Vec<gst::PadTemplate> {
    let template = |name: &str, direction, caps: &gst::Caps| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, caps).expect("the template is well formed")
    };
    vec![
        template("sink", gst::PadDirection::Sink, sink),
        template("src", gst::PadDirection::Src, &gst::Caps::new_any()),
    ]
}
