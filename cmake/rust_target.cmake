# For which machine cargo builds: the host, or the one of CMake's toolchain file. Without this a cross build would quietly install
# the host's library.
#
# Sets native_drm_rust_target (empty: the host), native_drm_target_environment and native_drm_target_arguments.

set(NATIVE_DRM_RUST_TARGET "" CACHE STRING
    "Rust's name of the machine to build for; empty: that of the toolchain file, or the host")

set(native_drm_rust_target "${NATIVE_DRM_RUST_TARGET}")
if(CMAKE_CROSSCOMPILING AND NOT native_drm_rust_target)
    if(CMAKE_SYSTEM_NAME STREQUAL "OHOS")
        set(native_drm_system linux-ohos)
        set(native_drm_processors aarch64|x86_64)
    else()
        set(native_drm_system linux-gnu)
        set(native_drm_processors aarch64|x86_64|riscv64|loongarch64)
    endif()
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(${native_drm_processors})$")
        message(FATAL_ERROR "Building for ${CMAKE_SYSTEM_PROCESSOR} from another machine: "
            "set NATIVE_DRM_RUST_TARGET to Rust's name of the target (rustc --print target-list)")
    endif()
    if(CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv64")
        set(native_drm_rust_target riscv64gc-unknown-linux-gnu)
    else()
        set(native_drm_rust_target "${CMAKE_SYSTEM_PROCESSOR}-unknown-${native_drm_system}")
    endif()
endif()

set(native_drm_target_arguments)
set(native_drm_target_environment)
if(native_drm_rust_target)
    if(NATIVE_DRM_SANITIZE)
        message(FATAL_ERROR "NATIVE_DRM_SANITIZE is for the host only, not for ${native_drm_rust_target}")
    endif()
    execute_process(
        COMMAND "${NATIVE_DRM_RUSTC}" --target "${native_drm_rust_target}" --print target-libdir
        OUTPUT_VARIABLE native_drm_target_libdir
        ERROR_VARIABLE native_drm_target_error
        RESULT_VARIABLE native_drm_target_result
        OUTPUT_STRIP_TRAILING_WHITESPACE
    )
    if(NOT native_drm_target_result EQUAL 0)
        message(FATAL_ERROR "rustc cannot build for ${native_drm_rust_target}:\n${native_drm_target_error}")
    endif()
    file(GLOB native_drm_target_std "${native_drm_target_libdir}/libstd-*")
    if(NOT native_drm_target_std)
        message(FATAL_ERROR "Rust's standard library for ${native_drm_rust_target} is missing: "
            "rustup target add ${native_drm_rust_target}")
    endif()
    set(native_drm_target_arguments --target "${native_drm_rust_target}")
    string(TOUPPER "CARGO_TARGET_${native_drm_rust_target}" native_drm_variable)
    string(REPLACE "-" "_" native_drm_variable "${native_drm_variable}")
    set(native_drm_target_environment "${native_drm_variable}_LINKER=${CMAKE_C_COMPILER}")
    # One compiler for many machines, as in OpenHarmony's SDK, has to be told which. Cargo takes words separated by spaces.
    set(native_drm_link_arguments)
    if(CMAKE_C_COMPILER_TARGET)
        list(APPEND native_drm_link_arguments "-Clink-arg=--target=${CMAKE_C_COMPILER_TARGET}")
    endif()
    if(CMAKE_SYSROOT)
        list(APPEND native_drm_link_arguments "-Clink-arg=--sysroot=${CMAKE_SYSROOT}")
    endif()
    if(native_drm_link_arguments)
        list(JOIN native_drm_link_arguments " " native_drm_link_arguments)
        list(APPEND native_drm_target_environment "${native_drm_variable}_RUSTFLAGS=${native_drm_link_arguments}")
    endif()
endif()
