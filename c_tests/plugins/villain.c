/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that does, when it makes a request, what the init data says: hangs, crashes, or tries what a host process must not be
 * able to do. For c_tests/isolation.
 */
#define _GNU_SOURCE
#include "native_drm_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void destroy(void *object)
{
    (void)object;
}

/* Whether the sessions' end never comes. */
static bool hangs_at_the_end;

static void destroy_session(void *session)
{
    (void)session;
    while (hangs_at_the_end) {
        pause();
    }
}

/* Adds "what=how it went" to the text: ok, or the number of the error. */
static void note(char *text, size_t room, const char *what, int result)
{
    size_t at = strlen(text);
    if (result >= 0) {
        snprintf(text + at, room - at, "%s=ok ", what);
    } else {
        snprintf(text + at, room - at, "%s=%d ", what, errno);
    }
}

static int run_program(void)
{
    char *const arguments[] = {(char *)"true", NULL};
    return execv("/bin/true", arguments);
}

static int read_word(pid_t process, void *address)
{
    long word;
    struct iovec here = {&word, sizeof(word)}, there = {address, sizeof(word)};
    return process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)sizeof(word) ? 0 : -1;
}

static int make_process(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 ? waitpid(child, NULL, 0) : -1;
}

/* Binds a socket for TCP, or connects it, to a port of this machine at which nobody is. */
static int use_tcp(bool connects)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9)};
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) {
        return -1;
    }
    if (!connects) {
        address.sin_port = 0;
    }
    int result = connects ? connect(made, (struct sockaddr *)&address, sizeof(address))
                          : bind(made, (struct sockaddr *)&address, sizeof(address));
    int error = errno;
    close(made);
    errno = error;
    return result;
}

/* Makes a file where everybody may. */
static int make_file(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/native_drm_villain-%d", (int)getpid());
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        unlink(path);
        close(file);
    }
    return file;
}

/* What Landlock forbids, and seccomp does not before it. */
static void try_files(char *text, size_t room, const char *secret)
{
    note(text, room, "read", open(secret, O_RDONLY | O_CLOEXEC));
    note(text, room, "write", open(secret, O_WRONLY | O_CLOEXEC));
    note(text, room, "create", make_file());
    note(text, room, "bind", use_tcp(false));
    note(text, room, "connect", use_tcp(true));
    note(text, room, "signal", kill(getppid(), 0));
}

static void try_all(char *text, size_t room, const char *secret, void *address)
{
    long own = 0;
    note(text, room, "exec", run_program());
    note(text, room, "fork", make_process());
    note(text, room, "socket", socket(AF_INET, SOCK_STREAM, 0));
    note(text, room, "unix", socket(AF_UNIX, SOCK_STREAM, 0));
    note(text, room, "ptrace", (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    note(text, room, "memory", read_word(getppid(), address));
    note(text, room, "kill", kill(getppid(), 0));
    /* What nothing but seccomp forbids: to look at itself, to send itself a signal, to look at a process that is none. */
    note(text, room, "own-memory", read_word(getpid(), &own));
    note(text, room, "own-signal", kill(getpid(), 0));
    note(text, room, "nobody", (int)ptrace(PTRACE_ATTACH, INT_MAX, NULL, NULL));
    try_files(text, room, secret);
}

static Drm_ErrCode generate(void *session, const DRM_MediaKeyRequestInfo *info, DRM_MediaKeyRequest *request)
{
    char deed[MAX_INIT_DATA_LEN + 1];
    (void)session;
    memcpy(deed, info->initData, (size_t)info->initDataLen);
    deed[info->initDataLen] = '\0';
    if (strcmp(deed, "hang") == 0) {
        for (;;) {
            pause();
        }
    }
    hangs_at_the_end = strcmp(deed, "hang at the end") == 0;
    if (strcmp(deed, "crash") == 0) {
        raise(SIGSEGV);
    }
    if (strcmp(deed, "abort") == 0) {
        abort();
    }
    if (strcmp(deed, "exit") == 0) {
        _exit(0);
    }
    request->type = MEDIA_KEY_REQUEST_TYPE_INITIAL;
    if (strncmp(deed, "files ", 6) == 0) {
        try_files((char *)request->data, sizeof(request->data), deed + 6);
    } else if (strncmp(deed, "try ", 4) == 0) {
        char *address = strchr(deed + 4, ' ');
        *address++ = '\0';
        try_all((char *)request->data, sizeof(request->data), deed + 4, (void *)strtoull(address, NULL, 16));
    } else {
        strcpy((char *)request->data, "good");
    }
    request->dataLen = (int32_t)strlen((char *)request->data);
    return DRM_ERR_OK;
}

static Drm_ErrCode process(void *session, const uint8_t *response, uint32_t size, uint8_t *id, uint32_t *id_len)
{
    (void)session, (void)response, (void)size, (void)id;
    *id_len = 0;
    return DRM_ERR_UNKNOWN;
}

static Drm_ErrCode create_session(void *system, DRM_ContentProtectionLevel level, DRM_PluginSession *host,
                                  const DRM_PluginSessionFunctions **functions, void **session)
{
    static DRM_PluginSessionFunctions table;
    (void)system, (void)level, (void)host;
    table.structSize = (uint32_t)sizeof(table);
    table.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    table.destroy = destroy_session;
    table.generateMediaKeyRequest = generate;
    table.processMediaKeyResponse = process;
    *functions = &table;
    *session = &table;
    return DRM_ERR_OK;
}

static Drm_ErrCode create_system(void *context, const DRM_PluginHost *host, DRM_PluginSystem *host_system,
                                 const DRM_PluginSystemFunctions **functions, void **system)
{
    static DRM_PluginSystemFunctions table;
    (void)context, (void)host, (void)host_system;
    table.structSize = (uint32_t)sizeof(table);
    table.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    table.destroy = destroy;
    table.createSession = create_session;
    *functions = &table;
    *system = &table;
    return DRM_ERR_OK;
}

Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin);

Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin)
{
    static const uint8_t ID[16] = {2};
    static const DRM_PluginMimeType TYPE = {"cenc", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0};
    static DRM_KeySystemPlugin table;
    (void)host;
    table.structSize = (uint32_t)sizeof(table);
    table.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    table.name = "test.villain";
    table.systemIds = ID;
    table.systemIdCount = 1;
    table.mimeTypes = &TYPE;
    table.mimeTypeCount = 1;
    table.createSystem = create_system;
    *plugin = &table;
    return DRM_ERR_OK;
}
