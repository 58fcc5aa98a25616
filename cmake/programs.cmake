# The programs native-drm (its man pages and shell completions; component Programs) and native-drm-license-server (component Server).

file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(native_drm_before native_drm_crate)

# native_drm_program(NAME PACKAGE COMPONENT PROFILE): builds a program of the workspace, with a profile in place of cargo's `release`, and
# installs it, stripped, with the notices of what is in it.
function(native_drm_program name package component profile)
    set(output "${native_drm_output}")
    if(native_drm_profile STREQUAL "release")
        cmake_path(REPLACE_FILENAME output "${profile}")
    else()
        set(profile ${native_drm_profile})
    endif()
    string(REPLACE - _ target "${name}_program")
    set(program "${PROJECT_BINARY_DIR}/bin/${name}")
    add_custom_target(${target} ALL
        COMMAND ${native_drm_cargo} build -p ${package} --profile ${profile}
            --manifest-path "${PROJECT_SOURCE_DIR}/Cargo.toml" --target-dir "${NATIVE_DRM_CARGO_TARGET_DIR}"
            ${native_drm_cargo_arguments} ${native_drm_flags}
        COMMAND "${CMAKE_OBJCOPY}" --strip-all "${output}/${name}" "${program}"
        BYPRODUCTS "${program}"
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        COMMENT "Building ${name} (${profile})"
        USES_TERMINAL
        VERBATIM
    )
    # One after the other: two cargos would wait for each other.
    add_dependencies(${target} ${native_drm_before})
    set(native_drm_before ${target} PARENT_SCOPE)
    install(PROGRAMS "${program}" DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${component})
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/THIRD-PARTY-${name}.txt"
        DESTINATION "${native_drm_doc_dir}" COMPONENT ${component})
endfunction()

# cli/src/generated.rs and server/src/generated.rs keep pages and completions current.
if(NATIVE_DRM_BUILD_PROGRAMS)
    native_drm_program(native-drm native-drm-cli Programs release)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/packaging/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT Programs)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/native-drm.bash"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME native-drm COMPONENT Programs)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/_native-drm"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" COMPONENT Programs)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/native-drm.fish"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" COMPONENT Programs)
endif()
if(NATIVE_DRM_BUILD_SERVER)
    native_drm_program(native-drm-license-server native-drm-license-server Server server)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/server/native-drm-license-server.8" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8" COMPONENT Server)
endif()
