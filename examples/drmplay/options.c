/*
 * SPDX-License-Identifier: Apache-2.0
 * The command line.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define DEFAULT_SYSTEM "com.clearplay.drm"

enum {
    OPT_KEYS = 1,
    OPT_SYSTEM,
    OPT_PLUGIN,
    OPT_POLICY,
    OPT_RENEWALS,
    OPT_OFFLINE,
    OPT_RELEASE,
    OPT_RENDITION,
    OPT_OUTPUT,
    OPT_PACKET_MD5,
    OPT_FRAME_MD5,
    OPT_PICTURE,
    OPT_NO_DECODE,
    OPT_QUIET,
    OPT_CONTROLS,
    OPT_PAUSED,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"keys", required_argument, NULL, OPT_KEYS},
    {"system", required_argument, NULL, OPT_SYSTEM},
    {"plugin", required_argument, NULL, OPT_PLUGIN},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"renewals", required_argument, NULL, OPT_RENEWALS},
    {"offline", no_argument, NULL, OPT_OFFLINE},
    {"release", no_argument, NULL, OPT_RELEASE},
    {"rendition", required_argument, NULL, OPT_RENDITION},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"packet-md5", required_argument, NULL, OPT_PACKET_MD5},
    {"frame-md5", required_argument, NULL, OPT_FRAME_MD5},
    {"picture", required_argument, NULL, OPT_PICTURE},
    {"no-decode", no_argument, NULL, OPT_NO_DECODE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"controls", no_argument, NULL, OPT_CONTROLS},
    {"paused", no_argument, NULL, OPT_PAUSED},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

void print_help(void)
{
    puts("Usage: drmplay FILE [options]\n"
         "       drmplay --controls FILE... [options]\n"
         "\n"
         "Plays encrypted media through the native DRM API: demuxes FILE, gets a license for the key ids it names, decrypts\n"
         "every sample in place, decodes it, and reports.\n"
         "\n"
         "  --keys JWKSET.json   keys for the built-in license server, a JWK Set (W3C EME 9.1.4)\n"
         "  --system NAME        key system: com.clearplay.drm (default), org.w3.clearkey, or that of a plugin from\n"
         "                       examples/plugins: com.example.text, com.example.xor\n"
         "  --plugin FILE        load this plugin, besides those in the folders of NATIVE_DRM_PLUGIN_PATH; can be repeated\n"
         "  --policy POLICY.json play in real time, over and over, under licenses with this policy (com.policyplay.drm), until\n"
         "                       they allow it no longer\n"
         "  --renewals COUNT     with --policy: grant that many renewals, then deny them\n"
         "  --offline            with --keys: store the keys on this device; without: play with stored keys\n"
         "  --release            give back the stored keys of FILE instead of playing it\n"
         "  --rendition NAME     of an HLS playlist with several: the sound with this NAME or LANGUAGE\n"
         "  --output CLEAR       write the decrypted packets as a clear file: .mp4, .webm, ...\n"
         "  --packet-md5 FILE    write one line per decrypted packet: stream, pts, size, MD5 (\"-\": standard output)\n"
         "  --frame-md5 FILE     write one line per decoded frame in FFmpeg's framemd5 format\n"
         "  --picture PNG        write a contact sheet: frames decoded without the key beside those decoded with it\n"
         "  --no-decode          decrypt only: for codecs that FFmpeg cannot decode, and to measure\n"
         "  --controls           play in real time, one file after the other, under the desktop's media controls (MPRIS)\n"
         "  --paused             with --controls: wait for them to start\n"
         "  --quiet              print no table\n"
         "  --help               print this\n"
         "\n"
         "NATIVE_DRM_STORAGE_DIR is where stored keys are kept; NATIVE_DRM_LOG=debug shows what the library does.\n"
         "Exit status: 0 if everything played, 1 if not, 2 if the command line is wrong.");
}

enum options_result parse_options(struct options *options, int argc, char **argv)
{
    *options = (struct options){.system = DEFAULT_SYSTEM, .renewals = -1};
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, ":", long_options, NULL);
        if (option == -1)
            break;
        switch (option) {
        case OPT_KEYS: options->keys = optarg; break;
        case OPT_SYSTEM: options->system = optarg; break;
        case OPT_PLUGIN:
            if (options->plugin_count == MAX_PLUGINS) {
                complain("--plugin: more than %d plugins (see --help)", MAX_PLUGINS);
                return OPTIONS_WRONG;
            }
            options->plugins[options->plugin_count++] = optarg;
            break;
        case OPT_POLICY: options->policy = optarg; break;
        case OPT_RENEWALS: {
            char *end;
            long count = strtol(optarg, &end, 10);
            if (*optarg == '\0' || *end != '\0' || count < 0 || count > 1000000) {
                complain("--renewals needs a number from 0 to 1000000, not %s (see --help)", optarg);
                return OPTIONS_WRONG;
            }
            options->renewals = (int)count;
            break;
        }
        case OPT_OFFLINE: options->offline = true; break;
        case OPT_RELEASE: options->release = true; break;
        case OPT_RENDITION: options->rendition = optarg; break;
        case OPT_OUTPUT: options->output = optarg; break;
        case OPT_PACKET_MD5: options->packet_md5 = optarg; break;
        case OPT_FRAME_MD5: options->frame_md5 = optarg; break;
        case OPT_PICTURE: options->picture = optarg; break;
        case OPT_NO_DECODE: options->no_decode = true; break;
        case OPT_QUIET: options->quiet = true; break;
        case OPT_CONTROLS: options->controls = true; break;
        case OPT_PAUSED: options->paused = true; break;
        case OPT_HELP: return OPTIONS_HELP;
        case ':':
            complain("%s needs a value (see --help)", argv[optind - 1]);
            return OPTIONS_WRONG;
        default:
            if (optopt)
                complain("unknown option -%c (see --help)", optopt);
            else
                complain("unknown option %s (see --help)", argv[optind - 1]);
            return OPTIONS_WRONG;
        }
    }
    if (optind == argc) {
        complain("no file to play (see --help)");
        return OPTIONS_WRONG;
    }
    if (optind + 1 < argc && !options->controls) {
        complain("one file at a time: %s or %s? (see --help)", argv[optind], argv[optind + 1]);
        return OPTIONS_WRONG;
    }
    options->files = &argv[optind];
    options->file_count = argc - optind;
    options->file = argv[optind];
    if (options->no_decode && (options->frame_md5 || options->picture)) {
        complain("--no-decode has no frames for --frame-md5 and --picture (see --help)");
        return OPTIONS_WRONG;
    }
    if (options->controls && (options->release || options->output || options->packet_md5 || options->frame_md5 ||
                              options->picture)) {
        complain("--controls plays as it is told and writes nothing (see --help)");
        return OPTIONS_WRONG;
    }
    if (options->policy) {
        if (!options->keys || options->controls || options->release || options->offline || options->output ||
            options->packet_md5 || options->frame_md5 || options->picture) {
            complain("--policy plays with --keys and writes nothing (see --help)");
            return OPTIONS_WRONG;
        }
        options->system = "com.policyplay.drm";
    } else if (options->renewals >= 0) {
        complain("--renewals goes with --policy (see --help)");
        return OPTIONS_WRONG;
    }
    if (options->rendition && (options->controls || options->policy)) {
        complain("--controls and --policy play the sound that is in the variant, no --rendition (see --help)");
        return OPTIONS_WRONG;
    }
    if (options->paused && !options->controls) {
        complain("--paused waits for media controls: it goes with --controls (see --help)");
        return OPTIONS_WRONG;
    }
    if (options->release && (options->keys || options->output || options->packet_md5 || options->frame_md5 ||
                             options->picture)) {
        complain("--release gives stored keys back and plays nothing; it goes with --system only (see --help)");
        return OPTIONS_WRONG;
    }
    return OPTIONS_PLAY;
}
