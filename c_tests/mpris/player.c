/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A player without media for the tests of media controls. It reads what to do from standard input, one order a line,
 * answers each with "= CODE", and prints every command that arrives as "! COMMAND".
 */
#include <unistd.h>

#include "support/avsession.h"
#include "support/usage.h"

static OH_AVSession *session;
static OH_AVMetadataBuilder *builder;
static Commands commands;
/* Whether play, pause and seek are obeyed and reported. */
static int obedient;
/* Commands are not printed while this is set. */
static int quiet;
/* An order to obey inside of the next callback; empty if there is none. */
static char inside[256];
static pthread_mutex_t inside_lock = PTHREAD_MUTEX_INITIALIZER;

static int obey_line(char *line);

static void obey(OH_AVSession *from, const char *line, void *argument)
{
    char order[sizeof(inside)];
    (void)argument;
    pthread_mutex_lock(&inside_lock);
    memcpy(order, inside, sizeof(order));
    inside[0] = '\0';
    pthread_mutex_unlock(&inside_lock);
    if (order[0] != '\0') {
        CHECK_INT(obey_line(order), 0);
    }
    if (__atomic_load_n(&obedient, __ATOMIC_SEQ_CST)) {
        AVSession_PlaybackPosition position = {0, 0};
        if (strcmp(line, "play") == 0) {
            CHECK_OK(OH_AVSession_SetPlaybackState(from, PLAYBACK_STATE_PLAYING));
        } else if (strcmp(line, "pause") == 0) {
            CHECK_OK(OH_AVSession_SetPlaybackState(from, PLAYBACK_STATE_PAUSED));
        } else if (sscanf(line, "seek %" SCNd64, &position.elapsedTime) == 1) {
            CHECK_OK(OH_AVSession_SetPlaybackPosition(from, &position));
        }
    }
    if (!__atomic_load_n(&quiet, __ATOMIC_SEQ_CST)) {
        printf("! %s\n", line);
        fflush(stdout);
    }
}

typedef AVMetadata_Result (*TextSetter)(OH_AVMetadataBuilder *builder, const char *text);

static const struct {
    const char *name;
    TextSetter set;
} texts[] = {
    {"assetId", OH_AVMetadataBuilder_SetAssetId},
    {"title", OH_AVMetadataBuilder_SetTitle},
    {"artist", OH_AVMetadataBuilder_SetArtist},
    {"author", OH_AVMetadataBuilder_SetAuthor},
    {"album", OH_AVMetadataBuilder_SetAlbum},
    {"writer", OH_AVMetadataBuilder_SetWriter},
    {"composer", OH_AVMetadataBuilder_SetComposer},
    {"subtitle", OH_AVMetadataBuilder_SetSubtitle},
    {"description", OH_AVMetadataBuilder_SetDescription},
    {"lyric", OH_AVMetadataBuilder_SetLyric},
    {"image", OH_AVMetadataBuilder_SetMediaImageUri},
    {"previous", OH_AVMetadataBuilder_SetPreviousAssetId},
    {"next", OH_AVMetadataBuilder_SetNextAssetId},
};

static int set_metadata(const char *field, const char *value)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(field, texts[i].name) == 0) {
            return (int)texts[i].set(builder, value);
        }
    }
    long long number = atoll(value);
    if (strcmp(field, "duration") == 0) {
        return (int)OH_AVMetadataBuilder_SetDuration(builder, number);
    }
    if (strcmp(field, "skip") == 0) {
        return (int)OH_AVMetadataBuilder_SetSkipIntervals(builder, (AVMetadata_SkipIntervals)number);
    }
    if (strcmp(field, "tags") == 0) {
        return (int)OH_AVMetadataBuilder_SetDisplayTags(builder, (int32_t)number);
    }
    return -1;
}

static int publish_metadata(void)
{
    OH_AVMetadata *metadata = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    int code = (int)OH_AVSession_SetAVMetadata(session, metadata);
    REQUIRE_OK(OH_AVMetadata_Destroy(metadata));
    REQUIRE_OK(OH_AVMetadataBuilder_Destroy(builder));
    builder = create_builder();
    return code;
}

#define REGISTRATION(name, function, callback)                                                             \
    if (strcmp(command, name) == 0) {                                                                      \
        return add ? (int)OH_AVSession_Register##function##Callback(session, callback, &commands)          \
                   : (int)OH_AVSession_Unregister##function##Callback(session, callback);                  \
    }

static int change_registration(const char *command, bool add)
{
    static const char *const plain[] = {"play", "pause", "stop", "playNext", "playPrevious"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(command, plain[i]) == 0) {
            AVSession_ControlCommand number = (AVSession_ControlCommand)i;
            return add ? (int)OH_AVSession_RegisterCommandCallback(session, number, on_command, &commands)
                       : (int)OH_AVSession_UnregisterCommandCallback(session, number, on_command);
        }
    }
    REGISTRATION("fastForward", Forward, on_forward)
    REGISTRATION("rewind", Rewind, on_rewind)
    REGISTRATION("seek", Seek, on_seek)
    REGISTRATION("setLoopMode", SetLoopMode, on_loop_mode)
    REGISTRATION("setTargetLoopMode", SetTargetLoopMode, on_target_loop_mode)
    REGISTRATION("toggleFavorite", ToggleFavorite, on_favorite)
    REGISTRATION("setSpeed", SetSpeed, on_speed)
    REGISTRATION("setVolume", SetVolume, on_volume)
    REGISTRATION("playFromAssetId", PlayFromAssetId, on_asset)
    REGISTRATION("skipToQueueItem", SkipToQueueItem, on_queue_item)
    REGISTRATION("commonCommand", CommonCommand, on_common)
    REGISTRATION("handleKeyEvent", HandleKeyEvent, on_key)
    REGISTRATION("answer", Answer, on_answer)
    REGISTRATION("hangUp", HangUp, on_hang_up)
    REGISTRATION("toggleCallMute", ToggleCallMute, on_mute)
    return -1;
}

static int set_queue(void)
{
    NativeAVSession_QueueItem items[2];
    memset(items, 0, sizeof(items));
    items[0].itemId = 1;
    items[0].assetId = "asset-1";
    items[0].title = "First";
    items[0].artist = "Somebody";
    items[0].duration = 1000;
    items[1].itemId = 2;
    items[1].subtitle = "Second line";
    items[1].mediaImageUri = "https://example.org/2.png";
    items[1].duration = -1;
    return (int)OH_AVSession_SetAVQueueItems(session, items, 2);
}

/* Number of threads of this process, without those of tools. */
static int own_threads(void)
{
    int count = count_threads();
#ifdef __SANITIZE_THREAD__
    /* As soon as there are several, ThreadSanitizer has one of its own. */
    count -= count > 1;
#endif
    return count;
}

static int create(int type)
{
    return (int)OH_AVSession_Create((AVSession_Type)type, "Test player", "org.example.player", "main", &session);
}

static int do_position(const char *rest)
{
    AVSession_PlaybackPosition position = {0, 0};
    sscanf(rest, "%" SCNd64 " %" SCNd64, &position.elapsedTime, &position.updateTime);
    return (int)OH_AVSession_SetPlaybackPosition(session, &position);
}

/* What a player that loads a stream reports, without a pause. */
static int flood(int count)
{
    int code = 0;
    char extras[64];
    for (int i = 1; i <= count && code == 0; i++) {
        code = (int)OH_AVSession_SetBufferedTime(session, i);
        if (code == 0) {
            snprintf(extras, sizeof(extras), "{\"loaded\":%d}", i);
            code = (int)OH_AVSession_SetExtras(session, extras);
        }
    }
    return code;
}

static int obey_order(const char *order, char *rest)
{
    int number = atoi(rest);
    if (strcmp(order, "create") == 0) {
        return create(number);
    }
    if (strcmp(order, "destroy") == 0) {
        return (int)OH_AVSession_Destroy(session);
    }
    if (strcmp(order, "activate") == 0) {
        return (int)OH_AVSession_Activate(session);
    }
    if (strcmp(order, "deactivate") == 0) {
        return (int)OH_AVSession_Deactivate(session);
    }
    if (strcmp(order, "metadata") == 0) {
        char *value = strchr(rest, ' ');
        if (value != NULL) {
            *value++ = '\0';
        }
        return set_metadata(rest, value == NULL ? "" : value);
    }
    if (strcmp(order, "publish") == 0) {
        return publish_metadata();
    }
    if (strcmp(order, "register") == 0 || strcmp(order, "unregister") == 0) {
        return change_registration(rest, order[0] == 'r');
    }
    if (strcmp(order, "state") == 0) {
        return (int)OH_AVSession_SetPlaybackState(session, (AVSession_PlaybackState)number);
    }
    if (strcmp(order, "position") == 0) {
        return do_position(rest);
    }
    if (strcmp(order, "loop") == 0) {
        return (int)OH_AVSession_SetLoopMode(session, (AVSession_LoopMode)number);
    }
    if (strcmp(order, "favorite") == 0) {
        return (int)OH_AVSession_SetFavorite(session, number != 0);
    }
    if (strcmp(order, "speed") == 0) {
        return (int)OH_AVSession_SetPlaybackSpeed(session, atof(rest));
    }
    if (strcmp(order, "volume") == 0) {
        return (int)OH_AVSession_SetPlaybackVolume(session, number);
    }
    if (strcmp(order, "buffered") == 0) {
        return (int)OH_AVSession_SetBufferedTime(session, atoll(rest));
    }
    if (strcmp(order, "item") == 0) {
        return (int)OH_AVSession_SetActiveItemId(session, number);
    }
    if (strcmp(order, "extras") == 0) {
        return (int)OH_AVSession_SetExtras(session, rest);
    }
    if (strcmp(order, "cast") == 0) {
        return (int)OH_AVSession_SetRemoteCastEnabled(session, number != 0);
    }
    if (strcmp(order, "private") == 0) {
        return (int)OH_AVSession_SetPrivate(session, number != 0);
    }
    if (strcmp(order, "flood") == 0) {
        return flood(number);
    }
    if (strcmp(order, "queue") == 0) {
        return set_queue();
    }
    if (strcmp(order, "obey") == 0) {
        __atomic_store_n(&obedient, number, __ATOMIC_SEQ_CST);
        return 0;
    }
    if (strcmp(order, "quiet") == 0) {
        __atomic_store_n(&quiet, number, __ATOMIC_SEQ_CST);
        return 0;
    }
    if (strcmp(order, "inside") == 0) {
        pthread_mutex_lock(&inside_lock);
        snprintf(inside, sizeof(inside), "%s", rest);
        pthread_mutex_unlock(&inside_lock);
        return 0;
    }
    if (strcmp(order, "threads") == 0) {
        return own_threads();
    }
    return -1;
}

static int obey_line(char *line)
{
    char *rest = strchr(line, ' ');
    if (rest != NULL) {
        *rest++ = '\0';
    } else {
        rest = line + strlen(line);
    }
    /* Line breaks of a value. */
    for (char *c = rest; *c != '\0'; c++) {
        *c = *c == '\x1e' ? '\n' : *c;
    }
    return obey_order(line, rest);
}

int main(void)
{
    static char line[8192];
    commands_init(&commands);
    commands_hook(&commands, obey, NULL);
    builder = create_builder();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        int code = obey_line(line);
        printf("= %d\n", code);
        fflush(stdout);
    }
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
    OH_AVSession_Destroy(session);
    commands_destroy(&commands);
    return check_finish("player");
}
