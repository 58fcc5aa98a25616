# Debian packages by CPack, with NATIVE_DRM_PACKAGES: libnative-drm0, libnative-drm-dev, native-drm-tools, and gstreamer1.0-native-drm where
# there is a target native_drm_gstreamer. docs/packages.md; packaging/debian/files.txt has what is in each.

# Component, package and group, each at the same place; Documentation and Server join others.
set(native_drm_groups library development tools)
set(native_drm_components Runtime Development Programs)
set(native_drm_names libnative-drm${PROJECT_VERSION_MAJOR} libnative-drm-dev native-drm-tools)
if(TARGET native_drm_gstreamer)
    list(APPEND native_drm_groups gstreamer)
    list(APPEND native_drm_components GStreamer)
    list(APPEND native_drm_names gstreamer1.0-native-drm)
endif()
set(native_drm_debian "${PROJECT_SOURCE_DIR}/packaging/debian")

# What every package has in its directory of documents.
string(TIMESTAMP native_drm_date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH's
configure_file("${native_drm_debian}/changelog.in" "${native_drm_package}/changelog" @ONLY)
foreach(component name IN ZIP_LISTS native_drm_components native_drm_names)
    install(FILES "${native_drm_debian}/copyright" "${native_drm_package}/changelog"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/${name}" COMPONENT ${component})
    if(EXISTS "${native_drm_debian}/lintian/${name}")
        install(FILES "${native_drm_debian}/lintian/${name}" DESTINATION share/lintian/overrides COMPONENT ${component})
    endif()
endforeach()

# The service. Its unit names absolute paths below /usr.
install(FILES "${PROJECT_SOURCE_DIR}/packaging/server/native-drm-license-server.service"
    DESTINATION lib/systemd/system COMPONENT Server)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/server/server.toml"
    DESTINATION /etc/native-drm-license-server COMPONENT Server)

# Last in each component: Debian has man pages and changelogs compressed.
foreach(component IN LISTS native_drm_components ITEMS Server)
    install(CODE "
        file(GLOB_RECURSE pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/*.[1-8]\"
            \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATAROOTDIR}/doc/*/changelog\")
        foreach(page IN LISTS pages)
            execute_process(COMMAND gzip -9nf \"\${page}\" COMMAND_ERROR_IS_FATAL ANY)
        endforeach()" COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME native-drm)
set(CPACK_PACKAGE_VENDOR native_drm)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/deb")
set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
set(CPACK_STRIP_FILES OFF) # they are
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL ${native_drm_components} Documentation Server)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${NATIVE_DRM_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(group name IN ZIP_LISTS native_drm_groups native_drm_names)
    string(TOUPPER ${group} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
endforeach()

set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
# docs/abi.md: what was built with this version runs with later ones of the same SONAME. CPack's own file would ask for this very version.
file(WRITE "${native_drm_package}/shlibs"
    "libnative_drm ${PROJECT_VERSION_MAJOR} libnative-drm${PROJECT_VERSION_MAJOR} (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${native_drm_package}/shlibs;${native_drm_debian}/library/triggers")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "OpenHarmony's native DRM API: shared library
OH_MediaKeySystem, OH_MediaKeySession and OH_AVSession for Linux: Clear Key,
licenses with a policy, and samples of Common Encryption (AES-128, SM4)
decrypted in place.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libnative-drm${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "OpenHarmony's native DRM API: headers, static library, documentation
For programs in C and C++, with pkg-config and CMake.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION video)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "decrypt and inspect encrypted media; license server
native-drm decrypts MP4, WebM and MPEG-TS files whose keys are known, and
explains init data and licenses. native-drm-license-server issues licenses of
com.policyplay.drm over HTTP; it is not started by the installation.")
set(native_drm_tools "${native_drm_debian}/tools")
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA
    "${native_drm_tools}/conffiles;${native_drm_tools}/postinst;${native_drm_tools}/prerm;${native_drm_tools}/postrm")
set(CPACK_DEBIAN_GSTREAMER_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_GSTREAMER_PACKAGE_DEPENDS "libnative-drm${PROJECT_VERSION_MAJOR} (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_GSTREAMER_DESCRIPTION "GStreamer plugin: decryptors on OpenHarmony's native DRM API
playbin and decodebin find them by themselves.")
# dpkg-shlibdeps finds the library of this very build.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${NATIVE_DRM_LIB_DIR}")

include(CPack)
foreach(group component IN ZIP_LISTS native_drm_groups native_drm_components)
    cpack_add_component_group(${group})
    cpack_add_component(${component} GROUP ${group})
endforeach()
cpack_add_component(Documentation GROUP development)
cpack_add_component(Server GROUP tools)
