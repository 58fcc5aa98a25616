/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * fork() in a player that media controls show: the child has no session, says so at once, and makes its own; both are shown,
 * and each gets its own commands.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "support/avsession.h"

static Commands commands;

static OH_AVSession *show(void)
{
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    publish_title(session, "title");
    CHECK_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &commands));
    CHECK_OK(OH_AVSession_Activate(session));
    return session;
}

/* Calls Play by the bus's own tool until it is there; false if the tool cannot be run. */
static void play_and_wait(pid_t process, size_t count)
{
    char command[512];
    snprintf(command, sizeof(command),
             "name=$(dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames |"
             " grep -o 'org.mpris[^\"]*instance%d_[^\"]*') &&"
             " dbus-send --session --print-reply --dest=$name /org/mpris/MediaPlayer2 org.mpris.MediaPlayer2.Player.Play"
             " >/dev/null 2>&1",
             (int)process);
    /* The test's own limit ends what never comes. */
    while (system(command) != 0) {
    }
    CHECK(commands_wait(&commands, count));
    commands_expect(&commands, count - 1, "play");
    CHECK_INT(commands_count(&commands), count);
}

#define CHECK_DEAD(call) CHECK_CODE(call, AV_SESSION_ERR_INVALID_PARAMETER)

static void child(OH_AVSession *inherited)
{
    AVSession_PlaybackPosition position = {0, 0};
    commands_init(&commands);
    for (int i = 0; i < 2; i++) {
        CHECK_DEAD(OH_AVSession_SetPlaybackState(inherited, PLAYBACK_STATE_PLAYING));
        CHECK_DEAD(OH_AVSession_SetPlaybackPosition(inherited, &position));
        CHECK_DEAD(OH_AVSession_HandleMediaKey(inherited, NATIVE_AVSESSION_KEY_PLAY, NATIVE_AVSESSION_KEY_ACTION_DOWN, 0));
        CHECK_DEAD(OH_AVSession_RegisterCommandCallback(inherited, CONTROL_CMD_PAUSE, on_command, &commands));
        CHECK_DEAD(OH_AVSession_Activate(inherited));
        CHECK_DEAD(OH_AVSession_Deactivate(inherited));
        CHECK_DEAD(OH_AVSession_Destroy(inherited));
    }
    OH_AVSession *own = show();
    CHECK(own != inherited);
    play_and_wait(getpid(), 1);
    CHECK_DEAD(OH_AVSession_Destroy(inherited));
    CHECK_OK(OH_AVSession_Destroy(own));
}

int main(void)
{
    int status = 0;
    commands_init(&commands);
    OH_AVSession *session = show();
    play_and_wait(getpid(), 1);
    for (size_t i = 0; i < 3; i++) {
        fflush(NULL);
        pid_t process = fork();
        REQUIRE(process >= 0);
        if (process == 0) {
            check_failed_count = 0;
            child(session);
            fflush(NULL);
            _exit(check_failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        play_and_wait(getpid(), 2 * i + 2);
        REQUIRE(waitpid(process, &status, 0) == process);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
        play_and_wait(getpid(), 2 * i + 3);
    }
    CHECK_OK(OH_AVSession_Destroy(session));
    return check_finish("controls_fork");
}
