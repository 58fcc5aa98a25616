/*
 * SPDX-License-Identifier: Apache-2.0
 * Plays encrypted media under a license with a policy: playbin3, with a session of the program's own.
 *
 *   gstplay URI POLICY.json CONTENT.json [SINK]
 *
 * The license service is in the program itself, with the policy "gstplay" and the content's keys; a player that has one elsewhere
 * sends its messages there. When the license is over, playback ends, and the screen says why. SINK: a description of a video sink,
 * as for gst-launch-1.0.
 */
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_drm_license_service.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

static MediaKeySystem *drm_system;
static MediaKeySession *session;
static OH_DrmLicenseService *service;
static uint8_t answer[65536];

static void need(Drm_ErrCode code, const char *what)
{
    if (code != DRM_ERR_OK)
        g_error("%s: %s (%d)", what, OH_Drm_GetLastErrorMessage(), (int)code);
}

/* The answer to a device's message is in answer; returns its size. */
static int32_t ask(const uint8_t *message, int32_t size)
{
    uint32_t length = sizeof(answer);

    need(OH_DrmLicenseService_HandleMessage(service, message, (uint32_t)size, answer, &length, NULL), "ask the service");
    return (int32_t)length;
}

static char *contents(const char *path, gsize *size)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    if (!g_file_get_contents(path, &text, size, &error))
        g_error("%s", error->message);
    return text;
}

/* The service, and a device with a certificate of it and a session. */
static void open_session(const char *policy_path, const char *content_path)
{
    gsize policy_size, content_size;
    g_autofree char *policy = contents(policy_path, &policy_size), *content = contents(content_path, &content_size);
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    uint8_t request[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    int32_t request_size = sizeof(request);
    char url[MAX_DEFAULT_URL_LEN];
    /* The device trusts the service that gave it its certificate: both are kept. */
    g_autofree char *home = g_build_filename(g_get_user_data_dir(), "gstplay", NULL);
    g_autofree char *device = g_build_filename(home, "device", NULL), *state = g_build_filename(home, "service", NULL);

    g_mkdir_with_parents(home, 0700);
    need(OH_DrmLicenseService_Create(state, DRM_LICENSE_PROFILE_STRICT, &service), "make a license service");
    need(OH_DrmLicenseService_AddPolicy(service, "gstplay", (const uint8_t *)policy, (uint32_t)policy_size), "use the policy");
    need(OH_DrmLicenseService_AddContent(service, (const uint8_t *)content, (uint32_t)content_size), "add the keys");
    need(OH_MediaKeySystem_Create("com.policyplay.drm", &drm_system), "make a key system");
    need(OH_MediaKeySystem_SetConfigurationString(drm_system, "storagePath", device), "use the device's store");
    need(OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, request, &request_size, url, sizeof(url)), "provision");
    need(OH_MediaKeySystem_ProcessKeySystemResponse(drm_system, answer, ask(request, request_size)), "provision");
    need(OH_MediaKeySystem_CreateMediaKeySession(drm_system, &level, &session), "make a session");
}

/* drm-key-needed: gets a license for what the message says. The element goes on when the session has the key. A key that is needed
 * again had a license that is over: returns FALSE. A program that wants to go on asks for another one, or renews it. */
static gboolean get_license(const GstStructure *message)
{
    static GHashTable *had;
    static DRM_MediaKeyRequest request;
    g_autoptr(GstBuffer) init_data = NULL;
    g_autoptr(GstBuffer) key_id = NULL;
    DRM_MediaKeyRequestInfo info = {.type = MEDIA_KEY_TYPE_ONLINE};
    uint8_t key[16], id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_size = sizeof(id);

    gst_structure_get(message, "init-data", GST_TYPE_BUFFER, &init_data, "key-id", GST_TYPE_BUFFER, &key_id, NULL);
    gst_buffer_extract(key_id, 0, key, sizeof(key));
    info.initDataLen = (int32_t)gst_buffer_extract(init_data, 0, info.initData, sizeof(info.initData));
    g_strlcpy(info.mimeType, gst_structure_get_string(message, "mime-type"), sizeof(info.mimeType));
    if (!had)
        had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *name = g_base64_encode(key, sizeof(key));
    if (!g_hash_table_add(had, name))
        return FALSE;
    need(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, &request), "ask for a license");
    need(OH_MediaKeySession_ProcessMediaKeyResponse(session, answer, ask(request.data, request.dataLen), id, &id_size),
         "take the license");
    g_print("license for key id %s\n", name);
    return TRUE;
}

/* What the license says of itself: the beginning of the member "text" of the newest, before it comes to single keys. */
static char *explanation(void)
{
    static char json[65536];
    uint32_t size = sizeof(json);
    char *start, *end;

    need(OH_MediaKeySession_ExplainLicenses(session, json, &size), "explain the license");
    start = strstr(json, "\"text\":\"");
    end = start ? strstr(start += strlen("\"text\":\""), "\",\"") : NULL;
    if (!end)
        return g_strdup("There is no license.");
    *end = 0;
    end = strstr(start, " Key ");
    return g_strndup(start, end ? (gsize)(end - start) : strlen(start));
}

/* Plays, over and over, until something ends it; returns whether that was the license. */
static gboolean play(GstElement *player, gboolean again)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(player);
    const GstMessageType types = GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR;

    gst_element_set_state(player, GST_STATE_PLAYING);
    for (;;) {
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, types);
        g_autoptr(GError) error = NULL;
        g_autofree char *detail = NULL;
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT) {
            if (gst_message_has_name(message, "drm-key-needed") && !get_license(gst_message_get_structure(message)))
                return TRUE;
        } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
            if (!again || !gst_element_seek_simple(player, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0))
                return FALSE;
        } else {
            /* The first error is the cause, what others make of it follows. */
            gst_message_parse_error(message, &error, &detail);
            g_print("stopped: %s\n", error->message);
            return g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECRYPT_NOKEY);
        }
    }
}

/* Shows a text where the media were. */
static void show(const char *text, const char *sink)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *card = g_strdup_printf("videotestsrc pattern=black num-buffers=90 ! "
                                            "textoverlay name=text wrap-mode=word valignment=center font-desc=\"Sans 24\" ! "
                                            "videoconvert ! %s", sink);
    g_autoptr(GstElement) screen = gst_parse_launch_full(card, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);

    if (!screen)
        g_error("%s", error->message);
    g_autoptr(GstElement) overlay = gst_bin_get_by_name(GST_BIN(screen), "text");
    g_object_set(overlay, "text", text, NULL);
    play(screen, FALSE);
    gst_element_set_state(screen, GST_STATE_NULL);
}

int main(int argc, char **argv)
{
    const char *sink = argc > 4 ? argv[4] : "autovideosink";

    gst_init(NULL, NULL);
    if (argc < 4 || argc > 5)
        g_error("usage: %s URI POLICY.json CONTENT.json [SINK]", argv[0]);
    open_session(argv[2], argv[3]);

    GstElement *player = gst_element_factory_make("playbin3", NULL);
    g_object_set(player, "uri", argv[1], "video-sink", gst_parse_bin_from_description(sink, TRUE, NULL), NULL);
    /* The elements find the program's keys by this. */
    g_autoptr(GstContext) context = gst_context_new("native-drm", TRUE);
    gst_structure_set(gst_context_writable_structure(context), "media-key-system", G_TYPE_POINTER, drm_system, NULL);
    gst_element_set_context(player, context);
    gboolean over = play(player, TRUE);
    gst_element_set_state(player, GST_STATE_NULL);
    gst_object_unref(player);

    if (over) {
        g_autofree char *text = explanation();
        g_print("over: %s\n", text);
        show(text, sink);
    }
    OH_MediaKeySystem_Destroy(drm_system);
    OH_DrmLicenseService_Destroy(service);
    return over ? 0 : 1;
}
