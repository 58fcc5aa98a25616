# native-drm-host, the process of isolated key systems: a program around one function of the library.

file(RELATIVE_PATH native_drm_lib_from_host "/${CMAKE_INSTALL_LIBEXECDIR}/native_drm" "/${CMAKE_INSTALL_LIBDIR}")
add_executable(native-drm-host "${PROJECT_SOURCE_DIR}/host/main.c")
target_link_libraries(native-drm-host PRIVATE native_drm::native_drm)
# As what is installed besides; there is one line to debug.
target_link_options(native-drm-host PRIVATE -s)
# As it is installed: the library looks for it from its own folder on (src/isolation/places.rs).
set_target_properties(native-drm-host PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/libexec/native_drm"
    INSTALL_RPATH "$ORIGIN/${native_drm_lib_from_host}"
)
if(NOT NATIVE_DRM_SANITIZE)
    install(TARGETS native-drm-host DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/native_drm" COMPONENT Runtime)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/host/native-drm-host.8" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8" COMPONENT Runtime)
endif()
