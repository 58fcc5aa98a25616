//! The elements in pipelines, on the vectors in `tests/`, and alone in a harness.
//!
//! Needs GStreamer's base, good and bad plugins, gst-libav, and `libnative_drm.so` on the loader's path.

mod capi;
mod hang;
mod harness;
mod license_server;
mod media;
mod mp4;
mod others;
mod playback;
mod player;
mod run;
mod server;
mod sources;
mod vectors;
mod waiting;
mod watch;
