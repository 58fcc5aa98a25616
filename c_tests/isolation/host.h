/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The host processes of this process, as the system knows them.
 */
#ifndef TEST_ISOLATION_HOST_H
#define TEST_ISOLATION_HOST_H

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "support/check.h"

/* Name, state and parent of a process; false if there is none. */
static inline bool look_at_process(long number, char name[32], char *state, int *parent)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%ld/stat", number);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    char *end = strrchr(text, ')');
    return end != NULL && sscanf(text, "%*d (%31[^)]", name) == 1 && sscanf(end + 1, " %c %d", state, parent) == 2;
}

/* Whether a process of that state has ended: it is not waited for yet, or is just leaving the list. */
static inline bool is_dead(char state)
{
    return state == 'Z' || state == 'X' || state == 'x';
}

/* The hosts that live, the newest last; how many. */
static inline int living_hosts(pid_t *hosts, int room)
{
    DIR *processes = opendir("/proc");
    REQUIRE(processes != NULL);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        long number = strtol(entry->d_name, NULL, 10);
        char name[32], state;
        int parent;
        if (number > 0 && look_at_process(number, name, &state, &parent) && parent == (int)getpid() && !is_dead(state) &&
            strncmp(name, "native-drm-host", 15) == 0 && count < room) {
            hosts[count++] = (pid_t)number;
        }
    }
    closedir(processes);
    return count;
}

/* The only host. */
static inline pid_t only_host(void)
{
    pid_t hosts[8];
    REQUIRE(living_hosts(hosts, 8) == 1);
    return hosts[0];
}

/* Waits until so many hosts live: they end on their own, soon. */
static inline void wait_for_hosts(int count)
{
    pid_t hosts[256];
    for (int i = 0; i < 20000 && living_hosts(hosts, 256) != count; i++) {
        usleep(1000);
    }
    CHECK_INT(living_hosts(hosts, 256), count);
}

static inline void wait_until_dead(pid_t host)
{
    char name[32], state;
    int parent;
    while (look_at_process(host, name, &state, &parent) && !is_dead(state)) {
        usleep(100);
    }
}

/* Kills a host and waits until it is dead. */
static inline void kill_host(pid_t host)
{
    REQUIRE(kill(host, SIGKILL) == 0);
    wait_until_dead(host);
}

/* Waits until the library has taken note of a host's end: it takes the process from the system's list last of all. */
static inline void wait_until_gone(pid_t host)
{
    char name[32], state;
    int parent;
    while (look_at_process(host, name, &state, &parent) && parent == (int)getpid()) {
        usleep(100);
    }
}

/* The library takes nothing that others can write to, which all of a build tree may be: a copy in a folder of its own. */
static inline void private_copy(const char *original, const char *name, char path[64])
{
    static char bytes[1 << 16];
    snprintf(path, 64, "/tmp/native_drm-XXXXXX");
    REQUIRE(mkdtemp(path) != NULL);
    snprintf(path + strlen(path), 64 - strlen(path), "/%s", name);
    FILE *from = fopen(original, "r"), *to = fopen(path, "w");
    REQUIRE(from != NULL && to != NULL);
    for (size_t size; (size = fread(bytes, 1, sizeof(bytes), from)) > 0;) {
        REQUIRE(fwrite(bytes, 1, size, to) == size);
    }
    fclose(from);
    REQUIRE(fclose(to) == 0 && chmod(path, 0755) == 0);
}

/* Removes it with its folder. */
static inline void remove_private_copy(char path[64])
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

#endif /* TEST_ISOLATION_HOST_H */
