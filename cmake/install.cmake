# cmake --install: libraries, headers, CMake package and pkg-config file, all relocatable.

# install(FILES) keeps symbolic links.
install(PROGRAMS "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Runtime)
install(FILES "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SONAME}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Runtime)
install(FILES "${NATIVE_DRM_LIB_DIR}/libnative_drm.so" "${NATIVE_DRM_LIB_DIR}/libohavsession.so"
    "${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT Development
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# cmake --install --strip knows only targets that CMake builds itself.
if(CMAKE_STRIP)
    cmake_path(APPEND CMAKE_INSTALL_LIBDIR ${NATIVE_DRM_SHARED_NAME} OUTPUT_VARIABLE native_drm_installed)
    install(CODE "
        if(CMAKE_INSTALL_DO_STRIP)
            set(library \"${native_drm_installed}\")
            cmake_path(ABSOLUTE_PATH library BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
            execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded \"\$ENV{DESTDIR}\${library}\" COMMAND_ERROR_IS_FATAL ANY)
        endif()
    " COMPONENT Runtime)
endif()

set(native_drm_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/native_drm")
configure_package_config_file(cmake/native_drm-config.cmake.in "${PROJECT_BINARY_DIR}/package/native_drm-config.cmake"
    INSTALL_DESTINATION "${native_drm_cmake_dir}"
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR
)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/native_drm-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/package/native_drm-config.cmake"
    "${PROJECT_BINARY_DIR}/package/native_drm-config-version.cmake"
    DESTINATION "${native_drm_cmake_dir}" COMPONENT Development
)

# pkg-config: everything relative to the directory of the .pc file; absolute directories stay as they are.
function(native_drm_pc_path directory result)
    if(IS_ABSOLUTE "${directory}")
        set(${result} "${directory}" PARENT_SCOPE)
    else()
        set(${result} "\${prefix}/${directory}" PARENT_SCOPE)
    endif()
endfunction()
native_drm_pc_path("${CMAKE_INSTALL_LIBDIR}" NATIVE_DRM_PC_LIBDIR)
native_drm_pc_path("${CMAKE_INSTALL_INCLUDEDIR}" NATIVE_DRM_PC_INCLUDEDIR)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(NATIVE_DRM_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
    file(RELATIVE_PATH native_drm_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" native_drm_up "${native_drm_up}")
    set(NATIVE_DRM_PC_PREFIX "\${pcfiledir}/${native_drm_up}")
endif()
set(NATIVE_DRM_PC_CFLAGS)
foreach(subdir IN LISTS NATIVE_DRM_INCLUDE_SUBDIRS)
    if(subdir STREQUAL ".")
        string(APPEND NATIVE_DRM_PC_CFLAGS " -I\${includedir}")
    else()
        string(APPEND NATIVE_DRM_PC_CFLAGS " -I\${includedir}/${subdir}")
    endif()
endforeach()
string(STRIP "${NATIVE_DRM_PC_CFLAGS}" NATIVE_DRM_PC_CFLAGS)
list(JOIN NATIVE_DRM_STATIC_LIBS " " NATIVE_DRM_PC_LIBS_PRIVATE)
configure_file(cmake/native_drm.pc.in "${PROJECT_BINARY_DIR}/package/native_drm.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/native_drm.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT Development)
