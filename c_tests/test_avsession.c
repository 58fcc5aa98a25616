/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sessions without media controls: results, rules, commands that media keys become, callbacks.
 */

#include "support/avsession.h"

#define CHECK_CODE_401(call) CHECK_CODE(call, AV_SESSION_ERR_INVALID_PARAMETER)
#define CHECK_EXCEPTION(call) CHECK_CODE(call, AV_SESSION_ERR_SERVICE_EXCEPTION)
#define CHECK_NO_COMMAND(call) CHECK_CODE(call, AV_SESSION_ERR_CODE_COMMAND_INVALID)
#define CHECK_INACTIVE(call) CHECK_CODE(call, AV_SESSION_ERR_CODE_SESSION_INACTIVE)

#define DOWN NATIVE_AVSESSION_KEY_ACTION_DOWN
#define UP NATIVE_AVSESSION_KEY_ACTION_UP

static AVSession_ErrCode press(OH_AVSession *session, int32_t key)
{
    return OH_AVSession_HandleMediaKey(session, key, DOWN, 0);
}

static void creation(void)
{
    OH_AVSession *session = NULL;
    OH_AVSession *second = NULL;
    static const int bad_types[] = {-1, 5, 6, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(bad_types) / sizeof(bad_types[0]); i++) {
        CHECK_CODE_401(OH_AVSession_Create((AVSession_Type)bad_types[i], "tag", "bundle", "ability", &session));
    }
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, NULL, "bundle", "ability", &session));
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, "tag", NULL, "ability", &session));
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, "tag", "bundle", NULL, &session));
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, "tag", "bundle", "ability", NULL));
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, "", "bundle", "ability", &session));
    CHECK_CODE_401(OH_AVSession_Create(SESSION_TYPE_AUDIO, "\xff", "bundle", "ability", &session));
    CHECK(session == NULL);

    for (int type = SESSION_TYPE_AUDIO; type <= SESSION_TYPE_PHOTO; type++) {
        session = create_session((AVSession_Type)type);
        AVSession_Type actual = SESSION_TYPE_AUDIO;
        CHECK_OK(OH_AVSession_GetSessionType(session, &actual));
        CHECK_INT(actual, type);
        /* One session per process. */
        CHECK_EXCEPTION(OH_AVSession_Create(SESSION_TYPE_VIDEO, "tag", "bundle", "ability", &second));
        CHECK(second == NULL);
        CHECK_OK(OH_AVSession_Destroy(session));
        CHECK_CODE_401(OH_AVSession_Destroy(session));
    }
    CHECK_CODE_401(OH_AVSession_Destroy(NULL));
}

static void identity(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    const char *id = NULL;
    const char *again = NULL;
    CHECK_OK(OH_AVSession_GetSessionId(session, &id));
    CHECK_OK(OH_AVSession_GetSessionId(session, &again));
    REQUIRE(id != NULL && again != NULL);
    CHECK_INT(strlen(id), 32);
    CHECK_STR(again, id);
    char former[33];
    snprintf(former, sizeof(former), "%s", id);
    CHECK_CODE_401(OH_AVSession_GetSessionId(session, NULL));
    CHECK_CODE_401(OH_AVSession_GetSessionType(session, NULL));

    OH_AVSession *acquired = NULL;
    CHECK_OK(OH_AVSession_AcquireSession("Test player", "org.example.player", "main", &acquired));
    CHECK(acquired == session);
    acquired = NULL;
    int missing = AV_SESSION_ERR_CODE_SESSION_NOT_EXIST;
    CHECK_CODE(OH_AVSession_AcquireSession("Other player", "org.example.player", "main", &acquired), missing);
    CHECK_CODE(OH_AVSession_AcquireSession("Test player", "org.example.other", "main", &acquired), missing);
    CHECK_CODE(OH_AVSession_AcquireSession("Test player", "org.example.player", "other", &acquired), missing);
    CHECK_CODE_401(OH_AVSession_AcquireSession(NULL, "org.example.player", "main", &acquired));
    CHECK_CODE_401(OH_AVSession_AcquireSession("Test player", NULL, "main", &acquired));
    CHECK_CODE_401(OH_AVSession_AcquireSession("Test player", "org.example.player", NULL, &acquired));
    CHECK_CODE_401(OH_AVSession_AcquireSession("Test player", "org.example.player", "main", NULL));
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_CODE(OH_AVSession_AcquireSession("Test player", "org.example.player", "main", &acquired), missing);
    CHECK(acquired == NULL);
    CHECK_CODE_401(OH_AVSession_GetSessionId(session, &id));

    session = create_session(SESSION_TYPE_AUDIO);
    CHECK_OK(OH_AVSession_GetSessionId(session, &id));
    CHECK(strcmp(id, former) != 0);
    CHECK_OK(OH_AVSession_Destroy(session));
}

static void expect_state(OH_AVSession *session, int state, int64_t elapsed, int64_t update, int speed, int volume)
{
    OH_AVSession_AVPlaybackState *handle = NULL;
    REQUIRE_OK(OH_AVSession_AcquirePlaybackState(session, &handle));
    AVSession_PlaybackState actual_state = PLAYBACK_STATE_MAX;
    AVSession_PlaybackPosition position = {-1, -1};
    int32_t actual_speed = -1;
    int32_t actual_volume = -1;
    CHECK_OK(OH_AVSession_GetPlaybackState(handle, &actual_state));
    CHECK_OK(OH_AVSession_GetPlaybackPosition(handle, &position));
    CHECK_OK(OH_AVSession_GetPlaybackSpeed(handle, &actual_speed));
    CHECK_OK(OH_AVSession_GetPlaybackVolume(handle, &actual_volume));
    CHECK_INT(actual_state, state);
    CHECK_INT(position.elapsedTime, elapsed);
    CHECK_INT(position.updateTime, update);
    CHECK_INT(actual_speed, speed);
    CHECK_INT(actual_volume, volume);
    CHECK_CODE_401(OH_AVSession_GetPlaybackState(handle, NULL));
    CHECK_CODE_401(OH_AVSession_GetPlaybackPosition(handle, NULL));
    CHECK_CODE_401(OH_AVSession_GetPlaybackSpeed(handle, NULL));
    CHECK_CODE_401(OH_AVSession_GetPlaybackVolume(handle, NULL));
    CHECK_OK(OH_AVSession_ReleasePlaybackState(handle));
    CHECK_CODE_401(OH_AVSession_ReleasePlaybackState(handle));
    CHECK_CODE_401(OH_AVSession_GetPlaybackState(handle, &actual_state));
}

/* Each setter changes its own field, and bad values change nothing. */
static void reports(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    expect_state(session, PLAYBACK_STATE_INITIAL, 0, 0, 1, 100);
    for (int state = PLAYBACK_STATE_INITIAL; state < PLAYBACK_STATE_MAX; state++) {
        CHECK_OK(OH_AVSession_SetPlaybackState(session, (AVSession_PlaybackState)state));
        expect_state(session, state, 0, 0, 1, 100);
    }
    CHECK_CODE_401(OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_MAX));
    CHECK_CODE_401(OH_AVSession_SetPlaybackState(session, (AVSession_PlaybackState)-1));
    CHECK_OK(OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_PAUSED));

    AVSession_PlaybackPosition position = {1000, 1700000000000};
    CHECK_OK(OH_AVSession_SetPlaybackPosition(session, &position));
    expect_state(session, PLAYBACK_STATE_PAUSED, 1000, 1700000000000, 1, 100);
    AVSession_PlaybackPosition bad_update = {5, -1};
    AVSession_PlaybackPosition bad_elapsed = {-5, 1};
    CHECK_EXCEPTION(OH_AVSession_SetPlaybackPosition(session, &bad_update));
    CHECK_EXCEPTION(OH_AVSession_SetPlaybackPosition(session, &bad_elapsed));
    CHECK_CODE_401(OH_AVSession_SetPlaybackPosition(session, NULL));
    CHECK_OK(OH_AVSession_SetPlaybackSpeed(session, 2.5));
    CHECK_CODE_401(OH_AVSession_SetPlaybackSpeed(session, 0.0));
    CHECK_CODE_401(OH_AVSession_SetPlaybackSpeed(session, 1.0 / 0.0));
    CHECK_CODE_401(OH_AVSession_SetPlaybackSpeed(session, 0.0 / 0.0));
    CHECK_OK(OH_AVSession_SetPlaybackVolume(session, 30));
    CHECK_CODE_401(OH_AVSession_SetPlaybackVolume(session, -1));
    CHECK_CODE_401(OH_AVSession_SetPlaybackVolume(session, 101));
    expect_state(session, PLAYBACK_STATE_PAUSED, 1000, 1700000000000, 2, 30);

    for (int mode = LOOP_MODE_SEQUENCE; mode <= LOOP_MODE_CUSTOM; mode++) {
        CHECK_OK(OH_AVSession_SetLoopMode(session, (AVSession_LoopMode)mode));
    }
    CHECK_CODE_401(OH_AVSession_SetLoopMode(session, (AVSession_LoopMode)5));
    CHECK_CODE_401(OH_AVSession_SetLoopMode(session, (AVSession_LoopMode)-1));
    CHECK_OK(OH_AVSession_SetFavorite(session, true));
    CHECK_OK(OH_AVSession_SetRemoteCastEnabled(session, true));
    CHECK_OK(OH_AVSession_SetActiveItemId(session, 7));
    CHECK_OK(OH_AVSession_SetBufferedTime(session, 14000));
    CHECK_CODE_401(OH_AVSession_SetBufferedTime(session, -1));
    CHECK_OK(OH_AVSession_SetExtras(session, "{\"quality\":\"high\",\"list\":[1,2]}"));
    CHECK_OK(OH_AVSession_SetExtras(session, ""));
    CHECK_CODE_401(OH_AVSession_SetExtras(session, "[]"));
    CHECK_CODE_401(OH_AVSession_SetExtras(session, "{\"open\":"));
    CHECK_CODE_401(OH_AVSession_SetExtras(session, NULL));
    expect_state(session, PLAYBACK_STATE_PAUSED, 1000, 1700000000000, 2, 30);

    NativeAVSession_QueueItem items[2];
    memset(items, 0, sizeof(items));
    items[0].title = "First";
    items[1].itemId = 1;
    CHECK_OK(OH_AVSession_SetAVQueueItems(session, items, 2));
    CHECK_OK(OH_AVSession_SetAVQueueItems(session, NULL, 0));
    CHECK_CODE_401(OH_AVSession_SetAVQueueItems(session, NULL, 1));
    CHECK_CODE_401(OH_AVSession_SetAVQueueItems(session, items, NATIVE_AVSESSION_MAX_QUEUE_ITEMS + 1));
    items[1].duration = -2;
    CHECK_CODE_401(OH_AVSession_SetAVQueueItems(session, items, 2));
    items[1].duration = -1;
    items[1].artist = "\xff";
    CHECK_CODE_401(OH_AVSession_SetAVQueueItems(session, items, 2));
    CHECK_OK(OH_AVSession_Destroy(session));
}

static void stale_handles(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    OH_AVMetadataBuilder *builder = create_builder();
    OH_AVMetadata *metadata = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    CHECK_CODE_401(OH_AVSession_SetAVMetadata(session, NULL));
    CHECK_CODE_401(OH_AVSession_SetAVMetadata(session, (OH_AVMetadata *)session));
    REQUIRE_OK(OH_AVSession_Destroy(session));
    OH_AVSession *const bad[] = {NULL, session, (OH_AVSession *)metadata, (OH_AVSession *)(uintptr_t)1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OH_AVSession *s = bad[i];
        AVSession_Type type;
        const char *id;
        AVSession_PlaybackPosition position = {0, 0};
        OH_AVSession_AVPlaybackState *state;
        int64_t millis;
        char line[8];
        uint32_t length = sizeof(line);
        CHECK_CODE_401(OH_AVSession_Destroy(s));
        CHECK_CODE_401(OH_AVSession_Activate(s));
        CHECK_CODE_401(OH_AVSession_Deactivate(s));
        CHECK_CODE_401(OH_AVSession_GetSessionType(s, &type));
        CHECK_CODE_401(OH_AVSession_GetSessionId(s, &id));
        CHECK_CODE_401(OH_AVSession_SetAVMetadata(s, metadata));
        CHECK_CODE_401(OH_AVSession_SetPlaybackState(s, PLAYBACK_STATE_PLAYING));
        CHECK_CODE_401(OH_AVSession_SetPlaybackPosition(s, &position));
        CHECK_CODE_401(OH_AVSession_SetFavorite(s, true));
        CHECK_CODE_401(OH_AVSession_SetLoopMode(s, LOOP_MODE_LIST));
        CHECK_CODE_401(OH_AVSession_SetRemoteCastEnabled(s, true));
        CHECK_CODE_401(OH_AVSession_SetPrivate(s, true));
        CHECK_CODE_401(OH_AVSession_RegisterSetVolumeCallback(s, on_volume, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterSetVolumeCallback(s, on_volume));
        CHECK_CODE_401(OH_AVSession_SetPlaybackSpeed(s, 1.0));
        CHECK_CODE_401(OH_AVSession_SetPlaybackVolume(s, 1));
        CHECK_CODE_401(OH_AVSession_SetBufferedTime(s, 1));
        CHECK_CODE_401(OH_AVSession_SetActiveItemId(s, 1));
        CHECK_CODE_401(OH_AVSession_SetExtras(s, "{}"));
        CHECK_CODE_401(OH_AVSession_SetAVQueueItems(s, NULL, 0));
        CHECK_CODE_401(OH_AVSession_AcquirePlaybackState(s, &state));
        CHECK_CODE_401(OH_AVSession_GetCurrentPosition(s, &millis));
        CHECK_CODE_401(OH_AVSession_GetCurrentLyricLine(s, line, &length));
        CHECK_CODE_401(press(s, NATIVE_AVSESSION_KEY_PLAY));
        CHECK_CODE_401(OH_AVSession_RegisterCommandCallback(s, CONTROL_CMD_PLAY, on_command, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterCommandCallback(s, CONTROL_CMD_PLAY, on_command));
        CHECK_CODE_401(OH_AVSession_RegisterForwardCallback(s, on_forward, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterForwardCallback(s, on_forward));
        CHECK_CODE_401(OH_AVSession_RegisterRewindCallback(s, on_rewind, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterRewindCallback(s, on_rewind));
        CHECK_CODE_401(OH_AVSession_RegisterSeekCallback(s, on_seek, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterSeekCallback(s, on_seek));
        CHECK_CODE_401(OH_AVSession_RegisterSetLoopModeCallback(s, on_loop_mode, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterSetLoopModeCallback(s, on_loop_mode));
        CHECK_CODE_401(OH_AVSession_RegisterToggleFavoriteCallback(s, on_favorite, NULL));
        CHECK_CODE_401(OH_AVSession_UnregisterToggleFavoriteCallback(s, on_favorite));
    }
    CHECK_OK(OH_AVMetadata_Destroy(metadata));
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
}

static void registration(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    static const int bad[] = {CONTROL_CMD_INVALID, 5, 100, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AVSession_ControlCommand command = (AVSession_ControlCommand)bad[i];
        CHECK_NO_COMMAND(OH_AVSession_RegisterCommandCallback(session, command, on_command, NULL));
        CHECK_NO_COMMAND(OH_AVSession_UnregisterCommandCallback(session, command, on_command));
    }
    CHECK_CODE_401(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, NULL, NULL));
    CHECK_CODE_401(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, NULL));
#define CHECK_PAIR(name, callback)                                                      \
    do {                                                                                \
        CHECK_CODE_401(OH_AVSession_Register##name##Callback(session, NULL, NULL));     \
        CHECK_CODE_401(OH_AVSession_Unregister##name##Callback(session, NULL));         \
        CHECK_OK(OH_AVSession_Unregister##name##Callback(session, callback));           \
        CHECK_OK(OH_AVSession_Register##name##Callback(session, callback, NULL));       \
        CHECK_OK(OH_AVSession_Unregister##name##Callback(session, callback));           \
    } while (0)
    CHECK_PAIR(Forward, on_forward);
    CHECK_PAIR(Rewind, on_rewind);
    CHECK_PAIR(Seek, on_seek);
    CHECK_PAIR(SetLoopMode, on_loop_mode);
    CHECK_PAIR(ToggleFavorite, on_favorite);
    CHECK_PAIR(SetSpeed, on_speed);
    CHECK_PAIR(SetVolume, on_volume);
    CHECK_PAIR(SetTargetLoopMode, on_target_loop_mode);
    CHECK_PAIR(PlayFromAssetId, on_asset);
    CHECK_PAIR(SkipToQueueItem, on_queue_item);
    CHECK_PAIR(CommonCommand, on_common);
    CHECK_PAIR(HandleKeyEvent, on_key);
    CHECK_PAIR(Answer, on_answer);
    CHECK_PAIR(HangUp, on_hang_up);
    CHECK_PAIR(ToggleCallMute, on_mute);
    CHECK_OK(OH_AVSession_Destroy(session));
}

static void register_all(OH_AVSession *session, Commands *commands)
{
    for (int command = CONTROL_CMD_PLAY; command <= CONTROL_CMD_PLAY_PREVIOUS; command++) {
        REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, (AVSession_ControlCommand)command, on_command, commands));
    }
    REQUIRE_OK(OH_AVSession_RegisterForwardCallback(session, on_forward, commands));
    REQUIRE_OK(OH_AVSession_RegisterRewindCallback(session, on_rewind, commands));
}

/* Method 1: keys become commands, when the session is active and has metadata. */
static void keys_as_commands(void)
{
    Commands commands;
    commands_init(&commands);
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    CHECK_INACTIVE(press(session, NATIVE_AVSESSION_KEY_PLAY));
    REQUIRE_OK(OH_AVSession_Activate(session));
    CHECK_INACTIVE(press(session, NATIVE_AVSESSION_KEY_PLAY));
    publish_title(session, "Title");
    CHECK_NO_COMMAND(press(session, NATIVE_AVSESSION_KEY_PLAY));
    CHECK_INACTIVE(OH_AVSession_HandleMediaKey(session, NATIVE_AVSESSION_KEY_PLAY, UP, 0));
    register_all(session, &commands);

    size_t count = 0;
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&commands, count++, "play");
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PAUSE));
    commands_expect(&commands, count++, "pause");
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_STOP));
    commands_expect(&commands, count++, "stop");
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_NEXT));
    commands_expect(&commands, count++, "playNext");
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PREVIOUS));
    commands_expect(&commands, count++, "playPrevious");
    /* Skip intervals of 15 s hold where none are set. */
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_FAST_FORWARD));
    commands_expect(&commands, count++, "fastForward 15000");
    OH_AVMetadataBuilder *builder = create_builder();
    REQUIRE_OK(OH_AVMetadataBuilder_SetSkipIntervals(builder, SECONDS_30));
    publish(session, builder);
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_REWIND));
    commands_expect(&commands, count++, "rewind 30000");

    /* Play/pause follows the state; keys that go up and other keys do nothing. */
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY_PAUSE));
    commands_expect(&commands, count++, "play");
    CHECK_OK(OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_PLAYING));
    CHECK_OK(OH_AVSession_HandleMediaKey(session, NATIVE_AVSESSION_KEY_PLAY_PAUSE, UP, 0));
    CHECK_OK(OH_AVSession_HandleMediaKey(session, NATIVE_AVSESSION_KEY_PLAY, NATIVE_AVSESSION_KEY_ACTION_CANCEL, 0));
    CHECK_CODE_401(press(session, 9));
    CHECK_CODE_401(press(session, -10));
    CHECK_CODE_401(OH_AVSession_HandleMediaKey(session, NATIVE_AVSESSION_KEY_PLAY, 3, 0));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY_PAUSE));
    commands_expect(&commands, count++, "pause");
    CHECK_OK(OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_PAUSED));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY_PAUSE));
    commands_expect(&commands, count++, "play");

    /* What is not registered any more does not arrive; the rest does. */
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY_PREVIOUS, on_command));
    CHECK_NO_COMMAND(press(session, NATIVE_AVSESSION_KEY_PREVIOUS));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_NEXT));
    commands_expect(&commands, count++, "playNext");

    /* Neither does anything while it is not active. */
    CHECK_OK(OH_AVSession_Deactivate(session));
    CHECK_INACTIVE(press(session, NATIVE_AVSESSION_KEY_NEXT));
    CHECK_OK(OH_AVSession_Deactivate(session));
    CHECK_OK(OH_AVSession_Activate(session));
    CHECK_OK(OH_AVSession_Activate(session));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_NEXT));
    commands_expect(&commands, count++, "playNext");
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_INT(commands_count(&commands), count);
    commands_destroy(&commands);
}

/* Method 2: keys go to the callback for key events and nowhere else. */
static void keys_as_they_are(void)
{
    Commands commands;
    commands_init(&commands);
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    publish_title(session, "Title");
    REQUIRE_OK(OH_AVSession_Activate(session));
    register_all(session, &commands);
    REQUIRE_OK(OH_AVSession_RegisterHandleKeyEventCallback(session, on_key, &commands));
    static const int keys[] = {10, 11, 12, 13, 14, 15, 2085, 2086};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (int action = 0; action <= 2; action++) {
            char expected[80];
            snprintf(expected, sizeof(expected), "handleKeyEvent %d %d %d", keys[i], action, 1000 + action);
            CHECK_OK(OH_AVSession_HandleMediaKey(session, keys[i], action, 1000 + action));
            commands_expect(&commands, count++, expected);
        }
    }
    CHECK_CODE_401(OH_AVSession_HandleMediaKey(session, 16, DOWN, 0));
    CHECK_OK(OH_AVSession_UnregisterHandleKeyEventCallback(session, on_key));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_NEXT));
    commands_expect(&commands, count++, "playNext");
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_INT(commands_count(&commands), count);
    commands_destroy(&commands);
}

static AVSessionCallback_Result on_other(OH_AVSession *session, AVSession_ControlCommand command, void *user_data)
{
    CHECK_INT(command, CONTROL_CMD_PLAY);
    commands_add((Commands *)user_data, session, "other");
    return AVSESSION_CALLBACK_RESULT_FAILURE;
}

static AVSessionCallback_Result on_third(OH_AVSession *session, AVSession_ControlCommand command, void *user_data)
{
    CHECK_INT(command, CONTROL_CMD_PLAY);
    return commands_add((Commands *)user_data, session, "third");
}

static void several_callbacks(void)
{
    Commands first;
    Commands second;
    commands_init(&first);
    commands_init(&second);
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    publish_title(session, "Title");
    REQUIRE_OK(OH_AVSession_Activate(session));
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &second));
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_other, &first));
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_third, &first));
    /* Registered twice: counts once, keeps its place, has the new user data. */
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &first));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&first, 0, "play");
    commands_expect(&first, 1, "other");
    commands_expect(&first, 2, "third");
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, on_other));
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, on_other));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&first, 3, "play");
    commands_expect(&first, 4, "third");
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, on_command));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&first, 5, "third");
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, on_third));
    CHECK_NO_COMMAND(press(session, NATIVE_AVSESSION_KEY_PLAY));
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_INT(commands_count(&first), 6);
    CHECK_INT(commands_count(&second), 0);
    commands_destroy(&first);
    commands_destroy(&second);
}

static void unregister_itself(OH_AVSession *session, const char *line, void *argument)
{
    (void)argument;
    CHECK_STR(line, "play");
    CHECK_OK(OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PLAY, on_command));
    CHECK_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_third, argument));
    CHECK_OK(OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_PLAYING));
}

static void destroy_it(OH_AVSession *session, const char *line, void *argument)
{
    CHECK_STR(line, "playNext");
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_CODE_401(OH_AVSession_SetFavorite(session, true));
    commands_add((Commands *)argument, session, "destroyed");
}

static void inside_callbacks(void)
{
    Commands commands;
    Commands other;
    commands_init(&commands);
    commands_init(&other);
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    publish_title(session, "Title");
    REQUIRE_OK(OH_AVSession_Activate(session));
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &commands));
    commands_hook(&commands, unregister_itself, &other);
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&commands, 0, "play");
    /* What a callback registers is called from the next command on. To be sure that this one is over, another one has to
     * come through. */
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_STOP, on_command, &other));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_STOP));
    commands_expect(&other, 0, "stop");
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&other, 1, "third");

    commands_hook(&commands, destroy_it, &other);
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY_NEXT, on_command, &commands));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_NEXT));
    AVSession_ErrCode late = press(session, NATIVE_AVSESSION_KEY_NEXT);
    CHECK(late == AV_SESSION_ERR_SUCCESS || late == AV_SESSION_ERR_INVALID_PARAMETER
          || late == AV_SESSION_ERR_CODE_SESSION_INACTIVE || late == AV_SESSION_ERR_CODE_COMMAND_INVALID);
    commands_expect(&other, 2, "destroyed");
    session = create_session(SESSION_TYPE_AUDIO);
    /* Its first command comes through after all that might be left of the former session. */
    publish_title(session, "Title");
    REQUIRE_OK(OH_AVSession_Activate(session));
    REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &other));
    CHECK_OK(press(session, NATIVE_AVSESSION_KEY_PLAY));
    commands_expect(&other, 3, "play");
    CHECK_INT(commands_count(&commands), 2);
    CHECK_OK(OH_AVSession_Destroy(session));
    commands_destroy(&commands);
    commands_destroy(&other);
}

static void *press_many(void *argument)
{
    OH_AVSession *session = argument;
    /* Until the session is gone. */
    while (press(session, NATIVE_AVSESSION_KEY_PLAY) != AV_SESSION_ERR_INVALID_PARAMETER) {
    }
    return NULL;
}

static void *report_many(void *argument)
{
    OH_AVSession *session = argument;
    AVSession_PlaybackPosition position = {0, 0};
    while (OH_AVSession_SetPlaybackPosition(session, &position) == AV_SESSION_ERR_SUCCESS) {
        position.elapsedTime++;
        OH_AVSession_SetPlaybackState(session, PLAYBACK_STATE_PLAYING);
        OH_AVSession_UnregisterCommandCallback(session, CONTROL_CMD_PAUSE, on_command);
        OH_AVSession_Deactivate(session);
        OH_AVSession_Activate(session);
    }
    return NULL;
}

/* After Destroy no callback is running and none will run: what they use may be freed. */
static void no_callback_after_destroy(void)
{
    for (int round = 0; round < 50; round++) {
        Commands *commands = malloc(sizeof(*commands));
        REQUIRE(commands != NULL);
        commands_init(commands);
        OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
        publish_title(session, "Title");
        REQUIRE_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, commands));
        REQUIRE_OK(OH_AVSession_Activate(session));
        pthread_t threads[2];
        REQUIRE(pthread_create(&threads[0], NULL, press_many, session) == 0);
        REQUIRE(pthread_create(&threads[1], NULL, report_many, session) == 0);
        REQUIRE(commands_wait(commands, 1));
        CHECK_OK(OH_AVSession_Destroy(session));
        commands_destroy(commands);
        memset(commands, 0xee, sizeof(*commands));
        free(commands);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
    }
}

static void metadata_and_lyrics(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    char line[32] = "#";
    uint32_t length = sizeof(line);
    CHECK_OK(OH_AVSession_GetCurrentLyricLine(session, line, &length));
    CHECK_STR(line, "");
    OH_AVMetadataBuilder *builder = create_builder();
    REQUIRE_OK(OH_AVMetadataBuilder_SetLyric(builder, "[00:01.00]one\n[00:02.00]two"));
    REQUIRE_OK(OH_AVMetadataBuilder_SetDuration(builder, -2));
    OH_AVMetadata *metadata = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    CHECK_EXCEPTION(OH_AVSession_SetAVMetadata(session, metadata));
    CHECK_OK(OH_AVMetadata_Destroy(metadata));
    CHECK_CODE_401(OH_AVSession_SetAVMetadata(session, metadata));
    REQUIRE_OK(OH_AVMetadataBuilder_SetDuration(builder, 1500));
    publish(session, builder);

    AVSession_PlaybackPosition position = {1200, 0};
    CHECK_OK(OH_AVSession_SetPlaybackPosition(session, &position));
    int64_t millis = -1;
    CHECK_OK(OH_AVSession_GetCurrentPosition(session, &millis));
    CHECK_INT(millis, 1200);
    CHECK_CODE_401(OH_AVSession_GetCurrentPosition(session, NULL));
    length = sizeof(line);
    CHECK_OK(OH_AVSession_GetCurrentLyricLine(session, line, &length));
    CHECK_STR(line, "one");
    CHECK_INT(length, 4);
    /* Private is what others see: the program itself is told everything. */
    CHECK_OK(OH_AVSession_SetPrivate(session, true));
    CHECK_OK(OH_AVSession_SetPrivate(session, true));
    length = sizeof(line);
    CHECK_OK(OH_AVSession_GetCurrentLyricLine(session, line, &length));
    CHECK_STR(line, "one");
    /* Not beyond the duration. */
    position.elapsedTime = 99000;
    CHECK_OK(OH_AVSession_SetPlaybackPosition(session, &position));
    CHECK_OK(OH_AVSession_GetCurrentPosition(session, &millis));
    CHECK_INT(millis, 1500);
    CHECK_OK(OH_AVSession_Destroy(session));
}

int main(void)
{
    RUN(creation);
    RUN(identity);
    RUN(reports);
    RUN(stale_handles);
    RUN(registration);
    RUN(keys_as_commands);
    RUN(keys_as_they_are);
    RUN(several_callbacks);
    RUN(inside_callbacks);
    RUN(no_callback_after_destroy);
    RUN(metadata_and_lyrics);
    return check_finish("avsession");
}
