//! The functions.

use std::ffi::c_char;

use super::buffers;
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::Error;
use crate::isolation::{self, door::System, handles};
use crate::native_drm_common::{MAX_MEDIA_KEY_SYSTEM_NAME_LEN, MediaKeySystem};
use crate::native_drm_err::ErrCodeValue;

/// Bytes of a sample buffer at most.
///
/// @since native_drm 0.1
pub const NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN: u32 = 268_435_456;

/// Creates a MediaKeySystem instance in a process of its own, the host process.
///
/// Every function takes it as it takes any other, and does the same, but for what it costs: decrypting sends a message to the
/// host process, for which it allocates and takes locks. Keys and licenses never are in the memory of the calling
/// process, and what goes wrong in the key system cannot harm it. If the host process ends, however it does, the call under
/// way and all later ones with this instance and its sessions return DRM_ERR_SERVICE_DIED, their callbacks stop, and all that is
/// left to do is OH_MediaKeySystem_Destroy(), which works. Other instances go on. The next instance has a host process
/// of its own. A call that gets no answer within 30 seconds (NATIVE_DRM_HOST_TIMEOUT names others) ends the host process.
///
/// OH_MediaKeySystem_Create() does the same for the key systems that the environment variable NATIVE_DRM_ISOLATE names,
/// separated by commas; `*` names all. Key systems that the program itself has registered cannot be isolated.
///
/// Memory of samples that is not from OH_Drm_AllocateSampleBuffer() is copied to the host process and back.
/// The handle is of the calling process: after fork(), calls in the child return DRM_ERR_SERVICE_DIED.
///
/// Any thread.
///
/// @param name the key system's name, NUL-terminated
/// @param mediaKeySystem receives the instance, which OH_MediaKeySystem_Destroy() destroys
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if a pointer is null or the name is empty or too long; DRM_ERR_UNKNOWN if there is no
/// such key system; DRM_ERR_MAX_SYSTEM_NUM_REACHED if it has as many instances as it may; DRM_ERR_SERVICE_DIED if there is no
/// host program, others can write to it, or it does not start.
/// @since native_drm 0.1
///
/// # Safety
/// `name` is a string; `mediaKeySystem` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_CreateIsolated(
    name: *const c_char,
    mediaKeySystem: *mut *mut MediaKeySystem,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let name = args::string("name", name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?;
        let out = args::out("mediaKeySystem", mediaKeySystem)?;
        boundary::read_environment();
        out.write(handles::insert_remote_system(&isolation::create(&name)?)?);
        Ok(())
    })
}

/// Allocates memory for samples, or access units, that an instance decrypts: with an isolated one, it is shared with the host
/// process, so that nothing is copied. With any other instance it is memory like any other.
///
/// The memory may be used until it is freed, whatever becomes of the instance and its host process. It is aligned to 64 bytes;
/// what is in it is not defined. The buffers of an isolated instance, and the samples that are copied, share 512 MiB.
/// The host process trusts nothing in the memory, and does not notice what happens to it: while a call decrypts there, only
/// the caller's own sample depends on it.
///
/// Any thread.
///
/// @param mediaKeySystem the instance whose sessions are to decrypt there
/// @param bytes how much: 1 to NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN
/// @param buffer receives the memory, which OH_Drm_FreeSampleBuffer() frees
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if a pointer is null, the handle stale or the number out of range; DRM_ERR_UNKNOWN if there
/// is not so much left in the shared memory; DRM_ERR_SERVICE_DIED if the host process has ended or there is no memory.
/// @since native_drm 0.1
///
/// # Safety
/// `buffer` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_AllocateSampleBuffer(
    mediaKeySystem: *mut MediaKeySystem,
    bytes: u32,
    buffer: *mut *mut u8,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        if !(1..=NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN).contains(&bytes) {
            return Err(Error::invalid("bytes", format!("{bytes} is not in 1..={NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN}")));
        }
        let out = args::out("buffer", buffer)?;
        out.write(match system {
            System::Here(_) => buffers::allocate_own(bytes as usize)?,
            System::Apart(system) => {
                system.link().check()?;
                buffers::allocate_shared(system.link().area(), bytes as usize)?
            }
        });
        Ok(())
    })
}

/// Frees memory that OH_Drm_AllocateSampleBuffer() has allocated. No call uses it any more.
///
/// Any thread.
///
/// @param buffer the memory; null is refused
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if it is not such memory, or was freed before.
/// @since native_drm 0.1
///
/// # Safety
/// Nobody uses the memory from now on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_FreeSampleBuffer(buffer: *mut u8) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| buffers::free(buffer))
}

/// Runs a host process. This is for the program native-drm-host, which does nothing else, and which the library starts with
/// a socket as its standard input; other programs have no use for it. It confines the process, loads plugins, and returns
/// when the player has ended or let go of the instance. Other threads are at work then: the program has to end by _exit().
///
/// @return the program's exit status: 0; 1 if there could be no instance; 2 if standard input is no such socket
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_Drm_RunHost() -> i32 {
    boundary::value(1, || Ok(isolation::run()))
}
