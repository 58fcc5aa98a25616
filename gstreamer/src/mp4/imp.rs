//! The element: pads, modes, events.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use media::Error;
use media::mp4::{Stream, View};

use super::decryption::Decryption;
use super::search::Search;
use super::upstream::Upstream;
use super::{clear_caps, protected_caps};
use crate::CATEGORY;
use crate::keys::{Failure, Keys};

/// What is known of the file.
pub(super) enum Reading {
    /// Nothing is to be read.
    Idle,
    /// Bytes are pushed.
    Pushed(Box<Stream>),
    /// Any place of a file of so many bytes may be asked for.
    Pulled(Box<View>, u64),
}

pub struct NativeDrmMp4 {
    pub(super) sink: gst::Pad,
    pub(super) src: gst::Pad,
    pub(super) keys: Keys,
    reading: Mutex<Reading>,
    /// The movie box is looked for behind the data.
    search: Mutex<Option<Search>>,
}

#[glib::object_subclass]
impl ObjectSubclass for NativeDrmMp4 {
    const NAME: &'static str = "GstNativeDrmMp4";
    type Type = super::NativeDrmMp4;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let template = |name| class.pad_template(name).expect("the class has it");
        let this =
            |parent: Option<&gst::Object>| parent.and_then(|parent| parent.downcast_ref::<Self::Type>().cloned());
        let sink = gst::Pad::builder_from_template(&template("sink"))
            // What is linked by name comes with other caps, or with none.
            .flags(gst::PadFlags::ACCEPT_INTERSECT | gst::PadFlags::ACCEPT_TEMPLATE)
            .activatemode_function(move |_, parent, mode, active| {
                let element = this(parent).ok_or_else(|| gst::loggable_error!(CATEGORY, "no parent"))?;
                element.imp().activate_sink(mode, active);
                Ok(())
            })
            .chain_function(move |_, parent, buffer| {
                let element = this(parent).ok_or(gst::FlowError::Flushing)?;
                element.imp().chain(buffer)
            })
            .event_function(move |pad, parent, event| {
                this(parent).is_some_and(|element| element.imp().sink_event(pad, event))
            })
            .build();
        let src = gst::Pad::builder_from_template(&template("src"))
            .activatemode_function(move |_, parent, mode, active| {
                let element = this(parent).ok_or_else(|| gst::loggable_error!(CATEGORY, "no parent"))?;
                element.imp().activate_src(mode, active)
            })
            .getrange_function(move |_, parent, offset, buffer, size| {
                let element = this(parent).ok_or(gst::FlowError::Flushing)?;
                element.imp().get_range(offset, buffer, size)
            })
            .event_function(move |pad, parent, event| {
                this(parent).is_some_and(|element| element.imp().src_event(pad, event))
            })
            .query_function(move |pad, parent, query| {
                this(parent).is_some_and(|element| element.imp().src_query(pad, query))
            })
            .build();
        Self { sink, src, keys: Keys::default(), reading: Mutex::new(Reading::Idle), search: Mutex::default() }
    }
}

impl ObjectImpl for NativeDrmMp4 {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Keys::properties);
        &PROPERTIES
    }

    fn set_property(&self, _: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        self.keys.set_property(self.obj().upcast_ref(), spec.name(), value);
    }

    fn property(&self, _: usize, spec: &glib::ParamSpec) -> glib::Value {
        self.keys.property(spec.name()).unwrap_or_else(|| spec.default_value().clone())
    }

    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        // A new element has no pads of these names.
        drop(element.add_pad(&self.sink));
        drop(element.add_pad(&self.src));
    }
}

impl GstObjectImpl for NativeDrmMp4 {}

impl ElementImpl for NativeDrmMp4 {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "native_drm MP4 decryptor",
                "Codec/Decryptor/Converter",
                "Decrypts MP4 files before they are demuxed: fragmented and progressive, cenc, cens, cbc1, cbcs, PIFF; \
                 posts the element message \"drm-key-needed\" about a missing key, with the fields key-id (buffer, 16 bytes), system-id \
                 (string), mime-type (string: cenc or keyids), init-data (buffer), origin (string). Reads the context \"native-drm\" \
                 (field media-key-system, pointer)",
                "native_drm",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let template = |name, direction, caps: &gst::Caps| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, caps)
                    .expect("the name of a pad that is always there")
            };
            vec![
                template("sink", gst::PadDirection::Sink, &protected_caps()),
                template("src", gst::PadDirection::Src, &clear_caps()),
            ]
        });
        &TEMPLATES
    }

    fn set_context(&self, context: &gst::Context) {
        self.keys.set_context(self.obj().upcast_ref(), context);
        self.parent_set_context(context);
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
            // Before the pads are stopped, which waits for who waits for a key.
            gst::StateChange::PausedToReady => self.keys.set_stopped(true),
            _ => {}
        }
        let changed = self.parent_change_state(transition);
        match transition {
            gst::StateChange::PausedToReady => {
                *self.lock() = Reading::Idle;
                *self.lock_search() = None;
                self.keys.clear_init_data();
            }
            gst::StateChange::ReadyToNull => self.keys.release(),
            _ => {}
        }
        changed
    }
}

impl NativeDrmMp4 {
    pub(super) fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_search(&self) -> MutexGuard<'_, Option<Search>> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Upstream starts to push, or stops.
    fn activate_sink(&self, mode: gst::PadMode, active: bool) {
        self.keys.set_stopped(!active);
        if mode == gst::PadMode::Push && active {
            *self.lock() = Reading::Pushed(Box::new(Stream::new()));
        }
    }

    /// Downstream starts to pull, or stops.
    fn activate_src(&self, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        if mode != gst::PadMode::Pull {
            return Ok(());
        }
        // Downstream stops its thread after this, which may wait for a key here.
        self.keys.set_stopped(!active);
        self.sink.activate_mode(mode, active).map_err(|_| gst::loggable_error!(CATEGORY, "upstream cannot be read"))?;
        if active {
            let length = self.sink.peer_query_duration::<gst::format::Bytes>();
            let length = length.ok_or_else(|| gst::loggable_error!(CATEGORY, "the length is not known"))?;
            *self.lock() = Reading::Pulled(Box::new(View::new()), *length);
        }
        Ok(())
    }

    fn get_range(
        &self,
        offset: u64,
        target: Option<&mut gst::BufferRef>,
        size: u32,
    ) -> Result<gst::PadGetRangeSuccess, gst::FlowError> {
        let mut buffer = self.sink.pull_range(offset, size)?;
        let mut reading = self.lock();
        let Reading::Pulled(view, length) = &mut *reading else { return Err(gst::FlowError::Flushing) };
        let unreadable =
            |_| self.report(&Error::Unsupported("the memory of a buffer cannot be written to".to_owned()), None);
        {
            let mut map = buffer.make_mut().map_writable().map_err(unreadable)?;
            let element = self.obj();
            let mut input = Upstream::new(&self.sink, *length);
            let mut decryption = Decryption::new(element.upcast_ref(), &self.keys);
            let done = view.clear(&mut input, offset, &mut map, &mut decryption);
            if let Err(fault) = done {
                return Err(input.fault.unwrap_or_else(|| self.report(&fault, decryption.failure)));
            }
        }
        let Some(target) = target else { return Ok(gst::PadGetRangeSuccess::NewBuffer(buffer)) };
        let map = buffer.map_readable().map_err(unreadable)?;
        let filled =
            target.map_writable().map_err(unreadable)?.get_mut(..map.len()).map(|into| into.copy_from_slice(&map));
        filled.ok_or(gst::FlowError::Error)?;
        target.set_size(map.len());
        Ok(gst::PadGetRangeSuccess::FilledBuffer)
    }

    /// What went wrong as an error message; returns what to stop the flow with.
    pub(super) fn report(&self, fault: &Error, failure: Option<Failure>) -> gst::FlowError {
        match failure {
            Some(Failure::Flushing) => return gst::FlowError::Flushing,
            Some(Failure::NoKey(reason)) => {
                gst::element_imp_error!(self, gst::StreamError::DecryptNokey, ("{reason}"), ["{fault}"]);
            }
            Some(Failure::Sample(reason)) => {
                gst::element_imp_error!(self, gst::StreamError::Decrypt, ("{reason}"), ["{fault}"]);
            }
            None if matches!(fault, Error::NeedsFile(_)) => {
                gst::element_imp_error!(
                    self,
                    gst::StreamError::Format,
                    ("{fault}"),
                    ["put an element before this one that can be read at any place, such as downloadbuffer"]
                );
            }
            None => gst::element_imp_error!(self, gst::StreamError::Demux, ("{fault}")),
        }
        gst::FlowError::Error
    }

    fn sink_event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
        let element = self.obj();
        if Search::takes(&mut self.lock_search(), &event) {
            return true;
        }
        match event.view() {
            gst::EventView::StreamStart(_) => {
                let forwarded = gst::Pad::event_default(pad, Some(&*element), event);
                self.src.push_event(gst::event::Caps::new(&clear_caps())) && forwarded
            }
            // The caps of the source pad do not depend on it.
            gst::EventView::Caps(_) => true,
            gst::EventView::Protection(protection) => {
                let (system_id, data, origin) = protection.get();
                if let Ok(map) = data.map_readable() {
                    self.keys.add_init_data(system_id, &map, origin.unwrap_or_default());
                }
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            gst::EventView::Segment(segment) => {
                if let Some(segment) = segment.segment().downcast_ref::<gst::format::Bytes>()
                    && let Some(start) = segment.start()
                    && let Reading::Pushed(stream) = &mut *self.lock()
                    && stream.position() != *start
                    && let Err(fault) = stream.seek(*start)
                {
                    let _ = self.report(&fault, None);
                    return false;
                }
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            gst::EventView::FlushStart(_) => {
                self.keys.set_flushing(true);
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            gst::EventView::FlushStop(_) => {
                self.keys.set_flushing(false);
                if let Reading::Pushed(stream) = &mut *self.lock() {
                    let position = stream.position();
                    // A segment follows that says where it goes on. What is wrong in the tables was reported when they came.
                    drop(stream.seek(position));
                }
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            gst::EventView::Eos(_) if self.lock_search().is_some() => {
                let fault = Error::Unsupported("there is no moov box behind the data".to_owned());
                let _ = self.report(&fault, None);
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            gst::EventView::Eos(_) => {
                loop {
                    match self.rest() {
                        Ok(Some(clear)) => {
                            if self.push(clear, None).is_err() {
                                break;
                            }
                        }
                        Ok(None) => break,
                        Err(Some(warning)) => {
                            gst::element_imp_warning!(self, gst::StreamError::Demux, ("{warning}"));
                            break;
                        }
                        Err(None) => return false,
                    }
                }
                gst::Pad::event_default(pad, Some(&*element), event)
            }
            _ => gst::Pad::event_default(pad, Some(&*element), event),
        }
    }

    fn src_event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
        // A demuxer that pulls and seeks.
        match event.view() {
            gst::EventView::FlushStart(_) => self.keys.set_flushing(true),
            gst::EventView::FlushStop(_) => self.keys.set_flushing(false),
            _ => {}
        }
        gst::Pad::event_default(pad, Some(&*self.obj()), event)
    }

    fn src_query(&self, pad: &gst::Pad, query: &mut gst::QueryRef) -> bool {
        // Whether bytes can be pulled, and at any place, is as upstream says: they stay where they are.
        if query.type_() == gst::QueryType::Scheduling {
            return self.sink.peer_query(query);
        }
        gst::Pad::query_default(pad, Some(&*self.obj()), query)
    }
}
