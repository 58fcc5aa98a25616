# The GStreamer plugin, a cargo workspace of its own (gstreamer/). Component: GStreamer.

# It is linked to the library of the build tree, by its own name and for this machine.
if(native_drm_rust_target OR NOT NATIVE_DRM_LIBRARY_NAME STREQUAL "native_drm")
    message(FATAL_ERROR "NATIVE_DRM_BUILD_GSTREAMER: the plugin is for this machine and for libnative_drm.so; "
        "set it to OFF with another NATIVE_DRM_RUST_TARGET or NATIVE_DRM_LIBRARY_NAME")
endif()
if(NATIVE_DRM_CARGO_FLAGS MATCHES "--offline")
    set(native_drm_gstreamer_flags --offline)
endif()
# Below the directory of the libraries, as GStreamer's own are; for another prefix than GStreamer's, programs find it by GST_PLUGIN_PATH.
set(NATIVE_DRM_GSTREAMER_PLUGIN_DIR "${CMAKE_INSTALL_LIBDIR}/gstreamer-1.0" CACHE PATH
    "Where the GStreamer plugin is installed: pkg-config --variable=pluginsdir gstreamer-1.0 says where GStreamer looks")

set(native_drm_gstreamer_plugin "${NATIVE_DRM_LIB_DIR}/gstreamer-1.0/libgstnativedrm.so")
file(MAKE_DIRECTORY "${NATIVE_DRM_LIB_DIR}/gstreamer-1.0")
# After the library, which it is linked to. It finds that beside its own directory, in the build tree and where both are installed.
add_custom_target(native_drm_gstreamer ALL
    COMMAND "${CMAKE_COMMAND}" -E env "NATIVE_DRM_LIB_DIR=${NATIVE_DRM_LIB_DIR}"
        "${NATIVE_DRM_CARGO}" rustc --lib --crate-type cdylib --profile ${native_drm_profile} --locked
        --manifest-path "${PROJECT_SOURCE_DIR}/gstreamer/Cargo.toml"
        --target-dir "${NATIVE_DRM_CARGO_TARGET_DIR}/gstreamer" ${native_drm_gstreamer_flags}
        -- -C "link-arg=-Wl,-rpath,$ORIGIN/.."
    COMMAND "${CMAKE_OBJCOPY}" --strip-unneeded
        "${NATIVE_DRM_CARGO_TARGET_DIR}/gstreamer/${native_drm_profile_directory}/libgstnativedrm.so" "${native_drm_gstreamer_plugin}"
    BYPRODUCTS "${native_drm_gstreamer_plugin}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}/gstreamer"
    COMMENT "Building the GStreamer plugin (${native_drm_profile})"
    USES_TERMINAL
    VERBATIM
)
add_dependencies(native_drm_gstreamer native_drm_crate)
# Two cargos would wait for each other.
if(native_drm_before)
    add_dependencies(native_drm_gstreamer ${native_drm_before})
endif()

install(${native_drm_install_library} "${native_drm_gstreamer_plugin}" DESTINATION "${NATIVE_DRM_GSTREAMER_PLUGIN_DIR}" COMPONENT GStreamer)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/THIRD-PARTY-gstreamer.txt" DESTINATION "${native_drm_doc_dir}" COMPONENT GStreamer)
