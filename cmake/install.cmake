# cmake --install: libraries, their debug file, headers, documentation, CMake package and pkg-config file, all relocatable.
# Components: Runtime, Development, Debug, Documentation; Programs (programs.cmake).

# Instrumented libraries are not for users.
if(NATIVE_DRM_SANITIZE)
    return()
endif()

if(NOT CMAKE_OBJCOPY OR NOT CMAKE_READELF)
    message(FATAL_ERROR "objcopy and readelf (binutils) are missing: what is installed is stripped by them")
endif()

# What is installed; the build tree keeps the libraries with their debug information.
set(native_drm_package "${PROJECT_BINARY_DIR}/package")
set(native_drm_stripped "${native_drm_package}/stripped")
# Where debuggers look for debug files: below lib of the prefix, whatever the libraries' directory is called.
set(native_drm_debug_dir lib/debug)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH native_drm_debug_from_lib "${CMAKE_INSTALL_LIBDIR}/.debug" "${CMAKE_INSTALL_PREFIX}/${native_drm_debug_dir}")
else()
    file(RELATIVE_PATH native_drm_debug_from_lib "/${CMAKE_INSTALL_LIBDIR}/.debug" "/${native_drm_debug_dir}")
endif()
add_custom_command(OUTPUT "${native_drm_package}/stripped.stamp"
    COMMAND "${CMAKE_COMMAND}" "-DOBJCOPY=${CMAKE_OBJCOPY}" "-DREADELF=${CMAKE_READELF}"
        "-DSHARED=${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}" "-DSTATIC=${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
        "-DOUTPUT=${native_drm_stripped}" "-DDEBUG_FROM_LIB=${native_drm_debug_from_lib}"
        -P "${PROJECT_SOURCE_DIR}/cmake/strip_libraries.cmake"
    COMMAND "${CMAKE_COMMAND}" -E touch "${native_drm_package}/stripped.stamp"
    DEPENDS "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SHARED_NAME}" "${NATIVE_DRM_LIB_DIR}/libnative_drm.a"
        "${PROJECT_SOURCE_DIR}/cmake/strip_libraries.cmake"
    COMMENT "Stripping the libraries for installation"
    VERBATIM
)
add_custom_target(native_drm_package ALL DEPENDS "${native_drm_package}/stripped.stamp")
add_dependencies(native_drm_package native_drm_crate)

# Debian's libraries are not executable, others' are; CMake knows. Links stay links.
set(native_drm_install_library PROGRAMS)
if(CMAKE_INSTALL_SO_NO_EXE)
    set(native_drm_install_library FILES)
endif()
install(${native_drm_install_library} "${native_drm_stripped}/lib/${NATIVE_DRM_SHARED_NAME}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Runtime)
if(NATIVE_DRM_LIBRARY_NAME STREQUAL "native_drm")
    install(FILES "${NATIVE_DRM_LIB_DIR}/${NATIVE_DRM_SONAME}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Runtime)
    install(FILES "${NATIVE_DRM_LIB_DIR}/libnative_drm.so" "${NATIVE_DRM_LIB_DIR}/libohavsession.so"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Development)
endif()
install(FILES "${native_drm_stripped}/lib/libnative_drm.a" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Development)
install(DIRECTORY "${native_drm_stripped}/debug/" DESTINATION "${native_drm_debug_dir}" COMPONENT Debug)
install(DIRECTORY "${native_drm_stripped}/beside/" DESTINATION "${CMAKE_INSTALL_LIBDIR}/.debug" COMPONENT Debug)

set(native_drm_missing_headers)
if(NOT NATIVE_DRM_LICENSE_SERVICE)
    set(native_drm_missing_headers PATTERN native_drm_license_service.h EXCLUDE PATTERN license_service.hpp EXCLUDE)
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT Development
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" ${native_drm_missing_headers})

# Not CMAKE_INSTALL_DOCDIR: in a part of another project it has that project's name.
set(native_drm_doc_dir "${CMAKE_INSTALL_DATAROOTDIR}/doc/native_drm")
# The license and the notices go with the library.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/packaging/THIRD-PARTY.txt"
    DESTINATION "${native_drm_doc_dir}" COMPONENT Runtime)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/SECURITY.md"
    DESTINATION "${native_drm_doc_dir}" COMPONENT Documentation)
# Its own directory: README.md's links lead there.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${native_drm_doc_dir}" COMPONENT Documentation)

set(native_drm_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/native_drm")
configure_package_config_file(cmake/native_drm-config.cmake.in "${native_drm_package}/native_drm-config.cmake"
    INSTALL_DESTINATION "${native_drm_cmake_dir}"
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR
)
# docs/abi.md: the major version is the SONAME's; within it, what was built for an older version runs with a newer one.
write_basic_package_version_file("${native_drm_package}/native_drm-config-version.cmake" COMPATIBILITY SameMajorVersion)
install(FILES
    "${native_drm_package}/native_drm-config.cmake"
    "${native_drm_package}/native_drm-config-version.cmake"
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
configure_file(cmake/native_drm.pc.in "${native_drm_package}/native_drm.pc" @ONLY)
install(FILES "${native_drm_package}/native_drm.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT Development)
