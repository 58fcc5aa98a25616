//! The host process: what it does from its start to its end.

use std::ffi::OsStr;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::LANES;
use super::answer::{Host, Notices, failure};
use crate::glue::error::{Error, Result};
use crate::glue::{boundary, media_keys};
use crate::native_drm_plugin;
use base::log;
use base::shared_memory::SharedMemory;
use base::sync::thread;
use drm::{registry, storage};
use isolation::channel::{self, Channel, receive_descriptors};
use isolation::confine::Rights;
use isolation::message::{Facts, MAX_MESSAGE, Notice, PROTOCOL, Ready, Reply, Request, Setup};
use isolation::process::Parent;

/// How long a player may take to say what the host is for.
const SETUP_WITHIN: Duration = Duration::from_secs(10);

/// Runs a host for the player that is at the other end of standard input, until that lets go. The exit status.
pub(crate) fn run() -> i32 {
    // SAFETY: the first call of the program's main function: nobody else has these descriptors.
    let control = unsafe {
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        OwnedFd::from_raw_fd(0)
    };
    let parent = Parent::current();
    let control = UnixStream::from(control);
    if control.peer_addr().is_err() {
        eprintln!("native-drm-host is started by libnative_drm, for OH_MediaKeySystem_CreateIsolated()");
        return 2;
    }
    let Ok(control) = serve(control) else { return 1 };
    parent.wait_for_end(&control);
    0
}

/// Makes the instance and the threads that answer, and returns the socket whose end is the end of the process.
fn serve(control: UnixStream) -> std::result::Result<UnixStream, channel::Error> {
    let mut descriptors = receive_descriptors(&control, LANES + 2)?.into_iter();
    let mut next = || descriptors.next().ok_or(channel::Error::Closed);
    let memory = SharedMemory::open(next()?)?;
    let notices = Arc::new(Notices::new(UnixStream::from(next()?))?);
    let lanes: Vec<_> = descriptors.map(UnixStream::from).collect();

    let socket = control.try_clone()?;
    let mut channel = Channel::new(Arc::new(control), Some(SETUP_WITHIN))?;
    let made =
        prepare(&channel.receive()?, &notices).and_then(|name| boundary::result(|| make(&name, memory, &notices)));
    match made {
        Ok((host, facts)) => {
            let host = Arc::new(host);
            for lane in lanes {
                let host = Arc::clone(&host);
                thread::spawn("native_drm_lane", move || answer_all(&host, lane))?;
            }
            channel.send(&Ready::Created(facts))?;
            Ok(socket)
        }
        Err(error) => {
            channel.send(&Ready::Failed(failure(&error)))?;
            Err(channel::Error::Closed)
        }
    }
}

/// Gives up all rights that are not needed, then loads plugins. The name of the key system.
fn prepare(setup: &Setup<'_>, notices: &Arc<Notices>) -> Result<String> {
    if (setup.protocol, setup.version) != (PROTOCOL, env!("CARGO_PKG_VERSION")) {
        let own = env!("CARGO_PKG_VERSION");
        let reason = format!("native-drm-host is of version {own}, the player's library of {}", setup.version);
        return Err(Error::NoHost(reason.into()));
    }
    notices.take_log(setup.log_level);
    let plugins: Vec<_> = setup.plugins.iter().map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
    for missing in rights(&plugins).confine() {
        log::warn!("not confined by {missing}");
    }
    boundary::read_environment();
    native_drm_plugin::search();
    for plugin in plugins {
        native_drm_plugin::load(&plugin)
            .unwrap_or_else(|error| log::error!("plugin {} is left out: {error}", plugin.display()));
    }
    Ok(setup.name.to_owned())
}

/// Its store may be written, the plugins and what is beside them be read.
fn rights(plugins: &[PathBuf]) -> Rights {
    let mut rights = Rights::default();
    if let Some(store) = storage::default_dir() {
        // Rights are of files that exist. Whoever needs the store says what is wrong with it.
        let _ = storage::create_directory(&store);
        rights.writable.push(store);
    }
    rights.readable = native_drm_plugin::folders();
    rights.readable.extend(plugins.iter().filter_map(|plugin| plugin.parent().map(Path::to_owned)));
    rights.readable.extend(native_drm_plugin::own_folder());
    rights
}

pub(super) fn make(name: &str, memory: SharedMemory, notices: &Arc<Notices>) -> Result<(Host, Facts)> {
    let system = registry::create_system(name)?;
    let descriptor = system.descriptor();
    let facts = Facts {
        mime_types: descriptor.mime_types.iter().map(|mime_type| mime_type.name.clone()).collect(),
        systems: u32::try_from(descriptor.limits.systems).unwrap_or(u32::MAX),
    };
    let arrivals = Arc::clone(notices);
    system.on_key_arrival(Box::new(move || arrivals.send(&Notice::KeysArrived)));
    let handle = media_keys::insert_system(&system)?;
    Ok((Host::new(handle, memory, Arc::clone(notices)), facts))
}

/// Answers what comes through one lane. What means nothing ends the process: its player is not what it seems to be.
fn answer_all(host: &Host, lane: UnixStream) {
    let Ok(mut channel) = Channel::new(Arc::new(lane), None) else { end(1) };
    loop {
        let (number, reply, wipes) = match channel.receive::<(u32, Request<'_>)>() {
            Ok((number, request)) => {
                let death = death_at_message();
                if death == Some(Death::BeforeWork) {
                    die();
                }
                let wipes = !is_about_sample(&request);
                let reply = host.answer(request);
                if death == Some(Death::BeforeAnswer) {
                    die();
                }
                (number, reply, wipes)
            }
            // The player lets go of all at once; the thread that waits for that ends the process.
            Err(channel::Error::Closed) => return,
            Err(_) => end(1),
        };
        let sent = match channel.send(&(number, reply)) {
            Err(channel::Error::TooLong(length)) => {
                let reason = format!("an answer of {length} bytes; {MAX_MESSAGE} are possible");
                channel.send(&(number, Reply::Failed(failure(&Error::Refused(reason.into())))))
            }
            sent => sent,
        };
        if sent.is_err() {
            return;
        }
        if wipes {
            channel.wipe();
        }
    }
}

fn is_about_sample(request: &Request<'_>) -> bool {
    use isolation::message::SessionRequest::{Decrypt, DecryptAll};
    matches!(request, Request::Session(_, Decrypt(_) | DecryptAll(..)))
}

/// When a process is to die that pretends to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    BeforeWork,
    BeforeAnswer,
}

/// Whether and when this process dies at the message that has just come: the number of the message is
/// `NATIVE_DRM_EMULATE_SERVICE_DEATH`, in a build that listens to it.
fn death_at_message() -> Option<Death> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if !cfg!(feature = "emulation") {
        return None;
    }
    let number = (COUNT.fetch_add(1, Ordering::Relaxed) + 1).to_string();
    let wanted = std::env::var("NATIVE_DRM_EMULATE_SERVICE_DEATH").ok()?;
    match wanted.strip_prefix(&number)? {
        "" => Some(Death::BeforeWork),
        ":answer" => Some(Death::BeforeAnswer),
        _ => None,
    }
}

fn die() {
    // SAFETY: ends the process, at once and whatever its threads are at.
    unsafe { libc::raise(libc::SIGKILL) };
}

/// Ends the process without anything else: other threads are at work.
pub(crate) fn end(status: i32) -> ! {
    // SAFETY: a plain call.
    unsafe { libc::_exit(status) }
}
