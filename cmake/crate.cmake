# Builds the library with cargo and declares the targets of the build tree.

find_program(NATIVE_DRM_CARGO cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin" REQUIRED)
# Cargo, too, takes RUSTC from the environment.
find_program(NATIVE_DRM_RUSTC NAMES $ENV{RUSTC} rustc HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin" REQUIRED)

if(NOT CMAKE_SYSTEM_NAME MATCHES "^(Linux|OHOS)$")
    message(FATAL_ERROR "native_drm supports Linux and OpenHarmony (OHOS); this is ${CMAKE_SYSTEM_NAME}")
endif()

include(cmake/rust_target.cmake)

if(NATIVE_DRM_LIBRARY_NAME STREQUAL "native_drm")
    # docs/abi.md: the SONAME has the major version; build.rs puts it in.
    set(NATIVE_DRM_SHARED_NAME libnative_drm.so.${PROJECT_VERSION})
    set(NATIVE_DRM_SONAME libnative_drm.so.${PROJECT_VERSION_MAJOR})
elseif(NATIVE_DRM_LIBRARY_NAME MATCHES "^[A-Za-z0-9_+-]+$")
    # A library that a program brings with it, where packages take no versions and no links.
    set(NATIVE_DRM_SHARED_NAME lib${NATIVE_DRM_LIBRARY_NAME}.so)
    set(NATIVE_DRM_SONAME ${NATIVE_DRM_SHARED_NAME})
else()
    message(FATAL_ERROR "NATIVE_DRM_LIBRARY_NAME=${NATIVE_DRM_LIBRARY_NAME}: letters, digits, _, + and - only")
endif()
set(NATIVE_DRM_LIB_DIR "${PROJECT_BINARY_DIR}/lib")

set(native_drm_environment ${native_drm_target_environment})
if(NOT NATIVE_DRM_LIBRARY_NAME STREQUAL "native_drm")
    list(APPEND native_drm_environment "NATIVE_DRM_SONAME=${NATIVE_DRM_SONAME}")
endif()
set(native_drm_cargo "${NATIVE_DRM_CARGO}")
if(native_drm_environment)
    set(native_drm_cargo "${CMAKE_COMMAND}" -E env ${native_drm_environment} "${NATIVE_DRM_CARGO}")
endif()
set(native_drm_cargo_arguments ${native_drm_target_arguments})
# Both are default features; named one by one only where one is missing, so that cargo's own builds are not built again.
set(native_drm_features)
if(NATIVE_DRM_EMULATION)
    list(APPEND native_drm_features --features emulation)
endif()
if(NOT (NATIVE_DRM_LICENSE_SERVICE AND NATIVE_DRM_MPRIS))
    list(APPEND native_drm_features --no-default-features)
    if(NATIVE_DRM_LICENSE_SERVICE)
        list(APPEND native_drm_features --features license-service)
    elseif(NATIVE_DRM_MPRIS)
        list(APPEND native_drm_features --features mpris)
    endif()
endif()
set(native_drm_output "${NATIVE_DRM_CARGO_TARGET_DIR}")
if(native_drm_rust_target)
    cmake_path(APPEND native_drm_output "${native_drm_rust_target}")
endif()
if(NATIVE_DRM_SANITIZE)
    include(cmake/sanitize_crate.cmake)
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(native_drm_profile dev)
    set(native_drm_profile_directory debug)
    cmake_path(APPEND native_drm_output debug)
else()
    set(native_drm_profile release)
    set(native_drm_profile_directory release)
    cmake_path(APPEND native_drm_output release)
endif()

# The system libraries that a static Rust library needs: rustc names them.
file(WRITE "${PROJECT_BINARY_DIR}/probe/empty.rs" "")
execute_process(
    COMMAND "${NATIVE_DRM_RUSTC}" ${native_drm_target_arguments} --edition 2021 --crate-type staticlib --print native-static-libs -o libempty.a empty.rs
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/probe"
    ERROR_VARIABLE native_drm_probe
    RESULT_VARIABLE native_drm_probe_result
)
if(NOT native_drm_probe_result EQUAL 0 OR NOT native_drm_probe MATCHES "native-static-libs: ([^\n]*)")
    message(FATAL_ERROR "rustc does not name the libraries of a static library:\n${native_drm_probe}")
endif()
string(STRIP "${CMAKE_MATCH_1}" NATIVE_DRM_STATIC_LIBS)
# The unwinder out of GCC's static library: the shared one that rustc names is of no use to a program linked with -static.
string(REGEX REPLACE "(^| )-lgcc_s( |$)" "\\1-lgcc_eh\\2" NATIVE_DRM_STATIC_LIBS "${NATIVE_DRM_STATIC_LIBS}")
separate_arguments(NATIVE_DRM_STATIC_LIBS UNIX_COMMAND "${NATIVE_DRM_STATIC_LIBS}")

set(native_drm_links)
if(NATIVE_DRM_LIBRARY_NAME STREQUAL "native_drm")
    set(native_drm_links
        COMMAND "${CMAKE_COMMAND}" -E create_symlink ${NATIVE_DRM_SHARED_NAME} "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SONAME}"
        COMMAND "${CMAKE_COMMAND}" -E create_symlink ${NATIVE_DRM_SONAME} "${NATIVE_DRM_LIB_DIR}/libnative_drm.so"
        # The name that the NDK has for the AVSession kit: -lohavsession.
        COMMAND "${CMAKE_COMMAND}" -E create_symlink libnative_drm.so "${NATIVE_DRM_LIB_DIR}/libohavsession.so")
endif()

# cargo knows what is out of date, so it always runs; files that did not change keep their time stamps.
file(MAKE_DIRECTORY "${NATIVE_DRM_LIB_DIR}")
separate_arguments(native_drm_flags UNIX_COMMAND "${NATIVE_DRM_CARGO_FLAGS}")
add_custom_target(native_drm_crate ALL
    COMMAND ${native_drm_cargo} build --lib --profile ${native_drm_profile}
        --manifest-path "${PROJECT_SOURCE_DIR}/Cargo.toml" --target-dir "${NATIVE_DRM_CARGO_TARGET_DIR}"
        ${native_drm_cargo_arguments} ${native_drm_features} ${native_drm_flags}
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different
        "${native_drm_output}/libnative_drm.so" "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}"
    ${native_drm_links}
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${native_drm_output}/libnative_drm.a" "${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
    BYPRODUCTS
        "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}"
        "${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    COMMENT "Building the crate (${native_drm_profile})"
    USES_TERMINAL
    VERBATIM
)

# Both "multimedia/drm_framework/x.h" and "x.h" work, as with the NDK.
set(NATIVE_DRM_INCLUDE_SUBDIRS . multimedia/drm_framework multimedia/player_framework)
if(EXISTS "${PROJECT_SOURCE_DIR}/include/multimedia/av_session")
    list(APPEND NATIVE_DRM_INCLUDE_SUBDIRS multimedia/av_session)
endif()
set(native_drm_include_dirs)
foreach(subdir IN LISTS NATIVE_DRM_INCLUDE_SUBDIRS)
    cmake_path(ABSOLUTE_PATH subdir BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/include" NORMALIZE OUTPUT_VARIABLE directory)
    list(APPEND native_drm_include_dirs "${directory}")
endforeach()

add_library(native_drm::native_drm SHARED IMPORTED GLOBAL)
set_target_properties(native_drm::native_drm PROPERTIES
    IMPORTED_LOCATION "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}"
    IMPORTED_SONAME ${NATIVE_DRM_SONAME}
)
target_include_directories(native_drm::native_drm INTERFACE ${native_drm_include_dirs})
add_dependencies(native_drm::native_drm native_drm_crate)

add_library(native_drm::native_drm_static STATIC IMPORTED GLOBAL)
set_target_properties(native_drm::native_drm_static PROPERTIES
    IMPORTED_LOCATION "${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
    INTERFACE_LINK_LIBRARIES "${NATIVE_DRM_STATIC_LIBS}"
)
target_include_directories(native_drm::native_drm_static INTERFACE ${native_drm_include_dirs})
add_dependencies(native_drm::native_drm_static native_drm_crate)
