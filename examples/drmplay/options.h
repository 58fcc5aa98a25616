/*
 * SPDX-License-Identifier: Apache-2.0
 * The command line.
 */
#ifndef DRMPLAY_OPTIONS_H
#define DRMPLAY_OPTIONS_H

#include <stdbool.h>

#define MAX_PLUGINS 16

struct options {
    char *const *files;
    int file_count;   /* one, but with --controls */
    int number;       /* of the file that is played now */
    const char *file; /* the file itself */
    const char *keys;
    const char *system;
    const char *plugins[MAX_PLUGINS]; /* to be loaded besides those in the plugin folders */
    int plugin_count;
    const char *policy;
    int renewals; /* that are granted; negative: all */
    const char *rendition;
    const char *output;
    const char *packet_md5;
    const char *frame_md5;
    const char *picture;
    bool offline;
    bool release;
    bool no_decode;
    bool quiet;
    bool controls;
    bool paused;
};

/* What parse_options() found. */
enum options_result {
    OPTIONS_PLAY,
    OPTIONS_HELP,
    OPTIONS_WRONG, /* a complaint has been printed */
};

enum options_result parse_options(struct options *options, int argc, char **argv);
void print_help(void);

#endif
