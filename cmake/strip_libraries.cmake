# Script: makes of the libraries as cargo builds them the files that are installed.
#
#   cmake -DOBJCOPY=… -DREADELF=… -DSHARED=libnative_drm.so.X.Y.Z -DSTATIC=libnative_drm.a -DOUTPUT=directory \
#       -DDEBUG_FROM_LIB=path of lib/debug from the directory .debug beside the library -P strip_libraries.cmake
#
# OUTPUT/lib has the stripped shared library, which names its debug file, and the static library without debug information and
# LLVM bitcode. OUTPUT/debug/.build-id/xx/yyyy.debug is the debug file in the place where debuggers look below /usr/lib/debug.

cmake_minimum_required(VERSION 3.22)

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# readelf's words are translated.
set(ENV{LC_ALL} C)
execute_process(COMMAND "${READELF}" -n "${SHARED}" OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
    message(FATAL_ERROR "${SHARED} has no build id")
endif()
set(build_id "${CMAKE_MATCH_1}/${CMAKE_MATCH_2}")
set(debug_directory "${OUTPUT}/debug/.build-id/${CMAKE_MATCH_1}")
set(debug "${OUTPUT}/debug/.build-id/${build_id}.debug")

# The debug files of earlier builds are not to be installed.
file(REMOVE_RECURSE "${OUTPUT}")
file(MAKE_DIRECTORY "${debug_directory}" "${OUTPUT}/lib" "${OUTPUT}/beside")

cmake_path(GET SHARED FILENAME name)
set(shared "${OUTPUT}/lib/${name}")
run("${OBJCOPY}" --only-keep-debug --compress-debug-sections "${SHARED}" "${debug}")
file(CHMOD "${debug}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
# The name in the link is that of install.cmake's symbolic link: objcopy takes the file's own.
set(link "${OUTPUT}/${name}.debug")
file(COPY_FILE "${debug}" "${link}")
run("${OBJCOPY}" --strip-unneeded "--add-gnu-debuglink=${link}" "${SHARED}" "${shared}")
file(REMOVE "${link}")
run("${OBJCOPY}" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd "${STATIC}" "${OUTPUT}/lib/libnative_drm.a")
# Debuggers that look only below /usr/lib/debug find it from any prefix by this link beside the library.
file(CREATE_LINK "${DEBUG_FROM_LIB}/.build-id/${build_id}.debug" "${OUTPUT}/beside/${name}.debug" SYMBOLIC)
