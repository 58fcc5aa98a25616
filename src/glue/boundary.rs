//! The boundary that every exported function passes: no panic gets out, errors become codes, the reason is kept.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::glue::error::{Error, Result};
use crate::native_averrors::{AVErrCodeValue, OH_AVErrCode};
use crate::native_avsession_errors::{AVMetadata_Result, AVSession_ErrCode, MetadataResultValue, SessionErrValue};
use crate::native_drm_err::{Drm_ErrCode, ErrCodeValue};
use base::log::Scope;
use base::secret::wipe_registers;
use base::sync::cancellation::Deferred;

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// A kit's own codes.
pub trait Code {
    /// What its functions return.
    type Value;
    /// Success.
    fn success() -> Self::Value;
    /// The code for an error.
    fn failure(error: &Error) -> Self::Value;
}

/// Codes of the DRM kit.
pub struct DrmCode;

/// Codes of the AVCodec kit.
pub struct AvCode;

/// Codes of the AVSession kit.
pub struct SessionCode;

/// Codes of the AVSession kit's metadata.
pub struct MetadataCode;

impl Code for DrmCode {
    type Value = ErrCodeValue;

    #[inline]
    fn success() -> ErrCodeValue {
        Drm_ErrCode::DRM_ERR_OK.into()
    }

    fn failure(error: &Error) -> ErrCodeValue {
        match error {
            Error::InvalidArgument { .. } | Error::BufferTooSmall { .. } => Drm_ErrCode::DRM_ERR_INVALID_VAL,
            Error::Unsupported(_) | Error::NotFound { .. } | Error::Refused(_) | Error::InitData(_) => {
                Drm_ErrCode::DRM_ERR_UNKNOWN
            }
            Error::Internal(_)
            | Error::HostDied(_)
            | Error::NoHost(_)
            | Error::MediaSession(avsession::Error::Internal(_)) => Drm_ErrCode::DRM_ERR_SERVICE_DIED,
            Error::Remote { code, .. } => Drm_ErrCode::of_failure(*code).unwrap_or(Drm_ErrCode::DRM_ERR_SERVICE_DIED),
            Error::MediaSession(_) => Drm_ErrCode::DRM_ERR_UNKNOWN,
            Error::Drm(error) => of_drm(error),
            #[cfg(feature = "license-service")]
            Error::LicenseService(error) => of_license_service(error),
        }
        .into()
    }
}

fn of_drm(error: &drm::Error) -> Drm_ErrCode {
    use drm::Error as Drm;
    match error {
        Drm::SessionDestroyed
        | Drm::OwnerDestroyed
        | Drm::SystemDestroyed
        | Drm::Sample { .. }
        | Drm::OfflineKeyId { .. }
        | Drm::OfflineKeyTooLarge { .. }
        | Drm::StoreNamespace
        | Drm::StoreDirectory => Drm_ErrCode::DRM_ERR_INVALID_VAL,
        Drm::Malformed { .. } | Drm::Unsupported(_) | Drm::NotFound { .. } | Drm::Refused(_) | Drm::KeyKept => {
            Drm_ErrCode::DRM_ERR_UNKNOWN
        }
        Drm::TooManySystems { .. } => Drm_ErrCode::DRM_ERR_MAX_SYSTEM_NUM_REACHED,
        Drm::TooManySessions { .. } => Drm_ErrCode::DRM_ERR_MAX_SESSION_NUM_REACHED,
        Drm::NotProvisioned => Drm_ErrCode::DRM_ERR_NOT_PROVISIONED,
        Drm::Denied { .. } => Drm_ErrCode::DRM_ERR_SERVICE_DENIED,
        Drm::NoLicense { .. } | Drm::FirstUse => Drm_ErrCode::DRM_ERR_NO_LICENSE,
        Drm::NoKey { .. } => Drm_ErrCode::DRM_ERR_NO_KEY,
        Drm::DeviceTime => Drm_ErrCode::DRM_ERR_DEVICE_TIME_ERROR,
        Drm::Storage { .. } | Drm::StorageDamaged { .. } | Drm::KeySystemFailed(_) | Drm::Internal(_) => {
            Drm_ErrCode::DRM_ERR_SERVICE_DIED
        }
    }
}

#[cfg(feature = "license-service")]
fn of_license_service(error: &license_service::Error) -> Drm_ErrCode {
    use license_service::Error as Service;
    match error {
        Service::Invalid { .. } => Drm_ErrCode::DRM_ERR_INVALID_VAL,
        Service::Malformed { .. } | Service::Policy(_) | Service::NotFound { .. } => Drm_ErrCode::DRM_ERR_UNKNOWN,
        Service::File { .. } | Service::MasterKey { .. } | Service::Store(_) | Service::Internal(_) => {
            Drm_ErrCode::DRM_ERR_SERVICE_DIED
        }
    }
}

impl Code for AvCode {
    type Value = AVErrCodeValue;

    fn success() -> AVErrCodeValue {
        OH_AVErrCode::AV_ERR_OK.into()
    }

    /// These functions check parameters and do nothing else that can fail.
    fn failure(_error: &Error) -> AVErrCodeValue {
        OH_AVErrCode::AV_ERR_INVALID_VAL.into()
    }
}

impl Code for SessionCode {
    type Value = SessionErrValue;

    fn success() -> SessionErrValue {
        AVSession_ErrCode::AV_SESSION_ERR_SUCCESS.into()
    }

    fn failure(error: &Error) -> SessionErrValue {
        match error {
            Error::InvalidArgument { .. } | Error::BufferTooSmall { .. } => {
                AVSession_ErrCode::AV_SESSION_ERR_INVALID_PARAMETER
            }
            Error::NotFound { .. } | Error::MediaSession(avsession::Error::SessionNotFound { .. }) => {
                AVSession_ErrCode::AV_SESSION_ERR_CODE_SESSION_NOT_EXIST
            }
            Error::MediaSession(avsession::Error::SessionInactive) => {
                AVSession_ErrCode::AV_SESSION_ERR_CODE_SESSION_INACTIVE
            }
            Error::MediaSession(avsession::Error::CommandUnavailable(_)) => {
                AVSession_ErrCode::AV_SESSION_ERR_CODE_COMMAND_INVALID
            }
            Error::MediaSession(avsession::Error::Overloaded) => {
                AVSession_ErrCode::AV_SESSION_ERR_CODE_MESSAGE_OVERLOAD
            }
            _ => AVSession_ErrCode::AV_SESSION_ERR_SERVICE_EXCEPTION,
        }
        .into()
    }
}

impl Code for MetadataCode {
    type Value = MetadataResultValue;

    fn success() -> MetadataResultValue {
        AVMetadata_Result::AVMETADATA_SUCCESS.into()
    }

    fn failure(error: &Error) -> MetadataResultValue {
        match error {
            Error::InvalidArgument { .. } => AVMetadata_Result::AVMETADATA_ERROR_INVALID_PARAM,
            _ => AVMetadata_Result::AVMETADATA_ERROR_NO_MEMORY,
        }
        .into()
    }
}

/// Reads from the environment how to log and which instructions to use. Every function that makes the first object of a
/// kind, or logs without one, calls this: the library's threads start later than that, and read no environment variable (see
/// [`base::log`]). Later calls cost two loads.
pub fn read_environment() {
    base::log::read_environment();
    cenc::kernel::Level::current();
}

/// Runs the body of an exported function that returns a code. Its thread is not cancelled meanwhile. Ciphers leave round keys in vector registers: they are gone
/// when this returns.
#[inline]
pub fn call<C: Code>(body: impl FnOnce() -> Result<()>) -> C::Value {
    let _deferred = Deferred::new();
    forget_abandoned();
    let scope = Scope::of_call();
    let result = catch_unwind(AssertUnwindSafe(body));
    drop(scope);
    wipe_registers();
    match result {
        Ok(Ok(())) => C::success(),
        Ok(Err(error)) => failed::<C>(&error),
        Err(_) => failed::<C>(&panicked()),
    }
}

/// Puts in order what a call has left behind out of which a signal handler jumped.
#[inline]
fn forget_abandoned() {
    // SAFETY: what a program calls is the thread's only call that pins, and has not pinned yet: no callback is called while
    // pinned, and signal handlers that interrupt the library must not call it (`native_drm_common.h`).
    if unsafe { base::rcu::give_up_calls() } {
        base::log::forget_scopes();
    }
}

/// Runs the usual case of an exported function that is called often. Nothing means that another function has to look into
/// it, by [`call`].
#[inline(always)]
pub fn attempt(body: impl FnOnce() -> Option<()>) -> Option<()> {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten()
}

/// Runs the body of an exported function that returns a value, `otherwise` if it fails.
pub fn value<T>(otherwise: T, body: impl FnOnce() -> Result<T>) -> T {
    let _deferred = Deferred::new();
    forget_abandoned();
    let scope = Scope::of_call();
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(panicked()));
    drop(scope);
    result.unwrap_or_else(|error| {
        remember(&error);
        otherwise
    })
}

/// As [`call`], for what a host process does for its player.
pub fn result<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let _deferred = Deferred::new();
    forget_abandoned();
    let scope = Scope::of_call();
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(panicked()));
    drop(scope);
    wipe_registers();
    result
}

/// As [`attempt`], for what a host process does for its player.
pub fn attempt_and_wipe(body: impl FnOnce() -> Option<()>) -> Option<()> {
    let done = attempt(body);
    wipe_registers();
    done
}

/// This thread's last failure in words.
pub fn last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

#[cold]
#[inline(never)]
fn failed<C: Code>(error: &Error) -> C::Value {
    remember(error);
    C::failure(error)
}

fn panicked() -> Error {
    Error::Internal("a panic was stopped".into())
}

/// Bytes of a message with its NUL.
const MAX_MESSAGE: usize = 4096;

fn remember(error: &Error) {
    // Messages quote names from outside, which may contain anything.
    let mut message = error.to_string().replace('\0', "\u{fffd}");
    let mut end = message.len().min(MAX_MESSAGE - 1);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message.truncate(end);
    let message = CString::new(message).unwrap_or_default();
    // Without thread-local storage, at the end of a thread, the message is lost.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_text_of_at_most_4096_bytes() {
        let message = |text: &str| {
            remember(&Error::Internal(text.to_owned().into()));
            LAST_ERROR.with_borrow(|last| last.to_str().unwrap().to_owned())
        };
        assert!(message("short\0").ends_with("short\u{fffd}"));
        let room = MAX_MESSAGE - 1 - message("").len();
        let longest = "x".repeat(room);
        assert!(message(&longest).ends_with(&longest));
        assert_eq!(message(&format!("{longest}x")), message(&longest));
        // Between characters, at either parity.
        for start in ["", "x"] {
            let length = message(&format!("{start}{}", "ä".repeat(room))).len();
            assert!((MAX_MESSAGE - 2..MAX_MESSAGE).contains(&length), "{length}");
        }
    }
}
