//! Starts a host process and makes an instance in it.

use std::env;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::area::Area;
use super::link::{Link, patience};
use super::{LANES, RemoteSystem, one_line, places};
use crate::glue::error::{Error, Result};
use crate::native_drm_err::Drm_ErrCode;
use base::log;
use base::sync::thread;
use drm::key_system::{Descriptor, MimeType};
use drm::registry;
use isolation::channel::{Channel, send_descriptors};
use isolation::message::{Facts, Notice, PROTOCOL, Ready, Setup};
use isolation::process::Process;

const VARIABLE: &str = "NATIVE_DRM_ISOLATE";

/// How long a host may take to end once its player has let go.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Whether the environment wants instances of that key system isolated.
pub(crate) fn is_wanted(name: &str) -> bool {
    let wanted = env::var(VARIABLE).unwrap_or_default();
    // What the program itself has cannot be anywhere else.
    wanted.split(',').map(str::trim).any(|one| one == "*" || one == name) && !places::is_own(name)
}

/// An instance in a host process of its own.
pub(crate) fn create(name: &str) -> Result<Arc<RemoteSystem>> {
    let failed = |error: std::io::Error| Error::NoHost(format!("no host process: {error}").into());
    if places::is_own(name) {
        let reason = format!("{name} is a key system of the program itself, which no other process can run");
        return Err(Error::Unsupported(reason.into()));
    }
    let program = places::program()?;
    let area = Area::new().map_err(failed)?;
    let (control, of_host) = UnixStream::pair().map_err(failed)?;
    let (notices, others_notices) = UnixStream::pair().map_err(failed)?;
    let lanes: Vec<_> = (0..LANES).map(|_| UnixStream::pair()).collect::<Result<_, _>>().map_err(failed)?;
    let process = Process::start(&program, of_host, &[VARIABLE]).map_err(failed)?;
    let process = Arc::new(process);
    let starting = Starting(Some(Arc::clone(&process)));

    let (mine, theirs): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
    let mut descriptors = vec![area.memory().descriptor(), others_notices.as_fd()];
    descriptors.extend(theirs.iter().map(AsFd::as_fd));
    send_descriptors(&control, &descriptors).map_err(failed)?;
    drop((theirs, others_notices));

    let control = Arc::new(control);
    let facts = set_up(name, Channel::new(Arc::clone(&control), Some(patience())).map_err(failed)?)?;
    let limit = usize::try_from(facts.systems).unwrap_or(usize::MAX);
    let place = registry::place(name, limit)?;

    let mine: Vec<_> = mine.into_iter().map(Arc::new).collect();
    let channel = |socket: &Arc<UnixStream>| Channel::new(Arc::clone(socket), Some(patience()));
    let lanes = mine.iter().map(channel).collect::<Result<_, _>>().map_err(failed)?;
    let notices = Arc::new(notices);
    let notices_channel = Channel::new(Arc::clone(&notices), None).map_err(failed)?;
    let sockets = mine.into_iter().chain([notices, control]).collect();
    let link = Arc::new(Link::new(name, area, lanes, sockets, Arc::clone(&process))?);
    let system = Arc::new(RemoteSystem::new(Arc::clone(&link), descriptor(name, facts), place));
    let (link, of_system) = (Arc::downgrade(&link), Arc::downgrade(&system));
    thread::spawn("native_drm_host", move || listen(notices_channel, &link, &of_system, &process)).map_err(failed)?;
    starting.has_started();
    log::info!("{name}: instance created in a host process");
    Ok(system)
}

/// Ends a host whose start fails.
struct Starting(Option<Arc<Process>>);

impl Starting {
    fn has_started(mut self) {
        self.0 = None;
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(process) = &self.0 {
            process.kill();
            process.finish(END_WITHIN);
        }
    }
}

/// Tells a host what it is for.
fn set_up(name: &str, mut control: Channel) -> Result<Facts> {
    let plugins = places::loaded_plugins();
    let levels = [log::Level::Debug, log::Level::Info, log::Level::Warn, log::Level::Error];
    let level = levels.into_iter().find(|level| log::enabled(*level)).unwrap_or(log::Level::Off);
    let setup = Setup {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION"),
        name,
        log_level: level as u8,
        plugins: plugins.iter().map(|path| path.as_bytes()).collect(),
    };
    let ready = control.send(&setup).and_then(|()| control.receive::<Ready>());
    match ready.map_err(|error| Error::NoHost(format!("the host process for {name} does not start: {error}").into()))? {
        Ready::Created(facts) => Ok(facts),
        Ready::Failed(failure) => Err(match Drm_ErrCode::of_failure(failure.code) {
            Some(code) => {
                Error::Remote { code: code as u32, message: one_line(failure.message), index: None, needed: None }
            }
            None => Error::NoHost("the host process says what means nothing".into()),
        }),
    }
}

/// What requests are checked with here.
fn descriptor(name: &str, facts: Facts) -> Descriptor {
    let mime_type = |name| MimeType { name, maximum_level: None };
    Descriptor {
        name: name.to_owned(),
        mime_types: facts.mime_types.into_iter().map(mime_type).collect(),
        ..Descriptor::default()
    }
}

/// The thread that hears what a host says unasked, and that it has gone.
pub(super) fn listen(mut notices: Channel, link: &Weak<Link>, system: &Weak<RemoteSystem>, process: &Process) {
    let reason = loop {
        let notice = match notices.receive::<Notice>() {
            Ok(notice) => notice,
            Err(error) => break error.to_string(),
        };
        let _scope = log::Scope::of_thread(base::dispatcher::aside);
        RemoteSystem::take(system.upgrade().as_deref(), notice);
    };
    {
        let _scope = log::Scope::of_thread(base::dispatcher::aside);
        if let Some(system) = system.upgrade()
            && !system.is_closed()
        {
            if let Some(link) = link.upgrade() {
                link.die(&reason);
            }
            system.fall_silent();
        }
    }
    process.finish(END_WITHIN);
}
