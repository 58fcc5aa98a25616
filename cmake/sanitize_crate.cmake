# Instruments the crate for NATIVE_DRM_SANITIZE, too: without that ThreadSanitizer does not see the library's locks, and
# AddressSanitizer not its accesses. rustc offers it as an unstable option, which RUSTC_BOOTSTRAP makes available.
#
# The Rust standard library stays as it is. Where that matters, c_tests/tsan.supp has an entry.

execute_process(COMMAND "${NATIVE_DRM_RUSTC}" -vV OUTPUT_VARIABLE native_drm_rustc_version COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "host: ([^\n]*)" native_drm_host "${native_drm_rustc_version}")
set(native_drm_host "${CMAKE_MATCH_1}")

set(native_drm_cargo "${CMAKE_COMMAND}" -E env
    RUSTC_BOOTSTRAP=1
    "RUSTFLAGS=-Zsanitizer=${NATIVE_DRM_SANITIZE} -Cunsafe-allow-abi-mismatch=sanitizer"
    "${NATIVE_DRM_CARGO}")
set(native_drm_profile dev)
# Keeps the instrumentation away from build scripts.
set(native_drm_cargo_arguments --target "${native_drm_host}")
cmake_path(APPEND native_drm_output "${native_drm_host}" debug)
